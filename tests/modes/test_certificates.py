"""Certificates in the line: the holder pass of cards with a PKI application, the CA asked once, torn and resumed."""

from __future__ import annotations

import json
import shlex
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from sscard.apdu.transport import Channel
from sscard.certificates import DemoAuthority, Holder
from sscard.commands.certificate_authority import LIMIT, ProgramAuthority, demo_certifier
from sscard.cos.actions import Certify
from sscard.cos.pki import PinRole
from sscard.cos.profile import load_profile
from sscard.emulator import Cut, Tear
from sscard.emulator.persistent import open_card
from sscard.errors import CustodyError, Exit, KeyServiceMissing, Quarantined
from sscard.keys.secret import Secret
from sscard.keys.service import KeyRef
from sscard.personalize.line import HUNG_AFTER
from sscard.personalize.sample import PERSON, personalized_card
from sscard.personalize.tearproof import Outcome, Proof, Trial, trials
from sscard.terminal.certifier import CardCertifier, issued_bytes
from sscard.terminal.pki import Pair, PkiCard

from .conftest import Party

PROFILE = "ssc3-sm4+overlay-pki"
PIN = Secret(bytes.fromhex("123456"))
WHO = Certify(KeyRef("PIN", "990101"), PERSON.name, PERSON.ssn, PERSON.card_no)


@pytest.fixture
def counter(party: Callable[..., Party]) -> Party:
    """A counter with one initialised card in its box."""
    place = party("counter")
    words = ("initialise", "--count", 1, "--profile", PROFILE)
    assert place.make("INIT", *words)[0] == Exit.OK
    place.take_in(place.drawer)
    place.drawer[0].unlink()
    return place


def test_a_silent_ca_leaves_the_card_in_work_and_the_next_run_finishes_it(counter: Party, one: Path) -> None:
    words = ("holder", "--profile", PROFILE)
    assert counter.make(one, *words)[0] == Exit.REFUSED
    code, events = counter.make(one, *words, "--ca", "false")
    assert (code, events[-1]["work"], events[-1]["spoiled"]) == (Exit.NO_READER, 1, 0)
    code, events = counter.make(one, *words, "--ca", "demo")
    assert (code, events[-1]["good"], events[-1]["spoiled"]) == (Exit.OK, 1, 0)
    assert list((counter.root / "certificates").iterdir()) == [], "what names the holder is gone with the proof"
    with open_card(counter.drawer[0]) as card:
        card.reset()
        assert PkiCard(Channel(card)).certificate(Pair.SIGNATURE) is not None
    assert counter.run("audit", "verify")[0] == Exit.OK


def test_torn_at_every_place_the_certificates_are_whole(tmp_path: Path) -> None:
    profile = load_profile(PROFILE)
    proof = Proof(
        tmp_path, profile, pass_=profile.pass_named("holder"), certifier=demo_certifier(tmp_path / "certificates")
    )
    found = list(proof.run(trials(proof.commands(), every=41)))
    assert {finding.outcome for finding in found} == {Outcome.IDENTICAL}
    assert max(finding.wrong for finding in found) == 0
    assert sum(finding.tears for finding in found) == len(found)


class Counting:
    """The demonstration CA, counting how often it is asked."""

    certificate = None

    def __init__(self) -> None:
        self.asked = 0
        self._authority = DemoAuthority(datetime.now(UTC))

    def issue(self, holder: Holder, signature_public: bytes) -> object:
        self.asked += 1
        return self._authority.issue(holder, signature_public)


def test_the_ca_is_asked_once_for_a_key_and_damage_on_the_card_is_found(tmp_path: Path) -> None:
    authority = Counting()
    certifier = CardCertifier(authority, tmp_path, lambda: datetime.now(UTC))  # type: ignore[arg-type]
    card = personalized_card(PROFILE)
    certifier.install(Channel(card), PIN, WHO)
    card.reset()
    certifier.install(Channel(card), PIN, WHO)
    assert authority.asked == 1
    card.reset()
    certifier.prove(Channel(card), PIN)
    pki = PkiCard(Channel(card))
    pki.verify(PinRole.USER, PIN)
    pki.generate()
    card.reset()
    with pytest.raises(Quarantined) as caught:
        certifier.prove(Channel(card), PIN)
    assert caught.value.key == "quarantine-certificate"


def test_an_answer_for_another_card_is_not_written(tmp_path: Path) -> None:
    class Mixed(Counting):
        def issue(self, holder: Holder, signature_public: bytes) -> object:
            return super().issue(holder, PkiCard(Channel(other)).public_key(Pair.SIGNATURE) or b"")

    other = personalized_card(PROFILE, serial=0x18)
    pki = PkiCard(Channel(other))
    pki.verify(PinRole.USER, PIN)
    pki.generate()
    card = personalized_card(PROFILE)
    with pytest.raises(CustodyError) as caught:
        CardCertifier(Mixed(), tmp_path, lambda: datetime.now(UTC)).install(Channel(card), PIN, WHO)  # type: ignore[arg-type]
    assert caught.value.key == "ca-answer"
    card.reset()
    assert PkiCard(Channel(card)).certificate(Pair.SIGNATURE) is None


def test_a_program_carries_the_request(tmp_path: Path) -> None:
    holder = Holder(PERSON.name, PERSON.ssn, PERSON.card_no)
    public = DemoAuthority(datetime.now(UTC)).certificate.public
    issued = DemoAuthority(datetime.now(UTC)).issue(holder, public)
    (tmp_path / "answer.json").write_bytes(issued_bytes(issued))
    script = tmp_path / "ca.py"
    script.write_text(
        "import json, sys, pathlib\n"
        "request = sys.stdin.read()\n"
        f"pathlib.Path({str(tmp_path / 'request.json')!r}).write_text(request)\n"
        f"sys.stdout.write(pathlib.Path({str(tmp_path / 'answer.json')!r}).read_text())\n"
    )
    authority = ProgramAuthority(shlex.join([sys.executable, "-S", str(script)]))
    assert issued_bytes(authority.issue(holder, public)) == issued_bytes(issued)
    request = json.loads((tmp_path / "request.json").read_text())
    assert request == {
        "public_key": public.hex().upper(),
        "name": PERSON.name,
        "ssn": PERSON.ssn,
        "card_no": PERSON.card_no,
    }
    assert LIMIT < HUNG_AFTER


@pytest.mark.parametrize(
    ("command", "key"), [("false", "ca-silent"), ("no-such-program", "ca-silent"), ("echo {}", "ca-answer")]
)
def test_a_program_that_does_not_answer_stops_the_line_not_the_card(command: str, key: str) -> None:
    with pytest.raises(CustodyError) as caught:
        ProgramAuthority(command).issue(Holder("测试甲", "990101", "T"), bytes(64))
    assert caught.value.key == key
    assert isinstance(caught.value, KeyServiceMissing) is (key == "ca-silent")


def test_certificates_of_another_ca_are_found_by_the_proof(tmp_path: Path) -> None:
    profile = load_profile(PROFILE)
    authority = Counting()
    certifier = CardCertifier(authority, tmp_path / "kept", lambda: datetime.now(UTC))  # type: ignore[arg-type]
    proof = Proof(tmp_path, profile, pass_=profile.pass_named("holder"), certifier=certifier)
    authority.certificate = DemoAuthority(datetime.now(UTC), seed=1).certificate  # type: ignore[assignment]
    (finding,) = proof.run([Trial((Cut(5, Tear.BEFORE),))])
    assert (finding.outcome, finding.reason) == (Outcome.QUARANTINED, "quarantine-certificate")
