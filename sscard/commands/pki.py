"""``sscard pki``: SM2 keys and certificates of third-generation cards.  PINs and keys are prompted for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from sscard import messages
from sscard.commands.common import ask_hidden, emit, json_option, reader_option
from sscard.errors import Exit, GuardRefused, UsageError

if TYPE_CHECKING:
    from sscard.apdu.transport import Transport
    from sscard.certificates import Certificate, Envelope
    from sscard.cos.pki import PinRole
    from sscard.keys.secret import Secret
    from sscard.terminal.pki import PkiCard

PROFILE: Final = "ssc3-sm4+overlay-pki"
"""Profile of the software card with the application."""
SIGNATURE_FILE: Final = "signature.cer"
ENCRYPTION_FILE: Final = "encryption.cer"
ENVELOPE_FILE: Final = "envelope.txt"
CA_FILE: Final = "ca.cer"
_MASTER_DIGITS: Final = 32
_FILE: Final = click.Path(path_type=Path, dir_okay=False)
_FOLDER: Final = click.Path(path_type=Path, file_okay=False)


def _options(function: Callable[..., Any]) -> Callable[..., Any]:
    """The options of every subcommand that wants a card."""
    image = click.option("--image", "image_path", type=_FILE, metavar="FILE", help=messages.text("pki.option-image"))
    return reader_option(image(json_option(function)))


@click.group(help=messages.text("pki.help"))
def command() -> None:
    pass


@command.command("key-pair", help=messages.text("pki.key-pair-help"))
@click.option("--replace", is_flag=True, help=messages.text("pki.option-replace"))
@click.option("--out", type=_FILE, metavar="FILE", help=messages.text("pki.option-out"))
@_options
def key_pair(replace: bool, out: Path | None, reader: str | None, image_path: Path | None, as_json: bool) -> int:
    from sscard.cos.pki import PinRole
    from sscard.terminal.pki import Pair

    with _card(reader, image_path) as card:
        if card.public_key(Pair.SIGNATURE) is not None and not replace:
            raise GuardRefused("pki-pair-there")
        _present(card, PinRole.USER)
        return _show_public(Pair.SIGNATURE.name.lower(), card.generate(), out, as_json=as_json)


@command.command("public-key", help=messages.text("pki.public-key-help"))
@click.option(
    "--of",
    "name",
    type=click.Choice(["signature", "encryption"]),
    default="signature",
    show_default=True,
    help=messages.text("pki.option-of"),
)
@click.option("--out", type=_FILE, metavar="FILE", help=messages.text("pki.option-out"))
@_options
def public_key(name: str, out: Path | None, reader: str | None, image_path: Path | None, as_json: bool) -> int:
    from sscard.terminal.pki import Pair

    with _card(reader, image_path) as card:
        public = card.public_key(Pair[name.upper()])
        if public is None:
            raise GuardRefused("pki-no-pair")
        return _show_public(name, public, out, as_json=as_json)


@command.command("demo-ca", help=messages.text("pki.demo-ca-help"))
@click.argument("public_key_file", type=_FILE, metavar="PUBLIC-KEY")
@click.option("--out", type=_FOLDER, required=True, metavar="DIR", help=messages.text("pki.option-folder"))
@click.option("--name", help=messages.text("pki.option-name"))
@click.option("--ssn", help=messages.text("pki.option-ssn"))
@click.option("--card-no", help=messages.text("pki.option-card-no"))
@json_option
def demo_ca(
    public_key_file: Path, out: Path, name: str | None, ssn: str | None, card_no: str | None, as_json: bool
) -> int:
    from datetime import UTC, datetime

    from sscard.certificates import DemoAuthority, Holder
    from sscard.certificates.x509 import public_from
    from sscard.personalize.sample import PERSON

    holder = Holder(name or PERSON.name, ssn or PERSON.ssn, card_no or PERSON.card_no)
    if not holder.synthetic:
        raise GuardRefused("pki-demo-person")
    authority = DemoAuthority(datetime.now(UTC))
    issued = authority.issue(holder, public_from(public_key_file.read_bytes()))
    out.mkdir(parents=True, exist_ok=True)
    contents = {
        CA_FILE: authority.certificate.pem,
        SIGNATURE_FILE: issued.signature.pem,
        ENCRYPTION_FILE: issued.encryption.pem,
        ENVELOPE_FILE: f"{issued.envelope.text()}\n",
    }
    for file, content in contents.items():
        (out / file).write_text(content, encoding="ascii")
    if as_json:
        emit({"folder": str(out), "files": list(contents)})
    else:
        click.echo(messages.text("pki.demo-ca-done", folder=out, files=", ".join(contents)))
    return Exit.OK


@command.command("install", help=messages.text("pki.install-help"))
@click.argument("folder", type=_FOLDER, metavar="DIR")
@_options
def install(folder: Path, reader: str | None, image_path: Path | None, as_json: bool) -> int:
    from sscard.cos.pki import PinRole
    from sscard.terminal import pki_install

    signature, encryption, envelope = _sent_back(folder)
    with _card(reader, image_path) as card:
        pki_install.suitable(card, signature, encryption, envelope)
        _present(card, PinRole.USER)
        pki_install.install(card, signature, encryption, envelope)
    if as_json:
        emit({"installed": True, "signature": f"{signature.serial:X}", "encryption": f"{encryption.serial:X}"})
    else:
        click.echo(messages.text("pki.install-done", signature=signature.serial, encryption=encryption.serial))
    return Exit.OK


@command.command("check", help=messages.text("pki.check-help"))
@click.option("--ca", type=_FILE, metavar="FILE", help=messages.text("pki.option-ca"))
@click.option("--possession", is_flag=True, help=messages.text("pki.option-possession"))
@_options
def check(ca: Path | None, possession: bool, reader: str | None, image_path: Path | None, as_json: bool) -> int:
    from datetime import UTC, datetime

    from sscard.certificates import Certificate
    from sscard.cos.pki import PinRole
    from sscard.terminal import pki_check

    authority = Certificate.parse_any(ca.read_bytes()) if ca else None
    whole = True
    with _card(reader, image_path) as card:
        if possession:
            _present(card, PinRole.USER)
        for verdict in pki_check.check(card, datetime.now(UTC), authority, possession=possession):
            whole &= verdict.passed
            pair, rule = verdict.pair.name.lower(), verdict.rule.value
            if as_json:
                emit({"pair": pair, "rule": rule, "passed": verdict.passed})
            else:
                words = {"pair": messages.text(f"pki.pair-{pair}"), "rule": messages.text(f"pki.rule-{rule}")}
                click.echo(messages.text("pki.check-good" if verdict.passed else "pki.check-bad", **words))
    return Exit.OK if whole else Exit.FAILED


@command.command("pin", help=messages.text("pki.pin-help"))
@click.argument("role_name", type=click.Choice(["user", "administrator"]), metavar="user|administrator")
@_options
def pin(role_name: str, reader: str | None, image_path: Path | None, as_json: bool) -> int:
    from sscard.cos.pki import PinRole

    role = PinRole[role_name.upper()]
    with _card(reader, image_path) as card:
        old, new = _ask_pin(role, "pki.old-prompt"), _ask_pin(role, "pki.new-prompt", twice=True)
        card.change_pin(role, old, new)
        card.verify(role, new)
    return _changed({"changed": f"pin-{role_name}"}, "pki.pin-done", as_json=as_json)


@command.command("master-key", help=messages.text("pki.master-key-help"))
@click.option("--only", type=click.Choice(["adf", "ddf"]), help=messages.text("pki.option-only"))
@_options
def master_key(only: str | None, reader: str | None, image_path: Path | None, as_json: bool) -> int:
    from sscard.terminal.pki import Place

    places = [place for place in Place if only in (None, place.value)]
    with _card(reader, image_path) as card:
        old, new = _ask_master("pki.old-master-prompt"), _ask_master("pki.new-master-prompt", twice=True)
        for place in places:
            card.change_master(place, old, new)
            _changed(
                {"changed": f"master-{place.value}"},
                "pki.master-key-done",
                place=place.value.upper(),
                as_json=as_json,
            )
    return Exit.OK


@contextmanager
def _card(reader: str | None, image_path: Path | None) -> Iterator[PkiCard]:
    """The application of the card in a reader or of the software card kept in a file, made where there is none."""
    from sscard.apdu.transport import Channel
    from sscard.terminal.pki import PkiCard

    if reader and image_path:
        raise click.UsageError(messages.text("pki.one-of"))
    with closing(_transport(reader, image_path)) as transport:
        yield PkiCard(Channel(transport))


def _transport(reader: str | None, image_path: Path | None) -> Transport:
    if image_path is None:
        from sscard.commands.readers_open import open_transport

        return open_transport(reader, PROFILE)
    from sscard.emulator import PersistentCard
    from sscard.personalize.sample import personalized_card

    return PersistentCard(image_path, lambda: personalized_card(PROFILE))


def _sent_back(folder: Path) -> tuple[Certificate, Certificate, Envelope]:
    from sscard.certificates import Certificate, Envelope

    for file in (SIGNATURE_FILE, ENCRYPTION_FILE, ENVELOPE_FILE):
        if not (folder / file).is_file():
            raise UsageError("pki-not-sent-back", folder=str(folder), file=file)
    signature, encryption = (
        Certificate.parse_any((folder / file).read_bytes()) for file in (SIGNATURE_FILE, ENCRYPTION_FILE)
    )
    return signature, encryption, Envelope.parse_text((folder / ENVELOPE_FILE).read_text("ascii", "replace"))


def _show_public(name: str, public: bytes, out: Path | None, *, as_json: bool) -> int:
    from sscard.certificates.x509 import public_pem

    pem = public_pem(public)
    if out is not None:
        out.write_text(pem, encoding="ascii")
    if as_json:
        emit({"pair": name, "public_key": public.hex().upper(), "pem": pem})
    else:
        click.echo(public.hex().upper())
        click.echo(pem, nl=False)
    return Exit.OK


def _present(card: PkiCard, role: PinRole) -> None:
    pin = _ask_pin(role, "pki.pin-prompt")
    try:
        card.verify(role, pin)
    finally:
        pin.wipe()


def _ask_pin(role: PinRole, prompt: str, *, twice: bool = False) -> Secret:
    from sscard.terminal.pki import pki_pin

    who = messages.text(f"pki.role-{role.name.lower()}")
    return pki_pin(ask_hidden(messages.text(prompt, role=who, digits=role.digits), twice=twice), role)


def _ask_master(prompt: str, *, twice: bool = False) -> Secret:
    from sscard.keys.secret import Secret

    typed = ask_hidden(messages.text(prompt), twice=twice)
    try:
        value = bytes.fromhex(typed)
    except ValueError:
        value = b""
    if len(typed) != _MASTER_DIGITS or len(value) * 2 != _MASTER_DIGITS:
        raise UsageError("pki-master-form", digits=_MASTER_DIGITS)
    return Secret(value)


def _changed(facts: dict[str, object], done: str, *, as_json: bool, **words: object) -> int:
    if as_json:
        emit(facts)
    else:
        click.echo(messages.text(done, **words))
    return Exit.OK
