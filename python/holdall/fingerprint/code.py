"""`code_of`: the code of a function or a class, and all that it reads of the user's own."""

import sys
import threading
from collections.abc import Collection
from typing import Any

from holdall.fingerprint import callables
from holdall.fingerprint.bind import Binder
from holdall.fingerprint.call import call_parts
from holdall.fingerprint.naming import HERE, Known
from holdall.fingerprint.parts import Parts
from holdall.fingerprint.walk import Walk
from holdall.fingerprint.watch import Watch

KEPT: dict[int, "Code"] = {}
LOCK = threading.Lock()
VARIABLES = ("global", "closure", "default")


class Code:
    """What a function or a class is, and what it reads now. `code_of` makes one."""

    def __init__(self, subject: Any) -> None:
        self.subject = subject
        self._binder: Binder | None = None
        self._known: tuple[Watch, Known, Parts] | None = None

    def __reduce__(self) -> tuple[Any, ...]:
        # What it reads here is none of the other side's concern.
        return Code, (self.subject,)

    def __repr__(self) -> str:
        return f"<code of {callables.name_of(callables.innermost(self.subject))}>"

    def current(self) -> Parts:
        """Return the parts of the code as it is now. Quick where nothing has changed."""
        if HERE.namer is not None:
            return Parts({"name": HERE.namer.target(self.subject) or ""})
        known = self._known
        if known is not None and known[0].is_same(known[1].digest):
            return known[2]
        walk = Walk(self.subject)
        parts = Parts(walk.parts)
        self._known = walk.watch, Known(walk.names), parts
        return parts

    def binder(self, function: Any) -> Binder:
        """Return how a call's arguments get their names."""
        known = self._binder
        if known is None or known.function is not function:
            known = self._binder = Binder(function)
        return known

    def call(
        self,
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        *,
        version: Any = None,
        ignore: Collection[str] = (),
    ) -> Parts:
        """Return the parts of a call of it; see `call_parts`."""
        return call_parts(self, self.subject, args, kwargs, version=version, ignore=ignore)

    def changed(self, since: Parts | None = None) -> list[str]:
        """Return the variables whose value is another than it was, to be asked after a run.

        since: the parts before the run; those of the last `current()` if they are not given.
        """
        known = self._known
        before = since if since is not None else known[2] if known is not None else self.current()
        if known is not None and known[2] is before and known[0].is_same(known[1].digest):
            return []
        now = Walk(self.subject).parts
        keys = dict.fromkeys([*now, *(key for key in before if key not in now)])
        return [
            key.replace(":", " ", 1)
            for key in keys
            if key.startswith(VARIABLES) and now.get(key) != before.get(key)
        ]


def code_of(subject: Any) -> Code:
    """Return the code of a function, a class or what else can be called.

    It is kept for what its module holds under its name, which lives as long; a function that was
    made on the way is looked at each time.
    """
    known = KEPT.get(id(subject))
    if known is not None and known.subject is subject:
        return known
    code = Code(subject)
    if is_held(subject):
        with LOCK:
            return KEPT.setdefault(id(subject), code)
    return code


def is_held(subject: Any) -> bool:
    """Whether a module holds something under its name."""
    found: Any = sys.modules.get(getattr(subject, "__module__", None) or "")
    for name in str(getattr(subject, "__qualname__", "")).split("."):
        found = getattr(found, name, None)
    return found is subject
