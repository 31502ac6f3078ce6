"""Where the serializers that come with holdall are, by their names: for whoever reads without one."""

_HERE = "holdall.serializers"

# A serializer's name, then its module and its class there.
SHIPPED: dict[str, tuple[str, str]] = {
    "HDFSerializer": (f"{_HERE}.daskarray", "DaskArraySerializer"),
    "NumpyArraySerializer": (f"{_HERE}.numpyarray", "NumpyArraySerializer"),
}
