"""The manifest of a batch: what its sender says of the file, by digests; ``b.manifest.toml`` beside ``b.csv``.

An id is used once for ever.  A file whose manifest is there is held to it; one without has none to break.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from cryptography.hazmat.primitives.hashes import SHA256, SM3, Hash, HashAlgorithm

from sscard.cos.model import Profile
from sscard.durable import write_private
from sscard.errors import BatchUnusable, GuardRefused
from sscard.personalize.batch import Batch

KINDS: Final = ("production", "sample", "training")
_ID: Final = re.compile(r"[0-9A-Za-z][0-9A-Za-z_.-]{0,39}")
_BLOCK: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a manifest says.  Digests are lower-case hex; ``profile`` is empty where any may make it."""

    id: str
    kind: str
    region: str
    format: str
    records: int
    name: str
    bytes: int
    sha256: str
    sm3: str
    encoding: str
    profile: str = ""
    profile_version: int = 0
    prepared_by: str = ""
    approved_by: str = ""


def manifest_path(batch: Path) -> Path:
    """Where the manifest of a batch file stands."""
    return batch.with_suffix(".manifest.toml")


def write_manifest(
    batch: Batch,
    *,
    batch_id: str,
    region: str,
    kind: str = "production",
    format_name: str = "canonical",
    profile: Profile | None = None,
    prepared_by: str = "",
    approved_by: str = "",
) -> tuple[Path, Manifest]:
    """Write the manifest of a checked batch beside it.

    Raises GuardRefused for an id of the wrong form, one name twice, and where a manifest stands already.
    """
    path = manifest_path(batch.path)
    if path.exists():
        raise GuardRefused("manifest-exists", path=str(path))
    size, digests = _digests(batch.path)
    if digests["sha256"] != batch.sha256:
        raise GuardRefused("manifest-differs", name="sha256", path=batch.name)
    manifest = Manifest(
        id=batch_id,
        kind=kind,
        region=region,
        format=format_name,
        records=len(batch),
        name=batch.name,
        bytes=size,
        encoding=batch.encoding,
        profile=profile.name if profile else "",
        profile_version=profile.version if profile else 0,
        prepared_by=prepared_by,
        approved_by=approved_by,
        **digests,
    )
    _require_sound(manifest, path)
    write_private(path, _render(manifest).encode("utf-8"))
    return path, manifest


def attached(batch: Path) -> Manifest | None:
    """The manifest beside a batch file; None where there is none.  Raises BatchUnusable for one that cannot be read."""
    path = manifest_path(batch)
    try:
        data = tomllib.loads(path.read_bytes().decode("utf-8"))
        head, file, by = data["batch"], data["files"]["data"], data.get("approvals", {})
        profile = head.get("profile", {})
        manifest = Manifest(
            id=head["id"],
            kind=head["kind"],
            region=head["region"],
            format=head["format"],
            records=head["records"],
            name=file["name"],
            bytes=file["bytes"],
            sha256=file["sha256"],
            sm3=file["sm3"],
            encoding=file["encoding"],
            profile=profile.get("name", ""),
            profile_version=profile.get("version", 0),
            prepared_by=by.get("prepared_by", ""),
            approved_by=by.get("approved_by", ""),
        )
        _require_sound(manifest, path)
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, KeyError, AttributeError, TypeError) as error:
        raise BatchUnusable("manifest-unreadable", path=str(path), reason=str(error)) from error
    return manifest


def held_to(manifest: Manifest, batch: Batch, *, region: str, format_name: str, profile: Profile) -> Batch:
    """The batch under the manifest's id.  Raises GuardRefused, naming what differs, where file or use are others."""
    size, digests = _digests(batch.path)
    facts: dict[str, Any] = {
        "name": batch.name,
        "bytes": size,
        **digests,
        "records": len(batch),
        "encoding": batch.encoding,
        "region": region,
        "format": format_name,
    }
    if manifest.profile:
        facts |= {"profile": profile.name, "profile_version": profile.version}
    for name, found in facts.items():
        if getattr(manifest, name) != found:
            raise GuardRefused("manifest-differs", name=name, path=batch.name)
    return batch.under(manifest.id)


def _require_sound(manifest: Manifest, path: Path) -> None:
    if not isinstance(manifest.id, str) or not _ID.fullmatch(manifest.id):
        raise GuardRefused("manifest-id", path=path.name)
    if manifest.kind not in KINDS:
        raise GuardRefused("manifest-kind", path=path.name, known=", ".join(KINDS))
    if manifest.prepared_by and manifest.prepared_by == manifest.approved_by:
        raise GuardRefused("manifest-one-person", path=path.name)


def _digests(path: Path) -> tuple[int, dict[str, str]]:
    """Size of a file, and its digests by name."""
    algorithms: dict[str, HashAlgorithm] = {"sha256": SHA256(), "sm3": SM3()}
    hashes = {name: Hash(algorithm) for name, algorithm in algorithms.items()}
    size = 0
    try:
        with path.open("rb") as file:
            while block := file.read(_BLOCK):
                size += len(block)
                for each in hashes.values():
                    each.update(block)
    except OSError as error:
        raise BatchUnusable("batch-unreadable", path=str(path), reason=error.strerror or str(error)) from error
    return size, {name: each.finalize().hex() for name, each in hashes.items()}


def _render(manifest: Manifest) -> str:
    lines = [
        "[batch]",
        f'id = "{manifest.id}"',
        f'kind = "{manifest.kind}"',
        f'region = "{manifest.region}"',
        f'format = "{manifest.format}"',
        f"records = {manifest.records}",
    ]
    if manifest.profile:
        lines.append(f'profile = {{ name = "{manifest.profile}", version = {manifest.profile_version} }}')
    lines += [
        "",
        "[files.data]",
        f"name = {_text(manifest.name)}",
        f"bytes = {manifest.bytes}",
        f'sha256 = "{manifest.sha256}"',
        f'sm3 = "{manifest.sm3}"',
        f'encoding = "{manifest.encoding}"',
        "",
        "[approvals]",
        f"prepared_by = {_text(manifest.prepared_by)}",
        f"approved_by = {_text(manifest.approved_by)}",
        "",
    ]
    return "\n".join(lines)


def _text(value: str) -> str:
    """A text as TOML, whatever stands in it."""
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + "".join(c if c.isprintable() else f"\\u{ord(c):04X}" for c in escaped) + '"'
