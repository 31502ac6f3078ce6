"""What registered serializers write beside a value, as the codec sees it: references.

In the payload of such a value two pickles follow each other. The first is plain data: a marker, the
layout's version, the token of the folder, and the references, each with the serializer's name, the pid that it
gave, and the files with their sizes and hashes. The second is the value; where an object was written
beside it stands the number of its reference. Both are under the frame's signature, so nothing in either is
looked at before that was verified.
"""

import errno
import io
import pickle
import secrets
from collections.abc import Callable, Iterable
from typing import Any, Never

from holdall import _path
from holdall.errors import CorruptFrame, HoldallError, SerializationError, StoreFull
from holdall.serializers._registry import Registry, full_name, missing, shown

MARK = "holdall.beside"
LAYOUT = 1

# A file's name in the folder of its object, its size, and its hash.
Manifest = tuple[tuple[str, int, str], ...]
Reference = tuple[str, Any, Manifest]


def new_token() -> str:
    """Return a name for the folder of one entry's side data: 16 hexadecimal digits."""
    return secrets.token_hex(8)


class Writing:
    """What the objects in one value are written with.

    protocols_of: gives the protocols of the object of a number, which have a folder of its own.
    manifest_of: says what was written there, once it was.
    token: the folder that all these are in.

    Whoever made the folder removes it if writing fails.
    """

    def __init__(
        self,
        registry: Registry,
        protocols_of: Callable[[int], dict[str, Any]],
        manifest_of: Callable[[int], Iterable[tuple[str, int, str]]],
        *,
        token: str,
    ) -> None:
        self.registry = registry
        self.token = token
        self.references: list[Reference] = []
        self._protocols_of = protocols_of
        self._manifest_of = manifest_of
        self._numbers: dict[int, int] = {}
        # Kept, so that no other object takes the place of one that pickle made for the moment.
        self._objects: list[Any] = []
        self._failed: Any = None

    @property
    def everyday(self) -> bool:
        """Whether even lists and texts must be looked at."""
        return self.registry.everyday

    def covers(self, kind: type) -> bool:
        """Whether objects of a type are written beside the value."""
        return self.registry.find(kind) is not None

    def write(self, value: Any) -> int:
        """Write an object, unless it was met before, and return its number."""
        number = self._numbers.get(id(value))
        if number is None:
            number = len(self.references)
            protocols = self._protocols_of(number)
            # From here on whatever fails is about this object.
            self._failed = value
            self.references.append(self._written(value, number, protocols))
            self._failed = None
            self._objects.append(value)
            self._numbers[id(value)] = number
        return number

    def _written(self, value: Any, number: int, protocols: dict[str, Any]) -> Reference:
        serializer = self.registry.find(type(value))
        answer = serializer.pickle(value, protocols)
        if not (isinstance(answer, tuple) and len(answer) == 2 and answer[0] == serializer.name):
            raise SerializationError(
                f"{shown(serializer)}: pickle() returned {answer!r:.80}; it returns ({serializer.name!r}, pid)"
            )
        pid = answer[1]
        if not is_plain(pid):
            raise SerializationError(
                f"{shown(serializer)}: the pid {pid!r:.80} is no plain data; make it of texts, numbers, bytes, "
                "tuples, lists and dicts"
            )
        return str(serializer.name), pid, tuple(self._manifest_of(number))

    def front(self) -> bytes:
        """Return what stands before the value's pickle: nothing if nothing was written beside it."""
        if not self.references:
            return b""
        return front_with(self.token, self.references)

    def refusal(
        self, value: Any, error: Exception, fine: Callable[[Any], bool]
    ) -> Exception | None:
        """Say which object in a value its serializer could not write, and why; None if that is not it.

        fine: whether a part of the value can be pickled, as far as `probe` lets it.
        """
        failed = self._failed
        if failed is None:
            return None
        path, _ = _path.culprit(value, fine)
        serializer = self.registry.find(type(failed))
        reason = (
            str(error) if isinstance(error, HoldallError) else f"{type(error).__name__}: {error}"
        )
        message = (
            f"{path}: {full_name(type(failed))}: {shown(serializer)} cannot write it: {reason}"
        )
        if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
            return StoreFull(f"{message}; free some space")
        return SerializationError(message, path=path)

    def probe(self, value: Any) -> int | None:
        """Stand in for `write` when a value is searched for what failed: nothing is written."""
        if not self.covers(type(value)):
            return None
        if value is self._failed:
            raise SerializationError("it is this one")
        return 0


class Reading:
    """What the objects beside one value are read with.

    protocols_of: gives the protocols of the object of a number in the folder of a token.
    check: raises CorruptFrame unless what is there is what was written.
    lazy: whether an object was read that may still need its files: any, unless its serializer says
        `lazy = False`.
    """

    def __init__(
        self,
        registry: Registry,
        protocols_of: Callable[[str, int], dict[str, Any]],
        check: Callable[[str, int, Manifest], None],
    ) -> None:
        self.registry = registry
        self.lazy = False
        self._protocols_of = protocols_of
        self._check = check

    def loads(self, data: Any, buffers: Iterable[Any]) -> Any:
        """Return the value of a payload that begins with references; its signature was verified."""
        file = io.BytesIO(data)
        token, references = front_of(file)
        for name, *_ in references:
            self.registry.named(name)
        objects: dict[int, Any] = {}

        def load(number: Any) -> Any:
            if type(number) is not int or not 0 <= number < len(references):
                raise damaged()
            if number not in objects:
                objects[number] = self._object(token, number, references[number])
            return objects[number]

        return Unpickler(file, buffers, load).load()

    def _object(self, token: str, number: int, reference: Reference) -> Any:
        name, pid, manifest = reference
        serializer = self.registry.named(name)
        self._check(token, number, manifest)
        self.lazy = self.lazy or getattr(serializer, "lazy", True) is not False
        try:
            return serializer.unpickle(pid, self._protocols_of(token, number))
        except (MemoryError, KeyboardInterrupt, HoldallError):
            raise
        except Exception as error:
            raise SerializationError(
                f"the serializer {name!r} cannot read what it wrote: {type(error).__name__}: {error}; see the "
                "cause, or register the version of it that wrote the value"
            ) from error


class Unpickler(pickle.Unpickler):
    """C pickle's, with what stands for an object that was written beside the value."""

    def __init__(self, file: Any, buffers: Iterable[Any], load: Callable[[Any], Any]) -> None:
        super().__init__(file, buffers=buffers)
        self._load = load

    def persistent_load(self, pid: Any) -> Any:
        """Return the object of a reference."""
        return self._load(pid)


class Plain(pickle.Unpickler):
    """C pickle's, for data only."""

    def find_class(self, module: str, name: str) -> Never:
        """Refuse what could run."""
        raise pickle.UnpicklingError(f"{module}.{name} is no plain data")


def front_with(token: str, references: list[Reference]) -> bytes:
    """Return the references as a payload begins with them."""
    return pickle.dumps((MARK, LAYOUT, token, references), 5)


def front_of(file: Any) -> tuple[str, list[Reference]]:
    """Read the references that a payload begins with, and leave the file where the value begins."""
    try:
        mark, layout, token, references = Plain(file).load()
        found = [(name, pid, tuple(manifest)) for name, pid, manifest in references]
    except MemoryError:
        raise
    except Exception as error:
        raise damaged() from error
    fits = (
        mark == MARK
        and type(token) is str
        and len(token) == 16
        and all(digit in "0123456789abcdef" for digit in token)
        and all(type(name) is str for name, *_ in found)
    )
    if not fits:
        raise damaged()
    if layout != LAYOUT:
        raise SerializationError(
            "the value refers to data beside it in a way that this version does not know; update holdall"
        )
    return token, found


def references_of(data: Any) -> tuple[str, list[Reference]] | None:
    """Return the token and the references of a payload that has any; its signature was verified."""
    file = io.BytesIO(data)
    found = front_of(file)
    # Nothing follows the pickle of a value that only looks like references.
    return found if file.read(1) else None


def missing_for(data: Any) -> SerializationError:
    """Say which serializer is missing to whoever reads a payload with references and without any."""
    _, references = front_of(io.BytesIO(data))
    return missing(references[0][0] if references else "")


def is_plain(value: Any) -> bool:
    """Whether a value is made of plain data."""
    try:
        Plain(io.BytesIO(pickle.dumps(value, 5))).load()
    except MemoryError:
        raise
    except Exception:
        return False
    return True


def damaged() -> CorruptFrame:
    """Say that the references are none."""
    return CorruptFrame("what the value refers to beside it is damaged; write the value again")
