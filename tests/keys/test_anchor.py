"""The anchor: an old, another or an edited vault is noticed, and wrong passphrases wait longer each time."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sscard.errors import CustodyError, GuardRefused
from sscard.keys.anchor import LONGEST_WAIT, Anchor, waiting
from sscard.keys.catalog import Level
from sscard.keys.family import Algorithm
from sscard.keys.secret import Secret
from sscard.keys.vault import Cost, Vault

WORD = b"correct horse battery staple"
CHEAP = Cost(n=1 << 14)


@dataclass
class Safe:
    """A vault with its anchor and a clock that only the test moves."""

    root: Path
    now: float = 1_800_000_000.0

    @property
    def path(self) -> Path:
        return self.root / "vault.json"

    @property
    def anchor(self) -> Anchor:
        return Anchor(self.root / "vault.anchor", clock=lambda: self.now)

    def make(self) -> Vault:
        vault = Vault.create(self.path, Secret(WORD), demo=True, cost=CHEAP, anchor=self.anchor)
        vault.save()
        return vault

    def open(self, word: bytes = WORD) -> Vault:
        return Vault.open(self.path, Secret(word), self.anchor)

    def refused(self, word: bytes = WORD) -> str:
        with pytest.raises((CustodyError, GuardRefused)) as caught:
            self.open(word)
        return caught.value.key

    def add(self, name: str = "IRK") -> None:
        vault = self.open()
        vault.add(name, Secret(bytes(16)), level=Level.NATIONAL, algorithm=Algorithm.SM4)
        vault.save()


@pytest.fixture
def safe(tmp_path: Path) -> Safe:
    made = Safe(tmp_path)
    made.make()
    return made


def test_generations_count_saves(safe: Safe) -> None:
    assert safe.open().generation == 1
    safe.add()
    vault = safe.open()
    assert (vault.generation, len(vault)) == (2, 1)
    mark = safe.anchor.read()
    assert mark is not None
    assert (mark.generation, mark.digest) == (2, vault.digest.hex())
    assert safe.anchor.path.stat().st_mode & 0o777 == 0o600


def test_an_old_copy_put_back_is_noticed(safe: Safe) -> None:
    old = safe.path.read_bytes()
    safe.add()
    safe.path.write_bytes(old)
    assert safe.refused() == "vault-rolled-back"
    Vault.open(safe.path, Secret(WORD))  # without its anchor nothing tells


def test_another_file_of_the_same_generation_is_noticed(safe: Safe) -> None:
    first = safe.path.read_bytes()
    safe.add("IRK")
    ours, anchor = safe.path.read_bytes(), safe.anchor.path.read_bytes()
    safe.path.write_bytes(first)
    aside = Vault.open(safe.path, Secret(WORD))
    aside.save()
    assert safe.path.read_bytes() != ours
    safe.anchor.path.write_bytes(anchor)
    assert safe.refused() == "vault-forked"


def test_a_save_whose_anchor_was_not_reached_is_taken_up(safe: Safe) -> None:
    """Power fails between vault and anchor: the vault is newer by one and opens; then the anchor has it."""
    before = safe.anchor.path.read_bytes()
    safe.add()
    safe.anchor.path.write_bytes(before)
    assert safe.open().generation == 2
    mark = safe.anchor.read()
    assert mark is not None
    assert mark.generation == 2


@pytest.mark.parametrize(
    ("change", "key"),
    [
        ({"generation": 0}, "anchor-edited"),
        ({"digest": "00" * 32}, "anchor-edited"),
        ({"mac": "00" * 32}, "anchor-edited"),
        ({"vault": "00" * 16}, "anchor-other"),
        ({"vault": ""}, "anchor-missing"),
        ({"version": 2}, "anchor-damaged"),
        ({"format": "x"}, "anchor-damaged"),
        ({"generation": True}, "anchor-damaged"),
        ({"more": 1}, "anchor-damaged"),
    ],
)
def test_an_edited_anchor_is_noticed(safe: Safe, change: dict[str, object], key: str) -> None:
    document = json.loads(safe.anchor.path.read_bytes())
    safe.anchor.path.write_text(json.dumps(document | change))
    assert safe.refused() == key


@given(content=st.binary(max_size=60))
def test_no_anchor_at_all(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    place = Anchor(tmp_path_factory.mktemp("a") / "vault.anchor")
    assert place.read() is None
    place.path.write_bytes(content)
    with pytest.raises(CustodyError) as caught:
        place.read()
    assert caught.value.key == "anchor-damaged"


def test_a_lost_anchor_is_noticed_and_a_restored_vault_accepted_on_purpose(safe: Safe) -> None:
    safe.anchor.path.unlink()
    assert safe.refused() == "anchor-missing"
    Vault.open(safe.path, Secret(WORD), safe.anchor, hold=False).accept()
    assert safe.open().generation == 1


def test_who_would_accept_a_vault_waits_like_everybody(safe: Safe) -> None:
    """Not even ``keys anchor --accept`` tries passphrases for nothing, and no other file is accepted in between."""
    for _ in range(3):
        with pytest.raises(CustodyError, match="VAULT-SEALED"):
            Vault.open(safe.path, Secret(b"wrong word"), safe.anchor, hold=False)
    with pytest.raises(GuardRefused, match="VAULT-WAIT"):
        Vault.open(safe.path, Secret(WORD), safe.anchor, hold=False)
    safe.now += 60
    opened = Vault.open(safe.path, Secret(WORD), safe.anchor, hold=False)
    safe.add()
    with pytest.raises(CustodyError, match="VAULT-CHANGED"):
        opened.accept()


def test_a_damaged_anchor_is_kept_until_the_vault_is_accepted(safe: Safe) -> None:
    safe.anchor.path.write_bytes(b"damaged")
    assert safe.refused(b"wrong word") == "vault-sealed"
    assert safe.refused() == "anchor-damaged"
    assert safe.anchor.path.read_bytes() == b"damaged"
    Vault.open(safe.path, Secret(WORD), safe.anchor, hold=False).accept()
    assert safe.open().generation == 1


def test_nothing_saved_is_lost_to_somebody_who_saves_at_the_same_time(safe: Safe) -> None:
    """Four at once: each either saves or is told that the vault has changed; the anchor always fits what is there."""
    saved, refused = [], []

    def work(number: int) -> None:
        for turn in range(4):
            name = f"KEY{number}-{turn}"
            try:
                safe.add(name)
                saved.append(name)
            except CustodyError as error:
                refused.append(error.key)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, range(4)))
    assert set(refused) <= {"vault-changed"}
    vault = safe.open()
    assert {entry.name for entry in vault} == set(saved)
    assert vault.generation == 1 + len(saved)


def test_wrong_passphrases_at_the_same_time_are_all_counted(safe: Safe) -> None:
    """Who asks eight times at once gets two free attempts and one more, as one after the other."""
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: safe.refused(b"wrong word"), range(8)))
    assert sorted(answers) == ["vault-sealed"] * 3 + ["vault-wait"] * 5
    mark = safe.anchor.read()
    assert mark is not None
    assert mark.failures == 3


def test_the_anchor_may_live_elsewhere(safe: Safe, tmp_path_factory: pytest.TempPathFactory) -> None:
    elsewhere = tmp_path_factory.mktemp("stick") / "vault.anchor"
    safe.anchor.path.rename(elsewhere)
    (safe.root / "vault.anchor").symlink_to(elsewhere)
    safe.add()
    assert (safe.root / "vault.anchor").is_symlink()
    assert json.loads(elsewhere.read_bytes())["generation"] == 2


def test_a_vault_of_the_older_format_is_taken_once(safe: Safe, monkeypatch: pytest.MonkeyPatch) -> None:
    """Version 1 has no generation: it opens, its anchor is made, and from the next save on it is counted."""
    vault = Vault.open(safe.path, Secret(WORD))
    old_render = json.loads(safe.path.read_bytes())
    assert old_render["version"] == 2
    _as_version_1(safe.path, vault)
    safe.anchor.path.unlink()
    assert safe.open().generation == 0
    old = safe.path.read_bytes()
    safe.add()
    assert safe.open().generation == 1
    safe.path.write_bytes(old)
    assert safe.refused() == "vault-rolled-back"


def _as_version_1(path: Path, vault: Vault) -> None:
    import base64
    import secrets

    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    nonce = secrets.token_bytes(12)
    kdf = {"name": "scrypt", "n": CHEAP.n, "r": 8, "p": 1, "salt": vault._salt.hex()}
    header = {
        "format": "sscard-vault",
        "version": 1,
        "kdf": kdf,
        "cipher": {"name": "AES-256-GCM", "nonce": nonce.hex()},
    }

    def written(document: object) -> bytes:
        return json.dumps(document, indent=1).encode() + b"\n"

    sealed = AESGCM(vault._key.reveal()).encrypt(nonce, b'{"demo": true, "keys": []}', written(header))
    path.write_bytes(written({**header, "sealed": base64.b64encode(sealed).decode()}))


def test_wrong_passphrases_wait_longer_each_time(safe: Safe) -> None:
    waits = []
    for _ in range(7):
        while (answer := safe.refused(b"wrong passphrase")) == "vault-wait":
            safe.now += 1
            waits[-1] += 1
        assert answer == "vault-sealed"
        waits.append(0)
    assert waits[:6] == [0, 0, 2, 4, 8, 16]
    assert safe.refused() == "vault-wait", "the right one waits too"
    safe.now += LONGEST_WAIT
    safe.open()
    assert safe.refused(b"wrong passphrase") == "vault-sealed", "the right one has cleared the count"
    safe.open()


def test_a_clock_set_back_shortens_nothing(safe: Safe) -> None:
    for _ in range(3):
        safe.refused(b"wrong passphrase")
    safe.now -= 1_000_000
    assert safe.refused() == "vault-wait"


def test_the_wait_grows_and_ends() -> None:
    grown = [waiting(count) for count in range(100)]
    assert grown[:6] == [0, 0, 0, 2, 4, 8]
    assert max(grown) == LONGEST_WAIT
    assert waiting(10**9) == LONGEST_WAIT
