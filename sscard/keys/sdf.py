"""A cryptographic device behind the SDF interface (GM/T 0018), through the vendor's library.

Only the calls that key custody needs.  Tested against a small double compiled by the tests; **never run against a
real device** (docs/keys.md, "SDF").
"""

from __future__ import annotations

import ctypes
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from ctypes import POINTER, Structure, byref, c_char, c_char_p, c_uint, c_void_p
from pathlib import Path
from typing import Final

from sscard.errors import CustodyError, KeyServiceMissing
from sscard.keys.family import Algorithm

_ECB: Final = {Algorithm.SM1: 0x0101, Algorithm.SSF33: 0x0201, Algorithm.SM4: 0x0401}
_MAC: Final = {Algorithm.SM1: 0x0110, Algorithm.SSF33: 0x0210, Algorithm.SM4: 0x0410}
"""Algorithm identifiers of GM/T 0006; bits 8 to 10 tell the cipher, the low byte the mode."""
_CIPHER_BITS: Final = 0xFF00
_BLOCK: Final = 16

_BASE: Final = 0x01000000
_NAMES: Final = {
    0x02: "NOTSUPPORT",
    0x03: "COMMFAIL",
    0x04: "HARDFAIL",
    0x05: "OPENDEVICE",
    0x06: "OPENSESSION",
    0x07: "PARDENY",
    0x08: "KEYNOTEXIST",
    0x09: "ALGNOTSUPPORT",
    0x0A: "ALGMODNOTSUPPORT",
    0x0F: "SYMOPERR",
    0x14: "KEYTYPEERR",
    0x15: "KEYERR",
    0x18: "PRKRERR",
    0x19: "MACERR",
    0x1C: "NOBUFFER",
    0x1D: "INARGERR",
}
_LOST: Final = frozenset({0x03, 0x04, 0x05, 0x06})
_KEYS: Final = {
    0x02: "sdf-unsupported",
    0x07: "sdf-right",
    0x08: "sdf-key-missing",
    0x09: "sdf-unsupported",
    0x0A: "sdf-unsupported",
    0x18: "sdf-right",
}


class _DeviceInfo(Structure):
    _fields_ = (
        ("issuer", c_char * 40),
        ("name", c_char * 16),
        ("serial", c_char * 16),
        ("version", c_uint),
        ("standard", c_uint),
        ("asymmetric", c_uint * 2),
        ("symmetric", c_uint),
        ("hash", c_uint),
        ("buffer", c_uint),
    )


_SIGNATURES: Final = {
    "SDF_OpenDevice": (POINTER(c_void_p),),
    "SDF_CloseDevice": (c_void_p,),
    "SDF_OpenSession": (c_void_p, POINTER(c_void_p)),
    "SDF_CloseSession": (c_void_p,),
    "SDF_GetDeviceInfo": (c_void_p, POINTER(_DeviceInfo)),
    "SDF_ImportKeyWithKEK": (c_void_p, c_uint, c_uint, c_char_p, c_uint, POINTER(c_void_p)),
    "SDF_ImportKey": (c_void_p, c_char_p, c_uint, POINTER(c_void_p)),
    "SDF_GetSymmKeyHandle": (c_void_p, c_uint, POINTER(c_void_p)),
    "SDF_DestroyKey": (c_void_p, c_void_p),
    "SDF_Encrypt": (c_void_p, c_void_p, c_uint, c_char_p, c_char_p, c_uint, c_char_p, POINTER(c_uint)),
    "SDF_Decrypt": (c_void_p, c_void_p, c_uint, c_char_p, c_char_p, c_uint, c_char_p, POINTER(c_uint)),
    "SDF_CalculateMAC": (c_void_p, c_void_p, c_uint, c_char_p, c_char_p, c_uint, c_char_p, POINTER(c_uint)),
}


class SdfDevice:
    """One device with one session; calls of several threads wait for each other.

    Raises KeyServiceMissing where the library or the device cannot be opened; every call raises that for a device
    that is gone, and CustodyError for one that refuses.
    """

    def __init__(self, library: Path) -> None:
        self._lock = threading.RLock()
        self._device, self._session = c_void_p(), c_void_p()
        try:
            self._library = ctypes.CDLL(str(library))
        except OSError:
            raise KeyServiceMissing("sdf-library", path=str(library)) from None
        self._call("SDF_OpenDevice", byref(self._device))
        try:
            self._call("SDF_OpenSession", self._device, byref(self._session))
            info = _DeviceInfo()
            self._call("SDF_GetDeviceInfo", self._session, byref(info))
        except BaseException:
            self.close()
            raise
        self.name = f"{info.issuer.decode('ascii', 'replace')} {info.name.decode('ascii', 'replace')}".strip()
        self._abilities = info.symmetric

    def has(self, algorithm: Algorithm) -> bool:
        """Whether the device says that it has the cipher."""
        return algorithm in _ECB and bool(self._abilities & _ECB[algorithm] & _CIPHER_BITS)

    def import_wrapped(self, algorithm: Algorithm, kek: int, wrapped: bytes) -> c_void_p:
        """A key given enciphered (ECB) under key-encrypting key number ``kek`` of the device; returns its handle."""
        handle = c_void_p()
        arguments = (_ECB[algorithm], kek, wrapped, len(wrapped), byref(handle))
        self._call("SDF_ImportKeyWithKEK", self._session, *arguments)
        return handle

    def internal(self, index: int) -> c_void_p:
        """The handle of a key kept in the device (a call most vendors have, though GM/T 0018 does not)."""
        handle = c_void_p()
        self._call("SDF_GetSymmKeyHandle", self._session, index, byref(handle))
        return handle

    @contextmanager
    def session_key(self, value: bytes) -> Iterator[c_void_p]:
        """A key of one card, in the device for the time of the block."""
        handle = c_void_p()
        self._call("SDF_ImportKey", self._session, value, len(value), byref(handle))
        try:
            yield handle
        finally:
            self.destroy(handle)

    def destroy(self, handle: c_void_p) -> None:
        """Remove a key from the session."""
        self._call("SDF_DestroyKey", self._session, handle)

    def encrypt(self, handle: c_void_p, algorithm: Algorithm, blocks: bytes) -> bytes:
        """ECB over whole blocks."""
        return self._cipher("SDF_Encrypt", handle, _ECB[algorithm], b"", blocks, len(blocks))

    def decrypt(self, handle: c_void_p, algorithm: Algorithm, blocks: bytes) -> bytes:
        """Undo :meth:`encrypt`."""
        return self._cipher("SDF_Decrypt", handle, _ECB[algorithm], b"", blocks, len(blocks))

    def mac(self, handle: c_void_p, algorithm: Algorithm, initial: bytes, blocks: bytes) -> bytes:
        """Last block (16 bytes) of CBC over whole blocks."""
        return self._cipher("SDF_CalculateMAC", handle, _MAC[algorithm], initial, blocks, _BLOCK)

    def close(self) -> None:
        """Close session and device; idempotent."""
        with self._lock:
            session, device = self._session, self._device
            self._session, self._device = c_void_p(), c_void_p()
            if session:
                self._library.SDF_CloseSession(session)
            if device:
                self._library.SDF_CloseDevice(device)

    def _cipher(self, name: str, handle: c_void_p, mode: int, initial: bytes, data: bytes, size: int) -> bytes:
        result, length = ctypes.create_string_buffer(size), c_uint(size)
        vector = ctypes.create_string_buffer(initial.ljust(_BLOCK, b"\0"), _BLOCK)
        self._call(name, self._session, handle, mode, vector, data, len(data), result, byref(length))
        if length.value != size:
            raise CustodyError("sdf-failed", call=name, reason="LENGTH", code=f"{length.value:08X}")
        return result.raw

    def _call(self, name: str, *arguments: object) -> None:
        function = getattr(self._library, name, None)
        if function is None:
            raise CustodyError("sdf-unsupported", call=name, reason="SYMBOL", code="-")
        function.argtypes, function.restype = _SIGNATURES[name], c_uint
        with self._lock:
            code = function(*arguments)
        if code:
            number = code - _BASE
            facts = {"call": name, "reason": _NAMES.get(number, "?"), "code": f"{code:08X}"}
            if number in _LOST:
                raise KeyServiceMissing("sdf-device", **facts)
            raise CustodyError(_KEYS.get(number, "sdf-failed"), **facts)
