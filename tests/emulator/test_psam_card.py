"""The software PSAM by raw commands: published layouts, vectors, rights, refusals, counter, tears, images."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sscard.cos.psam import parse_structure, structure
from sscard.emulator import image
from sscard.emulator.persistent import PersistentCard
from sscard.emulator.psam import PsamCard
from sscard.emulator.psam.chip import COUNTER_LIMIT, StoredKey
from sscard.emulator.tearing import Tear
from sscard.errors import CardRemoved, ProfileError, WorkspaceError
from sscard.keys.family import Algorithm, family_of, pad_length
from sscard.keys.psam import OWN_KEYS, PsamClass, Usage

SERIAL = "99010100000000000023"
OWN = {
    algorithm: {name: f"{algorithm.name}{name}".encode().ljust(16, b".")[:16] for name in OWN_KEYS}
    for algorithm in (Algorithm.DES, Algorithm.SM4)
}
SELECT = {
    "MF": "00A4000000",
    "DES": "00A404000F7378312E73682EC9E7BBE1B1A3D5CF",
    "SSF33": "00A404000F7378322E73682EC9E7BBE1B1A3D5CF",
    "SM4": "00A404000F7378332E73682EC9E7BBE1B1A3D5CF",
    "AID": "00A4040006D15600000590",
    "DF01": "00A4000002DF01",
}
VECTORS = {
    vector["id"]: vector
    for vector in json.loads((Path(__file__).parents[2] / "vectors" / "psam.json").read_text(encoding="utf-8"))
    if not vector.get("negative")
}
BOTH = pytest.mark.parametrize("algorithm", [Algorithm.DES, Algorithm.SM4], ids=lambda algorithm: algorithm.name)


class Bench:
    """A PSAM and the host's arithmetic; answers are hex, GET RESPONSE done."""

    def __init__(self, algorithm: Algorithm = Algorithm.SM4, card: PsamCard | None = None) -> None:
        self.algorithm = algorithm
        self.family = family_of(algorithm)
        self.card = card or PsamCard.blank(SERIAL, OWN, seed=3)
        self.send(SELECT[algorithm.name])
        self.send(SELECT["DF01"])

    def raw(self, apdu: str) -> str:
        return self.card.transmit(bytes.fromhex(apdu)).hex().upper()

    def send(self, apdu: str) -> str:
        answer = self.raw(apdu)
        if answer[-4:-2] == "61":
            answer = self.raw(f"00C00000{answer[-2:]}")
        return answer

    @property
    def environment(self) -> Any:
        return self.card.chip.current

    def authenticate(self, number: int = 1) -> str:
        challenge = bytes.fromhex(self.send("0084000008")[:-4])
        key = OWN[self.algorithm][f"PSAMKID{number}"]
        original = b"original"
        data = self.family.authentication_data(self.family.session_key(key, challenge), original)
        return self.send(f"008200{number:02X}10{(data + original).hex()}")

    def write_key(
        self, record: bytes, *, change: bool = False, file: int = 0x11, master: bytes | None = None, flip: int = 0
    ) -> str:
        """CREATE or CHANGE KEY; ``flip`` spoils bits of the MAC and nothing else."""
        challenge = bytes.fromhex(self.send("0084000004")[:-4])
        key = master or OWN[self.algorithm]["PSAMADF"]
        cipher = self.family.encrypt(key, pad_length(record, self.family.block))
        head = bytes((0x84, 0xD4, change, file, len(cipher) + 4))
        mac = self.family.key_mac(key, head + cipher, challenge)
        return self.send((head + cipher + mac[:-1] + bytes((mac[-1] ^ flip,))).hex())

    def update(self, head: str, content: bytes, key: str = "PSAMDDF") -> str:
        challenge = bytes.fromhex(self.send("0084000008")[:-4])
        message = bytes.fromhex(head) + bytes((len(content) + 4,)) + content
        return self.send((message + self.family.key_mac(OWN[self.algorithm][key], message, challenge)).hex())

    def record(self, usage: int = 0x67, number: int = 0x2D, value: bytes = b"k" * 16) -> bytes:
        code = {(Algorithm.DES, 16): 0, (Algorithm.DES, 8): 1, (Algorithm.SM4, 16): 3}[self.algorithm, len(value)]
        return bytes((usage, number, 0, code, 0, 0, 0, 0)) + value

    def deliver(self, usage: int, number: int, factors: int, process: bytes = b"12345678") -> str:
        body = b"f" * 8 * factors + process.ljust(self.family.block, b"\0")
        return self.send(f"BFDE{usage:02X}{number:02X}{len(body):02X}{body.hex()}")

    def put(self, usage: int, number: int, value: bytes, algorithm: int | None = None) -> None:
        code = (0 if self.algorithm is Algorithm.DES else 3) if algorithm is None else algorithm
        self.environment.keys[0x11].append(StoredKey(Usage.parse(usage), number, code, value))


@pytest.fixture
def bench() -> Bench:
    return Bench()


@BOTH
def test_vector_of_delivery_and_authentication(algorithm: Algorithm) -> None:
    vector = VECTORS[f"psam-delivery-ukssse-{algorithm.name.lower()}"]
    bench = Bench(algorithm)
    bench.put(0x48, 0x12, bytes.fromhex(vector["given"]["psam_key"]))
    assert bench.send(vector["expect"]["delivery_apdu"]) == "9000"
    assert bench.raw(vector["expect"]["cipher_apdu"]) == f"61{bench.family.block:02X}"
    answer = bench.raw(vector["expect"]["get_response"])
    assert answer == vector["steps"]["cipher_data_result"] + "9000"


@BOTH
def test_vector_of_levels(algorithm: Algorithm) -> None:
    vector = VECTORS[f"psam-delivery-levels-{algorithm.name.lower()}"]["expect"]
    bench = Bench(algorithm)
    for usage in (0x68, 0x48, 0x28):
        assert bench.send(vector[f"usage_{usage:02X}"]) == "6A88"
        bench.put(usage, 0x12, b"v" * 16)
        assert bench.send(vector[f"usage_{usage:02X}"]) == "9000"
    other = vector["usage_48"].replace("BFDE48", "BFDE68")
    assert bench.send(other) == "6A80"


@BOTH
def test_vector_of_a_mac(algorithm: Algorithm) -> None:
    vector = VECTORS[f"psam-mac-pin-reload-{algorithm.name.lower()}"]
    bench = Bench(algorithm)
    bench.put(0x28, 0x09, b"v" * 16)
    assert bench.deliver(0x28, 0x09, 1) == "9000"
    bench.card.chip.delivered.key = bytes.fromhex(vector["given"]["session_key"])
    assert bench.send(vector["expect"]["cipher_apdu"]) == vector["expect"]["mac"] + "9000"
    blocks = bytes.fromhex(vector["expect"]["cipher_apdu"])[5:]
    step = bench.family.block
    assert bench.send(f"80FA0700{step:02X}{blocks[:step].hex()}") == "9000"
    middle, last = blocks[step:-step], blocks[-step:]
    assert bench.send(f"80FA0300{len(middle):02X}{middle.hex()}") == "9000"
    assert bench.send(f"80FA0100{len(last):02X}{last.hex()}") == vector["expect"]["mac"] + "9000"
    assert bench.send(f"80FA0100{len(last):02X}{last.hex()}") == "6985"


@BOTH
def test_vectors_of_key_records(algorithm: Algorithm) -> None:
    suffix = algorithm.name.lower()
    given, apdu = VECTORS[f"psam-create-key-{suffix}"]["given"], VECTORS[f"psam-create-key-{suffix}"]["expect"]["apdu"]
    bench = Bench(algorithm)
    bench.environment.own["PSAMADF"].value = bytes.fromhex(given["adf_master_key"])
    bench.authenticate(2)
    bench.card.chip.challenge = bytes.fromhex(given["challenge"])
    assert bench.send(apdu) == "9000"
    (key,) = bench.environment.keys[0x12]
    assert (key.usage, key.id) == (Usage(2, PsamClass.BOTH), 0x12)
    assert key.value == bytes.fromhex(given["key_record"])[8:]
    key.value = bytes(16)
    bench.card.chip.challenge = bytes.fromhex(given["challenge"])
    assert bench.send(VECTORS[f"psam-change-key-{suffix}"]["expect"]["apdu"]) == "9000"
    assert key.value == bytes.fromhex(given["key_record"])[8:]


def test_vectors_of_an_eight_byte_key() -> None:
    bench = Bench(Algorithm.DES)
    given = VECTORS["psam-create-des8-key-des"]["given"]
    bench.environment.own["PSAMADF"].value = bytes.fromhex(given["adf_master_key"])
    bench.authenticate(2)
    for name in ("psam-create-des8-key-des", "psam-change-des8-key-des"):
        bench.card.chip.challenge = bytes.fromhex(given["challenge"])
        assert bench.send(VECTORS[name]["expect"]["apdu"]) == "9000"
    (key,) = bench.environment.keys[0x12]
    assert key.value.hex().upper() == "7880771AE1DCE836"


@BOTH
def test_vector_of_external_authentication(algorithm: Algorithm) -> None:
    vector = VECTORS[f"psam-external-auth-{algorithm.name.lower()}"]
    bench = Bench(algorithm)
    bench.environment.own["PSAMKID1"].value = bytes.fromhex(vector["given"]["key"])
    bench.card.chip.challenge = bytes.fromhex(vector["given"]["challenge"])
    assert bench.send(vector["expect"]["apdu"]) == "9000"
    assert bench.send(vector["expect"]["apdu"]) == "6984"


@BOTH
def test_vector_of_a_purchase(algorithm: Algorithm) -> None:
    vector = VECTORS[f"psam-init-sam-purchase-{algorithm.name.lower()}"]
    bench = Bench(algorithm)
    bench.put(0x62, 0x01, bytes.fromhex(vector["given"]["national_purchase_root"]))
    assert bench.send(vector["expect"]["init_apdu"]) == "6985", "it has no terminal number yet"
    bench.card.chip.shared[0x0016] = bytes.fromhex(vector["given"]["terminal_no"])
    bench.card.chip.counter = int(vector["given"]["terminal_seq"], 16)
    assert bench.send(vector["expect"]["init_apdu"]) == vector["expect"]["init_response"] + "9000"
    assert bench.send(vector["expect"]["credit_apdu"]) == "9000"
    assert bench.send(vector["expect"]["credit_apdu"]) == "6901"
    assert bench.send(vector["expect"]["init_apdu"])[:8] == "0000A1B3"
    assert bench.send("8072000004FFFFFFFF") == "9302"
    assert bench.send(vector["expect"]["credit_apdu"]) == "6901", "a wrong MAC2 closes the purchase"
    assert bench.send(vector["expect"]["init_apdu"])[:8] == "0000A1B4"
    assert [bench.send(f"8072{words}04FFFFFFFF") for words in ("0100", "0001")] == ["6A86", "6A86"]
    assert bench.send("8072000003FFFFFF") == "6700"


def test_environments_and_their_fci(bench: Bench) -> None:
    assert bench.send(SELECT["SM4"]) == "6F1C840F7378332E73682EC9E7BBE1B1A3D5CFA5098801019F0C038601039000"
    assert bench.send(SELECT["MF"])[4:40].startswith("840F7378312E")
    assert bench.send(SELECT["AID"]) == "6F088406D156000005909000"
    assert bench.environment.spec.algorithm is Algorithm.DES
    assert bench.send(SELECT["SSF33"])[-4:] == "9000"
    assert bench.send("00A4000002DDF1")[-4:] == "9000"
    assert bench.send(SELECT["DF01"])[-4:] == "9000"
    assert bench.deliver(0x67, 0x0A, 3) == "6A81", "SSF33 is there and served by nobody"
    assert bench.send("00A4040005FFFFFFFFFF") == "6A82"
    assert bench.send("00A40100023F00") == "6A86"


@pytest.mark.parametrize(("code", "word"), [("99", "9000"), ("11", "6985"), ("AA", "6A80")])
def test_initialize_environment(bench: Bench, code: str, word: str) -> None:
    assert bench.send(f"BFEC000001{code}") == word
    assert (bench.environment.spec.algorithm is Algorithm.DES) is (word == "9000")
    assert bench.send("BFEC0000021100") == "6700"


def test_small_files_are_read_freely(bench: Bench) -> None:
    assert bench.send("00B0990004") == "000000019000"
    assert bench.send("00B0990005") == "6C04"
    assert bench.send("00B09A000A") == "FF" * 10 + "9000"
    assert bench.send("00B095000F") == "6A82", "it stands in the environment"
    bench.send(SELECT["SM4"])
    assert bench.send("00B095000F") == f"FF{SERIAL}0101" + "00009000"
    assert bench.send("00A40000020016") == "9000"
    assert bench.send("00B0000006") == "FF" * 6 + "9000"
    assert bench.send("00B0000600") == "6B00"
    assert bench.send("00B2010C18")[:12] == "61164F06D156"
    assert bench.send("00B2020C00") == "6A83"
    assert bench.send("00B0810000") == "6981"


def test_files_under_the_ddf_master(bench: Bench) -> None:
    bench.send(SELECT["SM4"])
    assert bench.send("00D696000699010100000A") == "6987"
    assert bench.update("04D69600", bytes.fromhex("990101000001"), "PSAMADF") == "6988"
    assert bench.update("04D69600", bytes.fromhex("990101000001")) == "9000"
    assert bench.send("00B0960006") == "9901010000019000"
    assert bench.update("04D69600", b"1234567") == "6700"
    assert bench.update("04DC020C", bytes.fromhex("6102")) == "9000"
    assert bench.send("00B2020C02") == "61029000"
    assert bench.update("04DC040C", b"\x61") == "6A83"
    bench.send(SELECT["DES"])
    assert bench.send("00B0960006") == "9901010000019000", "one number, whatever the environment"
    bench.send(SELECT["DF01"])
    assert bench.update("04D69900", b"\0\0\0\0") == "6982", "the counter is nobody's to write"


def test_information_files_ask_for_their_kid(bench: Bench) -> None:
    content = "0101" + "20260101" + "20301231"
    assert bench.send(f"00D69A000A{content}") == "6982"
    assert bench.authenticate(2) == "9000"
    assert bench.send(f"00D69A000A{content}") == "6982"
    assert bench.send(f"00D69B000A{content}") == "9000"
    assert bench.send("00B09B000A") == content + "9000"
    bench.send(SELECT["SM4"])
    bench.send(SELECT["DF01"])
    assert bench.send(f"00D69B000A{content}") == "6982", "rights end with the directory"


def test_wrong_authentication_spends_tries_until_it_locks(bench: Bench) -> None:
    for left in range(14, -1, -1):
        bench.send("0084000008")
        assert bench.send("0082000110" + "00" * 16) == f"63C{left:X}"
    assert bench.authenticate(1) == "6983"
    assert bench.authenticate(2) == "9000", "each key has its own counter"
    assert bench.send("0082000410" + "00" * 16) == "6A88"
    assert bench.send("0082000111" + "00" * 16 + "02") == "6A88"
    assert bench.send("008200010F" + "00" * 15) == "6700"


@BOTH
def test_create_and_change_a_key(algorithm: Algorithm) -> None:
    bench = Bench(algorithm)
    assert bench.write_key(bench.record()) == "6982"
    bench.authenticate(1)
    assert bench.write_key(bench.record(), file=0x12) == "6982", "another authority's file"
    assert bench.write_key(bench.record(), file=0x14) == "6A82"
    assert bench.write_key(bench.record()) == "9000"
    assert bench.write_key(bench.record()) == "6A80", "never over one that is there"
    assert bench.write_key(b"\x67\x2d\0" + b"n" * 16, change=True) == "9000"
    assert bench.environment.keys[0x11][0].value == b"n" * 16
    assert bench.write_key(b"\x67\x2e\0" + b"n" * 16, change=True) == "6A88"
    assert bench.write_key(bench.record(number=0x2F), master=b"x" * 16) == "6988"
    assert bench.write_key(bench.record(number=0x2F), flip=0x01) == "6988"
    assert bench.send("84D4020004" + "00" * 4) == "6A86"
    assert bench.send("84D4001105" + "00" * 5) == "6700"
    assert bench.send("84D4001124" + "00" * 36) == "6984", "the challenge was used up"


@pytest.mark.parametrize(
    "record",
    [
        bytes((0x87, 0x2F, 0, 3, 0, 0, 0, 0)),
        bytes((0x65, 0x2F, 0, 3, 0, 0, 0, 0)),
        bytes((0x67, 0x05, 0, 3, 0, 0, 0, 0)),
        bytes((0x67, 0xC0, 0, 3, 0, 0, 0, 0)),
        bytes((0x62, 0x08, 0, 3, 0, 0, 0, 0)),
        bytes((0x67, 0x2F, 1, 3, 0, 0, 0, 0)),
        bytes((0x67, 0x2F, 0, 0, 0, 0, 0, 0)),
        bytes((0x67, 0x2F, 0, 3, 0, 0, 0, 1)),
    ],
    ids=["levels", "class", "own id", "reserved id", "purchase id", "rfu", "algorithm", "rfu at the end"],
)
def test_records_that_are_none(bench: Bench, record: bytes) -> None:
    bench.authenticate(1)
    assert bench.write_key(record + b"k" * 16) == "6A80"
    assert bench.environment.keys[0x11] == []


def test_a_full_key_file(bench: Bench) -> None:
    text = (Path(structure.__wrapped__.__code__.co_filename).parent / "psam.toml").read_text(encoding="utf-8")
    small = parse_structure(text.replace("key_slots = 254", "key_slots = 1"), "small.toml")
    bench = Bench(card=PsamCard.blank(SERIAL, OWN, layout=small))
    bench.authenticate(1)
    assert bench.write_key(bench.record()) == "9000"
    assert bench.write_key(bench.record(number=0x2E)) == "6A84"
    with pytest.raises(ProfileError):
        parse_structure(text.replace('update = ""', 'update = "MKCARD"'), "wrong.toml")


def test_delivery_refusals(bench: Bench) -> None:
    bench.put(0x47, 0x2D, b"k" * 16)
    bench.put(0x42, 0x01, b"p" * 16)
    assert bench.send("80FA000010" + "00" * 16) == "6901"
    assert bench.deliver(0x47, 0x2D, 2) == "9000"
    assert bench.deliver(0x47, 0x2D, 3) == "6A80"
    assert bench.deliver(0x67, 0x2D, 3) == "6A88"
    assert bench.deliver(0xE7, 0x2D, 3) == "6A88"
    assert bench.deliver(0x42, 0x01, 2) == "6985", "a purchase key serves purchases only"
    assert bench.send("BFDE472D0F" + "00" * 15) == "6700"
    assert bench.send("BFDE472D21" + "00" * 33) == "6700", "factors are whole"
    bench.send(SELECT["SM4"])
    assert bench.deliver(0x47, 0x2D, 2) == "6985"


def test_a_card_key_itself_takes_no_factor(bench: Bench) -> None:
    bench.put(0x08, 0x4B, b"c" * 16)
    assert bench.deliver(0x08, 0x4B, 0) == "9000"
    expected = bench.family.encrypt(bench.family.session_key(b"c" * 16, b"12345678"), bytes(16))
    assert bench.send("80FA000010" + "00" * 16) == expected.hex().upper() + "9000"


def test_one_session_key_one_kind_of_work(bench: Bench) -> None:
    bench.put(0x28, 0x09, b"k" * 16)
    bench.deliver(0x28, 0x09, 1)
    assert bench.send("80FA020020" + "00" * 32)[-4:] == "9000"
    assert bench.send("80FA000010" + "00" * 16)[-4:] == "9000"
    assert bench.send("80FA050020" + "00" * 32) == "6901"
    bench.deliver(0x28, 0x09, 1)
    assert len(bench.send("80FA050020" + "00" * 32)) == 12
    assert bench.send("80FA000010" + "00" * 16) == "6901"
    bench.send(SELECT["DF01"])
    assert bench.send("80FA050020" + "00" * 32) == "6901", "a SELECT drops the session key"


@pytest.mark.parametrize(
    ("usage", "cipher", "mac"), [(0x27, "9000", "6985"), (0x26, "6985", "9000"), (0x29, "6985", "9000")]
)
def test_the_class_of_a_key_limits_its_work(bench: Bench, usage: int, cipher: str, mac: str) -> None:
    bench.put(usage, 0x20, b"k" * 16)
    bench.deliver(usage, 0x20, 1)
    assert bench.send("80FA000010" + "00" * 16)[-4:] == cipher
    bench.deliver(usage, 0x20, 1)
    assert bench.send("80FA050020" + "00" * 32)[-4:] == mac


@BOTH
def test_lengths_of_cipher_data(algorithm: Algorithm) -> None:
    bench = Bench(algorithm)
    bench.put(0x28, 0x09, b"k" * 16)
    block = bench.family.block
    for p1, size, word in (
        (0x00, block - 1, "6700"),
        (0x00, 9 * block, "6700"),
        (0x05, block, "6700"),
        (0x00, 8 * block, "9000"),
        (0x04, block, "6A86"),
    ):
        bench.deliver(0x28, 0x09, 1)
        assert bench.send(f"80FA{p1:02X}00{size:02X}" + "00" * size)[-4:] == word


def test_an_unfolded_mac_where_the_structure_says_so() -> None:
    text = (Path(structure.__wrapped__.__code__.co_filename).parent / "psam.toml").read_text(encoding="utf-8")
    layout = parse_structure(text.replace("mac_answer = 4 ", "mac_answer = 16 "), "block.toml")
    bench = Bench(card=PsamCard.blank(SERIAL, OWN, layout=layout))
    bench.put(0x28, 0x09, b"k" * 16)
    bench.deliver(0x28, 0x09, 1)
    assert len(bench.send("80FA050020" + "00" * 32)) == 36


def test_purchase_refusals(bench: Bench) -> None:
    bench.card.chip.shared[0x0016] = bytes.fromhex("990101000042")
    bench.put(0x42, 0x01, b"p" * 16)
    head = "00" * 26
    assert bench.send(f"807001002C{head}0103" + "00" * 16)[-4:] == "9000"
    assert bench.send(f"8070010024{head}0103" + "00" * 8) == "6A80"
    assert bench.send(f"8070010034{head}0103" + "00" * 24) == "6A80"
    assert bench.send(f"807001002C{head}0203" + "00" * 16) == "6A88"
    assert bench.send(f"807001002C{head}0100" + "00" * 16) == "6A88"
    assert bench.send(f"807001001C{head}0103") == "6700"
    assert bench.send(f"807000002C{head}0103" + "00" * 16) == "6A86"
    assert bench.send("80720000050000000000") == "6700"
    bench.card.chip.counter = COUNTER_LIMIT
    assert bench.send(f"807001002C{head}0103" + "00" * 16) == "6985", "it never begins again at nought"


def test_unknown_commands(bench: Bench) -> None:
    assert bench.send("00D4000004" + "00" * 4) == "6E00"
    assert bench.send("0099000000") == "6D00"
    assert bench.raw("00A4") == "6700"
    assert bench.raw("00C0000008") == "6F00"


INIT = "807001002C" + "00" * 26 + "0103" + "00" * 16
_MOVES = st.lists(
    st.one_of(
        st.sampled_from(["init", "credit", "off", "read", "image"]),
        st.tuples(st.sampled_from(list(Tear)), st.integers(0, 6)),
    ),
    max_size=30,
)


@given(_MOVES)
def test_the_terminal_counter_never_goes_back_and_no_number_is_used_twice(moves: list[Any]) -> None:
    bench = Bench()
    bench.card.chip.shared[0x0016] = bytes.fromhex("990101000042")
    bench.put(0x42, 0x01, b"p" * 16)
    seen: list[int] = []
    highest = bench.card.chip.counter
    for move in moves:
        if isinstance(move, tuple):
            bench.card.tear(1, *move)
        elif move == "off":
            bench.card.power_off()
        elif move == "image":
            bench.card = image.load(image.dump(bench.card))
        if not bench.card.powered:
            bench.card.reset()
        try:
            bench.send(SELECT["SM4"])
            bench.send(SELECT["DF01"])
            if move != "read":
                answer = bench.send(INIT)
                assert answer[-4:] == "9000"
                seen.append(int(answer[:8], 16))
            if move == "credit":
                bench.send("807200000400000000")
        except CardRemoved:
            bench.card.reset()
        assert bench.card.chip.counter >= highest
        highest = bench.card.chip.counter
    assert seen == sorted(set(seen))


def test_a_torn_purchase_uses_the_number_or_leaves_it() -> None:
    after: set[int] = set()
    for when in Tear:
        for at in range(6):
            bench = Bench()
            bench.card.chip.shared[0x0016] = bytes.fromhex("990101000042")
            bench.put(0x42, 0x01, b"p" * 16)
            bench.card.tear(1, when, at)
            with pytest.raises(CardRemoved):
                bench.raw(INIT)
            after.add(bench.card.chip.counter)
    assert after == {1, 2}


def test_a_torn_key_load_is_there_or_not() -> None:
    sizes = set()
    for at in range(0, 40, 3):
        bench = Bench()
        bench.authenticate(1)
        bench.card.tear(2, Tear.DURING, at)
        with pytest.raises(CardRemoved):
            bench.write_key(bench.record())
        stored = bench.card.chip.environments[2].keys[0x11]
        sizes.add(len(stored))
        assert all(key.value == b"k" * 16 for key in stored)
        bench.card.reset()
        again = Bench(card=bench.card)
        again.authenticate(1)
        wanted = "6A80" if stored else "9000"
        assert again.write_key(again.record()) == wanted
    assert sizes == {0, 1}


def test_images_hold_everything_that_lasts(tmp_path: Path) -> None:
    bench = Bench(Algorithm.DES)
    bench.authenticate(1)
    bench.write_key(bench.record())
    bench.send("0084000008")
    bench.send("0082000210" + "00" * 16)
    again = image.load(image.dump(bench.card))
    assert isinstance(again, PsamCard)
    assert image.dump(again) == image.dump(bench.card)
    assert (again.serial_number, again.terminal) == (SERIAL, "FF" * 6)
    assert again.chip.environments[0].own["PSAMKID2"].tries == 14
    tree = json.loads(image.dump(bench.card))
    for damage in ({"shared": {}}, {"counter": -1}, {"environments": []}, {"counter": "x"}):
        with pytest.raises(WorkspaceError, match="IMAGE-DAMAGED"):
            image.load(json.dumps(tree | damage))


def test_a_psam_on_disk_survives_a_killed_program(tmp_path: Path) -> None:
    path = tmp_path / "psam.json"
    card = PersistentCard(path, lambda: PsamCard.blank(SERIAL, OWN))
    card.chip.shared[0x0016] = bytes.fromhex("990101000042")
    card.chip.environments[2].keys[0x11].append(StoredKey(Usage(2, PsamClass.PURCHASE), 1, 3, b"p" * 16))
    card.close()
    card = PersistentCard(path)
    for apdu in (SELECT["SM4"], SELECT["DF01"], INIT, INIT):
        card.transmit(bytes.fromhex(apdu))
    log = path.with_name("psam.json.log").read_bytes()
    before = path.read_bytes()
    card.close()
    path.write_bytes(before)
    path.with_name("psam.json.log").write_bytes(log)
    with PersistentCard(path) as again:
        assert again.chip.counter == 3
        assert again.system == "psam"


def test_a_blank_needs_whole_own_keys_and_a_serial() -> None:
    with pytest.raises(ValueError, match="serial"):
        PsamCard.blank("123", OWN)
    with pytest.raises(ValueError, match="own"):
        PsamCard.blank(SERIAL, {Algorithm.DES: {"PSAMADF": b"k" * 16}})
    bench = Bench(Algorithm.SM4, PsamCard.blank(SERIAL, {}))
    assert bench.authenticate(1) == "6A88", "an environment without own keys is never written"


_HEADS = [
    "00A4",
    "00C0",
    "0084",
    "0082",
    "00B0",
    "00D6",
    "04D6",
    "00B2",
    "00DC",
    "04DC",
    "BFEC",
    "84D4",
    "BFDE",
    "80FA",
    "8070",
    "8072",
]


def _apdu(head: str, p1: int, p2: int, body: bytes, le: bytes) -> bytes:
    return bytes.fromhex(head) + bytes((p1, p2)) + (bytes((len(body),)) + body if body else b"") + le


_APDUS = st.builds(
    _apdu,
    st.sampled_from(_HEADS),
    st.one_of(st.sampled_from([0, 1, 2, 4, 5, 7, 0x67, 0x95, 0x9A]), st.integers(0, 255)),
    st.one_of(st.sampled_from([0, 0x0C, 0x11, 0x2D]), st.integers(0, 255)),
    st.one_of(st.sampled_from([bytes.fromhex(SELECT[name])[5:] for name in SELECT]), st.binary(max_size=80)),
    st.binary(max_size=1),
)


@given(st.lists(st.one_of(_APDUS, st.binary(max_size=40)), max_size=25))
def test_no_command_breaks_it_or_opens_it(apdus: list[bytes]) -> None:
    """Without a key nobody writes: whatever is sent, what lasts stays as it is but for tries."""
    bench = Bench()
    bench.put(0x67, 0x2D, b"k" * 16)
    before = {place: value for place, value in bench.card.chip.cells() if not place.endswith(".tries")}
    for apdu in apdus:
        answer = bench.card.transmit(apdu)
        assert len(answer) >= 2
        assert answer[-2] in (0x90, 0x61, 0x63, 0x67, 0x69, 0x6A, 0x6B, 0x6C, 0x6D, 0x6E, 0x6F, 0x93)
    assert before == {place: value for place, value in bench.card.chip.cells() if not place.endswith(".tries")}
