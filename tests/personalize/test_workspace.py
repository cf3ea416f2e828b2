"""The workspace folder: making, opening, its settings, and demo kept apart from production."""

import io
import json
import stat
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sscard.cli import main
from sscard.commands import init, unlock
from sscard.commands import keys as keys_command
from sscard.errors import CustodyError, Exit, GuardRefused, SscardError, WorkspaceError
from sscard.keys import hierarchy
from sscard.keys.anchor import Anchor
from sscard.keys.family import Algorithm
from sscard.keys.secret import Secret
from sscard.keys.service import KeyRef
from sscard.keys.store import KeyStore
from sscard.keys.vault import Vault
from sscard.keys.vault_service import VaultKeyService
from sscard.personalize import workspace as workspace_module
from sscard.personalize.workspace import Workspace, create_workspace, guard_mode, open_workspace

SETTINGS = """format = 1
mode = "demo"
region = "990101"
profile = "ssc3-sm4"
station = "station-1"
init_org = "915600000299010199010101"
"""


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("made") / "demo"
    create_workspace(root, demo=True, region="990101", seed=1)
    return root


@pytest.fixture
def written(tmp_path: Path) -> Path:
    (tmp_path / "sscard.toml").write_text(SETTINGS, encoding="utf-8")
    return tmp_path


def error_of(path: Path) -> SscardError:
    with pytest.raises(WorkspaceError) as caught:
        open_workspace(path)
    assert caught.value.exit_code is Exit.USAGE
    assert all(caught.value.parts(lang)[0] for lang in ("zh", "en"))  # type: ignore[arg-type]
    return caught.value


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_what_is_made_opens(demo: Path) -> None:
    opened = open_workspace(demo)
    assert opened == Workspace(demo, "990101", True, "ssc3-sm4", "station-1", "915600000299010199010101")
    assert len(opened.init_org) == 24
    assert opened.vault_path == demo / "keys" / "vault.json"
    assert opened.ledger_path == demo / "ledger.sqlite"
    assert opened.audit_path == demo / "audit.log"
    for folder in (demo, opened.jobs_path, opened.outbox_path, opened.cards_path, opened.vault_path.parent):
        assert folder.is_dir()
        assert mode(folder) == 0o700
    for file in (demo / "sscard.toml", opened.vault_path, opened.demo_passphrase_path):
        assert mode(file) == 0o600
    assert opened.demo_passphrase_path.read_text().startswith("DEMO-")
    assert "DEMO" in (demo / "sscard.toml").read_text()


def test_the_vault_of_a_demo_workspace_unlocks_itself(demo: Path) -> None:
    service = unlock.unlock(open_workspace(demo))
    ref = KeyRef("RKSSSE", "990101", bytes(8))
    assert service.check_value(ref) == hierarchy.memory_service(seed=1).check_value(ref)


def test_a_production_workspace_has_no_keys_of_its_own(tmp_path: Path) -> None:
    made = create_workspace(tmp_path / "p", demo=False, region="440100", profile="local-3.0")
    assert open_workspace(made.root) == made
    assert not made.demo
    assert "DEMO" not in (made.root / "sscard.toml").read_text()
    assert list(made.vault_path.parent.iterdir()) == []
    with pytest.raises(CustodyError) as caught:
        unlock.unlock(made)
    assert caught.value.key == "vault-missing"


def test_an_empty_folder_is_taken_and_closed_to_others(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    create_workspace(tmp_path, demo=False, region="990101")
    assert mode(tmp_path) == 0o700


def test_a_workspace_is_never_made_twice(demo: Path) -> None:
    before = {path: path.read_bytes() for path in demo.rglob("*") if path.is_file()}
    with pytest.raises(GuardRefused) as caught:
        create_workspace(demo, demo=True, region="990101")
    assert (caught.value.key, caught.value.exit_code) == ("workspace-exists", Exit.REFUSED)
    assert {path: path.read_bytes() for path in demo.rglob("*") if path.is_file()} == before


@pytest.mark.parametrize("kind", ["file-inside", "hidden", "is-file"])
def test_a_folder_with_something_in_it_is_left_alone(tmp_path: Path, kind: str) -> None:
    target = tmp_path / "w"
    if kind == "is-file":
        target.write_text("x")
    else:
        target.mkdir()
        (target / (".x" if kind == "hidden" else "x")).write_text("x")
    with pytest.raises(GuardRefused) as caught:
        create_workspace(target, demo=False, region="990101")
    assert caught.value.key == "workspace-not-empty"
    assert len(list(tmp_path.rglob("*"))) == (1 if kind == "is-file" else 2)


@pytest.mark.parametrize(("name", "value"), [("region", "99010"), ("region", "99010a"), ("profile", "../x")])
def test_wrong_settings_are_refused_before_anything_is_made(tmp_path: Path, name: str, value: str) -> None:
    wanted = {"region": "990101", "profile": "ssc3-sm4"} | {name: value}
    with pytest.raises(WorkspaceError) as caught:
        create_workspace(tmp_path / "w", demo=False, **wanted)
    assert (caught.value.key, caught.value.fields["name"]) == ("workspace-value", name)
    assert not (tmp_path / "w").exists()


def test_an_interrupted_attempt_leaves_no_workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_arguments: object, **_options: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(workspace_module, "demo_vault", fail)
    with pytest.raises(WorkspaceError) as caught:
        create_workspace(tmp_path / "w", demo=True, region="990101")
    assert caught.value.key == "workspace-unwritable"
    assert error_of(tmp_path / "w").key == "workspace-missing"


def test_missing_settings_file(tmp_path: Path) -> None:
    assert error_of(tmp_path).key == "workspace-missing"
    assert error_of(tmp_path / "nowhere").key == "workspace-missing"
    (tmp_path / "file").write_text("")
    assert error_of(tmp_path / "file").key == "workspace-missing"
    (tmp_path / "sscard.toml").mkdir()
    assert error_of(tmp_path).key == "workspace-unreadable"


@pytest.mark.parametrize("line", [1, 3, 6])
def test_wrong_toml_is_reported_with_its_line(written: Path, line: int) -> None:
    lines = SETTINGS.splitlines()
    lines[line - 1] = "this is = = not toml"
    (written / "sscard.toml").write_text("\n".join(lines))
    error = error_of(written)
    assert (error.key, error.fields["line"]) == ("workspace-toml", str(line))


def test_text_that_is_not_utf8(written: Path) -> None:
    (written / "sscard.toml").write_bytes(SETTINGS.encode() + "# 工作".encode("gb18030"))
    assert error_of(written).key == "workspace-encoding"


def test_unknown_setting_names_the_known_ones(written: Path) -> None:
    (written / "sscard.toml").write_text(SETTINGS + 'regoin = "990101"\n')
    error = error_of(written)
    assert (error.key, error.fields["name"]) == ("workspace-key", "regoin")
    assert "region" in str(error.fields["known"])


NAMES = ["format", "mode", "region", "profile", "station", "init_org"]


@pytest.mark.parametrize("name", NAMES)
def test_each_setting_is_needed(written: Path, name: str) -> None:
    lines = [line for line in SETTINGS.splitlines() if not line.startswith(name)]
    (written / "sscard.toml").write_text("\n".join(lines))
    error = error_of(written)
    assert (error.key, error.fields["name"]) == ("workspace-key-missing", name)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("value", ["2", "true", '""', '"9 9"', "[1]", '"Demo\\n"', '"9156000002990101９９０１０１01"'])
def test_each_setting_is_checked(written: Path, name: str, value: str) -> None:
    lines = [f"{name} = {value}" if line.startswith(name) else line for line in SETTINGS.splitlines()]
    (written / "sscard.toml").write_text("\n".join(lines))
    error = error_of(written)
    assert (error.key, error.fields["name"]) == ("workspace-value", name)
    assert name in error.parts("en")[1]


def test_the_initializer_may_be_another_area_but_the_issuer_is_the_region(written: Path) -> None:
    (written / "sscard.toml").write_text(SETTINGS.replace("99010199010101", "99010199019907"))
    assert open_workspace(written).init_org == "915600000299010199019907"
    (written / "sscard.toml").write_text(SETTINGS.replace("99010199010101", "99019999010101"))
    assert error_of(written).fields["name"] == "init_org"


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=st.one_of(st.binary(max_size=80), st.text(max_size=80).map(str.encode)))
def test_whatever_stands_in_the_file_is_an_error_not_a_crash(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "sscard.toml").write_bytes(content)
    error_of(tmp_path)


@pytest.mark.parametrize("workspace_demo", [True, False])
@pytest.mark.parametrize("keys_demo", [True, False])
def test_demo_and_production_never_meet(tmp_path: Path, workspace_demo: bool, keys_demo: bool) -> None:
    opened = Workspace(tmp_path, "990101", workspace_demo, "ssc3-sm4", "s", "9" * 24)
    service = VaultKeyService(KeyStore(demo=keys_demo))
    if workspace_demo == keys_demo:
        guard_mode(opened, service)
        return
    with pytest.raises(GuardRefused) as caught:
        guard_mode(opened, service)
    assert (caught.value.key, caught.value.exit_code) == ("demo-mix", Exit.REFUSED)
    assert "DEMO" in str(caught.value)
    assert "PRODUCTION" in str(caught.value)


def make_production(root: Path, *, demo_keys: bool) -> Workspace:
    made = create_workspace(root, demo=False, region="990101")
    Vault.create(
        made.vault_path, Secret(b"a production passphrase"), demo=demo_keys, anchor=Anchor(made.anchor_path)
    ).save()
    return made


def test_unlocking_by_a_named_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = make_production(tmp_path / "w", demo_keys=False)
    word = tmp_path / "word"
    word.write_bytes(b"a production passphrase\r\nsecond line\n")
    word.chmod(0o600)
    monkeypatch.setenv(unlock.FILE_VARIABLE, str(word))
    assert not unlock.unlock(made).demo
    word.write_bytes(b"another passphrase\n")
    with pytest.raises(CustodyError) as wrong:
        unlock.unlock(made)
    assert wrong.value.key == "vault-sealed"
    word.chmod(0o604)
    with pytest.raises(GuardRefused) as loose:
        unlock.unlock(made)
    assert loose.value.key == "passphrase-open"
    monkeypatch.setenv(unlock.FILE_VARIABLE, str(tmp_path / "none"))
    with pytest.raises(CustodyError) as missing:
        unlock.unlock(made)
    assert missing.value.key == "passphrase-file"


def test_demo_keys_put_into_a_production_workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = make_production(tmp_path / "w", demo_keys=True)
    (tmp_path / "word").touch(mode=0o600)
    (tmp_path / "word").write_bytes(b"a production passphrase")
    monkeypatch.setenv(unlock.FILE_VARIABLE, str(tmp_path / "word"))
    with pytest.raises(GuardRefused) as caught:
        unlock.unlock(made)
    assert caught.value.key == "demo-mix"


def test_a_demo_passphrase_file_does_not_open_production(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = make_production(tmp_path / "w", demo_keys=False)
    made.demo_passphrase_path.touch(mode=0o600)
    made.demo_passphrase_path.write_bytes(b"a production passphrase")
    monkeypatch.delenv(unlock.FILE_VARIABLE, raising=False)
    monkeypatch.setattr("sys.stdin", io.StringIO("a production passphrase\n"))
    with pytest.raises(CustodyError) as caught:
        unlock.unlock(made)
    assert caught.value.key == "passphrase-none"


def lines_of(capsys: pytest.CaptureFixture[str]) -> list[dict[str, object]]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_init_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    target = str(tmp_path / "w")
    assert main(["init", target, "--demo", "--json"]) == Exit.OK
    (made,) = lines_of(capsys)
    assert (made["workspace"], made["demo"], made["region"], made["keys"]) == (target, True, "990101", 411)
    assert main(["init", target, "--demo", "--json"]) == Exit.REFUSED
    assert lines_of(capsys)[0]["error"] == "WORKSPACE-EXISTS"
    assert main(["keys", "check", "--workspace", target, "--json"]) == Exit.OK
    found = lines_of(capsys)
    assert len(found) == 68
    assert all(row["found"] for row in found)


def test_init_without_demo_says_what_is_missing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--lang", "en", "init", str(tmp_path / "w")]) == Exit.REFUSED
    shown = capsys.readouterr().err
    assert "approval" in shown
    assert "--demo" in shown
    assert not (tmp_path / "w").exists()


@pytest.mark.parametrize(("option", "value"), [("--region", "99"), ("--profile", "none-such")])
def test_init_with_a_wrong_option(tmp_path: Path, option: str, value: str) -> None:
    assert main(["init", str(tmp_path / "w"), "--demo", option, value]) == Exit.USAGE
    assert not (tmp_path / "w").exists()


def test_keys_list_shows_check_values_and_never_keys(demo: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["keys", "list", "--workspace", str(demo), "--json"]) == Exit.OK
    rows = lines_of(capsys)
    assert len(rows) == 411
    assert all(row["demo"] is True for row in rows)
    assert {len(str(row["check_value"])) for row in rows if row["usage"] == "diversify"} == {6}
    assert main(["--lang", "en", "keys", "list", "--workspace", str(demo)]) == Exit.OK
    shown = capsys.readouterr().out
    assert "DEMO" in shown
    vault = unlock.open_vault(open_workspace(demo))
    for entry in vault:
        if entry.usage.value == "diversify":
            assert entry.check_value.hex().upper() in shown
            assert vault.value(entry).reveal().hex()[:12] not in (shown + json.dumps(rows)).lower()
    assert max(map(len, shown.splitlines())) <= 80


def test_keys_list_of_one_key(demo: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["keys", "list", "--name", "UKMF", "--version", "2", "--workspace", str(demo), "--json"]) == Exit.OK
    assert [(row["name"], row["region"]) for row in lines_of(capsys)] == [("UKSSSE", "99"), ("UKSSSE", "990101")]
    assert main(["keys", "list", "--name", "XX", "--workspace", str(demo)]) == Exit.FAILED


def test_keys_check_counts_what_is_missing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    made = create_workspace(tmp_path / "w", demo=True, region="990101", algorithm=Algorithm.SM4)
    made.vault_path.unlink()
    word = Secret(made.demo_passphrase_path.read_bytes().strip())
    Vault.create(made.vault_path, word, demo=True, anchor=Anchor(made.anchor_path)).save()
    assert main(["--lang", "en", "keys", "check", "--workspace", str(made.root)]) == Exit.FAILED
    shown = capsys.readouterr()
    assert "missing or cannot be used: 68" in shown.err
    assert "missing DPK version 3" in shown.out


@pytest.mark.parametrize(("level", "count"), [("national", 39), ("local", 16), (None, 55)])
def test_keys_catalog(capsys: pytest.CaptureFixture[str], level: str | None, count: int) -> None:
    options = ["--level", level] if level else []
    assert main(["keys", "catalog", "--json", *options]) == Exit.OK
    rows = lines_of(capsys)
    assert len(rows) == count
    assert all(level in (None, row["level"]) for row in rows)
    for lang in ("zh", "en"):
        assert main(["--lang", lang, "keys", "catalog", *options]) == Exit.OK
        assert len(capsys.readouterr().out.splitlines()) == count + 1


def test_one_key_of_the_catalogue(capsys: pytest.CaptureFixture[str]) -> None:
    for lang in ("zh", "en"):
        assert main(["--lang", lang, "keys", "catalog", "STK"]) == Exit.OK
        assert "STKSSSE = STK" in capsys.readouterr().out
    assert main(["keys", "catalog", "XX"]) == Exit.FAILED


def test_a_prompt_asks_on_the_terminal_without_showing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = make_production(tmp_path / "w", demo_keys=False)
    monkeypatch.delenv(unlock.FILE_VARIABLE, raising=False)
    asked: list[dict[str, object]] = []

    def prompt(_text: str, **options: object) -> str:
        asked.append(options)
        return "a production passphrase"

    monkeypatch.setattr(unlock.sys.stdin, "isatty", lambda: True, raising=False)
    monkeypatch.setattr(unlock.click, "prompt", prompt)
    assert not unlock.unlock(made).demo
    assert asked == [{"hide_input": True, "err": True}]


@pytest.mark.parametrize("command", [init.command, keys_command.command, *keys_command.command.commands.values()])
def test_help_has_an_example(command: object) -> None:
    shown = CliRunner().invoke(command, ["--help"])  # type: ignore[arg-type]
    assert shown.exit_code == 0
    assert "sscard" in shown.output
