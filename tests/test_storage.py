"""Storages: one set of checks over all kinds."""

import pytest

from holdall.errors import DoesNotExist
from holdall.storage import storage_factory

KEY = "ab" * 32
ABOUT = {"result": "cd" * 32, "items": {"0": "ef"}, "parts": {"z": "1", "a": "2"}, "seconds": 1.5}


@pytest.fixture(params=["file"])
def storage(request, tmp_path):
    return storage_factory({"kind": request.param, "options": {"path": str(tmp_path / "storage")}})


def test_what_is_saved_is_read(storage):
    storage.save("flow", "task", {"x": (1, 2)})
    assert storage.read_task("flow", "task") == {"x": (1, 2)}
    assert storage.file_exists("flow", "task")
    assert not storage.file_exists("flow", "other")
    with pytest.raises(DoesNotExist):
        storage.read_task("flow", "other")


def test_a_kept_result_is_found_by_its_key(storage):
    assert storage.look("flow", "task", KEY) is None
    with storage.claim("flow", "task", KEY):
        kept = storage.keep("flow", "task", KEY, [1.5], ABOUT)
    found = storage.look("flow", "task", KEY)
    assert found == kept
    assert storage.load(found) == storage.load(kept) == [1.5]
    assert {name: getattr(found, name) for name in ABOUT} == ABOUT
    assert list(found.parts) == ["z", "a"]
    assert storage.look("flow", "task", "cd" * 32) is None
