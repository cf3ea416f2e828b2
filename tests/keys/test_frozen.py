"""A frozen key is refused by every way in, by programs that had the vault open before it was frozen too."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from sscard.cli import main
from sscard.commands.unlock import open_vault
from sscard.errors import CustodyError, Exit
from sscard.keys.family import Algorithm
from sscard.keys.hierarchy import demo_vault
from sscard.keys.pkcs11_load import city_keys
from sscard.keys.remote import RemoteKeyService
from sscard.keys.secret import Secret
from sscard.keys.service import KeyRef, KeyService
from sscard.keys.store import Entry
from sscard.keys.vault import Vault
from sscard.keys.vault_service import VaultKeyService
from sscard.personalize.workspace import Workspace, create_workspace

CITY, CARD = "990101", bytes.fromhex("8699990100000017")
REF = KeyRef("RK1DF04", CITY, CARD)
ROOT = KeyRef("RK1DF04", "")
ADF = KeyRef("PSAMADF", CITY, CARD)
SERIAL = "99010100000000000001"
PASSPHRASE = b"DEMO passphrase of the tests"

USES: dict[str, Callable[[KeyService], object]] = {
    "algorithm": lambda service: service.algorithm(REF),
    "check_value": lambda service: service.check_value(REF),
    "authentication_data": lambda service: service.authentication_data(REF, bytes(8), bytes(8)),
    "session_mac": lambda service: service.session_mac(REF, bytes(8), b"message"),
    "session_cipher": lambda service: service.session_cipher(REF, bytes(8), b"1234"),
    "key_mac": lambda service: service.key_mac(REF, bytes(8), b"message"),
    "direct_cipher": lambda service: service.direct_cipher(REF, b"1234"),
    "wrap_key": lambda service: service.wrap_key(REF, KeyRef("MKDF04", CITY, CARD), b""),
    "prepare": lambda service: service.prepare([KeyRef("RK1DF04", CITY)], [CARD]),
}
LOCAL_USES = {"wrap_for_psam": lambda service: service.wrap_for_psam(ROOT, ADF, bytes.fromhex("672D000300000000"))}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path = tmp_path_factory.mktemp("vault") / "vault.json"
    demo_vault(path, Secret(PASSPHRASE), seed=0)
    return path.read_bytes()


@pytest.fixture
def path(tmp_path: Path, made: bytes) -> Path:
    found = tmp_path / "vault.json"
    found.write_bytes(made)
    return found


def opened(path: Path) -> Vault:
    return Vault.open(path, Secret(PASSPHRASE))


def change(path: Path, how: Callable[[Vault, Entry], object], vault: Vault | None = None) -> None:
    """What another process does with every stored level of the key, as the loss ceremony does."""
    vault = vault or opened(path)
    for entry in [entry for entry in vault if entry.name == REF.name and entry.version == 1]:
        how(vault, entry)
    vault.save()


def freeze(vault: Vault, entry: Entry) -> object:
    return vault.freeze(entry, "INC-1")


def refusal(work: Callable[[], object]) -> str:
    with pytest.raises(CustodyError) as caught:
        work()
    return caught.value.key


def test_a_service_that_had_the_vault_open_refuses_what_was_frozen_since(path: Path) -> None:
    service = VaultKeyService(opened(path))
    uses = USES | LOCAL_USES
    before = {name: use(service) for name, use in uses.items()}
    change(path, freeze)
    for name, use in uses.items():
        assert refusal(lambda use=use: use(service)) == "key-frozen", name
    service.check_value(KeyRef("RK1DF03", CITY, CARD))
    change(path, lambda vault, entry: vault.thaw(entry, "INC-1"))
    assert {name: use(service) for name, use in uses.items()} == before


def test_an_older_vault_put_back_thaws_nothing(path: Path, made: bytes) -> None:
    service = VaultKeyService(opened(path))
    change(path, freeze)
    assert refusal(lambda: service.check_value(REF)) == "key-frozen"
    path.write_bytes(made)
    assert refusal(lambda: service.check_value(REF)) == "vault-rolled-back"
    path.write_bytes(made.replace(b'"generation": 1', b'"generation": 9'))
    assert refusal(lambda: service.check_value(REF)) == "vault-sealed"
    path.unlink()
    assert refusal(lambda: service.check_value(REF)) == "vault-missing"


def test_a_vault_written_to_another_inode_with_the_same_content_is_nothing_new(path: Path, made: bytes) -> None:
    vault = opened(path)
    before = vault.revision
    path.unlink()
    path.write_bytes(made)
    vault.refresh()
    assert vault.revision == before


def test_ones_own_save_is_nothing_new(path: Path) -> None:
    vault = opened(path)
    change(path, freeze, vault)
    before = vault.revision
    vault.refresh()
    assert vault.revision == before
    assert refusal(lambda: VaultKeyService(vault).check_value(REF)) == "key-frozen"


def test_a_key_server_that_had_the_vault_open_refuses_too(path: Path, start_server: Callable[..., Any]) -> None:
    running = start_server(VaultKeyService(opened(path)))
    with closing(RemoteKeyService(running.address(), running.token)) as station:
        for use in USES.values():
            use(station)
        change(path, freeze)
        for name, use in USES.items():
            assert refusal(lambda use=use: use(station)) == "key-frozen", name
    assert running.journal[-1]["result"] == "key-frozen"


def test_frozen_keys_are_not_brought_into_a_token(path: Path) -> None:
    vault = opened(path)

    def brought() -> set[tuple[str, int]]:
        return {(entry.name, entry.version) for entry, _ in city_keys(vault, CITY)}

    before = brought()
    change(path, freeze, vault)
    assert before - brought() == {("RK1DF04", 1)}


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    place = create_workspace(
        tmp_path / "ws", demo=True, region=CITY, profile="ssc3-sm4", algorithm=Algorithm.SM4, seed=1
    )
    assert main(["people", "--count", "1", "--out", str(tmp_path / "b.csv")]) == Exit.OK
    return place


def test_commands_refuse_a_frozen_key_before_they_touch_anything(
    workspace: Workspace, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    here = ["--workspace", str(workspace.root), "--json"]
    listed, blocks = str(tmp_path / "list.toml"), tmp_path / "blocks"

    def run(*words: str) -> tuple[int, list[dict[str, Any]]]:
        capsys.readouterr()
        code = main([*words])
        return code, [json.loads(line) for line in capsys.readouterr().out.splitlines() if line.startswith("{")]

    assert run("psam", "list", "purchase", "--out", listed)[0] == Exit.OK
    for words in (
        ("receive", SERIAL, "--supplier", "测试供应商", "--by", "甲", "--software"),
        ("request", "--list", listed, "--by", "甲"),
        ("review", "1", "--by", "乙"),
    ):
        assert run("psam", *words, *here)[0] == Exit.OK
    image = workspace.cards_path / f"psam-{SERIAL}.json"
    change(workspace.vault_path, freeze, open_vault(workspace))
    load = ("psam", "load", "--list", listed, "--request", "1", "--by", "丙", "--reader", str(image))
    for words in (
        load,
        (*load, "--keys", "vault"),
        ("personalize", str(tmp_path / "b.csv"), "--reader", "emulator:1"),
        ("personalize", str(tmp_path / "b.csv"), "--dry-run"),
        ("keys", "derive", "RK1DF04", "--path", "99/990101", "--version", "1"),
        ("keys", "state", "RK1DF04:v1", "active"),
    ):
        code, answers = run(*words, *here)
        assert code != Exit.OK, words
        assert answers[-1]["error"] == "KEY-FROZEN", words
    facts = run("psam", "info", "--reader", str(image), "--json")[1][0]
    assert (facts["terminal"], facts["keys"]) == ("", [])
    assert not list(workspace.root.glob("outbox/*"))
    assert not blocks.exists()
    code, answers = run("keys", "derive", "--path", "99/990101", *here)
    assert code == Exit.OK
    assert ("RK1DF04", 1) not in {(each["name"], each["version"]) for each in answers}


VAULT_ONLY = (
    ("keys", "list"),
    ("keys", "derive", "--path", "99"),
    ("keys", "import", "nothing.keyblocks", "--under", "TK-99"),
    ("keys", "state", "IRK:v1", "retired"),
    ("keys", "anchor"),
    ("ceremony", "run", "loss"),
)


@pytest.mark.parametrize("words", VAULT_ONLY, ids=lambda words: words[1])
def test_commands_of_the_vault_never_pass_over_another_back_end(
    workspace: Workspace, words: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    def error(*more: str) -> str:
        capsys.readouterr()
        main([*words, "--workspace", str(workspace.root), "--json", *more])
        return str(json.loads(capsys.readouterr().out.splitlines()[-1]).get("error"))

    elsewhere = "server:127.0.0.1:7799"
    assert error("--keys", elsewhere) == "KEYS-VAULT-ONLY"
    settings = workspace.root / "sscard.toml"
    settings.write_text(settings.read_text("utf-8") + f'keys = "{elsewhere}"\n', "utf-8")
    assert error() == "KEYS-VAULT-ONLY"
    assert error("--keys", "vault") != "KEYS-VAULT-ONLY"
