"""`fingerprint` of values, for what stands beside it in this package."""

from holdall._holdall import fingerprint

__all__ = ["fingerprint"]
