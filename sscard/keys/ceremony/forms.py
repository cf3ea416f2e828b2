"""Official forms out of a finished ceremony: annex 8 (delegation letter) and annex 9 (handover memo).

Everything on a form comes from the transcript; a number that was not counted, or differs from what the official set
has or from what the station did, refuses the form.  Where the annex has signatures and seals there are blank lines.
Source: issuing management process 2014, articles 14–16, annexes 8 and 9 (fields in our own order and words where
the layout is not published); docs/ceremony.md, "forms".
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from html import escape
from string import Template
from typing import Final

from sscard.errors import GuardRefused
from sscard.keys.ceremony.counting import carriers_done, counted
from sscard.keys.ceremony.script import DELEGATE, Form
from sscard.keys.ceremony.story import Story
from sscard.messages import Lang, text

_LINE: Final = "＿" * 14
_ZONE: Final = timezone(timedelta(hours=8))
"""China has one time and no summer time."""
_HSM: Final = "hsm"
OFFICIAL_SET: Final = (
    ("kms-software", 1, False),
    ("hsm", 1, True),
    ("master-control-card", 1, True),
    ("mother-card", 2, False),
    ("transport-card", 2, False),
    ("operator-card", 1, True),
    ("reader", 1, False),
    ("full-key-psam", 6, False),
)
"""Item, how many, and whether that is for each HSM (process 2014, article 15)."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """One form, ready to be laid out: title, ``(label, value)`` lines, an item table, and lines to sign on."""

    title: str
    facts: Sequence[tuple[str, str]]
    columns: Sequence[str]
    table: Sequence[Sequence[str]]
    body: str
    signatures: Sequence[str]
    foot: str


def sheet(form: Form, story: Story, lang: Lang = "zh") -> Sheet:
    """The form of a finished run.

    Raises GuardRefused: "form-unfinished", "form-none" (the ceremony gives no such form), "form-count" naming the
    item, "form-carriers" (counted carriers are not those the station wrote or read).
    """
    if not story.finished:
        raise GuardRefused("form-unfinished", run=story.run, step=story.open_step or "–")
    if form.value not in story.opening["forms"]:
        raise GuardRefused("form-none", run=story.run, form=form.value)
    return _letter(story, lang) if form is Form.DELEGATION else _memo(form, story, lang)


def _letter(story: Story, lang: Lang) -> Sheet:
    people = [
        (_role(story, role, lang), name) for role, name in story.opening["cast"].items() if role.startswith(DELEGATE)
    ]
    columns = [text(f"forms.{key}", lang) for key in ("person-role", "person-name", "person-id", "person-signature")]
    return Sheet(
        text("forms.delegation", lang),
        _facts(story, lang),
        columns,
        [(role, name, _LINE, _LINE) for role, name in people],
        text("forms.delegation-body", lang, count=len(people)),
        [text("forms.unit-seal", lang), text("forms.unit-head", lang), text("forms.date-line", lang)],
        _foot(story, lang),
    )


def _memo(form: Form, story: Story, lang: Lang) -> Sheet:
    found = counted(story)
    if form is Form.HANDOVER:
        _hold_official(found)
    done = carriers_done(story)
    for item, serials in done.items():
        told = found.get(item, {}).get("serials", [])
        if serials and set(told) != set(serials):
            raise GuardRefused(
                "form-carriers", item=text(f"forms.item-{item}", lang), done=len(serials), counted=len(told)
            )
    index = 0 if lang == "zh" else 1
    table = [
        (str(number), row["words"][index], str(row["count"]), "、".join(row["serials"]) or "–", _seals(story, name))
        for number, (name, row) in enumerate(found.items(), 1)
    ]
    columns = [text(f"forms.{key}", lang) for key in ("number", "item", "count", "serials", "seals")]
    sides = [f"{_role(story, role, lang)}: {name}  {_LINE}" for role, name in story.opening["cast"].items()]
    return Sheet(
        text(f"forms.{form.value}", lang),
        [*_facts(story, lang), *_keys(story, lang)],
        columns,
        table,
        text("forms.handover-body", lang),
        [*sides, text("forms.giver-seal", lang), text("forms.receiver-seal", lang), text("forms.date-line", lang)],
        _foot(story, lang),
    )


def _hold_official(found: dict[str, dict[str, object]]) -> None:
    """Refuse a memo whose numbers are not those of the official set."""
    hsms = int(str(found.get(_HSM, {}).get("count", 0)))
    for item, number, per_hsm in OFFICIAL_SET:
        wanted = number * hsms if per_hsm else number
        has = int(str(found.get(item, {}).get("count", 0)))
        if has != wanted or item not in found:
            raise GuardRefused("form-count", item=text(f"forms.item-{item}"), counted=has, expected=wanted)


def _facts(story: Story, lang: Lang) -> list[tuple[str, str]]:
    """Parameters and answers, in the order in which they were given, then when it was."""
    index = 0 if lang == "zh" else 1
    facts = [(label[index], value) for label, value in story.told()]
    begun, ended = (_local(story.entries[place].time) for place in (0, -1))
    return [*facts, (text("forms.time", lang), f"{begun} – {ended}")]


def _keys(story: Story, lang: Lang) -> list[tuple[str, str]]:
    """The ciphers, how many keys were handed over, and the check value over them, of the first step that says so."""
    ciphers = [
        (text("forms.algorithm", lang), "、".join(entry.facts["algorithms"]))
        for entry in story.done.values()
        if "algorithms" in entry.facts
    ][:1]
    return (
        ciphers
        + [
            (
                text("forms.keys", lang),
                text("forms.keys-value", lang, count=entry.facts["count"], check=entry.facts["set_check"]),
            )
            for entry in story.done.values()
            if "set_check" in entry.facts
        ][:1]
    )


def _seals(story: Story, item: str) -> str:
    seals = [
        each["seal"] for entry in story.done.values() for each in entry.facts.get("seals", ()) if each["item"] == item
    ]
    return "、".join(seals) or "–"


def _role(story: Story, role: str, lang: Lang) -> str:
    zh, en = story.opening["roles"][role]
    return str(zh if lang == "zh" else en)


def _foot(story: Story, lang: Lang) -> str:
    return text("forms.foot", lang, run=story.run, anchor=story.anchor)


def _local(time: str) -> str:
    return datetime.fromisoformat(time).astimezone(_ZONE).strftime("%Y-%m-%d %H:%M")


def as_text(form: Sheet) -> str:
    """The form as plain lines."""
    lines = [form.title, "", *(f"{label}: {value}" for label, value in form.facts), "", form.body, ""]
    lines += [" | ".join(row) for row in (form.columns, *form.table)]
    lines += ["", *(line if "＿" in line else f"{line}: {_LINE}" for line in form.signatures), "", form.foot, ""]
    return "\n".join(lines)


_PAGE: Final = Template("""<!DOCTYPE html>
<html lang="$lang"><head><meta charset="utf-8"><title>$title</title><style>
@page { size: A4; margin: 20mm } body { font-family: "SimSun", "Songti SC", serif; max-width: 170mm; margin: auto }
h1 { text-align: center; font-size: 18pt } dt { float: left; clear: left; min-width: 40mm } dd { margin: 0 0 2mm 45mm }
table { width: 100%; border-collapse: collapse } th, td { border: 1px solid #000; padding: 2mm; text-align: left }
.signatures p { margin: 8mm 0 0 } footer { margin-top: 10mm; font-size: 9pt; font-family: monospace }
</style></head><body>
<h1>$title</h1>
<dl>$facts</dl>
<p>$body</p>
<table><thead><tr>$columns</tr></thead><tbody>$rows</tbody></table>
<div class="signatures">$signatures</div>
<footer>$foot</footer>
</body></html>
""")


def as_html(form: Sheet, lang: Lang = "zh") -> str:
    """The form as one HTML page that needs nothing beside it."""
    return _PAGE.substitute(
        lang="zh-CN" if lang == "zh" else "en",
        title=escape(form.title),
        facts="".join(f"<dt>{escape(label)}</dt><dd>{escape(value)}</dd>\n" for label, value in form.facts),
        body=escape(form.body),
        columns="".join(f"<th>{escape(column)}</th>" for column in form.columns),
        rows="".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>\n" for row in form.table),
        signatures="".join(
            f"<p>{escape(line if '＿' in line else f'{line}: {_LINE}')}</p>\n" for line in form.signatures
        ),
        foot=escape(form.foot),
    )
