"""What is said of a file while its rows go by: rules of each row, sequence, duplicates, and the findings kept."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Final

from sscard.personalize.duplicates import Seen
from sscard.personalize.findings import Finding, Severity
from sscard.personalize.masking import mask
from sscard.personalize.rules import Setting, remarks

KEEP_FINDINGS: Final = 1000
"""Findings that are held; all are counted, and all go to ``on_finding``."""

UNIQUE: Final = {"ssn": "DUP-01", "card_no": "DUP-02", "bank_pan": "DUP-03", "card_id": "DUP-04"}
"""Columns whose values stand once in a file."""

SEQ: Final = r"[1-9][0-9]{0,8}"

OnFinding = Callable[[Finding], None]

_SEQ: Final = re.compile(SEQ)


class Notes:
    """The findings on one file, named ``file``; ``envelope`` is what its envelope told, each with its line."""

    def __init__(self, file: str, on_finding: OnFinding | None = None) -> None:
        self.file = file
        self.findings: list[Finding] = []
        self.counts: Counter[Severity] = Counter()
        self.envelope: dict[str, tuple[str, int]] = {}
        self.passed = 0
        self._on_finding = on_finding

    @property
    def errors(self) -> int:
        """Number of error findings."""
        return self.counts[Severity.ERROR]

    def add(self, rule: str, line: int, column: str = "", value: str = "", /, **fields: str | int) -> None:
        """Note a finding; ``value`` is masked already."""
        finding = Finding(self.file, line, column, rule, value, fields)
        self.counts[finding.severity] += 1
        errors_kept = self.counts[Severity.ERROR] > 1 or finding.severity is not Severity.ERROR
        if len(self.findings) < KEEP_FINDINGS or not errors_kept:
            self.findings.append(finding)
        if self._on_finding:
            self._on_finding(finding)

    def pass_row(self) -> None:
        """Count a row that could not be read."""
        self.passed += 1


class Judge(Notes):
    """Notes that judge every row; rows come in order."""

    def __init__(self, file: str, setting: Setting, on_finding: OnFinding | None) -> None:
        super().__init__(file, on_finding)
        self._setting = setting
        self._next_seq = 1
        self._seen = {column: Seen() for column in UNIQUE}

    def pass_row(self) -> None:
        super().pass_row()
        self._next_seq += 1

    def row(self, line: int, values: Mapping[str, str]) -> None:
        """Judge one row by its values in canonical columns."""
        self._sequence(line, values.get("seq", ""))
        for rule, column, fields in remarks(values, self._setting):
            self.add(rule, line, column, mask(column, values.get(column, "")), **fields)
        for column, rule in UNIQUE.items():
            value = values.get(column, "")
            if value and (first := self._seen[column].first_line(value.upper(), line)):
                self.add(rule, line, column, mask(column, value), first=first)

    def _sequence(self, line: int, value: str) -> None:
        """1…n without gap or repeat; after a break counting goes on from what stands there."""
        if not _SEQ.fullmatch(value):
            if value:
                self.add("SEQ-01", line, "seq", mask("seq", value))
            self._next_seq += 1
            return
        if int(value) != self._next_seq:
            rule = "SEQ-02" if int(value) > self._next_seq else "SEQ-03"
            self.add(rule, line, "seq", mask("seq", value), expected=self._next_seq)
        self._next_seq = int(value) + 1
