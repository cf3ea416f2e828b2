"""docs/promises.md names tests: each of them is there."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
TABLE = (ROOT / "docs" / "promises.md").read_text("utf-8")


def named(table: str) -> list[tuple[str, str]]:
    """What the table says of tests: prefix of a promise's own, or file and function."""
    own = [("", found) for found in re.findall(r"`(test_d\d+_)…`", table)]
    return own + re.findall(r"`(tests/[\w/]+\.py)::(test_\w+)`", table)


def missing(table: str) -> list[tuple[str, str]]:
    """Named tests that are not there."""
    promises = "".join(path.read_text("utf-8") for path in (ROOT / "tests" / "promises").glob("test_d*.py"))
    return [
        (file, test)
        for file, test in named(table)
        if not re.search(rf"^ *def {test}", (ROOT / file).read_text("utf-8") if file else promises, re.M)
    ]


def test_every_test_the_table_names_is_there() -> None:
    assert len(named(TABLE)) > 30
    assert missing(TABLE) == []
    assert missing("`test_d99_…` `tests/test_help.py::test_nothing`") == [
        ("", "test_d99_"),
        ("tests/test_help.py", "test_nothing"),
    ]
