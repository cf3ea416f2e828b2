"""``sscard keyserver``: the keys of a workspace for stations that must not hold them."""

from __future__ import annotations

import json
import os
import secrets
import signal
import ssl
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from sscard import messages
from sscard.commands.common import emit, json_option, keys_option, workspace_option
from sscard.errors import CustodyError, Exit, SscardError, UsageError

if TYPE_CHECKING:
    from sscard.keys.keyserver import Journal, KeyServer
    from sscard.keys.secret import Secret
    from sscard.personalize.workspace import Workspace

_FILE = click.Path(path_type=Path, dir_okay=False)


@click.command(help=messages.text("keyserver.help"))
@workspace_option
@keys_option
@click.option(
    "--listen", metavar="HOST:PORT", default="127.0.0.1:7733", show_default=True, help=messages.text("keyserver.listen")
)
@click.option("--tls-cert", type=_FILE, help=messages.text("keyserver.tls-cert"))
@click.option("--tls-key", type=_FILE, help=messages.text("keyserver.tls-key"))
@click.option(
    "--factors",
    type=click.Choice(["card", "city-card", "card-city"]),
    default="card",
    show_default=True,
    help=messages.text("keyserver.factors"),
)
@click.option(
    "--connections", type=click.IntRange(1, 1024), default=64, show_default=True, help=messages.text("keyserver.most")
)
@click.option(
    "--idle", type=click.FloatRange(1, 86400), default=300, show_default=True, help=messages.text("keyserver.idle")
)
@click.option(
    "--rate", type=click.IntRange(1, 100_000), default=2000, show_default=True, help=messages.text("keyserver.rate")
)
@json_option
def command(
    workspace: Path,
    listen: str,
    tls_cert: Path | None,
    tls_key: Path | None,
    factors: str,
    connections: int,
    idle: float,
    rate: int,
    as_json: bool,
) -> int:
    from sscard.commands.unlock import unlock
    from sscard.keys import keyserver
    from sscard.keys.backend import parse_listen
    from sscard.keys.bars import Factors
    from sscard.personalize.workspace import open_workspace

    place = open_workspace(workspace)
    host, port = parse_listen(listen)
    context = _tls(tls_cert, tls_key)
    service = unlock(place)
    token = _token(place)
    with _journal(place.root / "keyserver.jsonl") as journal:
        try:
            server = keyserver.KeyServer(
                service,
                host,
                port,
                token,
                tls=context,
                factors=Factors(factors),
                limits=keyserver.Limits(connections, idle, rate),
                journal=journal,
            )
        except OSError as error:
            raise SscardError("keyserver-address", address=listen, reason=error.strerror or str(error)) from None
        stop = _told_to_stop()
        address = f"{listen.rpartition(':')[0]}:{server.port}"
        facts = {"address": address, "tls": context is not None, "token": str(place.server_token_path)}
        if as_json:
            emit({"serving": True, **facts, "demo": service.demo})
        else:
            tls = messages.text("keyserver.tls-on" if context is not None else "keyserver.tls-off")
            click.echo(messages.text("keyserver.serving", **facts | {"tls": tls}))
            click.echo(messages.text("keyserver.demo" if service.demo else "keyserver.stop"))
        _serve(server, stop)
    return Exit.OK


def _told_to_stop() -> threading.Event:
    """Set by Ctrl-C and SIGTERM from now on."""
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    return stop


def _serve(server: KeyServer, stop: threading.Event) -> None:
    """Serve on a thread of its own until ``stop`` is set."""
    thread = threading.Thread(target=server.serve, name="keyserver", daemon=True)
    thread.start()
    stop.wait()
    server.close()
    thread.join()


def _tls(certificate: Path | None, key: Path | None) -> ssl.SSLContext | None:
    if certificate is None and key is None:
        return None
    if certificate is None or key is None:
        raise UsageError("usage", cause=messages.text("keyserver.both"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        context.load_cert_chain(certificate, key)
    except (OSError, ssl.SSLError) as error:
        raise CustodyError("keyserver-tls", path=str(certificate), reason=error.strerror or str(error)) from None
    return context


def _token(workspace: Workspace) -> Secret:
    """The token of the workspace, made at the first start; stations get a copy of the file."""
    from sscard.commands.unlock import read_secret
    from sscard.keys.files import write_private

    path = workspace.server_token_path
    if not path.exists():
        write_private(path, secrets.token_hex(32).encode("ascii") + b"\n")
    token = read_secret(path)
    if len(token) < 32:
        raise CustodyError("token-file", path=str(path), reason=messages.text("keyserver.short"))
    return token


@contextmanager
def _journal(path: Path) -> Iterator[Journal]:
    """Appends one JSON object a line, private to the owner."""
    handle = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)

    def write(entry: Mapping[str, object]) -> None:
        os.write(handle, json.dumps(entry).encode("ascii") + b"\n")

    try:
        yield write
    finally:
        os.close(handle)
