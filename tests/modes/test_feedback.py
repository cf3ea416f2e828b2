"""Linkage two before any card moves: what is missing, double or contradictory is told with the lines of both files."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from sscard.errors import BatchError, GuardRefused
from sscard.personalize import people
from sscard.personalize.batch import Batch, open_batch
from sscard.personalize.exchange.load import load_format
from sscard.personalize.feedback import Trouble, join

Table = list[dict[str, str]]
COUNT = 4


@pytest.fixture
def batch(tmp_path: Path) -> Batch:
    path = tmp_path / "people.csv"
    people.write(path, COUNT, seed=3, force=True)
    return open_batch(path, region="990101", demo=True)


def returned(batch: Batch) -> Table:
    """What party one gives back: the columns of the canonical return file that matter here."""
    return [
        {
            "seq": str(record.seq),
            "ssn": record.ssn,
            "name": record.name,
            "card_no": record.card_no,
            "reset_info": f"{record.seq:026X}",
            "result": "good",
        }
        for record in batch.records()
    ]


def write(path: Path, table: Table) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, table[0])
        writer.writeheader()
        writer.writerows(table)
    return path


@pytest.mark.parametrize("on", ["ssn", "card_no"])
def test_files_that_agree_give_every_card_its_row(on: str, batch: Batch, tmp_path: Path) -> None:
    joined = join(batch, write(tmp_path / "f.csv", returned(batch)[::-1]), on=on)
    assert joined.troubles == []
    assert joined.rows == {f"{seq:026X}": seq for seq in range(1, COUNT + 1)}


def test_cards_that_failed_are_nobodys(batch: Batch, tmp_path: Path) -> None:
    table = returned(batch)
    table[2] |= {"result": "not-made", "reset_info": ""}
    joined = join(batch, write(tmp_path / "f.csv", table), on="ssn")
    assert [(each.trouble, each.batch_line) for each in joined.troubles] == [(Trouble.NO_CARD, 4)]
    assert 3 not in joined.rows.values()


def _changed(**fields: str) -> Callable[[Table], Table]:
    return lambda table: [table[0] | fields, *table[1:]]


STRANGER = {"ssn": "990101198001010015", "card_no": "T99999990", "reset_info": "AB" * 13}
CASES: list[tuple[Callable[[Table], Table], list[tuple[Trouble, int, int, int]]]] = [
    (lambda table: table[1:], [(Trouble.NO_CARD, 2, 0, 0)]),
    (lambda table: [*table, table[0] | STRANGER], [(Trouble.NO_ROW, 0, 6, 0)]),
    (lambda table: [*table, table[0] | {"reset_info": "AB" * 13}], [(Trouble.KEY_TWICE, 0, 6, 2)]),
    (
        lambda table: [*table[:3], table[3] | {"reset_info": table[0]["reset_info"]}],
        [(Trouble.CARD_TWICE, 0, 5, 2), (Trouble.NO_CARD, 5, 0, 0)],
    ),
    (_changed(card_no="T99999990"), [(Trouble.DIFFERS, 2, 2, 0)]),
    (_changed(name="测试别人"), [(Trouble.DIFFERS, 2, 2, 0)]),
    (_changed(reset_info="00"), [(Trouble.CARD_FORM, 0, 2, 0), (Trouble.NO_CARD, 2, 0, 0)]),
    (_changed(ssn=""), [(Trouble.KEY_EMPTY, 0, 2, 0), (Trouble.NO_CARD, 2, 0, 0)]),
]


@pytest.mark.parametrize(("change", "expected"), CASES)
def test_each_trouble_has_its_lines_and_only_missing_rows_may_pass(
    change: Callable[[Table], Table],
    expected: list[tuple[Trouble, int, int, int]],
    batch: Batch,
    tmp_path: Path,
) -> None:
    path = write(tmp_path / "f.csv", change(returned(batch)))
    joined = join(batch, path, on="ssn")
    found = [(each.trouble, each.batch_line, each.feedback_line, each.other) for each in joined.troubles]
    assert found == expected
    assert all(each.message() for each in joined.troubles)
    with pytest.raises(GuardRefused):
        joined.require(path, allow_missing=False)
    if all(trouble.missing for trouble, *_ in expected):
        assert joined.require(path, allow_missing=True) == joined.rows
    else:
        with pytest.raises(GuardRefused):
            joined.require(path, allow_missing=True)


def test_a_file_without_the_columns_is_refused_with_its_line(batch: Batch, tmp_path: Path) -> None:
    path = write(tmp_path / "f.csv", [{"ssn": "1", "result": "good"}])
    with pytest.raises(BatchError) as caught:
        join(batch, path, on="ssn")
    assert (caught.value.key, caught.value.fields["line"]) == ("feedback-unreadable", 1)


def test_other_formats_of_return_files_are_read(batch: Batch, tmp_path: Path) -> None:
    layout = load_format("jsonl")
    path = tmp_path / "f.jsonl"
    lines = (json.dumps({name: row[name] for name in ("ssn", "reset_info", "result")}) for row in returned(batch))
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    assert len(join(batch, path, on="ssn", layout=layout).rows) == COUNT
