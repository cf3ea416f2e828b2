"""What every software card shares, whatever its operating system: power, cuts of power, and the wire.

It is a :class:`sscard.apdu.transport.Transport` in process over a chip and the function that answers for it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from copy import deepcopy
from typing import Any, Final, Generic, Protocol, TypeVar

from sscard.apdu import exchange
from sscard.apdu.atr import Interface
from sscard.emulator.answers import answer_to_select
from sscard.emulator.tearing import Cut, Tear, committed
from sscard.errors import CardRemoved

Journal = Callable[[str], None]

RESET_LINE: Final = "reset"


class Chip(Protocol):
    """The memory of a card and its state since power came, as :class:`PoweredCard` needs them.

    ``commands`` counts the commands of the card's life.
    """

    historical: bytes
    interface: Interface
    commands: int

    def speak(self, protocol: exchange.Protocol, interface: Interface) -> None:
        """Settle how the card is reached from now on."""
        ...

    def answer_to_reset(self) -> bytes:
        """The ATR, as a reader of the card's interface sees it."""
        ...

    def power_on(self) -> None:
        """Reset: forget all that does not last."""
        ...

    def cells(self) -> Iterator[tuple[str, bytes]]:
        """All that lasts on the chip, by place."""
        ...


C = TypeVar("C", bound=Chip)


def protocol_of(interface: Interface) -> exchange.Protocol:
    """The protocol usual on an interface."""
    return exchange.Protocol.T1 if interface is Interface.CONTACTLESS else exchange.Protocol.T0


class PoweredCard(Generic[C]):
    """A card of any kind: ``respond`` executes one command on its chip and counts it.

    ``system`` names its operating system, in images too; ``name`` is what people call the place it sits in.
    """

    system = ""

    def __init__(self, chip: C, respond: Callable[[C, bytes], bytes], name: str = "emulator") -> None:
        self.chip = chip
        self.respond = respond
        self.name = name
        self._atr = chip.answer_to_reset()
        self._powered = True
        self._cut: Cut | None = None
        self._commands_to_cut = 0
        self._journal: Journal | None = None
        self._watched = False

    @property
    def atr(self) -> bytes:
        """Answer to reset."""
        return self._atr

    @property
    def ats(self) -> bytes:
        """Answer to select of the contactless interface, as a reader sees it before it makes an ATR of it."""
        return answer_to_select(self.chip.historical)

    @property
    def interface(self) -> Interface:
        """How a reader reaches this card now."""
        return self.chip.interface

    @property
    def serial(self) -> int:
        """The last four historical bytes."""
        return int.from_bytes(self.chip.historical[-4:], "big")

    @property
    def sealed(self) -> bool:
        """Whether the card's maker's phase is over for good; False on systems that know none."""
        return False

    @property
    def powered(self) -> bool:
        """Whether the card has power: not torn out, switched off or closed."""
        return self._powered

    @property
    def commands(self) -> int:
        """Commands executed in the card's life."""
        return self.chip.commands

    def present(self, interface: Interface) -> None:
        """Put the card to a reader of that interface, with the protocol usual there; its power is cut in between."""
        self.power_off()
        self.chip.speak(protocol_of(interface), interface)
        self._atr = self.chip.answer_to_reset()
        self.reset()

    def transmit(self, apdu: bytes, /) -> bytes:
        """Execute one command.  Raises CardRemoved while the card has no power."""
        return self._watch(apdu) if self._watched else self.execute(apdu)

    def execute(self, apdu: bytes, /) -> bytes:
        """The command itself, without power, tear and journal: what :meth:`transmit` does on a plain card."""
        return self.respond(self.chip, apdu)

    def _watch(self, apdu: bytes) -> bytes:
        if not self._powered:
            raise CardRemoved("card-removed")
        cut = self._due()
        if cut is None or self._outlasts(apdu, cut):
            if self._journal is not None:
                self._journal(apdu.hex())
            answer = self.execute(apdu)
            if cut is None:
                return answer
        self.power_off()
        raise CardRemoved("card-removed")

    def _due(self) -> Cut | None:
        """The cut of power that meets the command now at hand."""
        cut = self._cut
        if cut is None:
            return None
        self._commands_to_cut -= 1
        if self._commands_to_cut:
            return None
        self._cut = None
        return cut

    def _outlasts(self, apdu: bytes, cut: Cut) -> bool:
        """Whether what the command changes is in force after the cut; tried on a copy of the chip."""
        if cut.when is not Tear.DURING:
            return cut.when is Tear.AFTER
        twin = deepcopy(self.chip)
        self.respond(twin, apdu)
        return committed(self.chip, twin, cut.at)

    def tear(self, after: int, when: Tear, at: int = 0) -> None:
        """Cut power at the ``after``-th next command (1 = the very next); reset puts the card back in.

        With DURING power fails when ``at`` bytes of the command's write log are written: up to the commit mark the
        old state stands, from it on the new one, never a mixture.  A command that writes nothing is carried out.
        Raises ValueError for ``after`` below 1 or ``at`` below 0.
        """
        self._cut = Cut(after, when, at)
        self._commands_to_cut = after
        self._settle()

    def power_off(self) -> None:
        """Take power away: security state and challenge are lost."""
        self._powered = False
        self.chip.power_on()
        self._settle()
        if self._journal is not None:
            self._journal(RESET_LINE)

    def reset(self) -> bytes:
        """Reset the card, or put it back in; returns the ATR."""
        self._powered = True
        self.chip.power_on()
        self._settle()
        if self._journal is not None:
            self._journal(RESET_LINE)
        return self._atr

    def close(self) -> None:
        """Take the card out; idempotent.  ``reset`` would put it back in."""
        if self._powered:
            self.power_off()

    def _settle(self) -> None:
        self._watched = not self._powered or self._cut is not None or self._journal is not None


AnyCard = PoweredCard[Any]
"""A software card of whatever kind."""
