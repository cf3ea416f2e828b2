"""Rules of what stands on the card: items, records, and the commands that move them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from sscard.apdu.command import Command
from sscard.cos import coding
from sscard.cos.model import Coding, File, Item
from sscard.cos.names import join_name, split_name
from sscard.cos.profile import load_profile
from sscard.cos.renewal import rewritten

Given = Mapping[str, Any]

_PROFILE: Final = "ssc3-sm4"
_READ: Final = 0xB2
_UPDATE: Final = 0xDC
_BY_TAG, _APPEND, _BY_NUMBER, _FROM = 0, 3, 4, 5
"""Low three bits of P2 in record commands (LD/T 32 draft, READ RECORD and UPDATE RECORD)."""


def _hex(value: bytes) -> str:
    return value.hex().upper()


def packed_digits(digits: str) -> bytes:
    """Digits as a PIN travels: packed, an odd one filled with F."""
    length = (len(digits) + 1) // 2
    return coding.encode(Item(0, "", "digits", Coding.CN, length), digits)


def renewed_record(given: Given) -> dict[str, object]:
    """A record of the first generation whose item is rewritten with the meaning it has since V2.0."""
    tag = int(given["tag"], 16)
    old, new = (_typed(tag, given[name]) for name in ("old", "new"))
    return {"record": _hex(coding.record(old, rewritten(old, coding.encode(new, given["value"]))))}


def _typed(tag: int, words: str) -> Item:
    """An item of a type as the standard writes it: ``an 03``."""
    kind, length = words.split()
    return Item(tag, "", words, Coding(kind), int(length, 16))


def record(given: Given) -> dict[str, object]:
    """The record of one item, and the commands that read and write it where the profile has it."""
    tag = int(given["tag"], 16)
    item = Item(tag, given["item"], given["item"], Coding(given["type"]), int(given["length"], 16))
    stored = coding.record(item, coding.encode(item, given["value"]))
    values: dict[str, object] = {"record": _hex(stored)}
    for file, number in _places(item):
        values |= _commands(file, number, tag, stored)
    return values


def _places(item: Item) -> Iterator[tuple[File, int]]:
    for directory in load_profile(_PROFILE).directories:
        for file in directory.files:
            if file.structure.is_tlv:
                for number, _, candidate in file.records():
                    if (candidate.tag, candidate.zh) == (item.tag, item.zh):
                        yield file, number


def _commands(file: File, number: int, tag: int, stored: bytes) -> dict[str, object]:
    by_tag, by_number = file.sfi << 3 | _BY_TAG, file.sfi << 3 | _BY_NUMBER
    return {
        "update_by_tag": _hex(Command(0x00, _UPDATE, tag, by_tag, stored)),
        "read_by_tag": _hex(Command(0x00, _READ, tag, by_tag, le=len(stored))),
        "update_by_number": _hex(Command(0x00, _UPDATE, number, by_number, stored)),
        "read_by_number": _hex(Command(0x00, _READ, number, by_number, le=len(stored))),
    }


def name_split(given: Given) -> dict[str, object]:
    """A name over the items 09 and 4E."""
    first, rest = split_name(given["name"])
    items = {item.tag: item for item in load_profile(_PROFILE).directory("SSSE").file("EF06").items}

    def stored(tag: int, part: bytes) -> str:
        return _hex(coding.record(items[tag], part.ljust(items[tag].length, b"\0")))

    return {
        "gb18030": _hex(first + rest),
        "bytes": len(first + rest),
        "record_09": stored(0x09, first),
        "record_4E": stored(0x4E, rest),
        "read_back": join_name(first, rest),
    }


def b_tlv_record(given: Given) -> dict[str, object]:
    """A record of TLVs in EF15 of DF01; the commands are for its second occurrence."""
    file = load_profile(_PROFILE).directory("DF01").file("EF15")
    tag = int(given["tag"], 16)
    number, item = next((n, i) for n, occurrence, i in file.records() if i.tag == tag and occurrence == 2)
    parts = {int(part[0], 16): part[3] for part in given["parts"]}
    stored = coding.record(item, coding.encode(item, parts))
    commands = _commands(file, number, tag, stored)
    return {
        "record": _hex(stored),
        "update_by_number": commands["update_by_number"],
        "read_occurrence_2": commands["read_by_number"],
    }


def cyclic_record(given: Given) -> dict[str, object]:
    """A record of EF07 of DF02 from its fields in order, and the commands that append it."""
    file = load_profile(_PROFILE).directory("DF02").file("EF07")
    texts = {item.en: text for item, text in zip(file.items, given["fields"], strict=True)}
    stored = coding.cyclic_record(file, texts)
    return {
        "record": _hex(stored),
        "append_apdu": _hex(Command(0x00, _UPDATE, 0x00, file.sfi << 3 | _APPEND, stored)),
        "append_apdu_current_file": _hex(Command(0x00, _UPDATE, 0x00, _APPEND, stored)),
    }


def record_p2(given: Given) -> dict[str, object]:
    """P2 of the record commands for files by name; the SFI is the low five bits of the file identifier."""
    modes = {"tag": _BY_TAG, "number": _BY_NUMBER, "from": _FROM, "append": _APPEND}
    return {
        name: {mode: f"{(int(name[2:], 16) & 0x1F) << 3 | bits:02X}" for mode, bits in modes.items()}
        for name in given["files"]
    }


def read_whole_file(given: Given) -> dict[str, object]:
    """All records of EF05 of SSSE in one READ RECORD of the current file, from the texts of its items by tag."""
    file = load_profile(_PROFILE).directory("SSSE").file("EF05")
    texts = given["items"]
    answer = b"".join(coding.record(item, coding.encode(item, texts[f"{item.tag:02X}"])) for item in file.items)
    return {
        "apdu": _hex(Command(0x00, _READ, 0x01, _FROM, le=len(answer))),
        "response": _hex(answer),
        "length": f"{len(answer):02X}",
    }


def pin_verify(given: Given) -> dict[str, object]:
    """VERIFY with a PIN, and its query form."""
    return {
        "apdu": _hex(Command(0x00, 0x20, 0x00, 0x00, packed_digits(given["pin"]))),
        "query": _hex(Command(0x00, 0x20, 0x00, 0x00, le=256)),
        "odd_pin_12345": _hex(Command(0x00, 0x20, 0x00, 0x00, packed_digits("12345"))),
    }


RULES: Final[dict[str, Callable[[Given], dict[str, object]]]] = {
    "record": record,
    "generation-1-record": renewed_record,
    "name-split": name_split,
    "b-tlv-record": b_tlv_record,
    "cyclic-record": cyclic_record,
    "record-p2": record_p2,
    "read-whole-file": read_whole_file,
    "pin-verify": pin_verify,
}
