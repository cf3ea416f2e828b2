"""The engine: DuckDB on a file of its own in a private folder, with a limit of memory beyond which it spills there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from sscard.errors import BatchError, UsageError
from sscard.personalize.needed import duckdb

DEFAULT_MEMORY: Final = "500MB"
_MEMORY: Final = re.compile(r"[1-9][0-9]{0,4}(MB|GB)")


@contextmanager
def engine(folder: Path, memory: str = DEFAULT_MEMORY) -> Iterator[Any]:
    """A connection whose tables and temporary files live in ``folder``.

    Raises UsageError for the limit, and BatchError for whatever the engine refuses, a full disk above all.
    """
    if not _MEMORY.fullmatch(memory):
        raise UsageError("merge-memory", memory=memory)
    library = duckdb()
    try:
        connection = library.connect(
            str(folder / "engine.duckdb"),
            config={
                "memory_limit": memory,
                "temp_directory": str(folder / "spill"),
                "preserve_insertion_order": False,
                "autoinstall_known_extensions": False,
                "autoload_known_extensions": False,
            },
        )
        connection.execute("PRAGMA disable_checkpoint_on_shutdown")  # the file goes with its folder
        try:
            yield connection
        finally:
            connection.close()
    except library.Error as error:
        # the engine's own words may hold a value of a row
        raise BatchError("merge-engine", reason=type(error).__name__, memory=memory) from None
