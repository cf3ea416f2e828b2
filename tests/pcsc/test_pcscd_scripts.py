"""The scripts that start and stop the private service: they refuse loudly, and stop only what they started."""

from __future__ import annotations

import os
import socket
import subprocess
from pathlib import Path
from typing import Any

import pytest

SCRIPTS = Path(__file__).parents[2] / "scripts"


def up(work: Path, readers: int | str, base: int | str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [SCRIPTS / "pcscd-up", work, str(readers), str(base)], capture_output=True, text=True, timeout=30
    )


def down(work: Path) -> None:
    subprocess.run([SCRIPTS / "pcscd-down", work], check=True, timeout=30)


@pytest.mark.parametrize(("readers", "base"), [(0, 27000), (17, 27000), (2, 80), (2, 32767), (2, 35963)])
def test_what_cannot_work_is_refused_before_anything_is_made(tmp_path: Path, readers: int, base: int) -> None:
    run = up(tmp_path / "work", readers, base)
    assert run.returncode == 2
    assert run.stderr.startswith("pcscd-up: ")
    assert not (tmp_path / "work").exists()


@pytest.mark.parametrize("offset", [0, 3])
def test_a_taken_port_is_told_and_nothing_is_left_running(tmp_path: Path, offset: int) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 31500 + offset))
        other.listen()
        run = up(tmp_path / "work", 3, 31500)
    assert run.returncode == 3
    assert f"port {31500 + offset} is taken" in run.stderr
    assert not (tmp_path / "work" / "pid").exists()


def test_a_path_too_long_for_a_socket_is_told(tmp_path: Path) -> None:
    run = up(tmp_path / ("x" * 110), 2, 31600)
    assert run.returncode == 2
    assert "too long" in run.stderr


def test_a_second_start_in_one_folder_is_refused_and_leaves_the_first_alone(pcscd: Any) -> None:
    before = pcscd.pid
    run = up(pcscd.work, 2, 31700)
    assert run.returncode == 4
    assert f"pcscd {before} already runs" in run.stderr
    assert pcscd.pid == before
    os.kill(before, 0)
    assert pcscd.socket.is_socket()


def test_stopping_touches_no_process_that_was_not_started_here(tmp_path: Path) -> None:
    down(tmp_path)
    with subprocess.Popen(["sleep", "30"]) as bystander:
        (tmp_path / "pid").write_text(f"{bystander.pid}\n")
        down(tmp_path)
        assert bystander.poll() is None
        assert not (tmp_path / "pid").exists()
        bystander.kill()
