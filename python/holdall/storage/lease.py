"""A lock in an S3 bucket: an object that only one can make.

Its holder writes it anew from time to time. Who waits watches it, and takes it over when it stayed the same
for as long as a lease lasts by the watcher's own clock: so no two clocks are compared.
"""

import secrets
import threading
import time
from contextlib import suppress
from types import TracebackType
from typing import Any

from holdall.errors import BackendError, ValidationError

__all__ = ["Lease"]

LONGEST_PAUSE = 0.5


class Lease:
    """A context manager that one at a time is in.

    client: an `s3fs.S3FileSystem`. path: the object. seconds: how long it outlives its holder.
    """

    def __init__(self, client: Any, path: str, seconds: float) -> None:
        """Take the place of the lock; entering takes the lock."""
        if not seconds > 0:
            raise ValidationError(f"lease={seconds!r} is no time; give seconds")
        self._client = client
        self._path = path
        self._seconds = seconds
        self._tag = ""
        self._ended = threading.Event()
        self._keeper: threading.Thread | None = None

    def __enter__(self) -> None:
        """Wait until nobody else holds it."""
        seen, since, pause = "", time.monotonic(), 0.01
        while not self._write(IfNoneMatch="*"):
            tag = self._look()
            if tag is None:
                continue
            if tag != seen:
                seen, since = tag, time.monotonic()
            elif time.monotonic() - since > self._seconds and self._write(IfMatch=f'"{tag}"'):
                break
            time.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE)
        self._ended.clear()
        self._keeper = threading.Thread(target=self._keep, name="holdall-lease", daemon=True)
        self._keeper.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Let go of it."""
        self._ended.set()
        if self._keeper is not None:
            self._keeper.join()
        # What cannot be removed now is taken over after its time.
        with suppress(OSError):
            if self._look() == self._tag:
                self._client.rm_file(self._path)

    def _keep(self) -> None:
        """Write it anew; a third of its time leaves room for two failures."""
        while not self._ended.wait(self._seconds / 3):
            with suppress(OSError, BackendError):
                if not self._write(IfMatch=f'"{self._tag}"'):
                    # Somebody took it over: what is done now is done twice, and comes to the same.
                    return

    def _write(self, **condition: str) -> bool:
        """Write the object if the condition holds, and say whether it did."""
        bucket, key, _ = self._client.split_path(self._path)
        try:
            answer = self._client.call_s3(
                "put_object", Bucket=bucket, Key=key, Body=secrets.token_bytes(16), **condition
            )
        except (OSError, ValueError) as error:
            # 409 is a condition that was decided for somebody else at this moment.
            if code_of(error) in ("PreconditionFailed", "ConditionalRequestConflict", "NoSuchKey"):
                return False
            if isinstance(error, FileNotFoundError | FileExistsError):
                return False
            raise BackendError(f"cannot claim {self._path}: {error}; see the cause") from error
        self._tag = str(answer["ETag"]).strip('"')
        return True

    def _look(self) -> str | None:
        """Return what changes when it is written anew, or None if it is not there."""
        try:
            return str(self._client.info(self._path, refresh=True)["ETag"]).strip('"')
        except FileNotFoundError:
            return None


def code_of(error: BaseException) -> str:
    """Return the server's word for what went wrong."""
    cause = error if hasattr(error, "response") else error.__cause__
    response = getattr(cause, "response", None) or {}
    return str(response.get("Error", {}).get("Code", ""))
