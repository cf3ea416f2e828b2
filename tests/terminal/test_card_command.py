"""``sscard card``: what is exported can be read back, and every kind of difference is seen."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sscard.cli import main
from sscard.commands.psam_open import sample_psam
from sscard.emulator import PersistentCard, SoftwareCard, image
from sscard.emulator.mother.card import CarrierSoftwareCard
from sscard.errors import Exit, WorkspaceError
from sscard.keys.family import Algorithm
from sscard.personalize.sample import PERSON, personalized_card
from sscard.personalize.workspace import create_workspace
from sscard.terminal import export

Run = Callable[..., tuple[int, list[dict[str, Any]]]]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.chdir(tmp_path)

    def run(*words: str) -> tuple[int, list[dict[str, Any]]]:
        code = main(["card", *words, "--json"])
        return code, [json.loads(line) for line in capsys.readouterr().out.splitlines()]

    return run


@pytest.fixture
def sample(tmp_path: Path) -> SoftwareCard:
    card = personalized_card()
    image.save(card, tmp_path / "a.img")
    return card


def changed(card: SoftwareCard, path: Path) -> None:
    card.reset()
    image.save(card, path)


def test_export_of_a_card_in_a_reader(run: Run, tmp_path: Path) -> None:
    create_workspace(tmp_path / "ws", demo=True, region="990101", seed=1)
    code, (told,) = run("export", "r.json", "--reader", "emulator", "--workspace", "ws", "--yes")
    assert (code, told["unread"]) == (Exit.PARTLY, ["DF04/EF06", "DF04/EF08"])
    assert (tmp_path / "r.json").stat().st_mode & 0o777 == 0o600
    card = export.load((tmp_path / "r.json").read_text("utf-8"))
    holder = card.file("SSSE/EF06")
    assert holder is not None
    assert [value.text for value in holder.values if value.tag == 0x08] == [PERSON.ssn]
    assert export.load(export.dump(card)) == card
    log = (tmp_path / "ws" / "audit.log").read_text()
    assert "command=card export card=" in log
    assert PERSON.ssn not in log


def test_export_asks_for_consent_and_a_workspace(run: Run, tmp_path: Path) -> None:
    assert run("export", "r.json", "--reader", "emulator", "--yes")[0] == Exit.USAGE
    create_workspace(tmp_path / "ws", demo=True, region="990101", seed=1)
    code, _ = run("export", "r.json", "--reader", "emulator", "--workspace", "ws")
    assert code != Exit.OK
    assert not (tmp_path / "r.json").exists()


def test_files_are_not_overwritten(run: Run, sample: SoftwareCard, tmp_path: Path) -> None:
    (tmp_path / "b.json").write_text("mine")
    code, (told,) = run("export", "b.json", "--image", "a.img")
    assert (code, told["error"]) == (Exit.REFUSED, "EXPORT-EXISTS")
    assert run("export", "b.json", "--image", "a.img", "--force")[0] == Exit.OK
    assert run("import", "a.img", "b.json")[0] == Exit.REFUSED
    assert run("sample", "b.json")[0] == Exit.REFUSED


def test_an_image_an_export_and_the_profile_agree(run: Run, sample: SoftwareCard, tmp_path: Path) -> None:
    assert run("export", "a.json", "--image", "a.img")[0] == Exit.OK
    for words in (("a.img", "a.json"), ("a.img", "a.img"), ("a.img",), ("a.json",)):
        code, (summary,) = run("compare", *words)
        assert (code, summary["differences"]) == (Exit.OK, 0), words
    assert run("compare", "a.json", "--reader", "emulator")[0] == Exit.FAILED


def test_another_value_is_told_masked(run: Run, sample: SoftwareCard, tmp_path: Path) -> None:
    ef = sample.file("DDF1/EF06")
    number = next(index for index, record in enumerate(ef.records) if record[0] == 0x08)
    ef.records[number] = ef.records[number][:-1] + b"9"
    changed(sample, tmp_path / "b.img")
    code, (told, summary) = run("compare", "a.img", "b.img")
    assert (code, summary["differences"]) == (Exit.FAILED, 1)
    assert (told["place"], told["label"], told["zh"], told["kind"]) == ("SSSE/EF06", "08", "社会保障号码", "value")
    assert PERSON.ssn not in json.dumps(told)


def test_structure_counters_and_keys_are_compared(run: Run, sample: SoftwareCard, tmp_path: Path) -> None:
    pin = sample.directory("DDF1").pin
    assert pin is not None
    pin.tries = 2
    sample.directory("DF01").keys[-1].value = bytes(16)
    del sample.directory("DF02").keys[-1]
    sample.file("DF03/EF05").size += 8
    sample.directory("DF07").blocked = True
    changed(sample, tmp_path / "b.img")
    code, found = run("compare", "a.img", "b.img")
    assert code == Exit.FAILED
    told = {(each["place"], each["left"], each["right"]) for each in found[:-1]}
    assert ("SSSE/key PIN 00 v1", "6/6", "2/6") in told
    assert any(place.startswith("DF01/key EXTERNAL") and left == right == "***" for place, left, right in told)
    assert any(place.startswith("DF02/key EXTERNAL") and right == "–" for place, _, right in told)
    assert any(place == "DF03/EF05" for place, _, _ in told)
    assert ("DF07", "False", "True") in told
    assert len(told) == 5
    code, found = run("compare", "b.img")
    assert {each["place"] for each in found[:-1]} >= {"DF03/EF05"}
    assert all(not each["place"].startswith("SSSE/key PIN") for each in found[:-1])


def test_keys_of_two_chips_may_differ(run: Run, sample: SoftwareCard, tmp_path: Path) -> None:
    assert run("sample", "b.img", "--serial", "9")[0] == Exit.OK
    _, found = run("compare", "a.img", "b.img")
    assert [(each["place"], each["kind"]) for each in found[:-1]] == [("3F00", "structure"), ("SSSE/EF05", "value")]


@pytest.mark.parametrize(
    ("place", "edit", "kinds"),
    [
        ("DDF1/EF05", lambda records: records[1:], {"only-right"}),
        ("DDF1/EF05", lambda records: [*records, b"\xfa\x01\x00"], {"only-left"}),
        ("DDF1/EF05", lambda records: [records[0][:1] + b"\x01\x99", *records[1:]], {"length"}),
        ("DDF1/EF05", lambda records: [r if r[0] != 0x03 else b"\x03\x042.00" for r in records], {"value"}),
        ("DF01/EF05", lambda records: [records[0][:2] + b"\x80" * (len(records[0]) - 2), *records[1:]], {"form"}),
        ("DDF1/EF1E", lambda records: [records[0][:-1] + b"?", *records[1:]], {"value"}),
    ],
)
def test_what_a_profile_does_not_allow(
    run: Run, sample: SoftwareCard, tmp_path: Path, place: str, edit: Any, kinds: set[str]
) -> None:
    ef = sample.file(place)
    ef.records = edit(list(ef.records))
    changed(sample, tmp_path / "b.img")
    code, found = run("compare", "b.img", "--profile", "ssc3-sm4")
    assert code == Exit.FAILED
    assert {each["kind"] for each in found[:-1]} == kinds


def test_a_missing_file_is_told(run: Run, sample: SoftwareCard, tmp_path: Path) -> None:
    directory = sample.directory("DF02")
    directory.remove_file(sample.file("DF02/EF06"))
    changed(sample, tmp_path / "b.img")
    _, found = run("compare", "a.img", "b.img")
    assert {(each["place"], each["kind"]) for each in found[:-1]} == {
        ("DF02/EF06", "structure"),
        ("DF02/EF06", "file"),
    }
    assert run("compare", "b.img")[0] == Exit.FAILED


def test_import_plays_the_log_beside_an_image(run: Run, tmp_path: Path) -> None:
    card = PersistentCard(tmp_path / "live.json", lambda: SoftwareCard.blank(5))
    card.transmit(bytes.fromhex("80E00300080000000000000000"))
    card._write("80e00300080000000000000000")
    card._lock = None  # type: ignore[assignment]
    import os

    os.close(card._log)
    code, (told,) = run("import", "live.json", "copy.json")
    assert (code, told["sealed"], told["interface"]) == (Exit.OK, False, "contact")
    assert image.read(tmp_path / "copy.json").chip.transport_code.tries == 1


def test_what_cannot_be_imported(run: Run, sample: SoftwareCard, tmp_path: Path) -> None:
    run("export", "a.json", "--image", "a.img")
    (tmp_path / "other").write_text("[]")
    for words, error in (
        (("import", "a.json", "x"), "EXPORT-NO-KEYS"),
        (("import", "other", "x"), "IMAGE-DAMAGED"),
        (("import", "none", "x"), "IMAGE-MISSING"),
        (("compare", "other"), "EXPORT-KIND"),
        (("compare", "none"), "IMAGE-MISSING"),
    ):
        code, (told,) = run(*words)
        assert (code, told["error"]) == (Exit.USAGE, error)
    assert main(["card", "compare"]) == Exit.USAGE
    assert main(["card", "export", "x", "--image", "a.img", "--reader", "emulator"]) == Exit.USAGE


@pytest.mark.parametrize(
    ("edit", "key"),
    [
        (lambda tree: tree | {"version": 9}, "export-newer"),
        (lambda tree: tree | {"format": "x"}, "export-damaged"),
        (lambda tree: tree | {"files": 1}, "export-damaged"),
        (lambda tree: tree | {"files": [{}]}, "export-damaged"),
        (lambda tree: tree | {"historical": "0"}, "export-damaged"),
    ],
)
def test_bad_exports_are_told(edit: Any, key: str) -> None:
    good = export.dump(export.CardExport("ssc3-sm4", bytes(13), ()))
    with pytest.raises(WorkspaceError) as error:
        export.load(json.dumps(edit(json.loads(good))))
    assert error.value.key == key
    with pytest.raises(WorkspaceError):
        export.load(good[:-5])


@pytest.mark.parametrize("name", ["training-fmcos", "training-smartcos"])
def test_a_practice_card_against_its_profile_and_its_export(run: Run, tmp_path: Path, name: str) -> None:
    assert run("sample", "p.img", "--profile", name)[0] == Exit.OK
    code, (told,) = run("export", "p.json", "--image", "p.img")
    assert (code, told["unread"]) == (Exit.OK, [])
    assert told["values"] > 100
    for words in (("p.img",), ("p.json",), ("p.img", "p.json")):
        code, (summary,) = run("compare", *words)
        assert (code, summary["differences"]) == (Exit.OK, 0), words
    card = image.read(tmp_path / "p.img")
    debit = next(directory for directory in card.chip.directories() if directory.files.get(0x0015))
    del debit.files[0x0015]
    image.save(card, tmp_path / "q.img")
    code, found = run("compare", "q.img")
    assert code == Exit.FAILED
    assert {each["place"] for each in found[:-1]} == {"DF01/EF15"}


def test_cards_of_two_systems(run: Run, sample: SoftwareCard, tmp_path: Path) -> None:
    assert run("sample", "p.img", "--profile", "training-fmcos")[0] == Exit.OK
    code, found = run("compare", "a.img", "p.img")
    assert code == Exit.FAILED
    structure = [each for each in found[:-1] if each["kind"] == "structure"]
    assert [(each["left"], each["right"]) for each in structure] == [("t514", "fmcos")]
    for words in (("compare", "a.img"), ("export", "x.json", "--image", "a.img")):
        code, (told,) = run(*words, "--profile", "training-fmcos")
        assert (code, told["error"]) == (Exit.USAGE, "IMAGE-DIALECT")
    assert not (tmp_path / "x.json").exists()


def test_images_of_other_cards_are_told_by_name(run: Run, sample: SoftwareCard, tmp_path: Path) -> None:
    image.save(sample_psam(Algorithm.SM4), tmp_path / "psam.img")
    image.save(CarrierSoftwareCard.blank(1), tmp_path / "mother.img")
    for name in ("psam.img", "mother.img"):
        for words in (("compare", name), ("compare", "a.img", name), ("export", "x.json", "--image", name)):
            code, (told,) = run(*words)
            assert (code, told["error"]) == (Exit.USAGE, "IMAGE-NO-USER-CARD")
        assert run("import", name, f"copy-{name}")[0] == Exit.OK
        assert (tmp_path / f"copy-{name}").read_bytes() == (tmp_path / name).read_bytes()


@pytest.mark.parametrize(("name", "error"), [("a.img", "IMAGE-DAMAGED"), ("a.json", "EXPORT-DAMAGED")])
def test_a_file_cut_short_is_damaged_not_foreign(
    run: Run, sample: SoftwareCard, tmp_path: Path, name: str, error: str
) -> None:
    run("export", "a.json", "--image", "a.img")
    whole = (tmp_path / name).read_bytes()
    (tmp_path / name).write_bytes(whole[: len(whole) // 2])
    code, (told,) = run("compare", name)
    assert (code, told["error"]) == (Exit.USAGE, error)


def test_sides_are_told_in_words(
    sample: SoftwareCard, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    sample.directory("DF07").blocked = True
    del sample.directory("DF01").files[0xEF15]
    changed(sample, tmp_path / "b.img")
    assert main(["--lang", "zh", "card", "compare", "a.img", "b.img"]) == Exit.FAILED
    told = capsys.readouterr().out
    assert "否 ↔ 是" in told
    assert "可读 ↔ 没有" in told
    assert "absent" not in told
