"""Where the serializers that come with holdall are, by their names: for whoever reads without one."""

_HERE = "holdall.serializers"

# A serializer's name, then its module and its class there.
SHIPPED: dict[str, tuple[str, str]] = {
    "ArrowBatchSerializer": (f"{_HERE}.arrowtable", "ArrowBatchSerializer"),
    "ArrowTableSerializer": (f"{_HERE}.arrowtable", "ArrowTableSerializer"),
    "DaskFrameSerializer": (f"{_HERE}.daskframe", "DaskFrameSerializer"),
    "DaskSeriesSerializer": (f"{_HERE}.daskframe", "DaskSeriesSerializer"),
    "HDFSerializer": (f"{_HERE}.daskarray", "DaskArraySerializer"),
    "NumpyArraySerializer": (f"{_HERE}.numpyarray", "NumpyArraySerializer"),
    "PandasFrameSerializer": (f"{_HERE}.pandasframe", "PandasFrameSerializer"),
    "PandasSeriesSerializer": (f"{_HERE}.pandasframe", "PandasSeriesSerializer"),
    "PolarsFrameSerializer": (f"{_HERE}.polarsframe", "PolarsFrameSerializer"),
    "PolarsSeriesSerializer": (f"{_HERE}.polarsframe", "PolarsSeriesSerializer"),
    "TorchTensorSerializer": (f"{_HERE}.torchtensor", "TorchTensorSerializer"),
    "XarrayArraySerializer": (f"{_HERE}.xarraydataset", "XarrayArraySerializer"),
    "XarrayDatasetSerializer": (f"{_HERE}.xarraydataset", "XarrayDatasetSerializer"),
}
