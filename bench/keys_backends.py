"""Speed of the key back ends: batch derivation, vault, token, key server, and what each family's rules cost.

Run: python bench/keys_backends.py [CARDS]
Every figure has its baseline of the same run.  Token figures need softhsm2 and python-pkcs11.
"""

from __future__ import annotations

import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable
from contextlib import closing
from functools import partial
from itertools import product
from pathlib import Path

from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives.ciphers import BlockCipherAlgorithm, Cipher, modes
from cryptography.hazmat.primitives.ciphers.algorithms import SM4
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt
from measure import PROCESSOR, compare, report, seconds

from sscard.keys import catalog
from sscard.keys.custody import Batch, Branch
from sscard.keys.family import Algorithm, family_of
from sscard.keys.hierarchy import DEMO_REGION, demo_vault, fill_demo, memory_service
from sscard.keys.keyserver import KeyServer, Limits
from sscard.keys.remote import RemoteKeyService, ServerAddress
from sscard.keys.secret import Secret
from sscard.keys.service import KeyRef, KeyService
from sscard.keys.store import KeyStore
from sscard.keys.vault import Cost, Vault
from sscard.keys.vault_service import StoreCustody

BATCH = 1000
ROUNDS = 7
BULK = 160_000
FAMILIES = (Algorithm.DES, Algorithm.SM4)
SOFTHSM = Path("/usr/lib/softhsm/libsofthsm2.so")


def store_of(algorithm: Algorithm) -> KeyStore:
    store = KeyStore(demo=True)
    fill_demo(store, region=DEMO_REGION, seed=1, algorithm=algorithm)
    return store


def city_branches(algorithm: Algorithm) -> list[tuple[Branch, bytes]]:
    """The city keys of the 55, each with its value for the baselines."""
    store = store_of(algorithm)
    custody = StoreCustody(store)
    names = {row.name for row in catalog.load()}
    entries = [e for e in store if e.region == DEMO_REGION and e.name in names and e.version == 1]
    return [(custody.branch(entry, ()), store.value(entry).reveal()) for entry in entries]


def cipher(algorithm: Algorithm, key: bytes) -> BlockCipherAlgorithm:
    if algorithm is Algorithm.SM4:
        return SM4(key)
    return TripleDES(key * 3 if len(key) == 8 else key + key[:8])


def encryptor(algorithm: Algorithm, key: bytes) -> Callable[[bytes], bytes]:
    return Cipher(cipher(algorithm, key), modes.ECB()).encryptor().update


def cards(count: int, start: int = 0) -> list[bytes]:
    return [number.to_bytes(8, "big") for number in range(start, start + count)]


def derivation(total: int) -> None:
    """110 keys a card in batches, against the bulk limit of the library and against a fresh cipher a key."""
    branches = {algorithm: city_branches(algorithm) for algorithm in FAMILIES}
    everything = [branch for made in branches.values() for branch in made]
    octets = {algorithm: sum(len(value) for _, value in made) for algorithm, made in branches.items()}
    bulk = {algorithm: encryptor(algorithm, bytes(range(16))) for algorithm in FAMILIES}
    data = bytes(BULK)

    def derive(start: int, count: int = BATCH) -> None:
        batch = Batch(cards(count, start))
        for branch, _ in everything:
            branch.diversify(batch)

    def limit() -> float:
        """Seconds a card at the rate of long calls of the library."""
        total = 0.0
        for algorithm in FAMILIES:
            long = partial(bulk[algorithm], data)
            total += octets[algorithm] / BULK * statistics.median(seconds(long, PROCESSOR) for _ in range(3))
        return total

    def fresh(count: int) -> None:
        for card in cards(count):
            pair = card + bytes(255 - byte for byte in card)
            for algorithm in FAMILIES:
                for _, value in branches[algorithm]:
                    encryptor(algorithm, value)(card if len(value) == 8 else pair)

    derive(0)
    rows = []
    for turn in range(3 * ROUNDS):
        before = limit()
        mine = seconds(lambda: derive(turn * BATCH), PROCESSOR) / BATCH  # noqa: B023
        rows.append((mine, (before + limit()) / 2, seconds(lambda: fresh(5), PROCESSOR) / 5))
    taken, floor, slow = (statistics.median(column) for column in zip(*rows, strict=True))
    share = statistics.median(best / mine for mine, best, _ in rows)
    gain = statistics.median(naive / mine for mine, _, naive in rows)
    keys = len(everything)
    report(
        f"derive {keys} keys a card, share of the bulk limit", 1 / taken, 1 / floor, share, "cards/s", rounds=len(rows)
    )
    report("the same, times a fresh cipher a key", 1 / taken, 1 / slow, gain, "cards/s", rounds=len(rows))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    spent = seconds(lambda: [derive(start) for start in range(0, total, BATCH)])
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    report(f"memory after {total:,} cards", after / 1024, before / 1024, after / before, "MiB", seconds=round(spent, 1))


def prepared() -> None:
    """Keys of 200 cards made ahead through the service, against each made when it is first asked for."""
    refs = [KeyRef(row.name, DEMO_REGION) for row in catalog.load()]
    some = cards(200)

    def ahead(service: KeyService) -> None:
        service.prepare(refs, some)

    def asked(service: KeyService) -> None:
        for card in some:
            for ref in refs:
                service.prepare([ref], [card])

    one, two = memory_service(), memory_service()
    compare(
        "prepare 55 keys of 200 cards, SM4",
        lambda: ahead(one),
        lambda: asked(two),
        rounds=ROUNDS,
        unit="s",
        clock=PROCESSOR,
    )


def vault(folder: Path) -> None:
    passphrase, cost = Secret(b"DEMO-passphrase"), Cost()
    path = folder / "vault.json"
    demo_vault(path, passphrase)

    def scrypt() -> bytes:
        return Scrypt(salt=bytes(16), length=32, n=cost.n, r=cost.r, p=cost.p).derive(b"DEMO-passphrase")

    compare("open a vault", lambda: Vault.open(path, passphrase), scrypt, rounds=5, unit="s")


def token(folder: Path) -> None:
    """SoftHSM2: one call a key and batch, against one call a card key."""
    if not SOFTHSM.exists() or shutil.which("softhsm2-util") is None:
        return
    from sscard.keys.pkcs11_load import load_token
    from sscard.keys.pkcs11_token import TokenAddress, TokenCustody

    (folder / "tokens").mkdir()
    (folder / "conf").write_text(f"directories.tokendir = {folder}/tokens\nlog.level = ERROR\n")
    os.environ["SOFTHSM2_CONF"] = str(folder / "conf")
    words = ["softhsm2-util", "--init-token", "--free", "--label", "bench", "--pin", "DEMO1234", "--so-pin", "DEMO5678"]
    subprocess.run(words, check=True, capture_output=True)
    address, pin = TokenAddress(SOFTHSM, "bench"), Secret(b"DEMO1234")
    load_token(address, pin, store_of(Algorithm.DES), DEMO_REGION)
    with closing(TokenCustody(address, pin)) as custody:
        names = {row.name for row in catalog.load()}
        branches = [custody.branch(entry, ()) for entry in custody.entries() if entry.name in names]
        some = cards(BATCH)
        whole, single = Batch(some), [Batch([card]) for card in some[:50]]
        rows = []
        for _ in range(ROUNDS):
            batched = seconds(lambda: [branch.diversify(whole) for branch in branches]) / BATCH
            each = seconds(lambda: [branch.diversify(one) for one, branch in product(single, branches)]) / len(single)
            rows.append((batched, each))
        mine, base = (statistics.median(column) for column in zip(*rows, strict=True))
        ratio = statistics.median(base / mine for mine, base in rows)
        figure = f"token: {len(branches)} keys a card in batches of {BATCH}, times a call a key"
        report(figure, 1 / mine, 1 / base, ratio, "cards/s", rounds=ROUNDS)


def server() -> None:
    """One authentication over the loopback, against the same call in this process."""
    service = memory_service()
    token_ = Secret(b"DEMO token of the bench, 32 bytes")
    made = KeyServer(service, "127.0.0.1", 0, token_, limits=Limits(requests_a_second=10**9))
    thread = threading.Thread(target=made.serve, daemon=True)
    thread.start()
    ref = KeyRef("RKSSSE", DEMO_REGION, b"12345678")
    with closing(RemoteKeyService(ServerAddress("127.0.0.1", made.port), token_)) as remote:

        def ask(one: KeyService) -> Callable[[], object]:
            return lambda: [one.authentication_data(ref, b"12345678", b"87654321") for _ in range(500)]

        compare("key server, one authentication", ask(remote), ask(service), rounds=5, unit="s", each=500)
    made.close()
    thread.join()


def rules() -> None:
    """Each rule of each family, against the bare calls of the library it makes."""
    for algorithm, size in ((Algorithm.DES, 8), (Algorithm.DES, 16), (Algorithm.SM4, 16)):
        for name, subject, baseline in cases(algorithm, size):
            figure = f"{algorithm.name} {size * 8}: {name}"
            compare(figure, _many(subject), _many(baseline), rounds=3 * ROUNDS, unit="s", each=700, clock=PROCESSOR)


def cases(algorithm: Algorithm, size: int) -> list[tuple[str, Callable[[], object], Callable[[], object]]]:
    """Name, rule and bare calls, where everything is padded and cut before."""
    family, key, challenge, message = family_of(algorithm), bytes(range(1, size + 1)), b"12345678", bytes(40)
    one, pair, padded, zero = bytes(family.block), bytes(size), bytes(48), modes.CBC(bytes(family.block))
    session = key[:8] if algorithm is Algorithm.DES else key
    retail = algorithm is Algorithm.DES and size == 16

    def once(key: bytes, data: bytes) -> bytes:
        return encryptor(algorithm, key)(data)

    def chained(key: bytes) -> bytes:
        return Cipher(cipher(algorithm, key), zero).encryptor().update(padded)

    def mac() -> None:
        chained(session if retail else key)
        if retail:
            Cipher(cipher(algorithm, key[8:]), modes.ECB()).decryptor().update(one)
            once(session, one)

    return [
        ("diversify", lambda: family.diversify(key, challenge), lambda: once(key, pair)),
        ("session key", lambda: family.session_key(key, challenge), lambda: once(key, one)),
        ("authentication", lambda: family.authentication_data(session, challenge), lambda: once(session, one)),
        ("session MAC, 40 bytes", lambda: family.session_mac(session, message), lambda: chained(session)),
        ("key MAC, 40 bytes", lambda: family.key_mac(key, message, challenge), mac),
    ]


def _many(call: Callable[[], object]) -> Callable[[], object]:
    return lambda: [call() for _ in range(700)]


def main() -> None:
    total = int(sys.argv[1]) if len(sys.argv) > 1 else 50_000
    derivation(total)
    prepared()
    with tempfile.TemporaryDirectory() as name:
        vault(Path(name))
        token(Path(name))
    server()
    rules()


if __name__ == "__main__":
    main()
