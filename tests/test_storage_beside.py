"""Side data: what registered serializers write beside a value goes where its entry goes."""

import pytest

from boxes import Box, BoxSerializer, asked, forget
from holdall.errors import CorruptFrame, SerializationError, ValidationError
from holdall.serializers import FILE_PROTOCOL, S3_PROTOCOL
from storages import ABOUT, KEY, KINDS, OTHER, Place


class Cloud:
    """The same for a server."""

    name = "Box"
    serializer_class = Box

    @staticmethod
    def pickle(box, protocols):
        place = protocols[S3_PROTOCOL]
        if box.data == b"fail":
            place["client"].pipe_file(f"{place['folder']}/half", b"half")
            raise RuntimeError("this box cannot be written")
        place["client"].pipe_file(f"{place['folder']}/parts/data.bin", box.data)
        return "Box", "parts/data.bin"

    @staticmethod
    def unpickle(pid, protocols):
        place = protocols[S3_PROTOCOL]
        return Box(place["client"].cat_file(f"{place['folder']}/{pid}"))

    @staticmethod
    def remove(pid, protocols):
        BoxSerializer.calls.append(("remove", pid))
        place = protocols[S3_PROTOCOL]
        place["client"].rm_file(f"{place['folder']}/{pid}")


@pytest.fixture(autouse=True)
def clean():
    forget()
    yield
    forget()


@pytest.fixture(params=KINDS)
def place(request, tmp_path):
    bucket = request.getfixturevalue("s3") if request.param == "S3" else None
    return Place(request.param, tmp_path, bucket)


def opened(place):
    storage = place.open()
    storage.register_persistent_serializers(Cloud if place.kind == "S3" else BoxSerializer)
    return storage


def sides(place):
    return [name for name in place.left() if "/.side/" in name]


def test_side_data_is_read_with_its_value(place):
    storage = opened(place)
    box = Box(b"bytes")
    entry = storage.keep("flow", "a/b", KEY, {"one": box, "two": [box]}, ABOUT)
    assert len(sides(place)) == 1
    assert sides(place)[0].startswith("flow/.side/=a%2fb/")
    for value in (storage.load(entry), storage.read_task("flow", "a/b")):
        assert value["one"] == box
        assert value["two"][0] is value["one"]
    if place.kind != "memory":
        again = opened(place)
        assert again.load(again.look("flow", "a/b", KEY)) == {"one": box, "two": [box]}
    storage.save("flow", "plain", [1])
    assert storage.read_task("flow", "plain") == [1]
    assert len(sides(place)) == 1


def test_a_reader_without_the_serializer_is_told_which(place):
    opened(place).save("flow", "task", Box(b"bytes"))
    if place.kind == "memory":
        pytest.skip("nobody else sees it")
    with pytest.raises(SerializationError, match="'Box'"):
        place.open().read_task("flow", "task")


def test_side_data_goes_with_its_entry(place):
    storage = opened(place)
    for _ in range(2):
        storage.keep("flow", "task", KEY, Box(b"one"), ABOUT)
        assert len(sides(place)) == 1
    assert len(asked("remove")) == 1
    storage.keep("flow", "task", OTHER, Box(b"two"), ABOUT)
    assert len(sides(place)) == 2
    assert storage.load(storage.look("flow", "task", KEY)) == Box(b"one")
    assert storage.prune() == 1
    assert len(sides(place)) == 1
    assert storage.read_task("flow", "task") == Box(b"two")
    storage.keep("flow", "task", OTHER, "plain", ABOUT)
    assert sides(place) == []
    storage.save("flow", "other", Box(b"three"))
    storage.remove_task("flow", pattern="*")
    assert place.left() == []
    storage.save("flow", "task", Box(b"four"))
    storage.remove_workflow("flow")
    assert place.left() == []
    assert len(asked("remove")) == 5


def test_side_data_goes_without_its_serializer_too(place):
    if place.kind == "memory":
        pytest.skip("nobody else sees it")
    opened(place).save("flow", "task", Box(b"bytes"))
    place.open().remove_task("flow", "task")
    assert asked("remove") == []
    assert place.left() == []


def test_nothing_is_left_of_a_save_that_fails(place):
    storage = opened(place)
    with pytest.raises(SerializationError, match=r"\$\[1\].*this box cannot be written"):
        storage.save("flow", "task", [Box(b"fine"), Box(b"fail")])
    assert place.left() == []
    storage.keep("flow", "task", KEY, Box(b"before"), ABOUT)
    before = place.left()
    with pytest.raises(SerializationError):
        storage.keep("flow", "task", KEY, [Box(b"fine"), Box(b"fail")], ABOUT)
    assert place.left() == before
    assert storage.read_task("flow", "task") == Box(b"before")


def test_damaged_side_data_gives_no_value_and_heals(place):
    storage = opened(place)
    storage.keep("flow", "task", KEY, Box(b"bytes"), ABOUT)
    [side] = sides(place)
    place.write(side, b"bytez")
    if place.kind != "memory":
        storage = opened(place)
    with pytest.raises(CorruptFrame):
        storage.load(storage.look("flow", "task", KEY))
    storage.keep("flow", "task", KEY, Box(b"again"), ABOUT)
    assert storage.read_task("flow", "task") == Box(b"again")
    assert len(sides(place)) == 1


def test_a_damaged_entry_takes_its_side_data_along(place):
    storage = opened(place)
    storage.save("flow", "task", Box(b"bytes"))
    place.write("flow/task", b"damaged")
    storage.save("flow", "task", "healed")
    if place.kind == "file":
        assert sides(place) == []
    storage.remove_task("flow", "task")
    assert place.left() == []


@pytest.mark.parametrize("kind", ["file", "sqlite"])
def test_protocols_are_files(kind, tmp_path):
    seen = []

    class Looks(BoxSerializer):
        @classmethod
        def pickle(cls, box, protocols):
            seen.append(set(protocols))
            return super().pickle(box, protocols)

    place = Place(kind, tmp_path)
    storage = place.open()
    assert not storage.have_serializers()
    storage.register_persistent_serializers(Looks)
    assert storage.have_serializers()
    storage.save("flow", "task", Box(b"bytes"))
    assert seen == [{FILE_PROTOCOL}]
    with pytest.raises(ValidationError):
        storage.register_persistent_serializers(int)
