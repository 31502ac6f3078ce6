"""What the engine does with the helpers of `holdall._named`, in plain Python."""

from holdall import _named


class CannotBeKept(Exception):
    """A reducer said no."""


def carry(value):
    """Reduce a value, write its memory away, and rebuild it."""
    segments = []
    return rebuilt(reduced(value, segments), segments)


def reduced(value, segments):
    """Return what would be in the payload, tags as `("tag", ...)`; large memory goes to segments."""
    if type(value) in (list, tuple):
        return type(value)(reduced(item, segments) for item in value)
    if type(value) is dict:
        return {key: reduced(item, segments) for key, item in value.items()}
    reducer = _named.reducer_of(type(value))
    if reducer is None:
        return value
    made = reducer(value)
    if made is None:
        raise CannotBeKept(value)
    name, *args = made
    written = [
        memory(item, name, segments) if isinstance(item, memoryview) else reduced(item, segments)
        for item in args
    ]
    return Tag(name, written)


class Tag:
    """A tag in the payload."""

    def __init__(self, name, args):
        self.name, self.args = name, args


def memory(view, name, segments):
    """Write bytes into the payload or beside it."""
    assert view.format == "B"
    assert view.ndim == 1
    assert view.c_contiguous
    if view.nbytes <= _named.SMALL or name != "numpy.ndarray":
        return bytes(view)
    segments.append(bytearray(view))
    return len(segments) - 1


def rebuilt(item, segments):
    """Make the values of what is in the payload."""
    if isinstance(item, (list, tuple)):
        return type(item)(rebuilt(inner, segments) for inner in item)
    if isinstance(item, dict):
        return {key: rebuilt(inner, segments) for key, inner in item.items()}
    if not isinstance(item, Tag):
        return item
    args = [rebuilt(inner, segments) for inner in item.args]
    if isinstance(item.name, int):
        return _named.rebuild_tag(item.name, *args)
    return _named.rebuild(item.name, args, segments)
