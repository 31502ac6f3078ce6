"""Which serializer writes a type, and which reads what a name wrote."""

from typing import Any

from holdall.errors import SerializationError, ValidationError
from holdall.serializers._shipped import SHIPPED

# Types that are written without a look at each: the hot path of most values.
EVERYDAY: tuple[type, ...] = (
    type(None),
    bool,
    int,
    float,
    str,
    bytes,
    list,
    dict,
    tuple,
    set,
    frozenset,
)


class Registry:
    """The serializers of one store, storage or queue.

    everyday: whether one of them is for a type such as `list`, so that every object must be looked at.
    """

    def __init__(self, *serializers: Any) -> None:
        self._by_class: dict[type, Any] = {}
        self._by_name: dict[str, Any] = {}
        self.everyday = False
        self.register(*serializers)

    def __bool__(self) -> bool:
        return bool(self._by_class)

    def __iter__(self) -> Any:
        """Yield the serializers, so that `Registry(*registry)` is the same again."""
        return iter([*self._by_name.values()])

    def register(self, *serializers: Any) -> None:
        """Add serializers: all, or none when one of them is not one.

        One that is registered again, or of the same class and name, takes the other's place.
        Raises ValidationError for what is no serializer, and for a name that another class has.
        """
        by_class, by_name = dict(self._by_class), dict(self._by_name)
        for serializer in serializers:
            name, kind = checked(serializer)
            known = by_name.get(name)
            if known is not None and known.serializer_class is not kind:
                raise ValidationError(
                    f"the name {name!r} of {shown(serializer)} is that of the serializer for "
                    f"{full_name(known.serializer_class)} already; give it a name of its own"
                )
            by_class[kind] = by_name[name] = serializer
        self._by_class, self._by_name = by_class, by_name
        self.everyday = any(self.find(kind) is not None for kind in EVERYDAY)

    def find(self, kind: type) -> Any:
        """Return the serializer of a type: its own, else that of the nearest class above it; else None."""
        for base in kind.__mro__:
            found = self._by_class.get(base)
            if found is not None:
                return found
        return None

    def named(self, name: str) -> Any:
        """Return the serializer of a name.

        Raises SerializationError, which says how to get it, if nobody registered it.
        """
        found = self._by_name.get(name)
        if found is None:
            raise missing(name)
        return found


def checked(serializer: Any) -> tuple[str, type]:
    """Return a serializer's name and class, if it keeps to the contract."""
    name = getattr(serializer, "name", None)
    if type(name) is not str or not name:
        raise ValidationError(
            f"{shown(serializer)} has no name; give it a class attribute name = '...'"
        )
    kind = getattr(serializer, "serializer_class", None)
    if not isinstance(kind, type):
        raise ValidationError(
            f"{shown(serializer)}: serializer_class is {kind!r}, which is no class; it is the class whose "
            "instances it writes"
        )
    if kind is object:
        raise ValidationError(
            f"{shown(serializer)}: serializer_class is object, the class of everything, texts and numbers "
            "too; name the class that it is for"
        )
    for method in ("pickle", "unpickle", "remove"):
        if not callable(getattr(serializer, method, None)):
            raise ValidationError(
                f"{shown(serializer)} has no {method}(); a serializer has pickle(obj, protocols), "
                "unpickle(pid, protocols) and remove(pid, protocols)"
            )
    return name, kind


def missing(name: str) -> SerializationError:
    """Say which serializer nobody registered, and where to get it."""
    where = SHIPPED.get(name)
    if where is None:
        way = "register the class that has this name: register_persistent_serializers(...)"
    else:
        module, kind = where
        way = f"from {module} import {kind}, and register_persistent_serializers({kind})"
    return SerializationError(
        f"the value refers to data that the serializer {name!r} wrote, which is not registered here; {way}"
    )


def shown(serializer: Any) -> str:
    """Return what a serializer is called in messages."""
    kind = serializer if isinstance(serializer, type) else type(serializer)
    return f"the serializer {full_name(kind)}"


def full_name(kind: type) -> str:
    """Return a class's name with its module."""
    return (
        kind.__qualname__
        if kind.__module__ == "builtins"
        else f"{kind.__module__}.{kind.__qualname__}"
    )
