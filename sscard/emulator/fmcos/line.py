"""Line protection: MAC under a key itself with the challenge as initial value, and encipherment with a length byte.

Source: FMCOS 2.0 manual, secure message transfer; docs/fmcos.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from hmac import compare_digest
from typing import Final

from sscard.emulator.fmcos.chip import FmcosChip
from sscard.emulator.fmcos.nodes import Block, Ef, Key, Protection, Use
from sscard.emulator.fmcos.request import Request
from sscard.emulator.words import APPLICATION_BLOCKED, MAC_MISSING, MAC_WRONG, WRONG_LENGTH, Refusal
from sscard.keys.family import MAC_SIZE, Algorithm, family_of, pad_length, unpad_length

DES: Final = family_of(Algorithm.DES)
NOT_PROTECTED: Final = b"\x69\x00"
"""The class does not fit the protection."""
BASIC_FILES: Final = frozenset((0x15, 0x16))
_FAILURES: Final = 3


def check(chip: FmcosChip, request: Request, key: Key, word: bytes = MAC_WRONG, *, costs_try: bool = True) -> bytes:
    """The data before a right MAC; a wrong one costs a try of ``key``, a right one gives all
    tries back once the command is done.

    Raises Refusal 6987 where no MAC can be there, 6984 without a challenge, ``word`` for a wrong MAC.
    """
    if len(request.data) < MAC_SIZE:
        raise Refusal(MAC_MISSING)
    challenge = chip.take_challenge()
    payload, mac = request.data[:-MAC_SIZE], request.data[-MAC_SIZE:]
    if not compare_digest(DES.key_mac(key.value, request.mac_input + payload, challenge), mac):
        if costs_try:
            key.fail()
        raise Refusal(word)
    chip.proven = key
    return payload


def decipher(key: Key, blocks: bytes, word: bytes = MAC_WRONG) -> bytes:
    """Undo ECB over a length byte and what it counts.  Raises Refusal ``word`` where the result has not that form."""
    if not blocks or len(blocks) % DES.block:
        raise Refusal(word)
    padded = DES.decrypt(key.value, blocks)
    try:
        plain = unpad_length(padded)
    except ValueError:
        raise Refusal(word) from None
    if pad_length(plain, DES.block) != padded:
        raise Refusal(word)
    return plain


def line_key(chip: FmcosChip, ident: int) -> Key:
    """The line key of the current directory.  Raises Refusal 6A82, 6A88, 6982, 6983."""
    return chip.key(Use.LINE, ident if chip.options.several_line_keys else 0)


def written(chip: FmcosChip, request: Request, ef: Ef) -> bytes:
    """The plain data of a command that writes ``ef``, as its protection demands.

    Raises Refusal 6900 for a protected command on a plain file, 6987 (by option 6900) for the reverse, 6984, 6988, and
    9303 when the third wrong MAC in a row on a basic file locks the application.
    """
    if ef.protection is Protection.PLAIN:
        if request.secure:
            raise Refusal(NOT_PROTECTED)
        return request.data
    if not request.secure:
        raise Refusal(chip.options.plain_write_of_protected.to_bytes(2, "big"))
    key = line_key(chip, ef.writing_key)
    try:
        payload = check(chip, request, key)
        plain = payload if ef.protection is Protection.MAC else decipher(key, payload)
    except Refusal as refusal:
        if refusal.word == MAC_WRONG and ef.fid in BASIC_FILES:
            _count_failure(chip)
        raise
    if ef.fid in BASIC_FILES:
        chip.here.basic_failures = 0
    return plain


def _count_failure(chip: FmcosChip) -> None:
    directory = chip.here
    directory.basic_failures += 1
    if directory.basic_failures >= _FAILURES:
        directory.block = Block.PERMANENT
        raise Refusal(APPLICATION_BLOCKED)


@dataclass(frozen=True, slots=True)
class Reading:
    """How the data of a file leave: ``key`` is None for a plain answer.  ``le`` counts plain bytes, 0 for all."""

    le: int
    key: Key | None = None
    challenge: bytes = b""
    enciphered: bool = False

    def seal(self, data: bytes) -> bytes:
        """The answer for ``data``: itself, with MAC, or enciphered with MAC (over the bytes that leave, no header)."""
        if self.key is None:
            return data
        body = DES.encrypt(self.key.value, pad_length(data, DES.block)) if self.enciphered else data
        return body + DES.key_mac(self.key.value, body, self.challenge)


def reading(chip: FmcosChip, request: Request, ef: Ef) -> Reading:
    """Check how ``ef`` is read by this command.

    Raises Refusal 6700, 6900 for a protected command on a plain file, 6987 where protection is demanded, 6984, 6988.
    """
    if not request.secure:
        if request.data:
            raise Refusal(WRONG_LENGTH)
        if ef.protected_reading:
            raise Refusal(MAC_MISSING)
        return Reading(request.le or 0)
    if ef.protection is Protection.PLAIN:
        raise Refusal(NOT_PROTECTED)
    enciphered = ef.protection is Protection.CIPHER
    with_block = enciphered and chip.options.length_block_in_read and len(request.data) == DES.block + MAC_SIZE
    if len(request.data) != MAC_SIZE and not with_block:
        raise Refusal(MAC_MISSING if len(request.data) < MAC_SIZE else WRONG_LENGTH)
    key = line_key(chip, ef.reading_key)
    challenge = chip.challenge or b""
    block = check(chip, request, key)
    le = DES.decrypt(key.value, block)[0] if block else request.le or 0
    return Reading(le, key, challenge, enciphered)
