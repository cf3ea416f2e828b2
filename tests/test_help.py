"""Help: quick and light in both languages, and its examples do what they say."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import click
import pytest

from sscard.cli import COMMANDS
from sscard.errors import Exit

LANGUAGES = ("en", "zh")
HEAVY = ("smartcard", "cryptography", "rich", "sqlite3", "psycopg")
PATIENCE = 1.0
"""Seconds help may take."""
EXAMPLE = re.compile(r"^\s*(?:Examples?:|例:)?\s*(sscard .*\S)", re.M)
SHOW_HELP = """
import sys
from sscard.cli import main
code = main(sys.argv[1:])
print(*sorted({name.partition(".")[0] for name in sys.modules}), file=sys.stderr)
sys.exit(code)
"""
NOT_HERE = {
    "sscard doctor --workspace ws": Exit.NO_READER,
    "sscard readers --json": Exit.NO_READER,
    "sscard read DF01/EF05 DF04 --pin --json": Exit.NO_READER,
    "sscard purse proof load 0 --reader emulator": Exit.FAILED,
    "sscard pki master-key --reader emulator": Exit.USAGE,
    "sscard ceremony enrol 测试甲 --workspace ws": Exit.FAILED,
    "sscard ceremony run loss --set incident=INC-1 --set key=STKDF04:v1 --set region=99 --workspace ws": Exit.FAILED,
    "sscard ceremony forms delegation-w-001 --workspace ws": Exit.FAILED,
    "sscard ceremony abandon loss-inc-1-stkdf04-v1-99 --reason 人员变动 --workspace ws": Exit.FAILED,
    "sscard keys import province-99.keyblocks --under TK-99 --workspace ws": Exit.FAILED,
    "sscard keys component combine TK-99 --xor 2 --transport --workspace ws": Exit.REFUSED,
    "sscard outbox send --workspace ws": Exit.REFUSED,
    "sscard erase b-1a2b3c4d b.csv --workspace ws": Exit.REFUSED,
    "sscard erase b-1a2b3c4d --verify . --workspace ws": Exit.REFUSED,
    "sscard jobs lose 3 --workspace ws": Exit.REFUSED,
    "sscard ledger prepare --workspace ws": Exit.REFUSED,
    "sscard jobs --workspace ws lose 3": Exit.REFUSED,
    "sscard jobs --workspace ws spoil 3 --reason 印刷": Exit.REFUSED,
    "sscard jobs --workspace ws pause b-1a2b3c4d": Exit.REFUSED,
    "sscard jobs --workspace ws continue b-1a2b3c4d": Exit.REFUSED,
    "sscard jobs --workspace ws close b-1a2b3c4d --blanks 200 --left 3": Exit.REFUSED,
    "sscard psam issue 990101000001 --device 药店-017 --address 测试路1号 --keeper 丁 --due 20281231"
    " --by 甲 --workspace ws": Exit.REFUSED,
    "sscard psam recall 990101000001 --reason 终端停用 --by 甲 --workspace ws": Exit.REFUSED,
    "sscard psam destroy 990101000001 --reason 损坏 --by 甲 --witness 乙 --workspace ws": Exit.REFUSED,
    "sscard keys token load --workspace ws --keys 'pkcs11:token=demo?module-path=/usr/lib/softhsm/libsofthsm2.so'": (
        Exit.FAILED
    ),
    "sscard keys token list --workspace ws --keys 'pkcs11:token=demo?module-path=/usr/lib/softhsm/libsofthsm2.so'": (
        Exit.FAILED
    ),
}
"""Examples that need a reader, people, a receiver, a key, a stopped card, a used purse or a PSAM, and their ends."""
SERVERS = (("emulate",), ("keyserver",))
"""Commands that go on until they are told to stop."""


def _commands() -> Iterator[tuple[str, ...]]:
    """The words of every command and subcommand; none for the root."""
    yield ()
    for name, module in COMMANDS.items():
        yield from _below((name,), import_module(f"sscard.commands.{module}").command)


def _below(words: tuple[str, ...], command: click.Command) -> Iterator[tuple[str, ...]]:
    yield words
    if isinstance(command, click.Group):
        for name, inner in command.commands.items():
            yield from _below((*words, name), inner)


ALL = tuple(_commands())
COMMANDED = ALL[1:]


def environment(folder: Path) -> dict[str, str]:
    return {
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "HOME": str(folder),
        "LANG": "C.UTF-8",
        "PYTHONUTF8": "1",
        "PCSCLITE_CSOCK_NAME": str(folder / "no-pcscd"),
    }


def help_of(words: tuple[str, ...], language: str, folder: Path) -> tuple[str, set[str], float]:
    """Text, the packages imported to show it, and the seconds it took."""
    return run(("--lang", language, *words, "--help"), folder)


def run(words: tuple[str, ...], folder: Path) -> tuple[str, set[str], float]:
    began = time.perf_counter()
    result = subprocess.run(
        [sys.executable, "-c", SHOW_HELP, *words],
        env=environment(folder),
        capture_output=True,
        encoding="utf-8",
        timeout=30,
    )
    seconds = time.perf_counter() - began
    assert result.returncode == 0, result.stderr
    return result.stdout, set(result.stderr.split()), seconds


def examples_of(words: tuple[str, ...], language: str, folder: Path) -> list[str]:
    return EXAMPLE.findall(help_of(words, language, folder)[0])


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("words", ALL, ids=lambda words: " ".join(words) or "sscard")
def test_help_is_quick_and_loads_nothing_heavy(words: tuple[str, ...], language: str, tmp_path: Path) -> None:
    shown, imported, seconds = help_of(words, language, tmp_path)
    assert re.search("[一-鿿]", shown) if language == "zh" else "Usage:" in shown
    assert "click" in imported
    assert imported.isdisjoint(HEAVY)
    while_others_work = (help_of(words, language, tmp_path)[2] for _ in range(3))
    assert seconds < PATIENCE or min(while_others_work) < PATIENCE


def test_a_heavy_import_is_noticed(tmp_path: Path) -> None:
    assert not run(("tree", "DF04"), tmp_path)[1].isdisjoint(HEAVY)


@pytest.mark.parametrize("words", COMMANDED, ids=" ".join)
def test_help_has_the_same_examples_in_both_languages(words: tuple[str, ...], tmp_path: Path) -> None:
    english, chinese = (examples_of(words, language, tmp_path) for language in LANGUAGES)
    assert english == chinese
    assert english or words in (("vectors",), ("formats",))
    of_a_file = ("personalize", "check", "merge", "manifest", "report", "face")
    assert all(example.split()[1] == words[0] or words[0] in of_a_file for example in english)


@pytest.mark.parametrize("words", [words for words in COMMANDED if words not in SERVERS], ids=" ".join)
def test_examples_run(words: tuple[str, ...], tmp_path: Path) -> None:
    examples = examples_of(words, "en", tmp_path)
    lines = examples if "sscard init ws --demo" in examples else ["sscard init ws --demo", *examples]
    for line in lines:
        result = subprocess.run(
            line.replace("/tmp/", f"{tmp_path}/"),
            shell=True,
            cwd=tmp_path,
            env=environment(tmp_path),
            input="123456\n" * 3,
            capture_output=True,
            encoding="utf-8",
            timeout=60,
            start_new_session=True,
        )
        assert result.returncode == NOT_HERE.get(line, Exit.OK), f"{line}\n{result.stdout}\n{result.stderr}"


def test_examples_of_emulate_serve_until_told_to_stop(tmp_path: Path) -> None:
    examples = examples_of(("emulate",), "en", tmp_path)
    assert examples
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        for line in examples:
            words = line.replace("27000", str(free.getsockname()[1])).split()
            with subprocess.Popen(
                words, cwd=tmp_path, env=environment(tmp_path), stderr=subprocess.PIPE, text=True
            ) as process:
                assert process.stderr is not None
                assert "Waiting for vpcd" in process.stderr.readline()
                process.send_signal(signal.SIGINT)
                assert process.wait(10) == 0, process.stderr.read()


def test_examples_of_keyserver_serve_until_told_to_stop(tmp_path: Path) -> None:
    examples = examples_of(("keyserver",), "en", tmp_path)
    assert examples
    made = ["sscard", "init", "ws", "--demo"]
    subprocess.run(made, cwd=tmp_path, env=environment(tmp_path), check=True, capture_output=True)
    for line in examples:
        words = line.replace(":7733", ":0").split()
        with subprocess.Popen(
            words, cwd=tmp_path, env=environment(tmp_path), stdout=subprocess.PIPE, text=True
        ) as process:
            assert process.stdout is not None
            assert "Key server on 127.0.0.1:" in process.stdout.readline()
            process.send_signal(signal.SIGINT)
            assert process.wait(10) == 0
