"""Key blocks: bound to everything they say, refused when any character changes, agreed with a second implementation."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import replace

import pytest
from gmssl.sm4 import SM4_ENCRYPT, CryptSM4
from hypothesis import given, settings
from hypothesis import strategies as st

from sscard.errors import CustodyError, GuardRefused
from sscard.keys import keyblock
from sscard.keys.catalog import Level
from sscard.keys.derivation import Handed, Place, hand_down
from sscard.keys.family import Algorithm
from sscard.keys.handover import receive, render
from sscard.keys.hierarchy import fill_demo
from sscard.keys.keyblock import transport_key, unwrap, wrap
from sscard.keys.secret import Secret
from sscard.keys.store import KeyStore, State, Usage

CARD = "99/990101/8699990100000017"
TRANSPORTS = {"TK-SM4": (Algorithm.SM4, bytes(range(16))), "TK-AES": (Algorithm.AES, bytes(range(32)))}


def with_transports(store: KeyStore, shift: int = 0) -> KeyStore:
    for name, (algorithm, value) in TRANSPORTS.items():
        moved = bytes(byte ^ shift for byte in value)
        store.add(name, Secret(moved), level=Level.ISSUER, algorithm=algorithm, usage=Usage.WRAP, exportable=False)
    return store


def filled(algorithm: Algorithm, holds: str = "all") -> KeyStore:
    store = KeyStore(demo=True)
    fill_demo(store, region="990101", seed=1, algorithm=algorithm, holds=holds)
    return with_transports(store)


SOURCES = {"TK-SM4": filled(Algorithm.SM4), "TK-AES": filled(Algorithm.DES)}


def block_of(transport: str, name: str = "STKDF01", path: str = "99/990101", version: int = 1) -> str:
    source = SOURCES[transport]
    return wrap(hand_down(source, name, version, Place.parse(path)), source, transport_key(source, transport))


def read(text: str, transport: str) -> Handed:
    return unwrap(text, SOURCES[transport], transport_key(SOURCES[transport], transport))


def refused(action: Callable[[], object]) -> str:
    with pytest.raises((CustodyError, GuardRefused)) as caught:
        action()
    return caught.value.key


@pytest.mark.parametrize("transport", SOURCES)
@pytest.mark.parametrize(("name", "version"), [("IRK", 3), ("STKDF01", 1), ("UKMF", 2), ("MKDF01", 1)])
@pytest.mark.parametrize("path", ["99", "99/990101", CARD])
def test_what_goes_in_comes_out(transport: str, name: str, version: int, path: str) -> None:
    if name == "MKDF01" and path == "99":
        path = "99/990101"
    key = hand_down(SOURCES[transport], name, version, Place.parse(path), exportable=path == CARD)
    back = read(wrap(key, SOURCES[transport], transport_key(SOURCES[transport], transport)), transport)
    assert back == key
    assert back.exportable is (path == CARD)


@pytest.mark.parametrize("transport", SOURCES)
def test_every_place_of_a_block_refuses_another_character(transport: str) -> None:
    """Each character in turn, against a neighbour, the other case, a blank, a letter that looks like it."""
    text = block_of(transport)
    for place, character in enumerate(text):
        for other in {chr(ord(character) ^ 1), character.swapcase(), " ", "０"} - {character}:
            changed = text[:place] + other + text[place + 1 :]
            assert refused(lambda changed=changed: read(changed, transport)) in {"block-form", "block-mac"}


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(list(SOURCES)), st.data())
def test_any_change_is_refused(transport: str, data: st.DataObject) -> None:
    text = block_of(transport, data.draw(st.sampled_from(["IRK", "STKDF01", "UK1DF01"])))
    start = data.draw(st.integers(0, len(text)))
    stop = data.draw(st.integers(start, len(text)))
    changed = text[:start] + data.draw(st.text(max_size=6)) + text[stop:]
    if changed != text:
        assert refused(lambda: read(changed, transport)) in {"block-form", "block-mac"}


@pytest.mark.parametrize("transport", SOURCES)
def test_parts_of_two_blocks_and_another_transport_key(transport: str) -> None:
    one, other = block_of(transport), block_of(transport)
    assert one != other, "a fresh nonce or padding each time"
    assert refused(lambda: read(one[:-64] + other[-64:], transport)) == "block-mac"
    foreign = with_transports(KeyStore(demo=True), shift=1)
    assert refused(lambda: unwrap(one, foreign, transport_key(foreign, transport))) == "block-mac"


def test_neither_length_nor_value_shows() -> None:
    lengths = {len(block_of("TK-AES", name)) - len(name) // 16 for name in ("STKDF01", "UK1DF01")}
    assert len(lengths) == 1, "8 and 16 bytes look alike"
    key = hand_down(SOURCES["TK-SM4"], "IRK", 1, Place.parse("99"))
    assert key.value.reveal().hex().upper() not in block_of("TK-SM4", "IRK", "99")
    assert "Secret(***)" in repr(key)


def test_a_block_of_the_other_kind_is_refused() -> None:
    assert refused(lambda: read(block_of("TK-SM4"), "TK-AES")) == "block-form"
    assert refused(lambda: read(block_of("TK-AES"), "TK-SM4")) == "block-form"


def test_what_is_not_wrapped() -> None:
    source = SOURCES["TK-SM4"]
    key = hand_down(source, "IRK", 1, Place.parse("99"))
    aes = transport_key(source, "TK-AES")
    assert refused(lambda: wrap(key, source, aes)) == "block-algorithm"
    assert refused(lambda: wrap(replace(key, name="a b"), source, aes)) == "block-name"
    assert refused(lambda: transport_key(source, "IRK")) == "key-not-transport"
    assert refused(lambda: transport_key(source, "TK-X")) == "key-missing"
    assert refused(lambda: hand_down(source, "TK-SM4", 1, Place.parse("99"))) == "key-not-derived"


def test_the_newest_active_transport_key_is_taken() -> None:
    store = with_transports(KeyStore(demo=True))
    store.add("TK-SM4", Secret(b"2" * 16), level=Level.ISSUER, algorithm=Algorithm.SM4, usage=Usage.WRAP, version=2)
    assert transport_key(store, "TK-SM4").version == 2
    assert transport_key(store, "TK-SM4", 1).version == 1
    store.change_state(transport_key(store, "TK-SM4"), State.RETIRED)
    assert transport_key(store, "TK-SM4").version == 1
    store.change_state(transport_key(store, "TK-SM4"), State.SUSPENDED)
    assert refused(lambda: transport_key(store, "TK-SM4")) == "key-state"


# --- a second SSKB1, written from docs/keyblock.md with another library's cipher ---


def block_cipher(key: bytes) -> Callable[[bytes], bytes]:
    cipher = CryptSM4(padding_mode=0)
    cipher.set_key(key, SM4_ENCRYPT)
    return lambda block: bytes(cipher.one_round(cipher.sk, list(block)))


def xor(left: bytes, right: bytes) -> bytes:
    return bytes(a ^ b for a, b in zip(left, right, strict=False))


def doubled(block: bytes) -> bytes:
    number = int.from_bytes(block, "big") << 1
    return ((number ^ 0x87) & ((1 << 128) - 1) if number >> 128 else number).to_bytes(16, "big")


def cmac(key: bytes, message: bytes) -> bytes:
    """SP 800-38B, spelled out."""
    encrypt = block_cipher(key)
    first = doubled(encrypt(bytes(16)))
    whole, rest = divmod(len(message), 16)
    if rest or not message:
        blocks = [message[at : at + 16] for at in range(0, 16 * whole, 16)]
        blocks.append(xor((message[16 * whole :] + b"\x80").ljust(16, b"\0"), doubled(first)))
    else:
        blocks = [message[at : at + 16] for at in range(0, len(message), 16)]
        blocks[-1] = xor(blocks[-1], first)
    state = bytes(16)
    for block in blocks:
        state = encrypt(xor(state, block))
    return state


def second_opinion(key: Handed, transport: bytes, nonce: bytes, fill: bytes) -> str:
    value = key.value.reveal()
    head = {Usage.DIVERSIFY: "D", Usage.PRESENT: "P", Usage.WRAP: "W"}[key.usage]
    head += {Algorithm.SM4: "S", Algorithm.DES: "T"}[key.algorithm]
    head += key.level.value[0].upper() + ("E" if key.exportable else "N") + ("D" if key.demo else "P")
    head += format(key.version, "02X") + (key.place.region + "------")[:6]
    head += (key.place.card.hex().upper() + "-" * 16)[:16] + format(len(key.name), "02d") + key.name
    head = "SSKB1" + format(5 + 4 + len(head) + 160, "04d") + head
    plain = (len(value) * 8).to_bytes(2, "big") + value
    plain += fill[: 48 - len(plain)]
    encrypt = block_cipher(cmac(transport, b"\x01SSKB1-ENC\x00\x00\x80"))
    counters = [(int.from_bytes(nonce, "big") + step) % (1 << 128) for step in range(3)]
    stream = b"".join(encrypt(counter.to_bytes(16, "big")) for counter in counters)
    text = head + (nonce + xor(plain, stream)).hex().upper()
    return text + cmac(cmac(transport, b"\x01SSKB1-MAC\x00\x00\x80"), text.encode()).hex().upper()


@settings(max_examples=25, deadline=None)
@given(
    name=st.from_regex(r"[A-Za-z0-9_.-]{1,40}", fullmatch=True),
    transport=st.binary(min_size=16, max_size=16),
    nonce=st.binary(min_size=16, max_size=16) | st.just(b"\xff" * 16),
    version=st.integers(1, 255),
    value=st.binary(min_size=16, max_size=16),
    path=st.sampled_from(["99", "99/990101", CARD]),
    export=st.booleans(),
)
def test_sskb1_agrees_with_a_second_implementation(
    name: str, transport: bytes, nonce: bytes, version: int, value: bytes, path: str, export: bool
) -> None:
    place = Place.parse(path)
    key = Handed(name, Level.LOCAL, place, version, Algorithm.SM4, Usage.DIVERSIFY, True, export, Secret(value))
    fill = hashlib.sha384(value).digest()
    text = keyblock.seal(key, transport, nonce, fill)
    assert text == second_opinion(key, transport, nonce, fill)
    assert keyblock.open_block(text, transport) == key


# --- files of blocks ---


def province_file(names: tuple[str, ...] = ("IRK", "UK1DF01"), **changes: object) -> bytes:
    source = SOURCES["TK-SM4"]
    keys = [replace(hand_down(source, name, 1, Place.parse("99")), **changes) for name in names]  # type: ignore[arg-type]
    under = transport_key(source, "TK-SM4")
    return render([wrap(key, source, under) for key in keys], under)


def taken(content: bytes, store: KeyStore | None = None) -> tuple[KeyStore, list[bool]]:
    store = store or with_transports(KeyStore(demo=True))
    return store, [each.new for each in receive(content, store, transport_key(store, "TK-SM4"))]


def test_a_province_takes_its_keys_in_once() -> None:
    store, new = taken(province_file())
    assert new == [True, True]
    entries = {entry.name: entry for entry in store}
    assert (entries["IRK"].region, entries["IRK"].level) == ("99", Level.NATIONAL)
    original = next(entry for entry in SOURCES["TK-SM4"] if entry.place == ("IRK", "99", 1))
    assert store.value(entries["IRK"]) == SOURCES["TK-SM4"].value(original)
    assert taken(province_file(), store)[1] == [False, False]


@pytest.mark.parametrize(
    ("content", "key"),
    [
        (b"", "block-file"),
        (b"IRK", "block-file"),
        ("密".encode(), "block-file"),
        (b"# sscard key blocks\nnothing\n", "block-line"),
        (province_file()[:-10], "block-line"),
        (province_file() + b"\xff", "block-file"),
        (province_file(("IRK", "IRK")), "block-twice"),
        (province_file(demo=False), "block-demo"),
        (province_file(place=Place.parse(CARD)), "block-card-key"),
        (province_file(level=Level.ISSUER), "key-owner"),
        (province_file(version=0), "key-version"),
        (province_file(place=Place("")) + b"#", None),
    ],
)
def test_files_that_are_not_taken_in(content: bytes, key: str | None) -> None:
    store = with_transports(KeyStore(demo=True))
    if key is None:
        taken(content, store)
        assert len(store) == 4
        return
    assert refused(lambda: taken(content, store)) == key
    assert len(store) == 2, "all or nothing"


def test_a_conflict_stops_the_whole_file() -> None:
    store = with_transports(KeyStore(demo=True))
    store.add("UK1DF01", Secret(b"x" * 16), level=Level.LOCAL, algorithm=Algorithm.SM4, region="99")
    assert refused(lambda: taken(province_file(), store)) == "key-conflict"
    assert len(store) == 3


def test_a_key_marked_so_does_not_leave_again() -> None:
    store, _ = taken(province_file(exportable=False))
    assert refused(lambda: hand_down(store, "IRK", 1, Place.parse("99"))) == "key-not-exportable"
    assert hand_down(store, "IRK", 1, Place.parse("99/990101")).place.region == "990101"
