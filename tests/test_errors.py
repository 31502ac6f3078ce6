"""The tree of errors: what each one is, what it says, and the path to the culprit."""

import builtins
import collections
import copy
import dataclasses
import pickle
import threading

import pytest

import holdall
from holdall import errors, get_store
from models import Pair, Point, Slots, Words, lock

TREE = {
    "DoesNotExist": (holdall.HoldallError, KeyError, FileNotFoundError),
    "SerializationError": (holdall.HoldallError, ValueError),
    "PythonVersionError": (holdall.SerializationError,),
    "UntrustedPayloadError": (holdall.HoldallError,),
    "UnknownKey": (holdall.UntrustedPayloadError,),
    "CorruptFrame": (holdall.HoldallError, ValueError),
    "NotAFrame": (holdall.CorruptFrame,),
    "UnsupportedVersion": (holdall.HoldallError,),
    "LimitExceeded": (holdall.HoldallError, ValueError),
    "ValidationError": (holdall.HoldallError, ValueError),
    "WrongTypeError": (holdall.ValidationError, TypeError),
    "BackendError": (holdall.HoldallError, OSError),
    "StoreFull": (holdall.BackendError,),
    "StoreBusy": (holdall.BackendError, TimeoutError),
    "StorePoisoned": (holdall.BackendError,),
    "StoreReadOnly": (holdall.BackendError, PermissionError),
    "ConnectionLost": (holdall.BackendError, ConnectionError),
    "Conflict": (holdall.BackendError,),
    "LeaseLostError": (holdall.BackendError,),
    "ConfigurationError": (holdall.ValidationError,),
    "TaskQueueError": (holdall.HoldallError,),
    "TaskNotFoundError": (holdall.TaskQueueError, holdall.DoesNotExist),
    "TimeoutError": (holdall.TaskQueueError, builtins.TimeoutError),
    "SyncTaskQueueError": (holdall.TaskQueueError,),
    "WorkerError": (holdall.HoldallError,),
    "TaskExecutionError": (holdall.WorkerError,),
    "ResourceExhaustionError": (holdall.HoldallError,),
}
RETRYABLE = {"StoreBusy", "ConnectionLost", "Conflict", "TimeoutError"}
# What an error knows beside its message.
ATTRIBUTES = {
    "SerializationError": {"path": "$[1]", "operation": "dumps", "data_type": "lock"},
    "PythonVersionError": {"path": "$[1]", "operation": "loads", "data_type": "function"},
    "ValidationError": {"parameter": "eta", "value": 7},
    "ConfigurationError": {"parameter": "mode", "value": "x", "valid_options": ["a", "b"]},
    "BackendError": {"operation": "claim", "backend_type": "sqlite"},
    "StoreBusy": {"operation": "claim", "backend_type": "sqlite"},
    "ConnectionLost": {
        "operation": "claim",
        "backend_type": "postgres",
        "connection_details": {"host": "db", "port": 5432},
    },
    "TaskQueueError": {"task_id": "t1"},
    "TaskNotFoundError": {"task_id": "t1"},
    "TimeoutError": {"task_id": "t1", "timeout_seconds": 1.5, "operation": "get_result"},
    "SyncTaskQueueError": {"task_id": "t1", "operation": "enqueue"},
    "WorkerError": {"task_id": "t1", "worker_id": "w1"},
    "TaskExecutionError": {
        "task_id": "t1",
        "worker_id": "w1",
        "function_name": "work",
        "execution_time": 0.25,
    },
    "ResourceExhaustionError": {"resource_type": "tasks", "current_usage": 10, "limit": 10},
}


def test_the_tree_is_whole():
    # Two names that would hide Python's own behind `from holdall import *`.
    hiding = {"TimeoutError", "ConnectionError"}
    assert set(errors.__all__) == {"HoldallError", "ConnectionError", *TREE}
    assert set(errors.__all__) & set(holdall.__all__) == set(errors.__all__) - hiding
    assert errors.ConnectionError is errors.ConnectionLost
    assert errors.TimeoutError is not builtins.TimeoutError
    for name in TREE:
        assert name in errors.__doc__


@pytest.mark.parametrize("name", ATTRIBUTES)
def test_what_an_error_knows_is_said_by_name_and_survives_pickling_and_copying(name):
    kind, known = getattr(errors, name), ATTRIBUTES[name]
    with pytest.raises(TypeError):
        kind("what happened", *known.values())
    nothing_said = vars(kind("what happened"))
    assert nothing_said == dict.fromkeys(known, None) | ({"path": "$"} if "path" in known else {})
    error = kind("what happened", **known)
    for again in (error, pickle.loads(pickle.dumps(error)), copy.copy(error), copy.deepcopy(error)):
        assert type(again) is kind
        assert str(again) == "what happened"
        assert vars(again) == known


@pytest.mark.parametrize("name", TREE)
def test_each_class_is_what_programs_catch(name):
    kind = getattr(errors, name)
    assert issubclass(kind, TREE[name])
    assert kind.retryable is (name in RETRYABLE)


@pytest.mark.parametrize("name", ["HoldallError", *TREE])
def test_each_message_is_shown_as_it_is_and_survives_pickling(name):
    error = getattr(errors, name)("what 'happened'")
    assert str(error) == "what 'happened'"
    again = pickle.loads(pickle.dumps(error))
    assert type(again) is type(error)
    assert str(again) == str(error)


def test_the_path_survives_pickling():
    with pytest.raises(holdall.SerializationError) as caught:
        holdall.dumps([lock()])
    assert pickle.loads(pickle.dumps(caught.value)).path == "$[0]"


@dataclasses.dataclass
class Holder:
    name: str
    conn: object


class Closure:
    @staticmethod
    def over(held):
        return lambda: held


CULPRITS = {
    "$": lambda: lock(),
    "$[0]": lambda: [lock()],
    "$[2][1]": lambda: [0, 1, (2, lock())],
    "$['a']": lambda: {"a": lock()},
    "$['a']['b c'][0]": lambda: {"x": 1, "a": {"b c": [lock()]}},
    "$[1]": lambda: {1: lock()},
    "$[(1, 'x')]": lambda: {(1, "x"): lock()},
    "$.conn": lambda: Holder("a", lock()),
    "$.held": lambda: Slots(lock()),
    "$.held.held[0]": lambda: Slots(Slots([lock()])),
    "$.x.y": lambda: Point(Point(1, lock())),
    "$.<closure>['held']": lambda: Closure.over(lock()),
    "$[0]['f'].<closure>['held'][0]": lambda: [{"f": Closure.over([lock()])}],
    "$.note": lambda: words(),
    "$[3]": lambda: collections.deque([0, 1, 2, lock()]),
    "$['d']": lambda: collections.OrderedDict(d=lock()),
    "$.right[0]": lambda: Pair(1, [lock()]),
    "$.__self__": lambda: Slots(lock()).__init__,
}


def words():
    value = Words([1])
    value.note = lock()
    return value


def services():
    box = type("Box", (), {})()
    box.services = {"main": Holder("a", lock())}
    return box


CULPRITS["$.services['main'].conn"] = services


@pytest.mark.parametrize("path", CULPRITS)
def test_the_path_leads_to_the_culprit(path):
    with pytest.raises(holdall.SerializationError) as caught:
        holdall.dumps(CULPRITS[path]())
    found = caught.value.path
    # A bound method's own owner is the step before its attribute.
    assert found == path or (path == "$.__self__" and found == "$.__self__.held")
    assert found in str(caught.value)
    assert "_thread.lock" in str(caught.value)
    assert caught.value.__cause__ is not None


def test_the_culprit_in_a_set_or_a_key_is_named():
    held = Slots(lock())
    for value in [{1, held}, {held: 1}, frozenset([held])]:
        with pytest.raises(holdall.SerializationError) as caught:
            holdall.dumps(value)
        assert caught.value.path.startswith("$")
        assert caught.value.path.endswith(".held")


def test_a_value_that_raises_while_it_is_pickled_is_named():
    class Angry:
        def __reduce__(self):
            raise RuntimeError("not me")

    with pytest.raises(holdall.SerializationError, match=r"\$\['a'\]\[1\]: .*Angry.*not me"):
        holdall.dumps({"a": [1, Angry()]})


def test_interrupts_are_not_turned_into_errors():
    class Interrupts:
        def __reduce__(self):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        holdall.dumps([Interrupts()])


def test_a_circular_value_with_a_culprit_has_a_path_too():
    value = {"a": []}
    value["a"].append(value)
    value["a"].append(lock())
    with pytest.raises(holdall.SerializationError) as caught:
        holdall.dumps(value)
    assert caught.value.path == "$['a'][1]"


def test_a_key_in_the_path_is_cut_to_what_one_reads():
    with pytest.raises(holdall.SerializationError) as caught:
        holdall.dumps({"k" * 10_000: lock()})
    assert len(caught.value.path) < 100


def test_a_missing_key_is_named_with_the_store_and_the_way_out(store):
    with pytest.raises(holdall.DoesNotExist, match=r"\"gone\".*default"):
        store.get("gone")


BAD_KEYS = [
    "",
    "/",
    "/abs",
    ".",
    "./",
    "..",
    "a/..",
    "../a",
    "a/../b",
    "s3://bucket/key",
    "file:///x",
    "a\0b",
    "x" * 16385,
]


@pytest.mark.parametrize("key", [*BAD_KEYS, "\ud800", "a/\udfff"], ids=ascii)
def test_a_bad_key_is_refused_by_every_verb(store, key):
    calls = [
        lambda: store.put(key, 1), lambda: store.get(key), lambda: store.get(key, None), lambda: store.pop(key, None),
        lambda: store.delete(key, ignore_errors=True), lambda: store.exists(key), lambda: key in store,
        lambda: store.info(key), lambda: store[key], lambda: store.__setitem__(key, 1), lambda: store.__delitem__(key),
        lambda: store.touch(key), lambda: store.checksum(key), lambda: store.open(key), lambda: store.stream(key),
        lambda: store.put_many({key: 1}), lambda: store.get_many([key]), lambda: store.delete_many([key]),
        lambda: store.compare_and_swap(key, 1, 2),
    ]  # fmt: skip
    for call in calls:
        with pytest.raises(holdall.ValidationError):
            call()
    assert list(store) == []


@pytest.mark.parametrize("key", [1, None, b"bytes", ["a"], ("a",)])
def test_a_key_that_is_no_text_is_a_type_error(store, key):
    for call in (store.get, store.delete, store.exists, store.pop, store.info):
        with pytest.raises(holdall.WrongTypeError, match="give a str"):
            call(key)
    with pytest.raises(TypeError):
        store.put(key, 1)
    with pytest.raises(holdall.WrongTypeError):
        store.put_many({key: 1} if key != ["a"] else [(key, 1)])
    assert list(store) == []


@pytest.mark.parametrize("key", ["a//b", "./a/b", "a/b/", "a/./b"])
def test_spellings_of_one_path_are_one_key(store, key):
    store.put(key, 1)
    assert list(store) == ["a/b"]
    assert store.get("a/b") == 1


@pytest.mark.parametrize(
    "uri",
    [
        "",
        "s3://bucket",
        "redis://h",
        "memory://x",
        "sqlite://x.db",
        "sqlite:///",
        "sqlite:///:memory:",
        "file://rel",
        "\0",
    ],
)
def test_a_bad_uri_is_refused_with_those_that_are_known(uri):
    with pytest.raises(holdall.ValidationError, match="memory://"):
        get_store(uri)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"mode": "yaml"}, "none of"), ({"serialization_mode": "x"}, "none of"), ({"mode": "raw", "serialization_mode": "json"}, "one option"),
        ({"trust": "me"}, "trust"), ({"durability": "some"}, "durability"), ({"default_ttl": -1}, "default_ttl"),
        ({"busy_timeout": -1}, "busy_timeout"), ({"unknown": 1}, "unknown"), ({"backend_config": {"table": "x"}}, "table"),
        ({"backend_config": {"read_only": "maybe"}}, "read_only"), ({"backend_config": {"busy_timeout": "soon"}}, "busy_timeout"),
    ],
)  # fmt: skip
def test_a_bad_option_is_refused_by_name(options, message):
    with pytest.raises(holdall.ValidationError, match=message):
        get_store("memory://", **options)


def test_a_read_only_store_refuses_every_write(disk_uri):
    with get_store(disk_uri) as store:
        store.put("k", 1)
    with get_store(disk_uri, read_only=True) as store:
        assert store.get("k") == 1
        assert list(store) == ["k"]
        for call in [
            lambda: store.put("k", 2), lambda: store.delete("k"), store.clear, lambda: store.pop("k"),
            lambda: store.put_many({"k": 2}), lambda: store.delete_many(["k"]), lambda: store.compare_and_swap("k", 1, 2),
            lambda: store.lock("x").acquire(), lambda: store.touch("k"),
        ]:  # fmt: skip
            with pytest.raises(holdall.StoreReadOnly) as caught:
                call()
            assert isinstance(caught.value, PermissionError)
        assert store.get("k") == 1


def test_an_error_in_one_thread_is_that_threads_alone(store):
    store.put("k", 1)
    raised = []

    def fail():
        try:
            store.get("gone")
        except holdall.DoesNotExist as error:
            raised.append(error)

    threads = [threading.Thread(target=fail) for _ in range(4)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    assert len({id(error) for error in raised}) == 4
    assert store.get("k") == 1
