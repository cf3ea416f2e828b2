"""The CA that a line asks: the demonstration CA, or a program that carries requests to the real one."""

from __future__ import annotations

import json
import shlex
import subprocess
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from sscard.errors import CustodyError, GuardRefused, KeyServiceMissing, UsageError

if TYPE_CHECKING:
    from pathlib import Path

    from sscard.certificates import Certificate, DemoAuthority, Holder, Issued
    from sscard.personalize.workspace import Workspace
    from sscard.terminal.certifier import CardCertifier

DEMO = "demo"
LIMIT = 30.0
"""Seconds a program may take for one card: less than what parks a head."""


def certifier_for(place: Workspace, ca: str | None) -> CardCertifier | None:
    """Who serves the certificate stage of a pass; None where no CA is named."""
    from sscard.terminal.certifier import CardCertifier

    if ca is None:
        return None
    kept = place.root / "certificates"
    if ca != DEMO:
        return CardCertifier(ProgramAuthority(ca), kept, _now)
    if not place.demo:
        raise GuardRefused("ca-demo")
    return demo_certifier(kept)


def demo_certifier(kept: Path) -> CardCertifier:
    """Certificates by the demonstration CA; its answers go to the folder ``kept``."""
    from sscard.terminal.certifier import CardCertifier

    return CardCertifier(_Demo(), kept, _now)


def _now() -> datetime:
    return datetime.now(UTC)


class _Demo:
    """The demonstration CA, for made-up people only."""

    def __init__(self) -> None:
        self.certificate: Certificate | None = None
        self._authority: DemoAuthority | None = None

    def issue(self, holder: Holder, signature_public: bytes) -> Issued:
        from sscard.certificates import DemoAuthority

        if not holder.synthetic:
            raise CustodyError("pki-demo-person")
        self._authority = self._authority or DemoAuthority(_now())
        return self._authority.issue(holder, signature_public)


class ProgramAuthority:
    """A program, run once a card: JSON on its standard input, JSON on its standard output (docs/modes.md)."""

    certificate: Certificate | None = None

    def __init__(self, command: str) -> None:
        try:
            self._words = shlex.split(command)
        except ValueError:
            self._words = []
        if not self._words:
            raise UsageError("ca-command", command=command)

    def issue(self, holder: Holder, signature_public: bytes) -> Issued:
        """Raises KeyServiceMissing("ca-silent") where the program cannot be run, fails, or takes too long."""
        from sscard.terminal.certifier import issued_from

        request = {"public_key": signature_public.hex().upper(), "name": holder.name}
        request |= {"ssn": holder.ssn, "card_no": holder.card_no}
        try:
            done = subprocess.run(  # noqa: S603 - the operator's own program, no shell
                self._words, input=json.dumps(request).encode(), capture_output=True, timeout=LIMIT, check=True
            )
        except (OSError, subprocess.SubprocessError) as error:
            raise KeyServiceMissing("ca-silent", program=self._words[0], cause=type(error).__name__) from None
        return issued_from(done.stdout)
