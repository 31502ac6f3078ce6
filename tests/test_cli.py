"""The command line, as a shell sees it: every test runs the real command."""

import datetime as dt
import json
import os
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest

import holdall
from conftest import uri_in
from holdall import get_store

FULL = Path("/dev/full")
HOLDALL = [sys.executable, "-m", "holdall"]
MISSING, USAGE, UNTRUSTED, DAMAGED, REFUSED, INTERRUPTED = 3, 2, 4, 5, 6, 130


def run(*arguments, code=0, stdin=b"", **options):
    """Run a command, check its exit code, and return what it printed, as bytes."""
    done = subprocess.run(
        [*HOLDALL, *arguments], input=stdin, capture_output=True, check=False, **options
    )
    assert done.returncode == code, done
    assert b"Traceback" not in done.stderr
    if code == 0:
        assert done.stderr == b""
    return done.stdout


def refused(*arguments, code, **options):
    """Run a command that must fail, and return the one line that it says."""
    done = subprocess.run(
        [*HOLDALL, *arguments], capture_output=True, text=True, check=False, **options
    )
    assert (done.returncode, done.stdout) == (code, ""), done
    assert done.stderr.startswith("holdall: ")
    assert done.stderr.count("\n") == 1
    return done.stderr


@pytest.fixture
def at(disk_uri, monkeypatch):
    """The URI of a store that commands find in the environment; made by the first put."""
    monkeypatch.setenv("HOLDALL_URI", disk_uri)
    return disk_uri


# put and get


def test_a_text_goes_in_and_comes_out_as_it_is(at):
    assert run("put", "greeting", "hello") == b""
    assert run("get", "greeting") == b"hello"
    with get_store(at) as store:
        assert store.get("greeting") == "hello"


@pytest.mark.parametrize("how", [[], ["-"]])
def test_standard_input_is_text_if_it_is_utf_8_and_bytes_if_not(at, how):
    run("put", "text", *how, stdin="é\r\n".encode())
    run("put", "bytes", *how, stdin=b"\xff\x00")
    run("put", "nothing", *how)
    with get_store(at) as store:
        assert (store["text"], store["bytes"], store["nothing"]) == ("é\r\n", b"\xff\x00", "")
    assert run("get", "text") == "é\r\n".encode()
    assert run("get", "bytes") == b"\xff\x00"


def test_put_takes_a_file_and_get_writes_one(at, tmp_path):
    (tmp_path / "in").write_bytes(b"\xff" * 1_000_000)
    run("put", "data", "-i", str(tmp_path / "in"))
    run("get", "data", "-o", str(tmp_path / "out"))
    assert (tmp_path / "out").read_bytes() == b"\xff" * 1_000_000
    assert run("get", "data", "-o", "-") == b"\xff" * 1_000_000


def test_a_value_that_is_not_there_does_not_empty_the_file(at, tmp_path):
    run("put", "other", "x")
    (tmp_path / "out").write_text("kept")
    refused("get", "gone", "-o", str(tmp_path / "out"), code=MISSING)
    assert (tmp_path / "out").read_text() == "kept"


@pytest.mark.parametrize("value", ["-5", "-0.5", "--", "-x", "--json"])
def test_a_value_may_begin_with_a_dash(at, value):
    separated = [] if value[1].isdigit() else ["--"]
    run("put", "k", *separated, value)
    assert run("get", "k") == value.encode()


def test_the_mode_says_what_is_put(at):
    run("put", "json", "--mode", "json", '{"a": [1, 2.0, null]}')
    run("put", "raw", "--mode", "raw", "é")
    run("put", "text", "--mode", "text", '{"a": 1}')
    run("put", "auto", '{"a": 1}')
    with get_store(at) as store:
        assert store["json"] == {"a": [1, 2.0, None]}
        assert store["raw"] == "é".encode()
        assert store["text"] == store["auto"] == '{"a": 1}'


@pytest.mark.parametrize("text", ["{", "", "nan", "[1,]", "1 2"])
def test_json_is_read_strictly(at, text):
    assert "JSON" in refused("put", "k", "--mode", "json", text, code=1)
    refused("get", "k", code=MISSING)


def test_bytes_are_no_text(at):
    done = subprocess.run(
        [*HOLDALL, "put", "k", "--mode", "text"], input=b"\xff", capture_output=True, check=False
    )
    assert done.returncode == 1
    assert b"--mode raw" in done.stderr


def test_the_settings_say_the_mode_unless_the_command_does(at, monkeypatch):
    monkeypatch.setenv("HOLDALL_SERIALIZATION_MODE", "json")
    run("put", "number", "1")
    run("put", "text", "--mode", "text", "1")
    assert run("get", "number", "--mode", "raw") == b"1"
    monkeypatch.delenv("HOLDALL_SERIALIZATION_MODE")
    with get_store(at) as store:
        assert (store["number"], store["text"]) == (1, "1")


SHOWN = {
    "dict": ({"b": 1, "a": [None, True, 0.5]}, b'{"b":1,"a":[null,true,0.5]}\n'),
    "none": (None, b"null\n"),
    "int": (7, b"7\n"),
    "tuple": ((1, "x"), b"(1, 'x')\n"),
    "nan": (float("nan"), b"nan\n"),
    "date": (dt.date(2020, 1, 1), b"datetime.date(2020, 1, 1)\n"),
    "bytearray": (bytearray(b"x"), b"bytearray(b'x')\n"),
    "lone surrogate": ("a\ud800", b"'a\\ud800'\n"),
}


@pytest.mark.parametrize("name", SHOWN)
def test_a_value_is_shown_as_json_or_as_python_shows_it(at, name):
    value, shown = SHOWN[name]
    with get_store(at) as store:
        store.put("k", value)
    assert run("get", "k") == shown


def test_json_shows_what_json_can_show(at):
    values = {"text": "a\n", "dict": {"a": 1}, "tuple": (1, 2), "date": dt.date(2020, 1, 1)}
    with get_store(at) as store:
        store.put_many(values)
        store.put("set", [{1}])
    shown = {key: json.loads(run("get", key, "--json")) for key in values}
    assert shown == {"text": "a\n", "dict": {"a": 1}, "tuple": [1, 2], "date": "2020-01-01"}
    said = refused("get", "set", "--json", code=1)
    assert "$[0]" in said
    assert "without --json" in said


def test_raw_gives_the_bytes_of_whatever_was_put(at):
    with get_store(at) as store:
        store.put("k", [1, 2])
    assert run("get", "k", "--mode", "raw") == b"[1,2]"


def test_a_value_lives_as_long_as_it_was_told(at):
    run("put", "short", "--ttl", "0.001", "x")
    run("put", "long", "--ttl", "1000", "x")
    refused("get", "short", code=MISSING)
    assert json.loads(run("info", "long", "--json"))["expires_at"]


def test_if_absent_leaves_what_is_there(at):
    run("put", "k", "--if-absent", "first")
    assert "left as it is" in refused("put", "k", "--if-absent", "second", code=1)
    assert run("get", "k") == b"first"


# keys


@pytest.fixture
def filled(at):
    with get_store(at) as store:
        store.put_many({"a/1": 1, "a/2": "x", "a/b/3": b"\xff", "c": [1], "two words": 2, "é": 3})
    return at


def test_keys_are_listed_a_line_each(filled):
    lines = run("keys").decode().splitlines()
    assert sorted(lines) == ["a/1", "a/2", "a/b/3", "c", "two words", "é"]


@pytest.mark.parametrize(
    ("options", "keys"),
    [
        (["--prefix", "a/"], {"a/1", "a/2", "a/b/3"}),
        (["--prefix", "a/", "--exclude-prefix", "a/b"], {"a/1", "a/2"}),
        (["--glob", "a/*"], {"a/1", "a/2"}),
        (["--glob", "a/**"], {"a/1", "a/2", "a/b/3"}),
        (["--depth", "1"], {"c", "two words", "é"}),
        (["--prefix", "nothing"], set()),
    ],
)
def test_keys_are_chosen_as_by_the_store(filled, options, keys):
    assert set(run("keys", *options).decode().splitlines()) == keys
    listed = json.loads(run("keys", "--json", *options))
    assert sorted(listed) == sorted(keys)


def test_keys_with_info(filled, tmp_path):
    run("keys", "--info", "--json", "-o", str(tmp_path / "keys.json"))
    described = {info["key"]: info for info in json.loads((tmp_path / "keys.json").read_text())}
    with get_store(filled) as store:
        for key in store:
            info = store.info(key)
            found = described.pop(key)
            assert (found["size"], found["codec"]) == (info.size, info.codec)
            assert dt.datetime.fromisoformat(found["updated_at"]) == info.updated_at
    assert not described
    rows = [line.split(maxsplit=4) for line in run("keys", "--info").decode().splitlines()]
    assert ("1", "raw", "a/b/3") in {tuple(row[2:]) for row in rows}
    assert "two words" in {row[4] for row in rows}


def test_a_key_cannot_draw_on_a_terminal(at):
    pty = pytest.importorskip("pty")
    with get_store(at) as store:
        store.put("red\x1b[31m", "x")
    assert run("keys") == b"red\x1b[31m\n"
    ours, theirs = pty.openpty()
    try:
        subprocess.run([*HOLDALL, "keys"], stdout=theirs, check=True)
        assert os.read(ours, 1000).strip() == rb"red\u{1b}[31m"
    finally:
        os.close(ours)
        os.close(theirs)


# info and inspect


def test_info(filled):
    known = json.loads(run("info", "a/b/3", "--json"))
    assert (known["name"], known["size"], known["codec"], known["expires_at"]) == (
        "3",
        1,
        "raw",
        None,
    )
    lines = dict(line.split(maxsplit=1) for line in run("info", "a/b/3").decode().splitlines())
    assert (lines["key"], lines["size"], lines["codec"], lines["expires"]) == (
        "a/b/3",
        "1 bytes",
        "raw",
        "never",
    )


class Bomb:
    def __reduce__(self):
        return os.mkdir, ("exploded",)


def test_inspect_opens_nothing(at, tmp_path):
    with get_store(at) as store:
        store.put("bomb", Bomb())
    shown = run("inspect", "bomb", cwd=tmp_path).decode()
    assert "active" in shown
    assert "mkdir" in shown
    seen = json.loads(run("inspect", "bomb", "--json", cwd=tmp_path))
    assert seen["active"]
    assert seen["signed_by"]
    assert not (tmp_path / "exploded").exists()


def test_inspect_takes_a_stream_and_a_file(tmp_path):
    frame = holdall.dumps({"a": 1})
    (tmp_path / "frame").write_bytes(frame)
    for seen in (
        run("inspect", "-", "--json", stdin=frame),
        run("inspect", "--file", str(tmp_path / "frame"), "--json"),
    ):
        assert (json.loads(seen)["codec"], json.loads(seen)["preview"]) == ("json", '{"a":1}')
    (tmp_path / "frame").write_bytes(frame[:-1] + b"]")
    refused("inspect", "--file", str(tmp_path / "frame"), code=DAMAGED)


def test_inspect_wants_one_thing(tmp_path):
    for arguments in ([], ["key", "--file", "file"]):
        run("inspect", *arguments, code=USAGE)


# delete and copy


def test_delete_goes_on_after_a_key_that_is_not_there(filled):
    done = subprocess.run(
        [*HOLDALL, "delete", "a/1", "gone", "c", "lost"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == MISSING
    said = done.stderr.splitlines()
    assert ["gone" in said[0], "lost" in said[1], len(said)] == [True, True, 2]
    assert sorted(json.loads(run("keys", "--json"))) == ["a/2", "a/b/3", "two words", "é"]


def test_delete_says_so_whatever_the_settings_say(filled, monkeypatch):
    monkeypatch.setenv("HOLDALL_RAISE_ON_NONEXIST", "false")
    refused("delete", "gone", code=MISSING)
    refused("get", "gone", code=MISSING)
    assert run("delete", "gone", "c", "--ignore-errors") == b""
    refused("get", "c", code=MISSING)


def test_copy(filled, tmp_path):
    other = uri_in("sqlite", tmp_path, "other")
    assert run("copy", filled, other) == b"6 values copied\n"
    assert (
        run("copy", filled, f"{tmp_path}/folder", "--prefix", "a/", "--exclude-prefix", "a/b")
        == b"2 values copied\n"
    )
    with (
        get_store(filled) as one,
        get_store(other) as two,
        get_store(f"{tmp_path}/folder") as three,
    ):
        assert dict(one.items()) == dict(two.items())
        assert sorted(three) == ["a/1", "a/2"]


# settings and key


def test_settings_say_what_holds_and_why(monkeypatch, isolated):
    monkeypatch.setenv("HOLDALL_DEFAULT_TTL", "60")
    monkeypatch.setenv("HOLDALL_BACKEND_CONFIG__DURABILITY", "full")
    shown = json.loads(run("settings", "--json"))
    assert shown == {
        "uri": "sqlite:///.holdall/store.db",
        "serialization_mode": "auto",
        "raise_on_nonexist": True,
        "default_ttl": 60.0,
        "backend_config": {"durability": "full"},
        "keyset": str(isolated / ".config/holdall/keyset.json"),
    }
    lines = {
        line.split()[0]: line for line in run("--store", "./here", "settings").decode().splitlines()
    }
    assert lines["uri"].split()[1:] == ["./here", "--store"]
    assert lines["default_ttl"].endswith("HOLDALL_DEFAULT_TTL")
    assert "default;" not in lines["default_ttl"]
    assert "default;" in lines["serialization_mode"]


def secrets(keyset):
    return [key["secret"] for key in json.loads(keyset)["keys"]]


def test_no_secret_is_shown(monkeypatch, tmp_path):
    keyset = run("key", "new").decode()
    monkeypatch.setenv("HOLDALL_KEYSET", keyset)
    monkeypatch.setenv("HOLDALL_BACKEND_CONFIG__PASSWORD", "hunter2")
    store = ["--store", "pg://me:hunter2@host/db"]
    commands = [
        ["key", "show"],
        ["key", "show", "--json"],
        [*store, "settings"],
        [*store, "settings", "--json"],
    ]
    shown = "".join(run(*command).decode() for command in commands)
    assert "HOLDALL_KEYSET" in shown
    assert "hunter2" not in shown
    assert not any(secret in shown for secret in secrets(keyset))


def test_a_new_keyset_signs_and_is_shown(monkeypatch, tmp_path, at):
    path = tmp_path / "keyset.json"
    assert run("key", "new", "-o", str(path)) == b""
    if os.name == "posix":
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    monkeypatch.setenv("HOLDALL_KEYSET", str(path))
    (key,) = json.loads(run("key", "show", "--json"))["keys"]
    assert (key["enabled"], key["primary"]) == (True, True)
    assert key["id"] in run("key", "show").decode()
    with get_store(at) as store:
        store.put("k", KeyError)
    assert run("get", "k") == b"<class 'KeyError'>\n"
    assert json.loads(run("info", "k", "--json"))["signed_by"] == key["id"]


def test_a_keyset_is_never_overwritten(tmp_path):
    path = tmp_path / "keyset.json"
    run("key", "new", "-o", str(path))
    before = path.read_bytes()
    assert "already" in refused("key", "new", "-o", str(path), code=1)
    assert path.read_bytes() == before


def test_without_a_keyset_show_says_so(isolated):
    assert json.loads(run("key", "show", "--json"))["keys"] == []
    assert b"not there yet" in run("key", "show")


def test_a_keyset_that_is_made_is_told_of(monkeypatch, at, isolated):
    monkeypatch.setenv("HOLDALL_SERIALIZATION_MODE", "pickle")
    done = subprocess.run([*HOLDALL, "put", "k", "x"], capture_output=True, text=True, check=True)
    assert str(isolated / ".config/holdall/keyset.json") in done.stderr
    assert run("put", "k", "y") == b""


# The rest


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish", "powershell"])
def test_completion_knows_every_command(shell):
    script = run("completion", shell).decode()
    for command in ("put", "get", "keys", "info", "inspect", "delete", "copy", "settings", "key"):
        assert command in script
    assert "exclude-prefix" in script


def test_a_completion_script_is_one_that_bash_reads():
    try:
        subprocess.run(["bash", "-n"], input=run("completion", "bash"), check=True)
    except FileNotFoundError:
        pytest.skip("no bash here")


def test_help_and_version():
    assert run("--version").decode() == f"holdall {holdall.__version__}\n"
    shown = run("--help").decode()
    for code in (0, 1, 2, 3, 4, 5, 6, 130):
        assert f"\n  {code:<4} " in shown


# Exit codes


@pytest.mark.parametrize(
    "arguments",
    [[], ["fly"], ["get"], ["get", "k", "--mode", "pickle"], ["put", "k", "--ttl", "x"]],
)
def test_a_mistake_in_the_arguments_is_2(arguments):
    run(*arguments, code=USAGE)


def test_a_bad_key_uri_or_setting_is_2(at, monkeypatch):
    run("put", "k", "v")
    assert ".." in refused("get", "../x", code=USAGE)
    assert "nope" in refused("--store", "nope://x", "get", "k", code=USAGE)
    monkeypatch.setenv("HOLDALL_DEFAULT_TTL", "soon")
    assert "HOLDALL_DEFAULT_TTL" in refused("get", "k", code=USAGE)


def test_what_is_not_there_is_3_and_is_not_made(at, tmp_path):
    for command in (
        ["get", "k"],
        ["keys"],
        ["info", "k"],
        ["inspect", "k"],
        ["delete", "k"],
        ["copy", at, "./to"],
    ):
        assert "no store at" in refused(*command, code=MISSING, cwd=tmp_path)
    assert list(tmp_path.iterdir()) == []
    run("put", "other", "x")
    for command in ("get", "info", "inspect", "delete"):
        assert '"k"' in refused(command, "k", code=MISSING)
    assert "keys" in refused("get", "k", code=MISSING)


def test_what_nobody_vouches_for_is_4(at, monkeypatch):
    with get_store(at, keyset=run("key", "new").decode()) as store:
        store.put("k", Bomb())
    refused("get", "k", code=UNTRUSTED)
    monkeypatch.setenv("HOLDALL_KEYSET", run("key", "new").decode())
    refused("get", "k", code=UNTRUSTED)
    assert b"mkdir" in run("inspect", "k")


def test_what_is_damaged_or_newer_is_5(tmp_path, monkeypatch):
    monkeypatch.setenv("HOLDALL_URI", str(tmp_path / "folder"))
    run("put", "k", "--mode", "json", "1")
    path = tmp_path / "folder/k"
    frame = path.read_bytes()
    path.write_bytes(frame[:-1] + b"2")
    refused("get", "k", code=DAMAGED)
    path.write_bytes(frame[:2] + bytes([frame[2] | 0xF0]) + frame[3:])
    refused("get", "k", code=DAMAGED)


def test_what_cannot_be_written_is_6(at, monkeypatch):
    run("put", "k", "v")
    monkeypatch.setenv("HOLDALL_BACKEND_CONFIG__READ_ONLY", "true")
    refused("put", "k", "w", code=REFUSED)
    assert run("get", "k") == b"v"


def test_a_file_that_cannot_be_read_or_written_is_1(at, tmp_path):
    assert "No such file" in refused("put", "k", "-i", str(tmp_path / "gone"), code=1)
    run("put", "k", "v")
    assert "No such file" in refused("get", "k", "-o", str(tmp_path / "no/such/folder"), code=1)


def test_an_error_of_a_value_s_own_is_one_line(at, monkeypatch, tmp_path):
    (tmp_path / "quarrel.py").write_text(
        "class Quarrel:\n    def __repr__(self):\n        raise RuntimeError('two\\nlines')\n"
    )
    monkeypatch.setenv("PYTHONPATH", f"{tmp_path}{os.pathsep}{os.environ['PYTHONPATH']}")
    code = f"import holdall, quarrel; holdall.get_store({at!r}).put('k', quarrel.Quarrel())"
    subprocess.run([sys.executable, "-c", code], check=True)
    assert refused("get", "k", code=1) == "holdall: RuntimeError: two lines\n"


# Pipes and signals


@pytest.fixture
def large(at):
    """A store whose keys, and one of whose values, are more than any pipe holds."""
    with get_store(at) as store:
        store.put_many({f"{i:05}-{'x' * 100}": i for i in range(5000)})
        store.put("value", b"\xff" * 2_000_000)
    return at


@pytest.mark.parametrize(
    "command", [["keys"], ["keys", "--json"], ["keys", "--info"], ["get", "value"]]
)
def test_a_broken_pipe_is_quiet(large, command):
    process = subprocess.Popen([*HOLDALL, *command], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout.read(1)
    process.stdout.close()
    with process:
        assert process.stderr.read() == b""
    assert process.returncode == 0


def test_a_pipe_that_nobody_reads_is_quiet_at_the_end_too(filled):
    read, write = os.pipe()
    os.close(read)
    done = subprocess.run([*HOLDALL, "keys"], stdout=write, stderr=subprocess.PIPE, check=False)
    os.close(write)
    assert (done.returncode, done.stderr) == (0, b"")


def test_the_shell_s_own_pipe(large):
    shell = f"{' '.join(HOLDALL)} keys | head -n 1"
    done = subprocess.run(shell, shell=True, capture_output=True, text=True, check=True)
    assert done.stdout.count("\n") == 1
    assert done.stderr == ""


@pytest.mark.skipif(not FULL.exists(), reason="no /dev/full here")
def test_output_that_does_not_fit_is_an_error(filled):
    with FULL.open("wb") as full:
        done = subprocess.run([*HOLDALL, "keys"], stdout=full, stderr=subprocess.PIPE, check=False)
    assert done.returncode == 1
    assert b"standard output: No space left" in done.stderr


@pytest.mark.skipif(os.name != "posix", reason="closes a descriptor by the shell")
def test_closed_output_is_an_error_and_harms_no_store(filled):
    for command in ("keys", "get a/2"):
        done = subprocess.run(
            f"{' '.join(HOLDALL)} {command} >&-", shell=True, stderr=subprocess.PIPE, check=False
        )
        assert done.returncode == 1
        assert b"standard output is closed" in done.stderr
    with get_store(filled) as store:
        assert store["a/2"] == "x"


@pytest.mark.skipif(os.name != "posix", reason="sends SIGINT")
def test_ctrl_c_is_quiet(large):
    process = subprocess.Popen([*HOLDALL, "keys"], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout.read(1)  # it is running, and waits for the pipe to be read
    process.send_signal(signal.SIGINT)
    # Not read further: the write that waits must end by the signal alone.
    assert process.wait(timeout=10) == INTERRUPTED
    with process:
        assert process.stderr.read() == b""


def test_an_argument_that_is_not_unicode_is_no_crash(filled, tmp_path):
    if os.name != "posix":
        pytest.skip("arguments are always Unicode here")
    run("get", b"\xff", code=USAGE)
    name = os.fsencode(tmp_path) + b"/\xff"
    run("get", "a/2", "-o", name)
    run("put", "copy", "-i", name)
    assert run("get", "copy") == b"x"
