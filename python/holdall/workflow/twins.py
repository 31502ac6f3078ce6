"""Under which name the result of a call is kept, for another node that is the same call.

The names of nodes are counted, so a notebook's cell that is run again makes nodes of new names; what was
kept under the old ones is theirs as well.
"""

from typing import Any
from weakref import WeakKeyDictionary

found: WeakKeyDictionary[Any, dict[tuple[str, str], str]] = WeakKeyDictionary()


def names_in(storage: Any) -> dict[tuple[str, str], str]:
    """Return the names that this process has seen in a storage, by workflow and key."""
    try:
        return found.setdefault(storage, {})
    except TypeError:  # it cannot be hashed, or referred to weakly
        return {}
