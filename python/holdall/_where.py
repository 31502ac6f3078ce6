"""The path to what does not fit a model, from what pydantic says of it.

Pydantic gives names of fields, keys of dicts and the labels of a union's members alike; only the
schema tells which is which.
"""

from collections.abc import Iterable
from typing import Any

Steps = tuple[Any, ...]

ANY = {"type": "any"}
FIELDS = ("model-fields", "typed-dict", "dataclass-args", "named-tuple")
ITEMS = ("list", "set", "frozenset", "generator")


def path(schema: Any, steps: Steps) -> str:
    """Return the path that steps through a schema mean."""
    found = Way(schema).follow(schema, steps)
    return "$" + (plain(steps) if found is None else found)


def plain(steps: Steps) -> str:
    """Return steps of which nothing is known."""
    return "".join(f".{step}" if isinstance(step, str) else f"[{step}]" for step in steps)


class Way:
    """A walk through a schema with its definitions."""

    def __init__(self, schema: Any) -> None:
        defined = schema["definitions"] if schema["type"] == "definitions" else []
        self.defined = {inner["ref"]: inner for inner in defined}

    def follow(self, schema: Any, steps: Steps) -> str | None:
        """Return the path; None if these steps do not lead through this schema."""
        if not steps:
            return ""
        kind, step, rest = schema["type"], steps[0], steps[1:]
        if kind == "definition-ref":
            return self.first([self.defined.get(schema["schema_ref"], ANY)], steps)
        if kind in FIELDS:
            return self.field(schema, step, rest)
        if kind == "dict":
            if rest == ("[key]",):  # the key itself is wrong
                rest = ()
            return self.on(f"[{step!r}]", schema.get("values_schema", ANY), rest)
        if kind in ITEMS and isinstance(step, int):
            return self.on(f"[{step}]", schema.get("items_schema", ANY), rest)
        if kind == "tuple" and isinstance(step, int):
            items = schema["items_schema"]
            # The variadic one stands for all behind it.
            return self.on(f"[{step}]", items[min(step, len(items) - 1)] if items else ANY, rest)
        if kind in ("union", "tagged-union"):
            choices = schema["choices"]
            members = choices.values() if isinstance(choices, dict) else choices
            # A member is a schema or (schema, label); its label is the step.
            return self.first(
                (member[0] if isinstance(member, tuple) else member for member in members), rest
            )
        if kind == "any":
            return plain(steps)
        return self.first(inside(schema), steps)

    def on(self, step: str, schema: Any, rest: Steps) -> str:
        """Return a step and the path behind it."""
        found = self.follow(schema, rest)
        return step + (plain(rest) if found is None else found)

    def first(self, schemas: Iterable[Any], steps: Steps) -> str | None:
        """Return the path through the first schema that the steps lead through."""
        paths = (self.follow(schema, steps) for schema in schemas)
        return next((path for path in paths if path is not None), None)

    def field(self, schema: Any, step: Any, rest: Steps) -> str | None:
        """Return the path through a field, by its name, its alias or its place."""
        fields = schema["fields"]
        named = fields.items() if isinstance(fields, dict) else [(f["name"], f) for f in fields]
        for place, (name, field) in enumerate(named):
            if step in (name, field.get("validation_alias")):
                return self.on(f".{step}", field["schema"], rest)
            if step == place and isinstance(step, int):
                return self.on(f"[{step}]", field["schema"], rest)
        return None


def inside(schema: Any) -> list[Any]:
    """Return the schemas directly inside one that takes no step of its own."""
    found = [schema[name] for name in ("schema", "python_schema", "lax_schema") if name in schema]
    return found + [step for step in schema.get("steps", []) if isinstance(step, dict)]
