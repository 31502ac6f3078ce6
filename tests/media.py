"""Where serializers write: a folder, a protocol with nothing but `open` and `remove`, a bucket."""

from pathlib import Path

from holdall.serializers import FILE_PROTOCOL, S3_PROTOCOL, FileProtocol

KINDS = ("files", "plain", "s3")


class Plain:
    """The least that a protocol of files is."""

    def __init__(self, folder):
        self.folder = Path(folder)

    def open(self, filename, mode):
        return (self.folder / filename).open(mode)

    def remove(self, filename):
        (self.folder / filename).unlink()


class Medium:
    """Protocols to write with and to read with, and what lies there."""

    def __init__(self, kind, folder, s3=None):
        self.kind = kind
        self.folder = Path(folder)
        self.s3 = s3

    @property
    def writing(self):
        if self.kind == "files":
            return {FILE_PROTOCOL: FileProtocol(self.folder)}
        if self.kind == "plain":
            return {FILE_PROTOCOL: Plain(self.folder)}
        client = self.s3.filesystem()
        return {S3_PROTOCOL: {"client": client, "folder": f"{self.s3.name}/some/where"}}

    @property
    def reading(self):
        if self.kind == "files":
            return {FILE_PROTOCOL: FileProtocol(self.folder, writable=False)}
        return self.writing

    def files(self):
        """What lies there."""
        if self.kind == "s3":
            return self.s3.keys()
        return sorted(
            str(path.relative_to(self.folder)) for path in self.folder.rglob("*") if path.is_file()
        )

    def kept(self, serializer, value):
        """Write a value, and return what is read back."""
        name, pid = serializer.pickle(value, self.writing)
        assert name == serializer.name
        return serializer.unpickle(pid, self.reading)

    def removes(self, serializer, value):
        """Whether nothing is left of a value that was written and removed."""
        before = self.files()
        _, pid = serializer.pickle(value, self.writing)
        assert self.files() != before
        serializer.remove(pid, self.writing)
        return self.files() == before
