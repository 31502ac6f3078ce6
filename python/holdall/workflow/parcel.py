"""A value through a pipe, large arrays beside it."""

import struct
from multiprocessing.connection import Connection
from typing import Any

from holdall import _pickle


def packed(value: Any) -> list[Any]:
    """Return a value in the pieces that are sent. What cannot be pickled raises here."""
    buffers: list[Any] = []
    data, _ = _pickle.dumps(value, buffers)
    return [data, *(buffer.raw() for buffer in buffers)]


def send(pipe: Connection, pieces: list[Any]) -> None:
    """Send the pieces of a value."""
    sizes = [len(piece) for piece in pieces]
    pipe.send_bytes(struct.pack(f"<{len(sizes)}Q", *sizes))
    for piece in pieces:
        pipe.send_bytes(piece)


def receive(pipe: Connection) -> list[Any]:
    """Return the pieces of a value. They can be written to, as the arrays could that they become."""
    header = pipe.recv_bytes()
    pieces = [bytearray(size) for (size,) in struct.iter_unpack("<Q", header)]
    for piece in pieces:
        pipe.recv_bytes_into(piece)
    return pieces


def opened(pieces: list[Any]) -> Any:
    """Return the value of some pieces."""
    return _pickle.loads(pieces[0], pieces[1:])
