"""What the codec is measured with: documents, generated records, and what JSON does not hold."""

import json
import random
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

from codec_models import Place, Reading

import values

DATA = Path(__file__).resolve().parent / "data"


def documents() -> dict[str, Any]:
    """What JSON holds, from small to large."""
    generated = {
        "small dict": values.SMALL,
        "3 records": values.records(3),
        "500 records": values.records(),
        "5,000 coordinates": values.coordinates(),
    }
    files = ["twitter", "citm_catalog", "canada"]
    return generated | {name: json.loads((DATA / f"{name}.json").read_bytes()) for name in files}


def standard_types() -> dict[str, Any]:
    """A record of the types that JSON has no word for, of each a few."""
    rng = random.Random(3)
    start = datetime(2026, 1, 1, tzinfo=UTC)
    return {
        "moments": [start + timedelta(seconds=rng.randrange(10**7)) for _ in range(20)],
        "naive": [datetime(2026, 1, 1) + timedelta(microseconds=n) for n in range(20)],
        "days": [date(2026, 1, 1) + timedelta(days=n) for n in range(20)],
        "prices": [Decimal(rng.randrange(10**8)).scaleb(-2) for _ in range(20)],
        "ids": [UUID(int=rng.getrandbits(128), version=4) for _ in range(20)],
        "pairs": [(rng.random(), rng.randrange(100), None) for _ in range(20)],
        "tags": [{f"tag-{n}", f"tag-{n + 1}", "all"} for n in range(20)],
        "digests": [rng.randbytes(32) for _ in range(20)],
        "numbers": [rng.getrandbits(100) << 64 for _ in range(20)],
    }


def tuples(count: int = 2_000) -> list[tuple[Any, ...]]:
    """Tuples with nested tuples and frozensets."""
    return [
        (n, f"name {n}", (n * 0.5, (n, n + 1)), frozenset((n, -n)), (True, None))
        for n in range(count)
    ]


def instances(count: int = 1_000) -> list[Reading]:
    """Instances of a dataclass, each with another inside."""
    rng = random.Random(4)
    return [
        Reading(
            station=Place(f"station {n}", rng.uniform(-90, 90), rng.uniform(-180, 180)),
            year=1900 + n % 126,
            quality=rng.choice(["good", "fair", "poor"]),
            values=[rng.gauss(10, 3) for _ in range(3)],
            checked=n % 2 == 0,
        )
        for n in range(count)
    ]


def closure() -> Callable[[float], float]:
    """A lambda with what it closes over."""
    factor, offsets = 2.5, [1.0, 2.0, 3.0]
    return lambda x: x * factor + sum(offsets)
