"""``sscard emulate``: a software card behind pcscd's virtual reader."""

from __future__ import annotations

import signal
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from sscard.commands.common import emit, json_option
from sscard.errors import Exit
from sscard.messages import text

if TYPE_CHECKING:
    from sscard.apdu.atr import Interface
    from sscard.emulator.powered import AnyCard
    from sscard.emulator.tearing import Cut
    from sscard.emulator.vpcd import Bridge

DEFAULT_PROFILE: Final = "ssc3-sm4"
DEFAULT_SERIAL: Final = 0x17


@click.command(help=text("emulator.help"))
@click.option("--port", type=click.IntRange(1, 65535), required=True, help=text("emulator.option-port"))
@click.option("--host", default="127.0.0.1", show_default=True, help=text("emulator.option-host"))
@click.option(
    "--image",
    "image_path",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help=text("emulator.option-image"),
)
@click.option("--profile", metavar="NAME", help=text("emulator.option-profile"))
@click.option("--blank", is_flag=True, help=text("emulator.option-blank"))
@click.option("--feed", type=click.IntRange(1), metavar="N", help=text("emulator.option-feed"))
@click.option("--seed", type=int, default=0, show_default=True, help=text("emulator.option-seed"))
@click.option("--serial", type=click.IntRange(0, 0xFFFFFFFF), help=text("emulator.option-serial"))
@click.option("--tear", metavar="N[:WHEN[:BYTE]]", help=text("emulator.option-tear"))
@click.option("--interface", type=click.Choice(["contact", "contactless"]), help=text("emulator.option-interface"))
@json_option
def command(
    port: int,
    host: str,
    image_path: Path | None,
    profile: str | None,
    blank: bool,
    feed: int | None,
    seed: int,
    serial: int | None,
    tear: str | None,
    interface: str | None,
    as_json: bool,
) -> int:
    from sscard.apdu.atr import Interface
    from sscard.emulator.vpcd import Bridge, Feeder

    cut = _cut(tear) if tear else None
    reach = Interface(interface) if interface else None

    if feed and image_path:
        raise click.UsageError(text("emulator.one-of"))
    first = DEFAULT_SERIAL if serial is None else serial
    if feed:
        feeder = Feeder(_prepared(_blanks(first, feed, seed, profile), cut, reach), replace=True)
        with _ends_on_signal(Bridge(feeder, host, port, partial(_tell, host, port, as_json))) as bridge:
            bridge.run()
        return Exit.OK
    with closing(_card(image_path, profile, blank, seed, first)) as card:
        feeder = Feeder(_prepared([card], cut, reach), replace=False)
        with _ends_on_signal(Bridge(feeder, host, port, partial(_tell, host, port, as_json))) as bridge:
            bridge.run()
    return Exit.OK


def _cut(words: str) -> Cut:
    from sscard.emulator.tearing import Cut

    try:
        return Cut.parse(words)
    except ValueError:
        raise click.BadParameter(text("emulator.tear-form", value=words), param_hint="--tear") from None


def _prepared(cards: Iterable[AnyCard], cut: Cut | None, interface: Interface | None) -> Iterator[AnyCard]:
    """The cards at the interface asked for; the first one will be torn."""
    for number, card in enumerate(cards):
        if interface is not None and card.interface is not interface:
            card.present(interface)
        if cut is not None and not number:
            card.tear(cut.after, cut.when, cut.at)
        yield card


def _blanks(first: int, count: int, seed: int, profile: str | None) -> Iterator[AnyCard]:
    """``count`` blank cards as the profile wants them."""
    from sscard.cos.profile import load_profile
    from sscard.emulator.card import SoftwareCard
    from sscard.emulator.options import options_for

    meant = load_profile(profile or DEFAULT_PROFILE)
    algorithm, options = meant.algorithm, options_for(meant)
    return (
        SoftwareCard.blank(serial, seed=seed, algorithm=algorithm, options=options)
        for serial in range(first, first + count)
    )


def _card(path: Path | None, profile: str | None, blank: bool, seed: int, serial: int) -> AnyCard:
    """The one card to serve: of the image, blank for the profile, or personalized by it."""

    def make() -> AnyCard:
        if blank or (path is not None and profile is None):
            return next(_blanks(serial, 1, seed, profile))
        from sscard.personalize.sample import personalized_card

        return personalized_card(profile or DEFAULT_PROFILE, seed)

    if path is None:
        return make()
    from sscard.emulator.persistent import PersistentCard

    return PersistentCard(path, make)


@contextmanager
def _ends_on_signal(bridge: Bridge) -> Iterator[Bridge]:
    """SIGTERM and SIGINT end the bridge after the command in work."""
    previous = {
        number: signal.signal(number, lambda _number, _frame: bridge.stop())
        for number in (signal.SIGTERM, signal.SIGINT)
    }
    try:
        yield bridge
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)


def _tell(host: str, port: int, as_json: bool, event: str, card: AnyCard | None) -> None:
    """One event, as an object on standard output or a line on standard error."""
    atr = card.atr.hex().upper() if card is not None else ""
    if as_json:
        sealed = card.sealed if card is not None else None
        emit({"event": event, "host": host, "port": port, "atr": atr, "sealed": sealed})
        return
    click.echo(text(f"emulator.{event}", host=host, port=port, card=atr or text("emulator.no-card")), err=True)
