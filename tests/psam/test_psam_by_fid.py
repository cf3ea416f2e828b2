"""A PSAM whose application answers to its FID only is found all the same."""

from __future__ import annotations

from sscard.apdu.transport import Channel
from sscard.keys.family import Algorithm
from sscard.psam.reader import Psam
from tests.psam.conftest import TERMINAL, full


def test_the_application_by_fid() -> None:
    card = full(Algorithm.SM4)
    respond = card.respond
    card.respond = lambda chip, apdu: (
        b"\x6a\x82" if apdu[:4].hex() == "00a40400" and apdu[4] == 6 else respond(chip, apdu)
    )
    assert Psam(Channel(card), Algorithm.SM4).facts().terminal == TERMINAL
