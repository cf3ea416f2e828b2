"""Key and PIN values as a type that does not show itself."""

from __future__ import annotations

import hmac
from typing import Final, NoReturn


class Secret:
    """Bytes without a printable form, compared in constant time, wiped on demand.

    Pickling and copying are refused, so that a value cannot leave through a side door.
    """

    __slots__ = ("_value",)
    HIDDEN: Final = "Secret(***)"

    def __init__(self, value: bytes) -> None:
        self._value = bytearray(value)

    def reveal(self) -> bytes:
        """The value itself, for the one call that needs it."""
        return bytes(self._value)

    def wipe(self) -> None:
        """Overwrite the value with zeros."""
        self._value[:] = bytes(len(self._value))

    def __len__(self) -> int:
        return len(self._value)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and hmac.compare_digest(self._value, other._value)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return self.HIDDEN

    def __reduce__(self) -> NoReturn:
        raise TypeError("a secret is not copied or stored")
