"""The PKI application of third-generation cards as both sides know it: names, files, PINs, sizes.

Source: third-generation cards as they are issued, told in docs/pki.md; GM/T 0016 for the envelope the keys come in.
"""

from __future__ import annotations

from enum import Enum, IntEnum
from typing import Final

ENVIRONMENT_NAME: Final = "PKI.社会保障".encode("gbk")
ENVIRONMENT_FID: Final = 0xDDF3
APPLICATION_NAME: Final = b"SS.CERT.ADF1"
APPLICATION_FID: Final = 0xDF01
CERTIFICATE_SIZE: Final = 1020
"""Bytes of a certificate file; a shorter certificate is filled with 00."""
PUBLIC_HEADER: Final = b"\x00\x40"
"""What stands before X ‖ Y where a public key is read."""
BLOCK: Final = 16
"""Bytes of challenges, keys and cipher blocks: SM4."""

TRANSPORT_MASTER: Final = "演示传输主控密钥".encode("gbk")
"""DEMO: the master key of both directories on a software card as delivered, a readable text as vendors use them."""


class PkiFile(IntEnum):
    """The files of the ADF."""

    SIGNATURE_PUBLIC = 0x0012
    SIGNATURE_PRIVATE = 0x0013
    ENCRYPTION_PUBLIC = 0x0014
    ENCRYPTION_PRIVATE = 0x0015
    SIGNATURE_CERTIFICATE = 0x0018
    ENCRYPTION_CERTIFICATE = 0x0019


FILE_BYTES: Final = 2 * (66 + 32 + CERTIFICATE_SIZE)
"""Room that the files of the application take on the chip."""


class PinRole(Enum):
    """Whose PIN: P2 of VERIFY and CHANGE PIN, the digits it has, the value a card is delivered with."""

    USER = (0x81, 6, "123456")
    ADMINISTRATOR = (0x00, 8, "12345678")

    def __init__(self, p2: int, digits: int, delivered: str) -> None:
        self.p2 = p2
        self.digits = digits
        self.delivered = delivered


PIN_TRIES: Final = 6
MASTER_TRIES: Final = 3
