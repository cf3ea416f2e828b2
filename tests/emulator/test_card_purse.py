"""The medical purse of the software card, both families: vectors, states, status words, year, log, proof, tearing."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from Cryptodome.Cipher import DES as PLAIN_DES
from gmssl.sm4 import SM4_ENCRYPT, CryptSM4
from hypothesis import given, settings
from hypothesis import strategies as st

from sscard.apdu.exchange import Protocol
from sscard.emulator import CardOptions, PersistentCard, SoftwareCard, Tear, image
from sscard.emulator.amounts import Purse
from sscard.errors import CardRemoved, WorkspaceError
from sscard.keys.family import Algorithm

h = bytes.fromhex
SSSE = h("7378312E73682EC9E7BBE1B1A3D5CF")
DF04, DF03 = h("D15600000503"), h("D15600000502")
DLK, DPK, DTK = (name.encode().ljust(16, b"#") for name in ("the DLK", "the DPK", "the DTK"))
DSK = b"the DSK".ljust(16, b"#")
LK = b"the LK".ljust(16, b"#")
STK = b"the STK".ljust(16, b"#")
MASTER = b"the master".ljust(16, b"#")
TERMINAL = h("990101000042")
TIME = h("20260115093045")
ORIGINAL = h("0102030405060708")
FULL, SHORT = 0x1C, 0x14


def xor(left: bytes, right: bytes) -> bytes:
    return bytes(a ^ b for a, b in zip(left, right, strict=True))


class Arithmetic:
    """The host's side with ciphers other than the card's: gmssl, and single DES with EDE spelled out."""

    def __init__(self, algorithm: Algorithm) -> None:
        self.sm4 = algorithm is Algorithm.SM4
        self.block = 16 if self.sm4 else 8

    def one(self, key: bytes, block: bytes) -> bytes:
        if self.sm4:
            cipher = CryptSM4()
            cipher.set_key(key, SM4_ENCRYPT)
            return bytes(cipher.crypt_ecb(block)[:16])
        first = PLAIN_DES.new(key[:8], PLAIN_DES.MODE_ECB).encrypt(block)
        if len(key) == 8:
            return first
        middle = PLAIN_DES.new(key[8:], PLAIN_DES.MODE_ECB).decrypt(first)
        return PLAIN_DES.new(key[:8], PLAIN_DES.MODE_ECB).encrypt(middle)

    def session(self, key: bytes, seed: bytes) -> bytes:
        return self.one(key, seed.ljust(self.block, b"\0"))

    def mac(self, key: bytes, text: bytes) -> bytes:
        padded = text + b"\x80" + bytes(-(len(text) + 1) % self.block)
        state = bytes(self.block)
        for start in range(0, len(padded), self.block):
            state = self.one(key, xor(state, padded[start : start + self.block]))
        if not self.sm4:
            return state[:4]
        return xor(xor(state[:4], state[4:8]), xor(state[8:12], state[12:]))

    def tac(self, text: bytes) -> bytes:
        return self.mac(DTK if self.sm4 else xor(DTK[:8], DTK[8:]), text)

    def cryptogram(self, key: bytes, challenge: bytes) -> bytes:
        block = self.one(self.session(key, challenge), ORIGINAL.ljust(self.block, b"\0"))
        return xor(block[:8], block[8:]) if self.sm4 else block


def four(number: int) -> bytes:
    return number.to_bytes(4, "big")


class Counter:
    """A card with a purse, and a host that serves it."""

    def __init__(self, card: SoftwareCard) -> None:
        self.card = card
        self.host = Arithmetic(card.chip.algorithm)

    def send(self, apdu: str | bytes) -> str:
        """The final answer: what waits under T=0 is fetched."""
        raw = h(apdu) if isinstance(apdu, str) else apdu
        answer = self.card.transmit(raw)
        if answer[0] == 0x61:
            answer = self.card.transmit(b"\x00\xc0\x00\x00" + answer[1:])
        return answer.hex().upper()

    def ok(self, apdu: str | bytes) -> bytes:
        answer = self.send(apdu)
        assert answer.endswith("9000"), answer
        return h(answer[:-4])

    def enter(self, name: bytes = DF04) -> None:
        self.ok(b"\x00\xa4\x04\x00" + bytes((len(name),)) + name + b"\x00")

    def ready(self) -> Counter:
        self.card.reset()
        self.enter()
        self.ok("0020000003123456")
        return self

    def authenticate(self, p2: int, key: bytes) -> str:
        challenge = self.ok("0084000008")
        return self.send(bytes((0, 0x82, 0, p2, 16)) + self.host.cryptogram(key, challenge) + ORIGINAL)

    @property
    def purse(self) -> Purse:
        purse = self.card.directory("DF04").purse
        assert purse is not None
        return purse

    def put(self, **changes: object) -> None:
        self.card.directory("DF04").purse = replace(self.purse, **changes)  # type: ignore[arg-type]

    @property
    def log(self) -> list[str]:
        return [record.hex().upper() for record in self.card.file("DF04/EF08").records]

    def open_load(self, amount: int = 1000, index: int = 1) -> bytes:
        return b"\xb0\x28\x00\x01\x0b" + bytes((index,)) + four(amount) + TERMINAL + b"\x10"

    def open_purchase(self, account: int = 300, own: int = 20, fund: int = 7, index: int = 1) -> bytes:
        amounts = four(account) + four(own) + four(fund)
        return b"\xb0\x28\x01\x01\x13" + bytes((index,)) + amounts + TERMINAL + b"\x16"

    def credit(self, answer: bytes, amount: int = 1000, code: int = 0x31, time: bytes = TIME) -> bytes:
        session = self.host.session(DLK, answer[8:12] + answer[4:6] + h("8000"))
        mac2 = self.host.mac(session, four(amount) + bytes((code,)) + TERMINAL + time)
        return b"\xb0\x2a\x00\x00\x0b" + time + mac2 + b"\x04"

    def debit(
        self,
        answer: bytes,
        amounts: tuple[int, int, int] = (300, 20, 7),
        *,
        code: int = 0x32,
        time: bytes = TIME,
        key: bytes = DPK,
        terminal_counter: int = 0x0001A1B2,
    ) -> bytes:
        number = four(terminal_counter)
        session = self.host.session(key, answer[18:22] + answer[14:16] + number[2:])
        sums = b"".join(map(four, amounts))
        mac1 = self.host.mac(session, sums + bytes((code,)) + TERMINAL + time)
        return b"\xb0\x2c\x01\x00\x0f" + number + time + mac1 + b"\x08"

    def load(self, amount: int = 1000, time: bytes = TIME) -> str:
        return self.send(self.credit(self.ok(self.open_load(amount)), amount, time=time))

    def buy(self, amounts: tuple[int, int, int] = (300, 20, 7), time: bytes = TIME) -> str:
        return self.send(self.debit(self.ok(self.open_purchase(*amounts)), amounts, time=time))


def build(
    algorithm: Algorithm = Algorithm.SM4,
    protocol: Protocol = Protocol.T0,
    record: int = FULL,
    keys: tuple[int, ...] = (8, 9, 10),
    pin: bytes = h("123456"),
    **options: object,
) -> Counter:
    """A card with DF03, and DF04 with its purse; two keys of a kind have versions 1 and 2."""
    card = SoftwareCard.blank(0x17, algorithm=algorithm, protocol=protocol, options=CardOptions(**options))  # type: ignore[arg-type]
    counter = Counter(card)
    byte = 3 if algorithm is Algorithm.SM4 else 0

    def write(kind: int, ident: int, value: bytes, version: int = 1) -> None:
        block = bytes((kind, ident, version, 0, 0x33, byte, 0, 16)) + value
        counter.ok(bytes((0, 0xD4, 0 if kind else 1, 0, 24)) + block)

    def directory(fid: int, kind: int, name: bytes) -> None:
        body = bytes((0, 0, 0, 0xFF, 1)) + fid.to_bytes(2, "big") + bytes((kind,)) + h("0000230000800081") + name
        counter.ok(h("80E00100") + bytes((len(body),)) + body)

    counter.ok("80E0030008FFFFFFFFFFFFFFFF")
    directory(0xDDF1, 1, SSSE)
    write(0x0E, 0, b"the IRK".ljust(16, b"#"))
    counter.ok(bytes((0, 0xD4, 0, 0, 24)) + h("0100010066000110") + pin.ljust(16, b"\xff"))
    directory(0xDF03, 2, DF03)
    write(0x0D, 0x87, b"DF03 key".ljust(16, b"#"))
    directory(0xDF04, 2, DF04)
    write(0x00, 0, MASTER)
    write(0x07, 0x82, STK)
    write(0x0D, 0x83, LK)
    write(0x0D, 0x87, DSK)
    for kind, value in ((8, DLK), (9, DPK), (10, DTK)):
        if kind in keys:
            write(kind, 1, value)
    if 9 in keys:
        write(9, 1, DPK[::-1], version=2)
    size = record * 30
    counter.ok(f"80E0010010 000000{size:04X}EF08C7000800{record:02X}010000EF".replace(" ", ""))
    card.reset()
    return counter


FAMILIES = [Algorithm.SM4, Algorithm.DES]


@pytest.fixture(params=FAMILIES, ids=lambda algorithm: algorithm.name)
def family(request: pytest.FixtureRequest) -> Algorithm:
    return request.param


@pytest.fixture
def counter() -> Counter:
    return build().ready()


class TestVectors:
    """The worked examples, carried to the card itself: its keys, counters and random numbers set as they say."""

    @staticmethod
    def vector(name: str) -> tuple[dict[str, str], dict[str, str]]:
        path = Path(__file__).parents[2] / "vectors" / "purse.json"
        found = next(row for row in json.loads(path.read_text("utf-8")) if row["id"] == name)
        return found["given"], found["expect"]

    @staticmethod
    def prepared(given: dict[str, str], monkeypatch: pytest.MonkeyPatch, **state: int) -> Counter:
        counter = build(Algorithm[given["algorithm"]]).ready()
        for kind, name in ((8, "DLK"), (9, "DPK"), (10, "DTK")):
            for key in counter.card.directory("DF04").keys:
                if key.type == kind and name in given:
                    key.value = h(given[name])
        counter.put(**state)
        monkeypatch.setattr(counter.card.chip.randomness.__class__, "take", lambda _self, _count: h(given["random"]))
        return counter

    @pytest.mark.parametrize("name", ["purse-load-sm4", "purse-load-des"])
    def test_load(self, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
        given, expect = self.vector(name)
        counter = self.prepared(given, monkeypatch, balance=int(given["balance_before"], 16), load_counter=0x11)
        assert counter.send(expect["init_apdu"]) == expect["init_response"] + "9000"
        assert counter.send(expect["credit_apdu"]) == expect["credit_response"] + "9000"
        assert counter.purse.balance == 0x2AF8
        assert counter.purse.load_counter == 0x12
        assert counter.send("B02E003102001108") == expect["mac2"] + expect["tac"] + "9000"

    @pytest.mark.parametrize("name", ["purse-purchase-sm4", "purse-purchase-des"])
    def test_purchase(self, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
        given, expect = self.vector(name)
        state = {"balance": 0x2AF8, "own": 100, "fund": 200, "year": 2026, "purchase_counter": 7}
        counter = self.prepared(given, monkeypatch, **state)
        assert counter.send(expect["init_apdu"]) == expect["init_response"] + "9000"
        assert counter.send(expect["debit_apdu"]) == expect["debit_response"] + "9000"
        after = counter.purse
        assert f"{after.balance:08X}" == expect["balance_after"]
        assert f"{after.own:08X}" == expect["SPIP_after"]
        assert f"{after.fund:08X}" == expect["SPFP_after"]
        assert f"{after.purchase_counter:04X}" == expect["purchase_seq_after"]
        assert counter.log == [expect["log_record"]]
        assert counter.send("B02E003202000708") == expect["mac2"] + expect["tac"] + "9000"


class TestTransactions:
    def test_load(self, family: Algorithm) -> None:
        counter = build(family).ready()
        answer = counter.ok(counter.open_load())
        assert answer[:8] == bytes(4) + bytes(2) + bytes((1, 3 if family is Algorithm.SM4 else 0))
        session = counter.host.session(DLK, answer[8:12] + bytes(2) + h("8000"))
        assert answer[12:] == counter.host.mac(session, bytes(4) + four(1000) + b"\x31" + TERMINAL)
        command = counter.credit(answer)
        tac = counter.ok(command)
        assert tac == counter.host.tac(four(1000) + bytes(2) + four(1000) + b"\x31" + TERMINAL + TIME)
        assert counter.log == ["000031" + (TERMINAL + TIME).hex().upper() + "000003E8" + "00" * 8]
        assert counter.send("B026000104") == "000003E89000"

    def test_purchase(self, family: Algorithm) -> None:
        counter = build(family).ready()
        counter.load()
        answer = counter.ok(counter.open_purchase())
        assert answer[:16] == four(1000) + bytes(4) + bytes(4) + bytes(2) + bytes(2)
        codes = counter.ok(counter.debit(answer))
        sums = four(300) + four(20) + four(7)
        session = counter.host.session(DPK, answer[18:22] + bytes(2) + h("A1B2"))
        fields = sums + b"\x32" + TERMINAL + h("0001A1B2") + TIME
        assert codes == counter.host.tac(fields) + counter.host.mac(session, sums)
        assert counter.log[0] == "000032" + (TERMINAL + TIME + sums).hex().upper()
        assert counter.log[1].startswith("000031")
        assert [counter.send(f"B02600{p2:02X}{le:02X}") for p2, le in ((1, 4), (2, 6), (3, 6))] == [
            "000002BC9000",
            "0000001420269000",
            "0000000720269000",
        ]

    def test_counters_are_apart_and_rise(self, counter: Counter) -> None:
        for _ in range(3):
            assert counter.load().endswith("9000")
        assert counter.buy().endswith("9000")
        assert (counter.purse.load_counter, counter.purse.purchase_counter) == (3, 1)
        assert [entry[:6] for entry in counter.log] == ["000032", "000231", "000131", "000031"]

    def test_the_key_index_of_a_purchase_is_the_version(self, counter: Counter) -> None:
        counter.load()
        answer = counter.ok(counter.open_purchase(index=2))
        assert answer[16] == 2
        assert counter.send(counter.debit(answer)) == "9302"
        answer = counter.ok(counter.open_purchase(index=2))
        assert counter.send(counter.debit(answer, key=DPK[::-1])).endswith("9000")

    def test_the_log_turns_over_after_its_last_place(self, counter: Counter) -> None:
        for number in range(31):
            counter.load(number + 1)
        assert len(counter.log) == 30
        assert counter.log[0].startswith("001E31")
        assert counter.log[-1].startswith("000131")
        assert counter.send("00B2014400") == "6C1C"
        assert counter.send("00B201441C") == counter.log[0] + "9000"

    def test_nobody_writes_the_log(self, counter: Counter) -> None:
        counter.load()
        for header in ("00DC0043", "00DC0144"):
            assert counter.send(header + "1C" + "00" * 28) == "6982"
        assert len(counter.log) == 1

    def test_nothing_is_a_lawful_amount(self, counter: Counter) -> None:
        assert counter.load(0).endswith("9000")
        assert counter.buy((0, 5, 0)).endswith("9000")
        assert counter.purse.own == 5

    @settings(max_examples=40, deadline=None)
    @given(st.lists(st.tuples(st.booleans(), st.integers(0, 500), st.integers(0, 500)), max_size=8))
    def test_the_account_is_loads_less_payments(self, moves: list[tuple[bool, int, int]]) -> None:
        counter, account, own, booked = build().ready(), 0, 0, 0
        for is_load, amount, paid in moves:
            if is_load:
                assert counter.load(amount).endswith("9000")
                account += amount
            elif amount > account:
                assert counter.send(counter.open_purchase(amount, paid, 0)) == "9401"
                continue
            else:
                assert counter.buy((amount, paid, 0)).endswith("9000")
                account, own = account - amount, own + paid
            booked += 1
        purse = counter.purse
        assert (purse.balance, purse.own, len(counter.log)) == (account, own, booked)


IDLE, LOAD, PURCHASE = "idle", "load", "purchase"


class TestStates:
    """Each row of the table of states."""

    @staticmethod
    def put(state: str) -> tuple[Counter, bytes]:
        counter = build().ready()
        counter.load()
        if state == IDLE:
            counter.ok(counter.open_load())
            counter.send("B056010002")
            return counter, bytes(22)
        opening = counter.open_load() if state == LOAD else counter.open_purchase()
        return counter, counter.ok(opening)

    @staticmethod
    def state_of(counter: Counter) -> str:
        opened = counter.card.chip.transaction
        return IDLE if opened is None else LOAD if type(opened).__name__ == "OpenLoad" else PURCHASE

    @pytest.mark.parametrize("state", [IDLE, LOAD, PURCHASE])
    def test_initialize_leads_to_its_own_state_from_everywhere(self, state: str) -> None:
        counter, _ = self.put(state)
        assert self.state_of(counter) == state
        for opening, after in ((counter.open_load(), LOAD), (counter.open_purchase(), PURCHASE)):
            assert counter.send(opening).endswith("9000")
            assert self.state_of(counter) == after

    @pytest.mark.parametrize(("state", "word"), [(IDLE, "6901"), (LOAD, "9000"), (PURCHASE, "6901")])
    def test_credit(self, state: str, word: str) -> None:
        counter, answer = self.put(state)
        assert counter.send(counter.credit(answer))[-4:] == word
        assert self.state_of(counter) == IDLE
        assert counter.send(counter.credit(answer)) == "6901"

    @pytest.mark.parametrize(("state", "word"), [(IDLE, "6901"), (LOAD, "6901"), (PURCHASE, "9000")])
    def test_debit(self, state: str, word: str) -> None:
        counter, answer = self.put(state)
        assert counter.send(counter.debit(answer))[-4:] == word
        assert self.state_of(counter) == IDLE
        assert counter.send(counter.debit(answer)) == "6901"

    @pytest.mark.parametrize("state", [IDLE, LOAD, PURCHASE])
    def test_balance_stays(self, state: str) -> None:
        counter, _ = self.put(state)
        assert counter.send("B026000206")[-4:] == "9000"
        assert self.state_of(counter) == state

    def test_proof_stays_where_it_is_given(self) -> None:
        counter, _ = self.put(IDLE)
        counter.load()
        assert counter.send("B02E003102000108").endswith("9000")
        assert self.state_of(counter) == IDLE

    def test_proof_given_in_a_state_leaves_it(self) -> None:
        """Only a card whose memory still holds a proof can be in that place; INITIALIZE forgets it."""
        counter, answer = self.put(LOAD)
        from sscard.emulator.amounts import Proof

        counter.put(proof=Proof(0x32, 9, b"MAC2", b"TAC."))
        assert counter.send("B02E003202000908") == (b"MAC2TAC.").hex().upper() + "9000"
        assert counter.send(counter.credit(answer)).endswith("9000")

    @pytest.mark.parametrize(
        "failing",
        ["B026000404", "B02E003102FFFF08", "B0280001 00", "B02A000001FF", "B02A00000B" + "00" * 11, "B028FFFF"],
    )
    @pytest.mark.parametrize("state", [LOAD, PURCHASE])
    def test_any_failing_command_ends_it(self, state: str, failing: str) -> None:
        counter, answer = self.put(state)
        assert counter.send(failing.replace(" ", ""))[-4:] not in ("9000",)
        assert self.state_of(counter) == IDLE
        assert counter.send(counter.credit(answer) if state == LOAD else counter.debit(answer)) == "6901"

    @pytest.mark.parametrize("other", ["0084000008", "00B2014400", "00A4020002EF08", "8000000000", "00", "B0F0000000"])
    def test_any_other_command_ends_it(self, other: str) -> None:
        counter, answer = self.put(LOAD)
        counter.send(other)
        assert counter.send(counter.credit(answer)) == "6901"

    def test_another_command_leaves_it_where_the_card_is_made_so(self) -> None:
        counter = build(initialize_for_next_command_only=False).ready()
        answer = counter.ok(counter.open_load())
        counter.ok("0084000008")
        assert counter.send(counter.credit(answer)).endswith("9000")

    @pytest.mark.parametrize("option", [True, False])
    def test_selecting_the_application_enters_idle(self, option: bool) -> None:
        counter = build(initialize_for_next_command_only=option).ready()
        answer = counter.ok(counter.open_load())
        counter.enter()
        assert counter.send(counter.credit(answer)) == "6901"

    def test_get_response_leaves_it(self) -> None:
        counter, answer = self.put(LOAD)
        assert counter.send("00C0000004") == "6F00"
        assert counter.send(counter.credit(answer)).endswith("9000")

    def test_starting_day_ends_it(self) -> None:
        counter, answer = self.put(LOAD)
        assert counter.send("B056010002") == "01019000"
        assert counter.send(counter.credit(answer)) == "6901"

    def test_power_off_ends_it(self) -> None:
        counter, answer = self.put(LOAD)
        counter.ready()
        assert counter.send(counter.credit(answer)) == "6901"

    def test_an_answer_of_wrong_length_executes_nothing(self) -> None:
        counter = build(protocol=Protocol.T1).ready()
        opening = counter.open_load()
        assert counter.send(opening[:-1] + b"\x0f") == "6C10"
        answer = counter.ok(opening)
        credit = counter.credit(answer)
        assert counter.send(credit[:-1] + b"\x03") == "6C04"
        assert counter.purse.balance == 0
        assert counter.send(credit).endswith("9000")
        assert counter.purse.balance == 1000


class TestStatusWords:
    """Every status word the chapter names."""

    def test_6581_damaged_memory_locks_the_card(self, counter: Counter) -> None:
        counter.put(damaged=True)
        kept = image.load(image.dump(counter.card))
        assert counter.send("B026000104") == "6581"
        assert counter.send("B026000104") == "6A81"
        counter.card.reset()
        assert counter.send("00A4000000") == "6A81"
        assert image.load(image.dump(counter.card)).transmit(h("00A4000000")) == h("6A81")
        loaded = Counter(kept).ready()
        assert loaded.send("B056010002") == "6581"

    @pytest.mark.parametrize(
        "apdu",
        [
            *("B02800010A" + "00" * 10, "B028010112" + "00" * 18, "B02A00000A" + "00" * 10, "B02C01000E" + "00" * 14),
            *("B02E00310100", "B05600000101", "B028000100", "B02600010400", "B0560100020101", "B02A0000"),
        ],
    )
    def test_6700_lengths(self, counter: Counter, apdu: str) -> None:
        assert counter.send(apdu) == "6700"

    @pytest.mark.parametrize(
        "apdu",
        [
            *("B0260000 04", "B0260004 04", "B0260101 04", "B0280000 0B" + "00" * 11, "B0280102 13" + "00" * 19),
            *("B02A0001 0B" + "00" * 11, "B02C0000 0F" + "00" * 15, "B02E0033 020000", "B02E0131 020000"),
            *("B02E0001 020000", "B0560001 020101", "B0560200 020101"),
        ],
    )
    def test_6A86_parameters(self, counter: Counter, apdu: str) -> None:
        assert counter.send(apdu.replace(" ", "")) == "6A86"

    def test_6982_without_pin_and_before_6901(self) -> None:
        counter = build()
        counter.enter()
        answer = bytes(22)
        commands = [counter.open_load(), counter.open_purchase(), counter.credit(answer), counter.debit(answer)]
        assert {counter.send(command) for command in (*commands, "B026000104", "B026000306")} == {"6982"}
        assert counter.send("B056010002") == "01019000"
        assert counter.send("B02E003102000008") == "9406"
        assert counter.send("B0560000020401") == "6982"

    def test_an_empty_pin_asks_for_nothing(self) -> None:
        counter = build(pin=b"")
        counter.enter()
        assert counter.load().endswith("9000")

    def test_the_pin_right_outlives_other_directories(self, counter: Counter) -> None:
        counter.enter(DF03)
        counter.enter()
        assert counter.send("B026000104") == "000000009000"

    def test_6985_without_key_for_the_tac(self) -> None:
        counter = build(keys=(8, 9)).ready()
        assert counter.send(counter.open_load()) == "6985"
        assert counter.send(counter.open_purchase(0)) == "6985"

    def test_9403_key_index(self, counter: Counter) -> None:
        assert counter.send(counter.open_load(index=2)) == "9403"
        assert counter.send(counter.open_purchase(0, index=3)) == "9403"
        bare = build(keys=(10,)).ready()
        assert bare.send(bare.open_load()) == bare.send(bare.open_purchase(0)) == "9403"

    def test_9302_wrong_codes(self, counter: Counter) -> None:
        for position in (5, 12, 15):
            command = bytearray(counter.credit(counter.ok(counter.open_load())))
            command[position] ^= 1
            assert counter.send(bytes(command)) == "9302"
        counter.load()
        for position in (7, 8, 12, 19):
            command = bytearray(counter.debit(counter.ok(counter.open_purchase())))
            command[position] ^= 1
            assert counter.send(bytes(command)) == "9302"
        assert (counter.purse.balance, len(counter.log)) == (1000, 1)

    def test_a_code_serves_once(self, counter: Counter) -> None:
        command = counter.credit(counter.ok(counter.open_load()))
        assert counter.send(command).endswith("9000")
        counter.ok(counter.open_load())
        assert counter.send(command) == "9302"

    def test_9401_at_initialize(self, counter: Counter) -> None:
        counter.load(100)
        assert counter.send(counter.open_purchase(101)) == "9401"
        assert counter.send(counter.open_purchase(100)).endswith("9000")

    def test_9402_amounts(self, counter: Counter) -> None:
        counter.put(balance=0xFFFFFFFF, own=0xFFFFFFF0, fund=0xFFFFFFF0, year=2026)
        before = counter.purse
        assert counter.load(1) == "9402"
        assert counter.buy((5, 16, 0)) == "9402"
        assert counter.buy((5, 0, 16)) == "9402"
        assert replace(counter.purse, proof=before.proof) == before
        assert counter.log == []
        assert counter.load(0).endswith("9000")
        assert counter.buy((5, 15, 15)).endswith("9000")

    def test_9402_counters(self, counter: Counter) -> None:
        counter.put(load_counter=0xFFFE, purchase_counter=0xFFFE)
        assert counter.load().endswith("9000")
        assert counter.buy().endswith("9000")
        assert counter.send(counter.open_load()) == counter.send(counter.open_purchase(0)) == "9402"

    @pytest.mark.parametrize("day", ["20260230", "20261301", "00000101", "20260100", "2026A115", "20270229"])
    def test_6A80_impossible_date(self, counter: Counter, day: str) -> None:
        counter.load()
        assert counter.buy(time=h(day + "093045")) == "6A80"
        assert counter.purse.balance == 1000

    def test_6A81_outside_the_application(self, counter: Counter) -> None:
        for name in (DF03, SSSE):
            counter.enter(name)
            assert {counter.send(f"B0{ins}000104") for ins in ("26", "28", "2A", "2C", "2E", "56")} == {"6A81"}

    def test_6E00_and_6D00(self, counter: Counter) -> None:
        assert counter.send("8026000104") == "6E00"
        assert counter.send("B0F0000104") == "6D00"
        assert counter.send("805C000204") == "6D00"
        assert counter.send("8050000204") == "6D00"

    def test_9303_in_a_blocked_application_for_ever(self, counter: Counter) -> None:
        assert counter.authenticate(0x83, LK) == "9000"
        challenge = counter.ok("0084000008")
        header = h("841E000104")
        mac = counter.host.mac(counter.host.session(STK, challenge), header)
        assert counter.send(header + mac) == "9000"
        assert counter.send("B026000104") == counter.send(counter.open_load()) == "9303"
        counter.card.reset()
        assert counter.send(b"\x00\xa4\x04\x00\x06" + DF04) == "9303"
        counter.enter(DF03)
        again = Counter(image.load(image.dump(counter.card)))
        assert again.send(b"\x00\xa4\x04\x00\x06" + DF04) == "9303"

    def test_9406(self, counter: Counter) -> None:
        assert counter.send("B02E003102000008") == "9406"
        counter.load()
        for wrong in ("B02E003102000108", "B02E003202000008"):
            assert counter.send(wrong) == "9406"


class TestYear:
    """n = day − first day of the year on the card, as numbers; below 10000 it counts into that year."""

    @pytest.mark.parametrize(
        ("year", "start", "day", "after"),
        [
            (2026, 101, "20260115", 2026),
            (2026, 101, "20261231", 2026),
            (2026, 101, "20270101", 2027),
            (2026, 401, "20270331", 2026),
            (2026, 401, "20270401", 2027),
            (2026, 401, "20290331", 2028),
            (0, 101, "20260115", 2026),
            (0, 401, "20260115", 2025),
            (0, 401, "20260401", 2026),
            (2026, 101, "20251231", 2026),
            (2026, 229, "20270228", 2026),
            (2026, 229, "20270301", 2027),
        ],
    )
    def test_roll_over(self, counter: Counter, year: int, start: int, day: str, after: int) -> None:
        counter.put(balance=1000, own=100, fund=200, year=year, start_day=start)
        assert counter.buy(time=h(day + "093045")).endswith("9000")
        same = year == after
        assert counter.purse.year == after
        assert (counter.purse.own, counter.purse.fund) == ((120, 207) if same else (20, 7))
        assert counter.purse.balance == 700

    def test_a_load_touches_no_year(self, counter: Counter) -> None:
        counter.put(own=100, year=2020)
        counter.load()
        assert (counter.purse.own, counter.purse.year) == (100, 2020)

    @pytest.mark.parametrize("right", ["DSK", "master"])
    def test_starting_day(self, family: Algorithm, right: str) -> None:
        counter = build(family)
        counter.enter()
        assert counter.authenticate(*((0x87, DSK) if right == "DSK" else (0xFF, MASTER))) == "9000"
        assert counter.send("B0560000020401") == "9000"
        counter.ready()
        assert counter.send("B056010002") == "04019000"
        assert counter.send("B0560000020501") == "6982"

    def test_another_key_is_no_right_to_the_starting_day(self, counter: Counter) -> None:
        assert counter.authenticate(0x83, LK) == "9000"
        assert counter.send("B0560000020401") == "6982"

    def test_the_key_of_the_starting_day_may_be_moved(self) -> None:
        counter = build(starting_day_key=0x03).ready()
        counter.authenticate(0x83, LK)
        assert counter.send("B0560000020401") == "9000"

    def test_the_same_key_of_another_application_opens_nothing(self, counter: Counter) -> None:
        counter.enter(DF03)
        assert counter.authenticate(0x87, b"DF03 key".ljust(16, b"#")) == "9000"
        assert counter.send("B0560000020401") == "6A81"
        counter.enter()
        assert counter.send("B0560000020401") == "6982"

    @pytest.mark.parametrize(("day", "word"), [("0229", "9000"), ("0230", "6A80"), ("1301", "6A80"), ("0A01", "6A80")])
    def test_days_that_are_none(self, counter: Counter, day: str, word: str) -> None:
        counter.authenticate(0x87, DSK)
        assert counter.send("B056000002" + day) == word


class TestProof:
    def test_it_outlives_power_off_and_image(self, counter: Counter) -> None:
        tac = counter.load()[:8]
        for look in (counter, Counter(image.load(image.dump(counter.card)))):
            look.card.reset()
            look.enter()
            assert look.send("B02E003102000008")[8:] == tac + "9000"

    @pytest.mark.parametrize("kind", ["load", "purchase"])
    def test_the_next_initialize_forgets_it(self, counter: Counter, kind: str) -> None:
        counter.load()
        counter.ok(counter.open_load() if kind == "load" else counter.open_purchase())
        assert counter.send("B02E003102000008") == "9406"

    def test_an_initialize_that_is_refused_does_not(self, counter: Counter) -> None:
        counter.load()
        assert counter.send(counter.open_purchase(2000)) == "9401"
        assert counter.send("B02E003102000008").endswith("9000")


class TestTearing:
    @staticmethod
    def answers(kind: str) -> tuple[Counter, Callable[[bytes], bytes], str, bytes]:
        counter = build().ready()
        counter.load(500)
        if kind == "load":
            answer = counter.ok(counter.open_load())
            return counter, counter.credit, "B02E003102000108", answer
        answer = counter.ok(counter.open_purchase())
        return counter, counter.debit, "B02E003202000008", answer

    @pytest.mark.parametrize("kind", ["load", "purchase"])
    @pytest.mark.parametrize(
        ("when", "at", "booked"),
        [(Tear.BEFORE, 0, False), (Tear.DURING, 0, False), (Tear.DURING, 10_000, True), (Tear.AFTER, 0, True)],
    )
    def test_whole_or_not_at_all(self, kind: str, when: Tear, at: int, booked: bool) -> None:
        counter, finish, proof, answer = self.answers(kind)
        before, records = counter.purse, list(counter.log)
        counter.card.tear(1, when, at)
        with pytest.raises(CardRemoved):
            counter.send(finish(answer))
        counter.ready()
        if not booked:
            assert (counter.purse, counter.log) == (before, records)
            assert counter.send(proof) == "9406"
        else:
            assert counter.purse.balance == (1500 if kind == "load" else 200)
            assert len(counter.log) == len(records) + 1
            assert counter.send(proof).endswith("9000")
        assert counter.send(finish(answer)) == "6901"

    def test_a_card_on_disk_killed_in_the_middle_knows_what_it_booked(self, tmp_path: Path) -> None:
        path = tmp_path / "card.json"
        made = build().card
        kept = PersistentCard(path, lambda: made)
        counter = Counter(kept).ready()
        counter.load()
        answer = counter.ok(counter.open_purchase())
        counter.send(counter.debit(answer))
        inside = Counter(kept.inside)
        wanted, log = inside.purse, inside.log
        import os

        os.close(kept._log)
        again = PersistentCard(path)
        assert (again.inside.directory("DF04").purse, Counter(again.inside).log) == (wanted, log)
        again.close()


class TestOptions:
    def test_plain_type_bytes(self) -> None:
        counter = build(purse_type_ascii=False).ready()
        answer = counter.ok(counter.open_load())
        assert counter.send(counter.credit(answer, code=0x01)).endswith("9000")
        answer = counter.ok(counter.open_purchase())
        assert counter.send(counter.debit(answer, code=0x02)).endswith("9000")
        assert [entry[4:6] for entry in counter.log] == ["02", "01"]
        assert counter.send("B02E000202000008").endswith("9000")
        assert counter.send("B02E003202000008") == "6A86"

    def test_algorithm_as_in_the_fci(self) -> None:
        des = build(Algorithm.DES, purse_algorithm_as_in_fci=True).ready()
        assert des.ok(des.open_load())[7] == 1
        assert build(Algorithm.DES).ready().ok(des.open_load())[7] == 0

    def test_tac_over_the_old_balance(self) -> None:
        counter = build(load_tac_over_new_balance=False).ready()
        fields = four(0) + bytes(2) + four(1000) + b"\x31" + TERMINAL + TIME
        assert h(counter.load()[:8]) == counter.host.tac(fields)

    def test_log_after_the_increment(self) -> None:
        counter = build(log_counter_before=False).ready()
        counter.load()
        assert counter.log[0].startswith("000131")
        assert counter.send("B02E003102000008").endswith("9000")


class TestAccountOnly:
    def test_own_and_fund_mean_nothing(self) -> None:
        counter = build(record=SHORT).ready()
        counter.load()
        answer = counter.ok(counter.open_purchase())
        assert answer[4:14] == bytes(10)
        assert counter.send(counter.debit(answer, time=h("20260230093045"))).endswith("9000")
        assert counter.log[0] == "000032" + (TERMINAL + h("20260230093045") + four(300)).hex().upper()
        assert counter.send("B026000206") == "0000000000009000"
        assert counter.send("B056010002") == "00009000"
        counter.authenticate(0x87, DSK)
        assert counter.send("B0560000020401") == "6985"


class TestWhereThePurseIs:
    def test_it_comes_and_goes_with_its_log(self, counter: Counter) -> None:
        assert counter.authenticate(0xFF, MASTER) == "9000"
        counter.ok("00A4020002EF08")
        assert counter.send("80E100000103") == "9000"
        assert counter.send("B056010002") == "6A81"
        assert counter.send("80E00100100000000348EF08C6000800000001 00EF".replace(" ", "")) == "9000"
        assert counter.send("B056010002") == "6A81"

    @pytest.mark.parametrize("record", [0x1B, 0x03])
    def test_not_with_a_log_of_another_form(self, record: int) -> None:
        assert build(record=record).card.directory("DF04").purse is None

    def test_not_in_another_application(self) -> None:
        counter = build()
        counter.enter(DF03)
        counter.card.chip.security.transport = True
        assert counter.send("80E00100100000000348EF08C70008001C010000EF") == "9000"
        assert counter.send("B056010002") == "6A81"


class TestImage:
    def test_byte_identical_with_all_it_holds(self, counter: Counter) -> None:
        counter.load()
        counter.buy()
        counter.put(start_day=401)
        text = image.dump(counter.card)
        again = image.load(text)
        assert image.dump(again) == text
        assert again.directory("DF04").purse == counter.purse

    def test_an_image_from_before_the_purse_has_an_empty_one(self, counter: Counter) -> None:
        tree = json.loads(image.dump(counter.card))

        def strip(node: dict[str, object]) -> None:
            node.pop("purse", None)
            for below in node["directories"]:  # type: ignore[attr-defined]
                strip(below)

        strip(tree["root"])
        for name in [name for name in tree["options"] if name.startswith(("purse", "load_tac", "log_", "initialize"))]:
            del tree["options"][name]
        assert image.load(json.dumps(tree)).directory("DF04").purse == Purse()

    @pytest.mark.parametrize(
        ("name", "value"), [("balance", -1), ("year", 12345), ("load_counter", 65536), ("proof", {}), ("own", "x")]
    )
    def test_impossible_purses_are_damage(self, counter: Counter, name: str, value: object) -> None:
        text = image.dump(counter.card)
        tree = json.loads(text)
        node = tree["root"]["directories"][0]["directories"][1]
        assert name in node["purse"]
        node["purse"][name] = value
        with pytest.raises(WorkspaceError) as caught:
            image.load(json.dumps(tree))
        assert caught.value.key == "image-damaged"


@pytest.mark.parametrize("protocol", list(Protocol))
def test_le_of_commands_without_data(protocol: Protocol) -> None:
    counter = build(protocol=protocol).ready()
    assert counter.send("B026000104") == "000000009000"
    assert counter.send("B026000103") == "6C04"
    assert counter.send("B026000100") == ("6C04" if protocol is Protocol.T0 else "000000009000")
    assert counter.send("B026000110") == "000000009000"
    strict = build(protocol=protocol, long_le_gives_data=False).ready()
    assert strict.send("B026000110") == "6C04"


purse_bytes = st.one_of(
    st.binary(max_size=24),
    st.builds(
        lambda ins, p1, p2, body, le: bytes((0xB0, ins, p1, p2, len(body))) + body + le,
        st.sampled_from([0x26, 0x28, 0x2A, 0x2C, 0x2E, 0x56]),
        st.integers(0, 3),
        st.integers(0, 3) | st.sampled_from([0x31, 0x32]),
        st.sampled_from([2, 11, 15, 19]).flatmap(lambda size: st.binary(min_size=size, max_size=size)),
        st.sampled_from([b"", b"\x04", b"\x08", b"\x10", b"\x16"]),
    ),
    st.sampled_from(
        [
            h("B02800010B01000003E899010100004210"),
            h("B0280101130100000001000000000000000099010100004216"),
            h("B026000104"),
            h("00C0000000"),
            h("00A4020002EF08"),
            h("00B201441C"),
        ]
    ),
)


@pytest.mark.parametrize("protocol", list(Protocol))
@settings(max_examples=150, deadline=None)
@given(commands=st.lists(purse_bytes, max_size=30))
def test_without_the_keys_nothing_is_ever_booked(protocol: Protocol, commands: list[bytes]) -> None:
    counter = build(protocol=protocol).ready()
    counter.load(5000)
    before, log = replace(counter.purse, proof=None), list(counter.log)
    for apdu in commands:
        answer = counter.card.transmit(apdu)
        assert len(answer) >= 2
    assert replace(counter.purse, proof=None) == before
    assert counter.log == log


def test_the_pin_of_the_payment_environment_opens_no_purse() -> None:
    counter = build()
    counter.ok("80E0030008FFFFFFFFFFFFFFFF")
    body = h("000000FF01DDF2010000230000800081") + b"1PAY.SYS.DDF01"
    counter.ok(h("80E00100") + bytes((len(body),)) + body)
    counter.ok(bytes((0, 0xD4, 0, 0, 24)) + h("0100010066000110") + h("123456").ljust(16, b"\xff"))
    counter.card.reset()
    counter.enter(b"1PAY.SYS.DDF01")
    assert counter.send("0020000003123456") == "9000"
    counter.enter()
    assert counter.send("B026000104") == counter.send(counter.open_load()) == "6982"
    assert counter.send("B026000104") == "6982"
    counter.ok("0020000003123456")
    assert counter.send("B026000104") == "000000009000"
