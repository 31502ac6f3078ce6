"""How instances are made again, of what was kept and what the class is now."""

import dataclasses
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Final, NamedTuple, TypeAlias

from holdall import _enums
from holdall._shape import Shape
from holdall.errors import CorruptFrame, SerializationError
from holdall.register import Entry

Field: TypeAlias = dataclasses.Field[Any]


class Unset:
    """The type of UNSET."""

    def __repr__(self) -> str:
        return "UNSET"


UNSET: Final = Unset()  # stands for a field or attribute that an instance did not have


class Definition(NamedTuple):
    """What a payload says of a class."""

    form: str
    name: str
    version: int
    fields: list[str]
    extras: list[str]
    copy: bytes | None = None
    major: int = 0
    minor: int = 0


@dataclass(frozen=True, slots=True)
class Recipe:
    """How instances of a class are made.

    kind: the class. direct: an instance is made by `object.__new__` or `tuple.__new__`, and the
    values are set by `object.__setattr__` as they are. build: makes one of the values in any case.
    fill: for a dataclass, sets the values on an instance made by `object.__new__`, so that values
    may refer to the instance itself.
    """

    kind: type
    direct: bool
    build: Callable[[list[Any]], Any]
    fill: Callable[[Any, list[Any]], None] | None = None


def recipe(definition: Definition, entry: Entry, shape: Shape) -> Recipe:
    """Return how what was kept becomes an instance of a class that has this shape now."""
    if shape.form == "dataclass":
        return Dataclass(definition, entry, shape).recipe()
    if shape.form == "namedtuple":
        return of_tuple(definition, entry, shape)
    return of_enum(definition, entry)


def is_older(definition: Definition, entry: Entry) -> bool:
    """Whether an upgrade has to see what was kept."""
    return entry.upgrade is not None and definition.version < entry.version


def upgraded(definition: Definition, entry: Entry, state: dict[str, Any]) -> dict[str, Any]:
    """Return what the upgrade makes of a state."""
    what = f"{definition.name}: the upgrade from version {definition.version}"
    try:
        found = entry.upgrade(state, definition.version) if entry.upgrade else state
    except MemoryError:
        raise
    except Exception as error:
        raise SerializationError(
            f"{what} failed: {type(error).__name__}: {error}; correct the function"
        ) from error
    if not isinstance(found, dict):
        raise SerializationError(
            f"{what} returned {type(found).__name__}; return the dict of names and values"
        )
    return found


def change(definition: Definition, entry: Entry, gone: list[str], new: list[str]) -> Exception:
    """Say how a class differs from what was kept, and what to do."""
    parts = []
    if gone:
        parts.append(f"has no field {', '.join(map(repr, gone))} any more")
    if new:
        parts.append(f"has a new field {', '.join(map(repr, new))} without a default")
    if is_older(definition, entry):
        advice = f"correct what the upgrade from version {definition.version} returns"
    else:
        version = max(definition.version + 1, entry.version)
        name = entry.kind.__qualname__
        advice = f"register an upgrade: holdall.register({name}, version={version}, upgrade=...)"
    reason = " and ".join(parts) or "has its fields in another order"
    return SerializationError(f"{definition.name}: the class {reason}; {advice}")


class Dataclass:
    """A dataclass, and what was kept of its instances."""

    def __init__(self, definition: Definition, entry: Entry, shape: Shape) -> None:
        self.definition = definition
        self.entry = entry
        self.kind = entry.kind
        self.shape = shape
        self.names = [*definition.fields, *definition.extras]
        self.slots = dict(shape.slots)
        kept = set(definition.fields)
        self.late = [field for field in dataclasses.fields(self.kind) if field.name not in kept]

    def recipe(self) -> Recipe:
        """Compare the fields, and choose the simplest way that is right."""
        if is_older(self.definition, self.entry):
            fill = self.upgrade
        else:
            declared = set(self.shape.fields)
            gone = [name for name in self.definition.fields if name not in declared]
            # An attribute that was set without being declared may be declared now.
            new = [f.name for f in self.late if not has_default(f) and f.name not in self.names]
            if gone or new:
                raise change(self.definition, self.entry, gone, new)
            fill = self.restore
        direct = fill == self.restore and not self.late and all(map(self.is_plain, self.names))

        def build(values: list[Any]) -> Any:
            instance: Any = object.__new__(self.kind)
            fill(instance, values)
            return instance

        return Recipe(self.kind, direct, build, fill)

    def is_plain(self, name: str) -> bool:
        """Whether `object.__setattr__` puts a value where it was, and runs nothing of the class's."""
        found = next((vars(base)[name] for base in self.kind.__mro__ if name in vars(base)), None)
        if name in self.slots:
            return found is self.slots[name]
        is_data = hasattr(type(found), "__set__") or hasattr(type(found), "__delete__")
        return self.shape.has_dict and not is_data

    def restore(self, instance: Any, values: list[Any]) -> None:
        """Set the values as they were, and defaults for the fields that came later."""
        self.place(instance, self.state(values), self.late)

    def upgrade(self, instance: Any, values: list[Any]) -> None:
        """Set what the upgrade makes of the values."""
        state = upgraded(self.definition, self.entry, self.state(values))
        known = {*self.shape.fields, *self.definition.extras}
        if unknown := [name for name in state if name not in known]:
            raise change(self.definition, self.entry, unknown, [])
        self.place(instance, state, dataclasses.fields(self.kind))

    def state(self, values: list[Any]) -> dict[str, Any]:
        """Return what the instance had, by name."""
        pairs = matched(self.definition, self.names, values)
        return {name: value for name, value in pairs if value is not UNSET}

    def place(self, instance: Any, state: dict[str, Any], late: Iterable[Field]) -> None:
        """Put each value where pickle would: into its slot or the instance's dict."""
        inside = object.__getattribute__(instance, "__dict__") if self.shape.has_dict else None
        for name, value in state.items():
            if name in self.slots:
                self.slots[name].__set__(instance, value)
            elif inside is not None:
                inside[name] = value
            else:
                raise SerializationError(
                    f"{self.definition.name}: instances have slots, and none for the attribute "
                    f"{name!r} that one had; declare it as a field"
                )
        for field in late:
            if field.name not in state:
                self.default(instance, field)

    def default(self, instance: Any, field: Field) -> None:
        """Initialise a field as `__init__` would."""
        if not has_default(field):
            raise change(self.definition, self.entry, [], [field.name])
        factory: Any = field.default_factory
        if factory is not dataclasses.MISSING:
            try:
                value = factory()
            except MemoryError:
                raise
            except Exception as error:
                raise SerializationError(
                    f"{self.definition.name}: the default of the new field {field.name!r} failed: "
                    f"{type(error).__name__}: {error}; correct its default_factory"
                ) from error
        elif field.init or field.name in self.slots:
            value = field.default
        else:
            return  # The class has it, and `__init__` leaves it there.
        object.__setattr__(instance, field.name, value)


def has_default(field: Field) -> bool:
    """Whether a field need not be given."""
    missing = dataclasses.MISSING
    return field.default is not missing or field.default_factory is not missing


def of_tuple(definition: Definition, entry: Entry, shape: Shape) -> Recipe:
    """Return how a named tuple is made: fields may have come at the end, with defaults."""
    kind: Any = entry.kind
    fields, count = list(shape.fields), len(definition.fields)
    defaults: dict[str, Any] = kind._field_defaults

    def make(values: dict[str, Any]) -> Any:
        given = {**defaults, **values}
        gone = [name for name in values if name not in fields]
        new = [name for name in fields if name not in given]
        if gone or new:
            raise change(definition, entry, gone, new)
        return tuple.__new__(kind, [given[name] for name in fields])

    def of_values(values: list[Any]) -> dict[str, Any]:
        return dict(whole(definition, definition.fields, values))

    if is_older(definition, entry):
        return Recipe(
            kind, False, lambda values: make(upgraded(definition, entry, of_values(values)))
        )
    if fields[:count] != definition.fields or any(name not in defaults for name in fields[count:]):
        gone = [name for name in definition.fields if name not in fields]
        new = [n for n in fields if n not in definition.fields and n not in defaults]
        raise change(definition, entry, gone, new)
    return Recipe(kind, count == len(fields), lambda values: make(of_values(values)))


def of_enum(definition: Definition, entry: Entry) -> Recipe:
    """Return how a member is found."""
    kind: Any = entry.kind
    find = _enums.builder(kind, definition.name)
    parts = _enums.PARTS[definition.form]

    def build(values: list[Any]) -> Any:
        state = dict(whole(definition, parts, values))
        if is_older(definition, entry):
            state = upgraded(definition, entry, state)
            if set(state) != set(parts):
                raise SerializationError(
                    f"{definition.name}: the upgrade from version {definition.version} must return "
                    f"{' and '.join(map(repr, parts))}"
                )
        return find([state[part] for part in parts])

    return Recipe(kind, False, build)


def matched(definition: Definition, names: Any, values: list[Any]) -> Any:
    """Pair names and values."""
    if len(names) != len(values):
        raise CorruptFrame(
            f"{definition.name}: {len(values)} values for {len(names)} fields; write it again"
        )
    return zip(names, values, strict=True)


def whole(definition: Definition, names: Any, values: list[Any]) -> Any:
    """Pair names and values, none of which may be missing."""
    if any(value is UNSET for value in values):
        raise CorruptFrame(f"{definition.name}: a value is missing; write it again")
    return matched(definition, names, values)
