"""What is alike for all that stands for a value which is not there yet."""

from typing import Any, NoReturn


class Unknown:
    """Refuses what would need the value: silently it would give something wrong, or never end."""

    __slots__ = ()

    def __iter__(self) -> NoReturn:
        raise TypeError(
            f"{self!r} cannot be iterated: how much there is shows when it has run. "
            "Take items by index, node[0], or give it to a function that iterates"
        )

    def __bool__(self) -> NoReturn:
        raise TypeError(
            f"{self!r} is neither true nor false before it has run; decide in a function that gets it, "
            "or compare with `is None`"
        )

    def __len__(self) -> NoReturn:
        raise TypeError(f"{self!r} has no length before it has run; take it in a function")

    def __contains__(self, item: object) -> NoReturn:
        raise TypeError(f"what {self!r} contains shows when it has run; look in a function")

    def __reduce__(self) -> NoReturn:
        raise TypeError(
            f"{self!r} belongs to this process and cannot be kept or sent; where a result is meant, "
            "give the node as an argument, by itself or in a list, tuple, dict, set or dataclass"
        )

    def __copy__(self) -> Any:
        return self

    def __deepcopy__(self, _memo: Any) -> Any:
        return self

    def __holdall_fingerprint__(self) -> NoReturn:
        raise TypeError(
            f"{self!r} lies where no node is looked for; give it as an argument, by itself or in a list, "
            "tuple, dict, set or dataclass"
        )
