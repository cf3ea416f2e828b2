"""Start of the command line: ``sscard --help`` against an empty Python.

Run: .venv/bin/python bench/startup.py
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from measure import compare

ROUNDS = 21
SSCARD = Path(sys.executable).with_name("sscard")


def run(*command: str) -> None:
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


if __name__ == "__main__":
    compare(
        "sscard --help",
        lambda: run(str(SSCARD), "--help"),
        lambda: run(sys.executable, "-c", "pass"),
        rounds=ROUNDS,
        unit="s",
    )
