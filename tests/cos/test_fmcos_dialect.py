"""The interval dialects: states for rules, bytes of commands, what cannot be said, recognition, line counts."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from dataclasses import replace
from importlib.resources import files
from itertools import permutations
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sscard.apdu.atr import Atr
from sscard.apdu.command import Command
from sscard.cos import template
from sscard.cos.access import parse_access
from sscard.cos.actions import LineGuard, LoadFirstKey, LoadKey, LoadPin, Send, Series
from sscard.cos.dialect import Making, dialect_names, load_dialect, speaking
from sscard.cos.guard import protect, protected_answer
from sscard.cos.interval import IntervalCos
from sscard.cos.model import Directory, File, KeyKind, KeySlot, Profile, Protection, Structure
from sscard.cos.profile import load_profile
from sscard.cos.profile_lint import lint
from sscard.cos.rights import Cumulative, Latest
from sscard.cos.states import MASTER_STATE, Interval, assign
from sscard.emulator.fmcos import access
from sscard.errors import PlanError, ProfileError
from sscard.keys.family import Algorithm, family_of, pad_length
from sscard.keys.hierarchy import memory_service
from sscard.keys.service import KeyRef

FMCOS = Interval(high_first=True, free=0xF0, never=0xEF)
SMARTCOS = Interval(high_first=False, free=0x0F, never=0xF0)
JUDGES: dict[Interval, Callable[[int, int, int, int], bool]] = {FMCOS: access.fmcos, SMARTCOS: access.smartcos}
KEYS = ("KA", "KB", "KC", "KD", "KE")


def directory(rules: list[str], keys: tuple[str, ...] = KEYS, pin: bool = False) -> Directory:
    slots = tuple(KeySlot(name, KeyKind.EXTERNAL, number, "", "", 3) for number, name in enumerate(keys, 1))
    if pin:
        slots += (KeySlot("PIN", KeyKind.PIN, 0, "", "", 3),)
    made = tuple(
        File(f"EF{n:02X}", 0xEF00 + n, n, "", "", Structure.VARIABLE, 3, parse_access(rule), parse_access("MK"))
        for n, rule in enumerate(rules, 1)
    )
    return Directory(
        "DF", 0xDF01, b"12345", "", "", "", "", True, KeySlot("MK", KeyKind.MASTER, 0, "", "", 3), made, slots
    )


def fits(rules: list[str], names: tuple[str, ...]) -> bool:
    """Whether any order of the keys, the master key last, has the keys of each rule side by side: by trying all."""
    groups = [set(rule.split("|")) for rule in rules]
    for order in permutations(names):
        places = {name: place for place, name in enumerate((*order, "MK"))}
        if all(max(places[n] for n in g) - min(places[n] for n in g) == len(g) - 1 for g in groups):
            return True
    return False


RULES = st.lists(
    st.lists(st.sampled_from((*KEYS, "MK")), min_size=1, max_size=4, unique=True).map("|".join), min_size=1, max_size=5
)


@settings(max_examples=150, deadline=None)
@given(rules=RULES, interval=st.sampled_from([FMCOS, SMARTCOS]))
def test_every_rule_that_any_order_can_say_is_said_exactly(rules: list[str], interval: Interval) -> None:
    """The card's own judgement of each byte: the state after a key opens the file if and only if the rule names it."""
    place = directory(rules)
    if not fits(rules, KEYS):
        with pytest.raises(PlanError) as caught:
            assign(place, interval, "x")
        assert caught.value.key == "dialect-access"
        return
    states = assign(place, interval, "x")
    assert sorted(states.by_right) == sorted((*KEYS, "MK"))
    assert len(set(states.by_right.values())) == len(states.by_right)
    assert states.by_right["MK"] == MASTER_STATE
    for file in place.files:
        byte = states.rule(file.read)
        for name, state in {**states.by_right, "nobody": 0}.items():
            assert JUDGES[interval](byte, 0, state, 0) is (name in file.read.rights), (file.read, states.by_right)


@pytest.mark.parametrize("interval", [FMCOS, SMARTCOS])
def test_free_never_and_master(interval: Interval) -> None:
    states = assign(directory(["free", "never"]), interval, "x")
    free, never = (states.rule(parse_access(rule)) for rule in ("free", "never"))
    judge = JUDGES[interval]
    for state in range(16):
        assert judge(free, 0, state, 0) is True
        assert judge(never, 0, state, 0) is False
        assert judge(states.master, 0, state, 0) is (state == MASTER_STATE)


@pytest.mark.parametrize(
    ("rules", "guilty"),
    [
        (["KA", "KA&KB"], ("DF/EF02", "KA&KB")),
        (["KA|KB", "KB|KC", "KA|KC"], ("DF/EF03", "KA|KC")),
        (["KA|KB|KC", "MK|KA", "MK|KB"], ("DF/EF03", "MK|KB")),
        (["KX"], ("DF/EF01", "KX")),
        (["PIN|KA"], ("DF/EF01", "PIN|KA")),
    ],
)
def test_a_rule_that_cannot_be_said_is_named(rules: list[str], guilty: tuple[str, str]) -> None:
    with pytest.raises(PlanError) as caught:
        assign(directory(rules), FMCOS, "fmcos")
    assert (caught.value.key, caught.value.fields["file"], caught.value.fields["rule"]) == ("dialect-access", *guilty)
    for lang in ("zh", "en"):
        assert guilty[0] in caught.value.parts(lang)[0]
        assert guilty[1] in caught.value.parts(lang)[0]


def test_the_pin_has_a_state_like_a_key_and_there_are_fifteen_of_them() -> None:
    states = assign(directory(["PIN|KC", "KC|KA"], pin=True), FMCOS, "x").by_right
    assert abs(states["PIN"] - states["KC"]) == abs(states["KC"] - states["KA"]) == 1
    assign(directory([], tuple(f"K{n}" for n in range(14))), FMCOS, "x")
    with pytest.raises(PlanError) as caught:
        assign(directory([], tuple(f"K{n}" for n in range(15))), FMCOS, "x")
    assert (caught.value.key, caught.value.fields["count"]) == ("dialect-states", 16)


def practice() -> tuple[IntervalCos, Making]:
    dialect = load_dialect("fmcos")
    assert isinstance(dialect, IntervalCos)
    return dialect, Making(load_profile("training-fmcos"), "990101")


def changed(profile: Profile, place: str, **what: Any) -> tuple[Making, Directory, File]:
    """The profile with one file of a directory changed."""
    where, _, name = place.partition("/")
    old = profile.directory(where)
    made = tuple(replace(file, **what) if file.name == name else file for file in old.files)
    new = replace(old, files=made)
    parts = tuple(new if part.name == where else part for part in profile.directories)
    return Making(replace(profile, directories=parts), "990101"), new, new.file(name)


def test_commands_of_fmcos_are_those_of_the_manual() -> None:
    """CREATE FILE of each kind, byte for byte."""
    dialect, making = practice()
    assert dialect.present_transport_code(b"\xff" * 8).hex().upper() == "80E03F000E38FFFFFF0F01" + "FF" * 8
    df04 = making.profile.directory("DF04")
    create, select, begin = dialect.make_directory(making, df04)
    assert isinstance(create.action, Send)
    size = dialect._tree_room(making.profile, df04) - 11 - 6 + 64
    assert create.action.command.hex().upper() == f"80E0DF040E38{size:04X}FF0F9FFFFFD15600000503"
    assert select.action == Send(Command.parse(bytes.fromhex("00A4000002DF04")))
    assert isinstance(begin.action, Series)
    key_file, first = begin.action.actions
    assert isinstance(key_file, Send)
    assert isinstance(first, LoadFirstKey)
    # four keys of 16 bytes, one of 8, each with a head of 8 bytes
    assert key_file.command.hex().upper() == "80E00000073F00709FFFFFFF"
    assert (first.header.hex().upper(), first.prefix.hex().upper()) == ("80D40100", "39F0FF0F33")
    by_name = {file.name: dialect.create_file(making, df04, file).hex().upper() for file in df04.files}
    states = dialect.states(df04).by_right
    rk, uk1, uk2 = states["RK1DF04"], states["UK1DF04"], states["UK2DF04"]
    assert by_name["EF05"] == f"80E0000507AC00B6{rk:X}{rk:X}{uk1:X}{uk1:X}FFFF"
    assert by_name["EF06"] == f"80E0000607EC000D{rk:X}{rk:X}{uk2:X}{uk2:X}FFFF"
    assert by_name["EF15"] == f"80E00015072E0803{rk:X}{rk:X}{uk2:X}{uk2:X}FFFF"


@pytest.mark.parametrize(
    ("name", "head", "prefix", "kind"),
    [
        ("UKSSSE", "84D40104", "F9F0FF0133", LoadKey),
        ("STKSSSE", "84D40100", "F6F0FFFF33", LoadKey),
        ("IRK", "84D40100", "F0F0FF0100", LoadKey),
        ("PUK", "84D40100", "F7F0FFFF33", LoadKey),
        ("PIN", "84D40100", "FAF0EF0266", LoadPin),
    ],
)
def test_keys_come_enciphered_under_the_directorys_own_master_key(
    name: str, head: str, prefix: str, kind: type[LoadKey] | type[LoadPin]
) -> None:
    dialect, making = practice()
    ssse, slot = making.profile.key(name)
    (move,) = dialect.load_key(making, ssse, slot)
    action = move.action
    assert isinstance(action, kind)
    assert (action.header.hex().upper(), action.prefix.hex().upper()) == (head, prefix)
    assert action.under.name == "MKSSSE"
    if kind is LoadKey:
        assert isinstance(move.probe, LoadKey)
        assert move.probe.header.hex().upper() == "84D4" + prefix[:2] + head[-2:]


@pytest.mark.parametrize(
    ("number", "reading", "byte"),
    [(0, False, 0xFF), (1, False, 0xFA), (2, False, 0xF5), (3, False, 0xF0), (0, True, 0x7F), (2, True, 0x75)],
)
def test_the_byte_that_names_the_line_key(number: int, reading: bool, byte: int) -> None:
    dialect, making = practice()
    making, df04, file = changed(making.profile, "DF04/EF05", protected_reading=reading)
    keys = tuple(replace(key, id=number) if key.name == "STKDF04" else key for key in df04.keys)
    assert dialect.create_file(making, replace(df04, keys=keys), file)[-1] == byte
    assert (dialect.read_guard(making, file) is not None) is reading


@pytest.mark.parametrize(
    ("place", "what", "key"),
    [
        ("DF04/EF05", {"sfi": 0}, "dialect-sfi"),
        ("DF04/EF15", {"size": 3, "record_length": 3}, "dialect-records"),
        ("SSSE/EF05", {"read": parse_access("PIN&RKSSSE")}, "dialect-access"),
        ("DF04/EF05", {"items": ()}, ""),
    ],
)
def test_what_fmcos_cannot_say_about_a_file(place: str, what: dict[str, Any], key: str) -> None:
    dialect, making = practice()
    making, where, file = changed(making.profile, place, **what)
    if not key:
        dialect.create_file(making, where, file)
        return
    with pytest.raises(PlanError) as caught:
        dialect.create_file(making, where, file)
    assert (caught.value.key, caught.value.fields["file"]) == (key, place)
    assert key.upper() in {finding.rule.upper() for finding in lint(making.profile, "x")}


@pytest.mark.parametrize(
    ("protection", "longest", "fits_in"),
    [
        (Protection.PLAIN, 239, True),
        (Protection.PLAIN, 240, False),
        (Protection.MAC, 235, True),
        (Protection.MAC, 236, False),
        (Protection.CIPHER, 231, True),
        (Protection.CIPHER, 232, False),
    ],
)
def test_the_longest_record_of_one_command(protection: Protection, longest: int, fits_in: bool) -> None:
    """239 bytes of data; a MAC takes four, a cipher its length byte and whole blocks."""
    dialect, making = practice()
    item = replace(making.profile.directory("DF04").file("EF05").items[0], length=longest - 2)
    making, df04, file = changed(
        making.profile, "DF04/EF05", items=(item,), size=longest, protection=protection, line_key="STKDF04"
    )
    service = memory_service("990101", 1, Algorithm.DES)
    ref = KeyRef("STKDF04", "990101", b"12345678")
    plain = Command(0x00, 0xE2, 0x00, 0x2C, bytes(longest))
    enciphered = protection is Protection.CIPHER
    sent = plain if protection is Protection.PLAIN else protect(service, LineGuard(ref, enciphered), bytes(8), plain)
    assert (len(sent.data) <= 239) is fits_in
    if fits_in:
        dialect.create_file(making, df04, file)
    else:
        with pytest.raises(PlanError, match=r"DIALECT-LENGTH|dialect-length"):
            dialect.create_file(making, df04, file)


def test_what_fmcos_cannot_say_about_keys_directories_and_stages() -> None:
    dialect, making = practice()
    ssse, df01 = making.profile.directory("SSSE"), making.profile.directory("DF01")
    external = making.profile.key("UK1DF01")[1]
    for moves, key in (
        (dialect.make_directory(making, replace(df01, aid=b"")), "dialect-name"),
        (dialect.make_directory(making, replace(df01, aid=b"1PAY.SYS.DDF01")), "dialect-name-taken"),
        (dialect.load_key(making, df01, replace(external, id=0)), "dialect-key-id"),
    ):
        with pytest.raises(PlanError) as caught:
            list(moves)
        assert caught.value.key == key
    sm4 = Making(replace(making.profile, algorithm=Algorithm.SM4), "990101")
    with pytest.raises(PlanError) as caught:
        list(dialect.load_key(sm4, ssse, making.profile.key("UKSSSE")[1]))
    assert caught.value.key == "dialect-algorithm"
    for stage in (dialect.seal(making), dialect.close(making, ssse)):
        with pytest.raises(PlanError) as caught:
            list(stage)
        assert caught.value.key == "dialect-stage"
    smartcos = load_dialect("smartcos")
    with pytest.raises(PlanError) as caught:
        list(smartcos.load_key(making, ssse, making.profile.key("IRK")[1]))
    assert caught.value.key == "dialect-key-kind"
    cipher = changed(making.profile, "DF04/EF06")
    with pytest.raises(PlanError) as caught:
        smartcos.create_file(*cipher)
    assert caught.value.key == "dialect-protection"


def test_t514_refuses_what_only_others_have() -> None:
    t514, (_, making) = load_dialect("t514"), practice()
    df04, ssse = making.profile.directory("DF04"), making.profile.directory("SSSE")
    for work in (
        lambda: t514.create_file(making, df04, df04.file("EF05")),
        lambda: list(t514.load_key(making, ssse, making.profile.key("PUK")[1])),
        lambda: t514.close(making, ssse),
    ):
        with pytest.raises(PlanError, match=r"DIALECT|dialect"):
            work()


def test_commands_of_smartcos() -> None:
    dialect = load_dialect("smartcos")
    making = Making(load_profile("training-smartcos"), "990101")
    df07 = making.profile.directory("DF07")
    moves = list(dialect.make_directory(making, df07))
    told = [m.action.command.hex().upper() for m in moves if isinstance(m.action, Send)]
    assert told == ["80E001000ADF07FF00D15600000504", "00A4000002DF07", "80E0020007000005FF800819"]
    load = moves[-1].action
    assert isinstance(load, LoadKey)
    assert (load.header.hex().upper(), load.prefix.hex().upper()) == ("84E80000", "01010008" + "0F0FFF33")
    assert load.under.name == "MKSSSE"
    assert [m.action.command.hex().upper() for m in dialect.close(making, df07)] == ["80E0010102DF07"]  # type: ignore[union-attr]
    assert [m.action.command.hex().upper() for m in dialect.seal(making)] == ["80E00001023F00"]  # type: ignore[union-attr]


def test_line_protection_is_that_of_the_manual() -> None:
    """Against the family's own primitives: cipher with LD, MAC over header, Lc and what is sent."""
    service = memory_service("990101", 1, Algorithm.DES)
    ref, des = KeyRef("UKSSSE", "990101", b"12345678"), family_of(Algorithm.DES)
    plain, challenge = Command(0x00, 0xD6, 0x95, 0x00, b"hello"), b"\x11\x22\x33\x44"
    macked = protect(service, LineGuard(ref, False), challenge, plain)
    assert macked[:5].hex() == "04d6950009"
    assert macked.data[:5] == b"hello"
    assert macked.data[5:] == service.key_mac(ref, challenge, bytes(macked[:5]) + b"hello")
    hidden = protect(service, LineGuard(ref, True), challenge, plain)
    assert hidden[:5].hex() == "04d695000c"
    assert hidden.data[:8] == service.direct_cipher(ref, b"hello")
    assert len(pad_length(b"hello", des.block)) == 8
    read = protect(service, LineGuard(ref, True), challenge, Command(0x00, 0xB0, 0x95, 0x00, le=5))
    assert (read[:5].hex(), read[-1]) == ("04b0950004", 5)
    answer = protected_answer(service, LineGuard(ref, False), challenge, b"hello")
    assert answer == b"hello" + service.key_mac(ref, challenge, b"hello")


@pytest.mark.parametrize(
    ("atr", "name", "factor"),
    [
        ("3B6D000000812611018699990100000017", "t514", "8699990100000017"),
        ("3B8B8001209000000099010000001735", "fmcos", "0000990100000017"),
        ("3B6C000200008610" + "0000990100000017", "smartcos", "0000990100000017"),
    ],
)
def test_a_card_tells_its_dialect_and_only_one_claims_it(atr: str, name: str, factor: str) -> None:
    parsed = Atr.parse(bytes.fromhex(atr))
    assert [n for n in dialect_names() if load_dialect(n).mark.identity(parsed)] == [name]
    dialect = speaking(parsed)
    assert dialect is not None
    assert dialect.name == name
    identity = dialect.mark.identity(parsed)
    assert identity is not None
    assert (identity.factor.hex().upper(), identity.serial.hex().upper()) == (factor, factor[-8:])


@pytest.mark.parametrize("atr", ["3B04A2131091", "3B8B80012080000000990100000017" + "25"])
def test_other_cards_speak_none(atr: str) -> None:
    assert speaking(Atr.parse(bytes.fromhex(atr))) is None


def test_rights_add_up_or_replace_each_other() -> None:
    rule = parse_access("PIN|RK")
    for rights, after in ((Cumulative(), {"PIN", "RK"}), (Latest(), {"RK"})):
        held = rights.gain(rights.gain(frozenset(), "PIN"), "RK")
        assert held == after
        assert rights.leave(held) == after & {"PIN"} - ({"PIN"} if isinstance(rights, Latest) else set())
    assert Latest().needed(rule, frozenset({"PIN"}), {"PIN"}) == ("RK",)
    assert Latest().needed(rule, frozenset({"UK"}), {"PIN", "RK"}) == ("PIN",)
    assert Latest().needed(rule, frozenset({"RK"}), {"PIN", "RK"}) == ()
    assert not Latest().can_hold(parse_access("PIN&RK"))
    assert Cumulative().can_hold(parse_access("PIN&RK"))


def test_a_line_of_a_table_becomes_a_command() -> None:
    assert template.command("80 E0 fid / 38 size", {"fid": b"\x3f\x00", "size": b"\0\1"}).hex() == "80e03f0003380001"
    assert template.command("80 0E 0000", {}).hex() == "800e000000"
    with pytest.raises(KeyError):
        template.command("80 E0 fid / 38", {})
    with pytest.raises(ValueError, match="values to unpack"):
        template.command("80 E0 00", {})


def test_an_unknown_dialect_is_refused_when_the_profile_is_read(tmp_path: Any) -> None:
    path = tmp_path / "p.toml"
    path.write_text('extends = "training-fmcos"\nname = "p"\ndialect = "klingon"\n', encoding="utf-8")
    with pytest.raises(ProfileError) as caught:
        load_profile(path)
    assert (caught.value.key, caught.value.fields["name"]) == ("dialect-unknown", "klingon")


LIMIT = 60


def test_a_new_vendor_is_under_sixty_lines_of_data() -> None:
    """A dialect as data and the profile that uses it, blank lines and comments not counted."""
    counts = {}
    for folder, name in (("dialects", "smartcos"), ("dialects", "fmcos"), ("profiles", "training-smartcos")):
        text = (files("sscard.cos") / folder / f"{name}.toml").read_text(encoding="utf-8")
        assert tomllib.loads(text)["name"] == name
        counts[name] = sum(1 for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#"))
    assert counts["fmcos"] < LIMIT
    assert counts["smartcos"] + counts["training-smartcos"] < LIMIT
    told = (files("sscard.cos") / ".." / ".." / "docs" / "dialects.md").read_text(encoding="utf-8")
    assert f"{counts['smartcos']} lines" in told
    assert f"{counts['training-smartcos']} lines" in told
