"""A private pcscd with virtual readers for benches."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sscard.apdu.pcsc import list_readers

ROOT = Path(__file__).parent.parent


@contextmanager
def service(work: Path, readers: int = 1) -> Iterator[int]:
    """Run a private pcscd for this process; gives the port of its first reader, the others follow it."""
    port = _start(work, readers)
    try:
        yield port
    finally:
        subprocess.run([ROOT / "scripts" / "pcscd-down", work], check=False)


def _start(work: Path, readers: int) -> int:
    for port in range(27600, 28600, 100):
        done = subprocess.run(
            [ROOT / "scripts" / "pcscd-up", work, str(readers), str(port)], capture_output=True, text=True, check=False
        )
        if done.returncode == 0:
            name, _, value = done.stdout.strip().splitlines()[-1].partition("=")
            os.environ[name] = value
            return port
    raise SystemExit(done.stderr)


def wait_present(readers: int = 1) -> None:
    """Return when so many readers hold a card."""
    deadline = time.monotonic() + 20
    while sum(state.present for state in list_readers()) < readers:
        if time.monotonic() > deadline:
            raise SystemExit("no card came")
        time.sleep(0.05)
