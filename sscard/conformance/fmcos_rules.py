"""Rules of FMCOS cards: what the published examples show is asked of the FMCOS software card."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from sscard.apdu.command import Command
from sscard.apdu.tlv import find
from sscard.emulator.fmcos import FmcosCard
from sscard.keys.family import Algorithm, family_of

Given = Mapping[str, Any]

_KEY: Final = b"\xff" * 16
_CREATE_MF: Final = bytes.fromhex("80E03F000D38FFFFF0F001FFFFFFFFFFFFFF")
_CREATE_KEY_FILE: Final = bytes.fromhex("80E00000073F005001F0FFFF")
_CREATE_DIR: Final = bytes.fromhex("80E00001072A0213F000FFFF")
_CREATE_APPLICATION_FILE: Final = bytes.fromhex("80E0001507A8001EF0F0FFFF")
_LINE_KEY: Final = b"\x36\xf0\xf0\xff\x33" + _KEY
_BY_SFI_15: Final = 0x95


def _hex(value: bytes) -> str:
    return value.hex().upper()


def _issued(given: Given) -> FmcosCard:
    """A card with an MF, its DIR (holding ``record`` where given) and, for a ``name``, an ADF with its file 0015."""
    card = FmcosCard.blank(0)
    steps: list[bytes] = [_CREATE_MF, _CREATE_DIR]
    if "record" in given:
        steps.append(Command(0x00, 0xE2, 0x00, 0x08, bytes.fromhex(given["record"])))
    _play(card, steps)
    if "name" in given:
        _add_application(card, bytes.fromhex(given["name"]), bytes.fromhex(given["content"]))
    card.reset()
    return card


def _add_application(card: FmcosCard, name: bytes, content: bytes) -> None:
    """An ADF whose application file is written under its line key, as a host would."""
    body = bytes.fromhex("380100F0F095FFFF") + name
    steps = [
        Command(0x80, 0xE0, 0x3F, 0x01, body),
        Command(0x00, 0xA4, 0x04, 0x00, name),
        Command.parse(_CREATE_KEY_FILE),
        Command(0x80, 0xD4, 0x01, 0x00, _LINE_KEY),
        Command.parse(_CREATE_APPLICATION_FILE),
    ]
    _play(card, steps)
    challenge = card.execute(bytes.fromhex("0084000004"))[:-2]
    message = bytes((0x04, 0xD6, _BY_SFI_15, 0x00, len(content) + 4)) + content
    _play(card, [message + family_of(Algorithm.DES).key_mac(_KEY, message, challenge)])


def _play(card: FmcosCard, steps: Iterable[bytes]) -> None:
    """Raises ValueError where a step is refused."""
    for step in steps:
        answer = card.execute(step)
        if answer[-2:] != b"\x90\x00":
            raise ValueError(f"{_hex(step)}: {_hex(answer)}")


def fci(given: Given) -> dict[str, object]:
    """What SELECT of a card like the one of the example answers, and its parts."""
    answer = _issued(given).execute(bytes.fromhex(given["apdu"]))
    name = find(answer[:-2], 0x6F, 0x84) or b""
    return {
        "response": _hex(answer),
        "df_name": _hex(name),
        "df_name_ascii": name.decode("ascii", "replace"),
        "dir_sfi": _hex(find(answer[:-2], 0x6F, 0xA5, 0x88) or b""),
        "tag_9F0C": _hex(find(answer[:-2], 0x6F, 0xA5, 0x9F0C) or b""),
    }


def directory(given: Given) -> dict[str, object]:
    """What a DIR file answers."""
    return {"response": _hex(_issued(given).execute(bytes.fromhex(given["apdu"])))}


def ats(given: Given) -> dict[str, object]:
    """The ATS of a card with the serial of the example, and its parts."""
    printed = bytes.fromhex(given["ats"])
    made = FmcosCard.blank(int.from_bytes(printed[-8:], "big")).ats
    names = ("TL", "T0", "TA1", "TB1", "TC1", "cos_version", "vendor", "reserved")
    return {
        "ats": _hex(made),
        **{name: f"{byte:02X}" for name, byte in zip(names, made, strict=False)},
        "serial": _hex(made[len(names) :]),
    }


def issuing(given: Given) -> dict[str, object]:
    """The status word all commands of a script get; several where they differ."""
    card = FmcosCard.blank(0)
    words = {_hex(card.execute(bytes.fromhex(step["apdu"]))[-2:]) for step in given["apdus"]}
    return {"sw_each": "|".join(sorted(words))}


def initialize_mac(given: Given) -> dict[str, object]:
    """MAC1 of INITIALIZE FOR LOAD by the rule, and whether the card's own answer follows it."""
    opening, answer = Command.parse(bytes.fromhex(given["init_apdu"])), bytes.fromhex(given["init_response"])
    family = family_of(Algorithm.DES)
    balance, serial, random, shown = answer[:4], answer[4:6], answer[8:12], answer[12:16]
    session = family.encrypt(bytes.fromhex(given["load_key"]), random + serial + b"\x80\x00")
    amount, terminal = opening.data[1:5], opening.data[5:]
    mac1 = family.session_mac(session, balance + amount + bytes((opening.p2,)) + terminal)
    return {"mac1_by_rule": _hex(mac1), "genuine": mac1 == shown}


RULES: Final[dict[str, Callable[[Given], dict[str, object]]]] = {
    "fmcos-fci": fci,
    "fmcos-directory": directory,
    "fmcos-ats": ats,
    "fmcos-issuing": issuing,
    "pboc-initialize-mac": initialize_mac,
}
