"""Where the serializers that come with holdall are, by their names: for whoever reads without one."""

# A serializer's name, then its module and its class there.
SHIPPED: dict[str, tuple[str, str]] = {}
