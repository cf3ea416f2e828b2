"""What a card says of itself when the social-security environment is selected, and which algorithm it therefore uses.

Source: LD/T 32 draft (FCI template) and the 2016 terminal rules (template 86 in 9F0C); docs/card.md, "algorithm".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from sscard.apdu.tlv import find
from sscard.keys.family import Algorithm

_FCI: Final = 0x6F
_NAME: Final = 0x84
_PROPRIETARY: Final = 0xA5
_DIR_SFI: Final = 0x88
_ISSUER: Final = 0x9F0C
_ALGORITHM: Final = 0x86
_BEIJING: Final = "11"
_THIRD_GENERATION: Final = "3.0"


@dataclass(frozen=True, slots=True)
class Fci:
    """Parts of an FCI; empty or None where the card does not give them.  ``issuer`` is the content of 9F0C."""

    name: bytes
    dir_sfi: int | None
    algorithm: Algorithm | None
    issuer: bytes = b""

    @staticmethod
    def parse(data: bytes) -> Fci:
        """Read an FCI, taking what is there: cards in the field leave parts out or damage them."""
        sfi = find(data, _FCI, _PROPRIETARY, _DIR_SFI)
        stated = find(data, _FCI, _PROPRIETARY, _ISSUER, _ALGORITHM)
        return Fci(
            name=find(data, _FCI, _NAME) or b"",
            dir_sfi=sfi[0] if sfi and len(sfi) == 1 else None,
            algorithm=_ALGORITHMS.get(stated),
            issuer=find(data, _FCI, _PROPRIETARY, _ISSUER) or b"",
        )


def algorithm_of(fci: Fci, card_id: str, version: str) -> tuple[Algorithm, bool]:
    """``(algorithm, stated)`` of a card; ``stated`` is False where the FCI does not name it and a rule decides.

    Without a template third-generation cards use SM4, cards of area 11 (Beijing) SSF33, all others DES.
    """
    if fci.algorithm is not None:
        return fci.algorithm, True
    if version.startswith(_THIRD_GENERATION):
        return Algorithm.SM4, False
    return (Algorithm.SSF33 if card_id.startswith(_BEIJING) else Algorithm.DES), False


_ALGORITHMS: Final[dict[bytes | None, Algorithm]] = {
    bytes((algorithm.fci_id,)): algorithm for algorithm in Algorithm if algorithm.fci_id is not None
}
