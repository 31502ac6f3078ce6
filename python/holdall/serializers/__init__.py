"""Serializers of one's own: types whose data is kept beside a value, in files of their own.

A serializer is a class or an object with

- `name`: what it is called in what is kept; it must stay what it is.
- `serializer_class`: the class whose instances it writes, those of subclasses included.
- `pickle(obj, protocols)`: writes an object and returns `(name, pid)`. The pid is plain data: all that
  `unpickle` needs to find the object again.
- `unpickle(pid, protocols)`: returns the object.
- `remove(pid, protocols)`: removes what `pickle` wrote. What lies in its own folder goes anyway.

It is registered where values are kept: `store.register_persistent_serializers(MySerializer)`. Then it is
found wherever in a value an object of its class is, and called once for each object. `protocols` says
where there is room: `{FILE_PROTOCOL: ...}` with `open` and `remove` (`FileProtocol`), or
`{S3_PROTOCOL: {"client": ..., "folder": ...}}` with an `s3fs` file system. Each object has a folder of its
own, which is published with the value and goes with it. `unpickle` is called only once everything in
the folder was found to be what was written.
"""

from holdall.serializers.file_protocol import FileProtocol

__all__ = ["FILE_PROTOCOL", "S3_PROTOCOL", "FileProtocol"]

FILE_PROTOCOL = "file_protocol"
S3_PROTOCOL = "s3 protocol"
