"""The files of a merge: written into a private folder beside their place, counted and digested, shown all at once."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from sscard.durable import sync_folder
from sscard.errors import BatchError, BatchUnusable, GuardRefused

TOTALS_NAME: Final = "merge.json"
_BLOCK: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class Written:
    """One file of a merge: rows without its header, and the digest of its bytes."""

    name: str
    rows: int
    bytes: int
    sha256: str


@contextmanager
def private_folder(out: Path) -> Iterator[Path]:
    """A folder of mode 0700 beside ``out``, removed with all that is left in it.

    Raises GuardRefused where ``out`` exists, BatchUnusable where nothing can be made there, BatchError for a full disk.
    """
    if out.exists():
        raise GuardRefused("merge-exists", path=str(out))
    try:
        folder = Path(tempfile.mkdtemp(prefix=f".{out.name}-", dir=out.parent))
    except OSError as error:
        raise BatchUnusable("merge-unwritable", path=str(out), reason=error.strerror or str(error)) from error
    try:
        yield folder
    except OSError as error:
        raise BatchError("merge-disk", path=str(out), reason=error.strerror or str(error)) from error
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def write(connection: Any, folder: Path, name: str, query: str) -> Written:
    """Write the rows of a query to a CSV file of mode 0600, on disk when this returns."""
    path = folder / name
    path.touch(mode=0o600)
    target = str(path).replace("'", "''")
    connection.execute(f"COPY ({query}) TO '{target}' (FORMAT csv, HEADER, DELIMITER ',', USE_TMP_FILE false)")
    path.chmod(0o600)
    digest, lines, size = hashlib.sha256(), 0, 0
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            digest.update(block)
            lines += block.count(b"\n")
            size += len(block)
        os.fsync(file.fileno())
    return Written(name, lines - 1, size, digest.hexdigest())


def publish(folder: Path, out: Path, facts: Mapping[str, object]) -> None:
    """Add the totals and give the folder its name, all files at once.  Raises GuardRefused where the name is taken."""
    with (folder / TOTALS_NAME).open("x", encoding="utf-8") as file:
        json.dump(facts, file, ensure_ascii=False, indent=2)
        file.write("\n")
        file.flush()
        os.fsync(file.fileno())
    (folder / TOTALS_NAME).chmod(0o600)
    sync_folder(folder)
    try:
        folder.rename(out)
    except FileExistsError as error:
        raise GuardRefused("merge-exists", path=str(out)) from error
    sync_folder(out.parent)
