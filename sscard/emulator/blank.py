"""A blank software card of the kind a profile is made for: its dialect says which card operating system that is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sscard.apdu.atr import Interface
from sscard.emulator.card import SoftwareCard
from sscard.emulator.fmcos.card import FmcosCard
from sscard.emulator.fmcos.options import FmcosOptions
from sscard.emulator.fmcos.smartcos import SmartCosCard
from sscard.emulator.options import options_for

if TYPE_CHECKING:
    from sscard.cos.model import Profile
    from sscard.emulator.powered import AnyCard

_AREA: Final = "9901"
FACTORY_CODE: Final = b"\xff" * 8
_FMCOS_FAMILY: Final[dict[str, type[FmcosCard]]] = {kind.system: kind for kind in (FmcosCard, SmartCosCard)}
"""Interval-style cards by the name of their dialect; a dialect that is not here runs on the T514 card."""
SYSTEMS: Final = tuple(_FMCOS_FAMILY)
"""Card operating systems that need no profile."""


def blank_card(
    profile: Profile,
    serial: int,
    *,
    seed: int = 0,
    area: str = _AREA,
    interface: Interface | None = None,
    transport_code: bytes = FACTORY_CODE,
) -> AnyCard:
    """A card as the factory delivers it to be personalized by ``profile``.

    ``area`` is four digits, ``serial`` 0–FFFFFFFF; on an FMCOS card they are bytes 3 to 8 of its serial.  ``interface``
    is the usual one of the kind where nothing is said: contact, FMCOS contactless.  Raises CustodyError for an
    algorithm that software cannot do, ValueError for what :meth:`SoftwareCard.blank` does not take.
    """
    kind = _FMCOS_FAMILY.get(profile.dialect)
    if kind is not None:
        return kind.blank(
            _serial(area, serial),
            seed=seed,
            interface=interface,
            options=FmcosOptions(chip_bytes=profile.chip_bytes),
            transport_code=transport_code,
        )
    return SoftwareCard.blank(
        serial,
        seed=seed,
        area=area,
        algorithm=profile.algorithm,
        interface=interface or Interface.CONTACT,
        options=options_for(profile),
        transport_code=transport_code,
    )


def blank_of(system: str, serial: int, *, seed: int = 0) -> AnyCard:
    """A card of one of :data:`SYSTEMS` as the factory delivers it, for no profile in particular.  Raises KeyError."""
    return _FMCOS_FAMILY[system].blank(_serial(_AREA, serial), seed=seed)


def _serial(area: str, serial: int) -> int:
    """Eight bytes: two of zeros, area 2, serial 4."""
    return int(area, 16) << 32 | serial
