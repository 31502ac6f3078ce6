"""A type whose data is kept beside a value, and its serializer, which notes what it was asked."""

from typing import Any, ClassVar

from holdall.serializers import FILE_PROTOCOL


class Box:
    """Some bytes that pickle cannot write."""

    def __init__(self, data: bytes) -> None:
        self.data = data

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Box) and self.data == other.data

    def __hash__(self) -> int:
        return hash(self.data)

    def __reduce__(self) -> Any:
        raise TypeError("a box cannot be pickled")


class Crate(Box):
    """A subclass, for which nobody registers anything."""


class BoxSerializer:
    name = "Box"
    serializer_class = Box
    calls: ClassVar[list[tuple[str, Any]]] = []

    @classmethod
    def pickle(cls, box: Box, protocols: dict) -> tuple[str, Any]:
        cls.calls.append(("pickle", box.data))
        if box.data == b"fail":
            with protocols[FILE_PROTOCOL].open("half", "wb") as file:
                file.write(b"half")
            raise RuntimeError("this box cannot be written")
        with protocols[FILE_PROTOCOL].open("parts/data.bin", "wb") as file:
            file.write(box.data)
        return cls.name, ("1", type(box) is Crate, "parts/data.bin")

    @classmethod
    def unpickle(cls, pid: Any, protocols: dict) -> Box:
        cls.calls.append(("unpickle", pid))
        _, is_crate, name = pid
        with protocols[FILE_PROTOCOL].open(name, "rb") as file:
            return (Crate if is_crate else Box)(file.read())

    @classmethod
    def remove(cls, pid: Any, protocols: dict) -> None:
        cls.calls.append(("remove", pid))
        protocols[FILE_PROTOCOL].remove(pid[2])


def asked(what: str) -> list[Any]:
    """Return what the serializer was asked for by a method since the last `forget`."""
    return [argument for method, argument in BoxSerializer.calls if method == what]


def forget() -> None:
    BoxSerializer.calls.clear()


# Tasks


def pack(*data: bytes) -> Any:
    boxes = [Box(part) for part in data]
    return {"boxes": boxes, "first": boxes[0]}


async def pack_later(data: bytes) -> Box:
    return Box(data)


def unpack(packed: Any) -> list[bytes]:
    return [box.data for box in packed["boxes"]]


def raise_box() -> None:
    raise ValueError(Box(b"raised"))
