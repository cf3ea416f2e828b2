"""Names of back ends as people write them, right and wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from sscard.errors import UsageError
from sscard.keys.backend import (
    Backend,
    DeviceBackend,
    ServerBackend,
    TokenBackend,
    VaultBackend,
    parse_backend,
    parse_listen,
)
from sscard.keys.bars import Factors

BASE = Path("/ws")


@pytest.mark.parametrize(
    ("spec", "backend"),
    [
        ("vault", VaultBackend()),
        ("pkcs11:token=demo?module-path=/lib/p.so", TokenBackend(Path("/lib/p.so"), "demo", None)),
        (
            "pkcs11:token=my%20token?module-path=p.so&pin-source=file:pin",
            TokenBackend(BASE / "p.so", "my token", BASE / "pin"),
        ),
        (
            "pkcs11:token=t?pin-source=file:/dev/stdin&module-path=/p.so",
            TokenBackend(Path("/p.so"), "t", Path("/dev/stdin")),
        ),
        ("server:127.0.0.1:7733", ServerBackend("127.0.0.1", 7733, None, None, Factors.CARD)),
        (
            "server:[::1]:1?token=tok&ca=/ca.pem&factors=city-card",
            ServerBackend("::1", 1, BASE / "tok", Path("/ca.pem"), Factors.CITY_CARD),
        ),
        ("sdf:/v/libsdf.so?keys=keys.toml", DeviceBackend(Path("/v/libsdf.so"), BASE / "keys.toml")),
    ],
)
def test_names(spec: str, backend: Backend) -> None:
    assert parse_backend(spec, BASE) == backend


@pytest.mark.parametrize(
    "spec",
    [
        "",
        "vaults",
        "vault:x",
        "pkcs11:",
        "pkcs11:token=t",
        "pkcs11:?module-path=/p.so",
        "pkcs11:token?module-path=/p.so",
        "pkcs11:token=t?module-path=/p.so&pin-source=pin",
        "pkcs11:token=t?module-path=/p.so&more=1",
        "server:host",
        "server:host:99999",
        "server::7733",
        "server:host:x",
        "server:host:1?factors=city",
        "server:host:1?secret=1",
        "sdf:lib.so",
        "sdf:?keys=k",
        "sdf:lib.so?keys=k&pin=1",
    ],
)
def test_wrong_names_are_told_with_examples(spec: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_backend(spec, BASE)
    assert "pkcs11:token=NAME" in str(caught.value)


@pytest.mark.parametrize(
    "spec",
    ["pkcs11:token=t;pin-value=918273?module-path=/p.so", "pkcs11:token=t?module-path=/p.so&pin-value=918273"],
)
def test_a_pin_in_the_name_is_refused_and_not_repeated(spec: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_backend(spec, BASE)
    assert "918273" not in str(caught.value)
    assert "918273" not in str(caught.value.fields)


def test_listening() -> None:
    assert parse_listen("127.0.0.1:0") == ("127.0.0.1", 0)
    assert parse_listen("[::1]:7733") == ("::1", 7733)
