"""Authentication, PIN, access rules, the life of rights, retry counters and blocks."""

import pytest

from sscard.emulator.nodes import KeyType
from sscard.emulator.secure import decipher
from sscard.emulator.words import Refusal
from sscard.keys.family import Algorithm, family_of, pad_length
from sscard.personalize.sample import personalized_card
from tests.emulator.conftest import Desk

DES = family_of(Algorithm.DES)

NEW = "654321"


def read_rule(desk, sfi):
    """6982 while the rule is closed; the files are empty, so 6A83 once it is open."""
    answer = desk.send(f"00B201{sfi << 3 | 4:02X}08")
    assert answer in ("6982", "6A83"), answer
    return answer == "6A83"


class TestAccessRules:
    def test_free_and_never(self, desk):
        desk.enter(desk.ssse)
        assert read_rule(desk, 0x05)
        assert not read_rule(desk, 0x10)
        for p2, name in ((0x04, "UK"), (0x0A, "RK"), (0xFF, "SSSE master")):
            desk.gain(p2, name)
        desk.verify()
        assert not read_rule(desk, 0x10)

    def test_a_key(self, desk):
        desk.enter(desk.ssse)
        desk.gain(0x04, "UK")
        assert not read_rule(desk, 0x06)
        desk.gain(0x0A, "RK")
        assert read_rule(desk, 0x06)

    def test_the_pin_alone(self, desk):
        desk.enter(desk.aid1)
        desk.gain(0x88, "DF01 RK1")
        assert not read_rule(desk, 0x0B)
        assert desk.verify() == "9000"
        assert read_rule(desk, 0x0B)

    @pytest.mark.parametrize("right", ["pin", "key"])
    def test_either(self, desk, right):
        desk.enter(desk.aid1)
        assert not read_rule(desk, 0x05)
        if right == "pin":
            desk.verify()
        else:
            desk.gain(0x88, "DF01 RK1")
        assert read_rule(desk, 0x05)

    def test_both(self, desk):
        desk.enter(desk.aid1)
        desk.verify()
        assert not read_rule(desk, 0x06)
        desk.gain(0x88, "DF01 RK1")
        assert read_rule(desk, 0x06)
        desk.card.reset()
        desk.enter(desk.aid1)
        desk.gain(0x88, "DF01 RK1")
        assert not read_rule(desk, 0x06)

    def test_the_master_key(self, desk):
        desk.enter(desk.ssse)
        desk.gain(0x04, "UK")
        assert not read_rule(desk, 0x11)
        desk.gain(0xFF, "SSSE master")
        assert read_rule(desk, 0x11)

    def test_a_half_in_the_mf_does_not_outlive_the_way_down(self, desk):
        desk.mf()
        desk.gain(0x09, "MF key")
        desk.enter(desk.ssse)
        assert not read_rule(desk, 0x12)

    def test_numbers_08_and_88_are_the_same_key(self, desk):
        desk.enter(desk.aid1)
        assert not read_rule(desk, 0x0C)
        desk.gain(0x88, "DF01 RK1")
        assert read_rule(desk, 0x0C)

    def test_the_same_key_of_another_directory_opens_nothing(self, desk):
        desk.enter(desk.aid2)
        desk.gain(0x88, "DF02 RK1")
        desk.enter(desk.aid1)
        assert not read_rule(desk, 0x05)

    def test_updates_have_their_own_rule_also_with_the_transport_right(self, desk):
        desk.transport()
        desk.enter(desk.ssse)
        assert desk.send("00DC012C030101AA") == "6982"
        assert desk.send("00D6870001AA") == "6982"
        desk.gain(0x04, "UK")
        desk.ok("00DC012C030101AA")
        desk.ok("00D6870001AA")

    def test_binary_reads_follow_the_rule(self, desk):
        desk.transport()
        desk.enter(desk.ssse)
        assert desk.create_ef(0xEF14, 0xC4, 8, read="000A") == "9000"
        assert desk.send("00B0940001") == "6982"
        desk.gain(0x0A, "RK")
        assert desk.ok("00B0940001") == "00"


class TestLifeOfRights:
    def test_kept_across_files_and_a_select_of_the_same_directory(self, desk):
        desk.enter(desk.ssse)
        desk.gain(0x04, "UK")
        desk.ok("00A4020002EF06")
        desk.ok("00A4000002EF05")
        desk.enter(desk.ssse)
        desk.send("00A4000002DDF1")
        desk.ok("00DC012C030101AA")

    def test_kept_by_a_select_that_fails(self, desk):
        desk.enter(desk.ssse)
        desk.gain(0x04, "UK")
        assert desk.send("00A4000002DF77") == "6A82"
        assert desk.send("00A4040006D15600000599") == "6A82"
        desk.ok("00DC012C030101AA")

    def test_rights_accumulate(self, desk):
        desk.enter(desk.ssse)
        desk.gain(0x04, "UK")
        desk.gain(0x0A, "RK")
        desk.ok("00DC0134030801AA")
        assert desk.ok("00B2013403") == "0801AA"

    @pytest.mark.parametrize("way", ["reset", "mf", "adf"])
    def test_key_rights_end(self, desk, way):
        desk.enter(desk.ssse)
        desk.gain(0x04, "UK")
        if way == "reset":
            desk.card.reset()
        elif way == "mf":
            desk.mf()
        else:
            desk.enter(desk.aid1)
        desk.enter(desk.ssse)
        assert desk.send("00DC012C030101AA") == "6982"

    def test_rights_of_the_environment_can_be_kept_by_option(self, make_desk):
        desk = make_desk(keep_environment_rights=True)
        desk.enter(desk.ssse)
        desk.gain(0x04, "UK")
        desk.gain(0xFF, "SSSE master")
        desk.enter(desk.aid1)
        desk.gain(0x84, "DF01 UK1")
        desk.enter(desk.ssse)
        desk.ok("00DC012C030101AA")
        assert not read_rule(desk, 0x11)
        desk.enter(desk.aid1)
        assert desk.send("00DC003B0400000001") == "6982"
        desk.mf()
        desk.enter(desk.ssse)
        assert desk.send("00DC012C030101AA") == "6982"

    def test_a_key_of_ssse_may_be_shown_inside_an_adf(self, desk):
        desk.enter(desk.aid1)
        desk.gain(0x04, "UK")
        desk.enter(desk.ssse)
        assert desk.send("00DC012C030101AA") == "6982"

    def test_the_pin_right_lasts_till_power_off_in_all_adfs(self, desk):
        desk.enter(desk.ssse)
        desk.verify()
        desk.enter(desk.aid1)
        assert read_rule(desk, 0x0B)
        desk.enter(desk.aid2)
        assert read_rule(desk, 0x0B)
        desk.mf()
        desk.enter(desk.aid1)
        assert read_rule(desk, 0x0B)
        desk.card.reset()
        desk.enter(desk.aid1)
        assert not read_rule(desk, 0x0B)

    def test_the_pin_right_outlives_a_failed_verify(self, desk):
        desk.enter(desk.aid1)
        desk.verify()
        assert desk.verify("111111") == "63C5"
        assert read_rule(desk, 0x0B)


class TestChallenge:
    def test_none(self, desk):
        desk.enter(desk.ssse)
        assert desk.send("0082000410" + "00" * 16) == "6984"

    @pytest.mark.parametrize("first", ["good", "bad"])
    def test_used_once(self, desk, first):
        desk.enter(desk.ssse)
        if first == "good":
            desk.gain(0x04, "UK")
        else:
            assert desk.authenticate(0x04, desk.key("wrong")) == "63C2"
        assert desk.send("0082000410" + "00" * 16) == "6984"

    @pytest.mark.parametrize("way", ["reset", "directory"])
    def test_lost(self, desk, way):
        desk.enter(desk.ssse)
        desk.challenge()
        if way == "reset":
            desk.card.reset()
        else:
            desk.mf()
        desk.enter(desk.ssse)
        assert desk.send("0082000410" + "00" * 16) == "6984"

    def test_kept_across_files_and_other_commands(self, desk):
        desk.enter(desk.ssse)
        challenge = desk.challenge()
        desk.ok("00A4020002EF05")
        desk.send("00B2012C10")
        desk.enter(desk.ssse)
        desk.card.transmit(b"")
        proof = desk.proof(0x04, "UK", challenge)
        desk.ok(proof)

    def test_the_newest_counts(self, desk):
        desk.enter(desk.ssse)
        old = desk.challenge()
        proof = desk.proof(0x04, "UK", old)
        desk.challenge()
        assert desk.send(proof) == "63C2"

    def test_void_after_another_command_by_option(self, make_desk):
        desk = make_desk(challenge_for_next_command_only=True)
        desk.enter(desk.ssse)
        desk.gain(0x04, "UK")
        challenge = desk.challenge()
        desk.ok("00A4020002EF05")
        assert desk.send(desk.proof(0x04, "UK", challenge)) == "6984"

    def test_the_original_must_be_the_challenge_before_by_option(self, make_desk):
        desk = make_desk(original_must_be_challenge=True)
        desk.enter(desk.ssse)
        assert desk.authenticate(0x04, desk.key("UK")) == "6984"

    def test_a_16_byte_challenge_serves_the_16_byte_family(self, desk):
        desk.enter(desk.ssse)
        challenge = desk.challenge(16)
        desk.ok(desk.proof(0x04, "UK", challenge))

    def test_a_4_byte_challenge_serves(self, desk):
        desk.enter(desk.ssse)
        desk.ok(desk.proof(0x04, "UK", desk.challenge(4)))


class TestExternalAuthenticate:
    @pytest.mark.parametrize(
        ("apdu", "answer"),
        [
            ("008200040F" + "00" * 15, "6700"),
            ("0082000412" + "00" * 18, "6700"),
            ("0082000408" + "00" * 8, "6700"),
            ("00820004", "6700"),
            ("0082010410" + "00" * 16, "6A86"),
            ("0082000110" + "00" * 16, "6A88"),
            ("0082000010" + "00" * 16, "6A88"),
            ("0082000210" + "00" * 16, "6A88"),
            ("0082000410" + "00" * 16, "6984"),
            ("0082000411" + "00" * 16 + "09", "6A88"),
            ("80820004" + "10" + "00" * 16, "6E00"),
        ],
    )
    def test_order_of_checks(self, desk, apdu, answer):
        desk.enter(desk.ssse)
        assert desk.send(apdu) == answer

    def test_the_counter_falls_locks_and_keeps_the_challenge(self, desk):
        desk.enter(desk.ssse)
        for left in ("63C2", "63C1", "63C0"):
            assert desk.authenticate(0x04, desk.key("wrong")) == left
        challenge = desk.challenge()
        assert desk.send("0082000410" + "00" * 16) == "6983"
        assert desk.authenticate(0x04, desk.key("UK")) == "6983"
        challenge = desk.challenge()
        assert desk.send("0082000410" + "00" * 16) == "6983"
        desk.ok(desk.proof(0x0A, "RK", challenge))
        desk.card.reset()
        desk.enter(desk.ssse)
        assert desk.authenticate(0x04, desk.key("UK")) == "6983"

    def test_success_restores(self, desk):
        desk.enter(desk.ssse)
        for _ in range(4):
            assert desk.authenticate(0x04, desk.key("wrong")) == "63C2"
            assert desk.authenticate(0x04, desk.key("wrong")) == "63C1"
            desk.gain(0x04, "UK")

    def test_counters_per_version(self, desk):
        desk.enter(desk.ssse)
        assert desk.authenticate(0x04, desk.key("wrong"), 1) == "63C2"
        assert desk.authenticate(0x04, desk.key("wrong"), 2) == "63C2"
        assert desk.authenticate(0x04, desk.key("wrong")) == "63C1"
        assert desk.authenticate(0x04, desk.key("UK v2"), 2) == "9000"
        assert desk.authenticate(0x04, desk.key("wrong"), 1) == "63C0"
        assert desk.authenticate(0x04, desk.key("UK")) == "6983"

    def test_any_version_gives_the_right(self, desk):
        desk.enter(desk.ssse)
        assert desk.authenticate(0x04, desk.key("UK v2"), 2) == "9000"
        desk.ok("00DC012C030101AA")

    def test_the_master_key_is_that_of_the_current_directory(self, desk):
        for place, name in ((desk.ssse, "SSSE master"), (desk.aid1, "DF01 master"), (desk.aid2, "DF02 master")):
            desk.enter(place)
            desk.gain(0xFF, name)
        desk.mf()
        desk.gain(0xFF, "card master")

    def test_no_master_key(self, blank):
        assert blank.send("008200FF10" + "00" * 16) == "6A88"

    def test_a_failure_does_not_take_the_right_away(self, desk):
        desk.enter(desk.ssse)
        desk.gain(0x04, "UK")
        assert desk.authenticate(0x04, desk.key("wrong")) == "63C2"
        desk.ok("00DC012C030101AA")


class TestInternalAuthenticate:
    DATA = "4D5A6B7C8D9EAFB0" + "0F1E2D3C4B5A6978"

    @pytest.fixture
    def proving(self, blank):
        """A card whose IRK gives a published-form answer: factor 4D5A…, original 0F1E…."""
        blank.transport()
        blank.create_df(0xDDF1, 1, blank.ssse)
        blank.write_key(0x0E, 0, bytes.fromhex("04C3447E0BEEF5CF612190525BA017B9"))
        return blank

    def test_the_known_answer(self, proving):
        assert proving.send("0088000010" + self.DATA + "00") == "6108"
        assert proving.ok("00C0000008") == "04AAF61E96BCC317"
        assert proving.send("0088000011" + self.DATA + "01") == "6108"

    def test_an_adf_uses_its_own_key_else_that_of_ssse(self, proving):
        proving.create_df(0xDF01, 2, proving.aid1)
        proving.send("0088000010" + self.DATA)
        assert proving.ok("00C0000008") == "04AAF61E96BCC317"
        proving.write_key(0x0E, 0, proving.key("own"))
        proving.send("0088000010" + self.DATA)
        assert proving.ok("00C0000008") != "04AAF61E96BCC317"

    @pytest.mark.parametrize(
        ("apdu", "answer"),
        [
            ("008800000F" + "00" * 15, "6700"),
            ("0088000012" + "00" * 18, "6700"),
            ("0088010010" + "00" * 16, "6A86"),
            ("0088000110" + "00" * 16, "6A86"),
            ("0088000011" + "00" * 16 + "02", "6A88"),
        ],
    )
    def test_refusals(self, proving, apdu, answer):
        assert proving.send(apdu) == answer

    def test_no_key_in_the_mf(self, desk):
        assert desk.send("0088000010" + "00" * 16) == "6A88"

    def test_neither_rights_nor_challenge_are_touched(self, desk):
        desk.enter(desk.ssse)
        desk.gain(0x04, "UK")
        challenge = desk.challenge()
        desk.send("0088000010" + "00" * 16)
        desk.ok("00DC012C030101AA")
        desk.ok(desk.proof(0x0A, "RK", challenge))


class TestVerify:
    def test_forms(self, desk):
        assert desk.verify() == "6A88"
        desk.enter(desk.ssse)
        assert desk.send("0020000001" + "12") == "6700"
        assert desk.send("0020000009" + "12" * 9) == "6700"
        assert desk.send("0020000103123456") == "6A86"
        assert desk.verify() == "9000"

    def test_a_query_spends_nothing(self, desk):
        desk.enter(desk.aid1)
        for _ in range(9):
            assert desk.send("0020000000") == "63C6"
        assert desk.send("00200000") == "63C6"

    def test_the_counter(self, desk):
        desk.enter(desk.ssse)
        assert [desk.verify("111111") for _ in range(6)] == ["63C5", "63C4", "63C3", "63C2", "63C1", "63C0"]
        assert desk.verify() == "6983"
        assert desk.send("0020000000") == "63C0"
        desk.card.reset()
        desk.enter(desk.ssse)
        assert desk.verify() == "6983"

    def test_success_restores(self, desk):
        desk.enter(desk.ssse)
        desk.verify("111111")
        desk.verify()
        assert desk.send("0020000000") == "63C6"

    @pytest.mark.parametrize("pin", ["12345F", "1234", "AABBCC", "12345678"])
    def test_other_forms_are_simply_wrong(self, desk, pin):
        desk.enter(desk.ssse)
        assert desk.verify(pin) == "63C5"

    def test_an_empty_pin(self, desk):
        desk.enter(desk.ssse)
        desk.ok("805E010004123456FF")
        desk.card.reset()
        desk.enter(desk.aid1)
        assert desk.send("0020000000") == "9000"
        assert read_rule(desk, 0x0B)
        assert desk.verify() == "63C5"


class TestChangePin:
    @pytest.mark.parametrize(
        ("apdu", "answer"),
        [
            ("805E010007123456FF654321", "9000"),
            ("805E010004123456FF", "9000"),
            ("805E010006123456FF6543", "9000"),
            ("805E010006123456FF654F", "6A80"),
            ("805E010007123456FF65432F", "9000"),
            ("805E010007123456FF65F321", "6A80"),
            ("805E010007123456FFAB4321", "6A80"),
            ("805E010005123456FF65", "6A80"),
            ("805E010006123456654321", "6A80"),
            ("805E010003FF6543", "63C5"),
            ("805E010007111111FF654321", "63C5"),
            ("805E0100021234", "6700"),
            ("805E010012" + "12" * 8 + "FF" + "12" * 9, "6700"),
            ("805E000007123456FF654321", "6A86"),
            ("805E010107123456FF654321", "6A86"),
        ],
    )
    def test_answers(self, desk, apdu, answer):
        desk.enter(desk.ssse)
        assert desk.send(apdu) == answer
        new = apdu[10:].partition("FF")[2] if answer == "9000" else "123456"
        if new:
            assert desk.verify(new) == "9000"

    def test_no_pin(self, desk):
        assert desk.send("805E010007123456FF654321") == "6A88"

    def test_grants_no_right_and_restores_the_counter(self, desk):
        desk.enter(desk.aid1)
        desk.verify("111111")
        desk.ok("805E010007123456FF654321")
        assert desk.send("0020000000") == "63C6"
        assert not read_rule(desk, 0x0B)

    def test_spends_and_respects_the_counter(self, desk):
        desk.enter(desk.ssse)
        for left in "543210":
            assert desk.send("805E010007111111FF654321") == f"63C{left}"
        assert desk.send("805E010007123456FF654321") == "6983"

    def test_a_verified_pin_stays_verified(self, desk):
        desk.enter(desk.aid1)
        desk.verify()
        desk.ok("805E010007123456FF654321")
        assert read_rule(desk, 0x0B)


class TestReload:
    def reload(self, desk, pin=NEW, stk="STK"):
        challenge = desk.challenge()
        data = desk.cipher(desk.key(stk), bytes.fromhex(pin), challenge) if pin else b""
        return desk.secure("84240001", desk.key(stk), data, challenge)

    @pytest.mark.parametrize("place", ["ssse", "aid1"])
    def test_a_new_pin(self, desk, place):
        desk.enter(getattr(desk, place))
        for _ in range(6):
            desk.verify("111111")
        desk.gain(0x06, "PUK")
        desk.ok(self.reload(desk))
        assert desk.verify(NEW) == "9000"

    def test_unblock_keeps_the_pin(self, desk):
        desk.enter(desk.ssse)
        for _ in range(6):
            desk.verify("111111")
        desk.gain(0x06, "PUK")
        desk.ok(desk.secure("84240000", desk.key("STK")))
        assert desk.verify() == "9000"

    def test_several_after_one_authentication(self, desk):
        desk.enter(desk.ssse)
        desk.gain(0x06, "PUK")
        desk.ok(self.reload(desk, "1234"))
        desk.ok(self.reload(desk, ""))
        assert desk.send("0020000000") == "9000"
        desk.ok(self.reload(desk, "1234567890123456"))
        assert desk.verify("1234567890123456") == "9000"

    def test_order_of_checks(self, desk):
        assert desk.send("8424000004" + "00" * 4) == "6A88"
        desk.enter(desk.ssse)
        assert desk.send("8424010004" + "00" * 4) == "6A86"
        assert desk.send("8424000204" + "00" * 4) == "6A86"
        assert desk.send("8424000005" + "00" * 5) == "6700"
        assert desk.send("842400010C" + "00" * 12) == "6700"
        assert desk.send("8424000004" + "00" * 4) == "6982"
        desk.gain(0x06, "PUK")
        assert desk.send("8424000004" + "00" * 4) == "6984"
        desk.challenge()
        assert desk.send("8424000004" + "00" * 4) == "6988"

    def test_without_a_puk(self, desk):
        place = desk.card.directory("DDF1")
        place.keys = [key for key in place.keys if key.number != 6]
        desk.enter(desk.ssse)
        assert desk.send("8424000004" + "00" * 4) == "6A88"

    @pytest.mark.parametrize("pin", ["1234", "12345678901234", "1234567890123456"])
    def test_under_des_eight_bytes_take_two_blocks(self, pin):
        card = personalized_card("ssc2-des")
        desk, place = Desk(card), card.directory("DDF1")
        desk.enter(desk.ssse)
        puk, stk = place.key(KeyType.EXTERNAL, 6).value, place.key(KeyType.MAINTENANCE).value
        proof = DES.authentication_data(DES.session_key(puk, desk.challenge()), desk.original)
        desk.ok(b"\x00\x82\x00\x06\x10" + proof + desk.original)
        session = DES.session_key(stk, desk.challenge())
        cipher = DES.encrypt(session, pad_length(bytes.fromhex(pin), 8))
        assert len(cipher) == (16 if len(pin) == 16 else 8)
        head = bytes.fromhex("84240001") + bytes((len(cipher) + 4,)) + cipher
        desk.ok(head + DES.session_mac(session, head))
        assert desk.verify(pin) == "9000"

    def test_a_wrong_mac_costs_a_try_of_the_puk_but_not_the_right(self, desk):
        desk.enter(desk.ssse)
        desk.gain(0x06, "PUK")
        puk = desk.card.directory("DDF1").keys[5]
        for left in (2, 1):
            desk.challenge()
            assert desk.send("8424000004" + "00" * 4) == "6988"
            assert puk.tries == left
        desk.ok(self.reload(desk))
        desk.challenge()
        assert desk.send("8424000004" + "00" * 4) == "6988"
        assert desk.send(self.reload(desk)) == "6983"

    @pytest.mark.parametrize(("pin", "answer"), [("12", "6A80"), ("12AB", "6A80"), ("123F", "6A80")])
    def test_the_new_pin_is_digits(self, desk, pin, answer):
        desk.enter(desk.ssse)
        desk.gain(0x06, "PUK")
        assert desk.send(self.reload(desk, pin)) == answer
        assert desk.verify() == "9000"

    def test_a_cipher_that_opens_to_nothing(self, desk):
        desk.enter(desk.ssse)
        desk.gain(0x06, "PUK")
        assert desk.send(desk.secure("84240001", desk.key("STK"), bytes(16))) == "6988"
        assert desk.verify() == "9000"


class TestApplicationBlock:
    def block(self, desk, stk="DF01 STK"):
        return desk.secure("841E0001", desk.key(stk))

    def test_blocks_this_application_for_ever(self, desk):
        desk.enter(desk.aid1)
        desk.gain(0x83, "DF01 LK")
        desk.ok(self.block(desk))
        for apdu in ("0084000008", "00B2015403", "00A4020002EF05", "00FF000000", "80E0010000", "00A4000002EF05"):
            assert desk.send(apdu) == "9303"
        assert desk.send("00A4000002DF01") == "9303"
        desk.enter(desk.aid2)
        desk.challenge()
        assert desk.send("00A4040006D15600000500") == "9303"
        desk.challenge()
        desk.card.reset()
        assert desk.send("00A4040006D15600000500") == "9303"

    def test_order_of_checks(self, desk):
        desk.enter(desk.ssse)
        assert desk.send("841E000104" + "00" * 4) == "6A88"
        desk.enter(desk.aid1)
        assert desk.send("841E000104" + "00" * 4) == "6982"
        assert desk.send("841E000004" + "00" * 4) == "6A86"
        assert desk.send("841E000103" + "00" * 3) == "6700"
        assert desk.send("841E0001") == "6700"
        desk.gain(0x83, "DF01 LK")
        assert desk.send("841E000104" + "00" * 4) == "6984"
        desk.challenge()
        assert desk.send("841E000104" + "00" * 4) == "6988"
        assert desk.card.directory("DF01").keys[2].tries == 3
        desk.ok(self.block(desk))

    def test_the_stk_of_another_directory_does_not_serve(self, desk):
        desk.enter(desk.aid1)
        desk.gain(0x83, "DF01 LK")
        assert desk.send(self.block(desk, "DF02 STK")) == "6988"

    def test_a_wrong_mac_costs_a_try_by_option(self, make_desk):
        desk = make_desk(block_mac_costs_try=True)
        desk.enter(desk.aid1)
        desk.gain(0x83, "DF01 LK")
        for _ in range(3):
            desk.challenge()
            assert desk.send("841E000104" + "00" * 4) == "6988"
        assert desk.send(self.block(desk)) == "6983"


class TestCardBlock:
    @pytest.mark.parametrize("place", ["ssse", "aid1"])
    def test_blocks_the_card_for_ever(self, desk, place):
        desk.enter(getattr(desk, place))
        desk.gain(0x05, "BK")
        desk.ok(desk.secure("84160000", desk.key("STK")))
        for _ in range(2):
            for apdu in ("0084000008", "00A4000000", "00FF000000", "00"):
                assert desk.send(apdu) == "6A81"
            desk.card.reset()
        assert desk.card.atr[0] == 0x3B

    def test_order_of_checks(self, desk):
        assert desk.send("8416000004" + "00" * 4) == "6A88"
        desk.enter(desk.ssse)
        assert desk.send("8416000104" + "00" * 4) == "6A86"
        assert desk.send("8416000004" + "00" * 4) == "6982"
        desk.gain(0x05, "BK")
        assert desk.send("8416000004" + "00" * 4) == "6984"
        desk.challenge()
        assert desk.send("8416000004" + "00" * 4) == "6988"
        assert desk.card.directory("DDF1").keys[4].tries == 3


def test_never_is_never_even_for_a_key_of_that_number(blank, furnished):
    """EF in a rule is nobody, not the key of number 6F or 70."""
    furnished(blank)
    blank.transport()
    blank.enter(blank.ssse)
    for ident in (0x6F, 0x70):
        assert blank.write_key(0x0D, ident, blank.key("sneak")) == "9000"
    blank.ok("00DC0184030101AA")
    for ident in (0x6F, 0x70):
        blank.gain(ident, "sneak")
    assert blank.send("00B2018403") == "6982"


@pytest.mark.parametrize("header", ["00840100", "00840001", "00840101"])
def test_a_challenge_is_asked_for_with_zeros(desk, header):
    assert desk.send(header + "08") == "6A86"


@pytest.mark.parametrize("parameters", ["0100", "0001", "0101"])
def test_internal_authentication_is_asked_for_with_zeros(desk, parameters):
    desk.enter(desk.ssse)
    assert desk.send("0088" + parameters + "10" + "00" * 16) == "6A86"


@pytest.mark.parametrize(("old", "new"), [("123456", "123456789012345678"), ("123456789012345678", "1234")])
def test_a_pin_has_eight_bytes_at_most(desk, old, new):
    desk.enter(desk.ssse)
    body = old + "FF" + new
    assert desk.send(f"805E0100{len(body) // 2:02X}{body}") == "6A80"
    body = "123456FF" + "1234567890123456"
    assert desk.send(f"805E0100{len(body) // 2:02X}{body}") == "9000"


@pytest.mark.parametrize(("algorithm", "size"), [(Algorithm.DES, 8), (Algorithm.DES, 16), (Algorithm.SM4, 16)])
def test_what_the_host_enciphers_the_card_deciphers(algorithm, size):
    family = family_of(algorithm)
    value = bytes(range(1, size + 1))
    for plain in (b"", b"1", bytes(24), bytes(range(40))):
        blocks = family.encrypt(value, pad_length(plain, family.block))
        assert decipher(family, value, blocks) == plain
    for wrong in (blocks[:-1], family.encrypt(value, b"\xff" * family.block)):
        with pytest.raises(Refusal):
            decipher(family, value, wrong)
