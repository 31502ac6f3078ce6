"""What reaches the disk before a write is acknowledged, seen by the calls that sync it."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from conftest import DISK, uri_in
from processes import run

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="syncs are seen by preloading")
SOURCE = Path(__file__).with_name("syncs.c")

WRITE = """
store = get_store(sys.argv[1], durability=sys.argv[2], bare=False)
store.put("before", 1)
open(os.environ["SYNCS_LOG"], "w").close()
store.put("k", sys.argv[3] * int(sys.argv[4]))
print(open(os.environ["SYNCS_LOG"]).read())
"""

FAIL = """
store = get_store(sys.argv[1], durability="full", bare=False)
store.put("before", 1)
os.environ["SYNCS_FAIL"] = sys.argv[2]
try:
    store.put("k", "x" * int(sys.argv[3]))
except holdall.BackendError as error:
    print(type(error).__name__)
os.environ["SYNCS_FAIL"] = ""
try:
    store.put("k", 2)
except holdall.StorePoisoned as error:
    print("poisoned")
print(store.get("before"))
store.close()
with get_store(sys.argv[1], durability="full", bare=False) as store:
    store.put("k", 3)
    print(store.get("before"), store.get("k"))
"""


@pytest.fixture(scope="module")
def preload(tmp_path_factory):
    compiler = os.environ.get("CC") or shutil.which("cc") or shutil.which("gcc")
    library = tmp_path_factory.mktemp("syncs") / "syncs.so"
    command = [*compiler.split(), "-shared", "-fPIC", "-o", str(library), str(SOURCE)]
    subprocess.run(command, check=True)
    return library


@pytest.fixture
def environment(preload, tmp_path):
    return {**os.environ, "LD_PRELOAD": str(preload), "SYNCS_LOG": str(tmp_path / "syncs.log")}


def synced(environment, folder, scheme, durability, size=1):
    """Return the paths that one put synced."""
    out = run(WRITE, uri_in(scheme, folder), durability, "x", size, env=environment)
    return out.split()


@pytest.mark.parametrize("scheme", DISK)
@pytest.mark.parametrize("size", [1, 200_000])
def test_a_normal_write_waits_for_no_disk(environment, tmp_path, scheme, size):
    assert synced(environment, tmp_path, scheme, "normal", size) == []


def test_a_full_write_to_a_folder_syncs_the_file_and_its_folder(environment, tmp_path):
    paths = synced(environment, tmp_path, "file", "full")
    folder = str(tmp_path / "store")
    assert any(path.startswith(f"{folder}/.holdall/tmp/") for path in paths[:1])
    assert folder in paths[1:]


def test_a_full_write_to_a_database_syncs_its_log(environment, tmp_path):
    paths = synced(environment, tmp_path, "sqlite", "full")
    assert str(tmp_path / "store.db-wal") in paths


def test_a_full_write_of_a_large_value_syncs_its_file_before_the_log(environment, tmp_path):
    paths = synced(environment, tmp_path, "sqlite", "full", 200_000)
    side = [path for path in paths if path.startswith(f"{tmp_path}/store.db.side/")]
    assert side
    assert str(tmp_path / "store.db.side") in paths
    assert paths.index(side[0]) < paths.index(str(tmp_path / "store.db-wal"))


@pytest.mark.parametrize(
    ("scheme", "failing", "size"),
    [("file", "/.holdall/tmp/", 1), ("sqlite", "-wal", 1), ("sqlite", ".side/", 200_000)],
)
def test_after_a_sync_that_failed_nothing_is_written_until_the_store_is_opened_again(
    environment, tmp_path, scheme, failing, size
):
    out = run(FAIL, uri_in(scheme, tmp_path), failing, size, env=environment).split("\n")
    assert out[0] in ("StorePoisoned", "BackendError")
    assert out[1:4] == ["poisoned", "1", "1 3"]
