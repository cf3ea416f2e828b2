"""Keys: the catalogue of 55, algorithm families, diversification, custody and the key service."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sscard._lazy import attach

if TYPE_CHECKING:
    from sscard.keys.catalog import CatalogKey
    from sscard.keys.checkvalue import CheckMethod
    from sscard.keys.components import Component, combine, split_shares, split_xor
    from sscard.keys.custody import Custody
    from sscard.keys.custody_service import CustodyService
    from sscard.keys.diversify import card_factor, city_factor, province_factor
    from sscard.keys.family import Algorithm, Family, family_of
    from sscard.keys.hierarchy import memory_service
    from sscard.keys.keyserver import KeyServer
    from sscard.keys.pkcs11_token import TokenAddress, TokenCustody
    from sscard.keys.remote import RemoteKeyService, ServerAddress
    from sscard.keys.sdf_custody import SdfCustody
    from sscard.keys.secret import Secret
    from sscard.keys.service import KeyRef, KeyService
    from sscard.keys.vault import Vault
    from sscard.keys.vault_service import VaultKeyService

_NAMES = {
    "Algorithm": "family",
    "CatalogKey": "catalog",
    "CheckMethod": "checkvalue",
    "Component": "components",
    "Custody": "custody",
    "CustodyService": "custody_service",
    "Family": "family",
    "KeyRef": "service",
    "KeyServer": "keyserver",
    "KeyService": "service",
    "RemoteKeyService": "remote",
    "SdfCustody": "sdf_custody",
    "Secret": "secret",
    "ServerAddress": "remote",
    "TokenAddress": "pkcs11_token",
    "TokenCustody": "pkcs11_token",
    "Vault": "vault",
    "VaultKeyService": "vault_service",
    "card_factor": "diversify",
    "city_factor": "diversify",
    "combine": "components",
    "family_of": "family",
    "memory_service": "hierarchy",
    "province_factor": "diversify",
    "split_shares": "components",
    "split_xor": "components",
}

__all__ = [
    "Algorithm",
    "CatalogKey",
    "CheckMethod",
    "Component",
    "Custody",
    "CustodyService",
    "Family",
    "KeyRef",
    "KeyServer",
    "KeyService",
    "RemoteKeyService",
    "SdfCustody",
    "Secret",
    "ServerAddress",
    "TokenAddress",
    "TokenCustody",
    "Vault",
    "VaultKeyService",
    "card_factor",
    "city_factor",
    "combine",
    "family_of",
    "memory_service",
    "province_factor",
    "split_shares",
    "split_xor",
]

__getattr__ = attach(__name__, _NAMES)
