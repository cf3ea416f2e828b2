"""How commands lay text out: columns in which Chinese characters count two, names in both languages."""

from __future__ import annotations

from collections.abc import Sequence

from sscard import messages


def named(zh: str, en: str) -> str:
    """A name of the standard: Chinese, with the English behind it for readers of English."""
    return zh if messages.current() == "zh" or not en else f"{zh} {en}"


def columns(rows: Sequence[Sequence[str]]) -> list[str]:
    """One line a row; each column as wide as its widest cell, the last as long as it is."""
    from rich.cells import cell_len

    widths = [max(map(cell_len, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(cell + " " * (width - cell_len(cell)) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]
