"""The vault file: what it keeps, what it refuses, and that every changed byte is noticed."""

import base64
import copy
import json
import os
import pickle
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sscard import messages
from sscard.errors import CustodyError, GuardRefused, SscardError
from sscard.keys import files as files_module
from sscard.keys.catalog import Level
from sscard.keys.family import Algorithm
from sscard.keys.files import write_private
from sscard.keys.secret import Secret
from sscard.keys.store import KeyStore, State, Usage
from sscard.keys.vault import Cost, Vault

PASSPHRASE = b"correct horse battery staple"
KEY = bytes.fromhex("C0FFEE00112358D1321345589E3779B9")
CHEAP = Cost(n=1 << 14)


def passphrase(value: bytes = PASSPHRASE) -> Secret:
    return Secret(value)


def build(path: Path) -> Vault:
    vault = Vault.create(path, passphrase(), demo=True, cost=CHEAP)
    vault.add("IRK", Secret(KEY), level=Level.NATIONAL, algorithm=Algorithm.SM4)
    vault.add("UKMF", Secret(KEY[::-1]), level=Level.LOCAL, algorithm=Algorithm.SM4, region="99", version=2)
    vault.add("STKDF01", Secret(KEY[:8]), level=Level.NATIONAL, algorithm=Algorithm.DES, state=State.RETIRED)
    vault.add("PIN", Secret(b"\x12\x34\x56"), level=Level.ISSUER, algorithm=Algorithm.SM4, usage=Usage.PRESENT)
    vault.save()
    return vault


@pytest.fixture
def path(tmp_path: Path) -> Path:
    build(tmp_path / "vault.json")
    return tmp_path / "vault.json"


def refused(path: Path, word: bytes = PASSPHRASE) -> str:
    with pytest.raises(CustodyError) as caught:
        Vault.open(path, passphrase(word))
    return caught.value.key


def test_what_commands_make_costs_the_usual_scrypt(tmp_path: Path) -> None:
    """In a process of its own: the tests' own vaults and people are cheaper."""
    passphrase_typed = "passphrase-of-jia\npassphrase-of-jia\n"
    for words, typed in (
        (["init", "ws", "--demo"], ""),
        (["ceremony", "enrol", "测试甲", "--workspace", "ws"], passphrase_typed),
    ):
        command = [sys.executable, "-m", "sscard", *words]
        subprocess.run(command, cwd=tmp_path, input=typed.encode(), check=True, capture_output=True, timeout=60)
    vault = json.loads((tmp_path / "ws" / "keys" / "vault.json").read_bytes())
    (person,) = json.loads((tmp_path / "ws" / "ceremonies" / "people.json").read_bytes())["people"]
    assert [(found["n"], found["r"], found["p"]) for found in (vault["kdf"], person["scrypt"])] == [(65536, 8, 1)] * 2


def test_what_goes_in_comes_out(path: Path) -> None:
    opened, made = Vault.open(path, passphrase()), KeyStore(demo=True)
    made.add("IRK", Secret(KEY), level=Level.NATIONAL, algorithm=Algorithm.SM4)
    assert opened.demo
    assert len(opened) == 4
    assert opened.entries()[0] == made.entries()[0]
    irk, uk, stk, pin = opened.entries()
    assert opened.value(irk) == Secret(KEY)
    assert (uk.name, uk.region, uk.version, uk.level) == ("UKSSSE", "99", 2, Level.LOCAL)
    assert (stk.algorithm, stk.state) == (Algorithm.DES, State.RETIRED)
    assert opened.value(stk) == Secret(KEY[:8])
    assert (pin.usage, pin.check_value) == (Usage.PRESENT, b"")
    assert len(irk.check_value) == len(stk.check_value) == 3


def test_nothing_readable_but_the_header(path: Path) -> None:
    raw = path.read_bytes()
    for hidden in (KEY, KEY.hex().encode(), KEY.hex().upper().encode(), b"IRK", b"demo", PASSPHRASE):
        assert hidden not in raw
    assert json.loads(raw)["format"] == "sscard-vault"


def test_the_file_is_private_and_replaced_in_one_step(path: Path) -> None:
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    path.chmod(0o644)
    before = path.read_bytes()
    Vault.open(path, passphrase()).save()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert path.read_bytes() != before, "a fresh nonce each time"
    assert list(path.parent.iterdir()) == [path]


def test_opening_with_the_default_cost_takes_time_but_not_long(tmp_path: Path) -> None:
    where = tmp_path / "vault.json"
    Vault.create(where, passphrase(), demo=True).save()
    started = time.process_time()
    Vault.open(where, passphrase())
    assert 0.02 < time.process_time() - started < 0.5


@pytest.mark.parametrize("wrong", [b"correct horse battery stapl", PASSPHRASE + b" ", PASSPHRASE.upper(), b""])
def test_wrong_passphrase(path: Path, wrong: bytes) -> None:
    assert refused(path, wrong) == "vault-sealed"


def test_a_short_passphrase_and_an_existing_file_are_refused(path: Path) -> None:
    with pytest.raises(GuardRefused) as exists:
        Vault.create(path, passphrase(), demo=True)
    assert exists.value.key == "vault-exists"
    with pytest.raises(CustodyError) as short:
        Vault.create(path.with_name("other.json"), passphrase(b"1234567"), demo=True)
    assert short.value.key == "passphrase-short"


def leaves(document: dict[str, Any], prefix: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    for name, value in document.items():
        if isinstance(value, dict):
            yield from leaves(value, (*prefix, name))
        else:
            yield (*prefix, name)


FIELDS = [
    ("format",),
    ("version",),
    ("generation",),
    *(("kdf", name) for name in ("name", "n", "r", "p", "salt")),
    ("cipher", "name"),
    ("cipher", "nonce"),
    ("sealed",),
]


def rewrite(path: Path, document: dict[str, Any]) -> None:
    path.write_bytes(json.dumps(document, indent=1).encode("ascii") + b"\n")


def test_the_matrix_covers_the_header(path: Path) -> None:
    assert list(leaves(json.loads(path.read_bytes()))) == FIELDS
    rewrite(path, json.loads(path.read_bytes()))
    Vault.open(path, passphrase())


@pytest.mark.parametrize("field", FIELDS, ids="/".join)
@pytest.mark.parametrize("change", ["flip", "drop", "null", "list", "number", "text", "twice"])
def test_each_header_field_changed(path: Path, field: tuple[str, ...], change: str) -> None:
    document = json.loads(path.read_bytes())
    *above, last = field
    table = document
    for name in above:
        table = table[name]
    old = table[last]
    if change == "drop":
        del table[last]
    elif change == "flip" and isinstance(old, int):
        table[last] = old * 2
    elif change == "flip":
        table[last] = ("0" if old[0] != "0" else "1") + old[1:]
    elif change == "twice":
        table[last + "2"] = old
    else:
        table[last] = {"null": None, "list": [old], "number": 7, "text": "7"}[change]
    rewrite(path, document)
    assert refused(path) in {"vault-format", "vault-cost", "vault-sealed"}


@pytest.mark.parametrize(
    ("name", "value"),
    [("n", 1 << 40), ("n", 1 << 19), ("n", 1 << 13), ("n", 65535), ("n", 0), ("n", -65536), ("r", 1 << 20), ("r", 0),
     ("p", 1 << 20), ("p", 0), ("p", -1)],
)  # fmt: skip
def test_a_hostile_cost_is_refused_before_any_work(path: Path, name: str, value: int) -> None:
    document = json.loads(path.read_bytes())
    document["kdf"][name] = value
    rewrite(path, document)
    started = time.process_time()
    assert refused(path) == "vault-cost"
    assert time.process_time() - started < 0.02


@pytest.mark.parametrize("written", ["true", "16384.0", '"16384"', "1" * 5001, "NaN"])
def test_a_cost_that_is_no_plain_number(path: Path, written: str) -> None:
    path.write_text(path.read_text().replace('"n": 16384', f'"n": {written}'))
    assert refused(path) == "vault-format"


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(place=st.floats(0, 1, exclude_max=True), bit=st.integers(0, 7))
def test_any_flipped_bit_is_noticed(path: Path, place: float, bit: int) -> None:
    whole = path.read_bytes()
    changed = bytearray(whole)
    changed[int(place * len(whole))] ^= 1 << bit
    path.write_bytes(changed)
    try:
        assert refused(path) in {"vault-format", "vault-cost", "vault-sealed"}
    finally:
        path.write_bytes(whole)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(size=st.floats(0, 1, exclude_max=True), tail=st.binary(max_size=8))
def test_a_file_cut_short_or_grown_is_noticed(path: Path, size: float, tail: bytes) -> None:
    whole = path.read_bytes()
    try:
        path.write_bytes(whole[: int(size * len(whole))] + tail)
        assert refused(path) == "vault-format"
        path.write_bytes(whole + b"\n" + tail)
        assert refused(path) == "vault-format"
    finally:
        path.write_bytes(whole)


@pytest.mark.parametrize("part", ["first", "middle", "tag"])
def test_each_part_of_the_sealed_content(path: Path, part: str) -> None:
    document = json.loads(path.read_bytes())
    sealed = bytearray(base64.b64decode(document["sealed"]))
    sealed[{"first": 0, "middle": len(sealed) // 2, "tag": -1}[part]] ^= 1
    document["sealed"] = base64.b64encode(sealed).decode()
    rewrite(path, document)
    assert refused(path) == "vault-sealed"


def test_the_same_content_written_another_way_is_an_edit(path: Path) -> None:
    """Also the unused bits of the last base64 character, which most readers ignore."""
    document = json.loads(path.read_bytes())
    path.write_text(json.dumps(document))
    assert refused(path) == "vault-format"
    sealed = document["sealed"].rstrip("=")
    filler = document["sealed"][len(sealed) :]
    if filler:
        alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
        document["sealed"] = sealed[:-1] + alphabet[alphabet.index(sealed[-1]) ^ 1] + filler
        rewrite(path, document)
        assert refused(path) == "vault-format"


def test_parts_of_two_vaults_do_not_fit_together(path: Path, tmp_path: Path) -> None:
    build(tmp_path / "other.json")
    mine, other = json.loads(path.read_bytes()), json.loads((tmp_path / "other.json").read_bytes())
    for part in ("kdf", "cipher", "sealed"):
        rewrite(path, mine | {part: other[part]})
        assert refused(path) == "vault-sealed"


@pytest.mark.parametrize("content", [b"", b"null", b"[]", b"{}", b"7", b"\xff\xfe", b"[" * 100_000, b'{"sealed": 1}'])
def test_what_is_no_vault(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    assert refused(path) == "vault-format"


def test_missing_and_unreadable(tmp_path: Path) -> None:
    assert refused(tmp_path / "none.json") == "vault-missing"
    assert refused(tmp_path) == "vault-unreadable"
    vault = Vault.create(tmp_path / "no" / "folder.json", passphrase(), demo=True, cost=CHEAP)
    with pytest.raises(CustodyError) as caught:
        vault.save()
    assert caught.value.key == "vault-unwritable"


def test_two_programs_do_not_overwrite_each_other(path: Path) -> None:
    first, second = Vault.open(path, passphrase()), Vault.open(path, passphrase())
    first.add("BK", Secret(KEY), level=Level.LOCAL, algorithm=Algorithm.SM4, region="99")
    first.save()
    first.save()
    with pytest.raises(CustodyError) as caught:
        second.save()
    assert caught.value.key == "vault-changed"
    assert len(Vault.open(path, passphrase())) == 5


def test_a_failed_write_leaves_the_old_file_and_no_rest(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = path.read_bytes()
    vault = Vault.open(path, passphrase())

    def full(_handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(files_module.os, "fsync", full)
    with pytest.raises(CustodyError) as caught:
        vault.save()
    assert caught.value.key == "vault-unwritable"
    assert path.read_bytes() == before
    assert list(path.parent.iterdir()) == [path]
    monkeypatch.undo()
    vault.save()


def test_write_private_syncs_file_before_name_and_folder_after(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    order: list[str] = []
    sync, replace = os.fsync, Path.replace

    def spy_sync(handle: int) -> None:
        order.append("folder" if stat.S_ISDIR(os.fstat(handle).st_mode) else "file")
        sync(handle)

    def spy_replace(self: Path, target: Path) -> Path:
        order.append("rename")
        return replace(self, target)

    monkeypatch.setattr(files_module.os, "fsync", spy_sync)
    monkeypatch.setattr(Path, "replace", spy_replace)
    write_private(tmp_path / "x", b"data")
    assert order == ["file", "rename", "folder"]
    assert (tmp_path / "x").read_bytes() == b"data"


ADDED = {"level": Level.NATIONAL, "algorithm": Algorithm.SM4}


@pytest.mark.parametrize(
    ("value", "changes", "key"),
    [
        (KEY, {}, "key-twice"),
        (KEY[:15], {"version": 9}, "key-length"),
        (KEY[:8], {"version": 9}, "key-length"),
        (KEY + KEY[:8], {"version": 9, "algorithm": Algorithm.DES}, "key-length"),
        (b"", {"version": 9, "usage": Usage.PRESENT}, "key-length"),
        (KEY + b"x", {"version": 9, "usage": Usage.PRESENT}, "key-length"),
        (KEY, {"version": 0}, "key-version"),
        (KEY, {"version": 256}, "key-version"),
        (KEY, {"region": "9"}, "key-region-path"),
        (KEY, {"region": "9901"}, "key-region-path"),
        (KEY, {"region": "99010x"}, "key-region-path"),
        (KEY, {"region": "９９"}, "key-region-path"),
        (KEY, {"algorithm": Algorithm.SSF33}, "algorithm-unpublished"),
        (KEY, {"version": 9, "algorithm": Algorithm.DES, "usage": Usage.WRAP}, "key-transport-algorithm"),
        (KEY + KEY, {"version": 9, "algorithm": Algorithm.AES}, "key-transport-algorithm"),
    ],
)
def test_what_a_store_does_not_take(value: bytes, changes: dict[str, Any], key: str) -> None:
    store = KeyStore(demo=True)
    store.add("IRK", Secret(KEY), **ADDED)
    with pytest.raises(CustodyError) as caught:
        store.add("IRK", Secret(value), **(ADDED | changes))
    assert caught.value.key == key
    assert len(store) == 1


def test_an_alias_takes_the_place_of_its_name() -> None:
    store = KeyStore(demo=False)
    store.add("STK", Secret(KEY), **ADDED)
    with pytest.raises(CustodyError) as caught:
        store.add("STKSSSE", Secret(KEY), **ADDED)
    assert caught.value.key == "key-twice"


def test_wiping_leaves_no_value(path: Path) -> None:
    vault = Vault.open(path, passphrase())
    values = [vault.value(entry) for entry in vault]
    vault.wipe()
    assert len(vault) == 0
    assert all(set(value.reveal()) <= {0} for value in values)


def test_values_have_no_printable_form_and_no_side_door(path: Path) -> None:
    vault = Vault.open(path, passphrase())
    shown = " ".join(map(repr, (vault, vault.entries(), vars(vault)))) + str(vault.entries()[0])
    for form in (KEY.hex(), KEY.hex().upper(), repr(KEY)[2:-1], PASSPHRASE.decode()):
        assert form not in shown
    for carry in (pickle.dumps, copy.copy, copy.deepcopy):
        with pytest.raises(TypeError, match="not copied or stored"):
            carry(vault.value(vault.entries()[0]))
    with pytest.raises(TypeError, match="not copied or stored"):
        pickle.dumps(vault)


def test_every_error_of_keys_and_workspace_has_both_languages() -> None:
    import string

    from sscard.messages import errors_custody, errors_keys, errors_workspace

    for texts in (errors_custody.TEXTS, errors_keys.TEXTS, errors_workspace.TEXTS):
        for name, pair in texts.items():
            assert messages.lookup(f"errors.{name}") == pair
            places = [{field for _, field, _, _ in string.Formatter().parse(text) if field} for text in pair]
            assert places[0] == places[1], name
            assert all(text.count("|") == 1 for text in pair), name


def test_errors_name_the_file_and_never_the_passphrase(path: Path) -> None:
    with pytest.raises(SscardError) as caught:
        Vault.open(path, passphrase(b"my wrong secret"))
    for lang in ("zh", "en"):
        text = " ".join(caught.value.parts(lang))  # type: ignore[arg-type]
        assert str(path) in text
        assert "my wrong secret" not in text
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__
