"""``sscard explain``: the cause behind a code and the next action."""

from __future__ import annotations

import difflib
import re
from dataclasses import asdict, dataclass
from typing import Final

import click

from sscard import messages
from sscard.commands.common import emit, json_option
from sscard.errors import Exit, SscardError

_STATUS_WORD: Final = re.compile(r"[0-9A-F]{4}")
_PLACE: Final = re.compile(r"\{[^{}]*\}")
_NO_CODES: Final = frozenset({"label", "interrupted"})


class UnknownCode(SscardError):
    """No such status word, rule or error code."""

    exit_code = Exit.USAGE


@dataclass(frozen=True, slots=True)
class Explanation:
    """One code explained in both languages.  ``kind`` is sw, rule or error; ``severity`` is empty but for rules."""

    code: str
    kind: str
    severity: str
    meaning_zh: str
    meaning_en: str
    cause_zh: str
    cause_en: str
    next_zh: str
    next_en: str


@click.command(help=messages.text("explain.help"))
@click.argument("codes", metavar="CODE…", nargs=-1, required=True)
@json_option
def command(codes: tuple[str, ...], as_json: bool) -> int:
    found = [explain(code) for code in codes]
    for number, explanation in enumerate(found):
        if as_json:
            emit(asdict(explanation))
            continue
        if number:
            click.echo()
        _show(explanation)
    return Exit.OK


def explain(code: str) -> Explanation:
    """What stands behind ``code``, upper or lower case.  Raises UnknownCode, naming the nearest codes."""
    code = code.strip().upper().removeprefix("SW")
    explanation = _status_word(code) or _rule(code) or _error(code)
    if explanation is None:
        near = difflib.get_close_matches(code, _all_codes(), n=3, cutoff=0.5)
        raise UnknownCode("explain-unknown", code=code[:20], near=", ".join(near) or messages.text("explain.none"))
    return explanation


def _status_word(code: str) -> Explanation | None:
    from sscard.apdu import status

    if not _STATUS_WORD.fullmatch(code):
        return None
    sw = int(code, 16)
    family = f"{code[:3]}x" if code.startswith("63C") else f"{code[:2]}xx" if code[:2] in ("61", "6C") else code
    if family == code and sw not in status.MEANINGS:
        return None
    meaning = status.meaning(sw)
    action = f"sw-{family}"
    following = messages.lookup(f"explain.{action if action in messages.keys_in('explain') else 'sw-other'}")
    return Explanation(code, "sw", "", *meaning, "", "", *following)


def _rule(code: str) -> Explanation | None:
    from sscard.personalize.findings import RULES

    if code not in RULES:
        return None
    (what_zh, next_zh), (what_en, next_en) = _halves(f"intake.{code}")
    cause = messages.lookup(f"explain.rule-{code}")
    return Explanation(code, "rule", RULES[code].value, what_zh, what_en, *cause, next_zh, next_en)


def _error(code: str) -> Explanation | None:
    key = code.lower()
    if key not in messages.keys_in("errors") or key in _NO_CODES:
        return None
    (what_zh, next_zh), (what_en, next_en) = _halves(f"errors.{key}")
    return Explanation(code, "error", "", what_zh, what_en, "", "", next_zh, next_en)


def _halves(name: str) -> list[tuple[str, str]]:
    """``(what, to do)`` in Chinese and in English, with an ellipsis where a case would fill something in."""
    halves = []
    for text in messages.lookup(name):
        what, _, following = _PLACE.sub("…", text).partition("|")
        halves.append((what, following))
    return halves


def _all_codes() -> list[str]:
    from sscard.apdu.status import MEANINGS
    from sscard.personalize.findings import RULES

    errors = [key.upper() for key in messages.keys_in("errors") if key not in _NO_CODES]
    return [f"{sw:04X}" for sw in MEANINGS] + list(RULES) + errors


def _show(explanation: Explanation) -> None:
    kind = messages.text(f"explain.{explanation.kind}")
    severity = f" ({messages.text(f'intake.{explanation.severity}')})" if explanation.severity else ""
    click.echo(f"{explanation.code}  {kind}{severity}")
    nothing = messages.lookup("explain.nothing-to-do")
    for lang, meaning, cause, following in (
        ("zh", explanation.meaning_zh, explanation.cause_zh, explanation.next_zh or nothing[0]),
        ("en", explanation.meaning_en, explanation.cause_en, explanation.next_en or nothing[1]),
    ):
        language: messages.Lang = "zh" if lang == "zh" else "en"
        click.echo(f"  {meaning}")
        if cause:
            click.echo(f"  {messages.text('explain.cause', language)}: {cause}")
        click.echo(f"  {messages.text('explain.next', language)}: {following}")
