"""READ RECORD and UPDATE RECORD in every addressing style; READ BINARY and UPDATE BINARY."""

import pytest

from sscard.apdu.exchange import Protocol

RECORDS = ["0101AA", "4001B1", "4002B2B2", "0203C1C2C3", "4001B3"]
ALL = "".join(RECORDS)


@pytest.fixture
def filled(desk):
    """DF01 EF0A (SFI 0A, free, room for 21 bytes) holding RECORDS."""
    desk.enter(desk.aid1)
    for number, record in enumerate(RECORDS, 1):
        desk.ok(f"00DC{number:02X}54{len(record) // 2:02X}{record}")
    desk.ok("00A4020002EF0A")
    return desk


@pytest.mark.parametrize(
    ("style", "apdu", "answer"),
    [
        ("number, current EF", "00B2010403", RECORDS[0]),
        ("number, current EF", "00B2040405", RECORDS[3]),
        ("tag, current EF", "00B2020005", RECORDS[3]),
        ("number with SFI", "00B2035404", RECORDS[2]),
        ("tag with SFI", "00B2405003", RECORDS[1]),
        ("last of a tag", "00B2405103", RECORDS[4]),
        ("all from 1", "00B2015512", ALL),
        ("all from 4", "00B2045508", RECORDS[3] + RECORDS[4]),
        ("down to 4", "00B2045608", RECORDS[4] + RECORDS[3]),
        ("first of any tag", "00B2005003", RECORDS[0]),
        ("last of any tag", "00B2005103", RECORDS[4]),
        ("next without a current record", "00B2005203", RECORDS[0]),
        ("previous without a current record", "00B2005303", RECORDS[4]),
        ("next of a tag without a current record", "00B2405203", RECORDS[1]),
    ],
)
def test_reading(filled, style, apdu, answer):
    assert filled.ok(apdu) == answer, style


@pytest.mark.parametrize(
    ("apdu", "answer"),
    [
        ("00B2065403", "6A83"),
        ("00B2005403", "6A83"),
        ("00B2775003", "6A83"),
        ("00B2065503", "6A83"),
        ("00B2FF5403", "6A86"),
        ("00B2FF5003", "6A86"),
        ("00B2015703", "6A86"),
        ("00B201AC03", "6A82"),
        ("00B201FC03", "6A82"),
        ("00B2014C03", "6981"),
        ("00B2015402", "6C03"),
        ("00B2015400", "6C03"),
        ("00B20154", "6C03"),
        ("00B2015500", "6C12"),
        ("00B20154020000", "6700"),
    ],
)
def test_refusals_of_reading(filled, apdu, answer):
    assert filled.send(apdu) == answer


def test_a_longer_le_is_tolerated(filled):
    assert filled.send("00B20154FF") == RECORDS[0] + "9000"


def test_a_longer_le_is_refused_by_option(make_desk):
    desk = make_desk(long_le_gives_data=False)
    desk.enter(desk.aid1)
    desk.ok("00DC0154030101AA")
    assert desk.send("00B20154FF") == "6C03"
    assert desk.send("00B2015403") == "0101AA9000"


def test_le_00_gives_data_by_option(make_desk):
    desk = make_desk(zero_le_gives_data=True)
    desk.enter(desk.aid1)
    desk.ok("00DC0154030101AA")
    assert desk.send("00B2015400") == "0101AA9000"


def test_le_00_gives_data_under_t1(make_desk):
    desk = make_desk(Protocol.T1)
    desk.transport()
    assert desk.create_ef(0xEF05, 0xC6, 20) == "9000"
    desk.ok("00DC012C030101AA")
    assert desk.send("00B2012C00") == "0101AA9000"
    assert desk.send("00B2012C") == "6700"
    assert desk.send("00B2012C02") == "6C03"


def test_no_current_ef(desk):
    desk.enter(desk.aid1)
    assert desk.send("00B2010403") == "6986"
    assert desk.send("00DC0104030101AA") == "6986"
    assert desk.send("00B0000001") == "6986"
    assert desk.send("00D600000100") == "6986"


class TestPointer:
    def test_identifier_addressing_walks(self, filled):
        walked = [filled.ok(f"00B20002{len(record) // 2:02X}") for record in RECORDS]
        assert walked == RECORDS
        assert filled.send("00B2000203") == "6A83"
        assert filled.ok("00B2000305") == RECORDS[3]

    def test_a_failed_search_leaves_the_pointer(self, filled):
        filled.ok("00B2400003")
        assert filled.send("00B2770203") == "6A83"
        assert filled.ok("00B2400204") == RECORDS[2]

    def test_the_occurrences_of_one_tag(self, filled):
        assert [filled.ok("00B24002" + size) for size in ("03", "04", "03")] == [RECORDS[1], RECORDS[2], RECORDS[4]]

    def test_number_addressing_does_not_move_it(self, filled):
        filled.ok("00B2400003")
        filled.ok("00B2040405")
        assert filled.ok("00B2000403") == RECORDS[1]

    def test_a_command_answered_with_6c_has_not_moved_it(self, filled):
        filled.ok("00B2400003")
        assert filled.send("00B2400201") == "6C04"
        assert filled.ok("00B2400204") == RECORDS[2]

    def test_a_command_answered_with_6c_has_not_chosen_its_file(self, filled):
        filled.ok("00B2400003")
        assert filled.send("00B2000100") == "6C03"
        filled.ok("00DC0144040102AABB")
        filled.ok("00A4020002EF0A")
        filled.ok("00B2400003")
        assert filled.send("00B2014401") == "6C04"
        assert filled.ok("00B2000403") == RECORDS[1]

    @pytest.mark.parametrize("event", ["00A4020002EF0A", "00B2015403", "00B2765003"])
    def test_select_and_any_valid_sfi_clear_it(self, filled, event):
        filled.ok("00B2400003")
        filled.send(event)
        assert filled.send("00B2000403") == "6A83"

    def test_reset_clears_it(self, filled):
        filled.ok("00B2400003")
        filled.card.reset()
        assert filled.send("00B2000403") == "6986"


def test_modes_5_and_6_give_only_whole_records(desk):
    desk.transport()
    desk.enter(desk.aid1)
    assert desk.create_ef(0xEF15, 0xC6, 0x300) == "9000"
    records = [f"{tag:02X}4E" + f"{tag:02X}" * 0x4E for tag in (1, 2, 3, 4)]
    for number, record in enumerate(records, 1):
        desk.ok(f"00DC{number:02X}AC50{record}")
    assert desk.ok("00B201ADF0") == "".join(records[:3])
    assert desk.ok("00B202ADF0") == "".join(records[1:])
    assert desk.ok("00B201AEF0") == "".join(records[:0:-1])


class TestUpdate:
    def test_a_number_one_past_the_end_adds(self, filled):
        filled.ok("00DC0654030501DD")
        assert filled.send("00DC08540105") == "6A85"
        assert filled.send("00DC0854030501DD") == "6A83"
        assert [record.hex().upper() for record in filled.card.file("DF01/EF0A").records] == [*RECORDS, "0501DD"]

    def test_a_missing_identifier_adds_and_becomes_current(self, filled):
        filled.ok("00DC0550030501DD")
        assert filled.ok("00B2000403") == "0501DD"

    def test_a_present_identifier_is_replaced(self, filled):
        filled.ok("00DC4050034001EE")
        assert filled.ok("00B2025403") == "4001EE"
        filled.ok("00DC4051034001EF")
        assert filled.ok("00B2055403") == "4001EF"

    def test_identifier_00_replaces_whatever_is_there(self, filled):
        filled.ok("00DC0050037701EE")
        assert filled.ok("00B2015403") == "7701EE"

    def test_identifier_00_adds_nothing(self, desk):
        desk.enter(desk.aid1)
        assert desk.send("00DC0050037701EE") == "6A83"

    def test_by_number_another_tag_is_allowed(self, filled):
        filled.ok("00DC0154037701EE")
        assert filled.ok("00B2015403") == "7701EE"

    @pytest.mark.parametrize(
        ("apdu", "answer"),
        [
            ("00DC0250034001AA", "6A80"),
            ("00DC0154020101", "6A85"),
            ("00DC01540101", "6A85"),
            ("00DC0154040101AABB", "6A85"),
            ("00DC0154030001AA", "6A80"),
            ("00DC015403FF01AA", "6A80"),
            ("00DC0155030101AA", "6A86"),
            ("00DC0156030101AA", "6A86"),
            ("00DC0157030101AA", "6A86"),
            ("00DCFF54030101AA", "6A86"),
            ("00DC015400", "6700"),
            ("00DC0154050101AA", "6700"),
            ("00DC01AC030101AA", "6A82"),
            ("00DC014C030101AA", "6981"),
            ("00DC0054030101AA", "6A83"),
            ("00DC0154070105AABBCCDDEE", "6A84"),
            ("00DC06540305017700", "9000"),
        ],
    )
    def test_answers(self, filled, apdu, answer):
        assert filled.send(apdu) == answer

    def test_a_refused_update_leaves_the_records(self, filled):
        before = list(filled.card.file("DF01/EF0A").records)
        filled.send("00DC0154070105AABBCCDDEE")
        filled.send("00DC0250034001AA")
        assert filled.card.file("DF01/EF0A").records == before

    def test_records_grow_within_the_file(self, filled):
        filled.ok("00DC0154040102AAAA")
        assert filled.send("00DC0154070105AABBCCDDEE") == "6A84"
        filled.ok("00DC01540201" + "00")
        assert filled.ok("00B2015402") == "0100"

    def test_records_do_not_grow_by_option(self, make_desk):
        desk = make_desk(records_may_grow=False)
        desk.enter(desk.aid1)
        desk.ok("00DC0154030101AA")
        assert desk.send("00DC0154040102AAAA") == "6A84"
        desk.ok("00DC0154030101BB")


class TestCyclic:
    @pytest.fixture
    def log(self, desk):
        desk.enter(desk.aid1)
        desk.gain(0x84, "DF01 UK1")
        return desk

    def test_append_puts_the_newest_first_and_drops_the_oldest(self, log):
        for number in range(1, 5):
            log.ok(f"00DC003B04{number:08X}")
        assert [log.ok(f"00B2{number:02X}3C04") for number in (1, 2, 3)] == ["00000004", "00000003", "00000002"]
        assert log.send("00B2043C04") == "6A83"

    def test_the_newest_is_current(self, log):
        log.ok("00DC003B0400000001")
        log.ok("00DC00030400000002")
        assert log.ok("00B2000404") == "00000002"
        assert log.ok("00B2000204") == "00000001"

    @pytest.mark.parametrize(
        ("apdu", "answer"),
        [
            ("00DC003B03000001", "6700"),
            ("00DC003B050000000001", "6700"),
            ("00DC003804000000AA", "6981"),
            ("00DC013B04000000AA", "6981"),
            ("00DC003904000000AA", "6981"),
            ("00DC003A04000000AA", "6981"),
            ("00DC013C04000000AA", "9000"),
            ("00DC023C04000000AA", "6A83"),
            ("00B2773804", "6981"),
            ("00B2003804", "00000001" + "9000"),
            ("00B2013D04", "00000001" + "9000"),
        ],
    )
    def test_other_ways(self, log, apdu, answer):
        log.ok("00DC003B0400000001")
        assert log.send(apdu) == answer


@pytest.mark.parametrize(
    ("apdu", "answer"),
    [("00DC0144040102AABB", "9000"), ("00DC0144030101AA", "6A85"), ("00DC0144050103AABBCC", "6A85")],
)
def test_fixed_records_have_one_length(desk, apdu, answer):
    desk.enter(desk.aid1)
    assert desk.send(apdu) == answer


class TestBinary:
    @pytest.fixture
    def photo(self, desk):
        """DF01 EF09, 140 bytes, free."""
        desk.enter(desk.aid1)
        desk.ok("00D6890004" + "01020304")
        return desk

    @pytest.mark.parametrize(
        ("apdu", "answer"),
        [
            ("00B0890004", "010203049000"),
            ("00B0890202", "03049000"),
            ("00B0890000", "01020304" + "00" * 252 + "9000"),
            ("00B0013F01", "009000"),
            ("00B0013F02", "6C01"),
            ("00B0013F00", "009000"),
            ("00B0014001", "6B00"),
            ("00B07FFF01", "6B00"),
            ("00B0800001", "6A86"),
            ("00B0A90001", "6A86"),
            ("00B0950001", "6A82"),
            ("00B0850001", "6981"),
            ("00B08900010000", "6700"),
        ],
    )
    def test_reading(self, photo, apdu, answer):
        assert photo.send(apdu) == answer

    @pytest.mark.parametrize(
        ("apdu", "answer"),
        [
            ("00D6013F01FF", "9000"),
            ("00D6013F02FFFF", "6700"),
            ("00D6014001FF", "6B00"),
            ("00D689", "6700"),
            ("00D6890000", "6700"),
            ("00D6890005FFFF", "6700"),
            ("00D6950001FF", "6A82"),
            ("00D6850001FF", "6981"),
            ("00D6C90001FF", "6A86"),
        ],
    )
    def test_writing(self, photo, apdu, answer):
        before = photo.card.file("DF01/EF09").content
        assert photo.send(apdu) == answer
        if answer != "9000":
            assert photo.card.file("DF01/EF09").content == before

    def test_an_internal_file_is_neither_read_nor_written(self, desk):
        desk.enter(desk.ssse)
        assert desk.send("00B2019C01") == "6981"
        assert desk.send("00B0930001") == "6981"
        assert desk.send("00DC019C030101AA") == "6981"
        assert desk.send("00D693000100") == "6981"


class TestSecureUpdate:
    def test_a_mac_under_the_directorys_stk_is_checked(self, desk):
        desk.enter(desk.aid1)
        desk.ok(desk.secure("04DC0154", desk.key("DF01 STK"), bytes.fromhex("0101AA")))
        desk.ok(desk.secure("04D68900", desk.key("DF01 STK"), bytes.fromhex("AABB")))
        assert desk.ok("00B2015403") == "0101AA"
        assert desk.ok("00B0890002") == "AABB"

    @pytest.mark.parametrize(
        ("change", "answer"),
        [("mac", "6988"), ("data", "6988"), ("key", "6988"), ("none", "6984"), ("short", "6987")],
    )
    def test_refusals(self, desk, change, answer):
        desk.enter(desk.aid1)
        stk = desk.key("DF01 UK1" if change == "key" else "DF01 STK")
        command = bytearray(desk.secure("04DC0154", stk, bytes.fromhex("0101AA")))
        if change == "mac":
            command[-1] ^= 1
        if change == "data":
            command[7] ^= 1
        if change == "none":
            desk.mf()
            desk.enter(desk.aid1)
        if change == "short":
            command = bytearray.fromhex("04DC015404AABBCCDD")
        assert desk.send(bytes(command)) == answer
        assert desk.card.file("DF01/EF0A").records == []

    def test_a_wrong_mac_uses_the_challenge_up(self, desk):
        desk.enter(desk.aid1)
        good = desk.secure("04DC0154", desk.key("DF01 STK"), bytes.fromhex("0101AA"))
        assert desk.send(good[:-1] + bytes((good[-1] ^ 1,))) == "6988"
        assert desk.send(good) == "6984"

    def test_no_stk(self, blank):
        blank.transport()
        blank.create_ef(0xEF05, 0xC6, 20)
        blank.challenge()
        assert blank.send("04DC012C070101AA00000000") == "6A88"
