"""The software PSAM as a card: made blank, told its own keys by its supplier, then driven by commands only."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final, Self

from sscard.apdu.exchange import Protocol
from sscard.cos.psam import (
    COUNTER_FID,
    PUBLIC_FID,
    SERIAL_SIZE,
    TERMINAL_FID,
    PsamStructure,
    PsamType,
    PublicInfo,
    structure,
)
from sscard.emulator.nodes import Counted
from sscard.emulator.powered import PoweredCard
from sscard.emulator.psam import files, keyfiles, purchase, session
from sscard.emulator.psam.chip import Environment, PsamChip
from sscard.emulator.wire import get_response
from sscard.emulator.words import UNKNOWN_INS, WRONG_CLA, WRONG_LENGTH, Refusal
from sscard.keys.family import Algorithm
from sscard.keys.psam import OWN_KEYS

Handler = Callable[[PsamChip, bytes], bytes]
OwnKeys = Mapping[Algorithm, Mapping[str, bytes]]
"""Own keys by the algorithm of their environment and by name."""

HEAD: Final = bytes.fromhex("0081261101") + b"PSAM"
"""First nine historical bytes of a software PSAM; four bytes of its serial follow."""
_VERSION: Final = 0x01
_UNISSUED: Final = 0xFF
_GET_RESPONSE: Final = 0xC0

_COMMANDS: Final[tuple[tuple[str, Handler], ...]] = (
    ("00A4", files.select),
    ("00C0", get_response),
    ("0084", files.get_challenge),
    ("0082", files.external_authenticate),
    ("00B0", files.read_binary),
    ("00D6 04D6", files.update_binary),
    ("00B2", files.read_record),
    ("00DC 04DC", files.update_record),
    ("BFEC", files.initialize_environment),
    ("84D4", keyfiles.write_key),
    ("BFDE", session.deliver_session_key),
    ("80FA", session.cipher_data),
    ("8070", purchase.init_purchase),
    ("8072", purchase.credit_purchase),
)
_HANDLERS: Final[dict[bytes, Handler]] = {
    bytes.fromhex(head): handler for heads, handler in _COMMANDS for head in heads.split()
}
_KNOWN_INS: Final = frozenset(head[1] for head in _HANDLERS)


def respond(chip: PsamChip, apdu: bytes) -> bytes:
    """Execute one command."""
    chip.commands += 1
    if apdu[1:2] != bytes((_GET_RESPONSE,)):
        chip.pending = b""
    if len(apdu) < 4:
        return WRONG_LENGTH
    handler = _HANDLERS.get(apdu[:2])
    if handler is None:
        return WRONG_CLA if apdu[1] in _KNOWN_INS else UNKNOWN_INS
    try:
        return handler(chip, apdu)
    except Refusal as refusal:
        return refusal.word


class PsamCard(PoweredCard[PsamChip]):
    """One PSAM.  Make it with :meth:`blank`, or load it with ``sscard.emulator.image``."""

    system = "psam"

    def __init__(self, chip: PsamChip, name: str = "emulator") -> None:
        super().__init__(chip, respond, name)

    @classmethod
    def blank(
        cls,
        serial: str,
        own: OwnKeys,
        *,
        seed: int = 0,
        protocol: Protocol = Protocol.T0,
        layout: PsamStructure | None = None,
    ) -> Self:
        """A PSAM as its supplier delivers it: files and its own keys, no number, no application keys.

        ``serial`` has 20 digits.  ``own`` gives the five own keys of each environment; one without them can be read
        and selected but never written.  Raises ValueError for a serial or own keys that do not fit.
        """
        if len(serial) != 2 * SERIAL_SIZE or not (serial.isascii() and serial.isdigit()):
            raise ValueError("serial has 20 digits")
        if any(set(keys) != set(OWN_KEYS) for keys in own.values()):
            raise ValueError("own keys")
        layout = layout or structure()
        public = PublicInfo(_UNISSUED, bytes.fromhex(serial), _VERSION, PsamType.ORDINARY)
        shared = {file.fid: b"\xff" * file.size for file in layout.files if file.shared and file.fid != COUNTER_FID}
        shared[PUBLIC_FID] = public.content()
        environments = [
            Environment(
                spec,
                own={
                    name: Counted(value, layout.authority_tries, layout.authority_tries)
                    for name, value in own.get(spec.algorithm, {}).items()
                },
                records=[directory_record(layout)],
                contents={file.fid: b"\xff" * file.size for file in layout.files if not file.shared},
                keys={number: [] for number in layout.key_files},
            )
            for spec in layout.environments
        ]
        chip = PsamChip(
            structure=layout,
            historical=HEAD + bytes.fromhex(serial)[-4:],
            protocol=protocol,
            seed=seed,
            environments=environments,
            shared=shared,
        )
        return cls(chip)

    @property
    def serial_number(self) -> str:
        """Serial number, 20 digits."""
        return PublicInfo.parse(self.chip.shared[PUBLIC_FID]).serial.hex()

    @property
    def terminal(self) -> str:
        """Terminal number, 12 digits; FF… while it has none."""
        return self.chip.shared[TERMINAL_FID].hex().upper()


def directory_record(layout: PsamStructure) -> bytes:
    """The one record of the directory file: ``61 L {4F L AID, 50 L label}``."""
    label = layout.label.encode("gb18030")
    body = b"\x4f" + bytes((len(layout.application),)) + layout.application + b"\x50" + bytes((len(label),)) + label
    return b"\x61" + bytes((len(body),)) + body
