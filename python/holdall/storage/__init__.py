"""Storages: where workflows keep the results of their nodes.

    from holdall.storage import storage_factory

    storage = storage_factory({"kind": "file", "options": {"path": "storage"}})

- `storage.py` is what every storage does, `entry.py` what is said of a kept result.
- `medium.py` is what a storage asks of the place where entries lie: `file.py` is files, through the
  engine; `objects.py` is any place of keys and bytes, which `s3.py` and `store.py` are.
- `factory.py` makes one of options.
"""

from holdall.storage.entry import Entry
from holdall.storage.factory import storage_factory
from holdall.storage.storage import Storage

__all__ = ["Entry", "Storage", "storage_factory"]
