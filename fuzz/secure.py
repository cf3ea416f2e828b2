"""The reference model for commands that carry a MAC or need a master key: blocking, PIN reload, key loads, building.

It knows how MACs are made, and books what blocking and PIN reload change.  Administration ends a card's turn: its right
and MAC are judged, and the images before and after must agree outside the directory whose master key was proved.
Source of the rules: docs/t514.md ("Rights", key loads), docs/crypto.md (MACs), LD/T 32 draft (secure messages).
"""

from __future__ import annotations

import json

from cryptography.hazmat.primitives.ciphers import Cipher, modes
from cryptography.hazmat.primitives.ciphers.algorithms import SM4

from fuzz.reference import MASTER, OK, Broken, Node, Reference, sm4

MAC = 4
PUK, CARD_LOCK, LOCK = 0x06, 0x05, 0x03
AFTER_DEATH = 40
"""Commands a blocked card still gets: none may be done."""
_RELOAD, _BLOCK, _CARD_BLOCK, _KEY = b"\x84\x24", b"\x84\x1e", b"\x84\x16", b"\x84\xd4"
ADMINISTRATION = (b"\x80\xe0", b"\x80\xe1", _KEY)
_SECURE = (_RELOAD, _BLOCK, _CARD_BLOCK, _KEY, b"\x04\xd6", b"\x04\xdc")
_MAC_WRONG = b"\x69\x88"


def mac(key: bytes, initial: bytes, message: bytes) -> bytes:
    """CBC over padded blocks of 16 bytes, the last one folded to 4."""
    padded = message + b"\x80" + bytes(-(len(message) + 1) % 16)
    last = initial.ljust(16, b"\0")
    for start in range(0, len(padded), 16):
        last = sm4(key, bytes(a ^ b for a, b in zip(last, padded[start : start + 16], strict=True)))
    return bytes(a ^ b ^ c ^ d for a, b, c, d in zip(last[:4], last[4:8], last[8:12], last[12:], strict=True))


def session(key: bytes, challenge: bytes) -> bytes:
    """Session key of a challenge."""
    return sm4(key, challenge.ljust(16, b"\0"))


def framed(key: bytes, plain: bytes) -> bytes:
    """``LD ‖ plain``, padded where it is no whole block, in ECB."""
    text = bytes((len(plain),)) + plain
    return sm4(key, text if len(text) % 16 == 0 else text + b"\x80" + bytes(-(len(text) + 1) % 16))


class Secured(Reference):
    """Follows one card whose keys, PIN and locks change too.  ``over``: the card's turn has ended."""

    def __init__(self, image: str) -> None:
        self.blocked: set[Node] = set()
        self.over = False
        self.built: Node | None = None
        self._left = AFTER_DEATH
        self._dead = False
        super().__init__(image)

    @property
    def mastered(self) -> bool:
        """Whether the master key of the current directory is proved."""
        return (self.current, MASTER) in self.rights

    def judge(self, apdu: bytes, answer: bytes) -> bool:
        head, done = apdu[:2], answer[-2:] == OK or answer[-2:-1] == b"\x61"
        if self._dead:
            self._left -= 1
            self.over = not self._left
        if done and (self._dead or (self.current in self.blocked and head != b"\x00\xa4")):
            raise Broken("what is blocked answered")
        if head in _SECURE and answer[-2:] == _MAC_WRONG:
            self.challenge = b""
        if done and head in ADMINISTRATION:
            self._administered(apdu)
            return True
        if done and head in (_RELOAD, _BLOCK, _CARD_BLOCK):
            self._acted(apdu)
            return head == _RELOAD
        if done and head in _SECURE:
            self._session(apdu, self.current)
        return super().judge(apdu, answer)

    def _selected(self, apdu: bytes, *, data_waits: bool) -> None:
        super()._selected(apdu, data_waits=data_waits)
        if self.current in self.blocked:
            raise Broken("a blocked application was selected")

    def _acted(self, apdu: bytes) -> None:
        """Blocking and PIN reload: the opening key's right, then the MAC under the maintenance key."""
        head = apdu[:2]
        place = self.current if head == _BLOCK else self.environment
        opener = {_RELOAD: PUK, _BLOCK: place.lock & 0x7F or LOCK, _CARD_BLOCK: CARD_LOCK}[head]
        if (place, opener) not in self.rights:
            raise Broken(f"{head.hex()} was done without the right of key {opener:02X}")
        key = self._session(apdu, place)
        if head == _BLOCK:
            self.blocked.add(place)
        elif head == _CARD_BLOCK:
            self._dead = True
        elif place.pin is None:
            raise Broken("a PIN was reloaded where there is none")
        elif apdu[3]:
            text = Cipher(SM4(key), modes.ECB()).decryptor().update(apdu[5 : 5 + apdu[4] - MAC])
            place.pin = place.pin[0], text[1 : 1 + text[0]] if text else b""

    def _session(self, apdu: bytes, place: Node) -> bytes:
        """Check the MAC at a command's end under the maintenance key of ``place``; returns the session key."""
        challenge, self.challenge = self.challenge, b""
        if place.stk is None or not challenge:
            raise Broken("a MAC was taken without its key or a challenge")
        key = session(place.stk, challenge)
        body = apdu[5 : 5 + apdu[4]]
        if mac(key, b"", apdu[:5] + body[:-MAC]) != body[-MAC:]:
            raise Broken(f"{apdu[:2].hex()} was done with a wrong MAC")
        return key

    def _administered(self, apdu: bytes) -> None:
        place = self.current
        if not self.mastered:
            raise Broken(f"{apdu[:3].hex()} was done without the master key of the directory")
        if apdu[:2] == _KEY:
            body = apdu[5 : 5 + apdu[4]]
            if not self.challenge or mac(place.master or b"", self.challenge, apdu[:5] + body[:-MAC]) != body[-MAC:]:
                raise Broken("a key was loaded with a wrong MAC")
        self.built, self.over = place, True

    def compare(self, before: str, after: str) -> None:
        """Raises Broken where the card differs outside the directory that was administered."""
        if self.built is not None:
            path = []
            node: Node | None = self.built
            while node is not None and node.parent is not None:
                path.insert(0, f"{node.fid:04X}")
                node = node.parent
            if _beyond(json.loads(before)["root"], path) != _beyond(json.loads(after)["root"], path):
                raise Broken("administration reached beyond its directory")


def _beyond(tree: dict, path: list[str]) -> dict | None:
    """A tree without the directory at ``path``, without tries, which authentication restores."""
    if not path:
        return None
    below = [
        _beyond(child, path[1:]) if child["fid"] == path[0] else child
        for child in tree["directories"]
        if child["fid"] != path[0] or len(path) > 1
    ]
    keys = [{name: value for name, value in key.items() if name != "tries"} for key in tree["keys"]]
    return tree | {"directories": below, "keys": keys}
