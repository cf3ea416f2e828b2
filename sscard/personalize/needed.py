"""Libraries that only some files need: brought by ``pip install 'sscard[data]'``, loaded when such a file is met."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from sscard.errors import UsageError


def duckdb() -> Any:
    """The engine for sets of rows, and for Parquet.  Raises UsageError where it is not installed."""
    return _library("duckdb")


def openpyxl() -> Any:
    """The library for workbooks.  Raises UsageError where it is not installed."""
    return _library("openpyxl")


def _library(name: str) -> Any:
    try:
        return import_module(name)
    except ImportError as error:
        raise UsageError("library-missing", name=name) from error
