"""open, local_path and local_open: values as files."""

import gc
import io

import pytest

import holdall
from holdall import get_store


def test_what_is_written_to_a_file_is_the_value(store):
    with store.open("k", "wb") as file:
        file.write(b"\xffab")
        file.write(b"c")
    assert store.get("k", mode="raw") == b"\xffabc"
    with store.open("k") as file:
        assert file.read() == b"\xffabc"


def test_text_files_are_utf_8_and_leave_line_ends_alone(store):
    with store.open("k", "w") as file:
        file.write("ä\r\nb\n")
    assert store.get("k", mode="raw") == "ä\r\nb\n".encode()
    with store.open("k", "r") as file:
        assert file.readline() == "ä\r\n"
        assert file.read() == "b\n"


@pytest.mark.parametrize("value", ["hello", b"hello", b"\xff", {"a": 1}, "", b"", 5])
def test_any_value_is_read_as_its_payload(store, value):
    store.put("k", value)
    with store.open("k", "rb") as file:
        assert file.read() == store.get("k", mode="raw")


def test_a_file_for_reading_can_be_searched(store):
    store.put("k", b"0123456789\xff")
    with store.open("k") as file:
        assert file.seekable()
        file.seek(5)
        assert file.read(2) == b"56"
        file.seek(-1, io.SEEK_END)
        assert file.read() == b"\xff"


def test_a_file_for_writing_can_be_searched(store):
    with store.open("k", "wb") as file:
        file.write(b"0123")
        file.seek(1)
        file.write(b"x")
    assert store.get("k", mode="raw") == b"0x23"


@pytest.mark.parametrize("mode", ["wb", "w"])
def test_nothing_is_kept_until_the_file_is_closed(store, mode):
    store.put("k", "former")
    file = store.open("k", mode)
    file.write("new" if mode == "w" else b"new")
    file.flush()
    assert store.get("k") == "former"
    file.close()
    file.close()
    assert store.get("k", mode="raw") == b"new"


@pytest.mark.parametrize("mode", ["wb", "w"])
def test_a_block_that_ends_in_an_error_keeps_nothing(store, mode):
    store.put("k", "former")
    with pytest.raises(ZeroDivisionError), store.open("k", mode) as file:
        file.write("new" if mode == "w" else b"new")
        1 / 0  # noqa: B018
    assert store.get("k") == "former"


def test_a_missing_value_raises_when_read(store):
    with pytest.raises(holdall.DoesNotExist):
        store.open("gone")
    with get_store("memory://", raise_on_nonexist=False) as quiet, pytest.raises(FileNotFoundError):
        quiet.open("gone")


@pytest.mark.parametrize("mode", ["a", "r+", "x", "", "rw"])
def test_other_modes_are_refused(store, mode):
    store.put("k", "v")
    with pytest.raises(ValueError, match="none of"):
        store.open("k", mode)


def test_a_bad_key_is_refused_before_anything_is_lost(store):
    with pytest.raises(holdall.ValidationError):
        store.open("../outside")
    with pytest.raises(holdall.ValidationError), store.open("../outside", "wb") as file:
        file.write(b"lost")


def test_a_local_path_is_a_real_file_with_the_keys_name(store):
    store.put("folder/name.csv", "a,b\n")
    with store.local_path("folder/name.csv") as path:
        assert path.name == "name.csv"
        assert path.read_text() == "a,b\n"
    assert not path.exists()


@pytest.mark.parametrize("key", ["n" * 255, "é" * 200, "a/...", "x y", ".", "~"])
def test_a_local_path_exists_for_odd_keys(store, key):
    if key == ".":
        with pytest.raises(holdall.ValidationError), store.local_path(key):
            pass
        return
    store.put(key, b"\xff")
    with store.local_path(key) as path:
        assert path.read_bytes() == b"\xff"


def test_a_local_file_knows_its_path_checksum_and_info(store):
    store.put("k.txt", "hello")
    with store.local_open("k.txt", "sha1") as file:
        assert file.read() == b"hello"
        assert file.path.read_bytes() == b"hello"
        assert file.checksum == store.checksum("k.txt", "sha1")
        assert file.info == store.info("k.txt")
    assert not file.path.exists()


def test_a_writer_that_is_forgotten_keeps_nothing(store):
    def fails(mode, part):
        file = store.open("k", mode)
        file.write(part)
        raise OSError("halfway")

    store.put("k", "old")
    for mode, part in (("wb", b"half"), ("w", "half")):
        with pytest.raises(OSError, match="halfway"):
            fails(mode, part)
        gc.collect()
        assert store.get("k") == "old"
    file = store.open("k", "w")
    file.write("whole")
    file.close()
    assert store.get("k", mode="raw") == b"whole"
