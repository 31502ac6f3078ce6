"""What a fingerprint is made of, and what two of them differ in."""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from holdall._holdall import fingerprint

CALL = ("argument:", "version")
DIGEST = re.compile("[0-9a-f]{64}")


class Parts(Mapping[str, str]):
    """The reasons in a fingerprint: what each is of, and its digest or a readable text.

    Immutable. Two with the same parts have one digest, in whatever order they were found.
    """

    __slots__ = ("_all", "_code", "_digest", "_found", "_of_call", "_of_code")

    def __init__(
        self,
        found: Mapping[str, str] | Iterable[tuple[str, str]] = (),
        *,
        code: "Parts | None" = None,
    ) -> None:
        """Take the parts. code: those of the code that these, all of a call, are added to."""
        self._found: dict[str, str] = dict(found)
        self._code = code
        # Made when somebody asks: a hit needs the digest only.
        self._all: dict[str, str] | None = None
        self._of_code: bytes | None = None
        self._of_call: bytes | None = None
        self._digest: bytes | None = None

    def __getitem__(self, key: str) -> str:
        return self.as_dict()[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self.as_dict())

    def __len__(self) -> int:
        return len(self.as_dict())

    def __repr__(self) -> str:
        return f"Parts({self.as_dict()!r})"

    def __hash__(self) -> int:
        return hash(self.digest())

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Mapping) and self.as_dict() == dict(other)

    def __reduce__(self) -> tuple[Any, ...]:
        return Parts, (self.as_dict(),)

    @property
    def code(self) -> "Parts | None":
        """The parts of the code that a call's were added to."""
        return self._code

    def as_dict(self) -> dict[str, str]:
        """Return all parts. Not to be changed."""
        if self._all is None:
            code = self._code
            self._all = self._found if code is None else {**code.as_dict(), **self._found}
        return self._all

    def digest(self) -> bytes:
        """Return 32 bytes that stand for all parts."""
        if self._digest is None:
            self._digest = fingerprint((self.code_digest(), self.call_digest()))
        return self._digest

    def code_digest(self) -> bytes:
        """Return 32 bytes that stand for the parts that are not of a call."""
        # By itself: it stays when the arguments change, and a code may have hundreds of parts.
        if self._of_code is None:
            if self._code is not None:
                self._of_code = self._code.code_digest()
            else:
                self._of_code = fingerprint(
                    sorted(each for each in self._found.items() if not is_of_call(each))
                )
        return self._of_code

    def call_digest(self) -> bytes:
        """Return 32 bytes that stand for the arguments and the version."""
        if self._of_call is None:
            found = self._found.items()
            self._of_call = fingerprint(
                sorted(found if self._code is not None else filter(is_of_call, found))
            )
        return self._of_call


def is_of_call(part: tuple[str, str]) -> bool:
    """Whether a part is of a call; all others are of the code."""
    return part[0].startswith(CALL)


def explain_parts(old: Mapping[str, str] | None, new: Mapping[str, str]) -> list[str]:
    """Say what has changed, a line a reason; nothing where both are alike."""
    if old is None:
        return ["nothing is kept under this name"]
    gone = [key for key in old if key not in new]
    return [
        told(key, old.get(key), new.get(key))
        for key in [*new, *gone]
        if old.get(key) != new.get(key)
    ]


def opaque_parts(parts: Mapping[str, str]) -> list[str]:
    """Say which variables a code reads that count by their type and name only."""
    return [
        f"{key.partition(':')[2]} counts by its type and name only ({value})"
        for key, value in parts.items()
        if key.startswith("opaque:")
    ]


def told(key: str, old: str | None, new: str | None) -> str:
    """Say how one part differs."""
    kind, _, name = key.partition(":")
    what = name if kind == "library" else f"{kind} {name}".strip()
    if old is None:
        return f"{what} {new} is used now" if kind == "library" else f"{what} is new"
    if new is None:
        return f"{what} is no longer used"
    if DIGEST.fullmatch(old) or DIGEST.fullmatch(new):
        return f"{what} changed"
    return f"{what} {old} is now {new}"
