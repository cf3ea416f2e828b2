"""Access rules: reading, fulfilling, and what to gain first."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sscard.cos.access import allowed, parse_access, wanting
from sscard.cos.model import Access, Join

RULES = {
    "free": Access(),
    "never": Access(never=True),
    "UK1DF01": Access(("UK1DF01",)),
    "PIN|RK1DF01": Access(("PIN", "RK1DF01"), Join.ANY),
    "PIN&RK1DF04": Access(("PIN", "RK1DF04"), Join.ALL),
}


@pytest.mark.parametrize("rule", RULES)
def test_rules_read_and_write(rule: str) -> None:
    assert parse_access(rule) == RULES[rule]
    assert str(RULES[rule]) == rule


@pytest.mark.parametrize("rule", ["", "A|", "&", "A|B&C", "A,B", "A||B"])
def test_what_is_no_rule(rule: str) -> None:
    with pytest.raises(ValueError, match=r".*"):
        parse_access(rule)


@pytest.mark.parametrize(
    ("rule", "held", "obtainable", "expected"),
    [
        ("free", "", "", ()),
        ("never", "A", "A", None),
        ("A", "A", "", ()),
        ("A", "", "A", ("A",)),
        ("A", "B", "B", None),
        ("PIN|A", "", "PIN A", ("A",)),
        ("PIN|A", "", "PIN", ("PIN",)),
        ("PIN|A", "PIN", "", ()),
        ("PIN&A", "", "PIN A", ("A", "PIN")),
        ("PIN&A", "A", "PIN", ("PIN",)),
        ("PIN&A", "A", "", None),
    ],
)
def test_what_to_gain(rule: str, held: str, obtainable: str, expected: tuple[str, ...] | None) -> None:
    assert wanting(parse_access(rule), held.split(), obtainable.split()) == expected


RIGHTS = ("PIN", "A", "B")


@given(
    st.sampled_from(["free", "never", "A", "PIN|A", "A|B", "PIN&A", "A&B&PIN"]),
    st.sets(st.sampled_from(RIGHTS)),
    st.sets(st.sampled_from(RIGHTS)),
)
def test_what_is_gained_fulfils_the_rule(rule: str, held: set[str], obtainable: set[str]) -> None:
    access = parse_access(rule)
    gained = wanting(access, held, obtainable)
    if gained is None:
        assert not allowed(access, held | obtainable)
    else:
        assert allowed(access, held | set(gained))
        assert set(gained) <= obtainable
        assert not set(gained) & held
