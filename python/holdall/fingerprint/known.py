"""A value that is known by its digest."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Known:
    """Stands for a value whose digest is known already, so that it need not be there itself.

    It is alike to every other one of this digest, and to no value in itself.
    """

    digest: bytes

    def __post_init__(self) -> None:
        """Refuse what is no bytes: a digest in another form would be another value."""
        if type(self.digest) is not bytes:
            raise TypeError(f"a digest is bytes, not {type(self.digest).__name__}")
