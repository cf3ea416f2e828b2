"""What the journal promises of the disk: a flush covers all that was written before it was asked for."""

import os
import threading
from pathlib import Path

import pytest

from sscard.errors import JournalError
from sscard.personalize import journal as journals
from sscard.personalize.journal import CardState, Journal


@pytest.fixture
def on_disk(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Sizes of the journal that were brought to the disk, oldest first."""
    sizes: list[int] = []
    sync = os.fdatasync

    def noted(handle: int) -> None:
        size = os.fstat(handle).st_size
        sync(handle)
        sizes.append(size)

    monkeypatch.setattr(journals.os, "fdatasync", noted)
    return sizes


def test_an_intent_after_one_nobody_waited_for(tmp_path: Path, on_disk: list[int]) -> None:
    """Contact was lost between intent and first change; the next card's intent has to reach the disk all the same."""
    journal = Journal(tmp_path / "1-1.jrnl")
    journal.card(CardState("AA", 1, "p")).intent(1, 0, 3)
    log = journal.card(CardState("BB", 2, "p"))
    log.intent(1, 0, 3)
    log.secure()
    assert on_disk[-1] == journal.path.stat().st_size
    journal.close()


def test_lines_after_the_intent_do_not_count_as_flushed(tmp_path: Path, on_disk: list[int]) -> None:
    journal = Journal(tmp_path / "1-1.jrnl")
    log = journal.card(CardState("AA", 1, "p"))
    log.intent(1, 0, 3)
    log.secure()
    log.done(0)
    assert on_disk[-1] < journal.path.stat().st_size
    log.secure()
    assert on_disk[-1] == journal.path.stat().st_size
    journal.close()


def test_the_failure_of_a_flush_nobody_waited_for_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = threading.Event()

    def full(_handle: int) -> None:
        asked.set()
        raise OSError(28, "No space left on device")

    journal = Journal(tmp_path / "1-1.jrnl")
    monkeypatch.setattr(journals.os, "fdatasync", full)
    journal.card(CardState("AA", 1, "p")).intent(1, 0, 3)
    assert asked.wait(5)
    monkeypatch.undo()
    with pytest.raises(JournalError):
        journal.card(CardState("BB", 2, "p")).intent(1, 0, 3)
    with pytest.raises(JournalError) as closed:
        journal.flush()
    assert closed.value.key == "journal-closed"


def test_a_closed_journal_leaves_no_thread(tmp_path: Path) -> None:
    before = threading.active_count()
    journal = Journal(tmp_path / "1-1.jrnl")
    assert threading.active_count() == before + 1
    journal.close()
    journal.close()
    assert threading.active_count() == before
