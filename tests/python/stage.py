"""The stage on which clients of others speak with a served node."""

import json
import os
import subprocess
from pathlib import Path

TARGET = os.environ.get("CARGO_TARGET_DIR") or Path(__file__).parents[2] / "target"
ONLY_SQLITE = os.environ.get("LAPOR_TEST_SQLITE_ONLY") == "1"
DATABASES = ["sqlite"] if ONLY_SQLITE else ["sqlite", "postgres"]


class Stage:
    """A served node, for as long as it is needed."""

    def __init__(self, database):
        self.child = subprocess.Popen(
            [f"{TARGET}/debug/lapor-stage", database],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.told = json.loads(self.child.stdout.readline())

    def __enter__(self):
        return self.told

    def __exit__(self, *_):
        self.child.stdin.close()
        self.child.stdout.close()
        if self.child.wait() != 0:
            raise RuntimeError("lapor-stage did not end well")
