"""What is stored: one small dict for the stores, two generated documents for the codecs."""

import random
from typing import Any

SMALL: dict[str, Any] = {"id": 1, "name": "hello", "value": 3.5, "tags": ["a", "b"]}


def keys(count: int, start: int = 0) -> list[str]:
    """Keys in no order, as names and hashes come: in order every B-tree would only append."""
    found = [f"key-{number:07}" for number in range(start, start + count)]
    random.Random(start).shuffle(found)
    return found


def records(count: int = 500) -> list[dict[str, Any]]:
    """What an API answers: short texts in several scripts, numbers, nested lists and dicts."""
    rng = random.Random(1)
    words = [
        "balcon",
        "scène",
        "côté",
        "orchestra",
        "日本語",
        "loge",
        "\N{SMILING FACE WITH SMILING EYES}",
    ]
    return [
        {
            "id": rng.getrandbits(40),
            "text": " ".join(rng.choices(words, k=12)),
            "created_at": f"2014-08-31T00:{number % 60:02}:15Z",
            "user": {
                "name": rng.choice(words),
                "followers": rng.randrange(10_000),
                "verified": False,
            },
            "prices": [{"amount": 90250 + number, "category": 338937295 + n} for n in range(3)],
            "reply_to": None,
        }
        for number in range(count)
    ]


def coordinates(count: int = 5_000) -> dict[str, Any]:
    """A polygon: floats with all their digits."""
    rng = random.Random(2)
    ring = [[rng.uniform(-180, 180), rng.uniform(-90, 90)] for _ in range(count)]
    return {"type": "Feature", "geometry": {"type": "Polygon", "coordinates": [ring]}}
