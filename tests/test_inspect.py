"""inspect: what bytes are, without opening them."""

import sys
from datetime import UTC, datetime

import pytest

import holdall
from holdall import get_store
from models import Color, Pair, Point
from processes import run


def test_a_passive_frame():
    seen = holdall.inspect(holdall.dumps({"data": 1}))
    assert (seen.codec, seen.active, seen.bare, seen.header_size) == ("json", False, False, 8)
    assert seen.size == 8 + len('{"data":1}')
    assert seen.preview == '{"data":1}'
    assert (seen.signed_by, seen.python, seen.expires_at, seen.names) == (None, None, None, ())
    assert "passive" in str(seen)


def test_an_active_frame_names_what_it_would_import():
    seen = holdall.inspect(holdall.dumps([Point(1), Point(2), KeyError]))
    assert (seen.codec, seen.active) == ("pickle", True)
    assert seen.names == ("models.Point", "builtins.KeyError")
    assert seen.signed_by == holdall._holdall.keyset_show()["keys"][0]["id"]
    text = str(seen)
    assert "active" in text
    assert "imports models.Point, builtins.KeyError" in text
    assert seen.signed_by in text


def test_code_tells_its_python_version():
    seen = holdall.inspect(holdall.dumps(lambda: 1))
    assert seen.python == "{}.{}".format(*sys.version_info)
    assert f"Python {seen.python}" in str(seen)


@pytest.mark.parametrize("protocol", range(6))
def test_names_are_found_in_pickles_of_every_protocol(protocol):
    import datetime as dt
    import pickle

    from holdall.inspect import names

    found = names(pickle.dumps([dt.date(2020, 1, 1), ValueError("datetime"), Point(1)], protocol))
    assert "datetime.date" in found
    assert "models.Point" in found
    assert any(name.endswith(".ValueError") for name in found)


def test_a_damaged_pickle_is_shown_and_not_run():
    from holdall.inspect import names

    assert names(b"\x80\x05cos\nsystem\n\xff\xff") == ["os.system", "(damaged pickle)"]


@pytest.mark.parametrize(
    ("data", "codec"), [(b"", "raw"), (b"{}", "json"), (b"hello", "text"), (b"\xff", "raw")]
)
def test_bare_bytes_are_what_the_bare_rule_says(data, codec):
    seen = holdall.inspect(data)
    assert (seen.codec, seen.bare, seen.size, seen.header_size) == (codec, True, len(data), 0)
    assert "bare" in str(seen)


def test_a_bare_pickle_is_only_bytes():
    import pickle

    seen = holdall.inspect(pickle.dumps({1}))
    assert (seen.codec, seen.active, seen.names) == ("raw", False, ())


def test_the_preview_is_one_short_line():
    seen = holdall.inspect(holdall.dumps("line one\nline two " + "é" * 10_000))
    assert len(seen.preview) <= 120
    assert "\n" not in seen.preview
    assert seen.preview.startswith("line one line two é")


def test_the_time_of_expiry_is_shown(tmp_path):
    with get_store(tmp_path) as store:
        store.put("k", "v", ttl=3600)
        seen = holdall.inspect((tmp_path / "k").read_bytes())
        assert seen.expires_at == store.info("k").expires_at
        assert seen.expires_at > datetime.now(UTC)
        assert seen.expires_at.isoformat() in str(seen)


def test_damaged_and_newer_frames_are_errors():
    frame = holdall.dumps("hello")
    with pytest.raises(holdall.CorruptFrame):
        holdall.inspect(frame[:-1])
    with pytest.raises(holdall.UnsupportedVersion):
        holdall.inspect(frame[:2] + b"\x11" + frame[3:])


def test_looking_imports_and_runs_nothing():
    out = run(
        """
        import pickle
        class Bomb:
            def __reduce__(self):
                return (print, ("RAN",))
        frame = holdall.dumps(Bomb())
        events = []
        sys.addaudithook(lambda event, _: events.append(event))
        seen = holdall.inspect(frame)
        print([event for event in events if event in ("exec", "import", "pickle.find_class", "os.system")])
        print(seen.active, seen.names)
        """
    )
    assert out == "[]\nTrue ('builtins.print',)\n"


def test_cbor_is_shown_in_diagnostic_notation():
    seen = holdall.inspect(holdall.dumps({1: (2, b"\xff"), "é": {3}}))
    assert (seen.codec, seen.active, seen.names) == ("cbor", False, ())
    assert seen.preview == "{1: 49480([2, h'ff']), \"é\": 258([3])}"
    assert "passive" in str(seen)


def test_cbor_names_the_classes_of_its_instances():
    seen = holdall.inspect(holdall.dumps([Point(1), Point(2), Pair(Color.RED, 1)]))
    assert (seen.codec, seen.active) == ("cbor", True)
    assert seen.names == ("models:Point", "models:Pair", "models:Color")
    assert seen.signed_by == holdall._holdall.keyset_show()["keys"][0]["id"]
    assert "active" in str(seen)
    assert "instances of models:Point, models:Pair, models:Color" in str(seen)


def test_the_preview_of_cbor_is_short_whatever_the_payload():
    deep = ()
    for _ in range(5000):
        deep = (deep,)
    for value in [tuple(range(100_000)), deep, {1: "é" * 10**6}, {1: b"x" * 10**6}]:
        seen = holdall.inspect(holdall.dumps(value))
        assert len(seen.preview) == 120
        assert seen.preview.endswith("…")


def test_looking_at_instances_imports_nothing():
    out = run(
        """
        import dataclasses, types
        module = sys.modules["far"] = types.ModuleType("far")
        @dataclasses.dataclass
        class Away:
            x: int
        Away.__module__ = "far"
        module.Away = Away
        frame = holdall.dumps(Away(1))
        del sys.modules["far"]
        events = []
        sys.addaudithook(lambda event, _: events.append(event))
        seen = holdall.inspect(frame)
        print([event for event in events if event in ("exec", "import", "compile")])
        print(seen.active, seen.names, seen.preview)
        """
    )
    assert out == ('[]\nTrue (\'far:Away\',) 49482([["dataclass", "far:Away", 0, ["x"], []], 1])\n')
