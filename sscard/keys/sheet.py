"""Component sheets (密钥分量单): one component for one person, printed without being shown.

Plain text of one page, every label in Chinese and in English, the value in groups of four; docs/keys.md, "components".
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from sscard import messages
from sscard.keys.components import Component
from sscard.keys.family import Algorithm

_GROUP: Final = 4
_GROUPS_A_LINE: Final = 4
_BLANKS: Final = ("holder", "date", "seal", "witness")


@dataclass(frozen=True, slots=True)
class Sheet:
    """What one sheet says.  ``whole`` is the check value of the key all components make together."""

    component: Component
    key: str
    version: int
    algorithm: Algorithm
    whole: bytes
    demo: bool

    @property
    def file_name(self) -> str:
        """Name of the sheet's file, without its ending."""
        return f"{self.key}-v{self.version}-{self.component.index}of{self.component.count}"

    def lines(self) -> Iterator[str]:
        """The page, line by line."""
        part = self.component
        yield _both("title") + ("   DEMO 演示" if self.demo else "")
        yield ""
        yield f"{_both('key')}: {self.key} v{self.version}   {self.algorithm.name}"
        kind = "shares" if part.shared else "xor"
        yield f"{_both('component')}: {part.index} / {part.count}   {_both(kind, needed=part.threshold)}"
        yield ""
        yield f"{_both('value')}:"
        digits = part.value.reveal().hex().upper()
        groups = [digits[start : start + _GROUP] for start in range(0, len(digits), _GROUP)]
        for start in range(0, len(groups), _GROUPS_A_LINE):
            yield "    " + "  ".join(groups[start : start + _GROUPS_A_LINE])
        yield ""
        yield f"{_both('check')}: {part.check.hex().upper()}   ({part.method.value})"
        yield f"{_both('whole')}: {self.whole.hex().upper()}   ({part.method.value})"
        yield ""
        for blank in _BLANKS:
            yield f"{_both(blank)}: ______________________"
        yield ""
        yield _both("keep")

    def text(self) -> str:
        """The page as a text file."""
        return "\n".join((*self.lines(), ""))


def pages(
    components: tuple[Component, ...], key: str, version: int, algorithm: Algorithm, whole: bytes, *, demo: bool
) -> tuple[Sheet, ...]:
    """One sheet for each component, never two on one page."""
    return tuple(Sheet(component, key, version, algorithm, whole, demo) for component in components)


def _both(label: str, **fields: object) -> str:
    return " ".join(part.format(**fields) for part in messages.lookup(f"custody.sheet-{label}"))
