"""Synthetic people: batches for tests, demonstrations and measurements, recognisable at sight and by rule.

Everything follows from a person's number: region 99xxxx is unassigned, names begin with 测试, card numbers with T, the
bank is 99999 and its cards begin with the region.  Different seeds give different people as long as a batch stays
within ``SEED_STEP``; the same seed gives the same file on every machine.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Final

from sscard.cos import names
from sscard.durable import replacing
from sscard.errors import BatchUnusable, GuardRefused
from sscard.personalize import cardnumber, lines, ssn
from sscard.personalize.rules_card import DEMO_NAME

COLUMNS: Final = (
    "seq",
    "ssn",
    "name",
    "sex",
    "ethnic",
    "birth",
    "birthplace",
    "card_no",
    "region",
    "issue_date",
    "expire_date",
    "apply_kind",
    "bank_code",
    "bank_pan",
    "mobile",
    "address",
)
MAX_COUNT: Final = 9_999_999
"""Card numbers have seven free digits."""

SEED_STEP: Final = 100_000
"""Distance between the first people of two neighbouring seeds."""

BANK_CODE: Final = "99999"
ISSUED: Final = date(2026, 6, 1)
LIFE_YEARS: Final = 10

_FIRST_BIRTH: Final = date(1940, 1, 1)
_BIRTH_DAYS: Final = 29_221
_ORDERS: Final = 990
"""Order numbers 001–999 without the round hundreds, which look like a number cut by a spreadsheet."""

_PEOPLE: Final = _BIRTH_DAYS * _ORDERS
_STRIDE: Final = 10_619_863
"""Prime, so that steps of it visit every birth date and order number once before any repeats."""

_GIVEN: Final = "甲乙丙丁戊己庚辛壬癸子丑寅卯辰巳午未申酉戌亥安康宁泰和平春夏秋冬"
_SEGMENTS: Final = ("买买提", "阿卜杜", "热西提", "吐尔逊江", "古丽", "娜孜", "艾合买提", "木拉提", "ALI")
_RARE: Final = "\u4dae\u3447\U0002cc56\U00020089\U0002b1ed\u4c9f"
"""Characters of personal names outside GBK; all but the first take four GB18030 bytes."""

_LONG_EVERY: Final = 17
_RARE_EVERY: Final = 23


def rows(count: int, *, seed: int = 1, region: str = "990101", rare: bool = True) -> Iterator[tuple[str, ...]]:
    """``count`` people as rows of ``COLUMNS``.  ``rare``: use characters outside GBK now and then.

    Raises GuardRefused for a region outside 99xxxx, BatchUnusable for a count outside 1…``MAX_COUNT``.
    """
    if not (len(region) == 6 and region.isascii() and region.isdigit() and region.startswith(ssn.DEMO_PREFIX)):
        raise GuardRefused("people-region", region=region)
    if not 1 <= count <= MAX_COUNT:
        raise BatchUnusable("people-count", count=count, limit=MAX_COUNT)
    start = (seed - 1) * SEED_STEP
    return (_row(seq, start + seq, region, rare) for seq in range(1, count + 1))


def write(
    path: Path,
    count: int,
    *,
    seed: int = 1,
    region: str = "990101",
    encoding: str = "utf-8",
    force: bool = False,
    on_row: Callable[[int], None] | None = None,
) -> None:
    """Write ``count`` people to ``path`` as a canonical batch; an interrupted run leaves no file behind.

    Raises GuardRefused for an existing file without ``force`` and as :func:`rows`, BatchUnusable for an encoding that
    is not one of a batch or a folder that cannot be written.
    """
    if encoding not in lines.ENCODINGS:
        raise BatchUnusable("batch-encoding", encoding=encoding, known=", ".join(lines.ENCODINGS))
    people = rows(count, seed=seed, region=region, rare=encoding != "gbk")
    if path.exists() and not force:
        raise GuardRefused("people-exists", path=str(path))
    try:
        with replacing(path, mode=0o644) as part, part.open("w", encoding=encoding, newline="") as file:
            file.write(",".join(COLUMNS) + "\n")
            for done, row in enumerate(people, 1):
                file.write(",".join(row) + "\n")
                if on_row:
                    on_row(done)
    except OSError as error:
        raise BatchUnusable("people-unwritable", path=str(path), reason=error.strerror or str(error)) from error


def _row(seq: int, person: int, region: str, rare: bool) -> tuple[str, ...]:
    slot = person * _STRIDE % _PEOPLE
    born = _FIRST_BIRTH + timedelta(days=slot % _BIRTH_DAYS)
    hundred, rest = divmod(slot // _BIRTH_DAYS, 99)
    number = f"{region}{born:%Y%m%d}{hundred * 100 + rest + 1:03d}"
    number += ssn.check_character(number)
    card = f"{cardnumber.DEMO_PREFIX}{person % 10_000_000:07d}"
    pan = f"{region}{person % 10**11:011d}1"
    name = _long_name(person) if person % _LONG_EVERY == 0 else _short_name(person, rare)
    return (
        str(seq),
        number,
        name,
        ssn.sex_code(number),
        "05" if "·" in name else f"{person // 7 % 56 + 1:02d}" if person % 7 == 0 else "01",
        f"{born:%Y%m%d}",
        region,
        card + cardnumber.check_character(card),
        region,
        f"{ISSUED:%Y%m%d}",
        f"{ISSUED.replace(year=ISSUED.year + LIFE_YEARS) - timedelta(days=1):%Y%m%d}",
        "new",
        BANK_CODE,
        pan + cardnumber.luhn_digit(pan),
        f"100{person % 10**8:08d}",
        f"测试市测试区测试路{person % 999 + 1}号",
    )


def _short_name(person: int, rare: bool) -> str:
    first, second = divmod(person * 7919, len(_GIVEN))
    given = _GIVEN[second] + (_GIVEN[first % len(_GIVEN)] if person % 3 else "")
    if rare and person % _RARE_EVERY == 0:
        given += _RARE[person // _RARE_EVERY % len(_RARE)]
    return DEMO_NAME + given


def _long_name(person: int) -> str:
    """A name of 31 to 50 bytes that fits both items of the card."""
    name, position = DEMO_NAME, person // _LONG_EVERY
    while len(name.encode(names.ENCODING)) <= names.FIRST_SIZE + person % 8:
        name += "·" + _SEGMENTS[position % len(_SEGMENTS)]
        position = position * 5 + 3
    return name
