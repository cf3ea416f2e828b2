"""The back ends of key custody, each real: a vault, a SoftHSM2 token, a server on a socket, a compiled SDF double."""

from __future__ import annotations

import os
import shutil
import subprocess
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from sscard.keys.bars import Factors
from sscard.keys.catalog import Level
from sscard.keys.custody_service import CustodyService
from sscard.keys.family import Algorithm, family_of, pad_length
from sscard.keys.hierarchy import fill_demo
from sscard.keys.keyserver import KeyServer
from sscard.keys.pkcs11_load import city_keys, load_token
from sscard.keys.pkcs11_token import TokenAddress, TokenCustody
from sscard.keys.remote import RemoteKeyService, ServerAddress
from sscard.keys.sdf_custody import SdfCustody
from sscard.keys.secret import Secret
from sscard.keys.service import KeyService
from sscard.keys.store import KeyStore, Usage
from sscard.keys.vault_service import VaultKeyService

CITY = "990101"
SEED = 5
SOFTHSM = Path("/usr/lib/softhsm/libsofthsm2.so")
MEMORY = Path("/dev/shm")
TOKENS = ("contract", "scratch", "mixed", "strange")
PIN = "DEMO1234"
KEK = b"\x11" * 16
DATA_KEY = b"\x77" * 16


@dataclass(frozen=True)
class Backend:
    """One back end over the keys of :func:`contract_store`, and the twin in memory it must agree with."""

    name: str
    service: KeyService
    twin: VaultKeyService
    algorithm: Algorithm
    store: KeyStore


@cache
def contract_store(algorithm: Algorithm) -> KeyStore:
    """The repeatable demonstration keys of one city, and KAT, the city key of the published worked examples."""
    store = KeyStore(demo=True)
    fill_demo(store, region=CITY, seed=SEED, algorithm=algorithm)
    value = bytes.fromhex("0A472BC2679318801ABF2FC5BA2D7DEC")
    if algorithm is Algorithm.DES:
        des = family_of(algorithm)
        value = bytes.fromhex("13579BDF2468ACE0")
        for factor in (b"990000sh", b"990101sx"):
            value = des.diversify(value, factor)
    store.add("KAT", Secret(value), level=Level.NATIONAL, algorithm=algorithm, region=CITY)
    return store


@pytest.fixture(scope="session")
def softhsm() -> Iterator[TokenAddress]:
    """SoftHSM2 with empty tokens, in memory where there is a place: it syncs every object; the one named "contract".

    Missing it fails in CI and for root (who can install it), else it skips.
    """
    if not SOFTHSM.exists() or shutil.which("softhsm2-util") is None:
        if os.environ.get("CI") == "true" or os.geteuid() == 0:
            pytest.fail("softhsm2 is not installed: scripts/system-packages", pytrace=False)
        pytest.skip("softhsm2 is not installed: scripts/system-packages")
    with TemporaryDirectory(prefix="softhsm-", dir=MEMORY if MEMORY.is_dir() else None) as folder:
        settings = Path(folder, "softhsm2.conf")
        settings.write_text(f"directories.tokendir = {folder}\nobjectstore.backend = file\nlog.level = ERROR\n")
        os.environ["SOFTHSM2_CONF"] = str(settings)
        for label in TOKENS:
            words = ["softhsm2-util", "--init-token", "--free", "--label", label, "--pin", PIN, "--so-pin", "DEMO5678"]
            subprocess.run(words, check=True, capture_output=True)
        yield TokenAddress(SOFTHSM, "contract")
        del os.environ["SOFTHSM2_CONF"]


@pytest.fixture(scope="session")
def loaded_token(softhsm: TokenAddress) -> TokenAddress:
    """The token "contract" with the keys of the city in it."""
    load_token(softhsm, Secret(PIN.encode()), contract_store(Algorithm.DES), CITY)
    return softhsm


@pytest.fixture(scope="session")
def sdf_library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The double, compiled."""
    library = tmp_path_factory.mktemp("sdf") / "libdouble.so"
    source = Path(__file__).with_name("sdf_double.c")
    subprocess.run(["gcc", "-O1", "-shared", "-fPIC", "-o", str(library), str(source)], check=True)
    return library


@pytest.fixture(scope="session")
def sdf_list(tmp_path_factory: pytest.TempPathFactory) -> Callable[[KeyStore], Path]:
    """Writes the list of a device's keys: those of the city, enciphered under key-encrypting key 1."""

    def write(store: KeyStore) -> Path:
        sm4 = family_of(Algorithm.SM4)
        lines = ['format = 1\nmode = "demo"\n\n[values]\nkek = 1', f'wrapped = "{sm4.encrypt(KEK, DATA_KEY).hex()}"']
        for entry, value in city_keys(store, CITY):
            facts = {"name": entry.name, "level": entry.level.value, "region": entry.region}
            lines.append("\n[[key]]")
            lines += [f'{name} = "{text}"' for name, text in facts.items()]
            lines.append(f'version = {entry.version}\nalgorithm = "{entry.algorithm.name}"')
            if entry.usage is Usage.PRESENT:
                sealed = sm4.encrypt(DATA_KEY, pad_length(value.reveal(), 16))
                lines.append(f'sealed = "{sealed.hex()}"')
            else:
                wrapped = sm4.encrypt(KEK, value.reveal())
                lines.append(f'kek = 1\nwrapped = "{wrapped.hex()}"\ncheck_value = "{entry.check_value.hex()}"')
        path = tmp_path_factory.mktemp("sdf") / "keys.toml"
        path.write_text("\n".join(lines) + "\n")
        return path

    return write


@dataclass
class Running:
    """A server on a thread."""

    server: KeyServer
    token: Secret
    journal: list[dict[str, object]]
    thread: threading.Thread

    def address(self, **facts: object) -> ServerAddress:
        return ServerAddress("127.0.0.1", self.server.port, **facts)  # type: ignore[arg-type]

    def stop(self) -> None:
        self.server.close()
        self.thread.join()


@pytest.fixture(scope="session")
def start_server() -> Iterator[Callable[..., Running]]:
    """Starts a key server over a service on a free port of this machine; all are stopped at the end."""
    running: list[Running] = []

    def start(service: KeyService, *, host: str = "127.0.0.1", port: int = 0, **facts: object) -> Running:
        token, journal = Secret(b"DEMO token of the tests, 32 bytes"), []
        server = KeyServer(service, host, port, token, journal=lambda entry: journal.append(dict(entry)), **facts)
        thread = threading.Thread(target=server.serve, daemon=True)
        thread.start()
        running.append(Running(server, token, journal, thread))
        return running[-1]

    yield start
    for one in running:
        one.stop()


BACKENDS = ("vault-SM4", "vault-DES", "pkcs11-DES", "server-SM4", "server-DES", "sdf-SM4")


@pytest.fixture(scope="session")
def served(start_server: Callable[..., Running]) -> Callable[[Algorithm, Factors], Running]:
    """A server over the contract's keys, one an algorithm."""

    @cache
    def serve(algorithm: Algorithm, order: Factors) -> Running:
        return start_server(VaultKeyService(contract_store(algorithm)), factors=order)

    return serve


@pytest.fixture(params=BACKENDS)
def backend(request: pytest.FixtureRequest) -> Iterator[Backend]:
    """Each back end in turn, freshly opened."""
    kind, _, name = request.param.partition("-")
    algorithm = Algorithm[name]
    store = contract_store(algorithm)
    service: KeyService
    if kind == "vault":
        service = VaultKeyService(store)
    elif kind == "pkcs11":
        service = CustodyService(TokenCustody(request.getfixturevalue("loaded_token"), Secret(PIN.encode())))
    elif kind == "sdf":
        listed = request.getfixturevalue("sdf_list")(store)
        service = CustodyService(SdfCustody(request.getfixturevalue("sdf_library"), listed))
    else:
        order = Factors.CARD_CITY if algorithm is Algorithm.DES else Factors.CARD
        running = request.getfixturevalue("served")(algorithm, order)
        service = RemoteKeyService(running.address(factors=order), running.token)
    yield Backend(request.param, service, VaultKeyService(store), algorithm, store)
    service.close()
