"""Every test has a home, an environment and stores of its own."""

import os
import signal
import sys
from pathlib import Path

import pytest

import media
import s3_server
from holdall import SQLiteBackend, SyncTaskQueue, get_store

# In the background of a shell Ctrl-C is ignored, and the children would inherit that.
signal.signal(signal.SIGINT, signal.default_int_handler)

HERE = Path(__file__).parent
SCHEMES = ("memory", "file", "sqlite")
DISK = ("file", "sqlite")


@pytest.fixture(autouse=True)
def isolated(tmp_path_factory, monkeypatch):
    """No test sees the user's keyset, settings or credentials, nor do the processes that it starts."""
    home = tmp_path_factory.mktemp("home")
    for name in [name for name in os.environ if name.startswith(("AWS_", "HOLDALL_", "XDG_"))]:
        if name not in ("HOLDALL_SEED", "HOLDALL_KILLS"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(home / ".config"))
    # What this process can import, its children can.
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(filter(None, [str(HERE), *sys.path])))
    return home


def uri_in(scheme, folder, name="store"):
    if scheme == "memory":
        return "memory://"
    return f"sqlite:///{folder}/{name}.db" if scheme == "sqlite" else f"file://{folder}/{name}"


@pytest.fixture(params=SCHEMES)
def scheme(request):
    return request.param


@pytest.fixture
def uri(scheme, tmp_path):
    return uri_in(scheme, tmp_path)


@pytest.fixture
def store(uri):
    with get_store(uri) as opened:
        yield opened


@pytest.fixture(params=DISK)
def disk_uri(request, tmp_path):
    """A store that several processes can open."""
    return uri_in(request.param, tmp_path)


@pytest.fixture
def disk_store(disk_uri):
    with get_store(disk_uri) as opened:
        yield opened


@pytest.fixture(params=("memory", "sqlite"))
def backend(request, tmp_path):
    """A place for tasks."""
    if request.param == "memory":
        return SQLiteBackend(":memory:")
    return SQLiteBackend(tmp_path / "tasks.db", durability="normal")


@pytest.fixture
def disk_backend(tmp_path):
    """One that several processes can open."""
    return SQLiteBackend(tmp_path / "tasks.db", durability="normal")


@pytest.fixture
def queue(backend):
    with SyncTaskQueue(backend) as opened:
        yield opened


@pytest.fixture
def registry():
    """What a test registers is forgotten after it."""
    found = sys.modules["holdall.register"]
    before = dict(found.by_name), dict(found.by_class)
    yield
    for now, then in zip((found.by_name, found.by_class), before, strict=True):
        now.clear()
        now.update(then)


@pytest.fixture(scope="session")
def s3_endpoint():
    """One server for all tests, started by the first that wants it."""
    pytest.importorskip("moto")
    pytest.importorskip("s3fs")
    with s3_server.serving() as endpoint:
        yield endpoint


@pytest.fixture
def s3(s3_endpoint):
    """A fresh bucket on a real S3 server: `.endpoint`, `.name`, `.options`, `.filesystem()`."""
    return s3_server.fresh(s3_endpoint)


@pytest.fixture(params=media.KINDS)
def medium(request, tmp_path):
    """Where serializers write."""
    s3 = request.getfixturevalue("s3") if request.param == "s3" else None
    return media.Medium(request.param, tmp_path, s3)
