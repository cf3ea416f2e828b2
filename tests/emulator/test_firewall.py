"""The firewall of one card with three environments: social security (SSSE), bank (PSE) and PKI.

Every right the card knows is gained in its place; then everything that could be read, written or done in the other
environments is tried and must be answered as it is without any right.  What is blocked or used up stays so after power
off, on the other interface and in an image.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import dataclass

import pytest

from sscard.apdu.atr import Interface
from sscard.emulator import SoftwareCard, image, pki_keys
from sscard.emulator.access import MASTER, Security
from sscard.emulator.nodes import Directory, DirectoryKind, EfType, Key, KeyType
from sscard.personalize.sample import personalized_card

PSE = b"1PAY.SYS.DDF01"
PSE_ADF = bytes.fromhex("A000000333010101")
PSE_KEYS = ((0x07, 0x02), (0x0D, 0x04), (0x0D, 0x05), (0x0D, 0x06), (0x0D, 0x08), (0x0D, 0x0A), (0x0E, 0x00))
PSE_ADF_KEYS = ((0x07, 0x82), (0x0D, 0x83), (0x0D, 0x84), (0x0D, 0x88))
INTERFACES = tuple(Interface)
ZEROS = "00" * 4


@dataclass(frozen=True)
class Right:
    """One key or PIN of one directory, by path."""

    path: str
    kind: KeyType
    number: int
    version: int
    place: int
    """Where it stands among the keys of its directory."""

    def __str__(self) -> str:
        return f"{self.path}-{self.kind.name}-{self.number:02X}v{self.version}"

    def of(self, card: SoftwareCard) -> Key:
        return card.directory(self.path).keys[self.place]


class Visitor:
    """Goes about a card with commands only; secrets are looked up inside it."""

    def __init__(self, desk) -> None:
        self.desk = desk
        self.card: SoftwareCard = desk.card

    def twin(self) -> Visitor:
        """The same card with the same rights, to be tried out."""
        card = SoftwareCard(deepcopy(self.card.chip))
        return Visitor(type(self.desk)(card))

    def enter(self, path: str) -> str:
        """Select a directory straight from wherever the card is, by its name; the answer."""
        name = self.card.directory(path).name
        if not name:
            assert path == "3F00"
            return self.desk.send("00A4000000")
        return self.desk.send(b"\x00\xa4\x04\x00" + bytes((len(name),)) + name)

    def gain(self, right: Right) -> str:
        """Present a key or PIN in its directory; the card's answer."""
        self.enter(right.path)
        return self.present(right, right.of(self.card).value)

    def present(self, right: Right, value: bytes) -> str:
        """Present any value where the directory is selected already."""
        if self.card.directory(right.path).pki:
            if right.kind is KeyType.MASTER:
                return self.desk.prove(value)
            return self.desk.present(0x81 if right.number else 0x00, value.hex())
        if right.kind is KeyType.PIN:
            return self.desk.verify(value.hex())
        p2 = MASTER if right.kind is KeyType.MASTER else 0x80 | right.number
        return self.desk.authenticate(p2, value, right.version)

    def answers(self, path: str) -> tuple[tuple[str, str], ...]:
        """What the card says to everything tried in a directory, each time as it stands now."""
        self.enter(path)
        return self.here(path)

    def here(self, path: str) -> tuple[tuple[str, str], ...]:
        """The same without selecting the directory anew, so that key rights gained there last."""
        return tuple((apdu, self._answer(apdu)) for apdu in attempts(self.card.directory(path)))

    def _answer(self, apdu: str) -> str:
        *before, last = apdu.split()
        for command in before:
            self.desk.send(command)
        return self.desk.send(last)


def attempts(place: Directory) -> Iterator[str]:
    """Commands that some right would open, words of one attempt parted by spaces."""
    for ef in place.files.values():
        select = f"00A4020002{ef.fid:04X}"
        if ef.type is EfType.TRANSPARENT:
            yield f"{select} 00B0000001"
            yield f"{select} 00D6000001A5"
        else:
            for number in range(1, max(2, len(ef.records) + 1)):
                yield f"{select} 00B2{number:02X}0400"
                record = ef.records[number - 1] if len(ef.records) >= number else b"\0\0"
                yield f"{select} 00DC{number:02X}04{len(record):02X}{record.hex()}"
            if ef.type is EfType.CYCLIC:
                yield f"{select} 00DC0003{ef.record_length:02X}" + "00" * ef.record_length
        if not place.pki:
            yield f"{select} 80E1000001FF"
    yield "84D4000024" + "00" * 36
    yield "84D4010024" + "00" * 36
    yield "80E0010010000000" + "0004EF55C400150000000000"
    yield "84240000" + "04" + ZEROS
    yield "841E0001" + "04" + ZEROS
    yield "84160000" + "04" + ZEROS
    yield "B026000104"
    yield "B0560000020401"
    yield "8040000008C0020012C2020013"
    yield "804A021012C110" + "00" * 16
    yield "804E000178C2020013C1820070" + "00" * 112
    yield "80C2400046C0020014CA40" + "00" * 64
    yield "80C2C00126C2020015CB20" + "00" * 32


def environment_of(path: str) -> str:
    """The environment a path lies in; the MF is one of its own."""
    return "/".join(path.split("/")[:2])


def rights_of(card: SoftwareCard) -> list[Right]:
    """Every key and PIN of a card that can be presented."""
    return [
        Right(directory.path, key.type, key.number, key.version, place)
        for directory in card.chip.root.walk()
        for place, key in enumerate(directory.keys)
        if key.type in (KeyType.MASTER, KeyType.EXTERNAL, KeyType.PIN)
    ]


def furnish_bank(desk) -> None:
    """Keys, a PIN and files of every rule for bank environment and application, which the profile leaves bare."""
    desk.enter(PSE)
    pin = desk.block(1, 0, b"\x98\x76\x54".ljust(16, b"\xff"), tries=6, option=0, level=1)
    _furnish(desk, "3F00/DDF2", PSE_KEYS, [pin])
    desk.enter(PSE_ADF)
    _furnish(desk, "3F00/DDF2/ADF1", PSE_ADF_KEYS, [])


def _furnish(desk, path: str, keys, blocks: list[bytes]) -> None:
    """In a directory selected: its keys, a file for each of their numbers, and files for numbers of the level above."""
    master = desk.card.directory(path).master.value
    assert desk.authenticate(MASTER, master) == "9000"
    for kind, ident in keys:
        blocks.append(desk.block(kind, ident, desk.key(f"{path[-4:]} {kind:X}{ident:X}")))
    for block_of_key in blocks:
        assert desk.load_key(master, block_of_key) == "9000"
    numbers = [ident & 0x7F for kind, ident in keys if kind == 0x0D]
    rules = [f"00{number:02X}" for number in numbers] + ["00FF", "0001", "0100", "0400", "0A00"]
    for offset, rule in enumerate(rules):
        assert desk.create_ef(0xEF30 + offset, 0xC4, 0x10, sfi=0, read=rule, update=rule) == "9000"


@pytest.fixture(scope="module")
def issued(pki_desk) -> str:
    """Image of a personalized card with bank and PKI on it, sealed."""
    desk = pki_desk(personalized_card("ssc3-sm4+overlay-pki"))
    assert desk.card.sealed
    furnish_bank(desk)
    desk.card.reset()
    return image.dump(desk.card)


@pytest.fixture(params=INTERFACES, ids=lambda interface: interface.value)
def visitor(request, issued, pki_desk) -> Visitor:
    card = image.load(issued)
    card.present(request.param)
    return Visitor(pki_desk(card))


@dataclass(frozen=True)
class Leak:
    """A right that changes an answer in an environment it does not belong to."""

    right: str
    path: str
    apdu: str


def crossings(visitor: Visitor, chosen: Callable[[Right], bool] = lambda _right: True) -> tuple[list[Leak], set[str]]:
    """Leaks of the rights chosen, and the rights that open something at home."""
    paths = visitor.card.directories()
    plain = {path: visitor.twin().answers(path) for path in paths}
    leaks: list[Leak] = []
    useful: set[str] = set()
    for right in filter(chosen, rights_of(visitor.card)):
        holder = visitor.twin()
        assert holder.gain(right) == "9000", right
        home = holder.twin()
        if home.here(right.path) != plain[right.path]:
            useful.add(str(right))
        for path in paths:
            if environment_of(path) == environment_of(right.path):
                continue
            other = holder.twin()
            for (apdu, without), (_, with_right) in zip(plain[path], other.answers(path), strict=True):
                if without != with_right:
                    leaks.append(Leak(str(right), path, apdu))
    return leaks, useful


class TestRights:
    def test_no_right_of_one_environment_opens_anything_in_another(self, visitor):
        leaks, useful = crossings(visitor)
        assert leaks == []
        held = {environment_of(right.split("-")[0]) for right in useful}
        assert held == {"3F00", "3F00/DDF1", "3F00/DDF2", "3F00/DDF3"}

    def test_the_matrix_is_whole(self, visitor):
        """Every directory of the card, every file in it, every key that can be presented."""
        card = visitor.card
        rights = rights_of(card)
        assert len(card.directories()) == len({right.path for right in rights}) == 11
        assert sum(len(card.directory(path).files) for path in card.directories()) > 60
        assert len(rights) > 45
        for path in card.directories():
            words = " ".join(attempts(card.directory(path)))
            assert all(f"{fid:04X}" in words for fid in card.directory(path).files)

    def test_all_pins_together_open_what_each_opens_alone(self, visitor):
        pins = [right for right in rights_of(visitor.card) if right.kind is KeyType.PIN and right.number]
        assert [environment_of(right.path)[-4:] for right in pins] == ["DDF3", "DDF1", "DDF2"]
        everything = visitor.twin()
        for right in pins:
            assert everything.gain(right) == "9000"
        for right in pins:
            alone = visitor.twin()
            assert alone.gain(right) == "9000"
            for path in visitor.card.directories():
                if environment_of(path) == right.path:
                    assert everything.twin().answers(path) == alone.twin().answers(path), path

    def test_trying_leaves_the_card_as_it_was(self, visitor):
        """Without a right nothing that was tried changed a byte that lasts, but in files free to all."""
        before = dict(visitor.card.chip.cells())
        for path in visitor.card.directories():
            visitor.answers(path)
        after = dict(visitor.card.chip.cells())
        assert before.keys() == after.keys()
        free = {
            f"{place.path}/{ef.fid:04X}/content"
            for place in visitor.card.chip.root.walk()
            for ef in place.files.values()
            if ef.update.free
        }
        assert {place for place, value in after.items() if before[place] != value} <= free

    def test_a_challenge_of_one_environment_serves_in_no_other(self, visitor):
        for here in ("3F00/DDF1", "3F00/DDF2", "3F00/DDF3"):
            for there in ("3F00/DDF1", "3F00/DDF2", "3F00/DDF3"):
                if here == there:
                    continue
                visitor.enter(here)
                visitor.desk.challenge(16 if there.endswith("3") else 8)
                visitor.enter(there)
                proof = "0082000010" + "00" * 16 if there.endswith("3") else "008200FF10" + "00" * 16
                assert visitor.desk.send(proof) == "6984"

    def test_rights_kept_inside_an_environment_end_with_it(self, issued, pki_desk):
        """On cards whose environment rights outlast the SELECT of an application."""
        card = image.load(issued.replace('"keep_environment_rights": false', '"keep_environment_rights": true'))
        assert card.chip.options.keep_environment_rights
        leaks, _ = crossings(Visitor(pki_desk(card)), lambda right: right.path == environment_of(right.path))
        assert leaks == []

    def test_the_transport_right_opens_nothing_in_the_pki(self, pki):
        visitor = Visitor(pki)
        plain = {path: visitor.twin().answers(path) for path in ("3F00/DDF3", "3F00/DDF3/DF01")}
        assert pki.transport() == "9000"
        for path, answers in plain.items():
            assert visitor.twin().answers(path) == answers


class TestTheSuiteCanFail:
    """A leak planted in the card is found."""

    @pytest.fixture
    def card(self, issued, pki_desk) -> Visitor:
        return Visitor(pki_desk(image.load(issued)))

    @staticmethod
    def found(visitor: Visitor, *kinds: KeyType) -> set[tuple[str, str]]:
        leaks, _ = crossings(visitor, lambda right: right.kind in kinds)
        return {(environment_of(leak.right.split("-")[0]), environment_of(leak.path)) for leak in leaks}

    def test_a_pin_that_counts_everywhere(self, card, monkeypatch):
        def pin(self, wanted, directory):
            stored = directory.pin
            return stored is not None and stored.number == wanted and bool(self.pins or not stored.value)

        monkeypatch.setattr(Security, "_pin", pin)
        monkeypatch.setattr(
            pki_keys, "require_user", lambda chip: None if chip.security.pins else (_ for _ in ()).throw(refused())
        )
        found = self.found(card, KeyType.PIN)
        assert ("3F00/DDF1", "3F00/DDF3") in found
        assert ("3F00/DDF3", "3F00/DDF1") in found
        assert ("3F00/DDF2", "3F00/DDF1") in found

    def test_key_rights_that_forget_their_directory(self, card, monkeypatch):
        def holds(self, number, directory):
            return directory is not None and number in {held for _, held in self.rights}

        monkeypatch.setattr(Security, "_holds", holds)
        monkeypatch.setattr(Security, "leave", lambda *_args, **_how: None)
        found = self.found(card, KeyType.EXTERNAL)
        assert {("3F00/DDF1", "3F00/DDF2"), ("3F00/DDF2", "3F00/DDF1")} <= found

    def test_a_master_key_for_all(self, card, monkeypatch):
        monkeypatch.setattr(Security, "master", lambda self, _directory: any(n == MASTER for _, n in self.rights))
        monkeypatch.setattr(Security, "leave", lambda *_args, **_how: None)
        found = self.found(card, KeyType.MASTER)
        assert {("3F00/DDF1", "3F00/DDF3"), ("3F00/DDF3", "3F00/DDF1"), ("3F00", "3F00/DDF2")} <= found


def refused() -> Exception:
    from sscard.emulator.words import NOT_ALLOWED, Refusal

    return Refusal(NOT_ALLOWED)


def lives(visitor: Visitor) -> Iterator[Visitor]:
    """The card now, after power-off, on the other interface, out of an image, and all of that again."""
    yield visitor
    visitor.card.reset()
    yield visitor
    visitor.card.present(next(each for each in INTERFACES if each is not visitor.card.interface))
    yield visitor
    text = image.dump(visitor.card)
    kept = image.load(text)
    assert image.dump(kept) == text
    yield Visitor(type(visitor.desk)(kept))


class TestForEver:
    def test_a_blocked_card(self, visitor):
        visitor.enter("3F00/DDF1")
        block(visitor, "3F00/DDF1", 5, "84160000")
        for card in lives(visitor):
            for path in ("3F00", "3F00/DDF1", "3F00/DDF2", "3F00/DDF3", "3F00/DDF3/DF01"):
                assert card.enter(path) == "6A81"
                assert {answer for _, answer in card.here(path)} == {"6A81"}
            for apdu in ("00A4000000", "0084000008", "00C0000001", "FFFFFFFF"):
                assert card.desk.send(apdu) == "6A81"

    def test_a_blocked_application(self, visitor):
        """Each ADF that has a lock key; the rest of the card answers as before."""
        paths = visitor.card.directories()
        plain = {path: visitor.twin().answers(path) for path in paths}
        locked = [
            (path, right)
            for path in paths
            for right in rights_of(visitor.card)
            if right.path == path and right.number == lock_number(visitor.card, path) and right.kind is KeyType.EXTERNAL
        ]
        assert len(locked) >= 5
        for path, right in locked:
            one = visitor.twin()
            block(one, path, right.number, "841E0001")
            assert {answer for _, answer in one.here(path)} == {"9303"}
            for card in lives(one):
                assert card.enter(path) == "9303"
                for other in paths:
                    if other != path and card.card.interface is visitor.card.interface:
                        assert card.twin().answers(other) == plain[other]

    def test_every_used_up_key(self, visitor):
        """Each key and PIN alone: locked for good, its right not gained with the right value, the others as before."""
        everything = rights_of(visitor.card)
        for right in everything:
            one = visitor.twin()
            tries = right.of(one.card).limit
            one.enter(right.path)
            for left in reversed(range(tries)):
                assert one.present(right, wrong(right.of(one.card).value)) == f"63C{left}"
            for card in lives(one):
                assert card.gain(right) == "6983", right
                assert card.present(right, wrong(right.of(card.card).value)) == "6983"
                assert right.of(card.card).tries == 0
            others = [each for each in everything if each != right]
            assert all(each.of(one.card).tries == each.of(one.card).limit for each in others)

    def test_a_locked_pin_comes_back_in_its_own_environment_only(self, visitor):
        """PIN CHANGE/UNBLOCK of SSSE gives back its PIN and no other."""
        pins = [right for right in rights_of(visitor.card) if right.kind is KeyType.PIN]
        for right in pins:
            right.of(visitor.card).tries = 0
        visitor.enter("3F00/DDF1")
        puk = next(each for each in rights_of(visitor.card) if each.path == "3F00/DDF1" and each.number == 6)
        assert visitor.gain(puk) == "9000"
        stk = visitor.card.directory("DDF1").key(KeyType.MAINTENANCE).value
        assert visitor.desk.send(visitor.desk.secure("84240000", stk)) == "9000"
        restored = [environment_of(right.path) for right in pins if right.of(visitor.card).tries]
        assert restored == ["3F00/DDF1"]


def lock_number(card: SoftwareCard, path: str) -> int:
    directory = card.directory(path)
    if directory.kind is not DirectoryKind.ADF or directory.pki:
        return -1
    return (directory.lock & 0x7F) or 3


def wrong(value: bytes) -> bytes:
    """Another value of the same form: digits for a PIN, any bytes for a key."""
    return bytes((value[0] ^ 1,)) + value[1:]


def block(visitor: Visitor, path: str, number: int, header: str) -> None:
    """Block the card or the application selected, with its key and its STK."""
    right = next(
        each
        for each in rights_of(visitor.card)
        if (each.path, each.kind, each.number) == (path, KeyType.EXTERNAL, number)
    )
    assert visitor.gain(right) == "9000"
    stk = visitor.card.directory(path).key(KeyType.MAINTENANCE).value
    assert visitor.desk.send(visitor.desk.secure(header, stk)) == "9000"
