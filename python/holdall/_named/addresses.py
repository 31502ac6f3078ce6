"""IP addresses, interfaces and networks by RFC 9164.

An address is its bytes; an interface `[address, prefix length]`, with a zone as a third item; an
address that has a zone `[address, null, zone]`; a network `[prefix length, address without the zero
bytes at its end]`. The RFC's text calls a zone's name a text string and its example writes a byte
string, as all decoders that were looked at want it: written are bytes, read are both.
"""

import functools
from collections.abc import Callable
from ipaddress import (
    IPV4LENGTH,
    IPV6LENGTH,
    IPv4Address,
    IPv4Interface,
    IPv4Network,
    IPv6Address,
    IPv6Interface,
    IPv6Network,
)
from typing import Any

from holdall._named.check import exact

# What networks and interfaces themselves keep in their `__dict__`: some of it when first asked, and
# `hosts` in the smallest networks.
OWN = frozenset(["network", "network_address", "broadcast_address", "netmask", "hostmask"])
OWN |= {"hosts", "_prefixlen"}


def reduce_address(value: IPv4Address) -> tuple[Any, ...]:
    """Give the bytes."""
    return (52, value.packed)


def reduce_address6(value: IPv6Address) -> tuple[Any, ...]:
    """Give the bytes, and the zone if there is one."""
    zone = value.scope_id
    return (54, value.packed) if zone is None else (54, [value.packed, None, octets(zone)])


def reduce_interface(value: IPv4Interface) -> tuple[Any, ...] | None:
    """Give the address and the length of the prefix."""
    return (52, [value.packed, value.network.prefixlen]) if value.__dict__.keys() <= OWN else None


def reduce_interface6(value: IPv6Interface) -> tuple[Any, ...] | None:
    """Give the address, the length of the prefix, and the zone if there is one."""
    if not value.__dict__.keys() <= OWN:
        return None
    parts = [value.packed, value.network.prefixlen]
    return (54, parts if value.scope_id is None else [*parts, octets(value.scope_id)])


def reduce_network(number: int, value: Any) -> tuple[Any, ...] | None:
    """Give the length of the prefix and its bytes."""
    address = value.network_address
    # The RFC has no place for a network's zone.
    if not value.__dict__.keys() <= OWN or getattr(address, "scope_id", None) is not None:
        return None
    return (number, [value.prefixlen, address.packed.rstrip(b"\0")])


def octets(zone: str) -> bytes:
    """Write a zone's name."""
    return zone.encode("utf-8", "surrogatepass")


def suffix(zone: Any) -> str:
    """Read a zone: the index of an interface, or its name."""
    if type(zone) is bytes:
        zone = zone.decode("utf-8", "surrogatepass")
    return f"%{exact(zone, str, int)}"


def build(bits: int, address: Any, interface: Any, network: Any, content: Any) -> Any:
    """Make an address, an interface or a network of one family."""
    if type(content) is bytes:
        return address(content)
    first, second, *zone = exact(content, list)
    if len(zone) > 1:
        raise ValueError("an IP address is an array of two or three")
    if type(first) is int:
        return build_network(bits // 8, network, first, second, zone)
    place = f"{address(exact(first, bytes))}{''.join(map(suffix, zone))}"
    return address(place) if second is None else interface(f"{place}/{exact(second, int)}")


def build_network(width: int, network: Any, length: int, prefix: Any, zone: list[Any]) -> Any:
    """Make a network; bits beyond its prefix are refused by its class."""
    if zone or len(exact(prefix, bytes)) > width:
        raise ValueError(f"a network's prefix is at most {width} bytes, without a zone")
    return network((prefix.ljust(width, b"\0"), length))


REDUCERS: dict[type, Callable[[Any], tuple[Any, ...] | None]] = {
    IPv4Address: reduce_address,
    IPv6Address: reduce_address6,
    IPv4Interface: reduce_interface,
    IPv6Interface: reduce_interface6,
    IPv4Network: functools.partial(reduce_network, 52),
    IPv6Network: functools.partial(reduce_network, 54),
}
NAMES: dict[str, Any] = {}
TAGS = {
    52: functools.partial(build, IPV4LENGTH, IPv4Address, IPv4Interface, IPv4Network),
    54: functools.partial(build, IPV6LENGTH, IPv6Address, IPv6Interface, IPv6Network),
}
