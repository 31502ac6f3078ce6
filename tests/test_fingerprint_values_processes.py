"""Fingerprints are the same in every process, whatever its hash seed."""

import json
import os
import subprocess
import sys
from pathlib import Path

from fingerprint_values import DISTINCT
from holdall.fingerprint import fingerprint

PROGRAM = """
import json, sys
sys.path.insert(0, sys.argv[1])
waste = [object() for _ in range(int(sys.argv[2]))]
from fingerprint_values import DISTINCT
from holdall.fingerprint import fingerprint
print(json.dumps({name: fingerprint(make()).hex() for name, make in DISTINCT.items()}))
"""


def test_digests_are_the_same_in_fresh_processes():
    expected = {name: fingerprint(make()).hex() for name, make in DISTINCT.items()}
    folder = str(Path(__file__).parent)
    for seed in ("0", "1", "12345"):
        done = subprocess.run(
            [sys.executable, "-c", PROGRAM, folder, seed],
            check=True,
            capture_output=True,
            text=True,
            env={**os.environ, "PYTHONHASHSEED": seed},
        )
        found = json.loads(done.stdout)
        assert [name for name in expected if found[name] != expected[name]] == []
