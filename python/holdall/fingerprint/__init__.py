"""What a value is, in 32 bytes: the same for whatever is alike in type and content.

    fingerprint(value) -> bytes

Stable across processes, hash seeds and Python's patch releases. Nothing is hashed by its address, its
repr or the bytes of a pickle: what cannot be taken apart raises SerializationError, whose path leads
to it. A class has its own say by `__holdall_fingerprint__(self)`, which returns any value that can be
fingerprinted in its place; `Known(digest)` is one that stands for a digest that is known already.
"""

from holdall._holdall import fingerprint
from holdall.fingerprint.call import call_parts
from holdall.fingerprint.code import Code, code_of
from holdall.fingerprint.known import Known
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
