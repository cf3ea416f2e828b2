"""What intake has to say about a batch: rules with stable ids, and findings that name line, column and rule.

The ids and their severities are a promise to the people who script against them: an id is never reused.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Final

from sscard.messages import Lang, parts


class Severity(Enum):
    """``ERROR`` stops the batch; ``WARNING`` and ``HINT`` do not."""

    ERROR = "error"
    WARNING = "warning"
    HINT = "hint"


_ERRORS: Final = (
    "FIL-01 ENC-01 ENC-02 ENC-03 ENC-05 TXT-01 TXT-02 TXT-03 TXT-04 "
    "COL-01 COL-02 COL-03 COL-04 COL-05 ROW-01 ROW-02 ROW-03 ROW-04 ROW-06 ROW-07 "
    "CEL-01 ENV-01 ENV-02 ENV-03 SHP-01 MAP-01 FLD-01 "
    "XLS-01 XLS-02 XLS-03 XLS-04 XLS-06 SEQ-01 SEQ-02 SEQ-03 "
    "SSN-01 SSN-02 SSN-03 SSN-05 SSN-06 SSN-07 SSN-08 NAM-01 NAM-02 NAM-03 NAM-05 NAM-06 "
    "SEX-01 ETH-01 BIR-01 POB-01 CRD-01 CID-01 RGN-01 DAT-01 DAT-02 DAT-03 DAT-04 KND-01 KND-02 "
    "BNK-01 PAN-01 PAN-02 DUP-01 DUP-02 DUP-03 DUP-04 DEM-01 DEM-02 DEM-03 DEM-04"
)
_WARNINGS: Final = "ENC-04 XLS-05 SSN-04 SSN-09 DAT-05"
_HINTS: Final = "ROW-05 NAM-04 CRD-02"

RULES: Final[dict[str, Severity]] = {
    **dict.fromkeys(_ERRORS.split(), Severity.ERROR),
    **dict.fromkeys(_WARNINGS.split(), Severity.WARNING),
    **dict.fromkeys(_HINTS.split(), Severity.HINT),
}
"""Rule id → severity."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One remark on a batch file.  ``value`` is already masked; ``column`` is empty where a whole line is meant.

    ``line`` counts from 1, the header included.  ``fields`` fill the message and hold nothing a mask would hide.
    """

    file: str
    line: int
    column: str
    rule: str
    value: str = ""
    fields: Mapping[str, str | int] = field(default_factory=dict)

    @property
    def severity(self) -> Severity:
        """How grave the rule is."""
        return RULES[self.rule]

    def message(self, lang: Lang | None = None) -> str:
        """What is wrong, in ``lang``."""
        return self._part(0, lang)

    def hint(self, lang: Lang | None = None) -> str:
        """What to do, in ``lang``."""
        return self._part(1, lang)

    def _part(self, index: int, lang: Lang | None) -> str:
        return parts(f"intake.{self.rule}", lang, value=self.value, **self.fields)[index]

    def as_json(self) -> dict[str, object]:
        """The finding as one flat object with stable names."""
        return {
            "file": self.file,
            "line": self.line,
            "column": self.column,
            "rule": self.rule,
            "severity": self.severity.value,
            "value": self.value,
            "message_zh": self.message("zh"),
            "message_en": self.message("en"),
            "hint_zh": self.hint("zh"),
            "hint_en": self.hint("en"),
        }
