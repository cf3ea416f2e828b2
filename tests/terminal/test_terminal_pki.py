"""The PKI application from the counter: keys, certificates, PINs and master keys on a software card."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from asn1crypto import pem

from sscard.apdu.atr import Interface
from sscard.apdu.command import Command
from sscard.apdu.transport import Channel
from sscard.certificates import DemoAuthority, Holder, Issued, sm2
from sscard.certificates.envelope import seal
from sscard.cos.pki import TRANSPORT_MASTER, PinRole, PkiFile
from sscard.emulator import CardOptions, SoftwareCard, Tear, image
from sscard.errors import CardRemoved, CertificateError, CounterError, GuardRefused, StatusError, UsageError
from sscard.keys.secret import Secret
from sscard.terminal.pki import Pair, PkiCard, Place, pki_pin
from sscard.terminal.pki_check import Rule, Verdict, check, proves_possession
from sscard.terminal.pki_install import install

NOW = datetime.now(UTC)
CA = DemoAuthority(NOW)
HOLDER = Holder("测试甲", "990101200001010022", "T00000044")
NEW_MASTER = bytes(range(16))


def pin(role: PinRole, digits: str = "") -> Secret:
    return pki_pin(digits or role.delivered, role)


class Bench:
    """A software card and the counter's view of it; ``sent`` keeps what went over the wire."""

    def __init__(self, card: SoftwareCard) -> None:
        self.card = card
        self.sent: list[bytes] = []
        self.pki = self.connect()

    def connect(self) -> PkiCard:
        self.card.reset()
        self.pki = PkiCard(Channel(self.card, (lambda sent, _received: self.sent.append(sent),)))
        return self.pki

    def user(self) -> PkiCard:
        pki = self.connect()
        pki.verify(PinRole.USER, pin(PinRole.USER))
        return pki

    def issued(self) -> Issued:
        return CA.issue(HOLDER, self.user().generate())

    def content(self, file: PkiFile) -> bytes:
        return self.card.file(f"DDF3/DF01/{file:04X}").content

    def verdicts(self, **how: object) -> dict[tuple[Pair, Rule], bool]:
        return {(each.pair, each.rule): each.passed for each in check(self.user(), NOW, CA.certificate, **how)}


@pytest.fixture
def bench() -> Bench:
    return Bench(SoftwareCard.blank(1, options=CardOptions(pki_application=True)))


@pytest.fixture(params=list(Interface), ids=lambda interface: interface.value)
def either_bench(request: pytest.FixtureRequest, bench: Bench) -> Bench:
    """The card at each of its interfaces."""
    bench.card.present(request.param)
    return Bench(bench.card)


def test_from_key_pair_to_a_whole_card(either_bench: Bench) -> None:
    issued = either_bench.issued()
    install(either_bench.user(), issued.signature, issued.encryption, issued.envelope)
    assert either_bench.verdicts(possession=True) == {
        **{(Pair.SIGNATURE, rule): True for rule in Rule},
        **{(Pair.ENCRYPTION, rule): True for rule in Rule if rule is not Rule.POSSESSION},
    }
    assert sm2.public_of(either_bench.content(PkiFile.ENCRYPTION_PRIVATE)) == issued.encryption.public
    assert either_bench.pki.certificate(Pair.SIGNATURE) == issued.signature
    assert either_bench.pki.certificate(Pair.ENCRYPTION) == issued.encryption


def test_openssl_agrees_on_what_the_card_holds(bench: Bench, tmp_path: Path) -> None:
    issued = bench.issued()
    install(bench.user(), issued.signature, issued.encryption, issued.envelope)
    (tmp_path / "ca.pem").write_text(CA.certificate.pem)
    for pair in Pair:
        size = len(issued.signature.der if pair is Pair.SIGNATURE else issued.encryption.der)
        raw = pem.armor("CERTIFICATE", bench.content(pair.certificate)[:size])
        (tmp_path / f"{pair.name}.pem").write_bytes(raw)
    words = "verify -vfyopt distid:1234567812345678 -CAfile ca.pem SIGNATURE.pem ENCRYPTION.pem"
    done = subprocess.run(["openssl", *words.split()], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout == "SIGNATURE.pem: OK\nENCRYPTION.pem: OK\n"


def test_no_pin_goes_over_the_wire(bench: Bench) -> None:
    bench.issued()
    bench.pki.verify(PinRole.ADMINISTRATOR, pin(PinRole.ADMINISTRATOR))
    bench.pki.change_pin(PinRole.ADMINISTRATOR, pin(PinRole.ADMINISTRATOR), pin(PinRole.ADMINISTRATOR, "87654321"))
    wire = b"|".join(bench.sent)
    for digits in ("123456", "12345678", "87654321"):
        assert bytes.fromhex(digits) not in wire


def test_a_card_without_the_application() -> None:
    with pytest.raises(GuardRefused) as error:
        PkiCard(Channel(SoftwareCard.blank(1)))
    assert error.value.key == "pki-absent"


class TestPins:
    @pytest.mark.parametrize(("role", "new"), [(PinRole.USER, "654321"), (PinRole.ADMINISTRATOR, "87654321")])
    def test_change(self, bench: Bench, role: PinRole, new: str) -> None:
        bench.pki.change_pin(role, pin(role), pin(role, new))
        bench.pki.verify(role, pin(role, new))
        with pytest.raises(CounterError) as error:
            bench.pki.verify(role, pin(role))
        assert error.value.tries == 5

    @pytest.mark.parametrize("role", list(PinRole))
    def test_the_last_try_is_kept(self, bench: Bench, role: PinRole) -> None:
        wrong = pin(role, "9" * role.digits)
        for left in (5, 4, 3, 2, 1):
            with pytest.raises(CounterError) as error:
                bench.pki.verify(role, wrong)
            assert error.value.tries == left
        for attempt in (
            lambda: bench.pki.verify(role, pin(role)),
            lambda: bench.pki.change_pin(role, pin(role), wrong),
        ):
            with pytest.raises(GuardRefused) as refused:
                attempt()
            assert refused.value.key == "pin-floor"
        assert bench.pki.tries(role) == 1

    def test_a_wrong_old_pin(self, bench: Bench) -> None:
        with pytest.raises(CounterError) as error:
            bench.pki.change_pin(
                PinRole.ADMINISTRATOR, pin(PinRole.ADMINISTRATOR, "99999999"), pin(PinRole.ADMINISTRATOR)
            )
        assert (error.value.key, error.value.tries) == ("wrong-secret", 5)
        assert bench.pki.tries(PinRole.ADMINISTRATOR) == 5

    def test_a_card_that_does_not_tell_its_tries_is_served(self) -> None:
        class Silent(SoftwareCard):
            def transmit(self, apdu: bytes, /) -> bytes:
                return b"\x67\x00" if apdu[1] == 0x20 and len(apdu) < 6 else super().transmit(apdu)

        card = Silent(SoftwareCard.blank(1, options=CardOptions(pki_application=True)).chip)
        pki = PkiCard(Channel(card))
        assert pki.tries(PinRole.USER) is None
        pki.verify(PinRole.USER, pin(PinRole.USER))
        assert sm2.is_public(pki.generate())

    @pytest.mark.parametrize("digits", ["", "12345", "1234567", "12345a", "１２３４５６"])
    def test_form(self, digits: str) -> None:
        with pytest.raises(UsageError):
            pki_pin(digits, PinRole.USER)


class TestMasterKeys:
    @pytest.mark.parametrize("place", list(Place))
    def test_change(self, bench: Bench, place: Place) -> None:
        old, new = Secret(TRANSPORT_MASTER), Secret(NEW_MASTER)
        bench.pki.change_master(place, old, new)
        with pytest.raises(CounterError):
            bench.pki.change_master(place, old, new)
        bench.pki.change_master(place, new, old)
        other = next(each for each in Place if each is not place)
        bench.pki.change_master(other, old, new)

    def test_the_old_key_costs_no_try_in_the_end(self, bench: Bench) -> None:
        bench.pki.change_master(Place.APPLICATION, Secret(TRANSPORT_MASTER), Secret(NEW_MASTER))
        assert bench.card.directory("DDF3/DF01").master.tries == 3

    def test_a_card_that_keeps_its_old_key_is_told(self) -> None:
        class Stubborn(SoftwareCard):
            """Says 9000 to the change and changes nothing."""

            def transmit(self, apdu: bytes, /) -> bytes:
                return b"\x90\x00" if apdu[1] == 0xD4 else super().transmit(apdu)

        pki = PkiCard(Channel(Stubborn(SoftwareCard.blank(1, options=CardOptions(pki_application=True)).chip)))
        with pytest.raises(GuardRefused) as error:
            pki.change_master(Place.ENVIRONMENT, Secret(TRANSPORT_MASTER), Secret(NEW_MASTER))
        assert (error.value.key, error.value.fields["place"]) == ("pki-master-kept", "DDF")


class TestInstall:
    def refused(self, bench: Bench, issued: Issued) -> str:
        """The reason why nothing is written."""
        before = image.dump(bench.card).split('"root"')[1]
        pki = bench.user()
        with pytest.raises(GuardRefused) as error:
            install(pki, issued.signature, issued.encryption, issued.envelope)
        assert image.dump(bench.card).split('"root"')[1] == before
        return error.value.key

    def test_what_does_not_belong_together(self, bench: Bench) -> None:
        issued = bench.issued()
        foreign = CA.issue(HOLDER, sm2.generate()[1])
        assert self.refused(bench, foreign) == "pki-other-card"
        assert self.refused(bench, replace(issued, encryption=foreign.encryption)) == "pki-other-envelope"
        assert self.refused(bench, replace(issued, envelope=foreign.envelope)) == "pki-other-envelope"

    def test_the_signature_certificate_in_both_places(self, bench: Bench) -> None:
        """What one issuing program in the field does."""
        issued = bench.issued()
        both = replace(
            issued,
            encryption=issued.signature,
            envelope=replace(issued.envelope, public=issued.signature.public),
        )
        assert self.refused(bench, both) == "pki-usage"
        pki = bench.user()
        pki.write_certificate(Pair.SIGNATURE, issued.signature)
        pki.write_certificate(Pair.ENCRYPTION, issued.signature)
        pki.import_pair(issued.envelope)
        found = bench.verdicts()
        assert not found[Pair.ENCRYPTION, Rule.OWN_KEY]
        assert not found[Pair.ENCRYPTION, Rule.USAGE]
        assert found[Pair.SIGNATURE, Rule.USAGE]

    def test_without_a_pair(self, bench: Bench) -> None:
        assert self.refused(bench, CA.issue(HOLDER, sm2.generate()[1])) == "pki-no-pair"

    def test_without_the_pin(self, bench: Bench) -> None:
        issued = bench.issued()
        with pytest.raises(StatusError) as error:
            install(bench.connect(), issued.signature, issued.encryption, issued.envelope)
        assert error.value.sw == 0x6982

    def test_an_envelope_for_another_card(self, bench: Bench) -> None:
        issued = bench.issued()
        foreign = seal(sm2.generate()[0], sm2.generate()[1])
        pki = bench.user()
        with pytest.raises(StatusError) as error:
            pki.import_pair(foreign)
        assert error.value.sw == 0x6988
        assert pki.public_key(Pair.ENCRYPTION) is None
        assert issued.signature.public == pki.public_key(Pair.SIGNATURE)

    def test_torn_anywhere_it_is_done_again(self, bench: Bench) -> None:
        issued = bench.issued()
        text = image.dump(bench.card)
        first = bench.card.commands
        install(bench.user(), issued.signature, issued.encryption, issued.envelope)
        whole = bench.card.commands - first
        for after in range(2, whole, 5):
            again = Bench(image.load(text))
            again.card.tear(after, Tear.AFTER if after % 2 else Tear.BEFORE)
            with pytest.raises(CardRemoved):
                self.until_torn(again, issued)
            install(again.user(), issued.signature, issued.encryption, issued.envelope)
            assert all(again.verdicts().values())

    @staticmethod
    def until_torn(bench: Bench, issued: Issued) -> None:
        install(bench.user(), issued.signature, issued.encryption, issued.envelope)
        while True:
            bench.pki.tries(PinRole.USER)

    def test_a_certificate_too_long_for_its_file(self, bench: Bench) -> None:
        issued = bench.issued()
        with pytest.raises(CertificateError) as error:
            bench.user().write_certificate(Pair.SIGNATURE, replace(issued.signature, der=bytes(1021)))
        assert error.value.key == "certificate-size"
        assert not any(bench.content(PkiFile.SIGNATURE_CERTIFICATE))

    def test_a_shorter_certificate_leaves_nothing_of_a_longer_one(self, bench: Bench) -> None:
        pki = bench.user()
        public = pki.generate()
        long = CA.issue(replace(HOLDER, name="测试" + "甲" * 10), public).signature
        short = CA.issue(HOLDER, public).signature
        for certificate in (long, short):
            pki.write_certificate(Pair.SIGNATURE, certificate)
            assert pki.certificate(Pair.SIGNATURE) == certificate

    def test_a_file_that_does_not_keep_it(self) -> None:
        class Forgetful(SoftwareCard):
            def transmit(self, apdu: bytes, /) -> bytes:
                return b"\x90\x00" if apdu[1] == 0xD6 and apdu[2] == 1 else super().transmit(apdu)

        bench = Bench(Forgetful(SoftwareCard.blank(1, options=CardOptions(pki_application=True)).chip))
        issued = bench.issued()
        with pytest.raises(CertificateError) as error:
            bench.user().write_certificate(Pair.SIGNATURE, issued.signature)
        assert error.value.key == "certificate-kept"


class TestCheck:
    """Each rule of the check fails where it should."""

    @pytest.fixture
    def whole(self) -> Bench:
        bench = Bench(SoftwareCard.blank(1, options=CardOptions(pki_application=True)))
        issued = bench.issued()
        install(bench.user(), issued.signature, issued.encryption, issued.envelope)
        return bench

    def failed(self, found: dict[tuple[Pair, Rule], bool]) -> set[tuple[Pair, Rule]]:
        return {key for key, passed in found.items() if not passed}

    def test_an_empty_card(self, bench: Bench) -> None:
        assert list(check(bench.pki, NOW)) == [Verdict(pair, Rule.PUBLIC_KEY, False) for pair in Pair]

    def test_a_new_pair_makes_the_certificate_another_cards(self, whole: Bench) -> None:
        whole.user().generate()
        assert self.failed(whole.verdicts()) == {(Pair.SIGNATURE, Rule.OWN_KEY)}

    @pytest.mark.parametrize(
        ("file", "content", "rule"),
        [
            (PkiFile.SIGNATURE_PUBLIC, b"\x00\x40" + bytes(63) + b"\1", Rule.PUBLIC_KEY),
            (PkiFile.SIGNATURE_PUBLIC, b"\x00\x41" + bytes(64), Rule.PUBLIC_KEY),
            (PkiFile.SIGNATURE_CERTIFICATE, bytes(1020), Rule.CERTIFICATE),
            (PkiFile.SIGNATURE_CERTIFICATE, b"\x30\x82" + bytes(1018), Rule.CERTIFICATE),
        ],
    )
    def test_damage(self, whole: Bench, file: PkiFile, content: bytes, rule: Rule) -> None:
        whole.card.file(f"DDF3/DF01/{file:04X}").content = content
        assert self.failed(whole.verdicts()) == {(Pair.SIGNATURE, rule)}

    def test_the_private_key_is_another(self, whole: Bench) -> None:
        assert proves_possession(whole.user(), whole.pki.public_key(Pair.SIGNATURE) or b"")
        whole.card.file("DDF3/DF01/0013").content = sm2.generate()[0]
        assert self.failed(whole.verdicts(possession=True)) == {(Pair.SIGNATURE, Rule.POSSESSION)}
        assert self.failed(whole.verdicts()) == set()

    def test_possession_needs_the_pin(self, whole: Bench) -> None:
        with pytest.raises(StatusError):
            list(check(whole.connect(), NOW, possession=True))

    def test_another_authority(self, whole: Bench) -> None:
        other = DemoAuthority(NOW, seed=1).certificate
        found = {(each.pair, each.rule): each.passed for each in check(whole.pki, NOW, other)}
        assert self.failed(found) == {(pair, Rule.ISSUER) for pair in Pair}

    @pytest.mark.parametrize("days", [-1, 3660])
    def test_out_of_its_time(self, whole: Bench, days: int) -> None:
        found = {(each.pair, each.rule): each.passed for each in check(whole.pki, NOW + timedelta(days=days))}
        assert self.failed(found) == {(pair, Rule.VALIDITY) for pair in Pair}

    def test_two_ways_that_differ(self, whole: Bench) -> None:
        class Odd(SoftwareCard):
            """Exports another key than its file has."""

            def transmit(self, apdu: bytes, /) -> bytes:
                other = b"\x00\x40" + sm2.generate()[1] + b"\x90\x00"
                return other if apdu[:4] == bytes.fromhex("80C98280") else super().transmit(apdu)

        odd = Bench(Odd(whole.card.chip))
        assert self.failed(odd.verdicts()) == {(pair, Rule.BOTH_WAYS) for pair in Pair}


@pytest.mark.parametrize("answer", ["6F00", "9000"])
@pytest.mark.parametrize(
    "work",
    [
        lambda pki: pki.public_key(Pair.SIGNATURE),
        lambda pki: pki.exported_key(Pair.SIGNATURE),
        lambda pki: pki.certificate(Pair.SIGNATURE),
        lambda pki: pki.generate(),
    ],
)
def test_nonsense_from_a_card_is_an_error_of_ours(work: Callable[[PkiCard], object], answer: str) -> None:
    class Broken(SoftwareCard):
        def transmit(self, apdu: bytes, /) -> bytes:
            return bytes.fromhex(answer) if Command(*apdu[:4]).ins in (0xB0, 0xC9, 0x40) else super().transmit(apdu)

    pki = PkiCard(Channel(Broken(SoftwareCard.blank(1, options=CardOptions(pki_application=True)).chip)))
    with suppress(StatusError, CertificateError):
        assert work(pki) is None
