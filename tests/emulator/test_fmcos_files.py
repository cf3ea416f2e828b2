"""FMCOS data commands, plain and under line protection."""

from __future__ import annotations

import pytest

from sscard.apdu.atr import Interface
from sscard.emulator.fmcos import FmcosCard, FmcosOptions
from sscard.emulator.fmcos.nodes import Protection
from tests.emulator.fmcos_desk import Desk, des, framed, key, mac, make_desk


@pytest.fixture
def desk() -> Desk:
    ready = make_desk()
    ready.enter()
    return ready


# Plain


def test_binary_by_sfi_and_by_offset(desk: Desk) -> None:
    assert desk.send("00B0900003") == "6A82"
    desk.ok("00A400000200 16".replace(" ", ""))
    desk.verify()
    assert desk.send("00B0000003") == "0000006281"
    assert desk.authenticate(0, key("master")) == "9000"
    assert desk.send("00D6002502AABB") == "9000"
    assert desk.send("00B0962502") == "AABB9000"
    assert desk.send("00B0002600") == "BB9000"
    assert desk.send("00B0002602") == "6C01"
    assert desk.send("00B0002700") == "6B00"
    assert desk.send("00D6002602AABB") == "6700"
    assert desk.send("00D6002702AABB") == "6B00"
    assert desk.send("00D60000") == "6700"
    assert desk.send("00B0B60000") == "6A86"


def test_never_written_data_come_with_a_warning_until_the_first_write(desk: Desk) -> None:
    desk.verify()
    assert desk.send("00B0960001") == "006281"
    desk.authenticate(0, key("master"))
    desk.ok("00D6961001AA")
    assert desk.send("00B0960001") == "009000"
    silent = make_desk(unwritten_warns=False)
    silent.enter()
    silent.verify()
    assert silent.send("00B0960001") == "009000"


def test_a_refused_command_leaves_the_current_file_as_it_was(desk: Desk) -> None:
    desk.ok("00A40000020005")
    assert desk.send("00B0890001") == "6982"
    assert desk.send("00B20C4000") == "6A83"
    assert desk.send("00B2010400") == "010203049000"
    desk.ok("00B2094000")
    assert desk.send("00B2090200") == "6A83"
    assert desk.send("00B2000400") == "0904AABBCCDD9000"


def test_kinds_do_not_mix(desk: Desk) -> None:
    assert desk.send("00B0850000") == "6981"
    assert desk.send("00B2019400") == "6A82"
    assert desk.send("00B2013C00") == "6A83"
    desk.verify()
    assert desk.send("00B201B400") == "6981"
    assert desk.send("00B0820000") == "6981"
    assert desk.send("00B0800000") == "6A86"


def test_fixed_records(desk: Desk) -> None:
    assert desk.send("00B2012C00") == "010203049000"
    assert desk.send("00B2012C04") == "010203049000"
    assert desk.send("00B2012C05") == "6C04"
    assert desk.send("00B2022C00") == "6A83"
    assert desk.send("00B2012D00") == "6A86"
    assert desk.send("00B2012800") == "6981"
    desk.card.chip.reach(2)
    assert desk.send("00DC012C0405060708") == "9000"
    assert desk.send("00DC012C03050607") == "6700"
    assert desk.send("00DC022C0405060708") == "6A83"
    assert desk.send("00E200280405060708") == "9000"
    assert desk.send("00E2002C0405060708") == "9000"
    assert desk.send("00E200280405060708") == "6A84"
    assert desk.send("00E201280405060708") == "6A86"
    assert desk.send("00B2012C00") == "050607089000"


def test_variable_records(desk: Desk) -> None:
    desk.ok("00E20040060904AABBCCDE")
    desk.ok("00E2004003070111")
    assert desk.send("00B2094000") == "0904AABBCCDD9000"
    assert desk.send("00B2094200") == "0904AABBCCDE9000"
    assert desk.send("00B2094200") == "6A83"
    assert desk.send("00B2094300") == "0904AABBCCDD9000"
    assert desk.send("00B2094100") == "0904AABBCCDE9000"
    assert desk.send("00B2034400") == "0701119000"
    assert desk.send("00B2084000") == "6A83"
    assert desk.send("00DC0940060904AABBCCFF") == "9000"
    assert desk.send("00DC0940050903AABBCC") == "6700"
    assert desk.send("00DC0940060905AABBCCFF") == "6A80"
    assert desk.send("00E2004002070111"[:-2]) == "6A80"
    desk.ok("00E200400D0A0B" + "00" * 11)
    assert desk.send("00E20040060904AABBCCDD") == "6A84"


@pytest.mark.parametrize("form", ["00DC001B", "00DC011A"])
def test_a_cyclic_file_shows_its_newest_record_first(desk: Desk, form: str) -> None:
    target = f"{form[:6]}{0x38 | int(form[6:], 16) & 7:02X}"
    for number in range(1, 6):
        assert desk.send(f"{target}04000000{number:02X}") == "9000"
    assert [desk.ok(f"00B2{number:02X}3C00") for number in (1, 2, 3)] == ["00000005", "00000004", "00000003"]
    assert desk.send("00B2043C00") == "6A83"
    assert desk.send("00E2003C0400000006") == "9000"
    assert desk.ok("00B2013C00") == "00000006"
    assert desk.send("00E2003C03000000") == "6700"


def test_only_the_documented_form_where_the_option_says_so() -> None:
    desk = make_desk(cyclic_update_in_any_form=False)
    desk.enter()
    assert desk.send("00DC003B0400000001") == "9000"
    assert desk.send("00DC013A0400000001") == "6A86"


def test_file_ids_beyond_1f_have_no_short_id_unless_the_option_says_so() -> None:
    for low_bits, word in ((False, "6A82"), (True, "006281")):
        desk = Desk(FmcosCard.blank(1, with_mf=True, options=FmcosOptions(sfi_of_low_bits=low_bits)))
        desk.ok("80E0EF0507280010F0F0FFFF")
        assert desk.send("00B0850001") == word
        desk.ok("00A4000002EF05")
        assert desk.send("00B0000001") == "006281"


# Line protection


def test_a_mac_protected_file_is_written_under_the_line_key(desk: Desk) -> None:
    assert desk.send("00D6950001AA") == "6987"
    assert desk.secure("04D69500", key("line"), b"\xaa", fault=True) == "6988"
    assert desk.secure("04D69500", key("line 1"), b"\xaa") == "6988"
    assert desk.secure("04D69500", key("line"), b"\xaa\xbb") == "9000"
    assert desk.send("00B0950002") == "AABB9000"
    assert desk.send("04D6950004" + "00" * 4) == "6984"
    assert desk.send("04D6950003" + "00" * 3) == "6987"
    other = make_desk(plain_write_of_protected=0x6900)
    other.enter()
    assert other.send("00D6950001AA") == "6900"


def test_the_last_byte_of_a_file_names_its_line_key(desk: Desk) -> None:
    """File 0003 was made with FE: writing under key 01, reading under key 00."""
    assert desk.secure("04D68300", key("line"), b"\xaa", cipher=True) == "6988"
    assert desk.secure("04D68300", key("line 1"), b"\xaa\xbb\xcc", cipher=True) == "9000"
    assert desk.send("00B0830003") == "AABBCC9000"
    one = make_desk(several_line_keys=False)
    one.enter()
    assert one.secure("04D68300", key("line"), b"\xaa", cipher=True) == "9000"


def test_a_command_under_protection_fits_a_protected_file_only(desk: Desk) -> None:
    desk.authenticate(0, key("master"))
    assert desk.secure("04D69600", key("line"), b"\xaa") == "6900"
    desk.card.chip.reach(2)
    assert desk.secure("04B09600", key("line"), le="01") == "6900"


def test_reading_under_mac_binds_the_answer_to_the_challenge(desk: Desk) -> None:
    assert desk.secure("04D69500", key("line"), bytes(range(16))) == "9000"
    challenge = desk.challenge()
    head = bytes.fromhex("04B0950004")
    answer = desk.ok(head + mac(key("line"), head, challenge) + b"\x10")
    data = bytes(range(16))
    assert answer == (data + mac(key("line"), data, challenge)).hex().upper()
    assert desk.send(head + mac(key("line"), head, challenge) + b"\x10") == "6984"
    assert desk.secure("04B09500", key("line"), fault=True, le="10") == "6988"
    assert desk.secure("04B09500", key("line"), le="1F") == "6C1E"


def test_the_published_read_under_mac() -> None:
    desk = Desk(FmcosCard.blank(1, with_mf=True))
    desk.ok("80E00000073F008001F0FFFF")
    assert desk.write_key(0x36, 0, "F0F0FF33", b"\xff" * 16) == "9000"
    desk.ok("80E0000507A80034F0F0FFFF")
    desk.card.chip.drawn = bytes.fromhex("88BBE4E3")
    body = "000122000001FFFF22000000000000060001201610280000000000010001000000000000000000000000000020501231"
    assert desk.send(f"04D6850034{body}AE8D8774") == "9000"
    assert desk.ok("00B0850030") == body.upper()
    data = "11223344556677889900AABBCCDDEEFF"
    assert desk.secure("04D68500", b"\xff" * 16, bytes.fromhex(data)) == "9000"
    desk.ok("00A40000020005")
    desk.card.chip.drawn = bytes.fromhex("D0FE4FB9")
    assert desk.send("04B0000004F09C8A1910") == data + "8D318577" + "9000"


@pytest.mark.parametrize("with_block", [False, True])
def test_an_enciphered_file_answers_cipher_and_mac(desk: Desk, with_block: bool) -> None:
    assert desk.secure("04D68300", key("line 1"), bytes(range(7)), cipher=True) == "9000"
    challenge = desk.challenge()
    block = des(key("line"), b"\x07\x80" + bytes(6)) if with_block else b""
    head = bytes.fromhex("04B08300") + bytes((len(block) + 4,)) + block
    answer = desk.ok(head + mac(key("line"), head, challenge) + (b"" if with_block else b"\x07"))
    cipher = des(key("line"), framed(bytes(range(7))))
    assert len(cipher) == 8
    assert answer == (cipher + mac(key("line"), cipher, challenge)).hex().upper()


@pytest.mark.parametrize(
    "block",
    [
        b"",
        bytes(7),
        b"\x08" + bytes(7),
        b"\x02" + bytes(7),
        b"\x02\xaa\xbb\x80\x80" + bytes(3),
        b"\x01\xaa\x80" + bytes(13),
    ],
    ids=["nothing", "no whole block", "length past the end", "no 80", "two 80", "a block too many"],
)
def test_a_right_mac_over_what_is_no_message(desk: Desk, block: bytes) -> None:
    """The card deciphers to something of another form: 6988, and nothing is written."""
    line = key("line 1")
    assert desk.secure("04D68300", line, b"\xaa\xbb", cipher=True) == "9000"
    assert desk.secure("04D68300", line, des(line, block) if len(block) % 8 == 0 else block) == "6988"
    assert desk.secure("04D68300", line, des(line, framed(b"\xcc\xdd")) + b"\0" * 3) == "6988"
    assert desk.send("00B0830002") == "AABB9000"


def test_a_plain_reading_has_no_data(desk: Desk) -> None:
    assert desk.send("00B083000212AA") == "6700"


def test_an_enciphered_length_goes_with_enciphered_files_only(desk: Desk) -> None:
    block = des(key("line"), b"\x07\x80" + bytes(6))
    assert desk.secure("04B09500", key("line"), block) == "6700"
    plain = make_desk(length_block_in_read=False)
    plain.enter()
    assert plain.secure("04B08300", key("line"), block) == "6700"
    assert plain.secure("04B08300", key("line"), le="07")[-4:] == "6281"
    assert desk.secure("04B08300", key("line"), block + b"\0") == "6700"
    assert desk.send("04B0830003000000") == "6987"


def test_protected_reading_can_be_demanded(desk: Desk) -> None:
    """File 0004 was made with 7F: bit 8 clear."""
    assert desk.send("00B0840004") == "6987"
    answer = desk.secure("04B08400", key("line"), le="04")
    assert answer.startswith("00000000")
    assert answer.endswith("6281")


def test_records_under_protection(desk: Desk) -> None:
    assert desk.send("00E2005C0401020304") == "6987"
    assert desk.secure("04E2005C", key("line"), bytes.fromhex("01020304")) == "9000"
    assert desk.secure("04DC005B", key("line"), bytes.fromhex("05060708")) == "9000"
    assert desk.ok("00B2015C00") == "05060708"
    challenge = desk.challenge()
    head = bytes.fromhex("04B2025C04")
    answer = desk.ok(head + mac(key("line"), head, challenge) + b"\x00")
    data = bytes.fromhex("01020304")
    assert answer == (data + mac(key("line"), data, challenge)).hex().upper()


def test_the_line_key_runs_out(desk: Desk) -> None:
    for _ in range(3):
        assert desk.secure("04D68300", key("wrong"), b"\xaa", cipher=True) == "6988"
    assert desk.secure("04D68300", key("line 1"), b"\xaa", cipher=True) == "6983"
    desk.card.reset()
    desk.enter()
    assert desk.secure("04D68300", key("line 1"), b"\xaa", cipher=True) == "6983"


def test_a_right_mac_gives_the_tries_back(desk: Desk) -> None:
    for _ in range(2):
        for _ in range(2):
            assert desk.secure("04D68300", key("wrong"), b"\xaa", cipher=True) == "6988"
        assert desk.secure("04D68300", key("line 1"), b"\xaa", cipher=True) == "9000"


@pytest.mark.parametrize("fid", [0x15, 0x16])
def test_three_wrong_macs_on_a_basic_file_lock_the_application_for_good(fid: int) -> None:
    desk = make_desk()
    basic, write = desk.card.directory("3F01").files[fid], f"04D6{0x80 | fid:02X}00"
    basic.protection, basic.read, basic.write = Protection.MAC, 0xF0, 0xF0
    desk.card.directory("3F01").keys[4].limit = desk.card.directory("3F01").keys[4].tries = 9
    desk.enter()
    assert desk.secure(write, key("wrong"), b"\xaa") == "6988"
    assert desk.secure(write, key("line"), b"\xaa") == "9000"
    assert desk.secure(write, key("wrong"), b"\xaa") == "6988"
    assert desk.secure(write, key("wrong"), b"\xaa") == "6988"
    assert desk.secure(write, key("wrong"), b"\xaa") == "9303"
    assert desk.secure(write, key("line"), b"\xaa") == "9303"
    desk.card.reset()
    assert desk.send("00A40000023F01") == "6A81"
    assert desk.send(f"00B0{0x80 | fid:02X}0001") == "9303"
    assert desk.secure("84180000", key("line")) == "9303"
    assert desk.mf()


def test_a_right_is_asked_before_the_mac() -> None:
    desk = Desk(FmcosCard.blank(1))
    desk.ok("80E03F000D38FFFFF0F001" + "FF" * 7)
    desk.ok("80E00000073F008001F0FFFF")
    assert desk.write_key(0x36, 0, "F0F0FF33", key("line")) == "9000"
    desk.ok("80E0000507A80010EFEFFFFF")
    desk.card.reset()
    assert desk.secure("04D68500", key("line"), b"\xaa") == "6982"
    assert desk.secure("04D68500", key("wrong"), b"\xaa") == "6982"
    assert desk.card.directory("3F00").keys[0].tries == 3


# Selection and transport


def test_fci_of_mf_and_adf(desk: Desk) -> None:
    assert desk.mf() == "6F15840E315041592E5359532E4444463031A503880101"
    content = bytes.fromhex("111122223333000603010006199808170000003019980815199812155566")
    desk.enter()
    assert desk.secure("04D69500", key("line"), content) == "9000"
    wanted = "6F2E8409A00000000386980701A5219F0C1E" + content.hex().upper()
    assert desk.ok("00A4040009A00000000386980701") == wanted
    assert desk.ok("00A4040009A0000000038698070100") == wanted
    assert desk.send("00A4040009A0000000038698070110") == "6C30"


def two_applications(**options: object) -> Desk:
    desk = make_desk(**options)
    desk.mf()
    desk.ok("80E03F020D380100F0F095FFFFA000000002")
    desk.ok("80E000060728 0010F0F0FFFF".replace(" ", ""))
    desk.enter("3F02")
    desk.ok("80E03F030D380100F0F095FFFFA000000003")
    desk.ok("80E03F020D380100F0F095FFFFA000000004")
    desk.ok("80E0000507280010F0F0FFFF")
    return desk


def test_search_order_of_select() -> None:
    desk = two_applications()
    here = desk.card.chip
    desk.enter("3F02")
    assert here.here.path == "3F00/3F02"
    desk.enter("3F01")
    assert here.here.path == "3F00/3F01"
    assert desk.send("00A40000023F03") == "6A82"
    assert desk.send("00A40000020006") == "9000"
    assert here.ef is desk.card.file("3F01/0006")
    desk.enter("3F02")
    assert desk.send("00A40000020006") == "6A82"
    desk.enter("3F03")
    assert here.here.path == "3F00/3F02/3F03"
    desk.enter("3F02")
    assert here.here.path == "3F00/3F02/3F02"
    desk.ok("00A4040005A000000003")
    desk.mf()
    assert desk.send("00A4040005A000000003") == "6A82"


def test_siblings_by_id_are_an_option() -> None:
    desk = two_applications(siblings_by_id=False)
    desk.mf()
    desk.enter("3F02")
    assert desk.send("00A40000023F01") == "6A82"
    assert desk.ok("00A4040009A00000000386980701")


@pytest.mark.parametrize(
    ("apdu", "word"),
    [("00A40100023F00", "6A86"), ("00A40002023F00", "6A86"), ("00A400000100", "6700"), ("00A40400", "6700"),
     ("00A4040011" + "00" * 17, "6700"), ("00A4040002A0A1", "6A82"), ("00A4000002DEAD", "6A82")],
)  # fmt: skip
def test_what_select_refuses(desk: Desk, apdu: str, word: str) -> None:
    before = desk.card.chip.here
    assert desk.send(apdu) == word
    assert desk.card.chip.here is before


def test_contact_cards_let_data_wait() -> None:
    desk = make_desk(Interface.CONTACT)
    assert desk.card.atr.hex().upper() == "3B6B0000209000" + "0000990100000017"
    assert desk.send("00A40000023F00") == "6117"
    assert desk.send("00C0000003") == "6F15846114"
    assert desk.send("00C0000000") == "0E315041592E5359532E4444463031A5038801019000"
    assert desk.send("00C0000000") == "6F00"
    assert desk.send("00A40000023F01") == "6130"
    assert desk.send("00C0000031") == "6C30"
    assert desk.send("00B2012C04") == "010203049000"
    assert desk.send("00C0000001") == "6F00"


def test_an_atr_taken_from_a_real_card_can_be_given() -> None:
    desk = make_desk(Interface.CONTACT, contact_atr="3B6C00021234")
    assert desk.card.atr == bytes.fromhex("3B6C00021234")
    desk.card.present(Interface.CONTACTLESS)
    assert desk.card.atr.hex().upper().startswith("3B8B8001209000")
