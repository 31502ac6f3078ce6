"""Functions as the nodes of a graph, whose results are kept.

    from holdall.storage import storage_factory
    from holdall.workflow import LocalWorkflow, workflow

    @workflow
    def load(path): ...

    @workflow
    def train(rows, depth): ...

    model = train(load("flights.csv"), depth=5)
    local = LocalWorkflow(model, workflow_name="flights")
    local.set_storage(storage_factory({"kind": "file", "options": {"path": "storage"}}))
    local.run()

Run again, with nothing changed, this loads the model and nothing else.
"""

from holdall.workflow import plugins
from holdall.workflow.decorator import workflow
from holdall.workflow.graph import BaseWorkflow
from holdall.workflow.graph_workflow import GraphWorkflow
from holdall.workflow.local import LocalWorkflow

task = workflow

__all__ = ["BaseWorkflow", "GraphWorkflow", "LocalWorkflow", "plugins", "task", "workflow"]
