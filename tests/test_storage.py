"""Storages: one set of checks over all kinds."""

import pickle
import threading
import unicodedata

import pytest

from holdall.errors import (
    Conflict,
    CorruptFrame,
    DoesNotExist,
    SerializationError,
    UnsupportedVersion,
    UntrustedPayloadError,
    ValidationError,
)
from holdall.storage import Storage, storage_factory
from storages import ABOUT, KEY, KINDS, OTHER, Place

# What a flipped bit may be taken for, besides damage: another version, another key.
DAMAGED = (CorruptFrame, UntrustedPayloadError, UnsupportedVersion)

ODD = [
    "a/b",
    "",
    ".",
    "..",
    "/",
    "a/../b",
    ".lock",
    ".side",
    "a@b",
    f"a@{KEY[:32]}",
    "=",
    "=a",
    "%2e",
    "a b",
    "a\nb",
    "a\\b",
    "*",
    "[a]",
    "?",
    "#",
    "ünïcödé",
    unicodedata.normalize("NFD", "é"),
    "é",
    "A",
    "a",
    "con",
    "x" * 181,
    "x" * 1000,
    "é" * 400,
]


class Lambda:
    """What can be kept by value only."""

    def __init__(self):
        self.run = lambda: 42


@pytest.fixture(params=KINDS)
def place(request, tmp_path):
    bucket = request.getfixturevalue("s3") if request.param == "S3" else None
    return Place(request.param, tmp_path, bucket)


@pytest.fixture
def storage(place):
    return place.open()


def test_what_is_saved_is_read(storage):
    storage.save("flow", "task", {"x": (1, 2)})
    assert storage.read_task("flow", "task") == {"x": (1, 2)}
    assert storage.file_exists("flow", "task") is True
    assert storage.file_exists("flow", "other") is False
    assert storage.file_exists("other", "task") is False
    storage.save("flow", "task", None)
    assert storage.read_task("flow", "task") is None


def test_a_new_workflow_is_empty_and_not_needed(storage):
    storage.new_workflow("flow")
    storage.new_workflow("flow")
    assert storage.list_tasks("flow", "*") == []
    assert storage.list_tasks("other", "*") == []
    storage.save("other", "task", 1)
    assert storage.list_tasks("other", "*") == ["task"]


def test_what_is_missing_says_so(storage):
    storage.save("flow", "task", 1)
    for call in (
        lambda: storage.read_task("flow", "other"),
        lambda: storage.read_task("other", "task"),
        lambda: storage.remove_task("flow", "other"),
        lambda: storage.remove_task("other", "task"),
    ):
        with pytest.raises(DoesNotExist, match="list_tasks") as caught:
            call()
        assert isinstance(caught.value, FileNotFoundError)
    assert storage.look("flow", "other", KEY) is None
    assert storage.newest("other", "task") is None
    storage.remove_workflow("other")
    storage.remove_task("other", pattern="*")
    with pytest.raises(ValidationError, match="task_name or a pattern"):
        storage.remove_task("flow")


def test_tasks_are_listed_by_globs(storage):
    for name in ("f_0001", "f_0000", "g", "a/f_2", ".f", "F_0000"):
        storage.save("flow", name, name)
    assert storage.list_tasks("flow", "f_*") == ["f_0000", "f_0001"]
    assert storage.list_tasks("flow", "?") == ["g"]
    assert storage.list_tasks("flow", "[fg]*") == ["f_0000", "f_0001", "g"]
    assert storage.list_tasks("flow", "a*") == ["a/f_2"]
    assert storage.list_tasks("flow") == sorted(["f_0001", "f_0000", "g", "a/f_2", ".f", "F_0000"])
    storage.remove_task("flow", "ignored", pattern="f_*")
    assert storage.list_tasks("flow", "*") == sorted(["g", "a/f_2", ".f", "F_0000"])


def test_odd_names(storage, place):
    # On a server each call takes a while, and the names of files are those of the other kinds.
    names = ODD[::4] if place.kind == "S3" else ODD
    for name in names:
        storage.save("flow", name, name)
        storage.save(name, "task", [name])
    for name in names:
        assert storage.read_task("flow", name) == name
        assert storage.file_exists("flow", name)
        assert storage.read_task(name, "task") == [name]
        assert storage.list_tasks(name, "*") == ["task"]
        assert storage.keep("flow", name, KEY, 1, ABOUT).name == name
        assert storage.look("flow", name, KEY).workflow == "flow"
    assert storage.list_tasks("flow", "*") == sorted(names)
    for name in names:
        storage.remove_task("flow", name)
        storage.remove_task(name, "task")
    assert storage.list_tasks("flow", "*") == []
    assert place.left() == []


def test_lone_surrogates_are_no_names(storage):
    with pytest.raises((ValidationError, UnicodeEncodeError)):
        storage.save("flow", "\ud800", 1)


def test_a_kept_result_is_found_by_its_key(storage):
    assert storage.look("flow", "task", KEY) is None
    with storage.claim("flow", "task", KEY):
        kept = storage.keep("flow", "task", KEY, [1.5], ABOUT)
    found = storage.look("flow", "task", KEY)
    assert found == kept == storage.newest("flow", "task")
    assert storage.load(found) == storage.load(kept) == [1.5]
    assert {name: getattr(found, name) for name in ABOUT} == ABOUT
    assert list(found.parts) == ["z", "a"]
    assert (found.workflow, found.name, found.key) == ("flow", "task", KEY)
    assert found.size > 0
    assert found.created > 1e9
    assert storage.look("flow", "task", OTHER) is None
    assert storage.look("flow", "task", "") is None


def test_what_nobody_said_is_empty(storage):
    kept = storage.keep("flow", "task", "", 1, {})
    assert (kept.key, kept.result, kept.items, kept.parts, kept.seconds) == ("", None, {}, {}, 0)
    with pytest.raises((TypeError, AttributeError)):
        kept.key = KEY


def test_keys_are_digests(storage):
    for key in ("short", KEY.upper(), KEY + "0", "../" + KEY[3:], "g" * 64):
        for call in (storage.look, storage.claim, lambda *at: storage.keep(*at, 1, {})):
            with pytest.raises(ValidationError, match="64 hexadecimal digits"):
                with call("flow", "task", key):
                    pass
    with pytest.raises(ValidationError, match="dict of texts"):
        storage.keep("flow", "task", KEY, 1, {"parts": {"a": 1}})
    with pytest.raises(ValidationError, match="time"):
        storage.keep("flow", "task", KEY, 1, {"seconds": float("nan")})
    assert storage.list_tasks("flow") == []


def test_an_edited_node_keeps_its_older_entries(storage, place):
    keys = [f"{number:x}" * 64 for number in range(4)]
    for number, key in enumerate(keys):
        storage.keep("flow", "task", key, number, ABOUT)
    assert [storage.load(storage.look("flow", "task", key)) for key in keys] == [0, 1, 2, 3]
    assert storage.read_task("flow", "task") == 3
    assert storage.newest("flow", "task").key == keys[3]
    assert storage.list_tasks("flow", "*") == ["task"]
    # One that is kept again comes to the front, once.
    storage.keep("flow", "task", keys[1], "again", ABOUT)
    assert storage.read_task("flow", "task") == "again"
    assert storage.load(storage.look("flow", "task", keys[3])) == 3
    assert len(place.left()) == 4 + place.own
    assert storage.prune("flow", keep=2) == 2
    assert storage.prune("flow", keep=2) == 0
    assert storage.read_task("flow", "task") == "again"
    assert storage.load(storage.look("flow", "task", keys[3])) == 3
    assert storage.look("flow", "task", keys[0]) is None
    assert storage.prune() == 1
    assert [storage.look("flow", "task", key) is None for key in keys] == [True, False, True, True]
    for keep in (0, -1):
        with pytest.raises(ValidationError, match="1 or more"):
            storage.prune("flow", keep=keep)
    storage.remove_task("flow", "task")
    assert place.left() == []


def test_prune_goes_through_all_workflows(storage):
    for workflow in ("one", "two/2"):
        storage.keep(workflow, "task", KEY, 1, ABOUT)
        storage.keep(workflow, "task", OTHER, 2, ABOUT)
        storage.save(workflow, "task", 3)
    assert storage.prune("one") == 2
    assert storage.prune() == 2
    assert storage.read_task("two/2", "task") == 3


def test_a_name_alone_may_be_the_key(storage):
    storage.keep("flow", "task", "", 1, ABOUT)
    storage.keep("flow", "task", "", 2, ABOUT)
    storage.keep("flow", "task", KEY, 3, ABOUT)
    assert storage.load(storage.look("flow", "task", "")) == 2
    storage.save("flow", "task", 4)
    assert storage.load(storage.look("flow", "task", "")) == 4
    assert storage.load(storage.look("flow", "task", KEY)) == 3
    assert storage.prune() == 1


def test_a_large_value_is_read_when_it_is_asked_for(storage):
    value = [bytes(range(256)) * 2000, "x"]
    storage.save("flow", "other", value)
    entry = storage.keep("flow", "task", KEY, value, ABOUT)
    assert entry.size > 500_000
    found = storage.look("flow", "task", KEY)
    assert storage.load(entry) == storage.load(found) == value
    # One that became an older one meanwhile is found there.
    storage.save("flow", "task", 1)
    assert storage.load(found) == value
    storage.keep("flow", "task", KEY, ["another", value[0]], ABOUT)
    with pytest.raises(Conflict, match="look again"):
        storage.load(found)
    storage.remove_task("flow", "task")
    with pytest.raises(Conflict, match="look again"):
        storage.load(found)


@pytest.mark.parametrize("registered", [False, True])
def test_nothing_is_left_of_a_save_that_fails(storage, place, registered):
    class Bad:
        def __reduce__(self):
            raise RuntimeError("no")

    if registered:
        from boxes import BoxSerializer

        storage.register_persistent_serializers(BoxSerializer)
    with pytest.raises(SerializationError) as caught:
        storage.save("flow", "task", {"deep": [threading.Lock()]})
    assert caught.value.path == "$['deep'][0]"
    with pytest.raises(Exception, match="no"):
        storage.save("flow", "task", Bad())
    assert place.left() == []
    storage.keep("flow", "task", KEY, 1, ABOUT)
    before = place.left()
    with pytest.raises(SerializationError):
        storage.keep("flow", "task", OTHER, threading.Lock(), ABOUT)
    assert place.left() == before
    assert storage.read_task("flow", "task") == 1


def test_nothing_is_left_of_a_claim_without_a_save(storage, place):
    with pytest.raises(RuntimeError, match="failed"):
        with storage.claim("flow", "task", KEY):
            raise RuntimeError("failed")
    assert place.left() == []


def test_nothing_is_left_of_a_workflow(storage, place):
    for number in range(10):
        name = f"f_{number}"
        with storage.claim("flow", name, KEY):
            storage.keep("flow", name, KEY, number, ABOUT)
        storage.save("flow", name, -number)
    storage.save("another", "task", 1)
    storage.remove_task("flow", "f_3")
    storage.remove_task("flow", pattern="f_[0-8]")
    assert storage.list_tasks("flow", "*") == ["f_9"]
    storage.remove_task("flow", "f_9")
    storage.remove_workflow("another")
    assert place.left() == []
    storage.save("flow", "task", 1)
    assert storage.read_task("flow", "task") == 1


def test_a_claim_may_be_claimed_again_by_its_holder_and_outlives_removal(storage, place):
    if place.kind == "file":
        with storage.claim("flow", "task", KEY), storage.claim("flow", "task", KEY):
            storage.save("flow", "task", 1)
            storage.remove_task("flow", "task")
    with storage.claim("flow", "task", KEY):
        storage.save("flow", "task", 1)
        storage.remove_workflow("flow")
        storage.save("flow", "task", 2)
        storage.remove_task("flow", "task")
    assert place.left() == []


def test_threads_compute_a_key_once(storage):
    began, inside, most, computed = threading.Barrier(8), [], [], []

    def work():
        began.wait()
        for number in range(3):
            key = f"{number:x}" * 64
            with storage.claim("flow", "task", key):
                inside.append(key)
                most.append(inside.count(key))
                if storage.look("flow", "task", key) is None:
                    computed.append(key)
                    storage.keep("flow", "task", key, number, ABOUT)
                inside.remove(key)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert max(most) == 1
    assert sorted(computed) == [f"{number:x}" * 64 for number in range(3)]


def test_storages_are_picklable(storage, place):
    from boxes import BoxSerializer

    storage.register_persistent_serializers(BoxSerializer)
    storage.save("flow", "task", 1)
    storage.always_read = True
    again = pickle.loads(pickle.dumps(storage))
    assert again.always_read is True
    assert again.have_serializers()
    if place.kind != "memory":
        assert again.read_task("flow", "task") == 1
    again.save("flow", "other", 2)
    assert again.read_task("flow", "other") == 2


def test_always_read_is_for_runners(storage):
    assert storage.always_read is False
    assert storage.have_serializers() is False


def test_another_keyset_refuses_hits_and_reads_data(place):
    mine, theirs = place.open(), place.open(keyset=place.keyset("theirs"))
    if place.kind == "memory":
        pytest.skip("nobody else sees it")
    theirs.keep("flow", "data", KEY, [1, (2, 3)], ABOUT)
    theirs.keep("flow", "code", KEY, Lambda(), ABOUT)
    theirs.keep("flow", "large", KEY, "x" * 100_000, ABOUT)
    for name in ("data", "code", "large"):
        for call in (mine.look, lambda flow, name, _: mine.newest(flow, name)):
            with pytest.raises(UntrustedPayloadError, match="keyset") as caught:
                call("flow", name, KEY)
            assert repr(name)[1:-1] in str(caught.value)
    assert mine.read_task("flow", "data") == [1, (2, 3)]
    assert mine.read_task("flow", "large") == "x" * 100_000
    with pytest.raises(UntrustedPayloadError):
        mine.read_task("flow", "code")
    trusting = place.open(trust="all")
    assert trusting.read_task("flow", "code").run() == 42
    assert trusting.load(trusting.look("flow", "code", KEY)).run() == 42
    assert theirs.read_task("flow", "code").run() == 42
    # What is computed again is kept over it.
    mine.keep("flow", "code", KEY, Lambda(), ABOUT)
    assert mine.load(mine.look("flow", "code", KEY)).run() == 42
    with pytest.raises(UntrustedPayloadError):
        theirs.read_task("flow", "code")


def test_an_entry_in_another_place_is_none_there(place):
    storage = place.open()
    storage.keep("flow", "task", KEY, 1, ABOUT)
    storage.keep("flow", "other", OTHER, 2, ABOUT)
    moves = [
        (("flow", "task"), ("flow", "moved")),
        (("flow", "task"), ("moved", "task")),
        (("flow", "task"), ("flow", "other")),
        (("flow", "other"), ("flow", f"task@{KEY[:32]}")),
    ]
    for old, new in moves:
        place.copy("/".join(old), "/".join(new))
    for options in ({}, {"trust": "all"}):
        reader = storage if place.kind == "memory" else place.open(**options)
        for workflow, name in [("flow", "moved"), ("moved", "task"), ("flow", "other")]:
            for call, *more in ((reader.look, KEY), (reader.newest,), (reader.read_task,)):
                with pytest.raises(UntrustedPayloadError, match="moved"):
                    call(workflow, name, *more)
    # An older one under another key's name.
    storage.save("flow", "task", 3)
    place.copy("flow/task@" + KEY[:32], "flow/task@" + OTHER[:32])
    with pytest.raises(UntrustedPayloadError, match="moved"):
        storage.look("flow", "task", OTHER)
    assert storage.load(storage.look("flow", "task", KEY)) == 1


@pytest.mark.parametrize("size", [1, 40_000])
def test_a_damaged_entry_gives_no_value_and_heals(place, size):
    storage = place.open()
    value = ["y" * size]
    storage.keep("flow", "task", OTHER, "older", ABOUT)
    storage.keep("flow", "task", KEY, value, ABOUT)
    whole = place.read("flow/task")
    assert len(whole) > size
    damages = [whole[:cut] for cut in (0, 1, 7, 8, 100, len(whole) // 2, len(whole) - 1)]
    damages += [whole + b"\0", b"\0" * len(whole), whole[1:]]
    step = max(1, len(whole) // (8 if place.kind == "S3" else 60))
    for at in [*range(12), *range(12, len(whole), step), len(whole) - 1]:
        flipped = bytearray(whole)
        flipped[at] ^= 1 << (at % 8)
        damages.append(bytes(flipped))
    for damage in damages:
        place.write("flow/task", damage)
        with pytest.raises(DAMAGED):
            storage.read_task("flow", "task")
        with pytest.raises(DAMAGED):
            found = storage.look("flow", "task", KEY)
            assert found is not None
            storage.load(found)
        # What lies behind it is as good as ever.
        assert storage.load(storage.look("flow", "task", OTHER)) == "older"
    storage.keep("flow", "task", KEY, "healed", ABOUT)
    assert storage.read_task("flow", "task") == "healed"
    assert storage.load(storage.look("flow", "task", OTHER)) == "older"
    storage.remove_task("flow", "task")
    assert place.left() == []


def test_what_is_kept_is_never_bare(place):
    storage = place.open()
    for value in ("text", b"\xff\xfe", {"a": 1}, [1]):
        storage.save("flow", "task", value)
        assert place.read("flow/task").startswith(b"\xc1")


def test_only_known_kinds_and_options(tmp_path):
    for options in (
        {"kind": "ray", "options": {"path": str(tmp_path)}},
        {"kind": "FILE", "options": {"path": str(tmp_path)}},
        {"kind": "file", "options": {"paths": str(tmp_path)}},
        {"kind": "file", "options": {}},
        {"kind": "file", "options": {"path": str(tmp_path), "trust": "none"}},
        {"kind": "file", "options": {"path": str(tmp_path), "durability": "some"}},
        {"kind": "S3", "options": {"path": "/"}},
        {"kind": "store", "options": {"uri": "nothing://"}},
        {"options": {}},
    ):
        with pytest.raises(ValidationError) as caught:
            storage_factory(options)
        assert isinstance(caught.value, ValueError)
    assert isinstance(storage_factory({"kind": "file", "options": {"path": tmp_path}}), Storage)
