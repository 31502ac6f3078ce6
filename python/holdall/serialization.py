"""What turns the arguments and the results of tasks into bytes, and back.

A `TaskQueue` and its workers take any object with `dumps` and `loads`; without one they keep every
value exactly, which none of these does better. Take one of them where others read the bytes, where
they must be nobody else's to read, or where you have one of your own:

    class MySerializer(Serializer):
        def dumps(self, obj): ...
        def loads(self, data): ...

It gets one plain list, `[args_list, kwargs_dict]`, and results; never the function. `loads` sees only
bytes whose signature was right.
"""

import base64
import binascii
import os
from abc import abstractmethod
from reprlib import Repr
from typing import Any, Protocol, runtime_checkable

from holdall import _json, _path
from holdall._equal import same
from holdall._holdall import dumps, exact_json, loads
from holdall.errors import (
    CorruptFrame,
    HoldallError,
    NotAFrame,
    SerializationError,
    UnsupportedVersion,
    UntrustedPayloadError,
    ValidationError,
)

__all__ = [
    "CloudpickleSerializer",
    "EncryptedSerializer",
    "JsonSerializer",
    "MsgpackSerializer",
    "Serializer",
]

SHORT = Repr()
SHORT.maxstring = SHORT.maxother = 60
CONTAINERS = (list, dict)
LIKE_BYTES = {bytearray, memoryview}
# In characters and in bytes.
FERNET_KEY, FERNET_SECRET = 44, 32


@runtime_checkable
class Serializer(Protocol):
    """What has `dumps` and `loads`, whether it says that it is a Serializer or not."""

    @abstractmethod
    def dumps(self, obj: Any) -> bytes:
        """Return a value as bytes."""

    @abstractmethod
    def loads(self, data: bytes) -> Any:
        """Return the value of bytes that `dumps` gave."""


class CloudpickleSerializer(Serializer):
    """Pickles, by value what cannot be imported: lambdas, closures, local classes, async functions.

    `dumps` signs what it writes, and `loads` takes nothing that a key of the keyset did not sign,
    so that bytes of somebody else run no code. A bare pickle is refused, too.

    keyset: a path or a keyset's text; default `HOLDALL_KEYSET`, else the user's own.
    """

    def __init__(self, keyset: str | os.PathLike[str] | None = None) -> None:
        self.keyset = None if keyset is None else os.fspath(keyset)

    def dumps(self, obj: Any) -> bytes:
        """Return any value as a signed frame.

        Raises SerializationError, with the path to the culprit, for what cannot be pickled.
        """
        try:
            return dumps(obj, mode="pickle", keyset=self.keyset)
        except SerializationError as error:
            told(error, "dumps", obj)
            raise

    def loads(self, data: bytes) -> Any:
        """Return the value of bytes that `dumps` gave.

        Raises UntrustedPayloadError for what no key of the keyset signed, SerializationError for
        damaged bytes and for what cannot be made any more.
        """
        try:
            return loads(data, mode="pickle", keyset=self.keyset)
        except SerializationError as error:
            told(error, "loads", data)
            raise
        except (CorruptFrame, UnsupportedVersion) as error:
            raise unread(error, "signed") from error


class JsonSerializer(Serializer):
    """JSON that gives back what it got: None, bool, int of 64 bits, finite float, str, list, dict of str.

    Anything else, a tuple too, raises. Only that a list stands in two places is not told.

    strict: False writes what orjson writes, as lossy as JSON is: tuples come back as lists, keys as
        str, dates as text, NaN as None.
    """

    def __init__(self, *, strict: bool = True) -> None:
        self.strict = strict

    def dumps(self, obj: Any) -> bytes:
        """Return a value as one JSON document.

        Raises SerializationError, with the path to the culprit, for what JSON does not hold.
        """
        try:
            written = exact_json(obj)
            if written is None:
                written = _json.dumps(obj)
                if self.strict and not same(loads(written, mode="json", frame=False), obj):
                    raise inexact(obj)
        except SerializationError as error:
            told(error, "dumps", obj)
            raise
        return written

    def loads(self, data: bytes) -> Any:
        """Return the value of one strict JSON document; what is none raises SerializationError."""
        try:
            return loads(data, mode="json", frame=False)
        except SerializationError as error:
            told(error, "loads", data)
            raise


class MsgpackSerializer(Serializer):
    """MessagePack: what JSON holds, and bytes, and keys that are no str. It needs the package msgpack.

    Anything that would come back as something else, a tuple or a bytearray too, raises.
    """

    def __init__(self) -> None:
        try:
            import msgpack
        except ImportError as error:
            raise ImportError("MsgpackSerializer needs msgpack: pip install msgpack") from error
        self._pack, self._unpack = msgpack.packb, msgpack.unpackb
        self._damaged = (msgpack.UnpackException, ValueError, TypeError)

    def __reduce__(self) -> tuple[type[Any], tuple[()]]:
        return type(self), ()

    def dumps(self, obj: Any) -> bytes:
        """Return a value as MessagePack.

        Raises SerializationError, with the path to the culprit, for what MessagePack does not hold.
        """
        try:
            return self._packed(obj)
        except (TypeError, ValueError, OverflowError) as error:
            path, culprit = _path.culprit(obj, self._holds, CONTAINERS)
            message = (
                f"{path}: {type(culprit).__name__}: cannot be MessagePack exactly: {error}; give a list for a "
                "tuple and bytes for other bytes, or leave the serializer out: the default keeps every value"
            )
            raise told(SerializationError(message, path=path), "dumps", obj) from error

    def loads(self, data: bytes) -> Any:
        """Return the value of one MessagePack item; what is none raises SerializationError."""
        try:
            return self._unpack(data, strict_map_key=False)
        except self._damaged as error:
            message = f"$: not MessagePack: {error}; the bytes are damaged, or another serializer's"
            raise told(SerializationError(message), "loads", data) from error

    def _packed(self, value: Any) -> bytes:
        # Exact types alone; but of what is like bytes msgpack takes all for bytes.
        packed: bytes = self._pack(value, strict_types=True)
        for kind in kinds_in(value) & LIKE_BYTES:
            raise TypeError(f"{kind.__name__} would come back as bytes")
        return packed

    def _holds(self, value: Any) -> bool:
        try:
            self._packed(value)
        except (TypeError, ValueError, OverflowError):
            return False
        return True


class EncryptedSerializer(Serializer):
    """Any value, for nobody to read and nobody to change but who holds the key.

    What is in it is a frame, as `holdall.dumps` writes it, and `loads` takes nothing else: whoever
    gets hold of the key of the encryption alone cannot have code run.

    keyset: a path or a keyset's text; default `HOLDALL_KEYSET`, else the user's own. Or a key in
        bytes, as `Fernet.generate_key()` of the package cryptography gives it: then what can run code
        is signed by the default keyset, inside.
    """

    def __init__(self, keyset: str | os.PathLike[str] | bytes | None = None) -> None:
        self._given = keyset
        self._cipher, self.keyset = None, None
        if isinstance(keyset, bytes):
            self._cipher = fernet(keyset)
        elif keyset is not None:
            self.keyset = os.fspath(keyset)

    def __reduce__(self) -> tuple[type[Any], tuple[Any]]:
        return type(self), (self._given,)

    def dumps(self, obj: Any) -> bytes:
        """Return any value, encrypted.

        Raises SerializationError, with the path to the culprit, for what cannot be written.
        """
        try:
            if self._cipher is None:
                return dumps(obj, seal=True, keyset=self.keyset)
            token: bytes = self._cipher.encrypt(dumps(obj))
        except SerializationError as error:
            told(error, "dumps", obj)
            raise
        return token

    def loads(self, data: bytes) -> Any:
        """Return the value of bytes that `dumps` gave.

        Raises UntrustedPayloadError for what was not encrypted under the key, or changed, and
        SerializationError for what cannot be made any more.
        """
        try:
            if self._cipher is None:
                return loads(data, seal=True, keyset=self.keyset)
            return loads(decrypted(self._cipher, data))
        except SerializationError as error:
            told(error, "loads", data)
            raise
        except (CorruptFrame, UnsupportedVersion) as error:
            raise unread(error, "sealed") from error


def fernet(key: bytes) -> Any:
    """Make the cipher of a Fernet key. A wrong one is not shown: it may be a secret all the same."""
    try:
        if len(key) != FERNET_KEY or len(base64.urlsafe_b64decode(key)) != FERNET_SECRET:
            raise binascii.Error
    except binascii.Error:
        raise ValidationError(
            f"a key in bytes is a Fernet key, {FERNET_KEY} characters of url-safe base64; give a keyset as str "
            "or path",
            parameter="keyset",
        ) from None
    try:
        from cryptography.fernet import Fernet
    except ImportError as error:
        raise ImportError(
            "a Fernet key needs cryptography: pip install cryptography; or give a keyset, which needs nothing"
        ) from error
    return Fernet(key)


def decrypted(cipher: Any, token: bytes) -> bytes:
    """Return what a Fernet token holds."""
    from cryptography.fernet import InvalidToken

    try:
        plain: bytes = cipher.decrypt(bytes(token))
    except InvalidToken as error:
        raise UntrustedPayloadError(
            "the bytes do not decrypt with this Fernet key: they were changed, or encrypted with another; "
            "give queue and worker the same key"
        ) from error
    return plain


def kinds_in(value: Any) -> set[type]:
    """Return the types of all that is in lists and dicts, which are not nested without end."""
    kinds: set[type] = set()
    open_ = [[value]]
    while open_:
        items = open_.pop()
        here = set(map(type, items))
        kinds |= here
        if list in here or dict in here:
            for item in items:
                if type(item) is list:
                    open_.append(item)
                elif type(item) is dict:
                    open_.append([*item, *item.values()])
    return kinds


def inexact(value: Any) -> SerializationError:
    """Say which part JSON would give back as something else, and as what."""

    def again(part: Any) -> Any:
        return loads(_json.dumps(part), mode="json", frame=False)

    def fine(part: Any) -> bool:
        return same(again(part), part)

    path, culprit = _path.culprit(value, fine, CONTAINERS)
    return SerializationError(
        f"{path}: {type(culprit).__name__}: cannot be JSON exactly: it would come back as "
        f"{SHORT.repr(again(culprit))}; give that instead, or take JsonSerializer(strict=False), or no "
        "serializer: the default keeps every value",
        path=path,
    )


def told(error: SerializationError, operation: str, value: Any) -> SerializationError:
    """Say in an error what was being done, to what."""
    error.operation, error.data_type = operation, type(value).__name__
    return error


def unread(error: HoldallError, vouched: str) -> HoldallError:
    """Say of bytes that are no frame, or a damaged one, what that is to who wants them `vouched` for."""
    if isinstance(error, NotAFrame):
        return UntrustedPayloadError(
            f"the bytes are no {vouched} frame, so that anyone may have written them; nothing of them was "
            "opened. Write them with this serializer"
        )
    return told(SerializationError(f"$: {error}"), "loads", b"")
