"""The keyset: where it is found, how it comes into being, and what its keys decide."""

import json
import logging
import os
import re
import stat
import time
from pathlib import Path

import pytest

import holdall
from holdall import get_store
from holdall._holdall import keyset_new, keyset_show
from processes import finish, run, start

GOLDEN = Path(__file__).parent / "golden"


def own_file(home):
    return home / ".config" / "holdall" / "keyset.json"


def test_passive_values_need_no_keyset(isolated, store):
    for value in ["text", b"bytes", {"a": [1, None]}]:
        store.put("k", value)
        assert store.get("k") == value
    assert not own_file(isolated).exists()


def test_the_first_active_value_makes_the_users_own_keyset(isolated, store):
    store.put("k", KeyError)
    file = own_file(isolated)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [path.name for path in file.parent.iterdir()] == ["keyset.json"]
    written = file.read_bytes()
    store.put("k", OSError)
    assert file.read_bytes() == written
    assert store.info("k").signed_by == json.loads(written)["primary"]


def test_where_it_is_is_said_once(isolated, caplog):
    with caplog.at_level(logging.INFO, logger="holdall"):
        holdall.dumps(KeyError)
        holdall.dumps(OSError)
        get_store("memory://").put("k", {3})
    said = [record for record in caplog.records if record.name == "holdall"]
    assert [record.levelno for record in said] == [logging.INFO]
    assert str(own_file(isolated)) in said[0].getMessage()
    assert json.loads(own_file(isolated).read_text())["keys"][0]["secret"] not in caplog.text


def test_it_is_not_said_where_nobody_listens():
    assert run("holdall.dumps(KeyError); print('done')", stderr=-2) == "done\n"


def test_of_many_processes_one_makes_it_and_all_use_it(isolated):
    code = """
    print("ready", flush=True)
    sys.stdin.readline()
    print(holdall.dumps(KeyError).hex())
    """
    children = [start(code) for _ in range(8)]
    for child in children:
        assert child.stdout.readline() == "ready\n"
    for child in children:
        child.stdin.write("\n")
        child.stdin.flush()
    frames = [bytes.fromhex(finish(child)) for child in children]
    assert {holdall.inspect(frame).signed_by for frame in frames} == {
        keyset_show()["keys"][0]["id"]
    }
    assert [holdall.loads(frame) for frame in frames] == [KeyError] * 8
    assert [path.name for path in own_file(isolated).parent.iterdir()] == ["keyset.json"]


def no_home(monkeypatch, tmp_path, how):
    for name in ("XDG_CONFIG_HOME", "APPDATA", "HOME"):
        monkeypatch.delenv(name, raising=False)
    if how == "blocked":  # Root may write anywhere, so a file stands where the folder would be.
        (tmp_path / "blocked").write_text("")
        monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "blocked"))


@pytest.mark.parametrize("how", ["none", "blocked"])
def test_without_a_place_for_it_passive_values_work_and_active_ones_say_what_to_do(
    monkeypatch, tmp_path, how
):
    no_home(monkeypatch, tmp_path, how)
    store = get_store("memory://")
    store.put("k", {"a": 1})
    assert store.get("k") == {"a": 1}
    with pytest.raises(holdall.ValidationError, match="HOLDALL_KEYSET"):
        store.put("k", KeyError)
    assert store.get("k") == {"a": 1}
    monkeypatch.setenv("HOLDALL_KEYSET", keyset_new())
    store.put("k", KeyError)
    assert store.get("k") == KeyError


def test_without_a_keyset_an_active_value_is_not_opened(monkeypatch, tmp_path):
    frame = holdall.dumps(KeyError)
    no_home(monkeypatch, tmp_path, "none")
    with pytest.raises(holdall.UnknownKey, match="HOLDALL_KEYSET"):
        holdall.loads(frame)
    assert holdall.loads(frame, trust="all") == KeyError


@pytest.mark.parametrize("inline", [True, False])
def test_the_variable_holds_a_path_or_the_keyset_itself(isolated, monkeypatch, tmp_path, inline):
    text = keyset_new()
    path = tmp_path / "shared.json"
    path.write_text(text)
    monkeypatch.setenv("HOLDALL_KEYSET", text if inline else str(path))
    frame = holdall.dumps(KeyError)
    assert holdall.inspect(frame).signed_by == json.loads(text)["primary"]
    assert holdall.loads(frame) == KeyError
    assert not own_file(isolated).exists()
    assert (
        run("print(holdall.loads(bytes.fromhex(sys.argv[1])))", frame.hex())
        == "<class 'KeyError'>\n"
    )


def test_an_argument_wins_over_the_variable_and_that_over_the_own_file(monkeypatch, tmp_path):
    own = holdall.inspect(holdall.dumps(KeyError)).signed_by
    texts = [keyset_new(), keyset_new()]
    ids = [json.loads(text)["primary"] for text in texts]
    monkeypatch.setenv("HOLDALL_KEYSET", texts[0])
    assert holdall.inspect(holdall.dumps(KeyError)).signed_by == ids[0] != own
    assert holdall.inspect(holdall.dumps(KeyError, keyset=texts[1])).signed_by == ids[1]
    store = get_store("memory://", keyset=texts[1])
    store.put("k", KeyError)
    assert store.info("k").signed_by == ids[1]
    assert store.get("k") == KeyError


def test_another_keyset_is_an_unknown_key_and_the_error_says_to_share(monkeypatch):
    frame = holdall.dumps(KeyError, keyset=keyset_new())
    with pytest.raises(holdall.UnknownKey, match="keyset"):
        holdall.loads(frame)


def rotated(**changes):
    document = json.loads((GOLDEN / "keyset.json").read_text())
    document["primary"] = changes.pop("primary", document["primary"])
    for key in document["keys"]:
        key["state"] = changes.get(f"k{key['id']}", key["state"])
    return json.dumps(document)


def test_rotation_old_values_stay_readable_until_their_key_is_disabled(tmp_path, monkeypatch):
    path = tmp_path / "keyset.json"
    path.write_text(rotated(primary="5eed0001"))
    monkeypatch.setenv("HOLDALL_KEYSET", str(path))
    store = get_store("memory://")
    store.put("old", KeyError)
    assert store.info("old").signed_by == "5eed0001"
    path.write_text(rotated() + " ")
    time.sleep(0.05)  # a change of the file is noticed within 20 ms
    store.put("new", OSError)
    assert store.info("new").signed_by == "9f86d081"
    assert (store.get("old"), store.get("new")) == (KeyError, OSError)
    path.write_text(rotated(k5eed0001="disabled"))
    time.sleep(0.05)
    assert store.get("new") == OSError
    with pytest.raises(holdall.UnknownKey):
        store.get("old")
    assert store.get("old", trust="all") == KeyError


DAMAGED = [
    "{", "{}", "[]", "", '{"format": "holdall keyset", "version": 0}', rotated(primary="00c0ffee"), rotated(primary="12345678"),
    rotated().replace("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=", "c2hvcnQ="), rotated() + "x",
    rotated().replace('"state": "enabled"', '"state": "on"'), rotated().replace('"state"', '"stat"'),
]  # fmt: skip


@pytest.mark.parametrize("text", DAMAGED)
def test_a_damaged_keyset_is_a_typed_error_without_its_secrets(monkeypatch, tmp_path, text):
    path = tmp_path / "keyset.json"
    path.write_text(text)
    # Only a text that begins with a brace is taken for a keyset, any other one for a path.
    for value in [str(path), text] if text.startswith("{") else [str(path)]:
        monkeypatch.setenv("HOLDALL_KEYSET", value)
        with pytest.raises(holdall.ValidationError) as caught:
            holdall.dumps(KeyError)
        assert not re.search(r"AAECAw|ICEiIy|QEFCQ0|c2hvcnQ", str(caught.value))
        assert holdall.loads(holdall.dumps("passive")) == "passive"


def test_a_newer_keyset_is_an_unsupported_version(monkeypatch):
    monkeypatch.setenv("HOLDALL_KEYSET", rotated().replace('"version": 0', '"version": 1'))
    with pytest.raises(holdall.UnsupportedVersion):
        holdall.dumps(KeyError)


def test_a_keyset_that_is_not_there_is_not_made_up(monkeypatch, tmp_path):
    monkeypatch.setenv("HOLDALL_KEYSET", str(tmp_path / "missing.json"))
    with pytest.raises(holdall.ValidationError, match=r"missing\.json"):
        holdall.dumps(KeyError)
    assert not list(tmp_path.iterdir())


def test_what_is_shown_of_a_keyset_are_never_secrets(monkeypatch):
    monkeypatch.setenv("HOLDALL_KEYSET", rotated())
    shown = keyset_show()
    assert [(key["id"], key["enabled"], key["primary"]) for key in shown["keys"]] == [
        ("9f86d081", True, True), ("5eed0001", True, False), ("00c0ffee", False, False),
    ]  # fmt: skip
    assert "AAEC" not in repr(shown)
    assert os.environ["HOLDALL_KEYSET"] not in repr(shown)
