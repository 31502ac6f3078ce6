"""The stores that are measured. Each writes the same values under the same keys, in a folder of its
own, with the options that it has by default.

`put` and `get` are the peer's own functions wherever it has them, so that no wrapper of ours is
measured with them.
"""

import os
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

import orjson

import holdall

try:
    import diskcache
except ImportError:
    diskcache = None
try:
    import anystore
except Exception:  # It has several dependencies that do not load everywhere.
    anystore = None


class Contender(Protocol):
    """A store in the state to be measured."""

    put: Callable[[str, Any], Any]
    get: Callable[[str], Any]

    def close(self) -> None: ...


class Holdall:
    def __init__(self, uri: str) -> None:
        self.store = holdall.get_store(uri, settings=holdall.Settings())
        self.put = self.store.put
        self.get = self.store.get
        self.put_many = self.store.put_many

    def close(self) -> None:
        self.store.close()


class Diskcache:
    def __init__(self, folder: Path) -> None:
        self.cache = diskcache.Cache(str(folder))
        self.put = self.cache.set
        self.get = self.cache.get

    def put_many(self, items: dict[str, Any]) -> None:
        put = self.cache.set
        with self.cache.transact():
            for key, value in items.items():
                put(key, value)

    def close(self) -> None:
        self.cache.close()


class Sqlite:
    """What a programmer writes in ten lines: a table, one connection, a commit for each put."""

    WRITE = "INSERT OR REPLACE INTO kv (key, value) VALUES (?, ?)"
    READ = "SELECT value FROM kv WHERE key = ?"

    def __init__(self, folder: Path) -> None:
        # No isolation level: each statement commits by itself, with no call for it from Python.
        self.connection = sqlite3.connect(folder / "kv.db", isolation_level=None)
        self.connection.execute("PRAGMA journal_mode = WAL")
        self.connection.execute("PRAGMA synchronous = NORMAL")
        self.connection.execute("CREATE TABLE kv (key TEXT PRIMARY KEY, value BLOB)")

    def put(self, key: str, value: Any) -> None:
        self.connection.execute(self.WRITE, (key, orjson.dumps(value)))

    def get(self, key: str) -> Any:
        return orjson.loads(self.connection.execute(self.READ, (key,)).fetchone()[0])

    def put_many(self, items: dict[str, Any]) -> None:
        self.connection.execute("BEGIN IMMEDIATE")
        rows = ((key, orjson.dumps(value)) for key, value in items.items())
        self.connection.executemany(self.WRITE, rows)
        self.connection.execute("COMMIT")

    def close(self) -> None:
        self.connection.close()


class Anystore:
    def __init__(self, uri: str) -> None:
        self.store = anystore.get_store(uri)
        self.put = self.store.put
        self.get = self.store.get

    def close(self) -> None:
        """It holds nothing open."""


class Dict:
    """The floor of a memory store: no expiry, no lock, no check."""

    def __init__(self) -> None:
        self.values: dict[str, bytes] = {}

    def put(self, key: str, value: Any) -> None:
        self.values[key] = orjson.dumps(value)

    def get(self, key: str) -> Any:
        return orjson.loads(self.values[key])

    def close(self) -> None:
        self.values.clear()


class Files:
    """The floor of a file store that no reader sees half written: temporary name, rename."""

    def __init__(self, folder: Path) -> None:
        self.folder = str(folder)

    def put(self, key: str, value: Any) -> None:
        # Not pathlib, here and below: the floor should not pay for convenience.
        path = f"{self.folder}/{key}"
        with open(f"{path}.tmp", "wb") as file:  # noqa: PTH123
            file.write(orjson.dumps(value))
        os.replace(f"{path}.tmp", path)  # noqa: PTH105

    def get(self, key: str) -> Any:
        with open(f"{self.folder}/{key}", "rb") as file:  # noqa: PTH123
            return orjson.loads(file.read())

    def close(self) -> None:
        """Every file is closed already."""
