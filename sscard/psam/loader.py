"""Load a PSAM by a list: exactly the listed keys, never over one that is there, and proof that each one works.

Order: everything is checked before anything is written; then the key file is opened with its KID key, each key created
(or, by an explicit word, changed), the information file, the public information and at last the terminal number
written; a PSAM whose loading broke off has no number and makes no purchase.  Source: LD/T 32 draft, PSAM part.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from sscard.apdu.command import Command
from sscard.cos.psam import PUBLIC_FID, TERMINAL_FID, Authority, PsamType, PublicInfo
from sscard.cos.purse import Purchase, purchase_seed
from sscard.errors import GuardRefused
from sscard.keys import catalog
from sscard.keys.diversify import FACTOR_SIZE
from sscard.keys.family import MAC_SIZE
from sscard.keys.hierarchy import key_size
from sscard.keys.psam import APPLICATION_MASTER, AUTHORITIES, ENVIRONMENT_MASTER, PsamClass, factors_of
from sscard.keys.service import KeyRef, KeyService
from sscard.psam.loadlist import ListRow, LoadList, official_keys
from sscard.psam.module import purchase_body
from sscard.psam.reader import Psam

_ISSUER: Final = 0x01
_CREATE, _CHANGE = 0, 1
_USUAL_SIZE: Final = 16
_CIPHER: Final = frozenset((PsamClass.CIPHER, PsamClass.BOTH))
_NOTHING: Final = bytes(7)
"""The time of a purchase that only proves a key."""


@dataclass(frozen=True, slots=True)
class LoadOrder:
    """What to load: the list, the terminal number (12 digits), and the keys by name that may be replaced.

    ``resumed`` says that this very loading was begun before and broke off: what it wrote is written again.
    """

    list: LoadList
    terminal: str
    replace: frozenset[str] = frozenset()
    resumed: bool = False


@dataclass(frozen=True, slots=True)
class LoadReport:
    """What was done: names of keys created and changed, all of them proved afterwards."""

    serial: str
    terminal: str
    created: tuple[str, ...]
    changed: tuple[str, ...]


def load_psam(psam: Psam, keys: KeyService, order: LoadOrder, begin: Callable[[], None]) -> LoadReport:
    """Load one PSAM and prove it.  ``begin`` is called once, after the checks and before the first write.

    Raises GuardRefused before anything is written (key there, number of another, wrong cipher, mixed versions),
    CustodyError for keys that are missing or frozen, StatusError, CounterError and TransportError from the wire,
    GuardRefused("psam-proof") in the end.
    """
    return _Loading(psam, keys, order).run(begin)


class _Loading:
    """One loading in work."""

    def __init__(self, psam: Psam, keys: KeyService, order: LoadOrder) -> None:
        self.psam = psam
        self.keys = keys
        self.order = order
        self.facts = psam.facts()
        self.rows = tuple(order.list.chosen())

    def run(self, begin: Callable[[], None]) -> LoadReport:
        self._check()
        change = self._decide()
        begin()
        self._open()
        for row in self.rows:
            self._write(row, change=row in change)
        self._information()
        if not self.facts.terminal:
            self._identify()
        self.psam.channel.reset()
        self.psam = Psam(self.psam.channel, self.psam.algorithm, self.psam.layout)
        for row in self.rows:
            if not self._proves(row):
                raise GuardRefused("psam-proof", name=row.name, where=str(row.place))
        return LoadReport(
            self.facts.public.serial.hex(),
            self.order.terminal,
            tuple(row.name for row in self.rows if row not in change),
            tuple(row.name for row in self.rows if row in change),
        )

    def _own(self, name: str) -> KeyRef:
        """One of the PSAM's own keys."""
        return KeyRef(name, self.order.list.city, self.facts.public.factor)

    def _check(self) -> None:
        """Cipher and number.  Custody is asked for every key before the first is written."""
        wanted = self.order.list.algorithm
        for ref in (self._own(APPLICATION_MASTER), *(row.root(self.order.list.city) for row in self.rows)):
            if self.psam.algorithm is not wanted or self.keys.algorithm(ref) is not wanted:
                raise GuardRefused("psam-algorithm-list", algorithm=wanted.name)
        if self.facts.terminal not in ("", self.order.terminal):
            raise GuardRefused("psam-number-other", found=self.facts.terminal, wanted=self.order.terminal)
        if not self.facts.terminal and self.order.list.authority is not Authority.NATIONAL:
            raise GuardRefused("psam-numberless")
        self._check_version()

    def _check_version(self) -> None:
        """One information file names the version of all an authority's keys: they change together.

        A key left behind would be taken for the new version, and every card would count a failed try.
        """
        authority, version = self.order.list.authority, self.order.list.info.authentication_key_version
        told = self.facts.information.get(authority)
        if told is None or told.authentication_key_version == version:
            return
        mine = {row.name for row in official_keys(authority)} - {row.name for row in self.rows}
        for key in self.psam.present():
            if key.name in mine and key.place.usage.kind is not PsamClass.PURCHASE:
                there = told.authentication_key_version
                raise GuardRefused("psam-version-mixed", name=key.name, found=there, wanted=version)

    def _decide(self) -> frozenset[ListRow]:
        """The rows whose key is there and is changed.  Raises GuardRefused for a key that nobody said to replace."""
        there = frozenset(row for row in self.rows if self.psam.holds(row.place))
        for row in (row for row in self.rows if row in there):
            if row.name not in self.order.replace and not self.order.resumed:
                raise GuardRefused("psam-key-there", name=row.name, where=str(row.place))
        replaced = {row.name for row in there}
        for name in sorted(self.order.replace):
            if name not in replaced:
                raise GuardRefused("psam-nothing-to-replace", name=name)
        return there

    def _open(self) -> None:
        """External authentication with the authority's KID key."""
        authority = self.order.list.authority
        challenge, original = self.psam.challenge(), secrets.token_bytes(FACTOR_SIZE)
        data = self.keys.authentication_data(self._own(AUTHORITIES[authority - 1]), challenge, original)
        self.psam.channel.call(Command(0x00, 0x82, 0x00, authority, data + original))

    def _write(self, row: ListRow, *, change: bool) -> None:
        """CREATE KEY or CHANGE KEY of one root."""
        root, under, place = row.root(self.order.list.city), self._own(APPLICATION_MASTER), row.place
        head = place.change_head() if change else place.create_head(self.psam.algorithm, self._size(row.name))
        cipher = self.keys.wrap_for_psam(root, under, head)
        header = bytes((0x84, 0xD4, _CHANGE if change else _CREATE, self.order.list.authority.key_file))
        self._call_with_mac(under, header, cipher)

    def _size(self, name: str) -> int:
        """Bytes of a key: those of its row, 16 for keys of no list."""
        listed = [row for row in catalog.load() if row.name == name]
        return key_size(listed[0], self.psam.algorithm) if listed else _USUAL_SIZE

    def _call_with_mac(self, under: KeyRef, header: bytes, body: bytes) -> None:
        """Send ``header Lc body MAC``, the MAC under an own key itself with a fresh challenge as initial value."""
        challenge = self.psam.challenge()
        message = header + bytes((len(body) + MAC_SIZE,)) + body
        self.psam.channel.call(Command.parse(message + self.keys.key_mac(under, challenge, message)))

    def _information(self) -> None:
        fid = self.order.list.authority.information_fid
        self.psam.channel.call(Command(0x00, 0xD6, 0x80 | fid & 0x1F, 0x00, self.order.list.info.content()))

    def _identify(self) -> None:
        """Public information and, last of all, the terminal number."""
        environment = self.psam.layout.environment(self.psam.algorithm)
        self.psam.channel.call(Command(0x00, 0xA4, 0x04, 0x00, environment.name, le=256))
        kind = PsamType.DEBUG if self.order.list.debug else PsamType.ORDINARY
        found = self.facts.public
        public = PublicInfo(_ISSUER, found.serial, found.version, kind, found.fci)
        under = self._own(ENVIRONMENT_MASTER)
        for fid, content in ((PUBLIC_FID, public.content()), (TERMINAL_FID, bytes.fromhex(self.order.terminal))):
            self._call_with_mac(under, bytes((0x04, 0xD6, 0x80 | fid & 0x1F, 0x00)), content)

    def _proves(self, row: ListRow) -> bool:
        """Whether PSAM and custody reckon alike for a card that does not exist."""
        city = self.order.list.city
        ref = KeyRef(row.name, city, secrets.token_bytes(FACTOR_SIZE), row.version)
        one, two = secrets.token_bytes(FACTOR_SIZE), secrets.token_bytes(FACTOR_SIZE)
        kind = row.place.usage.kind
        try:
            if kind is PsamClass.PURCHASE:
                return self._proves_purchase(ref, row.place.usage.levels)
            if not self.psam.deliver(row.place, factors_of(ref, row.place.usage.levels), one).ok:
                return False
            if kind in _CIPHER:
                return hmac.compare_digest(
                    self.psam.authentication_data(two), self.keys.authentication_data(ref, one, two)
                )
            return hmac.compare_digest(self.psam.mac(two), self.keys.session_mac(ref, one, two))
        finally:
            self.keys.forget(ref.card)

    def _proves_purchase(self, ref: KeyRef, levels: int) -> bool:
        """A purchase of nothing: it uses one terminal number up and is closed by its own MAC2."""
        order = Purchase(0, 0, 0, bytes.fromhex(self.order.terminal))
        random = secrets.token_bytes(4)
        number, mac1 = self.psam.init_purchase(
            purchase_body(self.psam.algorithm, ref, levels, random, 0, order, _NOTHING)
        )
        seed = purchase_seed(random, 0, number)
        mac2 = self.keys.session_mac(ref, seed, order.amounts)
        return hmac.compare_digest(mac1, self.keys.session_mac(ref, seed, order.mac1(_NOTHING))) and (
            self.psam.credit_purchase(mac2).ok
        )
