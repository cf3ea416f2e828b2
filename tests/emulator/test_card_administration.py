"""T514: transport code, creation, keys in three forms, end of pre-issue, deletion, who may do what."""

import pytest

from sscard.emulator import CardOptions, SoftwareCard
from sscard.keys.family import Algorithm


class TestTransportCode:
    def test_counter_and_lock(self, blank):
        assert [blank.transport("00" * 8) for _ in range(3)] == ["63C2", "63C1", "63C0"]
        assert blank.transport() == "6983"
        blank.card.reset()
        assert blank.transport() == "6983"

    def test_success_restores(self, blank):
        blank.transport("00" * 8)
        assert blank.transport() == "9000"
        assert blank.transport("00" * 8) == "63C2"

    def test_form(self, blank):
        assert blank.send("80E0030007" + "FF" * 7) == "6700"
        assert blank.send("80E00300") == "6700"
        assert blank.send("80E0030108" + "FF" * 8) == "6A86"
        assert blank.send("80E0050008" + "FF" * 8) == "6A86"

    def test_another_code(self):
        card = SoftwareCard.blank(1, transport_code=b"12345678")
        assert card.transmit(bytes.fromhex("80E0030008" + "FF" * 8)) == b"\x63\xc2"
        assert card.transmit(bytes.fromhex("80E0030008") + b"12345678") == b"\x90\x00"

    def test_the_limit_is_an_option(self):
        card = SoftwareCard.blank(1, options=CardOptions(transport_tries=5))
        assert card.transmit(bytes.fromhex("80E0030008" + "00" * 8)) == b"\x63\xc4"

    def test_the_right_lasts_till_reset(self, blank):
        blank.transport()
        blank.card.reset()
        assert blank.create_ef(0xEF05, 0xC6, 20) == "6982"


class TestCreateFile:
    @pytest.mark.parametrize(
        ("body", "answer"),
        [
            ("0000000020EF0AC6000A000000000000", "9000"),
            ("0100000020EF0AC6000A000000000000", "6A80"),
            ("0000000020EF0AC6010A000000000000", "6A80"),
            ("0000000000EF0AC6000A000000000000", "6A80"),
            ("0000000020EF0AC6001F000000000000", "6A80"),
            ("0000000020EF0AC5000A000000000000", "6A80"),
            ("0000000020EF0AC7000A002100000000", "6A80"),
            ("0000000020EF0AC8000A000000000000", "6A80"),
            ("00000000200000C6000A000000000000", "6A80"),
            ("0000000020FFFFC6000A000000000000", "6A80"),
            ("00000000203F00C6000A000000000000", "6A89"),
            ("0000000020EF80C6000A000000000000", "6A89"),
            ("0000000020EF05C6000A000000000000", "6A89"),
            ("0000000020EF0AC60005000000000000", "6A89"),
            ("0000000020DF01C6000A000000000000", "6A89"),
            ("00000000FFEF0AC4000A000000000000", "9000"),
            ("00FFFFEF0AC4000A000000000000", "6700"),
            ("0000000020EF0AC6000A00000000000000", "6700"),
            ("000000FFFFEF0AC4000A000000000000", "6A84"),
        ],
    )
    def test_answers(self, body, answer, desk, furnished):
        desk = type(desk)(SoftwareCard.blank(1, options=CardOptions(chip_bytes=0x800)))
        furnished(desk)
        desk.transport()
        desk.enter(desk.ssse)
        assert desk.send(f"80E00100{len(body) // 2:02X}{body}") == answer

    def test_files_without_sfi_do_not_collide(self, blank):
        blank.transport()
        assert blank.create_ef(0xEF40, 0xC6, 20, sfi=0) == "9000"
        assert blank.create_ef(0xEF41, 0xC6, 20, sfi=0) == "9000"
        blank.ok("00A4020002EF40")
        blank.ok("00DC0104030101AA")

    def test_the_chip_is_full_exactly_at_its_size(self):
        card = SoftwareCard.blank(1, options=CardOptions(chip_bytes=0x30))
        card.transmit(bytes.fromhex("80E0030008" + "FF" * 8))
        head = bytes.fromhex("80E0010010000000")
        assert card.transmit(head + bytes.fromhex("0030EF05C4000500000000" + "0000")) == b"\x90\x00"
        assert card.transmit(head + bytes.fromhex("0001EF06C4000600000000" + "0000")) == b"\x6a\x84"


class TestCreateDirectory:
    @pytest.mark.parametrize(
        ("apdu", "answer"),
        [
            ("80E001001A000000FF01DDF2010000230000800081" + "50415454455253544545", "9000"),
            ("80E001001A000000FF01DDF2010000240000800081" + "50415454455253544545", "6A80"),
            ("80E0010010000000FF01DDF2010000230000800081", "9000"),
            ("80E0010010000000FF01DDF2010007230000800081", "9000"),
            ("80E001000F000000FF01DDF20100002300008000", "6700"),
            ("80E0010014000000FF01DDF201000023000080008141414141", "6A80"),
            ("80E0010010010000FF01DDF2010000230000800081", "6A80"),
            ("80E0010010000000FF01DDF2030000230000800081", "6A80"),
            ("80E0010010000000FF01DDF1010000230000800081", "6A89"),
            ("80E001001F000000FF01DDF20100002300008000817378312E73682EC9E7BBE1B1A3D5CF", "6A89"),
            ("80E0010110000000FF01DDF2010000230000800081", "6A86"),
        ],
    )
    def test_answers(self, desk, apdu, answer):
        desk.transport()
        assert desk.send(apdu) == answer

    def test_the_new_directory_is_current(self, blank):
        blank.transport()
        blank.create_df(0xDDF1, 1, blank.ssse)
        blank.create_df(0xDF01, 2, blank.aid1)
        blank.create_ef(0xEF05, 0xC6, 20)
        blank.create_df(0xDF02, 2, blank.aid2)
        blank.create_df(0xDDF2, 1)
        blank.create_df(0xDF01, 2)
        assert blank.card.directories() == (
            "3F00",
            "3F00/DDF1",
            "3F00/DDF1/DF01",
            "3F00/DDF1/DF02",
            "3F00/DDF2",
            "3F00/DDF2/DF01",
        )
        assert blank.card.file("DDF1/DF01/EF05").size == 20

    def test_creation_ends_key_rights_and_challenge(self, desk):
        desk.transport()
        desk.enter(desk.ssse)
        desk.gain(0xFF, "SSSE master")
        desk.challenge()
        assert desk.create_df(0xDF03, 2) == "9000"
        assert desk.send("0082000410" + "00" * 16) == "6984"
        desk.card.reset()
        desk.enter(desk.ssse)
        desk.gain(0xFF, "SSSE master")
        assert desk.create_df(0xDF04, 2) == "9000"
        assert desk.create_ef(0xEF05, 0xC6, 20) == "6982"

    def test_the_lock_number_names_the_key_of_application_block(self, desk):
        desk.transport()
        desk.enter(desk.ssse)
        assert desk.create_df(0xDF06, 2, lock=0x8F) == "9000"
        assert desk.write_key(0x07, 0x82, desk.key("stk")) == "9000"
        assert desk.write_key(0x0D, 0x83, desk.key("read")) == "9000"
        assert desk.write_key(0x0D, 0x8F, desk.key("lock")) == "9000"
        desk.gain(0x83, "read")
        assert desk.send(desk.secure("841E0001", desk.key("stk"))) == "6982"
        desk.gain(0x8F, "lock")
        desk.ok(desk.secure("841E0001", desk.key("stk")))


class TestWhoMayBuild:
    """Columns: place, master key authenticated there; then what is tried."""

    @pytest.mark.parametrize(
        ("place", "name", "make", "answer"),
        [
            ("mf", "card master", "ddf", "9000"),
            ("mf", "card master", "adf", "6982"),
            ("mf", "card master", "key", "9000"),
            ("ssse", "SSSE master", "ddf", "6982"),
            ("ssse", "SSSE master", "adf", "9000"),
            ("ssse", "SSSE master", "ef", "9000"),
            ("ssse", "SSSE master", "key", "9000"),
            ("aid1", "DF01 master", "adf", "6982"),
            ("aid1", "DF01 master", "ef", "9000"),
            ("aid1", "DF01 master", "key", "9000"),
            ("mf", None, "ddf", "6982"),
            ("ssse", None, "adf", "6982"),
            ("aid1", None, "ef", "6982"),
            ("aid1", None, "key", "6982"),
            ("aid1", "transport", "ddf", "9000"),
            ("aid1", "transport", "adf", "9000"),
            ("aid1", "transport", "ef", "9000"),
            ("aid1", "transport", "key", "9000"),
        ],
    )
    @pytest.mark.parametrize("sealed", [False, True])
    def test_rights(self, desk, place, name, make, answer, sealed):
        if sealed:
            desk.transport()
            desk.ok("80E0020000")
            if name == "transport":
                return
        if name == "transport":
            desk.transport()
        desk.mf() if place == "mf" else desk.enter(getattr(desk, place))
        if name and name != "transport":
            desk.gain(0xFF, name)
        masters = {"mf": "card master", "ssse": "SSSE master", "aid1": "DF01 master"}
        tried = {
            "ddf": lambda: desk.create_df(0xDDF7, 1),
            "adf": lambda: desk.create_df(0xDF17, 2),
            "ef": lambda: desk.create_ef(0xEF17, 0xC6, 20),
            "key": lambda: desk.load_key(desk.key(masters[place]), desk.block(0x0D, 0x1F, desk.key("new"))),
        }
        assert tried[make]() == answer


class TestWriteKey:
    def test_plain_only_with_the_transport_right(self, desk):
        desk.enter(desk.ssse)
        assert desk.write_key(0x0D, 0x0B, desk.key("new")) == "6982"
        desk.gain(0xFF, "SSSE master")
        assert desk.write_key(0x0D, 0x0B, desk.key("new")) == "6982"
        desk.transport()
        assert desk.write_key(0x0D, 0x0B, desk.key("new")) == "9000"
        desk.gain(0x0B, "new")

    @pytest.mark.parametrize("cipher", [False, True])
    def test_protected(self, desk, cipher):
        desk.enter(desk.ssse)
        desk.gain(0xFF, "SSSE master")
        block = desk.block(0x0D, 0x0B, desk.key("new"))
        assert desk.load_key(desk.key("SSSE master"), block, cipher=cipher) == "9000"
        desk.gain(0x0B, "new")
        assert desk.load_key(desk.key("SSSE master"), block, cipher=cipher, fault="mac") == "6988"
        assert desk.load_key(desk.key("card master"), block, cipher=cipher) == "6988"
        assert desk.card.directory("DDF1").keys[0].tries == 3

    def test_a_challenge_serves_once(self, desk):
        desk.enter(desk.ssse)
        desk.gain(0xFF, "SSSE master")
        assert desk.send("84D400001C" + "00" * 28) == "6984"
        desk.challenge()
        assert desk.send("84D400001C" + "00" * 28) == "6988"
        assert desk.send("84D400001C" + "00" * 28) == "6984"

    def test_a_cipher_of_something_else(self, desk):
        desk.enter(desk.ssse)
        desk.gain(0xFF, "SSSE master")
        master = desk.key("SSSE master")
        assert desk.load_key(master, desk.block(0x0D, 0x0B, desk.key("new"))[:23]) == "6988"

    @pytest.mark.parametrize(
        ("apdu", "answer"),
        [
            ("00D4000017" + "00" * 23, "6700"),
            ("00D400001C" + "00" * 28, "6700"),
            ("84D4000018" + "00" * 24, "6700"),
            ("84D4000023" + "00" * 35, "6700"),
            ("00D40000", "6700"),
            ("00D4020018" + "00" * 24, "6A86"),
            ("00D4000118" + "00" * 24, "6A86"),
            ("80D4000018" + "00" * 24, "6E00"),
            ("00D4000018" + "0D0B010033030010" + "11" * 16, "9000"),
            ("00D4000018" + "000B010033030010" + "11" * 16, "6A80"),
            ("00D4010018" + "0D0B010033030010" + "11" * 16, "6A80"),
            ("00D4000018" + "0C0B010033030010" + "11" * 16, "6A80"),
            ("00D4000018" + "0D0B010133030010" + "11" * 16, "6A80"),
            ("00D4000018" + "0D0B010000030010" + "11" * 16, "6A80"),
            ("00D4000018" + "0D0B010033000010" + "11" * 16, "6A80"),
            ("00D4000018" + "0D0B010033030008" + "11" * 16, "6A80"),
            ("00D4000018" + "0E0B010000030010" + "11" * 16, "9000"),
            ("00D4000018" + "0100010066000110" + "12AB" + "FF" * 14, "6A80"),
            ("00D4000018" + "0100010066000110" + "12" + "FF" * 15, "6A80"),
            ("00D4000018" + "0100010066000110" + "FF" * 16, "9000"),
        ],
    )
    def test_answers(self, desk, apdu, answer):
        desk.transport()
        desk.enter(desk.ssse)
        assert desk.send(apdu) == answer

    def test_the_limit_is_the_low_nibble_else_the_high_one(self, desk):
        desk.transport()
        for ident, byte, limit in ((0x21, 0x35, 5), (0x22, 0x40, 4), (0x23, 0x02, 2)):
            desk.ok(f"00D40000180D{ident:02X}0100{byte:02X}030010" + "11" * 16)
            assert desk.authenticate(ident, desk.key("wrong")) == f"63C{limit - 1}"

    def test_the_level_names_the_key_where_it_is_not_00(self, desk):
        desk.transport()
        assert desk.write_key(0x0D, 0x21, desk.key("levelled"), level=0x33) == "9000"
        assert desk.authenticate(0x21, desk.key("levelled")) == "6A88"
        desk.gain(0x33, "levelled")

    def test_the_same_key_is_replaced_with_a_full_counter(self, desk):
        desk.transport()
        desk.enter(desk.ssse)
        desk.authenticate(0x04, desk.key("wrong"))
        count = len(desk.card.directory("DDF1").keys)
        assert desk.write_key(0x0D, 0x04, desk.key("UK new")) == "9000"
        assert len(desk.card.directory("DDF1").keys) == count
        assert desk.authenticate(0x04, desk.key("UK")) == "63C2"
        desk.gain(0x04, "UK new")

    def test_replacing_can_be_refused_by_option(self, make_desk):
        desk = make_desk(replace_keys=False)
        desk.transport()
        desk.enter(desk.ssse)
        assert desk.write_key(0x0D, 0x04, desk.key("UK new")) == "6A80"
        desk.gain(0x04, "UK")

    def test_a_key_written_with_id_08_or_88_answers_to_88(self, desk):
        desk.transport()
        desk.enter(desk.aid1)
        assert desk.write_key(0x0D, 0x09, desk.key("nine")) == "9000"
        desk.gain(0x89, "nine")

    def test_the_puk_may_have_another_number(self, desk):
        desk.transport()
        desk.enter(desk.ssse)
        assert desk.write_key(0x0D, 0x0C, desk.key("other PUK")) == "9000"
        block = desk.block(1, 0, bytes.fromhex("123456").ljust(16, b"\xff"), option=0x0C, level=1)
        desk.ok(b"\x00\xd4\x00\x00\x18" + block)
        desk.gain(0x06, "PUK")
        assert desk.send("8424000004" + "00" * 4) == "6982"
        desk.gain(0x0C, "other PUK")
        desk.ok(desk.secure("84240000", desk.key("STK")))


class TestFirstMasterKey:
    @pytest.fixture
    def bare(self, desk):
        """Sealed card with an ADF that has no master key yet; that ADF is current, nothing authenticated."""
        desk.transport()
        desk.ok("80E0020000")
        desk.card.reset()
        desk.enter(desk.ssse)
        desk.gain(0xFF, "SSSE master")
        assert desk.create_df(0xDF09, 2) == "9000"
        return desk

    def test_comes_under_the_nearest_master_key_above(self, bare):
        block = bare.block(0, 0, bare.key("DF09 master"))
        assert bare.load_key(bare.key("card master"), block, p1=1) == "6988"
        assert bare.load_key(bare.key("SSSE master"), block, p1=1) == "9000"
        bare.gain(0xFF, "DF09 master")
        assert bare.load_key(bare.key("DF09 master"), bare.block(0x0D, 0x84, bare.key("x"))) == "9000"

    def test_the_mac_is_authority_for_nothing_else(self, bare):
        assert bare.load_key(bare.key("SSSE master"), bare.block(0x0D, 0x84, bare.key("x"))) == "6982"
        bare.load_key(bare.key("SSSE master"), bare.block(0, 0, bare.key("DF09 master")), p1=1)
        again = bare.block(0, 0, bare.key("other"))
        assert bare.load_key(bare.key("DF09 master"), again, p1=1) == "6982"

    def test_no_master_key_anywhere(self, blank):
        blank.transport()
        assert blank.load_key(blank.key("any"), blank.block(0, 0, blank.key("first")), p1=1) == "6A88"

    def test_a_master_key_is_replaced_under_itself(self, bare):
        bare.load_key(bare.key("SSSE master"), bare.block(0, 0, bare.key("old")), p1=1)
        bare.gain(0xFF, "old")
        assert bare.load_key(bare.key("old"), bare.block(0, 5, bare.key("new"), version=2), p1=1) == "9000"
        assert bare.authenticate(0xFF, bare.key("old")) == "63C2"
        bare.gain(0xFF, "new")


class TestEndOfPreIssue:
    def test_by_transport_code(self, desk):
        assert desk.send("80E0020000") == "6982"
        desk.transport()
        assert not desk.card.sealed
        desk.ok("80E0020000")
        assert desk.card.sealed
        assert desk.send("80E0020000") == "6985"
        assert desk.transport() == "6985"
        assert desk.create_df(0xDDF5, 1) == "6982"

    def test_by_the_card_master_key_in_the_mf_only(self, desk):
        desk.enter(desk.ssse)
        desk.gain(0xFF, "SSSE master")
        assert desk.send("80E0020000") == "6982"
        desk.mf()
        desk.gain(0xFF, "card master")
        desk.ok("80E00200")
        assert desk.card.sealed

    def test_form(self, desk):
        desk.transport()
        assert desk.send("80E002000100") == "6700"
        assert desk.send("80E0020001") == "6700"
        assert desk.send("80E0020100") == "6A86"


class TestDelete:
    def test_an_ef(self, desk):
        desk.enter(desk.aid1)
        desk.gain(0xFF, "DF01 master")
        assert desk.send("80E100000103") == "6986"
        desk.ok("00A4020002EF0A")
        desk.ok("80E100000103")
        assert desk.send("00A4020002EF0A") == "6A82"
        assert desk.send("00B2015403") == "6A82"
        assert desk.create_ef(0xEF0A, 0xC6, 20) == "9000"

    def test_an_adf(self, desk):
        desk.enter(desk.aid1)
        desk.gain(0xFF, "DF01 master")
        assert desk.send("80E100000101") == "6A80"
        desk.ok("80E100000102")
        assert desk.card.directories() == ("3F00", "3F00/DDF1", "3F00/DDF1/DF02")
        assert desk.send("00A4040006D15600000500") == "6A82"
        assert desk.send("00A4020002EF1E") == "9000"

    def test_a_ddf_and_all_in_it(self, desk):
        desk.transport()
        desk.enter(desk.ssse)
        assert desk.send("80E100000102") == "6A80"
        desk.ok("80E100000101")
        assert desk.card.directories() == ("3F00",)
        assert desk.create_df(0xDDF1, 1, desk.ssse) == "9000"

    def test_the_mf_is_emptied_and_opened_again(self, desk, furnished):
        desk.transport()
        desk.ok("80E0020000")
        desk.gain(0xFF, "card master")
        desk.ok("80E100000101")
        assert not desk.card.sealed
        furnished(desk)

    @pytest.mark.parametrize(
        ("apdu", "answer"),
        [
            ("80E100000103", "6982"),
            ("80E10000", "6700"),
            ("80E10000020303", "6700"),
            ("80E101000103", "6A86"),
            ("00E100000103", "6E00"),
        ],
    )
    def test_refusals(self, desk, apdu, answer):
        assert desk.send(apdu) == answer


def test_the_session_key_form_of_key_loading_is_an_option(make_desk):
    desk = make_desk(key_load_by_session_key=True)
    desk.enter(desk.ssse)
    desk.gain(0xFF, "SSSE master")
    master = desk.key("SSSE master")
    challenge = desk.challenge()
    block = desk.block(0x0D, 0x0B, desk.key("new"))
    desk.ok(desk.secure("84D40000", master, desk.cipher(master, block, challenge), challenge))
    desk.gain(0x0B, "new")
    assert desk.load_key(master, block) == "6988"


def test_a_des_card_authenticates_in_its_own_family(desk):
    from sscard.keys.family import family_of

    des = family_of(Algorithm.DES)
    card = type(desk)(SoftwareCard.blank(1, algorithm=Algorithm.DES))
    card.transport()
    card.create_df(0xDDF1, 1, card.ssse)
    assert card.write_key(0x0D, 4, card.key("UK")) == "6A80"
    assert card.write_key(0x0D, 4, card.key("UK"), option=0) == "9000"
    assert card.write_key(0x0D, 6, card.key("PUK"), option=0) == "9000"
    assert card.write_key(0x07, 2, card.key("STK"), option=0) == "9000"
    assert card.write_pin() == "9000"

    def authenticate(p2, name, size=8):
        proof = des.authentication_data(des.session_key(card.key(name), card.challenge(size)), card.original)
        return card.send(bytes((0, 0x82, 0, p2, 16)) + proof + card.original)

    assert authenticate(4, "UK") == "9000"
    assert authenticate(4, "UK", 16) == "6984"
    assert authenticate(4, "PUK") == "63C2"
    assert authenticate(6, "PUK") == "9000"
    session = des.session_key(card.key("STK"), card.challenge())
    cipher = des.encrypt(session, bytes.fromhex("0365432180000000"))
    head = bytes.fromhex("842400010C") + cipher
    card.ok(head + des.session_mac(session, head))
    assert card.verify("654321") == "9000"
    card.enter(card.ssse)
    assert card.ok("00C000001B").endswith("9F0C03860101")
