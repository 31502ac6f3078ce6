"""The engine's names that are about workflows: what `_holdall_flow.pyi` describes, to be compared."""

__all__: list[str] = []
