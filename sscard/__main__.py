"""``python -m sscard``."""

from sscard.cli import entry

entry()
