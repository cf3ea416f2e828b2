"""The workspace: one folder that holds what one issuing region's personalization needs.

``sscard.toml`` says what it is; beside it stand ``keys/`` (the vault), its ``vault.anchor``, ``ledger.sqlite``,
``jobs/``, ``outbox/``, ``cards/`` (images of software cards) and ``audit.log``.  All of it is private to the owner
(mode 0700).
"""

from __future__ import annotations

import re
import secrets
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from sscard.cos.passes import WHOLE
from sscard.durable import write_private
from sscard.errors import GuardRefused, WorkspaceError
from sscard.keys.anchor import Anchor
from sscard.keys.backend import VAULT
from sscard.keys.family import Algorithm, family_of
from sscard.keys.hierarchy import DemoKey, demo_vault
from sscard.keys.secret import Secret
from sscard.keys.service import KeyService
from sscard.personalize import ledger_setting
from sscard.personalize.ledger_setting import LedgerSetting, read_ledger
from sscard.personalize.targets import TABLE, Target, read_targets

SETTINGS_NAME: Final = "sscard.toml"
FORMAT: Final = 1
DEFAULT_PROFILE: Final = "ssc3-sm4"
FOLDERS: Final = ("keys", "jobs", "outbox", "cards")

_INIT_ORG_PREFIX: Final = "9156000002"
_DEMO, _PRODUCTION = "demo", "production"
_NAMES: Final = "[A-Za-z0-9][A-Za-z0-9._+-]*"
_PATH: Final = r"[^\"\\\x00-\x1F\x7F]+"
"""Whole paths, as a basic string of TOML has them without escapes."""

_RULES: Final[dict[str, tuple[re.Pattern[str], str]]] = {
    "mode": (re.compile(f"{_DEMO}|{_PRODUCTION}"), _DEMO),
    "region": (re.compile(r"[0-9]{6}"), "990101"),
    "profile": (re.compile(rf"{_NAMES}|(?:{_NAMES}\+)?/{_PATH}"), DEFAULT_PROFILE),
    "station": (re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,31}"), "station-1"),
    "init_org": (re.compile(_INIT_ORG_PREFIX + r"[0-9]{14}"), _INIT_ORG_PREFIX + "99010199010101"),
}
"""Settings with the form of their value and an example."""

_OPTIONAL: Final[dict[str, tuple[re.Pattern[str], str]]] = {
    "keys": (re.compile(r"vault|(?:pkcs11|server|sdf):\S+"), VAULT),
    "pass": (re.compile(_NAMES), WHOLE),
}
"""Settings that may be missing, with their form and their default."""

APPROVALS: Final = "approvals"
"""How many people open a job; may be missing."""
_APPROVALS: Final = range(6)
_PRODUCTION_APPROVALS: Final = 2
_OWN_LEDGER: Final = LedgerSetting()


@dataclass(frozen=True, slots=True)
class Workspace:
    """An opened workspace.

    ``region`` has six digits; ``init_org`` is the initializing institution (初始化机构) of 24 digits: 9156000002, the
    issuing area, the initializer's area, a sequence of two digits (V2.0 notice, SSSE item 04).  ``keys`` names the back
    end that holds the keys (docs/keys.md), ``targets`` who gets the return files (docs/outbox.md), ``approvals`` is how
    many people open a job (docs/operator.md), ``pass_name`` what its jobs make (docs/modes.md), ``ledger`` where the
    ledger is (docs/ledger.md).
    """

    root: Path
    region: str
    demo: bool
    profile: str
    station: str
    init_org: str
    keys: str = VAULT
    targets: tuple[Target, ...] = ()
    approvals: int = 0
    pass_name: str = WHOLE
    ledger: LedgerSetting = _OWN_LEDGER

    @property
    def vault_path(self) -> Path:
        return self.root / "keys" / "vault.json"

    @property
    def demo_passphrase_path(self) -> Path:
        """Where a demonstration workspace keeps its passphrase; a production workspace has none."""
        return self.root / "keys" / "demo-passphrase"

    @property
    def anchor_path(self) -> Path:
        """The vault's anchor, outside ``keys/``: a copy of that folder put back does not bring its anchor along."""
        return self.root / "vault.anchor"

    @property
    def server_token_path(self) -> Path:
        """The token that a key server and its stations share."""
        return self.root / "keys" / "keyserver-token"

    @property
    def ledger_path(self) -> Path:
        """The ledger in the workspace, where the settings name no shared one."""
        return self.root / "ledger.sqlite"

    @property
    def jobs_path(self) -> Path:
        return self.root / "jobs"

    @property
    def outbox_path(self) -> Path:
        return self.root / "outbox"

    @property
    def cards_path(self) -> Path:
        return self.root / "cards"

    @property
    def chain_path(self) -> Path:
        """The chain of this station, which holds its journals together."""
        return self.root / "chain" / f"{self.station}.chain"

    @property
    def audit_path(self) -> Path:
        return self.root / "audit.log"


def open_workspace(directory: Path) -> Workspace:
    """Read the settings of a workspace.

    Raises WorkspaceError: "workspace-missing", "workspace-unreadable", "workspace-encoding", "workspace-toml" (with
    the line), "workspace-key", "workspace-key-missing", "workspace-value", "workspace-target", "workspace-ledger",
    "workspace-ledger-password".
    """
    root = directory.resolve()
    path = root / SETTINGS_NAME
    settings = _settings(path)
    targets = read_targets(path, settings.pop(TABLE, {}))
    ledger = read_ledger(path, settings.pop(ledger_setting.TABLE, {}))
    for name in settings:
        if name not in ("format", APPROVALS) and name not in _RULES and name not in _OPTIONAL:
            known = ", ".join(("format", *_RULES, *_OPTIONAL, APPROVALS, TABLE, ledger_setting.TABLE))
            raise WorkspaceError("workspace-key", path=str(path), name=name, known=known)
    if settings.get("format") != FORMAT or isinstance(settings["format"], bool):
        raise _wrong(path, settings, "format", str(FORMAT))
    for name, (form, example) in _RULES.items():
        value = settings.get(name)
        if not isinstance(value, str) or not form.fullmatch(value):
            raise _wrong(path, settings, name, f'"{example}"')
    for name, (form, example) in _OPTIONAL.items():
        value = settings.setdefault(name, example)
        if not isinstance(value, str) or not form.fullmatch(value):
            raise _wrong(path, settings, name, f'"{example}"')
    region, init_org = settings["region"], settings["init_org"]
    if not init_org.startswith(_INIT_ORG_PREFIX + region):
        raise _wrong(path, settings, "init_org", f'"{_init_org(region)}"')
    demo = settings["mode"] == _DEMO
    approvals = settings.setdefault(APPROVALS, _approvals(demo=demo))
    if type(approvals) is not int or approvals not in _APPROVALS:
        raise _wrong(path, settings, APPROVALS, f"{_PRODUCTION_APPROVALS}")
    profile, station = settings["profile"], settings["station"]
    keys, pass_name = settings["keys"], settings["pass"]
    return Workspace(root, region, demo, profile, station, init_org, keys, targets, approvals, pass_name, ledger)


def create_workspace(
    directory: Path,
    *,
    demo: bool,
    region: str,
    profile: str = DEFAULT_PROFILE,
    algorithm: Algorithm = Algorithm.SM4,
    seed: int | None = None,
    extra: Sequence[DemoKey] = (),
    holds: str = "all",
) -> Workspace:
    """Make a workspace in a new or empty folder; with ``demo`` also a vault of demonstration keys and its passphrase.

    ``sscard.toml`` is written last: an interrupted attempt leaves no workspace.  ``algorithm`` and ``seed`` are those
    of the demonstration keys, ``extra`` keys that no official list has, ``holds`` the level the vault stands at
    (sscard.keys.hierarchy).  Raises GuardRefused("workspace-exists" or
    "workspace-not-empty"), WorkspaceError for a wrong region or profile and where the folder cannot be written,
    CustodyError for an algorithm that only an HSM has.
    """
    root = directory.resolve()
    path = root / SETTINGS_NAME
    settings = {
        "mode": _DEMO if demo else _PRODUCTION,
        "region": region,
        "profile": profile,
        "station": _RULES["station"][1],
        "init_org": _init_org(region),
    }
    for name in ("region", "profile"):
        form, example = _RULES[name]
        if not form.fullmatch(settings[name]):
            raise _wrong(path, settings, name, f'"{example}"')
    if path.exists():
        raise GuardRefused("workspace-exists", path=str(root))
    people = _approvals(demo=demo)
    workspace = Workspace(root, region, demo, profile, settings["station"], settings["init_org"], approvals=people)
    if demo:
        family_of(algorithm)
    try:
        if root.exists() and (not root.is_dir() or any(root.iterdir())):
            raise GuardRefused("workspace-not-empty", path=str(root))
        for folder in (root, *(root / name for name in FOLDERS)):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            folder.chmod(0o700)
        if demo:
            _make_demo_keys(workspace, algorithm, seed, extra, holds)
        write_private(path, _render(settings).encode("utf-8"))
    except OSError as error:
        raise WorkspaceError("workspace-unwritable", path=str(root), reason=error.strerror) from None
    return workspace


def guard_mode(workspace: Workspace, service: KeyService) -> None:
    """Refuse demonstration keys in a production workspace and the reverse: GuardRefused("demo-mix")."""
    if workspace.demo != service.demo:
        mode = {True: "DEMO", False: "PRODUCTION"}
        raise GuardRefused("demo-mix", workspace=mode[workspace.demo], keys=mode[service.demo])


def _make_demo_keys(
    workspace: Workspace, algorithm: Algorithm, seed: int | None, extra: Sequence[DemoKey], holds: str
) -> None:
    passphrase = f"DEMO-{secrets.token_hex(16)}"
    write_private(workspace.demo_passphrase_path, f"{passphrase}\n".encode("ascii"))
    vault = demo_vault(
        workspace.vault_path,
        Secret(passphrase.encode("ascii")),
        region=workspace.region,
        seed=seed,
        algorithm=algorithm,
        extra=extra,
        holds=holds,
        anchor=Anchor(workspace.anchor_path),
    )
    vault.wipe()


def _settings(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_bytes().decode("utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        raise WorkspaceError("workspace-missing", path=str(path.parent)) from None
    except OSError as error:
        raise WorkspaceError("workspace-unreadable", path=str(path), reason=error.strerror) from None
    except UnicodeDecodeError:
        raise WorkspaceError("workspace-encoding", path=str(path)) from None
    except tomllib.TOMLDecodeError as error:
        reason, _, place = str(error).partition(" (at ")
        line = re.search(r"line (\d+)", place)
        raise WorkspaceError("workspace-toml", path=str(path), line=line[1] if line else "?", reason=reason) from None


def _wrong(path: Path, settings: dict[str, Any], name: str, example: str) -> WorkspaceError:
    fields = {"path": str(path), "name": name, "example": f"{name} = {example}"}
    if name not in settings:
        return WorkspaceError("workspace-key-missing", **fields)
    return WorkspaceError("workspace-value", value=repr(settings[name]), **fields)


def _approvals(*, demo: bool) -> int:
    """How many people open a job where the settings do not say."""
    return 0 if demo else _PRODUCTION_APPROVALS


def _init_org(region: str) -> str:
    return f"{_INIT_ORG_PREFIX}{region}{region}01"


def _render(settings: dict[str, str]) -> str:
    head = "# sscard workspace" + (": DEMO keys, never for real cards" if settings["mode"] == _DEMO else "")
    return "\n".join((head, f"format = {FORMAT}", *(f'{name} = "{value}"' for name, value in settings.items()), ""))
