"""Access rules of EFs and the security state that satisfies them.

A rule names one number in the parent directory and one in the EF's own directory (docs/t514.md, "Rights").
Source of the state's life: LD/T 32 draft, security state of the user card.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from sscard.emulator.nodes import Directory

ABSENT: Final = 0x00
MASTER: Final = 0xFF
NEVER: Final = 0xEF
BOTH: Final = 4
_NUMBER: Final = 0x7F


def number_of(value: int) -> int:
    """The number of a key id, level or access byte inside its directory: 08 and 88 are the same."""
    return value & _NUMBER


@dataclass(frozen=True, slots=True)
class Rule:
    """Who may read or update an EF.  ``both`` asks for both halves, else either half opens."""

    parent: int
    own: int
    both: bool

    @property
    def free(self) -> bool:
        return self.parent == ABSENT and self.own == ABSENT


@dataclass(slots=True)
class Security:
    """Rights held since the last reset.

    ``rights`` holds (directory, number) of authenticated keys, MASTER standing for the master key; ``pins`` the
    directories whose PIN was verified; ``transport`` whether the transport code was.
    """

    rights: set[tuple[Directory, int]] = field(default_factory=set)
    pins: set[Directory] = field(default_factory=set)
    transport: bool = False

    def allows(self, rule: Rule, directory: Directory) -> bool:
        """Whether the rule of an EF in ``directory`` is satisfied now."""
        halves = [
            self._holds(number, place)
            for number, place in ((rule.parent, directory.parent), (rule.own, directory))
            if number != ABSENT
        ]
        return all(halves) if rule.both else any(halves) or not halves

    def _holds(self, number: int, directory: Directory | None) -> bool:
        if directory is None or number == NEVER:
            return False
        if number == MASTER:
            return (directory, MASTER) in self.rights
        wanted = number_of(number)
        return (directory, wanted) in self.rights or self._pin(wanted, directory)

    def _pin(self, wanted: int, directory: Directory) -> bool:
        """A PIN condition holds after VERIFY, and always while the stored PIN is empty."""
        pin = directory.pin
        return pin is not None and pin.number == wanted and (directory in self.pins or not pin.value)

    def master(self, directory: Directory) -> bool:
        """Whether the master key of ``directory`` is authenticated."""
        return (directory, MASTER) in self.rights

    def leave(self, entered: Directory, *, keep_environment: bool) -> None:
        """Drop the key rights of the directory left; with ``keep_environment`` those of the DDF of ``entered`` stay."""
        kept = entered.environment if keep_environment else None
        self.rights = {right for right in self.rights if right[0] is kept and right[1] != MASTER}
