"""Annex 10 (PSAM申领发放表) and annex 11 (PSAM密钥加载清单) as text and HTML.

Official forms are Chinese, whatever language the user reads.  Source: issuing management process of 2014, annexes 10
and 11: fields and their order.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from unicodedata import east_asian_width

from sscard.keys import catalog
from sscard.messages import text
from sscard.psam.entries import Decision, PsamEntry, Request
from sscard.psam.loadlist import LoadList


@dataclass(frozen=True, slots=True)
class Form:
    """One form: a title, lines of label and value, and a table with its heads (empty where there is none)."""

    title: str
    lines: tuple[tuple[str, str], ...]
    heads: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()


def request_form(request: Request, psams: Sequence[PsamEntry]) -> Form:
    """Annex 10: what was asked for, the review, what was handed out.  ``psams`` are those made for the request."""
    reviewed = request.decision is not Decision.OPEN
    lines = (
        (_t("number"), str(request.id)),
        (_t("applicant"), f"{request.city} {request.requester}"),
        (_t("date"), _day(request.requested)),
        (_t("purpose"), request.purpose),
        (_t("count"), str(request.count)),
        (_t("supplier"), request.supplier),
        (_t("list"), f"{_t(f'authority-{request.authority}')} {request.digest}"),
        (_t("review"), _t(f"decision-{request.decision.value}")),
        (_t("reviewer"), request.reviewer if reviewed else ""),
        (_t("review-date"), _day(request.reviewed)),
        (_t("note"), request.note),
        (_t("made"), str(request.loaded)),
    )
    heads = tuple(_t(name) for name in ("terminal", "serial", "loaded", "issued", "keeper"))
    rows = tuple((each.terminal, each.serial, _day(each.loaded), _day(each.issued), each.keeper) for each in psams)
    return Form(_t("annex10"), lines, heads, rows)


def list_form(order: LoadList) -> Form:
    """Annex 11: every key of the list with its level and yes or no, in the order of the file."""
    known = {row.name: row for row in catalog.load()}
    lines = (
        (_t("purpose"), order.purpose),
        (_t("count"), str(order.count)),
        (_t("city"), order.city),
        (_t("algorithm"), order.algorithm.name),
        (_t("period"), f"{order.info.start}–{order.info.end}"),
        (_t("debug"), _t("yes") if order.debug else _t("no")),
    )
    heads = tuple(_t(name) for name in ("row", "key", "function", "version", "level", "load"))
    rows = tuple(
        (
            known[row.name].number if row.name in known else _t("own"),
            row.name,
            known[row.name].zh_now if row.name in known else "",
            str(row.version),
            _t(f"level-{row.level}"),
            _t("yes") if row.load else _t("no"),
        )
        for row in order.rows
    )
    return Form(_t("annex11"), lines, heads, rows)


def render_text(form: Form) -> str:
    """The form for a terminal or a plain printer; Chinese characters count two columns."""
    width = max(_width(label) for label, _ in form.lines)
    lines = [form.title, "", *(f"{_padded(label, width)}  {value}".rstrip() for label, value in form.lines)]
    if form.heads:
        table = (form.heads, *form.rows)
        widths = [max(map(_width, column)) for column in zip(*table, strict=True)]
        lines.append("")
        for row in table:
            lines.append("  ".join(_padded(cell, width) for cell, width in zip(row, widths, strict=True)).rstrip())
    return "\n".join(lines) + "\n"


def render_html(form: Form) -> str:
    """The form as one HTML page that needs nothing else."""
    lines = "".join(f"<tr><th>{escape(label)}</th><td>{escape(value)}</td></tr>\n" for label, value in form.lines)
    parts = [f"<h1>{escape(form.title)}</h1>\n<table>\n{lines}</table>\n"]
    if form.heads:
        head = "".join(f"<th>{escape(cell)}</th>" for cell in form.heads)
        body = "".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>\n" for row in form.rows)
        parts.append(f"<table>\n<tr>{head}</tr>\n{body}</table>\n")
    style = (
        "body{font-family:serif}table{border-collapse:collapse;margin:1em 0}th,td{border:1px solid;padding:.2em .6em}"
    )
    head = f'<meta charset="utf-8"><title>{escape(form.title)}</title><style>{style}</style>'
    return f'<!DOCTYPE html>\n<html lang="zh">\n<head>{head}</head>\n<body>\n{"".join(parts)}</body>\n</html>\n'


def _t(name: str) -> str:
    return text(f"psam.form-{name}", "zh")


def _day(time: str) -> str:
    return time[:10]


def _width(value: str) -> int:
    return sum(2 if east_asian_width(character) in "WF" else 1 for character in value)


def _padded(value: str, width: int) -> str:
    return value + " " * (width - _width(value))
