"""The codec's works: what is measured, beside whom, and how much faster than whom holdall is to be.

Every value goes through `dumps` and `loads` as they stand, in mode `auto`: the frame, the checksum
and, where the payload is active, the signature are in holdall's times and in nobody else's.
"""

import pickle
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import cloudpickle
import codec_values
import joblib
import numpy as np
import orjson
from measure import Work, each, each_with, interleaved
from works import OURS, Result

import holdall

# How much faster than each peer: encoding, decoding.
Targets = dict[str, tuple[float, float]]

Load = Callable[[bytes], Any]

ORJSON, PICKLE, CLOUDPICKLE = "orjson", "pickle 5", "cloudpickle"
JSON: Targets = {ORJSON: (0.9, 1.0), PICKLE: (2, 1.0)}


def everything(folder: Path, rounds: int) -> Iterator[Result]:
    """Do all the works, one result after the other."""
    for name, document in codec_values.documents().items():
        yield from codec(name, document, JSON, rounds)
    standard = codec_values.standard_types()
    yield from codec("standard types", standard, {PICKLE: (5, 3)}, rounds)
    yield from codec("2,000 tuples", codec_values.tuples(), {PICKLE: (1.5, 1.0)}, rounds)
    yield from codec("1,000 dataclasses", codec_values.instances(), {PICKLE: (2, 1.2)}, rounds)
    closure = codec_values.closure()
    yield from codec("lambda", closure, {CLOUDPICKLE: (0.9, 0.9)}, rounds, same=same_function)
    yield from array(folder, max(3, rounds // 4))


def codec(
    name: str,
    value: Any,
    targets: Targets,
    rounds: int,
    same: Callable[[Any, Any], bool] = lambda one, other: type(one) is type(other) and one == other,
) -> Iterator[Result]:
    """A value to bytes and back."""
    batch = calls(value)
    dumps: dict[str, Work] = {OURS: lambda _: each(holdall.dumps, [value] * batch)}
    kept: dict[str, tuple[bytes, Load]] = {OURS: (holdall.dumps(value), holdall.loads)}
    if ORJSON in targets:
        dumps[ORJSON] = lambda _: each(orjson.dumps, [value] * batch)
        kept[ORJSON] = orjson.dumps(value), orjson.loads
    if PICKLE in targets:
        dumps[PICKLE] = lambda _: each_with(pickle.dumps, [value] * batch, 5)
        kept[PICKLE] = pickle.dumps(value, 5), pickle.loads
    if CLOUDPICKLE in targets:
        dumps[CLOUDPICKLE] = lambda _: each(cloudpickle.dumps, [value] * batch)
        kept[CLOUDPICKLE] = cloudpickle.dumps(value), cloudpickle.loads
    for contender, (data, load) in kept.items():
        if not same(load(data), value):
            raise AssertionError(f"{contender} gives back another value than {name}")

    def reading(data: bytes, load: Load) -> Work:
        return lambda _: each(load, [data] * batch)

    loads = {contender: reading(*how) for contender, how in kept.items()}
    times = interleaved(dumps, rounds, batch)
    yield Result(name, "encode", times, {peer: target for peer, (target, _) in targets.items()})
    times = interleaved(loads, rounds, batch)
    yield Result(name, "decode", times, {peer: target for peer, (_, target) in targets.items()})


def calls(value: Any) -> int:
    """So many that a turn takes about five milliseconds, whatever the value."""
    size = len(holdall.dumps(value))
    return max(1, min(2_000, 500_000 // size))


def same_function(one: Any, other: Any) -> bool:
    return all(one(x) == other(x) for x in (0.0, 1.5))


def array(folder: Path, rounds: int) -> Iterator[Result]:
    """100 MB of floats to a file, and back. A new file in every round; the one before it is gone."""
    data = np.random.default_rng(5).random(12_500_000)
    store = holdall.get_store(str(folder / "holdall"), settings=holdall.Settings())
    (folder / "peers").mkdir(parents=True)
    npy, job = folder / "peers/array.npy", folder / "peers/array.joblib"

    def put(_: int) -> Callable[[], object]:
        store.delete("array", ignore_errors=True)
        return lambda: store.put("array", data)

    def save(_: int) -> Callable[[], object]:
        npy.unlink(missing_ok=True)
        return lambda: np.save(npy, data)

    def dump(_: int) -> Callable[[], object]:
        job.unlink(missing_ok=True)
        return lambda: joblib.dump(data, job)

    numpy, library = "np.save, np.load", "joblib"
    with store:
        times = interleaved({OURS: put, numpy: save, library: dump}, rounds, 1)
        yield Result("100 MB array", "to a file", times, {numpy: 0.7, library: 1.2})
        gets: dict[str, Callable[[], Any]] = {
            OURS: lambda: store.get("array"),
            numpy: lambda: np.load(npy),
            library: lambda: joblib.load(job),
        }
        for contender, get in gets.items():
            if not np.array_equal(get(), data):
                raise AssertionError(f"{contender} gives back another array")
        reads = {contender: (lambda _, get=get: get) for contender, get in gets.items()}
        times = interleaved(reads, rounds, 1)
        yield Result("100 MB array", "from a file", times, {numpy: 0.75, library: 1.0})
