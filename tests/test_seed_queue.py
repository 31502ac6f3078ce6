# ruff: noqa: ASYNC230, PTH123, UP015 - the examples are as they are there
"""The examples of the task queue's documentation that holdall follows, but for the name.

Each serializer that a user writes there runs tasks here, from enqueue to result.
"""

import asyncio
import json
import pickle
import time
from contextlib import asynccontextmanager

import msgpack
import pytest
from cryptography.fernet import Fernet

from holdall import CloudpickleSerializer, SerializationError, SQLiteBackend, TaskQueue, Worker
from holdall.serialization import Serializer


@pytest.fixture
def backend(tmp_path):
    return SQLiteBackend(str(tmp_path / "tasks.db"))


@asynccontextmanager
async def working(backend, serializer=None, **options):
    worker = Worker(backend, serializer=serializer, **options)
    running = asyncio.create_task(worker.start())
    try:
        yield worker
    finally:
        await worker.stop()
        await running


def test_what_cloudpickle_handles():
    serializer = CloudpickleSerializer()

    # Functions with closures
    def make_adder(n):
        def adder(x):
            return x + n

        return adder

    data = serializer.dumps(make_adder)
    func = serializer.loads(data)
    assert func(2)(3) == 5

    # Lambda functions
    lambda_func = lambda x: x * 2
    data = serializer.dumps(lambda_func)
    func = serializer.loads(data)
    assert func(21) == 42

    # Class instances
    class MyClass:
        def __init__(self, value):
            self.value = value

    instance = MyClass(42)
    data = serializer.dumps(instance)
    obj = serializer.loads(data)
    assert obj.value == 42

    # Async functions
    async def async_func(x):
        return x * 2

    data = serializer.dumps(async_func)
    func = serializer.loads(data)
    assert asyncio.run(func(4)) == 8


def test_enqueue_and_deserialize_the_result(backend):
    async def main():
        queue = TaskQueue(backend=backend)

        def my_function(*args, **kwargs):
            return args, kwargs

        task_id = await queue.enqueue(my_function, "arg1", "arg2", kwarg="value")
        async with working(backend):
            result = await queue.get_result(task_id)
        assert result
        assert result.status == "success"
        value = queue.deserialize_result(result)
        assert value == (("arg1", "arg2"), {"kwarg": "value"})
        await queue.close()

    asyncio.run(main())


async def process_data(data: dict) -> dict:
    """Function with serializable arguments."""
    return {"result": data["value"] * 2}


async def calculate(x: int, y: int) -> int:
    """Function with basic types."""
    return x + y


async def process_file(filepath: str):
    with open(filepath) as f:
        return f.read()


def test_the_best_practices(backend, tmp_path):
    (tmp_path / "file").write_text("content")

    async def main():
        async with TaskQueue(backend) as queue, working(backend, max_concurrency=3):
            ids = [
                await queue.enqueue(process_data, {"value": 21}),
                await queue.enqueue(calculate, 1, y=2),
                await queue.enqueue(process_file, str(tmp_path / "file")),
            ]
            results = [await queue.get_result(task_id, timeout=30) for task_id in ids]
            return [queue.deserialize_result(result) for result in results]

    assert asyncio.run(main()) == [{"result": 42}, 3, "content"]


def test_what_cannot_be_serialized_says_so(backend):
    async def main():
        async with TaskQueue(backend) as queue:
            with open(__file__) as file:
                with pytest.raises(SerializationError, match=r"\$\.args\[0\]") as raised:
                    await queue.enqueue(process_data, file)
            assert raised.value.path.startswith("$.args[0]")
            assert not any((await queue.counts()).values())

    asyncio.run(main())


class MySerializer(Serializer):
    """Custom serializer."""

    def dumps(self, obj) -> bytes:
        return repr(obj).encode()

    def loads(self, data: bytes):
        import ast

        return ast.literal_eval(data.decode())


class JsonSerializer(Serializer):
    """JSON serializer for simple types."""

    def dumps(self, obj) -> bytes:
        return json.dumps(obj).encode("utf-8")

    def loads(self, data: bytes):
        return json.loads(data.decode("utf-8"))


class MsgpackSerializer(Serializer):
    """MessagePack serializer for efficiency."""

    def dumps(self, obj) -> bytes:
        return msgpack.packb(obj)

    def loads(self, data: bytes):
        return msgpack.unpackb(data)


class EncryptedSerializer(Serializer):
    """Serializer with encryption."""

    def __init__(self, key: bytes):
        self.cipher = Fernet(key)

    def dumps(self, obj) -> bytes:
        data = pickle.dumps(obj)
        return self.cipher.encrypt(data)

    def loads(self, data: bytes):
        decrypted = self.cipher.decrypt(data)
        return pickle.loads(decrypted)


class Plain:
    """Nothing but the two methods: any such object will do."""

    def dumps(self, obj):
        return pickle.dumps(obj)

    def loads(self, data):
        return pickle.loads(data)


def describe(name: str, numbers: list, *, loud: bool = False) -> dict:
    return {"name": name.upper() if loud else name, "sum": sum(numbers)}


@pytest.mark.parametrize(
    "serializer",
    [
        MySerializer(),
        JsonSerializer(),
        MsgpackSerializer(),
        EncryptedSerializer(Fernet.generate_key()),
        Plain(),
    ],
    ids=lambda serializer: type(serializer).__name__,
)
@pytest.mark.parametrize("wrapped", [describe, lambda *a, **k: describe(*a, **k)])
def test_custom_serializers_run_tasks(backend, serializer, wrapped):
    async def main():
        queue = TaskQueue(backend=backend, serializer=serializer)
        async with queue, working(backend, serializer):
            task_id = await queue.enqueue(wrapped, "ann", [1, 2], loud=True)
            result = await queue.get_result(task_id, timeout=30)
            assert result.status == "success", result.error
            return queue.deserialize_result(result)

    assert asyncio.run(main()) == {"name": "ANN", "sum": 3}


def test_split_into_multiple_tasks(backend):
    def process_chunk(chunk):
        return sum(chunk)

    async def main():
        async with TaskQueue(backend) as queue:
            data, chunk_size, ids = list(range(1000)), 100, []

            # Splitting large data into chunks, and generators instead of lists
            for i in range(0, len(data), chunk_size):
                chunk = data[i : i + chunk_size]
                ids.append(await queue.enqueue(process_chunk, chunk))

            async def task_generator():
                for i in range(20):
                    yield lambda x=i: x * 2

            async for task_func in task_generator():
                ids.append(await queue.enqueue(task_func))

            async with working(backend, max_concurrency=4):
                await queue.join(ids, timeout=60)
            results = [await queue.get_result(task_id) for task_id in ids]
            return [queue.deserialize_result(result) for result in results]

    values = asyncio.run(main())
    assert sum(values[:10]) == sum(range(1000))
    assert values[10:] == [x * 2 for x in range(20)]


def test_measuring_serialization_time():
    serializer = CloudpickleSerializer()
    data = {"large": "data" * 10000}
    start = time.time()
    serialized = serializer.dumps(data)
    serialize_time = time.time() - start
    size_mb = len(serialized) / (1024 * 1024)
    assert serialize_time < 10
    assert 0.03 < size_mb < 0.05
