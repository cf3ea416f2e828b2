"""info, read, tree and apdu from the command line: what is printed, what is refused, and the exit codes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from sscard.apdu.command import Command
from sscard.cli import main
from sscard.commands import readers_open
from sscard.emulator import SoftwareCard
from sscard.errors import Exit
from sscard.personalize.sample import PERSON, personalized_card
from sscard.personalize.workspace import create_workspace


class Watched:
    """The card behind the command, with all that was sent to it."""

    def __init__(self, card: SoftwareCard) -> None:
        self.card = card
        self.sent: list[bytes] = []
        self.closed = False
        self.atr, self.name = card.atr, "Virtual PCD 0 00 00"

    def transmit(self, apdu: bytes, /) -> bytes:
        self.sent.append(apdu)
        return self.card.transmit(apdu)

    def reset(self) -> bytes:
        return self.card.reset()

    def close(self) -> None:
        self.closed = True


@pytest.fixture
def reader(monkeypatch: pytest.MonkeyPatch) -> Watched:
    watched = Watched(personalized_card())
    monkeypatch.setattr(readers_open, "open_transport", lambda *_names: watched)
    return watched


@pytest.fixture
def blank(monkeypatch: pytest.MonkeyPatch) -> Watched:
    watched = Watched(SoftwareCard.blank(1))
    monkeypatch.setattr(readers_open, "open_transport", lambda *_names: watched)
    return watched


def run(*words: str, lang: str = "en") -> int:
    return main(["--lang", lang, *words])


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, object]]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


@pytest.mark.parametrize("command", ["info", "read", "tree", "apdu"])
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_help_has_an_example(command: str, lang: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(command, "--help", lang=lang) == Exit.OK
    assert f"sscard {command}" in capsys.readouterr().out


def test_info(reader: Watched, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("info") == Exit.OK
    out = capsys.readouterr().out
    for fact in (
        "Virtual PCD 0 00 00",
        "3B 6D 00 00 00 81 26 11 01 86 99 99 01 00 00 00 17",
        "3.00 · SM4 · area 990101 · id 990101D15600000500000017 · number T00000044",
        "personalized · PIN 6 tries left",
        "card factor 8699990100000017",
        "bit/s",
    ):
        assert fact in out
    assert reader.closed


def test_info_in_chinese_and_json(reader: Watched, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("info", lang="zh") == Exit.OK
    assert "已个人化 · PIN 剩 6 次" in capsys.readouterr().out
    assert run("info", "--json") == Exit.OK
    (facts,) = lines(capsys)
    assert facts["kind"] == "social-security"
    assert (facts["state"], facts["algorithm"], facts["card_no"], facts["pin_tries"]) == (
        "issued",
        "SM4",
        "T00000044",
        6,
    )


def test_info_of_a_blank_card(blank: Watched, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("info") == Exit.OK
    assert "blank card" in capsys.readouterr().out


def test_read_without_keys_reads_what_is_free(
    reader: Watched, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("read", "EF05", "EF06", "--workspace", str(tmp_path)) == Exit.PARTLY
    out = capsys.readouterr().out
    assert "卡号 card number" in out
    assert PERSON.card_no in out
    assert "not read: no usable RKSSSE" in out


def test_read_on_the_sample_card(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("read", "--reader", "emulator", lang="zh") == Exit.OK
    out = capsys.readouterr().out
    assert "990101********0022" in out
    assert "测*甲" in out
    assert "SSSE/EF06 持卡人基本信息文件   (RKSSSE ✓)" in out
    assert PERSON.ssn not in out
    assert PERSON.name not in out


def test_read_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("read", "EF06", "--reader", "emulator", "--json") == Exit.OK
    head, *values = lines(capsys)
    assert head == {
        "directory": "SSSE", "file": "EF06", "outcome": "read", "rights": ["RKSSSE"], "refused": None,
    }  # fmt: skip
    by_tag = {value["tag"]: value for value in values}
    assert by_tag["08"]["value"] == "990101********0022"
    assert (by_tag["08"]["masked"], by_tag["0A"]["masked"], by_tag["4E"]["set"]) == (True, False, False)
    assert by_tag["0A"]["value"] == "2"


def test_read_with_the_pin(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin.isatty", lambda: True)
    monkeypatch.setattr("click.prompt", lambda *_args, **_kwargs: "123456")
    assert run("read", "DF04/EF06", "--reader", "emulator", "--pin", "--json") == Exit.OK
    assert lines(capsys)[0]["rights"] == ["PIN", "RK1DF04"]
    assert run("read", "DF04/EF06", "--reader", "emulator", "--json") == Exit.PARTLY
    assert lines(capsys)[0]["refused"] == "no-pin"


def test_a_wrong_pin_is_told_with_the_tries_left(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin.isatty", lambda: True)
    monkeypatch.setattr("click.prompt", lambda *_args, **_kwargs: "654321")
    assert run("read", "DF04/EF08", "--reader", "emulator", "--pin") == Exit.FAILED
    err = capsys.readouterr().err
    assert "5 tries left" in err
    assert "654321" not in err


def test_read_refuses_a_blank_card(blank: Watched, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("read", "--workspace", str(tmp_path)) == Exit.REFUSED
    assert "NOT-SOCIAL-SECURITY" in capsys.readouterr().err
    assert blank.closed


def test_showing_people_needs_consent_and_is_written_down(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    root = tmp_path / "work"
    workspace = create_workspace(root, demo=True, region="990101", seed=0)
    arguments = ["read", "EF06", "--reader", "emulator", "--show-person", "--workspace", str(root)]
    monkeypatch.setattr("click.confirm", lambda *_args, **_kwargs: False)
    assert run(*arguments) == Exit.REFUSED
    assert PERSON.ssn not in capsys.readouterr().out
    assert not workspace.audit_path.exists()
    assert run(*arguments, "--yes") == Exit.OK
    out = capsys.readouterr().out
    assert PERSON.ssn in out
    assert PERSON.name in out
    (line,) = workspace.audit_path.read_text(encoding="utf-8").splitlines()
    assert "command=read" in line
    assert "card=990101D15600000500000017" in line
    assert PERSON.ssn not in line
    assert PERSON.name not in line
    assert workspace.audit_path.stat().st_mode & 0o777 == 0o600
    assert run(*arguments, "--yes") == Exit.OK
    assert len(workspace.audit_path.read_text(encoding="utf-8").splitlines()) == 2


def test_without_an_audit_log_nothing_is_shown(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["read", "EF06", "--reader", "emulator", "--show-person", "--yes", "--workspace"]
    assert run(*arguments, str(tmp_path)) == Exit.USAGE
    root = tmp_path / "work"
    create_workspace(root, demo=True, region="990101", seed=0).audit_path.mkdir()
    assert run(*arguments, str(root)) == Exit.USAGE
    captured = capsys.readouterr()
    assert "AUDIT-UNWRITABLE" in captured.err
    assert PERSON.ssn not in captured.out


def test_read_with_the_keys_of_a_workspace(reader: Watched, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for seed, outcome, refused in ((0, "read", None), (1, "denied", "foreign")):
        root = tmp_path / str(seed)
        create_workspace(root, demo=True, region="990101", seed=seed)
        run("read", "EF06", "--workspace", str(root), "--json")
        head = lines(capsys)[0]
        assert (head["outcome"], head["refused"]) == (outcome, refused)


def test_what_is_free_needs_no_vault(reader: Watched, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = tmp_path / "work"
    create_workspace(root, demo=True, region="990101", seed=0).vault_path.unlink()
    assert run("read", "EF05", "--workspace", str(root)) == Exit.OK
    assert run("read", "EF06", "--workspace", str(root)) == Exit.FAILED
    assert "VAULT-MISSING" in capsys.readouterr().err


def test_tree(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("tree", lang="zh") == Exit.OK
    out = capsys.readouterr().out
    assert "│  └─ EF15 特殊医疗结算记录" in out
    assert "读 PIN&RK1DF04   改 UK2DF04   变长记录 3 条" in out
    assert "└─ DEBIT 借记应用" in out
    assert run("tree", "df04") == Exit.OK
    out = capsys.readouterr().out
    assert "DF04 社会保险2 (医保) social insurance 2 (medical)" in out
    assert "87  DSK" in out
    assert "DF03" not in out
    assert run("tree", "DF01/EF15") == Exit.OK
    assert "57  an     3 B      学位代码 degree code" in capsys.readouterr().out
    assert run("tree", "DF99") == Exit.USAGE
    assert run("tree", "--profile", "none") == Exit.USAGE


def test_tree_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("tree", "--json") == Exit.OK
    nodes = lines(capsys)
    assert [node["node"] for node in nodes].count("directory") == 8
    assert [node["node"] for node in nodes].count("file") == 40
    assert run("tree", "DF04/EF06", "--json") == Exit.OK
    (file,) = lines(capsys)
    assert (file["read"], file["update"], file["records"]) == ("PIN&RK1DF04", "UK2DF04", 3)


def test_apdu(reader: Watched, capsys: pytest.CaptureFixture[str]) -> None:
    select = "00A404000F7378312E73682EC9E7BBE1B1A3D5CF00"
    assert run("apdu", select, "00 B2 03 28 06", "00B20330 20") == Exit.FAILED
    out = capsys.readouterr().out.splitlines()
    assert out[1].startswith("← 6F 1C 84 0F")
    assert out[2] == "→ 00 B2 03 28 06   READ RECORD"
    assert out[3] == "← 03 04 33 2E 30 30 90 00   success"
    assert out[5] == "← 69 82   security state not satisfied"
    assert run("apdu", select, lang="zh") == Exit.OK
    assert "选择文件" in capsys.readouterr().out


def test_apdu_stops_at_the_first_failure(reader: Watched, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("apdu", "00A4000002EEEE", "0084000008", "--json") == Exit.FAILED
    (answer,) = lines(capsys)
    assert (answer["sw"], answer["meaning_en"]) == ("6A82", "file not found")
    assert len(reader.sent) == 1


@pytest.mark.parametrize(
    "apdu",
    ["0020000003123456", "00820004101111111111111111222222222222222", "00D6880001AA", "80E0020000", "FF00000000"],
)
def test_what_does_more_than_read_needs_yes(apdu: str, reader: Watched, capsys: pytest.CaptureFixture[str]) -> None:
    apdu += "2" * (len(apdu) % 2)
    assert run("apdu", "0084000008", apdu) == Exit.REFUSED
    assert reader.sent == []
    assert "APDU-GUARDED" in capsys.readouterr().err
    run("apdu", apdu, "--yes")
    assert reader.sent == [Command.parse(bytes.fromhex(apdu))]


def test_secrets_are_starred(reader: Watched, capsys: pytest.CaptureFixture[str]) -> None:
    select = "00A404000F7378312E73682EC9E7BBE1B1A3D5CF00"
    assert run("apdu", select, "0020000003123456", "--yes") == Exit.OK
    assert run("apdu", select, "0020000003123456", "--yes", "--json") == Exit.OK
    out = capsys.readouterr().out
    assert "123456" not in out
    assert "→ 00 20 00 00 03 ******   VERIFY" in out
    assert '"command": "0020000003******"' in out


def test_apdus_from_standard_input(
    reader: Watched, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    import io

    monkeypatch.setattr("sys.stdin", io.StringIO("0084000008\n\n00 84 00 00 04\n"))
    assert run("apdu", "-", "--json") == Exit.OK
    assert [len(str(answer["data"])) for answer in lines(capsys)] == [16, 8]


@pytest.mark.parametrize(("apdu", "code"), [("00A", "APDU-HEX"), ("00A4000005AA", "APDU-FORM"), ("00", "APDU-FORM")])
def test_what_is_no_apdu(apdu: str, code: str, reader: Watched, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("apdu", apdu) == Exit.USAGE
    assert code in capsys.readouterr().err
    assert reader.sent == []
