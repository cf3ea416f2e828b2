"""``sscard info``: which card is in the reader."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

import click

from sscard import messages
from sscard.commands.common import emit, json_option, reader_option
from sscard.commands.layout import columns
from sscard.errors import Exit

if TYPE_CHECKING:
    from sscard.apdu.atr import Atr
    from sscard.cos.mark import CardIdentity
    from sscard.terminal.identify import Identity


@click.command(help=messages.text("terminal.info-help"))
@reader_option
@json_option
def command(reader: str | None, as_json: bool) -> int:
    from sscard.apdu.transport import Channel
    from sscard.commands.readers_open import open_transport
    from sscard.terminal.identify import identify

    with closing(open_transport(reader)) as transport:
        identity, name = identify(Channel(transport)), transport.name
    if as_json:
        emit(_facts(identity, name))
    else:
        _print(identity, name)
    return Exit.OK


def _facts(identity: Identity, reader: str) -> dict[str, object]:
    atr = identity.atr
    return {
        "reader": reader,
        "atr": atr.raw.hex().upper(),
        "interface": atr.interface.value,
        "protocol": atr.protocol.value,
        "bits_per_second": atr.bits_per_second,
        "negotiable_bits_per_second": atr.negotiable_bits_per_second,
        "kind": identity.kind.value,
        "state": identity.state.value if identity.state else None,
        "generation": identity.generation,
        "version": identity.version,
        "algorithm": identity.algorithm.name if identity.algorithm else None,
        "algorithm_stated": identity.algorithm_stated,
        "region": identity.region,
        "card_id": identity.card_id,
        "card_no": identity.card_no,
        "system": identity.system,
        "card_factor": identity.card.factor.hex().upper() if identity.card else "",
        "pin_tries": identity.pin_tries,
    }


def _print(identity: Identity, reader: str) -> None:
    from sscard.terminal.identify import CardKind

    atr = identity.atr
    lines = [
        (
            "reader",
            messages.text(
                "terminal.line-reader",
                reader=reader,
                interface=messages.text(f"terminal.interface-{atr.interface.value}"),
                protocol=atr.protocol.value,
                speed=_speed(atr),
            ),
        ),
        ("atr", atr.raw.hex(" ").upper()),
    ]
    if identity.card is not None and not atr.is_social_security:
        lines.append(("historical", messages.text("terminal.line-system", **_system(identity.system, identity.card))))
    if atr.is_social_security:
        facts = {"area": atr.area, "serial": atr.serial.hex().upper(), "factor": atr.card_factor.hex().upper()}
        lines.append(("historical", messages.text("terminal.line-historical", **facts)))
    if identity.kind is CardKind.SOCIAL_SECURITY and identity.algorithm:
        lines.append(("card", _card(identity)))
    elif identity.kind is CardKind.PURSE and identity.card_id:
        facts = {"region": identity.region, "card_id": identity.card_id}
        lines.append(("card", messages.text("terminal.line-purse", **facts)))
    else:
        lines.append(("card", messages.text(f"terminal.kind-{identity.kind.value}")))
    if identity.state:
        lines.append(("state", " · ".join((messages.text(f"terminal.state-{identity.state.value}"), _pin(identity)))))
    for line in columns([(messages.text(f"terminal.label-{label}"), text) for label, text in lines]):
        click.echo(line)


def _system(name: str, card: CardIdentity) -> dict[str, str]:
    from sscard.cos.dialect import load_dialect

    dialect = load_dialect(name)
    title = dialect.title_zh if messages.current() == "zh" else dialect.title_en
    return {"system": title, "serial": card.serial.hex().upper(), "factor": card.factor.hex().upper()}


def _card(identity: Identity) -> str:
    from sscard.cos.masking import printable

    return messages.text(
        "terminal.line-card",
        generation=printable(identity.version or identity.generation),
        algorithm=identity.algorithm.name if identity.algorithm else "–",
        guess="" if identity.algorithm_stated else messages.text("terminal.algorithm-guessed"),
        region=identity.region or "–",
        card_id=identity.card_id or "–",
        card_no=printable(identity.card_no) or "–",
    )


def _pin(identity: Identity) -> str:
    if identity.pin_tries is None:
        return messages.text("terminal.pin-unknown")
    if identity.pin_tries == 0:
        return messages.text("terminal.pin-locked")
    return messages.text("terminal.pin-left", tries=identity.pin_tries)


def _speed(atr: Atr) -> str:
    default, fastest = atr.bits_per_second, atr.negotiable_bits_per_second
    if fastest <= default:
        return messages.text("terminal.speed-fixed", default=f"{default:,}")
    return messages.text("terminal.speed-negotiable", default=f"{default:,}", fastest=f"{fastest:,}")
