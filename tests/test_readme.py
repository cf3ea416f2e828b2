"""What the documents show runs as shown: both READMEs command by command, the integrator's Python as it stands."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
READMES = {"en": ROOT / "README.md", "zh": ROOT / "README.zh-CN.md"}
LOCALES = {"en": "en_US.UTF-8", "zh": "zh_CN.UTF-8"}
BLOCK = re.compile(r"(<!-- run -->\n)?^```(\w+)\n(.*?)^```$", re.M | re.S)
PROMPT = "$ "
LEFT_OUT = "…"


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block of a document; ``runnable`` where ``<!-- run -->`` stands above it."""

    kind: str
    runnable: bool
    text: str

    @property
    def commands(self) -> list[str]:
        """What a reader would type: without output, prompts and comments."""
        lines = self.text.splitlines()
        if self.kind == "console":
            lines = [line.removeprefix(PROMPT) for line in lines if line.startswith(PROMPT)]
        return [line.partition("  #")[0].rstrip() for line in lines]

    @property
    def exchanges(self) -> list[tuple[str, list[str]]]:
        """Commands of a console block, each with the lines shown below it."""
        found: list[tuple[str, list[str]]] = []
        for line in self.text.splitlines():
            if line.startswith(PROMPT):
                found.append((line.removeprefix(PROMPT), []))
            elif line.strip() not in ("", LEFT_OUT):
                found[-1][1].append(line)
        return found


def blocks(path: Path) -> list[Block]:
    return [Block(kind, bool(mark), text) for mark, kind, text in BLOCK.findall(path.read_text("utf-8"))]


def shape(line: str) -> re.Pattern[str]:
    """A line of a document as a pattern: any number for a number, any masked name for one, anything for ``…``."""
    pattern = re.sub(r"[0-9][0-9X]*", "0", line)
    pattern = re.sub(r"测\*+\w", "@", pattern)
    pattern = re.escape(pattern).replace("0", "[0-9][0-9X]*").replace("@", r"测\*+\w").replace(LEFT_OUT, ".*")
    return re.compile(pattern)


def run(command: str, folder: Path, language: str) -> subprocess.CompletedProcess[str]:
    """Type ``command`` in ``folder``, with the ``sscard`` under test on the path and no PC/SC service to be found."""
    environment = {
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "LANG": LOCALES[language],
        "HOME": str(folder),
        "PYTHONUTF8": "1",
        "PCSCLITE_CSOCK_NAME": str(folder / "no-pcscd"),
    }
    return subprocess.run(
        command, shell=True, cwd=folder, env=environment, capture_output=True, encoding="utf-8", timeout=60
    )


@pytest.mark.parametrize("language", READMES)
def test_readme_commands_run_and_print_what_is_shown(language: str, tmp_path: Path) -> None:
    runnable = [block for block in blocks(READMES[language]) if block.runnable]
    assert sum(len(block.exchanges) for block in runnable) >= 14
    for block in runnable:
        for command, shown in block.exchanges:
            result = run(command, tmp_path, language)
            assert result.returncode == 0, f"{command}\n{result.stderr}"
            printed = result.stdout.splitlines()
            for line in shown:
                assert any(shape(line).fullmatch(each) for each in printed), f"{command}\n{line}\n{result.stdout}"


def test_the_two_readmes_hold_the_same_commands() -> None:
    english, chinese = (blocks(path) for path in READMES.values())
    assert [(block.kind, block.runnable, block.commands) for block in english] == [
        (block.kind, block.runnable, block.commands) for block in chinese
    ]


def test_a_readme_names_every_command_and_every_exit_code() -> None:
    from sscard.cli import COMMANDS
    from sscard.errors import Exit

    for path in READMES.values():
        text = path.read_text("utf-8")
        assert [name for name in COMMANDS if f"| `sscard {name}" not in text] == []
        assert [code for code in Exit if f"| {code.value} |" not in text] == []


def test_links_of_the_documents_lead_somewhere() -> None:
    for path in (*READMES.values(), ROOT / "CHANGELOG.md", *(ROOT / "docs").glob("*.md")):
        for target in re.findall(r"\]\(([^)#:]+)\)", path.read_text("utf-8")):
            assert (path.parent / target).exists(), f"{path.name}: {target}"


def test_python_of_the_integrators_guide_runs(tmp_path: Path) -> None:
    examples = [block for block in blocks(ROOT / "docs" / "integrator.md") if block.kind == "python"]
    assert examples
    for number, block in enumerate(examples):
        file = tmp_path / f"example_{number}.py"
        file.write_text(block.text, "utf-8")
        result = run(f"{sys.executable} -W error {file.name}", tmp_path, "en")
        assert result.returncode == 0, result.stderr


def test_a_line_that_is_not_printed_is_noticed() -> None:
    assert shape("head 1  row 2  T0000001X 测*辛  good  0.08 s").fullmatch(
        "head 3  row 11  T00000044 测***㑇  good  1.20 s"
    )
    assert shape("return file: …/b.csv").fullmatch("return file: /x/b.csv")
    assert not shape("8 rows: 0 errors").fullmatch("8 rows: 0 errors, 1 hint")
    assert not shape("good 8").fullmatch("good x")
