"""The card beside a small reference model: the same status word for every step of a random life."""

from __future__ import annotations

from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from sscard.emulator import SoftwareCard, image


def _desk_module() -> Any:
    spec = spec_from_file_location("desk_for_model", Path(__file__).with_name("conftest.py"))
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


DESK = _desk_module()
SSSE, DF01, DF02 = "SSSE", "DF01", "DF02"
NAMES = {SSSE: DESK.SSSE, DF01: DESK.AID1, DF02: DESK.AID2}
KEYS = {
    (SSSE, 0x04): "UK", (SSSE, 0x05): "BK", (SSSE, 0x06): "PUK", (SSSE, 0x0A): "RK",
    (DF01, 0x83): "DF01 LK", (DF01, 0x84): "DF01 UK1", (DF01, 0x88): "DF01 RK1",
    (DF02, 0x83): "DF02 LK", (DF02, 0x84): "DF02 UK1", (DF02, 0x88): "DF02 RK1",
}  # fmt: skip
FREE, NEVER = (), None
FILES: dict[tuple[str, int], tuple[Any, Any]] = {
    (SSSE, 0x05): (FREE, [{4}]), (SSSE, 0x06): ([{0x0A}], [{4}]), (SSSE, 0x10): (NEVER, FREE),
    **{
        (df, sfi): rules
        for df in (DF01, DF02)
        for sfi, rules in {
            0x05: ([{"PIN"}, {0x88}], [{0x84}]),
            0x06: ([{"PIN", 0x88}], FREE),
            0x0A: (FREE, FREE),
            0x0B: ([{"PIN"}], FREE),
            0x0C: ([{0x88}], FREE),
        }.items()
    },
}  # fmt: skip
"""Place → who may read and who may update: no set = free, else any of these sets of rights opens; None = nobody."""
RECORD = bytes.fromhex("0101AA")
PIN_TRIES, KEY_TRIES = 6, 3


class CardLife(RuleBasedStateMachine):
    """The model is a handful of sets and numbers; the card has to agree with it at each step."""

    def __init__(self) -> None:
        super().__init__()
        self.desk = DESK.Desk(image.load(PATTERN))
        self.place: str | None = None
        self.rights: set[Any] = set()
        self.challenge: bytes | None = None
        self.tries = dict.fromkeys(KEYS, KEY_TRIES)
        self.pin_tries = PIN_TRIES
        self.records: set[tuple[str, int]] = set()

    def expect(self, apdu: bytes | str, status: str) -> str:
        answer: str = self.desk.send(apdu)
        assert answer[-4:] == status, (apdu, answer, status, self.place, self.rights)
        return answer[:-4]

    @rule(name=st.sampled_from(sorted(NAMES)))
    def select(self, name: str) -> None:
        answer = self.desk.send(b"\x00\xa4\x04\x00" + bytes((len(NAMES[name]),)) + NAMES[name])
        assert answer.startswith("61")
        if name != self.place:
            self.place, self.challenge = name, None
            self.rights &= {"PIN"}

    @rule()
    def reset(self) -> None:
        self.desk.card.reset()
        self.place, self.challenge, self.rights = None, None, set()

    @rule(size=st.sampled_from([4, 8, 16]))
    def draw(self, size: int) -> None:
        self.challenge = self.desk.challenge(size)
        assert len(self.challenge) == size

    @precondition(lambda self: self.place is not None)
    @rule(
        ident=st.sampled_from([4, 5, 6, 0x0A, 0x83, 0x84, 0x88]),
        right=st.booleans(),
        data=st.binary(min_size=8, max_size=8),
    )
    def authenticate(self, ident: int, right: bool, data: bytes) -> None:
        assert self.place is not None
        p2 = ident
        if self.place == SSSE and (SSSE, ident & 0x7F) in KEYS:
            ident &= 0x7F  # in SSSE both forms of P2 name its own key
        owner = self.place if ident & 0x80 else SSSE
        key = (owner, ident)
        value = DESK.key(KEYS.get(key, "none"))
        proof = DESK.cryptogram(value, self.challenge or bytes(8), data)
        body = proof if right else bytes((proof[0] ^ 1,)) + proof[1:]
        command = bytes((0, 0x82, 0, p2, 16)) + body + data
        if key not in KEYS:
            status = "6A88"
        elif not self.tries[key]:
            status = "6983"
        elif self.challenge is None:
            status = "6984"
        elif right:
            status, self.challenge = "9000", None
            self.tries[key] = KEY_TRIES
            self.rights.add(ident if owner == self.place else (SSSE, ident))
        else:
            self.tries[key] -= 1
            status, self.challenge = f"63C{self.tries[key]}", None
        self.expect(command, status)

    @precondition(lambda self: self.place is not None)
    @rule(right=st.booleans())
    def verify(self, right: bool) -> None:
        if not self.pin_tries:
            status = "6983"
        elif right:
            status, self.pin_tries = "9000", PIN_TRIES
            self.rights.add("PIN")
        else:
            self.pin_tries -= 1
            status = f"63C{self.pin_tries}"
        self.expect("0020000003" + ("123456" if right else "654321"), status)

    @precondition(lambda self: self.place is not None)
    @rule()
    def ask_tries(self) -> None:
        self.expect("00200000", f"63C{self.pin_tries}")

    def _open(self, rules: Any) -> bool:
        if rules is NEVER:
            return False
        return not rules or any(wanted <= self.rights for wanted in rules)

    @precondition(lambda self: self.place is not None)
    @rule(sfi=st.sampled_from([5, 6, 0x0A, 0x0B, 0x0C, 0x10]))
    def read(self, sfi: int) -> None:
        assert self.place is not None
        rules = FILES.get((self.place, sfi))
        if rules is None:
            status = "6A82"
        elif not self._open(rules[0]):
            status = "6982"
        else:
            status = "9000" if (self.place, sfi) in self.records else "6A83"
        answer = self.expect(bytes((0, 0xB2, 1, sfi << 3 | 4, 3)), status)
        assert answer == (RECORD.hex().upper() if status == "9000" else "")

    @precondition(lambda self: self.place is not None)
    @rule(sfi=st.sampled_from([5, 6, 0x0A, 0x0B, 0x0C, 0x10]))
    def update(self, sfi: int) -> None:
        assert self.place is not None
        rules = FILES.get((self.place, sfi))
        if rules is None:
            status = "6A82"
        elif not self._open(rules[1]):
            status = "6982"
        else:
            status = "9000"
            self.records.add((self.place, sfi))
        self.expect(bytes((0, 0xDC, 1, sfi << 3 | 4, 3)) + RECORD, status)

    @invariant()
    def counters_agree(self) -> None:
        held = self.desk.card.directory("DDF1")
        assert held.pin.tries == self.pin_tries
        for (place, ident), tries in self.tries.items():
            directory = self.desk.card.directory("DDF1" if place == SSSE else place)
            key = next(key for key in directory.keys if key.type == 0x0D and key.id == ident and key.version == 1)
            assert key.tries == tries


def _pattern() -> str:
    desk = DESK.Desk(SoftwareCard.blank(0x17))
    DESK.furnish(desk)
    return image.dump(desk.card)


PATTERN = _pattern()
TestCardLife = CardLife.TestCase
TestCardLife.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
