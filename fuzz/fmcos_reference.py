"""A reference model of an FMCOS card for the fuzzer: states, keys, PINs, line protection and purses, from bytes alone.

It knows what the card was built with (its image as text) and nothing of the card's code, makes MACs with arithmetic of
its own, and judges every command after the fact: what was answered with success must have been allowed.
Source of the rules: docs/fmcos.md.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives.ciphers import Cipher, modes

from fuzz.reference import Broken

Tree = dict[str, Any]
READ = b"\xb0\xb2"
WRITE = b"\xd6\xd0\xdc\xd2\xe2"
BUILD = (b"\x80\xe0", b"\x80\x0e")
LOADS, DEBITS, UNLOAD, OVERDRAFT, COMPOUND = (1, 2), (4, 5, 6, 9), 3, 7, 9
TYPES = {(0, 1): 1, (0, 2): 2, (1, 1): 5, (1, 2): 6, (2, 1): 4, (3, 2): 9, (4, 1): 7, (5, 1): 3}
KEY_OF = {1: "LOAD", 2: "LOAD", 3: "UNLOAD", 4: "PURCHASE", 5: "PURCHASE", 6: "PURCHASE", 7: "OVERDRAFT", 9: "PURCHASE"}
USES = {
    0x30: "ENCRYPT", 0x31: "DECRYPT", 0x32: "MAC", 0x34: "TAC", 0x36: "LINE", 0x37: "UNBLOCK", 0x38: "RELOAD",
    0x39: "EXTERNAL", 0x3A: "PIN", 0x3C: "OVERDRAFT", 0x3D: "UNLOAD", 0x3E: "PURCHASE", 0x3F: "LOAD",
}  # fmt: skip
ENDS = {0x52: LOADS, 0x54: (*DEBITS, UNLOAD), 0x58: (OVERDRAFT,)}
UNBARRED = b"\xa4\xc0\x84\x16\x1e\x18"


def des(key: bytes, block: bytes, *, undo: bool = False) -> bytes:
    cipher = Cipher(TripleDES(key * 3 if len(key) == 8 else key + key[:8]), modes.ECB())
    return (cipher.decryptor() if undo else cipher.encryptor()).update(block)


def mac(key: bytes, message: bytes, initial: bytes = b"") -> bytes:
    state, padded = initial.ljust(8, b"\0"), message + b"\x80" + bytes(-(len(message) + 1) % 8)
    for start in range(0, len(padded), 8):
        state = des(key[:8], bytes(a ^ b for a, b in zip(state, padded[start : start + 8], strict=True)))
    return (des(key[:8], des(key[8:], state, undo=True)) if len(key) == 16 else state)[:4]


def framed(plain: bytes) -> bytes:
    block = bytes((len(plain),)) + plain
    return block if len(block) % 8 == 0 else block + b"\x80" + bytes(-(len(block) + 1) % 8)


def folded(key: bytes) -> bytes:
    return bytes(a ^ b for a, b in zip(key[:8], key[8:], strict=True)) if len(key) == 16 else key


@dataclass(eq=False)
class Place:
    """A directory: its files by id, its keys by use and id, its neighbours."""

    tree: Tree
    parent: Place | None
    children: dict[int, Place] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.fid = int(self.tree["fid"], 16)
        self.name = bytes.fromhex(self.tree["name"])
        self.blocked = self.tree["block"]
        self.files = {int(ef["fid"], 16): ef for ef in self.tree["files"]}
        listed = self.tree["key_file"]["keys"] if self.tree["key_file"] else []
        self.keys = {(key["use"], int(key["id"], 16)): key for key in listed}
        self.values = {place: bytes.fromhex(key["value"]) for place, key in self.keys.items()}
        for below in self.tree["directories"]:
            child = Place(below, self)
            self.children[child.fid] = child


@dataclass
class Begun:
    """A purse transaction after INITIALIZE."""

    type: int
    purse: Tree
    key: bytes
    amount: int
    terminal: bytes
    place: int
    random: bytes

    @property
    def tail(self) -> bytes:
        return bytes((self.type,)) + self.terminal

    def online_key(self) -> bytes:
        return des(self.key, self.random + self.purse["online"].to_bytes(2, "big") + b"\x80\x00")


class FmcosReference:
    """Follows one card.  :meth:`judge` takes each command with its answer and raises :class:`Broken`.

    ``over`` says that the model cannot or need not follow any further: keys were written, or the card is blocked.
    """

    def __init__(self, image: str) -> None:
        self.root = Place(json.loads(image)["root"], None)
        self.names = {self.root.name: self.root, **{child.name: child for child in self.root.children.values()}}
        self.dead = self.over = False
        self.reset()

    def reset(self) -> None:
        self.mf = 0
        self.drawn = self.held = b""
        self._enter(self.root)

    def _enter(self, place: Place) -> None:
        self.current = place
        self.state = self.mf if place is self.root else 0
        self.ef: Tree | None = None
        self.pin_passed = False
        self.open: Begun | None = None

    def _allows(self, byte: str) -> bool:
        high, low = int(byte[0], 16), int(byte[1], 16)
        return self.mf >= low if high == 0 else low <= self.state <= high

    def _need(self, byte: str, what: str) -> None:
        if not self._allows(byte):
            raise Broken(f"{what} in {self.current.fid:04X} without its right")

    def key(self, use: str, ident: int = 0) -> bytes:
        """The value of a key of the current directory, empty where it is not there."""
        return self.current.values.get((use, ident), b"")

    def judge(self, apdu: bytes, answer: bytes) -> int:
        """Raises Broken; how many counters may have risen by the rules."""
        if not 2 <= len(answer) <= 258:
            raise Broken("an answer has 2 to 258 bytes")
        word, head = answer[-2:], apdu[:2]
        done = word in (b"\x90\x00", b"\x62\x81") or word[0] == 0x61
        if len(apdu) < 4:
            return self._nothing(done)
        if self.dead and word != b"\x6a\x81":
            raise Broken("a blocked card did something")
        if self.current.blocked != "none" and done and apdu[1] not in UNBARRED:
            raise Broken("a blocked application did something")
        if head == b"\x00\xc0":
            self._waited(answer)
            return 0
        self.held = b""
        challenge, self.drawn = self.drawn, b""
        begun, self.open = self.open, None
        if word[0] == 0x6C:
            self.drawn = challenge
            self.open = begun if head in (b"\x80\x52", b"\x80\x54", b"\x80\x58", b"\x80\xdc") else None
            return 0
        if head == b"\x00\xa4":
            self._selected(apdu, word)
            return 0
        return self._judge(apdu, answer, challenge, begun) if done else 0

    def _waited(self, answer: bytes) -> None:
        """Data of GET RESPONSE; the last piece completes what INITIALIZE answered."""
        self.held += answer[:-2]
        if self.open is not None and not self.open.random and answer[-2:] == b"\x90\x00":
            self.open.random = self.held[self.open.place : self.open.place + 4]

    def _nothing(self, done: bool) -> int:
        if done:
            raise Broken("a command without a header was done")
        return 0

    def _judge(self, apdu: bytes, answer: bytes, challenge: bytes, begun: Begun | None) -> int:
        """A command that was done."""
        cla, ins = apdu[:2]
        data = apdu[5 : 5 + apdu[4]] if len(apdu) > 5 else b""
        if apdu[:2] == b"\x00\x84":
            self.drawn = answer[:-2]
            return 0
        if apdu[:2] in BUILD:
            raise Broken(f"{apdu[:2].hex()} was done where nothing may be built")
        if cla in (0, 4) and ins in READ:
            return self._file(apdu, data, challenge, "read")
        if cla in (0, 4) and ins in WRITE:
            return self._file(apdu, data, challenge, "write")
        if ins == 0xD4:
            return self._key_written(apdu, data, challenge)
        if ins in (0x16, 0x1E, 0x18, 0x24):
            return self._served(apdu, data, challenge)
        if apdu[:2] in (b"\x00\x82", b"\x00\x20", b"\x80\x5e"):
            return self._proved(apdu, data, challenge)
        if apdu[:2] == b"\x00\x88":
            self._need(self._tree(("ENCRYPT", "DECRYPT", "MAC")[apdu[2]], apdu[3])["usage"], "a computation")
            return 0
        if cla == 0x80:
            self._purse(apdu, data, answer, begun)
            return 0
        raise Broken(f"{apdu[:2].hex()} is no command")

    def _tree(self, use: str, ident: int) -> Tree:
        try:
            return self.current.keys[use, ident]
        except KeyError:
            raise Broken(f"key {use} {ident:02X} was used and is not there") from None

    def _selected(self, apdu: bytes, word: bytes) -> None:
        wanted = apdu[5 : 5 + apdu[4]] if len(apdu) > 5 else b""
        found = self._named(wanted) if apdu[2] == 4 else self._by_id(int.from_bytes(wanted, "big"))
        entered = word == b"\x90\x00" or word[0] == 0x61
        if isinstance(found, Place):
            if entered or (word == b"\x6a\x81" and found.blocked != "none" and len(wanted) and not apdu[3]):
                self._enter(found)
        elif entered:
            if found is None:
                raise Broken("something was selected that is not there")
            self.ef = found

    def _named(self, name: bytes) -> Place | None:
        return self.names.get(name)

    def _by_id(self, fid: int) -> Place | Tree | None:
        here = self.current
        if fid == self.root.fid:
            return self.root
        if fid == here.fid:
            return here
        beside = here.parent.children if here.parent else {}
        return here.children.get(fid) or here.files.get(fid) or beside.get(fid)

    def _file(self, apdu: bytes, data: bytes, challenge: bytes, what: str) -> int:
        by_record = apdu[1] not in (0xB0, 0xD6, 0xD0)
        sfi = apdu[3] >> 3 if by_record else apdu[2] & 0x1F if apdu[2] & 0x80 else 0
        if sfi:
            self.ef = self.current.files.get(sfi)
        if self.ef is None:
            raise Broken("data of a file that is not there")
        self._need(self.ef[what], what)
        protected, line = self.ef["protection"] != "PLAIN", int(self.ef["line"], 16)
        if not apdu[0] & 4:
            if protected and (what == "write" or not line & 0x80):
                raise Broken(f"{what} of a protected file without a MAC")
            return 0
        key = self.key("LINE", 3 - (line >> (2 if what == "read" else 0) & 3))
        return self._right_mac(apdu, data, challenge, key)

    def _right_mac(self, apdu: bytes, data: bytes, challenge: bytes, key: bytes) -> int:
        if not (key and challenge) or mac(key, apdu[:5] + data[:-4], challenge) != data[-4:]:
            raise Broken(f"{apdu[:2].hex()} was done without a right MAC")
        return 1

    def _key_written(self, apdu: bytes, data: bytes, challenge: bytes) -> int:
        listed = self.current.tree["key_file"]
        if apdu[2] == 1:
            self._need(listed["add"], "adding a key")
        else:
            self._need(self._tree(USES[apdu[2] & 0x3F], apdu[3])["change"], "changing a key")
        self.over = True
        return self._right_mac(apdu, data, challenge, self.key("EXTERNAL")) if apdu[0] == 0x84 else 0

    def _served(self, apdu: bytes, data: bytes, challenge: bytes) -> int:
        """Blocks, unblocks and PIN UNBLOCK: whatever has its MAC under a service key."""
        use = "UNBLOCK" if apdu[1] == 0x24 else "LINE"
        self._need(self._tree(use, 0)["usage"], "a service")
        self._right_mac(apdu, data, challenge, self.key(use))
        if apdu[1] == 0x24:
            plain = des(self.key(use), data[:-4], undo=True)
            self._new_pin(apdu[2], plain[1 : 1 + plain[0]])
            return 2
        if apdu[1] == 0x16:
            self.dead = True
        elif apdu[1] == 0x18:
            if self.current.blocked == "permanent":
                raise Broken("a block for good was lifted")
            self.current.blocked = "none"
        elif self.current.blocked != "permanent":
            self.current.blocked = "permanent" if apdu[3] else "temporary"
        return 1

    def _new_pin(self, ident: int, pin: bytes) -> None:
        size = len(self.current.values["PIN", ident])
        self.current.values["PIN", ident] = pin.ljust(size, b"\xff")

    def _proved(self, apdu: bytes, data: bytes, challenge: bytes) -> int:
        ident = apdu[3]
        if apdu[1] == 0x82:
            tree = self._tree("EXTERNAL", ident)
            right = challenge and des(self.key("EXTERNAL", ident), challenge.ljust(8, b"\0")) == data
        else:
            tree = self._tree("PIN", ident)
            pin = self.current.values["PIN", ident]
            if apdu[1] == 0x20:
                right = data.ljust(len(pin), b"\xff") == pin
            elif apdu[2] == 1:
                old, _, new = data.partition(b"\xff")
                right = old.ljust(len(pin), b"\xff") == pin
            else:
                new, right = data[:-4], mac(folded(self.key("RELOAD")), data[:-4]) == data[-4:]
        if not right:
            raise Broken(f"{apdu[:2].hex()} was taken and not right")
        if apdu[1] == 0x5E:
            self._new_pin(ident, new)
            return 2
        self._need(tree["usage"], "a proof")
        self.state = int(tree["follow_up"], 16) & 0x0F
        self.mf = self.state if self.current is self.root else self.mf
        self.pin_passed |= apdu[1] == 0x20
        return 1

    def _purse(self, apdu: bytes, data: bytes, answer: bytes, begun: Begun | None) -> None:
        ins = apdu[1]
        if ins == 0x50:
            self.open = self._begun(apdu, data, answer)
        elif ins == 0x5C:
            held = self.current.files[apdu[3]]["purse"]
            if answer[:4] != held["balance"].to_bytes(4, "big"):
                raise Broken("a wrong balance")
            if apdu[3] == 1 and not self.pin_passed:
                raise Broken("the balance of the passbook without the PIN")
        elif ins == 0xDC:
            if begun is None or begun.type != COMPOUND:
                raise Broken("a record was held back for nothing")
            self.open = begun
            self.ef = self.current.files.get(apdu[3] >> 3) if apdu[3] >> 3 else self.ef
        elif ins in (0x52, 0x54, 0x58):
            self._finished(data, begun, ins)
        elif ins != 0x5A:
            raise Broken(f"80{ins:02x} is no command")

    def _begun(self, apdu: bytes, data: bytes, answer: bytes) -> Begun:
        kind = TYPES[apdu[2], apdu[3]]
        ef = self.current.files[apdu[3]]
        self._need(ef["read"], "a purse")
        if kind not in (6, 9) and not self.pin_passed:
            raise Broken("a transaction without the PIN")
        amount = 0 if kind == OVERDRAFT else int.from_bytes(data[1:5], "big")
        place = {OVERDRAFT: 11, **dict.fromkeys(DEBITS, 11)}.get(kind, 8)
        key = self.key(KEY_OF[kind], data[0])
        if not key:
            raise Broken("a transaction without a key")
        return Begun(
            kind, ef["purse"], key, amount, data[-6:], place, answer[place : place + 4] if len(answer) > 2 else b""
        )

    def _finished(self, data: bytes, begun: Begun | None, ins: int) -> None:
        if begun is None or len(begun.random) != 4:
            raise Broken("a transaction ended that had not begun")
        held = begun.purse
        amount = begun.amount.to_bytes(4, "big")
        if begun.type in DEBITS:
            session = des(begun.key, begun.random + held["offline"].to_bytes(2, "big") + data[2:4])
            message, change, serial = amount + begun.tail + data[4:11], -begun.amount, "offline"
        elif begun.type == OVERDRAFT:
            session, serial = begun.online_key(), "online"
            message, change = data[:3] + begun.tail + data[3:10], int.from_bytes(data[:3], "big") - held["overdraft"]
        else:
            session, serial = begun.online_key(), "online"
            message, change = amount + begun.tail + data[:7], begun.amount if begun.type in LOADS else -begun.amount
        if mac(session, message) != data[-4:] or begun.type not in ENDS[ins]:
            raise Broken("a transaction ended without a right MAC")
        held["balance"] += change
        held[serial] += 1
        if begun.type == OVERDRAFT:
            held["overdraft"] += change
        if held["balance"] < 0:
            raise Broken("a purse below zero")

    def compare(self, image: str) -> None:
        """Hold the purses of an image against the model's books.  Raises Broken."""
        for place in (self.root, *self.root.children.values()):
            found = Place(json.loads(image)["root"], None)
            there = found if place is self.root else found.children[place.fid]
            for fid, ef in place.files.items():
                booked, kept = ef.get("purse"), there.files[fid].get("purse")
                if booked and any(booked[name] != kept[name] for name in ("balance", "online", "offline", "overdraft")):
                    raise Broken("the purse holds what was never booked")
