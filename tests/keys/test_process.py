"""A process that handles keys leaves no core file, and its memory is not read by another process of its user."""

from __future__ import annotations

import resource
import signal
import subprocess
import sys
from pathlib import Path

import pytest

PROTECTED = "from sscard.keys.process import memory_locked, protect; print(protect(), memory_locked(), flush=True);"
CRASH = "import os, signal; os.kill(os.getpid(), signal.SIGABRT)"
STATUS = "print(open('/proc/self/status').read())"


def run(code: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """In a process that may write core files of any size."""

    def allow() -> None:
        hard = resource.getrlimit(resource.RLIMIT_CORE)[1]
        resource.setrlimit(resource.RLIMIT_CORE, (hard, hard))

    return subprocess.run(
        [sys.executable, "-c", code],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=30,
        preexec_fn=allow,
    )


def limits(folder: Path, code: str = "") -> tuple[int, int]:
    shown = run(code + "import resource; print(*resource.getrlimit(resource.RLIMIT_CORE))", folder)
    soft, hard = shown.stdout.split("\n")[-2].split()
    return int(soft), int(hard)


def test_no_core_file_is_allowed_any_more(tmp_path: Path) -> None:
    assert limits(tmp_path, PROTECTED) == (0, 0)
    if resource.getrlimit(resource.RLIMIT_CORE)[1] != 0:
        assert limits(tmp_path) != (0, 0), "without it they would be"


def test_a_protected_crash_leaves_nothing(tmp_path: Path) -> None:
    crashed = run(PROTECTED + CRASH, tmp_path)
    assert crashed.returncode == -signal.SIGABRT
    assert "no_core=True, not_traced=True" in crashed.stdout
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("code", [PROTECTED, ""])
def test_the_process_is_not_dumpable(code: str, tmp_path: Path) -> None:
    shown = run(code + "import ctypes; print(ctypes.CDLL(None).prctl(3, 0, 0, 0, 0))", tmp_path)
    assert shown.stdout.split()[-1] == ("0" if code else "1")


def test_memory_is_locked_or_said_not_to_be(tmp_path: Path) -> None:
    told, _, status = run(PROTECTED + STATUS, tmp_path).stdout.partition("\n")
    locked = next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmLck:"))
    assert (locked > 0) is ("not_swapped=True" in told) is told.endswith(") True")


def test_every_command_runs_protected(tmp_path: Path) -> None:
    code = "import sys; sys.argv = ['sscard', 'explain', '9000']\ntry:\n    from sscard.cli import entry; entry()\n"
    code += "except SystemExit:\n    import resource; print(resource.getrlimit(resource.RLIMIT_CORE))"
    assert run(code, tmp_path).stdout.splitlines()[-1] == "(0, 0)"
