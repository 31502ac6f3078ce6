"""Storages of all kinds, and what lies in them, for tests."""

from pathlib import Path

from holdall import get_store
from holdall._holdall import keyset_new
from holdall.storage import storage_factory

KINDS = ("file", "sqlite", "memory", "store", "S3")
KEY, OTHER = "ab" * 32, "cd" * 32
ABOUT = {"result": "ef" * 32, "items": {"0": "12"}, "parts": {"z": "1", "a": "2"}, "seconds": 1.5}


class Place:
    """Where a storage of a kind has its entries."""

    def __init__(self, kind, folder, bucket=None):
        self.kind = kind
        self.folder = Path(folder)
        self.bucket = bucket
        self.path = self.folder / "storage"
        self._opened = None

    @property
    def own(self):
        """How many files a workflow has beside its entries."""
        return 1 if self.kind == "file" else 0

    @property
    def options(self):
        return {
            "file": lambda: ("file", {"path": str(self.path)}),
            "sqlite": lambda: ("sqlite", {"path": str(self.path) + ".db"}),
            "memory": lambda: ("store", {"uri": "memory://"}),
            "store": lambda: ("store", {"uri": f"file://{self.path}"}),
            "S3": lambda: (
                "S3",
                {"path": f"{self.bucket.name}/a/storage", "s3fs": self.bucket.options, "lease": 2},
            ),
        }[self.kind]()

    def open(self, **more):
        kind, options = self.options
        opened = storage_factory({"kind": kind, "options": {**options, **more}})
        self._opened = self._opened or opened
        return opened

    def keyset(self, name):
        """A keyset of another's."""
        path = self.folder / f"{name}.json"
        path.write_text(keyset_new())
        return str(path)

    @property
    def _store(self):
        if self.kind == "memory":
            return self._opened._medium._store
        return get_store(self.options[1].get("uri") or f"sqlite:///{self.path}.db", bare=False)

    def left(self):
        """All that lies there: files, or keys."""
        if self.kind == "S3":
            return [key.removeprefix("a/storage/") for key in self.bucket.keys()]  # noqa: SIM118
        if self.kind != "file":
            return sorted(self._store)
        paths = self.path.rglob("*") if self.path.exists() else ()
        return sorted(
            path.relative_to(self.path).as_posix() for path in paths if path.is_file()
        ) + [
            f"{path.name}/"
            for path in (self.path.iterdir() if self.path.exists() else ())
            if path.is_dir() and not any(path.iterdir())
        ]

    def read(self, key):
        """The bytes of an entry."""
        if self.kind == "S3":
            return self.bucket.filesystem().cat_file(f"{self.bucket.name}/a/storage/{key}")
        if self.kind == "file":
            return (self.path / key).read_bytes()
        return self._store.get(key, mode="raw")

    def write(self, key, data):
        """Put bytes in the place of an entry."""
        if self.kind == "S3":
            self.bucket.filesystem().pipe_file(f"{self.bucket.name}/a/storage/{key}", data)
        elif self.kind == "file":
            (self.path / key).parent.mkdir(parents=True, exist_ok=True)
            (self.path / key).write_bytes(data)
        else:
            self._store.put(key, data, mode="raw")

    def copy(self, old, new):
        self.write(new, self.read(old))
