"""Under which key a COS takes keys, and so in which order a directory comes to its keys.

Source: FMCOS manuals (a key file's own master key, which a freshly made directory takes in clear); SmartCOS notes (the
master key above); docs/fmcos.md, "key loading".
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Final, NoReturn, Protocol

from sscard.apdu.command import Command
from sscard.cos import template
from sscard.cos.actions import (
    KEY_ABSENT,
    Action,
    Authenticate,
    LoadFirstKey,
    LoadKey,
    LoadPin,
    Move,
    Send,
    Series,
    VerifyPin,
)
from sscard.cos.commands import SELECT_MF
from sscard.cos.dialect import Making
from sscard.cos.model import Directory, KeyKind, KeySlot, Profile
from sscard.errors import PlanError

_NO_KEYS: Final = frozenset({0x6A82}) | KEY_ABSENT
"""Status words to a proof: no key file, or no such key in it."""


class Cos(Protocol):
    """What loading needs of the COS."""

    name: str
    commands: Mapping[str, str]
    exists: frozenset[int]

    def key_id(self, slot: KeySlot) -> int: ...
    def path(self, profile: Profile, directory: Directory) -> tuple[Command, ...]: ...
    def create_key_file(self, profile: Profile, directory: Directory) -> Command: ...
    def plain_load(self, making: Making, directory: Directory, slot: KeySlot) -> LoadFirstKey: ...
    def load(
        self, making: Making, directory: Directory, slot: KeySlot, version: int, under: KeySlot, line: str = ...
    ) -> LoadKey | LoadPin: ...


class KeyLoading(Protocol):
    """Moves that bring keys to a card.  ``master_cost``: exchanges for the master key of a directory."""

    master_cost: int

    def begin_card(self, making: Making, mf: Directory) -> Iterator[Move]:
        """Key file and master key of the MF."""
        ...

    def begin(self, making: Making, directory: Directory) -> Iterator[Move]:
        """Key file and master key of a directory just made and selected."""
        ...

    def overtake(self, making: Making, directory: Directory) -> LoadKey | LoadPin:
        """The load by which the card master key would take a directory over.  Raises PlanError where it may."""
        ...

    def load(self, making: Making, directory: Directory, slot: KeySlot, version: int) -> Move:
        """Another key of the directory, its master key proved."""
        ...


class OwnMaster:
    """The master key comes in clear while its directory is fresh, all others enciphered under it.

    A directory is fresh until it is left: key file and master key are one step.  Where a cut of power fell between
    them, nobody can go on in that directory: it is erased by who holds the card master key and begun anew.  The MF
    itself, which nobody can erase then, is given up.
    """

    master_cost = 1

    def __init__(self, cos: Cos) -> None:
        self._cos = cos

    def begin_card(self, making: Making, mf: Directory) -> Iterator[Move]:
        yield self._begin(making, mf, ())

    def begin(self, making: Making, directory: Directory) -> Iterator[Move]:
        master = making.profile.card_master
        clear: tuple[Action, ...] = (
            Send(SELECT_MF),
            Authenticate(making.ref(master.name), self._cos.key_id(master)),
            *(Send(select) for select in self._cos.path(making.profile, directory)[1:]),
            Send(template.command(self._cos.commands["erase"], {})),
        )
        yield self._begin(making, directory, clear)

    def _begin(self, making: Making, directory: Directory, clear: tuple[Action, ...]) -> Move:
        slot = directory.master
        key_file = Send(self._cos.create_key_file(making.profile, directory))
        return Move(
            purpose="load-key",
            target=slot.name,
            action=Series((key_file, self._cos.plain_load(making, directory, slot))),
            probe=Authenticate(making.ref(slot.name), self._cos.key_id(slot)),
            absent=_NO_KEYS,
            clear=clear,
            durable=True,
            permanent=True,
        )

    def overtake(self, making: Making, directory: Directory) -> LoadKey | LoadPin:
        slot = directory.master
        return self._cos.load(making, directory, slot, slot.versions[0], making.profile.card_master)

    def load(self, making: Making, directory: Directory, slot: KeySlot, version: int) -> Move:
        """Added; where it is unknown whether that was done, an update of the key tells, the PIN's own check for it."""
        under = directory.master
        update = self._cos.load(making, directory, slot, version, under, "update_key")
        probe = _pin_probe(making, slot, self._cos) if slot.kind is KeyKind.PIN else update
        action = self._cos.load(making, directory, slot, version, under)
        return _loaded(slot, version, action, probe)


class ParentMaster:
    """All keys come enciphered under the master key above; only that of the MF comes in clear.

    A directory stays fresh until its making is ended by a command, so that each step may simply be done again.
    """

    master_cost = 2

    def __init__(self, cos: Cos) -> None:
        self._cos = cos

    def begin_card(self, making: Making, mf: Directory) -> Iterator[Move]:
        yield self._key_file(making, mf)
        yield _loaded(mf.master, mf.master.versions[0], self._cos.plain_load(making, mf, mf.master), None)

    def begin(self, making: Making, directory: Directory) -> Iterator[Move]:
        yield self._key_file(making, directory)
        yield self.load(making, directory, directory.master, directory.master.versions[0])

    def _key_file(self, making: Making, directory: Directory) -> Move:
        return Move(
            purpose="create-file",
            target=f"{directory.name}/KEY",
            action=Send(self._cos.create_key_file(making.profile, directory)),
            already=self._cos.exists,
            durable=True,
        )

    def overtake(self, making: Making, directory: Directory) -> NoReturn:
        raise PlanError("dialect-stage", dialect=self._cos.name, stage="handover")

    def load(self, making: Making, directory: Directory, slot: KeySlot, version: int) -> Move:
        action = self._cos.load(making, directory, slot, version, making.above(directory))
        return _loaded(slot, version, action, None)


def _pin_probe(making: Making, slot: KeySlot, cos: Cos) -> Action:
    return VerifyPin(making.ref(slot.name), cos.key_id(slot))


def _loaded(slot: KeySlot, version: int, action: Action, probe: Action | None) -> Move:
    target = slot.name if len(slot.versions) == 1 else f"{slot.name} v{version}"
    return Move(purpose="load-key", target=target, action=action, probe=probe, durable=True, permanent=True)


LOADINGS: Final[Mapping[str, Callable[[Cos], KeyLoading]]] = {"own": OwnMaster, "parent": ParentMaster}
