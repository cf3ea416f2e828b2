"""Random and mutated commands against the software card; a reference model says what must never happen.

Run: python -m fuzz.run [--count N] [--seed S] [--contactless] [--knowing].  make fuzz N=10000000 runs it whole.

Broken rules: an exception, an answer of no form, data of a file without its right, a counter that rises but by success,
an administration command on a sealed card, an image that does not load back to itself.  Exit 1 at the first,
with the seed and the last commands.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import time
from collections import deque
from collections.abc import Callable
from importlib import import_module

from fuzz.reference import Broken, Node, Reference, proof
from sscard.apdu.atr import Interface
from sscard.apdu.transport import Channel
from sscard.cos.dialect import load_dialect
from sscard.cos.profile import load_profile
from sscard.emulator import SoftwareCard, image
from sscard.keys.hierarchy import memory_service
from sscard.personalize.plan import compile_profile
from sscard.personalize.runner import Runner
from sscard.personalize.sample import INIT_ORG, PERSON, REGION, NoLog

ROUND = 4_000
"""Commands after which the card's image is checked and a fresh card taken."""
ORIGINAL = bytes(range(8))
LAST = 12
HEADERS = tuple(
    bytes.fromhex(line[start : start + 8])
    for line in (
        "00A4000000A4020000A4040000C000000084000000880000008200040082000A00820084008200FF",
        "00200000805E0100842400008424000100B2013400B2002C00B2013500B2050000DC012C04DC012C",
        "00B0870000D6870004D68700841E00018416000080E0010080E0020080E0030080E1000000D40000",
        "84D4000084D40100B0280001",
    )
    for start in range(0, len(line), 8)
)


def traffic(interface: Interface) -> tuple[list[bytes], str]:
    """Every command of one personalization, and the image of the card it made."""
    profile = load_profile("ssc3-sm4")
    dialect = load_dialect(profile.dialect)
    card = SoftwareCard.blank(0x17, interface=interface)
    sent: list[bytes] = []
    channel = Channel(card, (lambda apdu, _answer: sent.append(bytes(apdu)),))
    plan = compile_profile(profile, dialect, REGION, INIT_ORG).plan(PERSON, channel.atr.serial)
    Runner(channel, dialect, memory_service(REGION, 0), channel.atr.card_factor).run(plan, NoLog())
    card.reset()
    return sent, image.dump(card)


class Fuzzer:
    """Makes commands, lets card and model have them, and compares."""

    reference = Reference

    def __init__(self, seed: int, interface: Interface = Interface.CONTACT) -> None:
        self.seed = seed
        self.random = random.Random(seed)
        self.recorded, self.pattern = traffic(interface)
        self.commands = 0
        self.answers: dict[str, int] = {}
        self.last: deque[tuple[str, str]] = deque(maxlen=LAST)
        self._makers = [maker for maker, weight in self.weights() for _ in range(weight)]
        self._fresh()

    def weights(self) -> tuple[tuple[Callable[[], bytes], int], ...]:
        """The makers of commands, and how often each is called."""
        return (
            (self._recorded, 4), (self._mutated, 8), (self._random, 3), (self._framed, 4), (self._select, 4),
            (self._challenge, 4), (self._authenticate, 4), (self._verify, 1), (self._read, 8), (self._update, 3),
        )  # fmt: skip

    def _fresh(self) -> None:
        self.card = image.load(self.pattern)
        self.model = self.reference(self.pattern)
        chip = self.card.chip
        self.counted = [chip.transport_code, *(key for node in chip.root.walk() for key in node.keys)]
        self.tries = [secret.tries for secret in self.counted]

    def run(self, count: int) -> None:
        """So many commands.  Raises Broken."""
        end = self.commands + count
        while self.commands < end:
            for _ in range(min(ROUND, end - self.commands)):
                self.step()
            self._check_image()
            self._fresh()

    def step(self) -> None:
        """One command."""
        self.send(self.random.choice(self._makers)())

    def send(self, apdu: bytes) -> None:
        """Let card and model have a command.  Raises Broken."""
        self.commands += 1
        if self.random.randrange(500) == 0:
            self.card.reset()
            self.model.reset()
        try:
            answer = self.card.execute(apdu)
        except Exception as error:
            self.last.append((apdu.hex(), repr(error)))
            raise Broken(f"the card raised {error!r}") from error
        self.last.append((apdu.hex(), answer.hex()))
        word = f"{answer[-2]:02X}" if len(answer) > 1 else "none"
        self.answers[word] = self.answers.get(word, 0) + 1
        may_rise = self.model.judge(apdu, answer)
        tries = [secret.tries for secret in self.counted]
        if tries != self.tries:
            risen = sum(new > old for new, old in zip(tries, self.tries, strict=True))
            if risen > may_rise:
                raise Broken("a counter rose without success")
            if any(new < 0 or old - new > 1 for new, old in zip(tries, self.tries, strict=True)):
                raise Broken("a counter fell by more than one")
            self.tries = tries

    def _check_image(self) -> None:
        self.card.reset()
        text = image.dump(self.card)
        if image.dump(image.load(text)) != text:
            raise Broken("the image does not load back to itself")

    def _recorded(self) -> bytes:
        return self.random.choice(self.recorded)

    def _mutated(self) -> bytes:
        apdu = bytearray(self.random.choice(self.recorded))
        for _ in range(self.random.choice((1, 1, 1, 2, 4))):
            place, kind = self.random.randrange(len(apdu)) if apdu else 0, self.random.randrange(5)
            if kind == 0 and apdu:
                apdu[place] ^= 1 << self.random.randrange(8)
            elif kind == 1 and apdu:
                apdu[place] = self.random.choice((0, 1, 0x7F, 0x80, 0xFE, 0xFF))
            elif kind == 2:
                del apdu[place:]
            elif kind == 3:
                apdu[place:place] = self.random.randbytes(self.random.randrange(1, 9))
            elif apdu:
                apdu[: min(4, len(apdu))] = self.random.choice(HEADERS)
        return bytes(apdu[:300])

    def _random(self) -> bytes:
        return self.random.randbytes(self.random.choice((0, 1, 3, 4, 5, 6, 12, 22, 40, 261)))

    def _framed(self) -> bytes:
        body = self.random.randbytes(self.random.choice((0, 1, 2, 4, 8, 16, 17, 24, 40)))
        tail = self.random.choice((b"", b"", b"\0"))
        return self.random.choice(HEADERS) + (bytes((len(body),)) + body if body else b"") + tail

    def _select(self) -> bytes:
        name = self.random.choice(list(self.model.names))
        return b"\x00\xa4\x04\x00" + bytes((len(name),)) + name

    def _challenge(self) -> bytes:
        return b"\x00\x84\x00\x00" + self.random.choice((b"\x08", b"\x08", b"\x04", b"\x10"))

    def _authenticate(self) -> bytes:
        """A right proof for one of the keys at hand, now and then a wrong one; never a master key."""
        place: Node = self.model.current if self.random.randrange(3) else self.model.environment
        if not place.keys:
            return self._challenge()
        number = self.random.choice(list(place.keys))
        key = self.random.choice(place.keys[number])
        body = proof(key, self.model.challenge, ORIGINAL)
        if self.random.randrange(40) == 0:
            body = body[::-1]
        p2 = number | 0x80 if place is self.model.current else number
        return bytes((0, 0x82, 0, p2, 16)) + body + ORIGINAL

    def _verify(self) -> bytes:
        pin = self.model.environment.pin
        value = pin[1] if pin and self.random.randrange(8) else self.random.randbytes(3)
        return b"\x00\x20\x00\x00" + (bytes((len(value),)) + value if value else b"")

    def _read(self) -> bytes:
        sfi = self.random.choice(list(self.model.current.by_sfi) or [5])
        if self.random.randrange(3) == 0:
            return bytes((0, 0xB0, 0x80 | sfi, self.random.randrange(4), 0))
        mode = self.random.choice((4, 4, 4, 0, 1, 2, 5, 6))
        return bytes((0, 0xB2, self.random.randrange(6), sfi << 3 | mode, self.random.choice((0, 0, 0xFF, 9))))

    def _update(self) -> bytes:
        sfi = self.random.choice(list(self.model.current.by_sfi) or [5])
        value = self.random.randbytes(self.random.randrange(1, 12))
        body = bytes((self.random.randrange(1, 9), len(value))) + value
        if self.random.randrange(4) == 0:
            return bytes((0, 0xD6, 0x80 | sfi, self.random.randrange(4), len(body))) + body
        return bytes((0, 0xDC, self.random.randrange(5), sfi << 3 | 4, len(body))) + body


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--count", type=int, default=10_000_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--contactless", action="store_true")
    parser.add_argument("--knowing", action="store_true", help="with master keys and right MACs")
    given = parser.parse_args()
    kind: type[Fuzzer] = import_module("fuzz.knowing").Knowing if given.knowing else Fuzzer
    fuzzer = kind(given.seed, Interface.CONTACTLESS if given.contactless else Interface.CONTACT)
    began = time.perf_counter()
    try:
        while fuzzer.commands < given.count:
            fuzzer.run(min(1_000_000, given.count - fuzzer.commands))
            print(f"{fuzzer.commands:,} commands, {time.perf_counter() - began:.0f} s", file=sys.stderr, flush=True)
    except Broken as error:
        print(f"BROKEN after {fuzzer.commands:,} commands, seed {given.seed}: {error}", file=sys.stderr)
        for sent, received in fuzzer.last:
            print(f"  → {sent}\n  ← {received}", file=sys.stderr)
        return 1
    rate = fuzzer.commands / (time.perf_counter() - began)
    print(json.dumps({"commands": fuzzer.commands, "rate": round(rate), "broken": 0, "answers": fuzzer.answers}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
