"""What the tests of workflows share: a storage, what was called, and fresh processes."""

import subprocess
import sys
import textwrap

from holdall.workflow import LocalWorkflow


class Journal:
    """Notes what was called. Neither immutable nor plain data: it is no part of a key by its value."""

    def __init__(self):
        self.names = []

    def __call__(self, name):
        self.names.append(name)

    def take(self):
        """What was called since."""
        names, self.names = self.names, []
        return names


called = Journal()


def flow(*nodes, storage=None, name="flow", **options):
    made = LocalWorkflow(*nodes, workflow_name=name, **options)
    made.set_storage(storage)
    return made


def run(*nodes, storage=None, name="flow", **options):
    return flow(*nodes, storage=storage, name=name).run(**options)


def stages(workflow):
    return {step.name: step.state for step in workflow.record.steps}


def program(text, *arguments, **options):
    """Run a program in a fresh process, and return what it printed."""
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(text), *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=60,
        **options,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout
