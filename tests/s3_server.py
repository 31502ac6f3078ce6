"""A real S3 server on loopback: moto, in a process of its own.

Run as a program it serves until its standard input closes, so it never outlives the tests, however
they end.
"""

import itertools
import os
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

# Not us-east-1, the only region that may not be named when a bucket is made.
KEY, SECRET, REGION = "testing", "testing-secret", "eu-west-1"
NUMBERS = itertools.count()


@dataclass(frozen=True)
class Bucket:
    """A fresh, empty bucket, and how to reach it."""

    endpoint: str
    name: str

    @property
    def options(self):
        """What `s3fs.S3FileSystem`, and so a storage of kind "S3", takes."""
        return {
            "key": KEY,
            "secret": SECRET,
            "client_kwargs": {"endpoint_url": self.endpoint, "region_name": REGION},
        }

    def filesystem(self):
        """A client with no listing remembered from before."""
        import s3fs

        return s3fs.S3FileSystem(**self.options, use_listings_cache=False)

    def keys(self):
        """Everything that lies in the bucket."""
        return sorted(path.partition("/")[2] for path in self.filesystem().find(self.name))


@contextmanager
def serving():
    """The endpoint of a server that runs as long as this is open."""
    environment = {**os.environ, "AWS_ACCESS_KEY_ID": KEY, "AWS_SECRET_ACCESS_KEY": SECRET}
    process = subprocess.Popen(
        [sys.executable, str(Path(__file__))],
        env=environment,
        text=True,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        # A line a request, which nobody reads.
        stderr=subprocess.DEVNULL,
    )
    try:
        endpoint = process.stdout.readline().strip()
        assert endpoint, f"moto did not start: exit code {process.wait()}"
        yield endpoint
    finally:
        process.stdin.close()
        process.stdout.close()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def fresh(endpoint):
    """A new bucket on the server."""
    bucket = Bucket(endpoint, f"bucket-{os.getpid()}-{next(NUMBERS)}")
    bucket.filesystem().mkdir(bucket.name)
    return bucket


def main():
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    print(f"http://{host}:{port}", flush=True)
    sys.stdin.read()
    server.stop()


if __name__ == "__main__":
    main()
