"""`LocalWorkflow`: runs nodes in this process, or on this machine, and keeps their results."""

import os
import time
from collections import Counter
from pathlib import Path
from typing import Any, Literal

from holdall.errors import ConfigurationError, ValidationError, WrongTypeError
from holdall.workflow.explain import Explanation, explained
from holdall.workflow.graph import BaseWorkflow
from holdall.workflow.progress import Bar
from holdall.workflow.query import Query
from holdall.workflow.record import Record, recorded
from holdall.workflow.run import Run
from holdall.workflow.serial import results, settle

KEYS = ("fingerprint", "name")
EXECUTORS = ("thread", "process")


class LocalWorkflow(BaseWorkflow):
    """Runs what some nodes need, on this machine, and nothing else.

        local = LocalWorkflow(model, workflow_name="flights")
        local.set_storage(storage_factory({"kind": "file", "options": {"path": "storage"}}))
        local.run()

    With a storage each result is kept under the name of its node, and taken from there as long as the
    node's code, what that reads, and the results it gets are the same.

    nodes: what `run` is to return: nodes, items of nodes, actors.
    key: "fingerprint" (default), or "name": what is kept under a node's name counts, whatever it came from.
    """

    def __init__(
        self, *nodes: Any, workflow_name: str, key: Literal["fingerprint", "name"] = "fingerprint"
    ) -> None:
        super().__init__(*nodes, workflow_name=workflow_name)
        check_one_of("key", key, KEYS)
        self.key = key
        self.object_storage: Any = None
        self.last: Run | None = None

    def set_storage(self, object_storage: Any) -> None:
        """Say where results are kept: what `holdall.storage.storage_factory` gives, or None for nowhere."""
        if object_storage is not None and not hasattr(object_storage, "claim"):
            raise WrongTypeError(
                f"{object_storage!r} is no storage; take what holdall.storage.storage_factory(...) gives",
                parameter="object_storage",
            )
        self.object_storage = object_storage

    def log_nodes(self, query: str) -> None:
        """Have the nodes whose names match run each time; their results are not kept."""
        for node in self.find_nodes(query):
            node.backend_info["print"] = True

    def query(self, pattern: str | None = None) -> Query:
        """Return the nodes whose whole names a regular expression matches, to set something for them."""
        return Query(self.find_nodes(pattern), self)

    def set_plugin(self, pattern: str | None, plugin: Any) -> None:
        """Have a plugin called before each node whose name matches."""
        self.query(pattern).set_plugin(plugin)

    def run(self, jobs: int = 1, executor: Literal["thread", "process"] = "thread") -> Any:
        """Return the result of the node that was asked for; of several, a list.

        jobs: how many nodes may run at once.
        executor: "thread" (default), or "process": functions run in processes of their own, actors and
            the functions that get them in this one. What a process gives back is kept by this one.

        What a node raises is raised here, with a note that names the node. Nothing begins after that; what
        runs beside it is waited for and kept. After Ctrl-C nothing is waited for, and what was done is kept.
        """
        check_run(jobs, executor)
        run = self.begin()
        began = time.perf_counter()
        try:
            with Bar(self.workflow_name, len(run.states)) as bar:
                seen = bar.seen if bar.shown else None
                if jobs == 1 and executor == "thread":
                    settle(run, seen=seen)
                else:
                    # Most runs need neither processes nor what starts them.
                    from holdall.workflow.parallel import settle_at_once

                    settle_at_once(run, jobs, executor, seen)
            found = results(run)
        finally:
            run.seconds = time.perf_counter() - began
            run.close()
        return found[0] if len(found) == 1 else found

    @property
    def record(self) -> Record:
        """What became of each node in the last run."""
        if self.last is None:
            return recorded(Run(self.workflow_name, self.goals))
        return recorded(self.last)

    def explain(self, node: Any) -> Explanation:
        """Return why a node will run or will not. Nothing is run for that, and no result loaded.

        node: a node, or the name of one of this workflow's.
        """
        return explained(self, node)

    def prune(self, keep: int = 1) -> int:
        """Remove older results of this workflow's nodes, and return how many: an edited node keeps them.

        keep: how many of each node stay, the newest first.
        """
        if self.object_storage is None:
            raise ValidationError("nothing is kept to be removed: this workflow has no storage")
        # Several nodes of one name each have an entry that counts.
        names = Counter(node.name for node in self.nodes())
        most = max(names.values(), default=1)
        removed: int = self.object_storage.prune(self.workflow_name, keep=keep * most)
        return removed

    def draw(self, path: "str | os.PathLike[str] | None" = None) -> str:
        """Return a picture of the last run as SVG, and write it to a file if one is named."""
        from holdall.workflow.draw import draw

        picture = draw(self.record)
        if path is not None:
            Path(path).write_text(picture, "utf-8")
        return picture

    def _repr_svg_(self) -> str:
        return self.draw()

    def begin(self) -> Run:
        """Return a new run of these nodes."""
        by_name = self.key == "name"
        run = Run(self.workflow_name, self.goals, self.object_storage, by_name=by_name)
        if self.object_storage is not None:
            self.object_storage.new_workflow(self.workflow_name)
        self.last = run
        for node, state in run.states.items():
            node.state = state
            if node.info is not None and (plugin := node.info.get("plugin")) is not None:
                # For all nodes, in the graph's order: a seed depends on the graph, not on what is kept.
                plugin.local_initialize()
                state.initializer = plugin.remote_initialize()
        return run


def check_one_of(name: str, value: Any, options: tuple[str, ...]) -> None:
    """Refuse what is no option."""
    if value not in options:
        raise ConfigurationError(
            f"{name}={value!r} is none of {', '.join(map(repr, options))}",
            parameter=name,
            value=value,
            valid_options=options,
        )


def check_run(jobs: Any, executor: Any) -> None:
    """Refuse what no run can be."""
    check_one_of("executor", executor, EXECUTORS)
    if type(jobs) is not int or jobs < 1:
        raise ConfigurationError(
            f"jobs={jobs!r} is no number of nodes that may run at once; say 1 or more",
            parameter="jobs",
            value=jobs,
        )
