"""A running number on standard error while rows stream by, for work that takes over a second."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import Final

import click

_EVERY_ROWS: Final = 1000
_EVERY_SECONDS: Final = 0.5


class Ticker:
    """Shows ``label(rows)`` on one line that rewrites itself, where a person watches standard error; else nothing."""

    def __init__(self, label: Callable[[int], str]) -> None:
        self._label = label
        self._watched = sys.stderr.isatty()
        self._next = time.monotonic() + 1
        self._shown = False

    def tick(self, rows: int) -> None:
        """``rows`` are done."""
        if not self._watched or rows % _EVERY_ROWS or time.monotonic() < self._next:
            return
        self._next = time.monotonic() + _EVERY_SECONDS
        self._shown = True
        click.echo(f"\r{self._label(rows)}\x1b[K", nl=False, err=True)

    def clear(self) -> None:
        """Take the line away, before anything else is printed."""
        if self._shown:
            click.echo("\r\x1b[K", nl=False, err=True)
            self._shown = False
