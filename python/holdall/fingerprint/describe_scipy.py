"""SciPy's sparse arrays: by their format, and by what is in them in the order of its places."""

from typing import Any

import numpy as np
from scipy import sparse

Parts = tuple[Any, ...]


def of_sparse(value: Any) -> Parts:
    """Describe a sparse array. In which order items came, or in how many parts, does not count."""
    found = sparse.coo_array(value, copy=True)
    found.sum_duplicates()
    order = np.lexsort(found.coords[::-1])
    places = [np.asarray(place, np.int64)[order] for place in found.coords]
    block = getattr(value, "blocksize", None)
    return (
        "scipy.sparse",
        type(value),
        value.format,
        block,
        value.shape,
        places,
        found.data[order],
    )


TABLE: dict[type, Any] = {}
WHOLE: dict[type, Any] = {
    sparse.sparray: of_sparse,
    sparse.spmatrix: of_sparse,
    # Dicts as well, and so found as such before the others.
    sparse.dok_array: of_sparse,
    sparse.dok_matrix: of_sparse,
}
