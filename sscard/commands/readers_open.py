"""From the word after ``--reader`` to a transport or to the slots of a line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sscard.errors import ReaderMissing

if TYPE_CHECKING:
    from sscard.apdu.pcsc import PcscSlot
    from sscard.apdu.transport import Transport

EMULATOR: Final = "emulator"
ALL: Final = "all"


def open_transport(reader: str | None, profile: str | None = None) -> Transport:
    """The card in ``reader``; ``emulator`` is a finished software card of the sample person, None the only reader.

    ``profile`` is that of the software card; None is the usual one.

    Raises ReaderMissing, ServiceMissing, CardMissing and what :class:`sscard.apdu.pcsc.PcscTransport` raises.
    """
    if reader == EMULATOR:
        from sscard.personalize.sample import personalized_card

        return personalized_card(profile) if profile else personalized_card()
    from sscard.apdu.pcsc import PcscTransport, find_reader

    return PcscTransport(find_reader(reader))


def open_slots(reader: str | None) -> list[PcscSlot]:
    """One slot for ``reader``, or one for every reader there is when it is ``all``.

    Raises ReaderMissing, ServiceMissing.
    """
    from sscard.apdu.pcsc import PcscSlot, find_reader, list_readers

    if reader != ALL:
        return [PcscSlot(find_reader(reader))]
    slots = [PcscSlot(state.name) for state in list_readers()]
    if not slots:
        raise ReaderMissing("reader-none")
    return slots
