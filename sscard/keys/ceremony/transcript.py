"""The transcript of a ceremony: JSON lines, each chained to the one before and, where people acted, signed by them.

A line is readable as it stands; ``sscard ceremony show`` renders it in words.  Each entry holds ``n``, ``time`` (UTC),
``kind``, its facts, ``prev`` (hash of the line before), ``signatures`` (person → Ed25519 over the entry without this
field, base64) and ``hash`` (SHA-256 of the line without this field).  Chain and signatures find an entry that was
edited, removed, moved or put in, even where the chain was computed anew; what was cut off at the end is found by the
anchor: count and last hash, kept beside the transcript, repeated in the next ceremony's first entry, and printed.
"""

from __future__ import annotations

import base64
import errno
import hashlib
import json
import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, Self

from sscard.errors import JournalError
from sscard.keys.ceremony.people import Signer, verified
from sscard.keys.files import write_private

NAME: Final = "transcript.jsonl"
ANCHOR_NAME: Final = "anchor.json"
START: Final = "0" * 64
_HASH_MARK: Final = b',"hash":"'

Facts = Mapping[str, Any]
Clock = Callable[[], datetime]


@dataclass(frozen=True, slots=True)
class Entry:
    """One line.  ``facts`` holds what the kind has beside number, time, signatures and hashes."""

    n: int
    time: str
    kind: str
    facts: Facts
    signed_by: tuple[str, ...]
    hash: str


@dataclass(frozen=True, slots=True)
class Anchor:
    """How many entries there are and the hash of the last; what is printed to find a transcript that was cut."""

    count: int
    hash: str

    @classmethod
    def parse(cls, words: str) -> Self:
        """Read ``COUNT:HASH``; the hash may be cut to its first 16 digits or more.  Raises ValueError."""
        count, colon, digits = words.replace(" ", "").partition(":")
        digits = digits.lower()
        if not colon or not count.isdecimal() or not 16 <= len(digits) <= 64 or set(digits) - set("0123456789abcdef"):
            raise ValueError(words)
        return cls(int(count), digits)

    def __str__(self) -> str:
        return f"{self.count}:{self.hash[:16]}"


def utc_now() -> datetime:
    """The wall clock."""
    return datetime.now(UTC)


class Transcript:
    """The transcript of one run, open to append; the caller holds the run's lock."""

    def __init__(self, folder: Path, clock: Clock = utc_now) -> None:
        """Open it or begin one.

        A torn last line, which no one was told of, is cut off.  Raises JournalError for any other damage.
        """
        self.path = folder / NAME
        self._anchor_path = folder / ANCHOR_NAME
        self._clock = clock
        self.entries: list[Entry] = []
        if self.path.exists():
            whole = _whole_lines(self.path)
            self.entries = check(folder)
            os.truncate(self.path, whole)
            self._save_anchor()

    @property
    def anchor(self) -> Anchor:
        """Count and last hash."""
        return Anchor(len(self.entries), self.entries[-1].hash if self.entries else START)

    def append(self, kind: str, facts: Facts, signers: Iterable[Signer] = ()) -> Entry:
        """Write one entry and bring it to the disk.  Raises JournalError when it cannot be written."""
        time = self._clock().isoformat(timespec="seconds")
        body: dict[str, Any] = {
            "n": len(self.entries) + 1,
            "time": time,
            "kind": kind,
            **facts,
            "prev": self.anchor.hash,
        }
        message = _canonical(body)
        signatures = {each.person.name: base64.b64encode(each.sign(message)).decode("ascii") for each in signers}
        if signatures:
            body["signatures"] = signatures
        unhashed = _canonical(body)
        digest = hashlib.sha256(unhashed).hexdigest()
        self._write(unhashed[:-1] + _HASH_MARK + digest.encode() + b'"}\n')
        entry = Entry(body["n"], time, kind, dict(facts), tuple(signatures), digest)
        self.entries.append(entry)
        self._save_anchor()
        return entry

    def _write(self, line: bytes) -> None:
        try:
            handle = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
            try:
                if os.write(handle, line) != len(line):
                    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
                os.fsync(handle)
            finally:
                os.close(handle)
        except OSError as error:
            raise JournalError("transcript-write", path=str(self.path), cause=error.strerror) from error

    def _save_anchor(self) -> None:
        document = {"count": self.anchor.count, "hash": self.anchor.hash}
        try:
            write_private(self._anchor_path, json.dumps(document).encode() + b"\n")
        except OSError as error:
            raise JournalError("transcript-write", path=str(self._anchor_path), cause=error.strerror) from error


def check(folder: Path, printed: Anchor | None = None) -> list[Entry]:
    """The entries of a transcript that is as it was written; ``printed`` is an anchor from paper.

    The anchor beside it may be one entry behind, where power failed between the two.  Raises JournalError naming the
    first bad line: "transcript-damaged" (edited, removed, moved or put in), "transcript-signature",
    "transcript-short" (cut off at the end), "transcript-anchor" (continued otherwise than the anchor says, or the
    anchor itself missing or unreadable), "transcript-missing".
    """
    path = folder / NAME
    try:
        lines = path.read_bytes().split(b"\n")
    except OSError:
        raise JournalError("transcript-missing", path=str(path)) from None
    entries: list[Entry] = []
    people: dict[str, bytes] = {}
    head = START
    for number, line in enumerate(lines[:-1], 1):
        entry = _entry(path, number, line, head, people)
        entries.append(entry)
        head = entry.hash
    beside = read_anchor(folder)
    if len(entries) - beside.count > 1:
        raise JournalError("transcript-anchor", path=str(path), count=len(entries), anchor=str(beside))
    for anchor in (beside, printed):
        if anchor is not None:
            _hold(path, entries, anchor)
    return entries


def _hold(path: Path, entries: list[Entry], anchor: Anchor) -> None:
    """Raise unless the transcript has the anchor's entry."""
    if anchor.count > len(entries):
        raise JournalError("transcript-short", path=str(path), count=len(entries), anchor=str(anchor))
    head = entries[anchor.count - 1].hash if anchor.count else START
    if not head.startswith(anchor.hash):
        raise JournalError("transcript-anchor", path=str(path), count=len(entries), anchor=str(anchor))


def _entry(path: Path, number: int, line: bytes, head: str, people: dict[str, bytes]) -> Entry:
    """One line checked against the one before it; ``people`` gathers the public keys the ceremony was opened with."""
    damaged = JournalError("transcript-damaged", path=str(path), line=number)
    unhashed, mark, tail = line.rpartition(_HASH_MARK)
    digest = hashlib.sha256(unhashed + b"}").hexdigest()
    if not mark or tail != digest.encode() + b'"}':
        raise damaged
    try:
        body = json.loads(unhashed + b"}")
        if _canonical(body) != unhashed + b"}" or (body["n"], body["prev"]) != (number, head):
            raise damaged
        n, time, kind = body.pop("n"), str(body.pop("time")), str(body.pop("kind"))
        signatures = {str(name): base64.b64decode(text) for name, text in body.pop("signatures", {}).items()}
        message = _canonical({"n": n, "time": time, "kind": kind, **body})
        body.pop("prev")
        if kind == "open":
            people |= {str(name): bytes.fromhex(key) for name, key in body["people"].items()}
    except (ValueError, KeyError, TypeError, AttributeError):
        raise damaged from None
    for name, signature in signatures.items():
        if name not in people or not verified(people[name], message, signature):
            raise JournalError("transcript-signature", path=str(path), line=number, name=name)
    return Entry(n, time, kind, body, tuple(signatures), digest)


def read_anchor(folder: Path) -> Anchor:
    """The anchor beside a transcript, of count 0 where there is none.  Raises JournalError("transcript-anchor")."""
    path = folder / ANCHOR_NAME
    try:
        document = json.loads(path.read_bytes())
        return Anchor(int(document["count"]), str(document["hash"]))
    except FileNotFoundError:
        return Anchor(0, START)
    except (OSError, ValueError, KeyError, TypeError):
        raise JournalError("transcript-anchor", path=str(path), count="?", anchor="?") from None


def _whole_lines(path: Path) -> int:
    """Bytes up to the end of the last whole line."""
    return path.read_bytes().rfind(b"\n") + 1


def _canonical(body: Mapping[str, Any]) -> bytes:
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
