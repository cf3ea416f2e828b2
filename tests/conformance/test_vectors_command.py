"""``sscard vectors run``: exit codes, output, and the guard for real readers."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sscard import messages
from sscard.apdu.transport import Transport
from sscard.cli import main
from sscard.commands import readers_open
from sscard.errors import CardMissing, Exit
from sscard.personalize.sample import personalized_card

GOOD: dict[str, Any] = {
    "id": "good",
    "rule": "card-number",
    "requires": "numbers",
    "origin": "self",
    "source": "made for the test",
    "given": {"body": "T0000004"},
    "expect": {"check": "4"},
}
READS: dict[str, Any] = {
    "id": "reads",
    "level": "apdu",
    "requires": "card",
    "origin": "self",
    "source": "made for the test",
    "exchange": [{"send": "0084000008", "expect": "................ 9000"}],
}
SPENDS: dict[str, Any] = {
    **READS,
    "id": "spends",
    "effects": ["spends-try"],
    "exchange": [
        {"send": "00A404000F7378312E73682EC9E7BBE1B1A3D5CF00", "expect": "* 9000"},
        {"send": "0020000003999999", "expect": "63C5"},
    ],
}
BLANK: dict[str, Any] = {**READS, "id": "blank", "card": "blank"}


@pytest.fixture(autouse=True)
def _language() -> Iterator[None]:
    before = messages.current()
    yield
    messages.use(before)


@pytest.fixture
def vector_file(tmp_path: Path) -> Any:
    def write(*vectors: dict[str, Any]) -> str:
        path = tmp_path / "v.json"
        path.write_text(json.dumps(vectors, indent=2), encoding="utf-8")
        return str(path)

    return write


class Inserted:
    """The sample card as if it sat in a reader; counts what is done to it."""

    def __init__(self) -> None:
        self.card = personalized_card()
        self.name = "Test Reader 0"
        self.resets = 0
        self.closed = False
        self.sent: list[bytes] = []

    @property
    def atr(self) -> bytes:
        return self.card.atr

    def transmit(self, apdu: bytes, /) -> bytes:
        self.sent.append(bytes(apdu))
        return self.card.transmit(apdu)

    def reset(self) -> bytes:
        self.resets += 1
        return self.card.reset()

    def close(self) -> None:
        self.closed = True


@pytest.fixture
def inserted(monkeypatch: pytest.MonkeyPatch) -> Inserted:
    card = Inserted()

    def open_transport(reader: str | None) -> Transport:
        assert reader == "Test"
        return card

    monkeypatch.setattr(readers_open, "open_transport", open_transport)
    return card


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = main(["--lang", "en", "vectors", "run", *arguments])
    shown = capsys.readouterr()
    return code, shown.out, shown.err


def objects(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


def test_everything_that_comes_with_the_toolkit(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = run(capsys)
    assert code == Exit.OK
    assert out.splitlines()[-1] == "253 vectors: 253 passed, 0 failed, 0 not supported"
    assert "not in this version" not in out
    assert err == ""
    assert max(len(line) for line in out.splitlines()) <= 80


def test_the_same_as_objects(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "--json")
    *rows, totals = objects(out)
    assert code == Exit.OK
    assert totals == {
        "total": 253,
        "passed": 253,
        "failed": 0,
        "error": 0,
        "not_supported": 0,
        "held_back": 0,
    }
    assert len(rows) == 253
    assert {row["status"] for row in rows} == {"passed"}
    assert all(row["line"] > 1 and row["file"].endswith(".json") for row in rows)


def test_chinese(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--lang", "zh", "vectors", "run"]) == Exit.OK
    assert "253 通过, 0 失败, 0 暂不支持" in capsys.readouterr().out


def test_a_wrong_vector_fails_and_shows_both_values(capsys: pytest.CaptureFixture[str], vector_file: Any) -> None:
    path = vector_file(GOOD, {**GOOD, "id": "wrong", "expect": {"check": "5"}})
    code, out, _ = run(capsys, path)
    assert code == Exit.FAILED
    assert f"{path}:15: wrong: failed" in out
    assert "expected  5" in out
    assert "got       4" in out
    assert out.splitlines()[-1] == "2 vectors: 1 passed, 1 failed, 0 not supported"
    code, out, _ = run(capsys, path, "--json")
    assert code == Exit.FAILED
    good, wrong, totals = objects(out)
    assert (good["status"], wrong["status"], totals["failed"]) == ("passed", "failed", 1)
    assert wrong["differences"] == [{"name": "check", "expected": "5", "got": "4"}]


def test_a_wrong_step_fails_too(capsys: pytest.CaptureFixture[str], vector_file: Any) -> None:
    vector = {**GOOD, "steps": {"card_number": "T00000045"}}
    assert run(capsys, vector_file(vector))[0] == Exit.FAILED
    assert run(capsys, vector_file({**GOOD, "steps": {"card_number": "T00000044", "sum": 1}}))[0] == Exit.OK


def test_a_negative_vector_that_holds_fails(capsys: pytest.CaptureFixture[str], vector_file: Any) -> None:
    code, out, _ = run(capsys, vector_file({**GOOD, "negative": True}))
    assert code == Exit.FAILED
    assert "did not see the deliberate mistake" in out
    assert run(capsys, vector_file({**GOOD, "negative": True, "expect": {"check": "5"}}))[0] == Exit.OK


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"rule": "card-nummer"}, "rule card-nummer"),
        ({"given": {}}, "given body"),
        ({"given": {"body": "T"}}, ""),
        ({"given": {"body": 7}}, ""),
        ({"expect": {"cheque": "4"}}, "expect cheque"),
        ({"rule": "fci", "given": {"fci": "XY", "card_id_first_bytes": "99"}}, ""),
        ({"rule": "atr", "given": {"atr": "3B00"}, "expect": {"area": "99"}}, "ATR-FOREIGN"),
        ({"rule": "session-key", "given": {"algorithm": "AES", "key": "", "challenge": ""}}, "given AES"),
    ],
)
@pytest.mark.parametrize("negative", [False, True])
def test_a_vector_that_cannot_be_judged_is_an_error_even_if_negative(
    capsys: pytest.CaptureFixture[str], vector_file: Any, change: dict[str, Any], reason: str, negative: bool
) -> None:
    code, out, _ = run(capsys, vector_file({**GOOD, **change, "negative": negative}), "--json")
    row, totals = objects(out)
    assert code == Exit.FAILED
    assert (row["status"], totals["error"], totals["passed"]) == ("error", 1, 0)
    assert reason in row["reason"]


def test_what_is_not_there_is_counted_apart(capsys: pytest.CaptureFixture[str], vector_file: Any) -> None:
    code, out, _ = run(capsys, vector_file({**GOOD, "requires": "hologram"}))
    assert code == Exit.OK
    assert out.splitlines() == [
        "    1  not in this version: hologram",
        "1 vectors: 0 passed, 0 failed, 1 not supported",
    ]


def test_a_malformed_file_names_file_and_line(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    path = tmp_path / "broken.json"
    path.write_text('[\n  {"id": "a",\n   "rule" }\n]', encoding="utf-8")
    code, out, err = run(capsys, str(path))
    assert code == Exit.USAGE
    assert out == ""
    assert f"{path}, line 3" in err
    code, out, _ = run(capsys, str(path), "--json")
    (row,) = objects(out)
    assert (code, row["error"], row["line"], row["file"]) == (Exit.USAGE, "VECTOR-JSON", 3, str(path))


def test_a_missing_file_is_a_usage_error(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert run(capsys, str(tmp_path / "none.json"))[0] == Exit.USAGE


def test_card_vectors_run_on_software_cards(capsys: pytest.CaptureFixture[str], vector_file: Any) -> None:
    path = vector_file(GOOD, READS, SPENDS, BLANK)
    assert run(capsys, path)[1].splitlines()[-1] == "4 vectors: 4 passed, 0 failed, 0 not supported"
    code, out, _ = run(capsys, path, "--reader", "emulator")
    assert code == Exit.OK
    assert out.splitlines()[-1] == "3 vectors: 3 passed, 0 failed, 0 not supported"


def test_a_card_that_answers_otherwise_fails(capsys: pytest.CaptureFixture[str], vector_file: Any) -> None:
    wrong = {**READS, "exchange": [*READS["exchange"], {"send": "0084000005", "expect": "9000"}]}
    code, out, _ = run(capsys, vector_file(wrong), "--json")
    assert code == Exit.FAILED
    assert objects(out)[0]["differences"] == [{"name": "2: 0084000005", "expected": "9000", "got": "6700"}]


def test_a_real_reader_holds_back_what_has_effects(
    capsys: pytest.CaptureFixture[str], vector_file: Any, inserted: Inserted
) -> None:
    code, out, _ = run(capsys, vector_file(GOOD, READS, SPENDS, BLANK), "--reader", "Test")
    assert code == Exit.OK
    assert out.splitlines()[-1] == "3 vectors: 1 passed, 0 failed, 1 held back (needs --yes), 1 not supported"
    assert inserted.sent == [bytes.fromhex("0084000008")]
    assert inserted.closed


def test_yes_lets_them_go(capsys: pytest.CaptureFixture[str], vector_file: Any, inserted: Inserted) -> None:
    code, out, _ = run(capsys, vector_file(READS, SPENDS), "--reader", "Test", "--yes")
    assert code == Exit.OK
    assert out.splitlines()[-1] == "2 vectors: 2 passed, 0 failed, 0 not supported"
    assert bytes.fromhex("0020000003999999") in inserted.sent
    assert inserted.resets == 2


def test_all_card_vectors_hold_on_an_inserted_card(capsys: pytest.CaptureFixture[str], inserted: Inserted) -> None:
    code, out, _ = run(capsys, "--reader", "Test", "--yes", "--json")
    *rows, totals = objects(out)
    assert code == Exit.OK
    assert (totals["passed"], totals["not_supported"], totals["failed"]) == (36, 6, 0)
    assert {row["reason"] for row in rows if row["status"] == "not-supported"} == {"card blank"}


def test_a_reader_without_card_is_exit_3(
    capsys: pytest.CaptureFixture[str], vector_file: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def open_transport(reader: str | None) -> Transport:
        raise CardMissing("card-removed")

    monkeypatch.setattr(readers_open, "open_transport", open_transport)
    assert run(capsys, vector_file(READS), "--reader", "Test")[0] == Exit.NO_READER


def test_help_needs_no_library(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--lang", "en", "vectors", "run", "--help"]) == Exit.OK
    assert "sscard vectors run --reader emulator" in capsys.readouterr().out


def test_no_files_at_all(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sscard.conformance.vectors.default_files", tuple)
    code, _, err = run(capsys)
    assert code == Exit.USAGE
    assert "VECTOR-NONE" in err


class Endless(Inserted):
    """A card that never stops announcing data."""

    def transmit(self, apdu: bytes, /) -> bytes:
        return b"\x61\x01"


class Mute(Inserted):
    def transmit(self, apdu: bytes, /) -> bytes:
        return b""


def test_a_card_that_breaks_the_protocol_is_an_error_of_that_vector(
    capsys: pytest.CaptureFixture[str], vector_file: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(readers_open, "open_transport", lambda reader: Endless())
    code, out, _ = run(capsys, vector_file(READS), "--reader", "Test", "--json")
    row, _ = objects(out)
    assert (code, row["status"]) == (Exit.FAILED, "error")
    assert row["reason"].startswith("ENDLESS-ANSWER")


def test_a_lost_card_ends_the_run(
    capsys: pytest.CaptureFixture[str], vector_file: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    card = Mute()
    monkeypatch.setattr(readers_open, "open_transport", lambda reader: card)
    code, out, err = run(capsys, vector_file(READS, {**READS, "id": "second"}), "--reader", "Test")
    assert (code, out) == (Exit.FAILED, "")
    assert "CARD-MUTE" in err
    assert card.closed
