"""``sscard pki``: prompts, both languages, exit codes, files, and no secret in any output."""

from __future__ import annotations

import json
import stat
from contextlib import closing
from pathlib import Path

import pytest

from sscard.certificates import Certificate, sm2
from sscard.certificates.x509 import public_from, public_pem
from sscard.cli import main
from sscard.emulator import SoftwareCard, open_card
from sscard.errors import Exit

USER, ADMINISTRATOR = "123456", "12345678"
TRANSPORT, NEW_KEY = "D1DDCABEB4ABCAE4D6F7BFD8C3DCD4BF", "00112233445566778899AABBCCDDEEFF"


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*words: str, lang: str = "en") -> int:
    return main(["--lang", lang, "pki", *words])


def on_card(*words: str, lang: str = "en") -> int:
    return run(*words, "--image", "card.json", lang=lang)


def objects(capsys: pytest.CaptureFixture[str]) -> list[dict[str, object]]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def error_of(capsys: pytest.CaptureFixture[str]) -> object:
    return objects(capsys)[-1]["error"]


def test_the_whole_way(place: Path, typed: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    typed += [USER]
    assert on_card("key-pair", "--out", "card.pem") == Exit.OK
    shown = capsys.readouterr().out.splitlines()
    public = public_from((place / "card.pem").read_bytes())
    assert shown[0] == public.hex().upper()
    assert "\n".join(shown[1:]) + "\n" == public_pem(public)
    assert run("demo-ca", "card.pem", "--out", "ca") == Exit.OK
    typed += [USER]
    assert on_card("install", "ca") == Exit.OK
    assert "Installed" in capsys.readouterr().out
    typed += [USER]
    assert on_card("check", "--ca", "ca/ca.cer", "--possession", "--json") == Exit.OK
    found = objects(capsys)
    assert len(found) == 15
    assert all(each["passed"] for each in found)
    assert typed == []
    with closing(open_card(place / "card.json")) as card:
        written = SoftwareCard(card.chip).file("DDF3/DF01/0018").content
    assert Certificate.parse_any((place / "ca/signature.cer").read_bytes()).der in written


def test_every_step_in_chinese(place: Path, typed: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    typed += [USER, USER]
    assert on_card("key-pair", "--out", "card.pem", lang="zh") == Exit.OK
    assert run("demo-ca", "card.pem", "--out", "ca", lang="zh") == Exit.OK
    assert on_card("install", "ca", lang="zh") == Exit.OK
    assert on_card("check", lang="zh") == Exit.OK
    shown = capsys.readouterr().out
    for words in ("已写入 ca", "已装入", "通过  签名: 公钥", "通过  加密: 证书用途"):
        assert words in shown


def test_a_new_card_is_not_whole(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert on_card("check", lang="zh") == Exit.FAILED
    assert capsys.readouterr().out.splitlines() == ["不符  签名: 公钥", "不符  加密: 公钥"]
    assert on_card("public-key", "--json") == Exit.REFUSED
    assert error_of(capsys) == "PKI-NO-PAIR"


def test_a_pair_is_not_replaced_by_accident(place: Path, typed: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    typed += [USER]
    assert on_card("key-pair", "--json") == Exit.OK
    first = objects(capsys)[0]["public_key"]
    assert on_card("key-pair", "--json") == Exit.REFUSED
    assert error_of(capsys) == "PKI-PAIR-THERE"
    assert on_card("public-key", "--json") == Exit.OK
    assert objects(capsys)[0] == {
        "pair": "signature",
        "public_key": first,
        "pem": public_pem(bytes.fromhex(str(first))),
    }
    typed += [USER]
    assert on_card("key-pair", "--replace", "--json") == Exit.OK
    assert objects(capsys)[0]["public_key"] != first


def test_pins(place: Path, typed: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    typed += [ADMINISTRATOR, "87654321"]
    assert on_card("pin", "administrator") == Exit.OK
    typed += [USER, "654321"]
    assert on_card("pin", "user", "--json") == Exit.OK
    assert capsys.readouterr().out.splitlines() == ["The PIN is changed.", '{"changed": "pin-user"}']
    typed += [USER]
    assert on_card("key-pair", "--json") == Exit.FAILED
    assert error_of(capsys) == "WRONG-SECRET"
    typed += ["1234"]
    assert on_card("key-pair", "--json") == Exit.USAGE
    assert error_of(capsys) == "PKI-PIN-FORM"


def test_master_keys(place: Path, typed: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    typed += [TRANSPORT, NEW_KEY]
    assert on_card("master-key", "--json") == Exit.OK
    assert objects(capsys) == [{"changed": "master-adf"}, {"changed": "master-ddf"}]
    typed += [NEW_KEY, TRANSPORT]
    assert on_card("master-key", "--only", "ddf") == Exit.OK
    assert capsys.readouterr().out == "The master key of the DDF is changed; the old one no longer opens.\n"
    typed += [TRANSPORT, NEW_KEY]
    assert on_card("master-key", "--json") == Exit.FAILED
    assert error_of(capsys) == "WRONG-SECRET"


@pytest.mark.parametrize("word", ["", "00", "GG" * 16, NEW_KEY + "00", "0 " * 16])
def test_a_master_key_of_another_form(
    place: Path, typed: list[str], capsys: pytest.CaptureFixture[str], word: str
) -> None:
    typed += [word]
    assert on_card("master-key", "--json") == Exit.USAGE
    assert error_of(capsys) == "PKI-MASTER-FORM"


def test_no_secret_is_shown_and_none_is_asked_in_the_open(
    place: Path, typed: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    typed += [USER, ADMINISTRATOR, "87654321", TRANSPORT, NEW_KEY]
    assert on_card("key-pair") == on_card("pin", "administrator") == on_card("master-key") == Exit.OK
    typed += ["99999999", "87654321", NEW_KEY[::-1], NEW_KEY]
    assert on_card("pin", "administrator") == on_card("master-key") == Exit.FAILED
    shown = capsys.readouterr()
    for secret in (USER, "87654321", "99999999", TRANSPORT, NEW_KEY, NEW_KEY[::-1]):
        assert secret not in shown.out + shown.err
    assert stat.S_IMODE((place / "card.json").stat().st_mode) == 0o600


@pytest.mark.parametrize(
    "words",
    [("--name", "张三"), ("--ssn", "110101200001010022"), ("--card-no", "A00000044")],
    ids=lambda words: words[0],
)
def test_the_demo_ca_certifies_made_up_people_only(
    place: Path, capsys: pytest.CaptureFixture[str], words: tuple[str, str]
) -> None:
    (place / "card.pem").write_text(public_pem(sm2.generate()[1]))
    assert run("demo-ca", "card.pem", "--out", "ca", *words, "--json") == Exit.REFUSED
    assert error_of(capsys) == "PKI-DEMO-PERSON"
    assert not (place / "ca").exists()


@pytest.mark.parametrize(
    "content", ["", "x", "00" * 64, "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n"]
)
def test_what_is_no_public_key(place: Path, capsys: pytest.CaptureFixture[str], content: str) -> None:
    (place / "card.pem").write_text(content)
    assert run("demo-ca", "card.pem", "--out", "ca", "--json") == Exit.FAILED
    assert error_of(capsys) == "PUBLIC-KEY-FORM"


@pytest.mark.parametrize(
    ("file", "content", "code"),
    [
        ("signature.cer", b"?", "CERTIFICATE-FORM"),
        ("encryption.cer", b"\x30\x03\x02\x01\x01", "CERTIFICATE-FORM"),
        ("envelope.txt", b"AAAA", "ENVELOPE-FORM"),
        ("envelope.txt", b"\xff\xfe", "ENVELOPE-FORM"),
        ("envelope.txt", None, "PKI-NOT-SENT-BACK"),
        ("signature.cer", None, "PKI-NOT-SENT-BACK"),
    ],
)
def test_what_the_ca_did_not_send(
    place: Path, typed: list[str], capsys: pytest.CaptureFixture[str], file: str, content: bytes | None, code: str
) -> None:
    typed += [USER]
    assert on_card("key-pair", "--out", "card.pem") == run("demo-ca", "card.pem", "--out", "ca") == Exit.OK
    if content is None:
        (place / "ca" / file).unlink()
    else:
        (place / "ca" / file).write_bytes(content)
    capsys.readouterr()
    assert on_card("install", "ca", "--json") == (Exit.FAILED if content is not None else Exit.USAGE)
    assert error_of(capsys) == code


def test_reader_and_image_exclude_each_other(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert on_card("check", "--reader", "emulator", "--json") == Exit.USAGE
    assert error_of(capsys) == "USAGE"


def test_a_card_without_the_application(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from sscard.emulator import PersistentCard
    from sscard.personalize.sample import personalized_card

    PersistentCard(place / "card.json", personalized_card).close()
    assert on_card("check", "--json") == Exit.REFUSED
    assert error_of(capsys) == "PKI-ABSENT"
