"""Custody by an SDF device: keys stay in it or reach it enciphered; the unpublished ciphers are the device's own.

A file beside the device says which keys there are (docs/keys.md, "SDF").  A card key is the encryption of its factor
under the stored key, in one call for any number of cards.  SM1 and SSF33 exist only in the device: the custody
registers it as their family, so that calculations with card keys go there too.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from ctypes import c_void_p
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from sscard.errors import CustodyError, NotServed
from sscard.keys.catalog import Level, canonical
from sscard.keys.checkvalue import CHECK_SIZE
from sscard.keys.custody import Batch
from sscard.keys.family import COMPLEMENT, MAC_SIZE, Algorithm, Keyed, card_algorithm, pad80, register, unpad_length
from sscard.keys.sdf import SdfDevice
from sscard.keys.secret import Secret
from sscard.keys.store import Entry, State, Usage, is_region_path

_BLOCK: Final = 16
_KEY_SIZE: Final = 16
_NAME: Final = re.compile(r"[A-Za-z0-9_.-]{1,32}")


class SdfFamily:
    """:class:`sscard.keys.family.Family` of a 16-byte cipher that only a device has."""

    block = _BLOCK

    def __init__(self, device: SdfDevice, algorithm: Algorithm) -> None:
        self._device = device
        self._algorithm = algorithm

    def encrypt(self, key: bytes, blocks: bytes) -> bytes:
        with self._device.session_key(key) as handle:
            return self._device.encrypt(handle, self._algorithm, blocks)

    def decrypt(self, key: bytes, blocks: bytes) -> bytes:
        with self._device.session_key(key) as handle:
            return self._device.decrypt(handle, self._algorithm, blocks)

    def session_key(self, key: bytes, challenge: bytes) -> bytes:
        return self.encrypt(key, challenge.ljust(_BLOCK, b"\0"))

    def authentication_data(self, session_key: bytes, original: bytes) -> bytes:
        block = self.encrypt(session_key, original + bytes(8))
        return bytes(left ^ right for left, right in zip(block[:8], block[8:], strict=True))

    def session_mac(self, session_key: bytes, message: bytes) -> bytes:
        return self.key_mac(session_key, message, b"")

    def key_mac(self, key: bytes, message: bytes, initial: bytes) -> bytes:
        with self._device.session_key(key) as handle:
            last = self._device.mac(handle, self._algorithm, initial, pad80(message, _BLOCK))
        words = zip(*(last[start : start + MAC_SIZE] for start in range(0, _BLOCK, MAC_SIZE)), strict=True)
        return bytes(a ^ b ^ c ^ d for a, b, c, d in words)

    def diversify(self, key: bytes, factor: bytes) -> bytes:
        return self.encrypt(key, factor + factor.translate(COMPLEMENT))

    def keyed(self, key: bytes) -> Keyed:
        return _SdfKey(self, key)


class _SdfKey:
    """The family under one key, which is in the device only while it calculates."""

    def __init__(self, family: SdfFamily, key: bytes) -> None:
        self._family = family
        self._key = Secret(key)

    def encrypt(self, blocks: bytes, /) -> bytes:
        return self._family.encrypt(self._key.reveal(), blocks)

    def session_key(self, challenge: bytes) -> bytes:
        return self._family.session_key(self._key.reveal(), challenge)

    def key_mac(self, message: bytes, initial: bytes) -> bytes:
        return self._family.key_mac(self._key.reveal(), message, initial)

    def diversify(self, factor: bytes) -> bytes:
        return self._family.diversify(self._key.reveal(), factor)


@dataclass(frozen=True, slots=True)
class _SdfBranch:
    entry: Entry
    device: SdfDevice
    handle: c_void_p

    def check_value(self) -> bytes:
        return self.device.encrypt(self.handle, self.entry.algorithm, bytes(_BLOCK))[:CHECK_SIZE]

    def root(self) -> Secret:
        raise NotServed("custody-root", ref=str(self.entry))

    def diversify(self, batch: Batch) -> bytes:
        return self.device.encrypt(self.handle, self.entry.algorithm, batch.blocks(_KEY_SIZE))


class SdfCustody:
    """:class:`sscard.keys.custody.Custody` over a device and the list of its keys.

    Raises CustodyError("sdf-keys") for a list that is wrong, "sdf-differs" where the device has another key than the
    list says, and what :class:`SdfDevice` raises.
    """

    def __init__(self, library: Path, keys: Path) -> None:
        table = _load(keys)
        self._demo = bool(table["mode"] == "demo")
        self._rows = {entry.place: (entry, row) for entry, row in _rows(table, keys)}
        self._values = table.get("values", {})
        self._handles: list[c_void_p] = []
        self._device = SdfDevice(library)
        self._withdraw: list[Callable[[], None]] = []
        try:
            for algorithm in (Algorithm.SM1, Algorithm.SSF33):
                if self._device.has(algorithm):
                    self._withdraw.append(register(algorithm, SdfFamily(self._device, algorithm)))
        except BaseException:
            self.close()
            raise

    @property
    def demo(self) -> bool:
        return self._demo

    @property
    def revision(self) -> int:
        return 0

    def entries(self) -> Iterable[Entry]:
        return [entry for entry, _ in self._rows.values()]

    def require(self, algorithm: Algorithm) -> None:
        if not self._device.has(algorithm):
            raise CustodyError("custody-algorithm", algorithm=algorithm.name, custody=f"SDF {self._device.name}")

    def branch(self, entry: Entry, steps: Sequence[bytes]) -> _SdfBranch:
        if steps:
            raise CustodyError("custody-level", key=str(entry), custody="SDF")
        self.require(entry.algorithm)
        row = self._rows[entry.place][1]
        self._handles.append(self._handle(entry.algorithm, row))
        branch = _SdfBranch(entry, self._device, self._handles[-1])
        if branch.check_value() != entry.check_value:
            raise CustodyError("sdf-differs", key=str(entry))
        return branch

    def presented(self, entry: Entry) -> Secret:
        handle = self._handle(Algorithm.SM4, self._values)
        try:
            sealed = bytes.fromhex(self._rows[entry.place][1]["sealed"])
            return Secret(unpad_length(self._device.decrypt(handle, Algorithm.SM4, sealed)))
        except ValueError:
            raise CustodyError("sdf-differs", key=str(entry)) from None
        finally:
            self._device.destroy(handle)

    def close(self) -> None:
        while self._withdraw:
            self._withdraw.pop()()
        with suppress(CustodyError):  # a device that is gone has nothing left to destroy
            while self._handles:
                self._device.destroy(self._handles.pop())
        self._device.close()

    def _handle(self, algorithm: Algorithm, row: Mapping[str, Any]) -> c_void_p:
        """A key of the list in the device: by its number, or enciphered under a key-encrypting key."""
        if "index" in row:
            return self._device.internal(row["index"])
        return self._device.import_wrapped(algorithm, row["kek"], bytes.fromhex(row["wrapped"]))


def _load(path: Path) -> dict[str, Any]:
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise CustodyError("sdf-keys", path=str(path), row=0, reason=error.strerror) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise CustodyError("sdf-keys", path=str(path), row=0, reason=str(error)) from None
    if table.get("format") != 1 or table.get("mode") not in ("demo", "production"):
        raise CustodyError("sdf-keys", path=str(path), row=0, reason="format = 1, mode = demo | production")
    return table


def _rows(table: Mapping[str, Any], path: Path) -> Iterable[tuple[Entry, Mapping[str, Any]]]:
    """Entries of the list.  A row is ``name, level, algorithm`` and, where they apply, ``region, version``."""
    for number, row in enumerate(table.get("key", ()), 1):
        try:
            usage = Usage.PRESENT if "sealed" in row else Usage.DIVERSIFY
            check = bytes.fromhex(row.get("check_value", ""))
            known = _NAME.fullmatch(row["name"]) and is_region_path(row.get("region", ""))
            sized = len(check) == CHECK_SIZE or usage is Usage.PRESENT
            located = usage is Usage.PRESENT or "index" in row or {"kek", "wrapped"} <= row.keys()
            if not (known and sized and located):
                raise ValueError("name, region, check_value; index or kek and wrapped")
            entry = Entry(
                canonical(row["name"]),
                Level(row["level"]),
                row.get("region", ""),
                int(row.get("version", 1)),
                card_algorithm(row["algorithm"]),
                usage,
                State.ACTIVE,
                table["mode"] == "demo",
                check,
            )
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise CustodyError("sdf-keys", path=str(path), row=number, reason=str(error)) from None
        yield entry, row
