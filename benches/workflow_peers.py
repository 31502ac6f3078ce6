"""The workflows and the memoised functions that are measured, each on a folder of its own."""

import contextlib
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import joblib
import workflow_tasks

from holdall.memo import memo
from holdall.storage import storage_factory
from holdall.workflow import LocalWorkflow, workflow

try:
    from functionfuse.backends.builtin.localback import LocalWorkflow as TheirWorkflow
    from functionfuse.storage import storage_factory as their_factory
    from functionfuse.workflow import workflow as their_decorator
except ImportError:
    their_decorator = None

# So many strands of so many nodes, each node taking the one before it, and one more that adds them up.
STRANDS, LENGTH = 10, 100
NODES = STRANDS * LENGTH
# So far from each other that no two nodes are one call: holdall would compute that once.
APART = 1_000_000
ANSWER = APART * sum(range(STRANDS)) + NODES * workflow_tasks.STEP


class Graphs:
    """Makes the graph and runs it. Both together are measured: a program does both each time."""

    def __init__(
        self, decorate: Callable[..., Any], local: Any, factory: Callable[..., Any]
    ) -> None:
        self.step = decorate(workflow_tasks.step)
        self.total = decorate(workflow_tasks.total)
        self.local, self.factory = local, factory

    def run(self, folder: Path) -> Callable[[], None]:
        """What runs the graph with its results in a folder."""
        storage = self.factory({"kind": "file", "options": {"path": str(folder)}})

        def work() -> None:
            ends = []
            for strand in range(STRANDS):
                node = strand * APART
                for number in range(LENGTH):
                    node = self.step(node).set_name(f"step_{strand}_{number}")
                ends.append(node)
            last = self.local(self.total(*ends).set_name("total"), workflow_name="bench")
            last.set_storage(storage)
            # Function Fuse prints a line for each hit.
            with contextlib.redirect_stdout(io.StringIO()):
                found = last.run()
            assert found == ANSWER

        return work


def graphs() -> dict[str, Graphs | None]:
    theirs = their_decorator and Graphs(their_decorator, TheirWorkflow, their_factory)
    return {
        "holdall": Graphs(workflow, LocalWorkflow, storage_factory),
        "Function Fuse": theirs,
    }


# What makes of a folder the function that is memoised there.
MEMOS: dict[str, Callable[[Path], Callable[[int], int]]] = {
    "holdall": lambda folder: memo(store=str(folder))(workflow_tasks.step),
    "holdall, SQLite": lambda folder: memo(store=f"sqlite:///{folder}/memo.db")(
        workflow_tasks.step
    ),
    "joblib.Memory": lambda folder: joblib.Memory(folder, verbose=0).cache(workflow_tasks.step),
}
