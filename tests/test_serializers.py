"""Registered serializers: what of a value goes beside it, and how that is read again."""

import os
import pickle
from collections import OrderedDict, namedtuple
from dataclasses import dataclass

import pytest

import holdall
from boxes import Box, BoxSerializer, Crate, asked, forget
from holdall import _holdall as engine
from holdall.errors import CorruptFrame, SerializationError, UntrustedPayloadError, ValidationError
from holdall.serializers import FILE_PROTOCOL, S3_PROTOCOL, FileProtocol
from holdall.serializers._folder import Draft, reading
from holdall.serializers._registry import Registry

TOKEN = "0123456789abcdef"


@dataclass
class Holder:
    box: object
    more: object = None


@dataclass(eq=False)
class Table:
    rows: list


Pair = namedtuple("Pair", "one two")


@pytest.fixture(autouse=True)
def clean():
    forget()
    yield
    forget()


@pytest.fixture
def registry():
    return Registry(BoxSerializer)


def keep(value, registry, folder, token=TOKEN):
    draft = Draft(folder / token)
    return engine.dumps_with(value, draft.writing(registry))


def again(value, registry, folder):
    data, refers = keep(value, registry, folder)
    assert refers
    return engine.loads_with(data, reading(registry, folder))


# Finding


@pytest.mark.parametrize(
    ("nest", "take"),
    [
        (lambda box: box, lambda value: value),
        (lambda box: [1, [box]], lambda value: value[1][0]),
        (lambda box: {"a": {"b": (box, 1)}}, lambda value: value["a"]["b"][0]),
        (lambda box: {box: 1}, lambda value: next(iter(value))),
        (lambda box: {1, box} - {1}, lambda value: next(iter(value))),
        (lambda box: frozenset([box]), lambda value: next(iter(value))),
        (lambda box: Holder(1, [box]), lambda value: value.more[0]),
        (lambda box: Pair(1, box), lambda value: value.two),
        (lambda box: OrderedDict(a=box), lambda value: value["a"]),
        (lambda box: lambda: box, lambda value: value()),
    ],
)
@pytest.mark.parametrize("kind", [Box, Crate])
def test_an_object_is_found_wherever_it_is(registry, tmp_path, nest, take, kind):
    box = take(again(nest(kind(b"data")), registry, tmp_path))
    assert type(box) is kind
    assert box.data == b"data"
    assert asked("pickle") == [b"data"]
    assert asked("unpickle") == [("1", kind is Crate, "parts/data.bin")]


def test_an_object_is_written_once_and_stays_one(registry, tmp_path):
    box, other = Box(b"1"), Box(b"1")
    value = again([box, {"again": box}, other, Holder(box, other)], registry, tmp_path)
    assert value[0] is value[1]["again"] is value[3].box
    assert value[2] is value[3].more is not value[0]
    assert asked("pickle") == [b"1", b"1"]
    assert len(asked("unpickle")) == 2


def test_the_nearest_class_above_decides(tmp_path):
    class CrateSerializer(BoxSerializer):
        name = "Crate"
        serializer_class = Crate

    registry = Registry(BoxSerializer, CrateSerializer)
    assert registry.find(Box) is BoxSerializer
    assert registry.find(Crate) is CrateSerializer
    assert registry.find(type("Small", (Crate,), {})) is CrateSerializer
    assert registry.find(int) is None


@pytest.mark.parametrize(
    "value", [None, 1, "text", b"bytes", [1, 2.5], {"a": []}, (1, {2}), 2**70, range(3), Holder(1)]
)
def test_other_values_are_written_as_ever(registry, tmp_path, value):
    data, refers = keep(value, registry, tmp_path)
    assert not refers
    assert data == holdall.dumps(value)
    assert engine.loads_with(data, reading(registry, tmp_path)) == value
    assert list(tmp_path.iterdir()) == []


def test_a_class_that_holdall_writes_itself_can_be_registered(tmp_path):
    class TableSerializer(BoxSerializer):
        name = "Table"
        serializer_class = Table

        @classmethod
        def pickle(cls, table, protocols):
            with protocols[FILE_PROTOCOL].open("rows", "wb") as file:
                pickle.dump(table.rows, file)
            return cls.name, "rows"

        @classmethod
        def unpickle(cls, pid, protocols):
            with protocols[FILE_PROTOCOL].open(pid) as file:
                return Table(pickle.load(file))

    value = again((1, Table([1, 2])), Registry(TableSerializer), tmp_path)
    assert value[1].rows == [1, 2]
    assert (tmp_path / TOKEN / "0" / "rows").is_file()


@pytest.mark.parametrize("value", [[1, [2]], "text", {"a": [1]}, (1, [1])])
def test_an_everyday_type_can_be_registered(tmp_path, value):
    class ListSerializer(BoxSerializer):
        name = "list"
        serializer_class = list

        @classmethod
        def pickle(cls, found, protocols):
            with protocols[FILE_PROTOCOL].open("list", "wb") as file:
                pickle.dump(found, file)
            return cls.name, "list"

        @classmethod
        def unpickle(cls, pid, protocols):
            with protocols[FILE_PROTOCOL].open(pid) as file:
                return pickle.load(file)

    registry = Registry(ListSerializer)
    data, refers = keep(value, registry, tmp_path)
    assert refers == (value != "text")
    assert engine.loads_with(data, reading(registry, tmp_path)) == value


# Failing


def test_an_object_that_cannot_be_written_is_named(registry, tmp_path):
    value = {"good": Box(b"1"), "bad": Holder([Box(b"fail")])}
    with pytest.raises(SerializationError, match="this box cannot be written") as caught:
        keep(value, registry, tmp_path)
    assert caught.value.path == "$['bad'].box[0]"
    assert isinstance(caught.value.__cause__, RuntimeError)
    # Looking for it wrote nothing once more.
    assert asked("pickle") == [b"1", b"fail"]


def test_what_pickle_cannot_write_is_named_though_boxes_are_about(registry, tmp_path):
    with pytest.raises(SerializationError) as caught:
        keep([Box(b"1"), {"file": (i for i in ())}], registry, tmp_path)
    assert caught.value.path == "$[1]['file']"
    assert asked("pickle") == [b"1"]


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        ("Box", "it returns"),
        (("Other", 1), "it returns"),
        (("Box", 1, 2), "it returns"),
        (("Box", object()), "no plain data"),
        (("Box", os.getcwd), "no plain data"),
    ],
)
def test_an_answer_that_is_none_is_refused(tmp_path, answer, message):
    class Odd(BoxSerializer):
        @classmethod
        def pickle(cls, box, protocols):
            return answer

    with pytest.raises(SerializationError, match=message):
        keep([Box(b"1")], Registry(Odd), tmp_path)


def test_what_a_serializer_leaves_open_is_closed(tmp_path):
    opened = []

    class Open(BoxSerializer):
        @classmethod
        def pickle(cls, box, protocols):
            opened.append(protocols[FILE_PROTOCOL].open("parts/data.bin", "wb"))
            opened[-1].write(box.data)
            return cls.name, ("1", False, "parts/data.bin")

    assert again(Box(b"data"), Registry(Open), tmp_path).data == b"data"
    assert opened[0].closed


# Reading


def test_a_reader_without_the_serializer_is_told_which(registry, tmp_path):
    data, _ = keep([Box(b"1")], registry, tmp_path)
    for read in (
        lambda: holdall.loads(data),
        lambda: holdall.loads(data, mode="pickle"),
        lambda: holdall.loads(bytearray(data), trust="all"),
        lambda: engine.loads_with(data, reading(Registry(), tmp_path)),
    ):
        with pytest.raises(SerializationError, match=r"'Box'.*register_persistent_serializers"):
            read()
    assert holdall.loads(data, mode="raw").startswith(b"\x80\x05")


def test_a_value_that_looks_like_references_is_a_value(registry, tmp_path):
    value = ("holdall.beside", 1, TOKEN, [("Box", 1, ())])
    data = holdall.dumps(value, mode="pickle")
    assert holdall.loads(data) == value
    assert engine.loads_with(data, reading(registry, tmp_path)) == value


def damage_flip(file):
    data = bytearray(file.read_bytes())
    data[0] ^= 1
    file.write_bytes(data)


def damage_cut(file):
    file.write_bytes(file.read_bytes()[:-1])


def damage_longer(file):
    file.write_bytes(file.read_bytes() + b"x")


def damage_gone(file):
    file.unlink()


def damage_more(file):
    (file.parent / "more").write_bytes(b"")


def damage_link(file):
    copy = file.parents[4] / "elsewhere"
    file.rename(copy)
    file.symlink_to(copy)


def damage_folder(file):
    folder = file.parents[2]
    folder.rename(folder.parents[1] / "elsewhere")
    folder.symlink_to(folder.parents[1] / "elsewhere")


@pytest.mark.parametrize(
    "damage",
    [
        damage_flip,
        damage_cut,
        damage_longer,
        damage_gone,
        damage_more,
        damage_link,
        damage_folder,
    ],
)
def test_a_serializer_sees_only_what_was_written(registry, tmp_path, damage):
    folder = tmp_path / "beside"
    data, _ = keep([Box(b"data")], registry, folder)
    damage(folder / TOKEN / "0" / "parts" / "data.bin")
    with pytest.raises(CorruptFrame):
        engine.loads_with(data, reading(registry, folder))
    assert asked("unpickle") == []


def test_references_that_nobody_signed_are_not_looked_at(registry, tmp_path, monkeypatch):
    data, _ = keep([Box(b"data")], registry, tmp_path)
    with pytest.raises(UntrustedPayloadError):
        engine.loads_with(data, reading(registry, tmp_path), keyset=engine.keyset_new())
    assert asked("unpickle") == []
    forged = bytearray(data)
    at = forged.index(b"parts/data.bin")
    forged[at : at + 5] = b"../.."
    with pytest.raises((CorruptFrame, UntrustedPayloadError)):
        engine.loads_with(bytes(forged), reading(registry, tmp_path))
    assert asked("unpickle") == []


# The folder of an object


@pytest.mark.parametrize(
    "name", ["", ".", "..", "../x", "a/../../x", "/etc/passwd", "a/\0b", os.sep + "x", b"x"]
)
@pytest.mark.parametrize("mode", ["rb", "wb"])
def test_names_stay_in_the_folder(tmp_path, name, mode):
    protocol = FileProtocol(tmp_path / "own")
    with pytest.raises(ValidationError):
        protocol.open(name, mode)
    with pytest.raises(ValidationError):
        protocol.remove(name)
    with pytest.raises(ValidationError):
        protocol.path(name)
    assert list(tmp_path.iterdir()) == []


def test_links_do_not_lead_out(tmp_path):
    outside, own = tmp_path / "outside", tmp_path / "own"
    outside.mkdir()
    (outside / "secret").write_text("secret")
    own.mkdir()
    (own / "folder").symlink_to(outside)
    (own / "file").symlink_to(outside / "secret")
    protocol = FileProtocol(own)
    for name in ("folder/secret", "file"):
        for use in (protocol.open, protocol.remove, protocol.path):
            with pytest.raises(ValidationError, match="link"):
                use(name)
        with pytest.raises(ValidationError, match="link"):
            protocol.open(name, "wb")
    assert (outside / "secret").read_text() == "secret"


def test_a_folder_that_is_only_read(tmp_path):
    (tmp_path / "file").write_bytes(b"1")
    protocol = FileProtocol(tmp_path, writable=False)
    with protocol.open("file") as file:
        assert file.read() == b"1"
    assert protocol.path("file") == str(tmp_path / "file")
    for mode in ("wb", "ab", "r+b", "xb", "w"):
        with pytest.raises(OSError, match="only read"):
            protocol.open("file", mode)
    with pytest.raises(OSError, match="only read"):
        protocol.remove("file")
    assert (tmp_path / "file").read_bytes() == b"1"


def test_a_folder_makes_what_it_needs(tmp_path):
    protocol = FileProtocol(tmp_path / "own")
    assert not (tmp_path / "own").exists()
    with protocol.open("a/b/c.txt", "w") as file:
        file.write("text")
    with protocol.open("a/b/c.txt", "r") as file:
        assert file.read() == "text"
    path = protocol.path("d/e.bin")
    assert path == str(tmp_path / "own" / "d" / "e.bin")
    assert (tmp_path / "own" / "d").is_dir()
    protocol.remove("a")
    assert not (tmp_path / "own" / "a").exists()
    with pytest.raises(FileNotFoundError):
        protocol.remove("a")


def test_the_protocols_have_the_names_of_function_fuse():
    assert (FILE_PROTOCOL, S3_PROTOCOL) == ("file_protocol", "s3 protocol")


# Registering


class Unnamed(BoxSerializer):
    name = ""


class OfNothing(BoxSerializer):
    serializer_class = "Box"


class OfEverything(BoxSerializer):
    serializer_class = object


class NoRemove(BoxSerializer):
    remove = None


class SameName(BoxSerializer):
    serializer_class = Holder


@pytest.mark.parametrize(
    ("serializer", "message"),
    [
        (Unnamed, "has no name"),
        (OfNothing, "is no class"),
        (OfEverything, "class of everything"),
        (NoRemove, "has no remove"),
        (SameName, "a name of its own"),
        (Box, "has no name"),
        (None, "has no name"),
    ],
)
def test_what_is_no_serializer_is_refused(registry, serializer, message):
    class Other(BoxSerializer):
        name = "Other"
        serializer_class = Holder

    with pytest.raises(ValidationError, match=message):
        registry.register(Other, serializer)
    # All or none.
    assert registry.find(Holder) is None


def test_an_instance_is_a_serializer_too(tmp_path):
    class Gentle:
        name = "gentle"
        serializer_class = Box

        def __init__(self, file):
            self.file = file

        def pickle(self, box, protocols):
            with protocols[FILE_PROTOCOL].open(self.file, "wb") as file:
                file.write(box.data)
            return self.name, None

        def unpickle(self, pid, protocols):
            with protocols[FILE_PROTOCOL].open(self.file) as file:
                return Box(file.read())

        def remove(self, pid, protocols):
            protocols[FILE_PROTOCOL].remove(self.file)

    assert again([Box(b"1")], Registry(Gentle("a.bin")), tmp_path)[0].data == b"1"


def test_registering_again_takes_the_place(registry):
    class New(BoxSerializer):
        pass

    registry.register(New)
    assert registry.find(Crate) is New
    assert registry.named("Box") is New
    assert list(registry) == [New]
