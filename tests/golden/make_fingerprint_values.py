"""Writes fingerprint_values.json: only for a new version of the grammar, which makes every digest another."""

import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from fingerprint_values import LASTING
from holdall.fingerprint import fingerprint

kept = {name: fingerprint(make()).hex() for name, make in LASTING.items()}
Path(__file__).with_name("fingerprint_values.json").write_text(json.dumps(kept, indent=1) + "\n")
