"""`get_store` and the class `Store`."""

import builtins
import hashlib
import io
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from os import PathLike, fspath
from pathlib import Path
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import (
    IO,
    TYPE_CHECKING,
    Any,
    BinaryIO,
    Generic,
    Literal,
    Self,
    TextIO,
    TypeVar,
    cast,
    overload,
)
from urllib.parse import quote, unquote

from holdall import _config, _file
from holdall import _holdall as engine
from holdall.errors import DoesNotExist, HoldallError, ValidationError
from holdall.info import Info, info_of
from holdall.progress import Progress
from holdall.settings import BACKEND_OPTIONS, Settings
from holdall.smart import smart_read

if TYPE_CHECKING:
    from holdall.serializers._registry import Registry

__all__ = ["Store", "get_store"]

T = TypeVar("T")


class Store(engine.Store[T], Generic[T]):
    """A key-value store of any Python values; `get_store` makes one.

    Thread-safe, safe to fork, picklable (by URI and options), a context manager. `Store[int]`
    says to a type checker what its values are. `put`, `get` and the other hot verbs are the
    engine's own functions; what is written here is made of them.
    """

    _options: dict[str, Any]
    _registry: "Registry | None"

    def __new__(cls, uri: str | PathLike[str], **options: Any) -> Self:
        """Open the store of a URI; see `get_store` for the options."""
        options = checked(options)
        serializers = options.pop("serializers", ())
        try:
            self = super().__new__(cls, fspath(uri), **options)
        except HoldallError:
            raise
        except (TypeError, UnicodeEncodeError) as error:
            raise ValidationError(
                f"the store {uri!r}: {error}; see help(holdall.get_store) for the options"
            ) from error
        self._options = {name: value for name, value in options.items() if name != "share"}
        self._registry = None
        if serializers:
            self.register_persistent_serializers(*serializers)
        return self

    def __init__(self, uri: str | PathLike[str], **options: Any) -> None:
        """All is done once the store exists."""

    def __reduce__(self) -> tuple[Any, ...]:
        return reopen, (type(self), self.uri, self._options)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.uri!r})"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def __setitem__(self, key: str, value: T) -> None:
        self.put(key, value)

    @property
    def scheme(self) -> str:
        """The backend: "memory", "file" or "sqlite"."""
        return self.uri.partition("://")[0]

    @property
    def is_local(self) -> bool:
        """Whether the values are on this machine."""
        return True

    @property
    def is_fslike(self) -> bool:
        """Whether each value is a file."""
        return self.scheme == "file"

    @property
    def is_sql(self) -> bool:
        """Whether the values are in a SQL database."""
        return self.scheme == "sqlite"

    @property
    def path(self) -> Path | None:
        """Where the store is on this machine; None in memory."""
        where = self.uri.partition("://")[2]
        if self.scheme == "memory":
            return None
        # A file's URI is percent-encoded, a database's starts with one more slash.
        return Path(unquote(where) if self.scheme == "file" else where[1:])

    @classmethod
    def from_json_str(cls, text: str, **options: Any) -> "Store[Any]":
        """Open the store that JSON describes: an object of `get_store`'s arguments.

        **options: win over the text's.
        Raises ValidationError for other JSON, for `trust` or `keyset` in it, and as `get_store`.
        """
        return get_store(**{**_config.options_of(text, "json"), **options})

    @classmethod
    def from_json_uri(cls, uri: str | PathLike[str], **options: Any) -> "Store[Any]":
        """Open the store that a JSON file describes; see `from_json_str`."""
        return cls.from_json_str(smart_read(uri, "r"), **options)

    @classmethod
    def from_yaml_str(cls, text: str, **options: Any) -> "Store[Any]":
        """Open the store that YAML describes, as `from_json_str`; needs PyYAML."""
        return get_store(**{**_config.options_of(text, "yaml"), **options})

    @classmethod
    def from_yaml_uri(cls, uri: str | PathLike[str], **options: Any) -> "Store[Any]":
        """Open the store that a YAML file describes; see `from_yaml_str`."""
        return cls.from_yaml_str(smart_read(uri, "r"), **options)

    def to_dict(self) -> dict[str, Any]:
        """Return the URI and the options: `get_store(**store.to_dict())` opens the same store."""
        return {"uri": self.uri, **self._options}

    def to_uri(self, key: str) -> str:
        """Return the URI of a value: the store's own with the key behind it."""
        return self.uri + ("" if self.uri.endswith("://") else "/") + quote(key)

    def info(self, key: str) -> Info:
        """Say what is known of a value without opening it.

        Raises DoesNotExist without a value.
        """
        glance = self.glance(key)
        if glance is None:
            raise DoesNotExist(
                f"no value under the key {key!r} in {self.uri}; list the keys with iterate_keys()"
            )
        return info_of(glance, self.uri, self.to_uri(key))

    def register_persistent_serializers(self, *serializers: Any) -> None:
        """Keep objects of some types beside the values that they are in; see `holdall.serializers`.

        Such data goes with its value: when that is overwritten, removed or expires. What a killed writer
        left is removed now. `get_store(..., serializers=[...])` does the same.
        Raises ValidationError for what is no serializer.
        """
        from holdall.serializers._registry import Registry

        if self._registry is None:
            self._registry = Registry()
        self._registry.register(*serializers)
        self._options["serializers"] = tuple(self._registry)
        if serializers:
            self.use_serializers(self._registry)

    def touch(self, key: str) -> datetime:
        """Store the time of now, aware and in UTC, and return it."""
        now = datetime.now(UTC)
        # Whatever the type of the store's other values is: this one is asked for.
        self.put(key, cast("T", now), mode="auto")
        return now

    def checksum(self, key: str, algorithm: str = "sha256") -> str:
        """Return the hexadecimal digest of a value's payload, and of the large buffers beside it.

        algorithm: any name that `hashlib.new` knows.
        Raises DoesNotExist without a value, ValidationError for an unknown algorithm.
        """
        try:
            digest = hashlib.new(algorithm, usedforsecurity=False)
        except ValueError as error:
            known = ", ".join(sorted(hashlib.algorithms_guaranteed))
            raise ValidationError(
                f"algorithm={algorithm!r} is unknown; use one of {known}"
            ) from error
        if digest.digest_size == 0:
            raise ValidationError(
                f"algorithm={algorithm!r} has no length of its own; use sha256, say"
            )
        payload, segments = self.parts(key)
        digest.update(payload)
        for segment in segments:
            digest.update(segment)
        return digest.hexdigest()

    def iterate_values(
        self,
        *,
        prefix: str | None = None,
        exclude_prefix: str | None = None,
        glob: str | None = None,
        depth: int | None = None,
        **reading: Any,
    ) -> Iterator[T]:
        """Yield the values of the keys that `iterate_keys` gives.

        Further keywords are those of `get`. What is deleted meanwhile is skipped.
        """
        gone: Any = object()
        for key in self.iterate_keys(
            prefix=prefix, exclude_prefix=exclude_prefix, glob=glob, depth=depth
        ):
            value = self.get(key, gone, **reading)
            if value is not gone:
                yield value

    def items(self) -> Iterator[tuple[str, T]]:
        """Yield keys with their values. What is deleted meanwhile is skipped."""
        gone: Any = object()
        for key in self:
            value = self.get(key, gone)
            if value is not gone:
                yield key, value

    def stream(
        self,
        key: str,
        *,
        mode: str | None = None,
        serialization_mode: str | None = None,
        deserialization_func: Callable[[Any], Any] | None = None,
        model: Any = None,
        raise_on_nonexist: bool | None = None,
    ) -> Iterator[Any]:
        """Yield one value a line: str of text, bytes of raw, values of JSON lines.

        mode: "raw", "text" or "json"; by default what the value was stored as.
        The other keywords are those of `get`, for each line.
        Raises DoesNotExist without a value, at once; SerializationError for a line that does
        not fit the mode, naming it.
        """
        if self.glance(key) is None:
            # Raises, or gives None and there is nothing to stream.
            self.get(key, raise_on_nonexist=raise_on_nonexist)
            return iter(())
        mode = _file.line_mode(mode, serialization_mode, self, key)
        return _file.lines(self.open(key), key, mode, deserialization_func, model)

    @overload
    def open(self, key: str, mode: Literal["rb", "wb"] = "rb") -> BinaryIO: ...

    @overload
    def open(self, key: str, mode: Literal["r", "w"]) -> TextIO: ...

    def open(self, key: str, mode: str = "rb") -> IO[Any]:
        """Open a value as a file.

        mode: "rb" and "r" read its payload; "wb" and "w" write one, kept when the file is closed,
        or not at all if the `with` block ends in an error. Text is UTF-8.
        Raises DoesNotExist when reading without a value.
        """
        if mode in ("rb", "r"):
            reader = io.BytesIO(self._payload(key))
            return (
                reader if mode == "rb" else io.TextIOWrapper(reader, encoding="utf-8", newline="")
            )
        if mode in ("wb", "w"):
            writer = _file.Writer(self, key)
            return writer if mode == "wb" else _file.TextWriter(writer)
        raise ValidationError(f"mode={mode!r} is none of 'rb', 'r', 'wb', 'w'")

    @contextmanager
    def local_path(self, key: str) -> Iterator[Path]:
        """Give a value's payload as a file with the key's name, gone after the block."""
        payload = self._payload(key)
        with TemporaryDirectory(prefix="holdall-") as folder:
            # Its end, for that is what programs look at; 255 bytes is the most that disks take.
            name = key.rstrip("/").rsplit("/", 1)[-1].encode()[-200:].decode(errors="ignore")
            path = Path(folder, name)
            path.write_bytes(payload)
            yield path

    @contextmanager
    def local_open(self, key: str, algorithm: str = "sha256") -> Iterator[_file.VirtualIO]:
        """Open a value's payload as a real file that knows its path, checksum and info."""
        info = self.info(key)
        checksum = self.checksum(key, algorithm)
        with self.local_path(key) as path, _file.VirtualIO(path, checksum, info) as file:
            yield file

    def copy_to(
        self,
        other: "Store[Any]",
        *,
        prefix: str | None = None,
        exclude_prefix: str | None = None,
        glob: str | None = None,
        progress: bool | None = None,
    ) -> int:
        """Copy values to another store, expiry included, and return how many.

        Active payloads are verified here and signed anew under the other store's keyset.
        progress: a bar on the terminal; by default where standard error is one.
        Raises UntrustedPayloadError for a value that this store would not open.
        """
        if not isinstance(other, Store):
            raise ValidationError(f"copy_to takes a store, not {other!r}; open it with get_store()")
        keys = list(self.iterate_keys(prefix=prefix, exclude_prefix=exclude_prefix, glob=glob))
        copied = 0
        with Progress("copy", len(keys), show=progress) as bar:
            for key in keys:
                copied += self.copy_key(key, other)
                bar.step()
        return copied

    def derive(self, **options: Any) -> Self:
        """Return another view of the same open store with other options of its own.

        Raises ValidationError for what only opening can decide: durability and busy_timeout.
        """
        for name in ("durability", "busy_timeout", "uri"):
            if name in options:
                raise ValidationError(
                    f"derive() shares the open place, so {name} stays what it is; "
                    "open another store with get_store()"
                )
        mode = either(options.pop("mode", None), options.pop("serialization_mode", None))
        options["mode"] = self.serialization_mode if mode is None else mode
        return type(self)(self.uri, **{**self._options, **options}, share=self)

    def _payload(self, key: str) -> bytes:
        payload = self.get(key, mode="raw", raise_on_nonexist=True)
        assert isinstance(payload, bytes)  # noqa: S101 - what mode "raw" gives
        return payload


def reopen(kind: builtins.type[Store[Any]], uri: str, options: dict[str, Any]) -> Store[Any]:
    """Make a pickled store again."""
    return kind(uri, **options)


def get_store(
    uri: str | PathLike[str] | None = None,
    *,
    mode: str | None = None,
    serialization_mode: str | None = None,
    backend_config: Mapping[str, Any] | None = None,
    settings: Settings | None = None,
    **options: Any,
) -> Store[Any]:
    """Open a store.

    uri: "memory://"; a folder, as "./data", "/srv/data", a Path or "file:///srv/data"; a database,
        "sqlite:///data.db" in the working directory or "sqlite:////srv/data.db". By default
        `HOLDALL_URI`, else an embedded SQLite store in the folder `.holdall`.
    mode, serialization_mode: "auto" (default), "raw", "text", "json", "cbor" or "pickle".
    serialization_func, deserialization_func: called once on each value, before and after the codec.
    model: a pydantic model, a class of attrs or msgspec, or any type that pydantic validates;
        `get` gives instances of it.
    raise_on_nonexist: whether a missing key raises DoesNotExist (default) or gives None.
    store_none_values: whether putting None does anything; default True.
    default_ttl: seconds or timedelta that values live; 0 (default) is for ever.
    trust: "keyset" (default) opens active payloads that the keyset signed; "all" opens them all.
    keyset: a keyset's path or text; default `HOLDALL_KEYSET`, else the user's own file.
    serializers: for types whose data is kept beside the values, as [DaskArraySerializer]; see
        `holdall.serializers`.
    bare: whether a folder store may keep plain JSON and text files without a frame; default True.
    backend_config: durability ("normal" or "full"), busy_timeout (seconds, default 60) and
        read_only, which may also be given as keywords.
    settings: read from the environment by default.

    An argument wins over the environment, and that over the default.
    Raises ValidationError for a bad URI or option, and BackendError when the place cannot be used.
    """
    settings = Settings.from_env() if settings is None else settings
    if not isinstance(settings, Settings):
        raise ValidationError(
            f"settings are a holdall.Settings, not {type(settings).__name__}; "
            "options may also be given as keywords"
        )
    if not isinstance(backend_config, Mapping | None):
        raise ValidationError(
            f"backend_config is a dict such as {{'durability': 'full'}}, not {backend_config!r}"
        )
    chosen = either(mode, serialization_mode)
    config = {**settings.backend_config, **(backend_config or {})}
    for name in config:
        if name not in BACKEND_OPTIONS:
            raise ValidationError(
                f"backend_config has no {name!r} (HOLDALL_BACKEND_CONFIG__{name.upper()} in the "
                f"environment); it takes {', '.join(BACKEND_OPTIONS)}"
            )
    found = {
        "mode": settings.serialization_mode if chosen is None else chosen,
        "raise_on_nonexist": settings.raise_on_nonexist,
        "default_ttl": settings.default_ttl,
        **config,
    }
    given = {name: value for name, value in options.items() if value is not None}
    return Store(settings.uri if uri is None else uri, **{**found, **given})


def checked(options: dict[str, Any]) -> dict[str, Any]:
    """Bring options to what the engine takes, refusing by name what it cannot."""
    options = dict(options)
    chosen = either(options.pop("mode", None), options.pop("serialization_mode", None))
    options["mode"] = "auto" if chosen is None else chosen
    if isinstance(options.get("keyset"), PathLike):
        options["keyset"] = fspath(options["keyset"])
    for name in ("mode", "trust", "keyset", "durability"):
        if not isinstance(options.get(name), str | None):
            raise ValidationError(f"{name}={options[name]!r} is no str")
    for name in ("read_only", "raise_on_nonexist", "store_none_values", "bare", "instances"):
        if not isinstance(options.get(name, True), bool):
            raise ValidationError(f"{name}={options[name]!r} is neither True nor False")
    serializers = options.get("serializers", ())
    if not isinstance(serializers, list | tuple):
        raise ValidationError(
            f"serializers={serializers!r} is no list of serializers, as [DaskArraySerializer]"
        )
    for name in ("serialization_func", "deserialization_func"):
        if options.get(name) is not None and not callable(options[name]):
            raise ValidationError(f"{name}={options[name]!r} cannot be called")
    return options


def either(mode: str | None, serialization_mode: str | None) -> str | None:
    """Take the one of two spellings that was given."""
    if mode is not None and serialization_mode is not None and mode != serialization_mode:
        raise ValidationError("mode= and serialization_mode= are one option; give one of them")
    return mode if mode is not None else serialization_mode
