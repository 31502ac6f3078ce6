"""What a value is, in 32 bytes: the same for whatever is alike in type and content.

    fingerprint(value) -> bytes
    code_of(function).current() -> Parts
    call_parts(code, function, args, kwargs) -> Parts

Stable across processes, hash seeds and Python's patch releases. Nothing is hashed by its address, its
repr or the bytes of a pickle: what cannot be taken apart raises SerializationError, whose path leads
to it. A class has its own say by `__holdall_fingerprint__(self)`, which returns any value that can be
fingerprinted in its place; `Known(digest)` is one that stands for a digest that is known already.
"""

import importlib
from typing import TYPE_CHECKING, Any

from holdall._holdall import fingerprint
from holdall.fingerprint.known import Known

if TYPE_CHECKING:
    from holdall.fingerprint.call import call_parts
    from holdall.fingerprint.code import Code, code_of
    from holdall.fingerprint.parts import Parts, explain_parts, opaque_parts

__all__ = [
    "Code",
    "Known",
    "Parts",
    "call_parts",
    "code_of",
    "explain_parts",
    "fingerprint",
    "opaque_parts",
]

# What takes code apart, imported when it is first asked for: most values have none in them.
LATER = {
    "Code": "code",
    "Parts": "parts",
    "call_parts": "call",
    "code_of": "code",
    "explain_parts": "parts",
    "opaque_parts": "parts",
}


def __getattr__(name: str) -> Any:
    if name not in LATER:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found = getattr(importlib.import_module(f"{__name__}.{LATER[name]}"), name)
    globals()[name] = found
    return found
