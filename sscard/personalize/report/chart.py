"""Cards a minute as a drawing: SVG to stand inside a page, without a reference to anything outside it."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from sscard.personalize.report.clock import ZONE
from sscard.personalize.report.pace import Pace

_WIDTH: Final = 720
_HEIGHT: Final = 180
_LEFT: Final = 44
_BOTTOM: Final = 24
_TOP: Final = 10


def bars(pace: Pace) -> str:
    """The chart: a bar for each stretch, two lines to read heights by, first and last time below."""
    high = max(pace.bars)
    plot_width, plot_height = _WIDTH - _LEFT, _HEIGHT - _BOTTOM - _TOP
    step = plot_width / max(len(pace.bars), 12)
    floor = _HEIGHT - _BOTTOM
    parts = [f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" class="chart">']
    for share in (0.5, 1.0):
        y = floor - plot_height * share
        parts.append(f'<line x1="{_LEFT}" x2="{_WIDTH}" y1="{y:.1f}" y2="{y:.1f}" class="grid"/>')
        parts.append(f'<text x="{_LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{high * share:.3g}</text>')
    for position, height in enumerate(pace.bars):
        tall = plot_height * height / high
        x = _LEFT + position * step
        parts.append(
            f'<rect x="{x:.1f}" y="{floor - tall:.1f}" width="{step * 0.8:.1f}" height="{tall:.1f}">'
            f"<title>{_time(pace, position)}  {height:.3g}</title></rect>"
        )
    parts.append(f'<line x1="{_LEFT}" x2="{_WIDTH}" y1="{floor}" y2="{floor}" class="axis"/>')
    parts.append(f'<text x="{_LEFT}" y="{_HEIGHT - 6}">{_time(pace, 0)}</text>')
    if len(pace.bars) > 1:
        end = _LEFT + len(pace.bars) * step
        parts.append(f'<text x="{end:.1f}" y="{_HEIGHT - 6}" text-anchor="end">{_time(pace, len(pace.bars))}</text>')
    parts.append("</svg>")
    return "\n".join(parts)


def _time(pace: Pace, position: int) -> str:
    moment = datetime.fromtimestamp(pace.start + position * pace.minutes * 60, ZONE)
    return f"{moment:%m-%d %H:%M}"
