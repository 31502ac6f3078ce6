"""xarray's values: dimensions, variables, coordinates and attributes.

How a file would encode them is not part of what they are.
"""

from typing import Any

import xarray as xr

from holdall.fingerprint.attributes import Attributes

Parts = tuple[Any, ...]


def of_variable(value: Any) -> Parts:
    """Describe a variable. What is still in a file is read, what Dask will compute stays with Dask."""
    data = value.data if value.chunks is not None else value.to_numpy()
    if isinstance(value, xr.IndexVariable):
        data = value.to_index()
    return ("xarray.Variable", type(value), value.dims, Attributes(data=data, attrs=value.attrs))


def of_array(value: Any) -> Parts:
    """Describe an array with its coordinates."""
    return (
        "xarray.DataArray",
        type(value),
        value.name,
        Attributes(variable=value.variable, coords=coordinates(value)),
    )


def of_dataset(value: Any) -> Parts:
    """Describe a dataset by its variables, in their order."""
    variables = {name: value.variables[name] for name in value.data_vars}
    return (
        "xarray.Dataset",
        type(value),
        Attributes(data_vars=variables, coords=coordinates(value), attrs=value.attrs),
    )


def coordinates(value: Any) -> dict[Any, Any]:
    """Return the coordinates, each with whether values can be looked up by it."""
    indexes = value.xindexes
    return {
        name: (coord.variable, type(indexes[name]) if name in indexes else None)
        for name, coord in value.coords.items()
    }


def of_tree(value: Any) -> Parts:
    """Describe a tree by the datasets of its nodes."""
    return (
        "xarray.DataTree",
        type(value),
        value.name,
        {node.path: node.to_dataset(inherit=False) for node in value.subtree},
    )


TABLE: dict[type, Any] = {}
WHOLE: dict[type, Any] = {
    xr.Variable: of_variable,
    xr.DataArray: of_array,
    xr.Dataset: of_dataset,
}
if hasattr(xr, "DataTree"):
    WHOLE[xr.DataTree] = of_tree
