"""A reference model of a card's rights for the fuzzer: it believes bytes sent and answered, and its own books.

It knows what the card was built with (rules, keys, PIN, taken from the image as text) and nothing of the card's code.
It judges every command after the fact: what was answered with success must have been allowed.
Source of the rules: docs/t514.md ("Rights"), docs/card.md ("Access"), LD/T 32 draft (security state).
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field

from cryptography.hazmat.primitives.ciphers import Cipher, modes
from cryptography.hazmat.primitives.ciphers.algorithms import SM4

OK = b"\x90\x00"
FREE, NEVER, MASTER = 0x00, 0xEF, 0xFF


def sm4(key: bytes, block: bytes) -> bytes:
    return Cipher(SM4(key), modes.ECB()).encryptor().update(block)


def proof(key: bytes, challenge: bytes, original: bytes) -> bytes:
    """Authentication data of EXTERNAL AUTHENTICATE."""
    block = sm4(sm4(key, challenge.ljust(16, b"\0")), original + bytes(8))
    return bytes(a ^ b for a, b in zip(block[:8], block[8:], strict=True))


@dataclass(eq=False)
class Node:
    """A directory: its files by SFI and FID, its secrets, its place in the tree."""

    fid: int
    name: bytes
    kind: str
    parent: Node | None
    files: dict[int, dict[str, str]] = field(default_factory=dict)
    by_sfi: dict[int, dict[str, str]] = field(default_factory=dict)
    keys: dict[int, list[bytes]] = field(default_factory=dict)
    master: bytes | None = None
    stk: bytes | None = None
    lock: int = 0
    pin: tuple[int, bytes] | None = None
    children: dict[int, Node] = field(default_factory=dict)


def layout(image: str) -> Node:
    """The tree of a card image."""
    return _node(json.loads(image)["root"], None)


def _node(tree: dict, parent: Node | None) -> Node:
    node = Node(int(tree["fid"], 16), bytes.fromhex(tree["name"]), tree["kind"], parent)
    node.lock = int(tree["lock"], 16)
    for ef in tree["files"]:
        node.files[int(ef["fid"], 16)] = ef
        if ef["sfi"] != "00":
            node.by_sfi[int(ef["sfi"], 16)] = ef
    for key in tree["keys"]:
        number = int(key["level"], 16) or int(key["id"], 16)
        if key["type"] == "EXTERNAL":
            node.keys.setdefault(number & 0x7F, []).append(bytes.fromhex(key["value"]))
        elif key["type"] == "MASTER":
            node.master = bytes.fromhex(key["value"])
        elif key["type"] == "MAINTENANCE" and node.stk is None:
            node.stk = bytes.fromhex(key["value"])
        elif key["type"] == "PIN":
            node.pin = number & 0x7F, bytes.fromhex(key["value"])
    for below in tree["directories"]:
        child = _node(below, node)
        node.children[child.fid] = child
    return node


class Broken(AssertionError):
    """The card did what the rules forbid."""


class Reference:
    """Follows one sealed card.  :meth:`judge` takes each command with its answer and raises :class:`Broken`."""

    def __init__(self, image: str) -> None:
        self.root = layout(image)
        self.names: dict[bytes, Node] = {}
        self._index(self.root)
        self.reset()

    def _index(self, node: Node) -> None:
        if node.name:
            self.names[node.name] = node
        for child in node.children.values():
            self._index(child)

    def reset(self) -> None:
        self.current = self.root
        self.efs: list[dict[str, str]] = []
        self.rights: set[tuple[Node, int]] = set()
        self.verified: set[Node] = set()
        self.challenge = b""

    @property
    def environment(self) -> Node:
        return self.current.parent if self.current.kind == "ADF" and self.current.parent else self.current

    def judge(self, apdu: bytes, answer: bytes) -> bool:
        """Raises Broken; True where counters may have risen by the rules."""
        if not 2 <= len(answer) <= 258:
            raise Broken("an answer has 2 to 258 bytes")
        head = apdu[:2]
        word = answer[-2:]
        done = word == OK or word[0] == 0x61
        if head == b"\x00\x84":
            self.challenge = answer[:-2] if done else self.challenge
            return False
        if head == b"\x00\xa4":
            if done:
                self._selected(apdu, data_waits=word[0] == 0x61 or len(answer) > 2)
            return False
        if head == b"\x00\x82":
            return self._authenticated(apdu, done, word)
        if head in (b"\x00\x20", b"\x80\x5e"):
            return self._pin(apdu, done)
        if head in (b"\x00\xb0", b"\x00\xb2"):
            self._located(apdu, word, by_binary=head[1] == 0xB0)
            if done:
                self._need("read")
        elif apdu[1:2] in (b"\xd6", b"\xdc") and apdu[:1] in (b"\x00", b"\x04"):
            self._located(apdu, word, by_binary=apdu[1] == 0xD6)
            if done:
                self._need("update")
        elif done and head in (
            b"\x80\xe0",
            b"\x80\xe1",
            b"\x00\xd4",
            b"\x84\xd4",
            b"\x84\x1e",
            b"\x84\x16",
            b"\x84\x24",
        ):
            raise Broken(f"{head.hex()} was done on a sealed card without its right")
        return False

    def _need(self, what: str) -> None:
        if not self.efs:
            raise Broken("data of a file, and none is current")
        if not any(self.allowed(ef[what]) for ef in self.efs):
            raise Broken(f"{what} of {self.efs[-1]['fid']} in {self.current.fid:04X} without its right")

    def allowed(self, rule: str) -> bool:
        """``pp or oo`` / ``pp and oo``: numbers in the parent and in the own directory."""
        parent, joined, own = rule.split(" ")
        halves = [
            self._held(node, int(number, 16))
            for node, number in ((self.current.parent, parent), (self.current, own))
            if int(number, 16) != FREE
        ]
        return not halves or (all(halves) if joined == "and" else any(halves))

    def _held(self, node: Node | None, number: int) -> bool:
        if node is None or number == NEVER:
            return False
        if number == MASTER:
            return (node, MASTER) in self.rights
        number &= 0x7F
        pin = node.pin is not None and node.pin[0] == number and (node in self.verified or not node.pin[1])
        return pin or (node, number) in self.rights

    def _enter(self, node: Node) -> None:
        self.efs = []
        if node is not self.current:
            self.current, self.challenge = node, b""
            self.rights.clear()

    def _selected(self, apdu: bytes, *, data_waits: bool) -> None:
        data = apdu[5 : 5 + apdu[4]] if len(apdu) > 5 else b""
        if apdu[2] == 0x04:
            self._enter(self.names[data])
            return
        fid = int.from_bytes(data, "big") if data else 0x3F00
        if data_waits or (apdu[2] == 0 and fid == 0x3F00):
            self._enter(self._directory(fid))
            return
        found = self._directory_or_none(fid) if apdu[2] == 0 else None
        if found is not None:
            self._enter(found)
        else:
            self.efs = [self.current.files[fid]]

    def _directory(self, fid: int) -> Node:
        found = self._directory_or_none(fid)
        if found is None:
            raise Broken(f"directory {fid:04X} was selected and is not there")
        return found

    def _directory_or_none(self, fid: int) -> Node | None:
        """The current one, those below it, beside it, the one above."""
        here = self.current
        beside = here.parent.children if here.parent else {}
        above = [here.parent] if here.parent else []
        for node in (self.root, here, *here.children.values(), *beside.values(), *above):
            if node.fid == fid:
                return node
        return None

    def _located(self, apdu: bytes, word: bytes, *, by_binary: bool) -> None:
        """An SFI makes its file current, but not where the command was not executed (6Cxx) or misshapen (6A86).

        A wrong length is found before or after the file: then either may be current.
        """
        if len(apdu) < 4 or word[0] in (0x6C, 0x6D, 0x6E) or word == b"\x6a\x86":
            return
        sfi = (apdu[2] & 0x1F if apdu[2] & 0x80 else 0) if by_binary else apdu[3] >> 3
        found = self.current.by_sfi.get(sfi)
        if found is not None:
            self.efs = [*self.efs, found] if word == b"\x67\x00" else [found]

    def _authenticated(self, apdu: bytes, done: bool, word: bytes) -> bool:
        if not done:
            if word[0] == 0x63:
                self.challenge = b""
            return False
        master = apdu[3] == MASTER
        place = self.current if apdu[3] & 0x80 else self.environment
        number = MASTER if master else apdu[3] & 0x7F
        keys = [place.master] if master else place.keys.get(number, [])
        if not self.challenge or not any(key and proof(key, self.challenge, apdu[13:21]) == apdu[5:13] for key in keys):
            raise Broken("EXTERNAL AUTHENTICATE took what no key made of the last challenge")
        self.challenge = b""
        self.rights.add((place, number))
        return True

    def _pin(self, apdu: bytes, done: bool) -> bool:
        place = self.environment
        if not done:
            return False
        body = apdu[5 : 5 + apdu[4]] if len(apdu) > 5 else b""
        if place.pin is None:
            raise Broken("a PIN was taken where there is none")
        number, value = place.pin
        if apdu[1] == 0x20:
            if body != value:
                raise Broken("VERIFY took another PIN")
            if body:
                self.verified.add(place)
            return bool(body)
        old, _, new = body.partition(b"\xff")
        if old != value:
            raise Broken("CHANGE PIN took another PIN")
        place.pin = number, new
        return True
