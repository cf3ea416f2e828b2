"""The PBOC purse of FMCOS: every transaction, its codes, its log, its refusals."""

from __future__ import annotations

import pytest

from sscard.emulator.fmcos import FmcosCard, FmcosOptions
from sscard.emulator.fmcos.nodes import Purse
from tests.emulator.fmcos_desk import TERMINAL, TIME, Desk, des, folded, key, mac, make_desk


@pytest.fixture
def desk() -> Desk:
    ready = make_desk()
    ready.enter()
    return ready


@pytest.fixture
def paid(desk: Desk) -> Desk:
    assert desk.verify() == "9000"
    assert desk.load(1000)[-4:] == "9000"
    assert desk.load(500, purse=1)[-4:] == "9000"
    return desk


def purse(desk: Desk, number: int) -> Purse:
    return desk.card.file(f"3F01/000{number}").purse


def log(desk: Desk, number: int = 1) -> str:
    return desk.ok(f"00B2{number:02X}C400")


def test_load_and_purchase(paid: Desk) -> None:
    assert paid.purchase(300)[-4:] == "9000"
    assert paid.purchase(50, purse=1)[-4:] == "9000"
    assert (purse(paid, 2).balance, purse(paid, 2).online, purse(paid, 2).offline) == (700, 1, 1)
    assert (purse(paid, 1).balance, purse(paid, 1).online, purse(paid, 1).offline) == (450, 1, 1)
    assert paid.send("805C000204") == "000002BC9000"
    assert paid.send("805C000104") == "000001C29000"


def test_the_log(paid: Desk) -> None:
    paid.purchase(300)
    tail = TERMINAL.hex().upper() + TIME.hex().upper()
    assert log(paid, 1) == "0001" + "000000" + "0000012C" + "06" + tail
    assert log(paid, 2) == "0001" + "000000" + "000001F4" + "01" + tail
    assert log(paid, 3) == "0001" + "000000" + "000003E8" + "02" + tail


def test_the_log_by_option() -> None:
    desk = make_desk(log_serial_after=False, log_purse_purchases=False)
    desk.enter()
    desk.verify()
    desk.load(1000)
    desk.purchase(300)
    assert log(desk, 1).startswith("0000" + "000000" + "000003E8" + "02")
    assert desk.send("00B202C400") == "6A83"


def test_the_published_load_and_purchase() -> None:
    value = bytes.fromhex("00112233445566778899AABBCCDDEEFF")
    desk = Desk(FmcosCard.blank(1, with_mf=True, options=FmcosOptions(load_needs_pin=False)))
    desk.ok("80E00000073F020001F0FFFF")
    for kind, ident, record in ((0x34, 0, "F0F00100"), (0x3F, 1, "F0F00100"), (0x3E, 0, "F0F00000")):
        assert desk.write_key(kind, ident, record, value) == "9000"
    desk.ok("80E00018072E0317F0EFFFFF")
    desk.ok("80E00002072F0208F000FF18")
    randomness = desk.card.chip.randomness
    answers = iter([bytes.fromhex("C903814D"), bytes.fromhex("584633C9")])

    class Printed:
        position = randomness.position

        def take(self, count: int) -> bytes:
            return next(answers)

    desk.card.chip.randomness = Printed()
    assert desk.send("805000020B010000200000112233445510") == "0000000000000100C903814D03976C22" + "9000"
    assert desk.send("805200000B201612161058008AFA5718") == "FA00066D9000"
    assert desk.send("805C000204") == "000020009000"
    assert desk.send("805001020B0000000001001122334455") == "0000200000000000000000584633C9" + "9000"
    assert desk.send("805401000F0000000020161216134600D45737C508") == "8AF270DC66B54A6B9000"


def test_wrong_macs_change_nothing(paid: Desk) -> None:
    before = purse(paid, 2)
    assert paid.load(1, fault=True) == "9302"
    assert paid.purchase(1, fault=True) == "9302"
    assert purse(paid, 2) == before
    assert paid.send("00B203C400") == "6A83"


def test_the_partner_follows_at_once(paid: Desk) -> None:
    assert paid.send("805200000B" + "00" * 11) == "6901"
    assert paid.send("805401000F" + "00" * 15) == "6901"
    assert paid.send("805403000B" + "00" * 11) == "6901"
    assert paid.send("805800000E" + "00" * 14) == "6901"
    for between in ("805C000204", "0084000004", "00B2012C00", "FFFF0000", "00A40000020015"):
        opening = paid.begin_purchase(1)
        paid.send(between)
        assert paid.debit(opening, 1) == "6901"
    opening = paid.begin_purchase(1)
    paid.card.reset()
    paid.enter()
    assert paid.debit(opening, 1) == "6901"
    opening = paid.begin_purchase(1)
    assert paid.debit(opening, 1, fault=True) == "9302"
    assert paid.debit(opening, 1) == "6901"


def test_a_load_does_not_end_as_a_purchase(paid: Desk) -> None:
    opening = paid.begin_purchase(1)
    assert paid.send("805200000B" + "00" * 11) == "6901"
    assert paid.debit(opening, 1) == "6901"


def test_other_commands_may_stand_between_where_the_option_says_so() -> None:
    desk = make_desk(init_for_next_command_only=False)
    desk.enter()
    desk.verify()
    desk.load(10)
    opening = desk.begin_purchase(1)
    desk.send("805C000204")
    assert desk.debit(opening, 1)[-4:] == "9000"
    opening = desk.begin_purchase(1)
    desk.enter()
    assert desk.debit(opening, 1) == "6901"


def test_a_wrong_le_repeats_the_command_and_not_the_transaction(paid: Desk) -> None:
    assert paid.send("805001020B01000000011122334455660E") == "6C0F"
    opening = paid.begin_purchase(1)
    serial, random = opening[4:6], opening[11:15]
    session = des(key("purchase 1"), random + serial + b"\0\7")
    body = b"\0\0\0\7" + TIME + mac(session, b"\0\0\0\1\6" + TERMINAL + TIME)
    assert paid.send(b"\x80\x54\x01\x00\x0f" + body + b"\x07") == "6C08"
    assert paid.send(b"\x80\x54\x01\x00\x0f" + body + b"\x08")[-4:] == "9000"
    assert purse(paid, 2).offline == 1


@pytest.mark.parametrize(
    ("apdu", "word"),
    [
        ("805000020B05000003E811223344556610", "9403"),
        ("805000030B01000003E811223344556610", "6A86"),
        ("805006020B01000003E811223344556610", "6A86"),
        ("805005020B01000003E811223344556610", "6A86"),
        ("805000020A01000003E8112233445510", "6700"),
        ("805001020B01000003E91122334455660F", "9401"),
        ("805001010B01000001F51122334455660F", "9401"),
        ("805002010B01000001F51122334455660F", "9401"),
        ("805005010B01000001F511223344556610", "9401"),
        ("805C000304", "6A86"),
        ("805C010204", "6A86"),
        ("805A000A020000", "6A86"),
        ("805A0006020007", "9406"),
        ("805A00060100", "6700"),
    ],
)
def test_what_the_purse_refuses(paid: Desk, apdu: str, word: str) -> None:
    assert paid.send(apdu) == word


def test_the_pin_is_asked_for(desk: Desk) -> None:
    assert desk.send("805000020B01000003E811223344556610") == "6982"
    assert desk.send("805000010B01000003E811223344556610") == "6982"
    assert desk.send("805001010B010000000011223344556610") == "6982"
    assert desk.send("805C000104") == "6982"
    assert desk.send("805C000204") == "000000009000"
    assert desk.send("805001020B01000000001122334455660F")[-4:] == "9000"
    desk.card.chip.reach(1)
    assert desk.send("805000010B01000003E811223344556610") == "6982"
    free = make_desk(load_needs_pin=False)
    free.enter()
    assert free.load(5)[-4:] == "9000"


def test_where_there_is_no_purse(desk: Desk) -> None:
    desk.mf()
    assert desk.send("805C000204") == "6A82"
    assert desk.send("805001020B01000000001122334455660F") == "6A82"
    assert desk.send("805A0006020000") == "9406"


def test_without_its_log_no_purse_moves() -> None:
    desk = make_desk()
    del desk.card.directory("3F01").files[0x18]
    desk.enter()
    assert desk.send("805001020B01000000001122334455660F") == "6A82"


def test_serials_end(paid: Desk) -> None:
    ef = paid.card.file("3F01/0002")
    ef.purse = Purse(balance=10, online=0xFFFF, offline=0xFFFF)
    assert paid.send("805000020B01000003E811223344556610") == "9402"
    assert paid.send("805001020B01000000011122334455660F") == "9402"
    ef.purse = Purse(balance=0xFFFFFFFF)
    assert paid.load(1) == "6985"


def test_cash(paid: Desk) -> None:
    opening = paid.begin_purchase(100, purse=1, p1=2)
    assert paid.debit(opening, 100, 4)[-4:] == "9000"
    assert purse(paid, 1).balance == 400
    assert log(paid)[18:20] == "04"


def test_unload(paid: Desk) -> None:
    opening = bytes.fromhex(paid.ok("805005010B01000000C8" + TERMINAL.hex() + "10"))
    old, serial, random, mac1 = opening[:4], opening[4:6], opening[8:12], opening[12:]
    session = des(key("unload 1"), random + serial + b"\x80\x00")
    fields = bytes.fromhex("000000C803") + TERMINAL
    assert mac(session, old + fields) == mac1
    answer = paid.ok(bytes.fromhex("805403000B") + TIME + mac(session, fields + TIME) + b"\x04")
    mac3 = mac(session, bytes.fromhex("0000012C") + serial + fields + TIME)
    assert answer == mac3.hex().upper()
    assert purse(paid, 1).balance == 300
    assert purse(paid, 1).online == 2
    assert paid.ok("805A000302" + serial.hex() + "08").startswith(answer)


@pytest.mark.parametrize(("moves", "left"), [(True, 756), (False, 500)])
@pytest.mark.parametrize("is_folded", [True, False])
def test_overdraft(moves: bool, left: int, is_folded: bool) -> None:
    desk = make_desk(overdraft_moves_balance=moves, folded_key_for_overdraft=is_folded)
    desk.enter()
    desk.verify()
    desk.load(500, purse=1)
    opening = bytes.fromhex(desk.ok("805004010701" + TERMINAL.hex() + "13"))
    old, serial, limit, random, mac1 = opening[:4], opening[4:6], opening[6:9], opening[11:15], opening[15:]
    session = des(key("overdraft 1"), random + serial + b"\x80\x00")
    assert mac(session, old + limit + b"\x07" + TERMINAL) == mac1
    new = b"\0\1\0"
    fields = new + b"\x07" + TERMINAL + TIME
    answer = desk.ok(bytes.fromhex("805800000E") + new + TIME + mac(session, fields) + b"\x04")
    tac = mac(folded(key("tac")) if is_folded else key("tac"), left.to_bytes(4, "big") + serial + fields)
    assert answer == tac.hex().upper()
    assert (purse(desk, 1).balance, purse(desk, 1).overdraft, purse(desk, 1).online) == (left, 256, 2)
    assert desk.begin_purchase(0, purse=1)[6:9] == new
    if moves:
        assert desk.purchase(756, purse=1)[-4:] == "9000"


def test_an_overdraft_in_use_cannot_be_taken_back(desk: Desk) -> None:
    desk.verify()
    ef = desk.card.file("3F01/0001")
    ef.purse = Purse(balance=10, overdraft=256)
    opening = bytes.fromhex(desk.ok("805004010701" + TERMINAL.hex() + "13"))
    session = des(key("overdraft 1"), opening[11:15] + opening[4:6] + b"\x80\x00")
    code = mac(session, bytes(3) + b"\x07" + TERMINAL + TIME)
    assert desk.send(bytes.fromhex("805800000E") + bytes(3) + TIME + code + b"\x04") == "9401"
    assert ef.purse == Purse(balance=10, overdraft=256)


def test_a_compound_purchase_writes_record_and_purse_together(paid: Desk) -> None:
    paid.ok("00E20040060904AABBCC01")
    opening = paid.begin_purchase(100, p1=3)
    assert paid.send("80DC0940060904DDDDDDDD") == "9000"
    assert paid.send("80DC024406" + "0904EEEEEEEE") == "9000"
    assert paid.card.file("3F01/0008").records[0].hex() == "0904aabbccdd"
    assert paid.debit(opening, 100, 9)[-4:] == "9000"
    assert [record.hex() for record in paid.card.file("3F01/0008").records] == ["0904dddddddd", "0904eeeeeeee"]
    assert purse(paid, 2).balance == 900
    assert log(paid)[18:20] == "09"


def test_a_held_back_record_dies_with_its_purchase(paid: Desk) -> None:
    assert paid.send("80DC0940060904DDDDDDDD") == "6901"
    opening = paid.begin_purchase(100, p1=3)
    assert paid.send("80DC0940060904DDDDDDDD") == "9000"
    assert paid.debit(opening, 100, 9, fault=True) == "9302"
    opening = paid.begin_purchase(100, p1=3)
    assert paid.send("80DC0940050903DDDDDD") == "6700"
    assert paid.debit(opening, 100, 9) == "6901"
    opening = paid.begin_purchase(100)
    assert paid.send("80DC0940060904DDDDDDDD") == "6901"
    opening = paid.begin_purchase(100, p1=3)
    assert paid.send("80DC012C0405060708") == "6982"
    opening = paid.begin_purchase(100, p1=3)
    assert paid.send("80DC015C0405060708") == "6900"
    assert paid.card.file("3F01/0008").records[0].hex() == "0904aabbccdd"
    assert purse(paid, 2).balance == 1000


def test_the_proof_of_the_last_transaction(paid: Desk) -> None:
    answer = paid.purchase(300)
    paid.card.reset()
    paid.enter()
    assert paid.send("805A0006020000" + "08") == answer[8:16] + answer[:8] + "9000"
    assert paid.send("805A000602000007") == "6C08"
    assert paid.send("805A0006020001" + "08") == "9406"
    assert paid.send("805A0005020000" + "08") == "9406"
    assert paid.send("805A0002020000" + "08") == "9406"
    paid.verify()
    loaded = paid.load(5)
    assert paid.send("805A0002020001" + "08")[8:] == loaded
    assert paid.send("805A0006020000" + "08") == "9406"


@pytest.mark.parametrize(
    ("algorithm", "spoiled"), [("00", False), ("01", False), ("98", False), ("02", True), ("03", True)]
)
def test_reserved_algorithm_bytes_spoil_mac1(algorithm: str, spoiled: bool) -> None:
    desk = make_desk()
    desk.enter()
    desk.authenticate(0, key("master"))
    assert desk.write_key(0x3F, 2, f"F0F201{algorithm}", key("load 2")) == "9000"
    desk.verify()
    opening = desk.ok("805000020B02000003E8" + TERMINAL.hex() + "10")
    assert opening[14:16] == algorithm
    assert opening.endswith("00000000") is spoiled


def test_an_eight_byte_key_makes_a_single_des_session() -> None:
    desk = make_desk()
    desk.enter()
    desk.authenticate(0, key("master"))
    assert desk.write_key(0x3E, 2, "F0F20101", key("purchase 2", 8)) == "9000"
    desk.verify()
    desk.load(10)
    opening = desk.begin_purchase(1, ident=2)
    session = des(key("purchase 2", 8), opening[11:15] + opening[4:6] + b"\0\7")
    body = b"\0\0\0\7" + TIME + mac(session, b"\0\0\0\1\6" + TERMINAL + TIME)
    assert desk.send(b"\x80\x54\x01\x00\x0f" + body + b"\x08")[-4:] == "9000"


def test_the_balance_can_have_a_right_of_its_own() -> None:
    desk = make_desk(balance_right_in_purse=True)
    desk.enter()
    assert desk.send("805C000204") == "000000009000"
    desk.card.file("3F01/0002").write = 0xF1
    assert desk.send("805C000204") == "6982"
    desk.verify()
    assert desk.send("805C000204") == "000000009000"
