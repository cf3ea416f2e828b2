"""A change of profile in words, and as annex 4 (变更审批表), the form on which a change of structure is approved.

Source: issuing management process 2014, article 9 and annex 4: what changes (card face or file structure), before,
after, three seals.  The layout of the table is ours.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sscard import messages

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sscard.cos.model import Profile
    from sscard.cos.profile_diff import Change
    from sscard.keys.ceremony.forms import Sheet
    from sscard.messages import Lang

_WORDS = frozenset(
    {"true", "false", "free", "never", "contact", "contactless"}
    | {"variable", "fixed", "cyclic", "transparent", "directory", "purse"}
    | {"master", "pin", "internal", "maintenance", "external", "load", "purchase", "tac", "unblock", "reload"}
)
"""Values that are words of the program and told in the reader's language."""
_NAMES = frozenset({"name", "label", "value", "source", "evidence"})
"""Facts whose values are names or content, whatever they look like."""
_OFFICIAL: Lang = "zh"
"""Official forms are Chinese, whatever language the user reads."""


def told(change: Change, side: str, lang: Lang | None = None) -> str:
    """One side of a change in words: a value, or for a node that came or went whole the facts it is told by."""
    from sscard.cos.profile_diff import summary

    if not side:
        return "–"
    if change.fact:
        return _value(change.fact, side, lang)
    facts = summary(change.node)
    return "  ".join(
        f"{messages.text(f'profile.fact-{fact}', lang)} {_value(fact, value, lang)}" for fact, value in facts
    )


def _value(fact: str, value: str, lang: Lang | None) -> str:
    """A fact's value in words; numbers, names and rules of access stay as the profile has them."""
    if fact in _NAMES:
        return value
    words = value.split(" ")
    return " ".join(messages.text(f"profile.word-{word}", lang) if word in _WORDS else word for word in words)


def approval_form(before: Profile, after: Profile, found: Sequence[Change]) -> Sheet:
    """Annex 4 for the change from one profile to another: every change with both its sides, and lines for the seals."""
    from sscard.keys.ceremony.forms import Sheet

    kinds = [sum(change.kind.value == kind for change in found) for kind in ("added", "removed", "changed")]
    return Sheet(
        _t("title"),
        (
            (_t("what"), _t("what-structure")),
            (_t("before"), _profile(before)),
            (_t("after"), _profile(after)),
            (_t("count"), _t("counts").format(*kinds)),
        ),
        [_t(name) for name in ("number", "change", "node", "place", "name", "fact", "before", "after")],
        [(str(number), *_row(change)) for number, change in enumerate(found, 1)],
        messages.text("profile.diff-base", _OFFICIAL),
        [_t("seal-applicant"), _t("seal-province"), _t("seal-ministry")],
        _t("foot").format(before=before.digest, after=after.digest),
    )


def _row(change: Change) -> tuple[str, ...]:
    node = change.node
    return (
        messages.text(f"profile.change-{change.kind.value}", _OFFICIAL),
        messages.text(f"profile.node-{node.kind}", _OFFICIAL),
        node.place or "–",
        node.zh,
        messages.text(f"profile.fact-{change.fact}", _OFFICIAL),
        told(change, change.before, _OFFICIAL),
        told(change, change.after, _OFFICIAL),
    )


def _profile(profile: Profile) -> str:
    facts = {"name": profile.name, "version": profile.version, "title": profile.title_zh}
    return messages.text("profile.form-profile", _OFFICIAL, **facts)


def _t(name: str) -> str:
    return messages.text(f"profile.form-{name}", _OFFICIAL)
