"""`GraphWorkflow`: a picture of a graph, without running it."""

import os
from pathlib import Path
from typing import Any

from holdall.workflow.graph import BaseWorkflow
from holdall.workflow.record import recorded
from holdall.workflow.run import Run


class GraphWorkflow(BaseWorkflow):
    """Draws what some nodes need.

    doc_path: the folder that the picture goes to. It is made if it is not there.
    """

    def __init__(self, *nodes: Any, workflow_name: str, doc_path: "str | os.PathLike[str]") -> None:
        super().__init__(*nodes, workflow_name=workflow_name)
        self.doc_path = Path(doc_path)

    def run(self) -> Path:
        """Write the picture, and return where it is: `<doc_path>/<workflow_name>.svg`."""
        self.doc_path.mkdir(parents=True, exist_ok=True)
        # A name may hold what no file's name can.
        name = self.workflow_name.replace("/", "_").replace("\0", "_")
        path = self.doc_path / f"{name}.svg"
        path.write_text(self._repr_svg_(), "utf-8")
        return path

    def _repr_svg_(self) -> str:
        from holdall.workflow.draw import draw

        return draw(recorded(Run(self.workflow_name, self.goals)))
