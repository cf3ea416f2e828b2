"""Bytes of a text file to numbered lines of the declared encoding, block by block while all is well."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from pathlib import Path
from typing import BinaryIO, Final

from sscard.personalize import lines
from sscard.personalize.judge import Notes
from sscard.personalize.scan import reading

Numbered = Iterator[tuple[int, str]]
Run = tuple[int, list[str]]
"""Number of the first of some lines that follow each other, and the lines."""

_BLOCK: Final = 1 << 18
"""Bytes read at once: what is made of them, up to four times as much, stays in a processor's cache."""

_BOM: Final = "\ufeff"


class Lines:
    """The lines of a file without their ends, one by one or as many as are at hand; both go on from the same place.

    Bytes that are not text of the encoding are noted and their lines left out.
    """

    def __init__(self, path: Path, file: BinaryIO, encoding: str, notes: Notes) -> None:
        self._path = path
        self._file = file
        self._encoding = encoding
        self._notes = notes
        self._watch = None if encoding == "utf-8" else lines.Utf8Watch()
        self._number = self._offset = self._bad = 0
        self._runs = self._decoded()
        self._first, self._run, self._at = 1, list[str](), 0

    def __iter__(self) -> Numbered:
        while self._at < len(self._run) or self._fill():
            at = self._at
            self._at += 1
            yield self._first + at, self._run[at]

    def run(self) -> Run | None:
        """The lines at hand; None at the end of the file."""
        if self._at >= len(self._run) and not self._fill():
            return None
        run = self._first + self._at, self._run[self._at :]
        self._at = len(self._run)
        return run

    def _fill(self) -> bool:
        found = next(self._runs, None)
        if found is not None:
            self._first, self._run = found
            self._at = 0
        return found is not None

    def _decoded(self) -> Iterator[Run]:
        for block in self._blocks():
            if not self._number and self._watch and block.startswith(lines.BOM):
                self._notes.add("ENC-03", 1, encoding=self._encoding)
                return
            if self._watch:
                self._watch.look(block, self._number + 1)
            texts = self._whole(block)
            if texts is None:
                if not (yield from self._singles(block)):
                    return
                continue
            yield self._number + 1, texts
            self._number += len(texts)
            self._offset += len(block)
        if self._watch and (verdict := self._watch.verdict) and not self._bad:
            self._notes.add(verdict, self._watch.first_line, encoding=self._encoding)

    def _whole(self, block: bytes) -> list[str] | None:
        """The lines of a block; None where some of them have to be looked at one by one."""
        try:
            text = block.decode(self._encoding)
        except UnicodeDecodeError:
            return None
        if text.encode(self._encoding, "replace") != block:
            return None
        texts = text.split("\n")
        if max(map(len, texts)) > lines.MAX_LINE // 4:
            return None
        if not texts[-1]:
            texts.pop()
        if "\r" in text:
            texts = [line.removesuffix("\r") for line in texts]
        if not self._number:
            texts[0] = texts[0].removeprefix(_BOM)
        return texts

    def _singles(self, block: bytes) -> Generator[Run, None, bool]:
        """The lines of a block one by one; the result is False where reading on would say nothing true."""
        for raw in _physical(block):
            self._number += 1
            if len(raw) > lines.MAX_LINE:
                self._notes.add("ROW-04", self._number, limit=lines.MAX_LINE)
                return False
            try:
                text = lines.decode(lines.without_end(raw), self._encoding)
            except lines.BadText as bad:
                if self._blame(bad):
                    return False
            else:
                yield self._number, [text if self._number > 1 else text.removeprefix(_BOM)]
            self._offset += len(raw)
        return True

    def _blame(self, bad: lines.BadText) -> str:
        """Note bad bytes; returns the encodings that the whole file does decode in, empty for none."""
        self._bad += 1
        with reading(self._path):
            rule, others = lines.blame(self._path, self._encoding, bad, look=self._bad == 1)
        place = self._offset + bad.offset
        self._notes.add(rule, self._number, encoding=self._encoding, offset=place, others=others)
        self._notes.pass_row()
        return others

    def _blocks(self) -> Iterator[bytes]:
        """The file in pieces that end with a line end, but for the last."""
        rest = b""
        while True:
            with reading(self._path):
                data = self._file.read(_BLOCK)
            if not data:
                break
            data = rest + data
            cut = data.rfind(b"\n") + 1
            if not cut and len(data) <= lines.MAX_LINE:
                rest = data
                continue
            cut = cut or len(data)
            rest = data[cut:]
            yield data[:cut]
        if rest:
            yield rest


def _physical(block: bytes) -> list[bytes]:
    """Lines with their ends; LF only ends a line."""
    pieces = [piece + b"\n" for piece in block.split(b"\n")]
    pieces[-1] = pieces[-1][:-1]
    return pieces if pieces[-1] else pieces[:-1]
