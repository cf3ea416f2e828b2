"""Commands and responses: bytes that know their parts.

A :class:`Command` *is* the APDU as it stands in the standard (Lc and Le included), so nothing is built when it is
sent.  Short lengths only: the social-security card knows no extended ones.  Source: ISO 7816-4, ISO 7816-3.
"""

from __future__ import annotations

from typing import Final

from sscard.errors import ProtocolError

MAX_DATA: Final = 255
MAX_ANSWER: Final = 256

_new = bytes.__new__


def _check_le(le: int) -> None:
    if not 0 < le <= MAX_ANSWER:
        raise ProtocolError("apdu-le", le=le)


class Command(bytes):
    """A command APDU.  ``le`` counts the bytes expected (1–256; 256 is sent as 00); None expects none."""

    __slots__ = ()

    def __new__(cls, cla: int, ins: int, p1: int = 0, p2: int = 0, data: bytes = b"", le: int | None = None) -> Command:
        """Build from the parts.  Raises ProtocolError where data or ``le`` do not fit a short APDU."""
        if data:
            length = len(data)
            if length > MAX_DATA:
                raise ProtocolError("apdu-too-long", length=length)
            if le is None:
                return _new(cls, bytes((cla, ins, p1, p2, length)) + data)
            _check_le(le)
            return _new(cls, bytes((cla, ins, p1, p2, length)) + data + bytes((le & 0xFF,)))
        if le is None:
            return _new(cls, (cla, ins, p1, p2))
        if 0 < le < MAX_ANSWER:
            return _new(cls, (cla, ins, p1, p2, le))
        _check_le(le)
        return _new(cls, (cla, ins, p1, p2, 0))

    @classmethod
    def parse(cls, raw: bytes) -> Command:
        """Read an APDU typed by a person.  Raises ProtocolError when its length bytes do not add up."""
        size = len(raw)
        if size < 4 or (size > 5 and (raw[4] == 0 or size - 5 not in (raw[4], raw[4] + 1))):
            raise ProtocolError("apdu-form", size=size)
        return bytes.__new__(cls, raw)

    @property
    def cla(self) -> int:
        return self[0]

    @property
    def ins(self) -> int:
        return self[1]

    @property
    def p1(self) -> int:
        return self[2]

    @property
    def p2(self) -> int:
        return self[3]

    @property
    def data(self) -> bytes:
        """Command data without Lc and Le."""
        return self[5 : 5 + self[4]] if len(self) > 5 else b""

    @property
    def le(self) -> int | None:
        """Bytes expected (256 for 00); None where no answer data is expected."""
        size = len(self)
        if size == 5:
            return self[4] or 256
        if size > 5 and size == 6 + self[4]:
            return self[-1] or 256
        return None

    def __repr__(self) -> str:
        """Header only: the data may be a secret."""
        return f"Command({self[:4].hex(' ').upper()}, {len(self.data)} bytes, le={self.le})"


class Response(bytes):
    """The final answer of the card: data followed by the status word."""

    __slots__ = ()

    @property
    def data(self) -> bytes:
        return self[:-2]

    @property
    def sw(self) -> int:
        return self[-2] << 8 | self[-1]

    @property
    def ok(self) -> bool:
        """9000, or data waiting that the caller did not ask for (61xx to a command without Le)."""
        return self[-2:] == b"\x90\x00" or self[-2] == 0x61

    def __repr__(self) -> str:
        """Status word only: the data may be a person's."""
        return f"Response({len(self) - 2} bytes, {self.sw:04X})"
