"""Registered serializers on the task queue: what lies beside a result comes and goes with its task."""

import tempfile
import time
from pathlib import Path

import pytest

import boxes
from boxes import Box, BoxSerializer, asked, forget
from holdall import SQLiteBackend, SyncTaskQueue, TaskQueue, get_store
from holdall.errors import CorruptFrame, SerializationError, TaskExecutionError, ValidationError
from holdall.serialization import JsonSerializer
from holdall.worker import Worker
from processes import start
from working import PATIENCE, backend_at, end, run, state_of, until, working


@pytest.fixture(autouse=True)
def clean(tmp_path_factory, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path_factory.mktemp("temporary")))
    monkeypatch.setattr(tempfile, "tempdir", None)
    forget()
    yield
    forget()


@pytest.fixture
def queue(backend):
    with SyncTaskQueue(backend) as opened:
        opened.register_persistent_serializers(BoxSerializer)
        yield opened


def folder(backend):
    """Where what is beside the results lies."""
    if backend.path == ":memory:":
        return Path(tempfile.gettempdir())
    return Path(f"{backend.path}.tasks.beside")


def beside(backend):
    while True:
        try:
            return sorted(path.read_bytes() for path in folder(backend).rglob("data.bin"))
        except FileNotFoundError:
            # It was removed while this looked.
            continue


def tokens(backend):
    return list(folder(backend).rglob("references"))


@pytest.mark.parametrize("processes", [0, 1])
def test_a_result_comes_back_with_what_is_beside_it(backend, queue, processes):
    with working(backend, serializers=[BoxSerializer], processes=processes):
        task = queue.enqueue(boxes.pack, b"one", b"two")
        value = queue.get_result(task, timeout=PATIENCE)
        assert value == {"boxes": [Box(b"one"), Box(b"two")], "first": Box(b"one")}
        assert value["first"] is value["boxes"][0]
        later = queue.enqueue(boxes.pack_later, b"later")
        assert queue.get_result(later, timeout=PATIENCE) == Box(b"later")
        plain = queue.enqueue(len, [1, 2])
        assert queue.get_result(plain, timeout=PATIENCE) == 2
        assert beside(backend) == [b"later", b"one", b"two"]
        assert len(tokens(backend)) == 2
        # While the worker idles, too.
        assert queue.purge() == 3
        assert beside(backend) == []
        assert sorted(asked("remove")) == [("1", False, "parts/data.bin")] * 3


@pytest.mark.parametrize("processes", [0, 1])
def test_a_task_that_comes_after_gets_it(backend, queue, processes):
    with working(backend, serializers=[BoxSerializer], processes=processes):
        first = queue.enqueue(boxes.pack, b"one", b"two")
        second = queue.options(after=[first]).enqueue(boxes.unpack)
        assert queue.get_result(second, timeout=PATIENCE) == [b"one", b"two"]


@pytest.mark.parametrize("processes", [0, 1])
def test_a_result_that_cannot_be_written_leaves_nothing(backend, queue, processes):
    with working(backend, serializers=[BoxSerializer], processes=processes):
        task = queue.enqueue(boxes.pack, b"one", b"fail")
        with pytest.raises(TaskExecutionError, match="this box cannot be written"):
            queue.get_result(task, timeout=PATIENCE)
        assert beside(backend) == []
        assert tokens(backend) == []


def test_a_result_that_does_not_count_leaves_nothing(disk_backend):
    with SyncTaskQueue(disk_backend) as queue:
        queue.register_persistent_serializers(BoxSerializer)
        with working(disk_backend, serializers=[Cancelling]):
            task = queue.options(timeout=0.2).enqueue(boxes.pack, b"slow")
            until(lambda: state_of(queue, task) == "failed")
            until(lambda: ("pickle", b"slow") in BoxSerializer.calls)
            assert beside(disk_backend) == [b"slow"]
            until(lambda: beside(disk_backend) == [])
        assert tokens(disk_backend) == []


class Cancelling(BoxSerializer):
    """Takes longer than the task may."""

    @classmethod
    def pickle(cls, box, protocols):
        answer = super().pickle(box, protocols)
        time.sleep(0.6)
        return answer


def test_an_exception_has_nothing_beside_it(backend, queue):
    with working(backend, serializers=[BoxSerializer]):
        task = queue.enqueue(boxes.raise_box)
        with pytest.raises(TaskExecutionError, match="ValueError"):
            queue.get_result(task, timeout=PATIENCE)
        assert beside(backend) == []


def test_it_goes_when_the_result_expires(backend, queue):
    with working(backend, serializers=[BoxSerializer]):
        short = queue.options(result_ttl=0.3).enqueue(boxes.pack, b"short")
        assert queue.get_result(short, timeout=PATIENCE)
        task = queue.enqueue(boxes.pack, b"long")
        assert queue.get_result(task, timeout=PATIENCE)
        until(lambda: beside(backend) == [b"long"])
        assert queue.get_result(task, timeout=PATIENCE)["first"] == Box(b"long")


def test_a_reader_without_the_serializer_is_told(backend, queue):
    with working(backend, serializers=[BoxSerializer]):
        task = queue.enqueue(boxes.pack, b"one")
        assert queue.get_result(task, timeout=PATIENCE)
    with SyncTaskQueue(backend) as other:
        with pytest.raises(SerializationError, match=r"'Box'.*register_persistent_serializers"):
            other.get_result(task, timeout=PATIENCE)
        other.register_persistent_serializers(BoxSerializer)
        assert other.get_result(task, timeout=PATIENCE)["first"] == Box(b"one")
        # Whoever purges needs none.
    with SyncTaskQueue(backend) as third:
        assert third.purge() == 1
    assert beside(backend) == []


def test_a_worker_without_the_serializer_fails_the_task(backend, queue):
    with working(backend):
        task = queue.enqueue(boxes.pack, b"one")
        with pytest.raises(TaskExecutionError, match="a box cannot be pickled"):
            queue.get_result(task, timeout=PATIENCE)


def test_damage_is_noticed(disk_backend):
    with SyncTaskQueue(disk_backend) as queue:
        queue.register_persistent_serializers(BoxSerializer)
        with working(disk_backend, serializers=[BoxSerializer]):
            task = queue.enqueue(boxes.pack, b"data")
            assert queue.get_result(task, timeout=PATIENCE)
        forget()
        [file] = folder(disk_backend).rglob("data.bin")
        file.write_bytes(b"datA")
        with pytest.raises(CorruptFrame, match=r"data\.bin"):
            queue.get_result(task)
        assert asked("unpickle") == []


def test_from_asyncio(disk_backend):
    async def main():
        queue = TaskQueue(disk_backend)
        queue.register_persistent_serializers(BoxSerializer)
        async with queue:
            with working(disk_backend, serializers=[BoxSerializer]):
                task = await queue.enqueue(boxes.pack, b"one")
                result = await queue.get_result(task, timeout=PATIENCE)
                value = queue.deserialize_result(result)
                assert value["first"] == Box(b"one")
                assert queue.deserialize_result(result)["first"] == Box(b"one")

    run(main)


def test_a_serializer_of_ones_own_knows_no_types(backend):
    for made in (SyncTaskQueue(backend, JsonSerializer()), Worker(backend, JsonSerializer())):
        with pytest.raises(ValidationError, match="leave serializer= out"):
            made.register_persistent_serializers(BoxSerializer)
    with pytest.raises(ValidationError, match="has no name"):
        Worker(backend).register_persistent_serializers(Box)


def test_a_store_in_the_same_file_keeps_its_own(tmp_path):
    path = tmp_path / "both.db"
    with get_store(f"sqlite:///{path}", serializers=[BoxSerializer]) as store:
        store.put("key", Box(b"stored"))
        backend = backend_at(path)
        with SyncTaskQueue(backend) as queue, working(backend, serializers=[BoxSerializer]):
            queue.register_persistent_serializers(BoxSerializer)
            task = queue.enqueue(boxes.pack, b"result")
            assert queue.get_result(task, timeout=PATIENCE)["first"] == Box(b"result")
            store.clear()
            assert beside(backend) == [b"result"]
            queue.purge()
        assert beside(backend) == []


WORKER = """
from boxes import Box, BoxSerializer
from holdall import SQLiteBackend, Worker

class Slow(BoxSerializer):
    @classmethod
    def pickle(cls, box, protocols):
        answer = super().pickle(box, protocols)
        print("written", flush=True)
        time.sleep(60)
        return answer

if __name__ == "__main__":
    worker = Worker(SQLiteBackend(sys.argv[1], durability="normal"), lease=1)
    worker.register_persistent_serializers(Slow)
    worker.run()
"""


def test_what_a_killed_worker_wrote_is_swept(disk_backend):
    with SyncTaskQueue(disk_backend) as queue:
        queue.register_persistent_serializers(BoxSerializer)
        task = queue.enqueue(boxes.pack, b"data")
        process = start(WORKER, disk_backend.path)
        assert process.stdout.readline() == "written\n"
        assert beside(disk_backend) == [b"data"]
        end(process)
        assert tokens(disk_backend) == []
        with working(disk_backend, serializers=[BoxSerializer]):
            assert queue.get_result(task, timeout=PATIENCE)["first"] == Box(b"data")
            assert beside(disk_backend) == [b"data"]
            assert len(tokens(disk_backend)) == 1


def test_a_queue_sweeps_when_it_is_opened(tmp_path):
    backend = SQLiteBackend(tmp_path / "tasks.db")
    with SyncTaskQueue(backend) as queue:
        task = queue.enqueue(boxes.pack, b"data")
        with working(backend, serializers=[BoxSerializer]):
            until(lambda: state_of(queue, task) == "completed")
    left = folder(backend) / ("0" * 32) / ("1" * 16)
    left.mkdir(parents=True)
    (left / "key").write_text("torn")
    with SyncTaskQueue(backend) as queue:
        queue.register_persistent_serializers(BoxSerializer)
        assert queue.get_result(task)["first"] == Box(b"data")
    assert not left.exists()
