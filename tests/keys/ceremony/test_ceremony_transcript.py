"""A transcript that was touched is found out: edited, cut, reordered, put together anew."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import shutil
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sscard.errors import JournalError
from sscard.keys.ceremony.run import verify_all
from sscard.keys.ceremony.story import read
from sscard.keys.ceremony.transcript import ANCHOR_NAME, NAME, START, Anchor, check

LOSS = {"incident": "INC-001", "key": "STKDF04:v1", "region": "99"}


@pytest.fixture
def told(hall):
    """The folder of a finished run."""
    return hall.place.folder(hall.hold("loss", **LOSS).run)


def lines_of(folder: Path) -> list[str]:
    return (folder / NAME).read_text().splitlines()


def write(folder: Path, lines: list[str]) -> None:
    (folder / NAME).write_text("".join(f"{line}\n" for line in lines))


def rechained(lines: list[str]) -> list[str]:
    """What a forger without anybody's passphrase can do: number, chain and hash everything anew."""
    head, made = START, []
    for number, line in enumerate(lines, 1):
        body = json.loads(line)
        body.pop("hash")
        body["n"], body["prev"] = number, head
        text = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
        head = hashlib.sha256(text.encode()).hexdigest()
        made.append(f'{text[:-1]},"hash":"{head}"}}')
    return made


def forge(folder: Path, lines: list[str]) -> None:
    """Write forged lines with an anchor that fits them."""
    made = rechained(lines)
    write(folder, made)
    anchor = {"count": len(made), "hash": json.loads(made[-1])["hash"] if made else START}
    (folder / ANCHOR_NAME).write_text(json.dumps(anchor))


def error_of(folder: Path, printed: Anchor | None = None) -> str:
    with pytest.raises(JournalError) as raised:
        read(folder, printed)
    assert "{" not in str(raised.value)
    return raised.value.key


def test_a_whole_one_is_whole(told) -> None:
    assert read(told).finished
    assert read(told, read(told).anchor).finished


@pytest.mark.parametrize(
    "change",
    [
        lambda lines: [lines[0].replace("2026", "2025"), *lines[1:]],
        lambda lines: lines[:3] + lines[4:],
        lambda lines: [lines[1], lines[0], *lines[2:]],
        lambda lines: [*lines[:2], lines[1], *lines[2:]],
        lambda lines: lines[1:],
        lambda lines: [lines[0], "{}", *lines[1:]],
        lambda lines: [lines[0], "", *lines[1:]],
    ],
    ids=["edit", "delete", "reorder", "repeat", "behead", "insert", "blank-line"],
)
def test_a_touched_line_is_named(told, change) -> None:
    write(told, change(lines_of(told)))
    assert error_of(told) == "transcript-damaged"


def test_a_cut_end_is_found_by_the_anchor_beside(told) -> None:
    for left in range(1, len(lines_of(told))):
        copy = told.with_name(f"cut-{left}")
        shutil.copytree(told, copy)
        write(copy, lines_of(told)[:left])
        assert error_of(copy) == "transcript-short"


def test_a_cut_end_with_a_forged_anchor_is_found_by_the_paper(told) -> None:
    printed = Anchor.parse(str(read(told).anchor))
    forge(told, lines_of(told)[:-1])
    assert not read(told).finished
    assert error_of(told, printed) == "transcript-short"


def test_a_cut_end_with_a_forged_anchor_is_found_by_the_next_ceremony(hall, told) -> None:
    hall.hold("loss", **(LOSS | {"incident": "INC-002"}))
    assert all(not isinstance(found, JournalError) for _, found in verify_all(hall.place))
    forge(told, lines_of(told)[:-1])
    found = dict(verify_all(hall.place))
    assert isinstance(found[told.name], JournalError)
    assert found[told.name].key == "transcript-short"


def test_a_run_that_vanished_is_missed_by_the_next(hall, told) -> None:
    hall.hold("loss", **(LOSS | {"incident": "INC-002"}))
    shutil.rmtree(told)
    found = dict(verify_all(hall.place))
    assert found[told.name].key == "transcript-missing"


def test_an_edit_with_the_chain_made_anew_breaks_a_signature_or_the_order(told) -> None:
    lines = lines_of(told)
    for number, line in enumerate(lines):
        copy = told.with_name(f"edited-{number}")
        shutil.copytree(told, copy)
        edited = line.replace('"time":"2', '"time":"1', 1)
        assert edited != line
        forge(copy, [*lines[:number], edited, *lines[number + 1 :]])
        assert error_of(copy) in ("transcript-signature", "transcript-order")


def test_a_removed_entry_with_the_chain_made_anew_is_found(told) -> None:
    lines = lines_of(told)
    for number in range(1, len(lines) - 1):
        copy = told.with_name(f"less-{number}")
        shutil.copytree(told, copy)
        forge(copy, lines[:number] + lines[number + 1 :])
        assert error_of(copy) in ("transcript-signature", "transcript-order")


def test_a_step_appended_without_signatures_is_found(hall) -> None:
    run = hall.begin("loss", LOSS)
    folder = run.folder
    for facts in ({"step": "sign"}, {"step": "report", "roles": {}}):
        copy = folder.with_name(f"more-{facts['step']}")
        shutil.copytree(folder, copy)
        forge(
            copy,
            [*lines_of(folder), json.dumps({"n": 2, "time": "t", "kind": "done", **facts, "prev": "", "hash": ""})],
        )
        if facts["step"] == "sign":
            assert error_of(copy) == "transcript-order"
        else:
            assert read(copy).open_step == "freeze"


def test_a_signature_of_somebody_else_is_found(told) -> None:
    lines = lines_of(told)
    body = json.loads(lines[-1])
    names = list(body["signatures"])
    body["signatures"] = {names[0]: body["signatures"][names[1]], names[1]: body["signatures"][names[0]]}
    assert len(base64.b64decode(body["signatures"][names[0]])) == 64
    lines[-1] = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
    forge(told, lines)
    assert error_of(told) == "transcript-signature"


def test_a_missing_anchor_is_told(told) -> None:
    (told / ANCHOR_NAME).unlink()
    assert error_of(told) == "transcript-anchor"
    (told / ANCHOR_NAME).write_text("{}")
    assert error_of(told) == "transcript-anchor"


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_any_changed_byte_is_found(told, data) -> None:
    raw = (told / NAME).read_bytes()
    place = data.draw(st.integers(0, len(raw) - 2))
    value = data.draw(st.integers(0, 255).filter(lambda byte: byte != raw[place]))
    copy = told.with_name("copy")
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(told, copy)
    (copy / NAME).write_bytes(raw[:place] + bytes((value,)) + raw[place + 1 :])
    with pytest.raises(JournalError):
        read(copy)


@pytest.mark.parametrize("torn", range(1, 200, 23))
def test_a_torn_last_line_is_cut_off_when_the_run_goes_on(hall, torn: int) -> None:
    run = hall.begin("loss", LOSS)
    whole = (run.folder / NAME).read_bytes()
    (run.folder / NAME).write_bytes(whole + whole[:torn])
    assert len(check(run.folder)) == 1
    assert hall.conduct(hall.go_on()).finished
    assert (run.folder / NAME).read_bytes().startswith(whole + b'{"n":2')


def test_an_anchor_one_behind_is_mended(hall) -> None:
    run = hall.begin("loss", LOSS)
    anchor = (run.folder / ANCHOR_NAME).read_bytes()
    run.conclude("report", {}, {})
    (run.folder / ANCHOR_NAME).write_bytes(anchor)
    assert hall.conduct(hall.go_on()).finished
    assert json.loads((run.folder / ANCHOR_NAME).read_text())["count"] == len(lines_of(run.folder))


@pytest.mark.parametrize("words", ["", "9", "x:0123456789abcdef", "3:0123", "3:0123456789abcdeg", "3:" + "0" * 65])
def test_an_anchor_that_is_none_is_refused(words: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(words)}$"):
        Anchor.parse(words)


def test_damage_elsewhere_does_not_keep_a_loss_from_being_declared(hall) -> None:
    run = hall.begin("generate-local", {"region": "99", "version": "5"})
    write(run.folder, [lines_of(run.folder)[0].replace("99", "98")])
    (run.folder / ANCHOR_NAME).write_text("?")
    script = hall.script("loss")
    assert hall.place.going_on(script, {}) is None
    assert hall.hold("loss", **LOSS).finished
    with pytest.raises(JournalError):
        hall.place.going_on(run.script, {})
