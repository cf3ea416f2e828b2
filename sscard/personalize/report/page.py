"""A report as one HTML file: it loads nothing, runs nothing, speaks Chinese and English, and prints on A4."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from html import escape
from typing import Final

from sscard import messages
from sscard.personalize.report.chart import bars
from sscard.personalize.report.clock import of_iso
from sscard.personalize.report.facts import OTHER, ChainEnd, Report, shown

_PLACE: Final = re.compile(r"\{[^}]*\}")
_STYLE: Final = """
@page { size: A4; margin: 15mm }
body { font: 10.5pt/1.5 "Noto Sans CJK SC", "WenQuanYi Micro Hei", "Microsoft YaHei", "PingFang SC", sans-serif;
  color: #111; max-width: 180mm; margin: 8mm auto; padding: 0 4mm }
h1 { font-size: 18pt; margin: 0 0 2mm } h2 { font-size: 13pt; margin: 7mm 0 2mm; break-after: avoid }
table { border-collapse: collapse; width: 100%; font-size: 9.5pt }
th, td { border: 0.3mm solid #999; padding: 1mm 2mm; text-align: left; vertical-align: top; overflow-wrap: anywhere }
th { background: #eee } td.n, th.n { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap }
tr, .balance, svg { break-inside: avoid } thead { display: table-header-group }
code { font: 8.5pt/1.4 monospace; overflow-wrap: anywhere }
.balance { font-size: 13pt; border: 0.6mm solid #111; padding: 2mm 3mm; margin: 3mm 0 }
.wrong { border-color: #b00020; color: #b00020; font-weight: bold } .demo { color: #b00020; font-weight: bold }
.chart { width: 100%; height: auto } .chart rect { fill: #2b5d8a } .chart text { font: 10px sans-serif }
.chart .grid { stroke: #ccc } .chart .axis { stroke: #111 }
.sign { display: grid; grid-template-columns: repeat(3, 1fr); gap: 8mm; margin-top: 14mm; break-inside: avoid }
.sign div { border-top: 0.3mm solid #111; padding-top: 1mm; font-size: 9pt }
.choice { position: absolute; opacity: 0 } nav { float: right; font-size: 9pt }
nav label { border: 0.3mm solid #999; padding: 0.5mm 2mm; cursor: pointer }
#zh:checked ~ main [lang=en], #en:checked ~ main [lang=zh-CN] { display: none }
#zh:focus-visible ~ main nav [for=zh], #en:focus-visible ~ main nav [for=en] { outline: 0.6mm solid #2b5d8a }
@media print { nav { display: none } body { margin: 0; padding: 0; max-width: none }
  .chart rect, th { print-color-adjust: exact; -webkit-print-color-adjust: exact } }
"""
_LANGUAGES: Final[tuple[tuple[messages.Lang, str, str], ...]] = (("zh", "zh-CN", "中文"), ("en", "en", "English"))


def render(report: Report) -> str:
    """The page; it opens in the language in use and lets its reader change it."""
    checked = messages.current()
    tags = {lang: tag for lang, tag, _ in _LANGUAGES}
    choices = "".join(
        f'<input class="choice" type="radio" name="lang" id="{lang}"{" checked" if lang == checked else ""}'
        f' aria-label="{name}">'
        for lang, _, name in _LANGUAGES
    )
    labels = " ".join(f'<label for="{lang}">{name}</label>' for lang, _, name in _LANGUAGES)
    title = escape(shown(report.job.job))
    return "\n".join(
        (
            "<!DOCTYPE html>",
            f'<html lang="{tags[checked]}">',
            '<head><meta charset="utf-8">',
            "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">",
            '<meta name="viewport" content="width=device-width">',
            f"<title>{title}</title><style>{_STYLE}</style></head>",
            f"<body>{choices}<main><nav>{labels}</nav>",
            f"<h1>{_both('title')}  {title}</h1>",
            *_sections(report),
            "</main></body></html>",
            "",
        )
    )


def _sections(report: Report) -> Iterator[str]:
    if report.demo:
        yield f'<p class="demo">{_both("demo")}</p>'
    yield _balance(report)
    yield _table((), _facts(report))
    yield from _made(report)
    yield from _times(report)
    yield from _evidence(report)
    words = "".join(f"<div>{_both(key)}</div>" for key in ("operator", "second", "supervisor"))
    yield f'<div class="sign">{words}</div>'


def _balance(report: Report) -> str:
    balance = report.balance
    sum_ = " ".join(
        (
            f"{_both('blanks')} {balance.blanks} =",
            f"{_both('good')} {balance.good} + {_both('spoiled')} {balance.spoiled - report.lost} +",
            f"{_both('lost')} {report.lost} + {_both('work')} {balance.work} + {_both('left')} {balance.left}",
        )
    )
    state = "complete" if balance.complete else "open" if balance.ties else "untied"
    return f'<p class="balance{"" if balance.ties else " wrong"}">{sum_}  · {_both(state)}</p>'


def _facts(report: Report) -> Iterator[tuple[str, ...]]:
    job = report.job
    for key, value in (
        ("batch", shown(job.batch)),
        ("rows", str(job.rows)),
        ("batch-digest", job.digest),
        ("region", report.region),
        ("profile", job.profile),
        ("profile-digest", job.profile_digest),
        ("created", of_iso(job.created)),
        ("begun", report.begun),
        ("ended", report.ended),
        ("tools", ", ".join(report.tools)),
        ("tool", report.tool),
    ):
        yield f"<th>{_both(key)}</th>", f"<td>{_plain(value)}</td>"


def _made(report: Report) -> Iterator[str]:
    yield f"<h2>{_both('by-head')}</h2>"
    names = ("head", "good", "spoiled", "lost", "median")
    rows = (
        (_cell(head.head), *map(_number, (head.good, head.spoiled, head.lost)), _seconds(head.median))
        for head in report.heads
    )
    yield _table(names, rows)
    yield f"<h2>{_both('spoilage')}</h2>"
    if not report.spoilage:
        yield f"<p>{_both('no-spoilage')}</p>"
        return
    ways = (
        (_cell(part.head), f"<td>{_both(part.state)}</td>", _because(part.reason), _number(part.count))
        for part in report.spoilage
    )
    yield _table(("head", "state", "reason", "count"), ways)


def _times(report: Report) -> Iterator[str]:
    yield f"<h2>{_both('times')}</h2>"
    pace = report.pace
    if pace is None:
        yield f"<p>{_both('no-times')}</p>"
        return
    facts = {"cards": pace.cards, "median": f"{pace.median:.2f}", "slowest": f"{pace.most:.2f}"}
    where = {"row": report.slowest_row, "head": report.slowest_head, "card": pace.slowest}
    yield f"<p>{_both('times-line', **facts, **where)}</p>"
    yield f"<h2>{_both('chart')}</h2><p>{_both('chart-note', minutes=pace.minutes)}</p>"
    yield bars(pace)


def _evidence(report: Report) -> Iterator[str]:
    yield f"<h2>{_both('entries')}</h2>"
    entries = (
        (
            _cell(entry.time),
            _cell(entry.station),
            f"<td>{_kind(entry.kind)}</td>",
            "<td>" + "<br>".join(f"{escape(name)} {_plain(value)}" for name, value in entry.facts.items()) + "</td>",
        )
        for entry in report.entries
    )
    yield _table(("time", "station", "kind", "facts"), entries)
    yield f"<h2>{_both('chains')}</h2>"
    ends = ((_cell(end.station), _number(end.number), _plain_cell(end.hash), _pinned(end)) for end in report.chains)
    yield _table(("station", "line", "hash", "pinned"), ends)
    if report.findings:
        found = "".join(f"<li><code>{escape(finding)}</code></li>" for finding in report.findings)
        yield f'<div class="balance wrong">{_both("unsound")}<ul>{found}</ul></div>'
    else:
        yield f"<p>{_both('sound', journals=report.journals)}</p>"


def _both(key: str, **fields: object) -> str:
    """A text in both languages, one of which is shown."""
    values = {name: escape(str(value)) for name, value in fields.items()}
    return "".join(
        f'<span lang="{tag}">{messages.text(f"report.{key}", lang, **values)}</span>' for lang, tag, _ in _LANGUAGES
    )


def _because(reason: str) -> str:
    """A reason's code and what it means, with an ellipsis where a card's own facts stood; a person's word as it is."""
    if reason == OTHER:
        return f"<td>{_both('other')}</td>"
    if reason not in messages.keys_in("errors"):
        return f"<td>{escape(reason)}</td>"
    pair = messages.lookup(f"errors.{reason}")
    words = "".join(
        f'<span lang="{tag}">{escape(_PLACE.sub("…", pair[position]).partition("|")[0])}</span>'
        for position, (_, tag, _) in enumerate(_LANGUAGES)
    )
    return f"<td><code>{escape(reason.upper())}</code> {words}</td>"


def _kind(kind: str) -> str:
    known = f"kind-{kind}"
    return _both(known) if known in messages.keys_in("report") else escape(kind)


def _pinned(end: ChainEnd) -> str:
    agrees = end.pinned == f"{end.number}:{end.hash}"
    return f"<td>{_both('agrees')}</td>" if agrees else _plain_cell(end.pinned or "–")


def _table(names: Iterable[str], rows: Iterable[tuple[str, ...]]) -> str:
    head = "".join(f"<th>{_both(name)}</th>" for name in names)
    body = "\n".join(f"<tr>{''.join(row)}</tr>" for row in rows)
    return f"<table>{f'<thead><tr>{head}</tr></thead>' if head else ''}<tbody>\n{body}\n</tbody></table>"


def _plain(value: str) -> str:
    """A value; digests and the like in letters of one width."""
    return f"<code>{escape(value)}</code>" if len(value) > 25 and " " not in value else escape(value)


def _plain_cell(value: str) -> str:
    return f"<td>{_plain(value)}</td>"


def _cell(value: str) -> str:
    return f"<td>{escape(value)}</td>"


def _number(value: int) -> str:
    return f'<td class="n">{value}</td>'


def _seconds(value: float | None) -> str:
    return f'<td class="n">{"–" if value is None else f"{value:.2f}"}</td>'
