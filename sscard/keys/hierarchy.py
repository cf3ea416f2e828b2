"""A whole demonstration hierarchy: national and province roots, their children down to the city, the issuer's masters.

The ministry makes the roots of the national keys, the province those of the local ones; each level below is derived
(docs/keys.md).  Real roots are never made here.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Callable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from sscard.keys import catalog
from sscard.keys.anchor import Anchor
from sscard.keys.catalog import ISSUER_MASTERS, CatalogKey, Kind, Level
from sscard.keys.diversify import city_factor, province_factor
from sscard.keys.family import Algorithm, family_of
from sscard.keys.secret import Secret
from sscard.keys.store import KeyStore, Usage
from sscard.keys.vault import Vault
from sscard.keys.vault_service import VaultKeyService

DEMO_REGION: Final = "990101"
DEMO_PIN: Final = bytes.fromhex("123456")
DEMO_TRANSPORT: Final = b"\xff" * 8

HOLDINGS: Final = ("all", "nation", "province", "city", "none")
"""What a demonstration vault holds of the catalogue: every level, one level as its owner would, or nothing."""

_Source = Callable[[str, str, int, int], bytes]
"""(name, region, version, size) → root value."""


@dataclass(frozen=True, slots=True)
class DemoKey:
    """A key that is made beside those of the official lists; ``size`` in bytes."""

    name: str
    level: Level
    version: int
    size: int


def demo_vault(
    path: Path,
    passphrase: Secret,
    *,
    region: str = DEMO_REGION,
    seed: int | None = None,
    algorithm: Algorithm = Algorithm.SM4,
    extra: Sequence[DemoKey] = (),
    holds: str = "all",
    anchor: Anchor | None = None,
) -> Vault:
    """Make and save a vault with all keys of one city, marked DEMO.  Random, or repeatable from a ``seed``.

    ``holds`` (one of HOLDINGS) leaves out levels.  Raises what :meth:`Vault.create` and :meth:`Vault.save` raise, and
    CustodyError("region-code").
    """
    city_factor(region)
    vault = Vault.create(path, passphrase, demo=True, anchor=anchor)
    fill_demo(vault, region=region, seed=seed, algorithm=algorithm, extra=extra, holds=holds)
    vault.save()
    return vault


def memory_service(
    region: str = DEMO_REGION,
    seed: int = 0,
    algorithm: Algorithm = Algorithm.SM4,
    extra: Sequence[DemoKey] = (),
) -> VaultKeyService:
    """The service over the repeatable demonstration keys of ``seed``, without a file: tests and sample cards."""
    store = KeyStore(demo=True)
    fill_demo(store, region=region, seed=seed, algorithm=algorithm, extra=extra)
    return VaultKeyService(store)


def fill_demo(
    store: KeyStore,
    *,
    region: str,
    seed: int | None,
    algorithm: Algorithm,
    extra: Sequence[DemoKey] = (),
    holds: str = "all",
) -> None:
    """Put the hierarchy of one city into an empty store, every group of every key, with ``extra`` keys of the city."""
    source = _random if seed is None else _repeatable(seed)
    held = {"nation": {0}, "province": {2}, "city": {6}, "none": set[int]()}.get(holds, {0, 2, 6})
    for row in catalog.load():
        for version in row.versions:
            _add_branch(store, row, version, region=region, algorithm=algorithm, source=source, held=held)
    if 6 in held:
        _add_issuer(store, region=region, algorithm=algorithm, source=source, extra=extra)


def _add_issuer(
    store: KeyStore, *, region: str, algorithm: Algorithm, source: _Source, extra: Sequence[DemoKey]
) -> None:
    """What a city has beside the catalogue: masters, keys of its own, PIN and transport code."""
    for name in ISSUER_MASTERS:
        value = Secret(source(name, region, 1, 16))
        store.add(name, value, level=Level.ISSUER, algorithm=algorithm, region=region)
    for key in extra:
        value = Secret(source(key.name, region, key.version, key.size))
        store.add(key.name, value, level=key.level, algorithm=algorithm, region=region, version=key.version)
    for name, shown in ((catalog.PIN, DEMO_PIN), (catalog.TRANSPORT, DEMO_TRANSPORT)):
        store.add(name, Secret(shown), level=Level.ISSUER, algorithm=algorithm, usage=Usage.PRESENT)


def _add_branch(
    store: KeyStore,
    row: CatalogKey,
    version: int,
    *,
    region: str,
    algorithm: Algorithm,
    source: _Source,
    held: AbstractSet[int],
) -> None:
    """The root of one key and its children down to the city; ``held`` are the region-path lengths that are stored."""
    steps = [(region[:2], province_factor(region)), (region, city_factor(region))]
    place = ""
    if row.level is Level.LOCAL:
        place = steps.pop(0)[0]
    value = source(row.name, place, version, key_size(row, algorithm))
    chain = [(place, value)]
    for place, factor in steps:
        value = family_of(algorithm).diversify(value, factor)
        chain.append((place, value))
    for place, value in chain:
        if len(place) in held:
            store.add(row.name, Secret(value), level=row.level, algorithm=algorithm, region=place, version=version)


def key_size(row: CatalogKey, algorithm: Algorithm) -> int:
    """Bytes of a catalogue key: 16, but 8 for the maintenance keys of DES cards (LD/T 32 draft)."""
    return 8 if algorithm is Algorithm.DES and row.kind is Kind.MAINTENANCE else 16


def _random(name: str, region: str, version: int, size: int) -> bytes:
    return secrets.token_bytes(size)


def _repeatable(seed: int) -> _Source:
    def value(name: str, region: str, version: int, size: int) -> bytes:
        message = f"{seed}/{name}/{region}/{version}".encode("ascii")
        return hmac.digest(b"sscard DEMO keys", message, hashlib.sha256)[:size]

    return value
