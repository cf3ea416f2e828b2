"""Files are whole or not there: order of syncing, a kill and a failure at every step, several writers, what is left."""

from __future__ import annotations

import errno
import os
import signal
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sscard import durable
from sscard.durable import create_private, replacing, sweep, write_private

OLD, NEW = b"old" * 1000, b"new" * 2000


def spied(patch: Callable[[object, str, Any], None], before: Callable[[str], None]) -> None:
    """Call ``before`` ahead of everything that touches the disk."""

    def spy(owner: object, name: str) -> None:
        real = getattr(owner, name)

        def called(*arguments: Any, **names: Any) -> Any:
            folder = name == "fsync" and stat.S_ISDIR(os.fstat(arguments[0]).st_mode)
            before("folder" if folder else name)
            return real(*arguments, **names)

        patch(owner, name, called)

    spy(durable, "mkstemp")
    spy(os, "fsync")
    for name in ("chmod", "replace", "unlink", "write_bytes"):
        spy(Path, name)


def test_file_before_name_and_folder_after(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    order: list[str] = []
    spied(monkeypatch.setattr, order.append)
    write_private(tmp_path / "x", NEW)
    assert order == ["mkstemp", "write_bytes", "chmod", "fsync", "replace", "folder"]
    order.clear()
    write_private(tmp_path / "x", OLD, durable=False)
    assert order == ["mkstemp", "write_bytes", "chmod", "replace"]


def test_modes(tmp_path: Path) -> None:
    write_private(tmp_path / "own", NEW)
    write_private(tmp_path / "group", NEW, mode=0o640)
    create_private(tmp_path / "made", NEW)
    modes = {path.name: path.stat().st_mode & 0o777 for path in tmp_path.iterdir()}
    assert modes == {"own": 0o600, "group": 0o640, "made": 0o600}
    with pytest.raises(FileExistsError):
        create_private(tmp_path / "made", OLD)
    assert (tmp_path / "made").read_bytes() == NEW


@pytest.mark.parametrize("there", [True, False])
def test_killed_at_every_step(tmp_path: Path, there: bool) -> None:
    """Old or new, whole; once the name is changed it is the new one; what is left is swept."""
    path, at, found = tmp_path / "x", 0, []
    while True:
        at += 1
        path.unlink(missing_ok=True)
        if there:
            path.write_bytes(OLD)
        child = os.fork()
        if not child:
            left = [at]

            def before(_step: str, left: list[int] = left) -> None:
                left[0] -= 1
                if not left[0]:
                    os.kill(os.getpid(), signal.SIGKILL)

            spied(setattr, before)
            write_private(path, NEW)
            os._exit(0)
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        found.append(path.read_bytes() if path.exists() else b"")
        sweep(path)
        assert [each.name for each in tmp_path.iterdir() if each != path] == []
        if not code:
            break
    assert found == [OLD if there else b""] * 5 + [NEW, NEW]


@pytest.mark.parametrize("step", ["mkstemp", "write_bytes", "chmod", "fsync", "replace"])
def test_failed_at_every_step(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str) -> None:
    path = tmp_path / "x"
    path.write_bytes(OLD)

    def before(found: str) -> None:
        if found == step:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        spied(patch.setattr, before)
        with pytest.raises(OSError, match="No space"):
            write_private(path, NEW)
    assert (path.read_bytes(), [each.name for each in tmp_path.iterdir()]) == (OLD, ["x"])


def test_a_block_that_fails_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_bytes(OLD)

    def interrupted() -> None:
        with replacing(path) as part:
            part.write_bytes(NEW)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert (path.read_bytes(), [each.name for each in tmp_path.iterdir()]) == (OLD, ["x"])


def test_two_writers_at_once_do_not_mix(tmp_path: Path) -> None:
    path = tmp_path / "x"
    with replacing(path) as one, replacing(path) as two:
        one.write_bytes(OLD)
        two.write_bytes(NEW)
    assert path.read_bytes() == OLD
    assert [each.name for each in tmp_path.iterdir()] == ["x"]


def test_sweeping_takes_only_what_is_its_own(tmp_path: Path) -> None:
    kept = {".x.part", ".xy.1.part", ".x.ack.1.part", "x.1.part", ".x.1.csv", "x"}
    for name in (*kept, ".x.1.part", ".x.ab_9.part"):
        (tmp_path / name).touch()
    sweep(tmp_path / "x")
    assert {path.name for path in tmp_path.iterdir()} == kept
    sweep(tmp_path / "nowhere" / "x")
