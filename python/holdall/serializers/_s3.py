"""Side data under a prefix of an S3 bucket, through a file system of `s3fs`."""

from typing import Any

from holdall.errors import CorruptFrame
from holdall.serializers import S3_PROTOCOL
from holdall.serializers._beside import Manifest, Reading, Writing
from holdall.serializers._registry import Registry


class Draft:
    """The prefix of one entry's side data while it is written.

    client: an `s3fs.S3FileSystem`. folder: bucket and prefix; its last part is the token.
    """

    def __init__(self, client: Any, folder: str) -> None:
        self.client = client
        self.folder = folder.rstrip("/")

    def writing(self, registry: Registry) -> Writing:
        """Return what `dumps_with` takes."""
        token = self.folder.rpartition("/")[2]
        return Writing(registry, self.protocols_of, self.manifest_of, token=token)

    def protocols_of(self, number: int) -> dict[str, Any]:
        """Return the protocols of one object."""
        return protocols(self.client, f"{self.folder}/{number}")

    def manifest_of(self, number: int) -> Manifest:
        """Say what was written for one object."""
        return listed(self.client, f"{self.folder}/{number}")

    def remove(self) -> None:
        """Remove all of it, as far as it is there."""
        remove(self.client, self.folder)


def reading(registry: Registry, client: Any, folder: str) -> Reading:
    """Return what `loads_with` takes, for the prefix that an entry's prefixes are under."""

    def place(token: str, number: int) -> str:
        return f"{folder.rstrip('/')}/{token}/{number}"

    def check(token: str, number: int, manifest: Manifest) -> None:
        found, wanted = dict(sizes(listed(client, place(token, number)))), dict(sizes(manifest))
        for name in sorted({*found, *wanted}):
            if found.get(name) != wanted.get(name):
                raise CorruptFrame(
                    f"s3://{place(token, number)}/{name} is not what was written there; write the value "
                    "again, or restore a copy"
                )

    return Reading(registry, lambda token, number: protocols(client, place(token, number)), check)


def protocols(client: Any, folder: str) -> dict[str, Any]:
    """Return the protocols of one object."""
    return {S3_PROTOCOL: {"client": client, "folder": folder}}


def listed(client: Any, folder: str) -> Manifest:
    """Return name, size and ETag of all objects under a prefix, as the server says now."""
    client.invalidate_cache(folder)
    found = client.find(folder, detail=True)
    names = {path.removeprefix(folder).lstrip("/"): entry for path, entry in found.items()}
    return tuple(
        (name, int(entry["size"]), str(entry["ETag"]).strip('"'))
        for name, entry in sorted(names.items())
    )


def sizes(manifest: Manifest) -> list[tuple[str, tuple[int, str]]]:
    """Return what is compared, by name."""
    return [(name, (size, digest)) for name, size, digest in manifest]


def remove(client: Any, folder: str) -> None:
    """Remove all objects under a prefix, if there are any."""
    client.invalidate_cache(folder)
    try:
        client.rm(folder, recursive=True)
    except FileNotFoundError:
        return
