"""The card's side of the PKI application, with the arithmetic of another library than the card's."""

from __future__ import annotations

import pytest
from gmssl.sm2 import CryptSM2, default_ecc_table
from gmssl.sm4 import SM4_ENCRYPT, CryptSM4
from hypothesis import given, settings
from hypothesis import strategies as st

from sscard.apdu.atr import Interface
from sscard.apdu.exchange import Protocol
from sscard.emulator import CardOptions, SoftwareCard, Tear, image
from sscard.errors import CardRemoved
from sscard.keys.family import Algorithm

USER, ADMIN = 0x81, 0x00
GENERATE = "8040000008C0020012C2020013"
CHOOSE = "80C9820008C0020012C2020013"
FETCH = "80C9828042"
NEW = bytes(range(16))
EVERY_COMMAND = (
    GENERATE,
    "804E000178C2020013C1820070" + "00" * 112,
    "804A021012C110" + "00" * 16,
    "80C2400046C0020014CA40" + "00" * 64,
    "80C2C00126C2020015CB20" + "00" * 32,
)


def public_of(private: bytes) -> bytes:
    return bytes.fromhex(CryptSM2("", "")._kg(int.from_bytes(private, "big"), default_ecc_table["g"]))


def encrypt(public: bytes, plain: bytes) -> bytes:
    return CryptSM2("", public.hex(), mode=1).encrypt(plain)


def sm4(key: bytes, blocks: bytes) -> bytes:
    cipher = CryptSM4()
    cipher.set_key(key, SM4_ENCRYPT)
    return b"".join(bytes(cipher.one_round(cipher.sk, list(blocks[at : at + 16]))) for at in range(0, len(blocks), 16))


def signature_key(pki) -> bytes:
    """Makes the pair; X ‖ Y."""
    pki.user()
    pki.ok(GENERATE)
    pki.ok("00A40000020012")
    return bytes.fromhex(pki.ok("00B0000042"))[2:]


ENCRYPTION_PRIVATE = bytes.fromhex("5B0CE86B36F30662B4375521A66659C4AA9A04E7F8588D07F188C0E9E404C7D4")
ENCRYPTION_PUBLIC = public_of(ENCRYPTION_PRIVATE)
SESSION = bytes.fromhex("6B1F2A3948576675849302112F3E4D5C")


def import_public(pki, public: bytes = ENCRYPTION_PUBLIC) -> str:
    return pki.send(bytes.fromhex("80C2400046C0020014CA40") + public)


def import_private(pki, private: bytes = ENCRYPTION_PRIVATE, session: bytes = SESSION) -> str:
    pki.ok(bytes.fromhex("804A021012C110") + session)
    return pki.send(bytes.fromhex("80C2C00126C2020015CB20") + sm4(session, private))


def held(pki, fid: str) -> bytes:
    return pki.card.file(f"DDF3/DF01/{fid}").content


class TestFiles:
    def test_control_information(self, pki):
        environment = pki.send("00A404000C504B492EC9E7BBE1B1A3D5CF")
        assert environment == "6116"
        assert pki.ok("00C0000016") == "6F14840C504B492EC9E7BBE1B1A3D5CF73049202" + "3330"
        for way in ("00A4000002DF01", "00A404000C53532E434552542E41444631"):
            pki.enter(pki.environment)
            assert pki.fetch(way).hex().upper() == "6F0E840C53532E434552542E41444631"

    @pytest.mark.parametrize(("fid", "size"), [("0012", 66), ("0014", 66), ("0018", 1020), ("0019", 1020)])
    def test_files_read_freely_and_are_empty(self, pki, fid, size):
        pki.adf()
        assert pki.send(f"00A4000002{fid}") == "9000"
        assert pki.ok("00B00000" + f"{min(size, 255):02X}") == "00" * min(size, 255)
        assert pki.send(f"00B0{size - 1:04X}01") == "009000"
        assert pki.send(f"00B0{size:04X}01") == "6B00"

    @pytest.mark.parametrize("fid", ["0013", "0015"])
    def test_private_keys_never_leave_and_are_never_written(self, pki, fid):
        signature_key(pki)
        assert pki.prove(pki.transport_key) == "9000"
        pki.ok(f"00A4000002{fid}")
        assert pki.send("00B0000020") == "6982"
        assert pki.send("00D6000001AA") == "6982"

    @pytest.mark.parametrize("fid", ["0012", "0014"])
    def test_public_keys_are_not_written_as_files(self, pki, fid):
        pki.user()
        pki.ok(f"00A4000002{fid}")
        assert pki.send("00D6000001AA") == "6982"

    @pytest.mark.parametrize("fid", ["0018", "0019"])
    @pytest.mark.parametrize("piece", [0x70, 0xFA])
    def test_certificates_in_pieces(self, pki, fid, piece):
        content = bytes(at % 251 for at in range(1020))
        pki.adf()
        pki.ok(f"00A4000002{fid}")
        assert pki.send("00D6000001AA") == "6982"
        pki.user()
        pki.ok(f"00A4000002{fid}")
        for at in range(0, 1020, piece):
            part = content[at : at + piece]
            pki.ok(bytes((0, 0xD6, at >> 8, at & 0xFF, len(part))) + part)
        assert held(pki, fid) == content
        assert pki.send("00D603FB02AAAA") == "6700"
        assert held(pki, fid) == content

    @pytest.mark.parametrize(
        ("apdu", "answer"),
        [
            ("8040000008C0020012C2020013", "6D00"),
            ("80C9820008C0020012C2020013", "6D00"),
            ("80C4010305C103123456", "6D00"),
            ("804E0001", "6D00"),
            ("804A0210", "6D00"),
            ("80C24000", "6D00"),
        ],
    )
    def test_its_commands_answer_nowhere_else(self, pki, apdu, answer):
        pki.mf()
        assert pki.send(apdu) == answer

    @pytest.mark.parametrize(
        ("apdu", "answer"),
        [
            ("80E0030008FFFFFFFFFFFFFFFF", "6D00"),
            ("80E0010010" + "00" * 16, "6D00"),
            ("80E1000001FF", "6D00"),
            ("00D4000018" + "00" * 24, "6E00"),
            ("805E010007123456FF654321", "6E00"),
            ("8424000004" + "00" * 4, "6D00"),
            ("00880000" + "10" + "00" * 16, "6D00"),
            ("00B2010400", "6D00"),
            ("00DC01040212" + "00", "6D00"),
            ("04D6000005AA" + "00" * 4, "6E00"),
            ("841E000104" + "00" * 4, "6D00"),
            ("8416000004" + "00" * 4, "6D00"),
            ("B026000104", "6D00"),
        ],
    )
    def test_no_other_commands_answer_inside(self, pki, apdu, answer):
        pki.user()
        assert pki.send(apdu) == answer

    def test_an_emptied_card_has_it_no_more(self, pki):
        assert pki.transport() == "9000"
        pki.mf()
        assert pki.send("80E100000101") == "9000"
        assert pki.send("00A404000C504B492EC9E7BBE1B1A3D5CF") == "6A82"
        assert image.dump(image.load(image.dump(pki.card))) == image.dump(pki.card)

    def test_room_is_taken_on_the_chip(self, pki, blank):
        assert blank.card.chip.room() - pki.card.chip.room() == 2236

    def test_only_on_sm4_cards(self):
        with pytest.raises(ValueError, match="SM4"):
            SoftwareCard.blank(1, algorithm=Algorithm.DES, options=CardOptions(pki_application=True))

    def test_a_card_without_it(self, blank):
        assert blank.send("00A404000C504B492EC9E7BBE1B1A3D5CF") == "6A82"
        assert "pki" not in image.dump(blank.card)


class TestPins:
    @pytest.mark.parametrize(
        ("apdu", "digest"),
        [
            ("80C4010305C103123456", "3DE741F445DD357BEA4E6C3FE6437036F62B5E3EC0F00D62796EDB4305ED627F"),
            ("80C4010303C10141", "20882E95C4DD0CF1B2BC3E84E95E7C1465D71D466173C2D87D18EFF74A4477C3"),
            ("80C4010305C10312345600", "3DE741F445DD357BEA4E6C3FE6437036F62B5E3EC0F00D62796EDB4305ED627F"),
            ("80C4010306C1041234567800", "4D59306C7397E06DE3CD82A14A926FBAFED44352AD3EF88A06F5CBE600AF3DCF"),
        ],
    )
    def test_digest(self, pki, apdu, digest):
        pki.adf()
        assert pki.fetch(apdu).hex().upper() == digest
        pki.card.present(Interface.CONTACTLESS)
        pki.adf()
        assert pki.ok(apdu) == digest

    @pytest.mark.parametrize(
        ("apdu", "answer"),
        [
            ("80C4010005C103123456", "6A86"),
            ("80C4010305C203123456", "6A80"),
            ("80C4010305C104123456", "6A80"),
            ("80C4010302C100", "6A80"),
            ("80C40103", "6A80"),
        ],
    )
    def test_digest_refused(self, pki, apdu, answer):
        pki.adf()
        assert pki.send(apdu) == answer

    @pytest.mark.parametrize(("p2", "pin"), [(USER, "123456"), (ADMIN, "12345678")])
    @pytest.mark.parametrize("challenge", [4, 8, 16])
    def test_verify(self, pki, p2, pin, challenge):
        pki.adf()
        assert pki.present(p2, pin, challenge) == "9000"

    @pytest.mark.parametrize(("p2", "pin"), [(USER, "123456"), (ADMIN, "12345678")])
    def test_six_tries(self, pki, p2, pin):
        pki.adf()
        for left in (5, 4, 3, 2, 1):
            assert pki.present(p2, "999999") == f"63C{left}"
            assert pki.send(f"002001{p2:02X}") == f"63C{left}"
        assert pki.present(p2, pin) == "9000"
        for left in (5, 4, 3, 2, 1, 0):
            assert pki.present(p2, "999999") == f"63C{left}"
        for _ in range(2):
            pki.challenge(16)
            assert pki.present(p2, pin) == "6983"
            assert pki.send(f"002001{p2:02X}") == "63C0"
            pki.card.reset()
            pki.adf()
        other = (USER, "123456") if p2 == ADMIN else (ADMIN, "12345678")
        assert pki.present(*other) == "9000"

    def test_the_challenge_is_used_up_either_way(self, pki):
        pki.adf()
        proof = bytes((0, 0x20, 1, USER, 16)) + bytes(16)
        assert pki.send(proof) == "6984"
        pki.challenge(16)
        assert pki.send(proof) == "63C5"
        assert pki.send(proof) == "6984"
        assert pki.send(f"002001{USER:02X}") == "63C5"

    @pytest.mark.parametrize(
        ("apdu", "answer"),
        [
            ("0020000003123456", "6700"),
            ("00200081" + "10" + "00" * 16, "6A86"),
            ("00200182" + "10" + "00" * 16, "6A86"),
            ("00200101", "6A86"),
            ("0020018103123456", "6700"),
        ],
    )
    def test_forms_refused(self, pki, apdu, answer):
        pki.adf()
        pki.challenge(16)
        assert pki.send(apdu) == answer
        assert pki.send(f"002001{USER:02X}") == "63C6"

    def test_a_challenge_belongs_to_its_directory(self, pki):
        pki.adf()
        pki.challenge(16)
        pki.enter(pki.environment)
        assert pki.send(bytes((0, 0x20, 1, USER, 16)) + bytes(16)) == "6984"

    def test_the_right_lasts_until_power_off(self, pki):
        pki.user()
        pki.mf()
        pki.adf()
        assert pki.send(GENERATE) == "9000"
        pki.card.reset()
        pki.adf()
        assert pki.send(GENERATE) == "6982"

    @pytest.mark.parametrize("apdu", EVERY_COMMAND)
    def test_the_administrator_opens_nothing(self, pki, apdu):
        pki.adf()
        assert pki.present(ADMIN, "12345678") == "9000"
        assert pki.prove(pki.transport_key) == "9000"
        assert pki.send(apdu) == "6982"

    @pytest.mark.parametrize(("p2", "old", "new"), [(ADMIN, "12345678", "87654321"), (USER, "123456", "654321")])
    def test_change(self, pki, p2, old, new):
        pki.adf()
        assert pki.present(p2, "999999") == "63C5"
        assert pki.new_pin(p2, old, bytes.fromhex(new)) == "9000"
        assert pki.send(f"002001{p2:02X}") == "63C6"
        assert pki.send(GENERATE) == "6982"
        assert pki.present(p2, old) == "63C5"
        assert pki.present(p2, new) == "9000"

    def test_a_wrong_code_costs_a_try_and_locks(self, pki):
        pki.adf()
        for left in (5, 4, 3, 2, 1, 0):
            assert pki.new_pin(ADMIN, "12345678", bytes.fromhex("87654321"), fault=1) == "6988"
            assert pki.send("00200100") == f"63C{left}"
        assert pki.new_pin(ADMIN, "12345678", bytes.fromhex("87654321")) == "6983"
        assert pki.present(ADMIN, "12345678") == "6983"

    @pytest.mark.parametrize("plain", ["876543", "8765432109", "8765432A", ""])
    def test_a_new_pin_of_another_form(self, pki, plain):
        pki.adf()
        assert pki.new_pin(ADMIN, "12345678", bytes.fromhex(plain)) == "6A80"
        assert pki.present(ADMIN, "12345678") == "9000"

    def test_change_without_challenge_costs_nothing(self, pki):
        pki.adf()
        assert pki.send("845E010014" + "00" * 20) == "6984"
        assert pki.send("845E010010" + "00" * 16) == "6700"
        assert pki.send("845E000014" + "00" * 20) == "6A86"
        assert pki.send("845E010114" + "00" * 20) == "6A86"
        assert pki.send("00200100") == "63C6"


class TestMasterKeys:
    @pytest.mark.parametrize("place", ["environment", "application"])
    @pytest.mark.parametrize("challenge", [4, 8, 16])
    def test_change(self, pki, place, challenge):
        pki.adf()
        if place == "environment":
            pki.enter(pki.environment)
        assert pki.prove(pki.transport_key, challenge) == "9000"
        assert pki.new_master(pki.transport_key, NEW) == "9000"
        assert pki.new_master(NEW, pki.transport_key) == "6982"
        assert pki.prove(pki.transport_key) == "63C2"
        assert pki.prove(NEW) == "9000"
        pki.enter(pki.environment if place == "application" else pki.application)
        assert pki.prove(pki.transport_key) == "9000"

    def test_three_tries_for_each_directory(self, pki):
        pki.adf()
        for answer in ("63C2", "63C1", "63C0", "6983"):
            assert pki.prove(NEW) == answer
        assert pki.prove(pki.transport_key) == "6983"
        pki.enter(pki.environment)
        assert pki.prove(pki.transport_key) == "9000"

    def test_the_right_ends_with_the_directory(self, pki):
        pki.adf()
        assert pki.prove(pki.transport_key) == "9000"
        pki.enter(pki.environment)
        pki.enter(pki.application)
        assert pki.new_master(pki.transport_key, NEW) == "6982"

    def test_wrong_code_and_wrong_head(self, pki):
        pki.adf()
        assert pki.prove(pki.transport_key) == "9000"
        assert pki.new_master(pki.transport_key, NEW, fault=1) == "6988"
        assert pki.new_master(pki.transport_key, NEW, head=b"\0\0\1") == "6A80"
        assert pki.new_master(pki.transport_key, NEW[:-1]) == "6A80"
        assert pki.send("84D4010024" + "00" * 36) == "6984"
        assert pki.prove(pki.transport_key) == "9000"

    @pytest.mark.parametrize(
        ("apdu", "answer"),
        [
            ("0082000010" + "00" * 16, "6984"),
            ("0082000A10" + "00" * 16, "6A86"),
            ("0082010010" + "00" * 16, "6A86"),
            ("8040010008C0020012C2020013", "6A86"),
            ("8040000108C0020012C2020013", "6A86"),
            ("0082000008" + "00" * 8, "6700"),
            ("84D4000024" + "00" * 36, "6A86"),
            ("84D401001C" + "00" * 28, "6700"),
            ("00D4010018" + "00" * 24, "6E00"),
        ],
    )
    def test_forms_refused(self, pki, apdu, answer):
        pki.adf()
        assert pki.send(apdu) == answer


class TestKeyPairs:
    def test_made_on_the_card_and_read_both_ways(self, pki):
        public = signature_key(pki)
        assert held(pki, "0012") == b"\x00\x40" + public
        assert public_of(held(pki, "0013")) == public
        pki.ok(CHOOSE)
        assert pki.ok(FETCH) == "0040" + public.hex().upper()

    def test_the_same_card_makes_the_same_pair_and_another_a_different_one(self, pki_desk):
        def made(serial: int, seed: int) -> bytes:
            options = CardOptions(pki_application=True)
            return signature_key(pki_desk(SoftwareCard.blank(serial, seed=seed, options=options)))

        assert made(1, 0) == made(1, 0)
        assert len({made(1, 0), made(2, 0), made(1, 1)}) == 3

    def test_a_second_pair_is_another(self, pki):
        assert signature_key(pki) != signature_key(pki)

    @pytest.mark.parametrize("between", ["", "0084000010", "00A40000020012"])
    def test_export_is_for_the_next_command(self, pki, between):
        signature_key(pki)
        pki.ok(CHOOSE)
        if between:
            pki.ok(between)
        assert pki.send(FETCH)[-4:] == ("6985" if between else "9000")

    def test_export_told_the_right_length(self, pki):
        signature_key(pki)
        pki.ok(CHOOSE)
        assert pki.send("80C9828041") == "6C42"
        assert pki.send(FETCH)[-4:] == "9000"

    @pytest.mark.parametrize(
        ("apdu", "answer"),
        [
            (CHOOSE, "6A88"),
            (FETCH, "6985"),
            ("80C9820008C0020014C2020015", "6A88"),
            ("80C9820008C0020012C2020015", "6A80"),
            ("80C9810008C0020012C2020013", "6A86"),
            ("80C9820108C0020012C2020013", "6A86"),
            ("8040000008C0020014C2020015", "6A80"),
            ("8040000108C0020012C2020013", "6A86"),
            ("804000000400120013", "6A80"),
            ("804E000178C2020013C1820070" + "00" * 112, "6A88"),
        ],
    )
    def test_forms_refused(self, pki, apdu, answer):
        pki.user()
        assert pki.send(apdu) == answer

    @pytest.mark.parametrize("apdu", [*EVERY_COMMAND, CHOOSE, FETCH])
    def test_not_in_the_environment_itself(self, pki, apdu):
        pki.user()
        pki.enter(pki.environment)
        assert pki.send(apdu) == "6A82"

    @pytest.mark.parametrize("apdu", EVERY_COMMAND)
    def test_the_user_must_be_there(self, pki, apdu):
        pki.adf()
        assert pki.send(apdu) == "6982"
        pki.user()
        assert pki.send(apdu) != "6982"


class TestEnvelope:
    def test_opened_with_the_private_key(self, pki):
        cipher = encrypt(signature_key(pki), SESSION)
        assert pki.fetch(bytes.fromhex("804E000178C2020013C1820070") + cipher) == SESSION

    @pytest.mark.parametrize("at", [0, 40, 64, 95, 96, 111])
    def test_an_altered_one_is_noticed(self, pki, at):
        cipher = bytearray(encrypt(signature_key(pki), SESSION))
        cipher[at] ^= 1
        assert pki.send(bytes.fromhex("804E000178C2020013C1820070") + bytes(cipher)) == "6988"

    @pytest.mark.parametrize("head", ["C2020015C1820070", "C2020013C1820071", "C0020012C1820070"])
    def test_heads_refused(self, pki, head):
        cipher = encrypt(signature_key(pki), SESSION)
        assert pki.send(bytes.fromhex("804E000178" + head) + cipher) == "6A80"
        assert pki.send(bytes.fromhex("804E000077C2020013C1820070") + cipher[:-1]) == "6A86"
        assert pki.send(bytes.fromhex("804E000177C2020013C1820070") + cipher[:-1]) == "6A80"

    def test_the_pair_comes_in(self, pki):
        signature_key(pki)
        assert import_public(pki) == "9000"
        assert import_private(pki) == "9000"
        assert held(pki, "0014") == b"\x00\x40" + ENCRYPTION_PUBLIC
        assert held(pki, "0015") == ENCRYPTION_PRIVATE
        pki.ok("80C9820008C0020014C2020015")
        assert pki.ok(FETCH) == "0040" + ENCRYPTION_PUBLIC.hex().upper()

    def test_a_public_key_must_be_a_point(self, pki):
        pki.user()
        assert import_public(pki, ENCRYPTION_PUBLIC[:-1] + b"\0") == "6A80"
        for header in ("C0020012CA40", "C0020014CB40"):
            assert pki.send(f"80C2400046{header}{ENCRYPTION_PUBLIC.hex()}") == "6A80"
        assert not any(held(pki, "0014"))

    @pytest.mark.parametrize("private", [NEW * 2, bytes(32), b"\xff" * 32])
    def test_a_private_key_must_fit_the_public_one(self, pki, private):
        pki.user()
        assert import_public(pki) == "9000"
        assert import_private(pki, private) == "6A80"
        assert not any(held(pki, "0015"))

    def test_a_private_key_without_public_one(self, pki):
        pki.user()
        assert import_private(pki) == "6A80"

    def test_another_public_key_ends_the_private_one(self, pki):
        pki.user()
        import_public(pki)
        import_private(pki)
        assert import_public(pki) == "9000"
        assert held(pki, "0015") == ENCRYPTION_PRIVATE
        assert import_public(pki, public_of(NEW * 2)) == "9000"
        assert not any(held(pki, "0015"))

    def test_a_session_key_serves_once_in_its_directory_under_power(self, pki):
        private = bytes.fromhex("80C2C00126C2020015CB20") + sm4(SESSION, ENCRYPTION_PRIVATE)
        load = bytes.fromhex("804A021012C110") + SESSION
        pki.user()
        import_public(pki)
        assert pki.send(private) == "6985"
        pki.ok(load)
        assert pki.send(private) == "9000"
        assert pki.send(private) == "6985"
        pki.ok(load)
        pki.adf()
        assert pki.send(private) == "6985"
        pki.ok(load)
        pki.card.reset()
        pki.user()
        assert pki.send(private) == "6985"

    @pytest.mark.parametrize(
        ("apdu", "answer"),
        [
            ("804A021112C110" + "00" * 16, "6A86"),
            ("804A021011C10F" + "00" * 15, "6700"),
            ("804A021012C210" + "00" * 16, "6A80"),
            ("80C2000046C0020014CA40" + "00" * 64, "6A86"),
            ("80C2400046C0020012CA40" + "00" * 64, "6A80"),
            ("80C2400045C0020014CA40" + "00" * 63, "6A80"),
            ("80C2C00126C2020013CB20" + "00" * 32, "6A80"),
            ("80C2C00125C2020015CB20" + "00" * 31, "6A80"),
        ],
    )
    def test_forms_refused(self, pki, apdu, answer):
        pki.user()
        assert pki.send(apdu) == answer


class TestKept:
    def test_image(self, pki):
        signature_key(pki)
        import_public(pki)
        import_private(pki)
        pki.present(ADMIN, "999999")
        pki.prove(NEW)
        text = image.dump(pki.card)
        again = image.load(text)
        assert image.dump(again) == text
        twin = type(pki)(again)
        twin.adf()
        assert twin.send(GENERATE) == "6982"
        assert twin.send("00200100") == "63C5"
        for desk in (pki, twin):
            desk.card.reset()
            desk.user()
            desk.ok(GENERATE)
        assert held(pki, "0013") == held(twin, "0013")

    @pytest.mark.parametrize("when", list(Tear))
    @pytest.mark.parametrize("command", ["pair", "public", "certificate", "pin", "master"])
    def test_all_or_nothing(self, pki, command, when):
        """Power cut at many bytes of the write: old state or new, byte for byte."""
        pki.user()
        pki.ok("00A40000020018")
        assert pki.prove(pki.transport_key) == "9000"
        work = {
            "pair": lambda desk: desk.send(GENERATE),
            "public": import_public,
            "certificate": lambda desk: desk.send("00D6000010" + "5A" * 16),
            "pin": lambda desk: desk.new_pin(ADMIN, "12345678", bytes.fromhex("87654321")),
            "master": lambda desk: desk.new_master(pki.transport_key, NEW),
        }[command]
        wanted = self._outcomes(pki, work)
        seen = set()
        for at in range(0, 200, 9) if when is Tear.DURING else (0,):
            twin = self._twin(pki)
            twin.card.tear(2 if command in ("pin", "master") else 1, when, at)
            with pytest.raises(CardRemoved):
                work(twin)
            twin.card.reset()
            state = self._state(twin)
            assert state in wanted
            seen.add(wanted.index(state))
            assert not twin.card.chip.security.pins
        assert seen == {Tear.BEFORE: {0}, Tear.AFTER: {1}, Tear.DURING: {0, 1}}[when]

    def _outcomes(self, pki, work) -> list[object]:
        twin = self._twin(pki)
        before = self._state(twin)
        assert work(twin).endswith("9000")
        return [before, self._state(twin)]

    @staticmethod
    def _twin(pki):
        from copy import deepcopy

        return type(pki)(SoftwareCard(deepcopy(pki.card.chip)))

    @staticmethod
    def _state(pki) -> object:
        places = pki.card.directory("DDF3"), pki.card.directory("DDF3/DF01")
        keys = [(key.value, key.tries) for place in places for key in place.keys]
        return keys, {fid: ef.content for fid, ef in places[1].files.items()}

    def test_contactless_is_the_same_card(self, pki):
        pki.card.present(Interface.CONTACTLESS)
        public = signature_key(pki)
        pki.card.present(Interface.CONTACT)
        pki.adf()
        pki.ok("00A40000020012")
        assert pki.ok("00B0000042") == "0040" + public.hex().upper()

    @settings(max_examples=150, deadline=None)
    @given(
        header=st.sampled_from([bytes.fromhex(apdu[:8]) for apdu in (*EVERY_COMMAND, CHOOSE, FETCH)])
        | st.binary(min_size=4, max_size=4),
        body=st.binary(max_size=130),
        user=st.booleans(),
    )
    def test_any_command_is_answered_and_gives_no_private_key(self, header, body, user):
        from sscard.emulator.pki_delivery import deliver

        card = SoftwareCard.blank(3, protocol=Protocol.T1)
        deliver(card.chip.root)
        card.chip.index_names()
        place = card.directory("DDF3/DF01")
        place.files[0x13].content = ENCRYPTION_PRIVATE
        place.files[0x12].content = b"\0\x40" + ENCRYPTION_PUBLIC
        card.chip.enter(place)
        if user:
            card.chip.security.pins.add(place.environment)
        answer = card.transmit(header + (bytes((len(body),)) + body if body else b"") + b"\0")
        assert len(answer) >= 2
        assert ENCRYPTION_PRIVATE not in answer
