"""Look into a frame without opening it."""

import pickletools
from dataclasses import dataclass
from datetime import datetime

from holdall._holdall import inspect_cbor, inspect_frame
from holdall.info import moment

__all__ = ["Inspection", "inspect"]

PREVIEW = 120
REMEMBER = ("MEMOIZE", "PUT", "BINPUT", "LONG_BINPUT")
RECALL = ("GET", "BINGET", "LONG_BINGET")


@dataclass(frozen=True, kw_only=True, slots=True)
class Inspection:
    """What a frame says of itself. Printing it gives a short account.

    codec: how the payload is written. active: whether reading it could run code.
    bare: whether there was no frame, so that the codec is a guess and there is no checksum.
    size, header_size: bytes in all, and before the payload.
    segments: how many large buffers there are beside the payload.
    expires_at: aware datetime in UTC, or None. python: the version whose code it holds.
    signed_by, sealed_by: the id of the key that signed or sealed it; says nothing of whether it is
        right. A sealed payload cannot be looked into.
    names: what a pickle would import, in its order, or the classes whose instances CBOR holds;
        none of it was imported.
    preview: the first characters of the payload; CBOR in diagnostic notation.
    """

    codec: str
    active: bool
    bare: bool
    size: int
    header_size: int
    segments: int
    expires_at: datetime | None
    python: str | None
    signed_by: str | None
    sealed_by: str | None
    names: tuple[str, ...]
    preview: str

    def __str__(self) -> str:
        kind = "active: reading it can run code" if self.active else "passive: it can only be data"
        form = "bare, no frame" if self.bare else f"frame, header {self.header_size} bytes"
        lines = [f"{self.codec} ({kind})", f"  {self.size} bytes, {form}"]
        if self.segments:
            lines.append(f"  {self.segments} large buffer(s) beside the payload")
        if self.signed_by:
            lines.append(f"  signed by key {self.signed_by}")
        if self.sealed_by:
            lines.append(f"  sealed by key {self.sealed_by}")
        if self.expires_at:
            lines.append(f"  expires {self.expires_at.isoformat()}")
        if self.python:
            lines.append(f"  holds code of Python {self.python}")
        if self.names:
            verb = "imports" if self.codec == "pickle" else "instances of"
            lines.append(f"  {verb} {', '.join(self.names)}")
        lines.append(f"  {self.preview}")
        # What the payload says of itself is whoever's who wrote it: no line of it may pass for ours.
        return "\n".join(visible(line) for line in lines)


def inspect(data: bytes) -> Inspection:
    """Say what a frame, or a bare value, is. Nothing is opened, imported or run.

    data: what `dumps` gave, or what a file of a folder store holds.
    Raises CorruptFrame for a damaged frame, UnsupportedVersion for a newer one, ValidationError for
    what is not bytes.
    """
    seen = inspect_frame(data)
    payload: bytes = seen["payload"]
    codec: str = seen["codec"]
    expires = seen["expires"]
    active: bool = seen["active"]
    found: list[str] = []
    if seen["sealed_by"] is not None:
        text = "(sealed)"
    elif codec == "cbor":
        active, found, text = inspect_cbor(payload, PREVIEW * 4)
    elif codec == "pickle":
        found, text = names(payload), repr(payload[:PREVIEW])
    elif codec == "raw":
        text = repr(payload[:PREVIEW])
    else:
        text = payload[: PREVIEW * 4].decode("utf-8", "replace")
    return Inspection(
        codec=codec,
        active=active,
        bare=seen["bare"],
        size=seen["size"],
        header_size=seen["header_size"],
        segments=seen["segments"],
        expires_at=None if expires is None else moment(expires),
        python=seen["python"],
        signed_by=seen["signed_by"],
        sealed_by=seen["sealed_by"],
        names=tuple(found),
        preview=one_line(text),
    )


def one_line(text: str) -> str:
    """Return the beginning of a payload as one line."""
    text = " ".join(text.split())
    return text if len(text) <= PREVIEW else text[: PREVIEW - 1] + "…"


def visible(text: str) -> str:
    """Escape what a terminal would obey rather than show."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def names(payload: bytes) -> list[str]:
    """List the globals that a pickle names, by reading its opcodes and running none."""
    found: dict[str, None] = {}
    strings: list[str] = []
    memo: dict[object, str] = {}
    top = ""
    try:
        for opcode, argument, _ in pickletools.genops(payload):
            if opcode.name in REMEMBER:
                memo[len(memo) if argument is None else argument] = top
                continue
            if opcode.name in ("GLOBAL", "INST"):
                found[str(argument).replace(" ", ".", 1)] = None
            elif opcode.name == "STACK_GLOBAL":
                found[".".join(strings[-2:])] = None
            # What is on top of the stack, as far as it is a string that may name something.
            top = str(argument) if "UNICODE" in opcode.name else ""
            if opcode.name in RECALL:
                top = memo.get(argument, "")
            if top:
                strings.append(top)
    except ValueError:
        found["(damaged pickle)"] = None
    return list(found)
