"""Delivery by HTTPS POST: one file a request, the receipt in its answer, the same key however often it is tried."""

from __future__ import annotations

import base64
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from pathlib import Path
from typing import Final
from urllib.parse import quote

from sscard._version import VERSION
from sscard.errors import DeliveryRefused, Undelivered
from sscard.personalize.parcel import RECEIPT_LIMIT, Parcel, Pause, Receipt, read_receipt
from sscard.personalize.targets import HttpTarget

_TAKEN: Final = (200, 201)
_LATER: Final = (202, 408, 425, 429)
_LONGEST_PAUSE: Final = 30.0


def deliver(target: HttpTarget, parcel: Parcel, pause: Pause) -> Receipt:
    """Post the file until its receipt comes, at most ``target.tries`` times; ``pause`` waits that many seconds.

    Raises Undelivered ("outbox-unreachable", "outbox-later", "outbox-answer"): the same file may be tried again at
    any time; DeliveryRefused ("outbox-refused", "outbox-ca", "outbox-token"): trying again does not help.
    """
    headers = _headers(target, parcel)
    secured = _secured(target) if target.tls else None
    attempt = 1
    while True:
        try:
            return _once(target, parcel, headers, secured)
        except Undelivered:
            if attempt == target.tries:
                raise
        pause(min(2.0 ** (attempt - 1), _LONGEST_PAUSE))
        attempt += 1


def _once(target: HttpTarget, parcel: Parcel, headers: dict[str, str], secured: ssl.SSLContext | None) -> Receipt:
    revision = parcel.revision
    wire = (
        HTTPSConnection(target.host, target.port, timeout=target.seconds, context=secured)
        if secured
        else HTTPConnection(target.host, target.port, timeout=target.seconds)
    )
    try:
        wire.connect()
        with _deadline(wire, target.seconds):
            wire.request("POST", target.path, parcel.content, headers)
            with wire.getresponse() as answer:
                raw = answer.read(RECEIPT_LIMIT + 1)
                status, whole = answer.status, answer.length in (None, 0)
    except (OSError, HTTPException, ValueError) as error:
        cause = (error.strerror if isinstance(error, OSError) else None) or type(error).__name__
        raise Undelivered("outbox-unreachable", target=target.name, file=revision.name, cause=cause) from error
    finally:
        wire.close()
    if status in _TAKEN:
        return read_receipt(raw if whole else b"", revision, target.name)
    if status in _LATER or status >= 500:
        raise Undelivered("outbox-later", target=target.name, file=revision.name, status=status)
    raise DeliveryRefused("outbox-refused", target=target.name, file=revision.name, status=status)


@contextmanager
def _deadline(wire: HTTPConnection, seconds: float) -> Iterator[None]:
    """Cuts the connection after ``seconds``, however busily the other side drips bytes."""
    sock = wire.sock

    def cut() -> None:
        with suppress(OSError):
            socket.socket.shutdown(sock, socket.SHUT_RDWR)

    timer = threading.Timer(seconds, cut)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _headers(target: HttpTarget, parcel: Parcel) -> dict[str, str]:
    """What is told with the file, in US-ASCII: other characters percent-encoded as UTF-8."""
    facts = parcel.facts()
    headers = {
        "Content-Type": "application/octet-stream",
        "Content-Digest": f"sha-256=:{base64.b64encode(bytes.fromhex(parcel.revision.sha256)).decode()}:",
        "Idempotency-Key": parcel.revision.key,
        "User-Agent": f"sscard/{VERSION}",
        "Connection": "close",
    }
    headers |= {f"Sscard-{name.capitalize()}": quote(str(value)) for name, value in facts.items()}
    if target.token is not None:
        headers["Authorization"] = f"Bearer {_token(target.name, target.token)}"
    return headers


def _token(name: str, path: Path) -> str:
    try:
        token = path.read_text("ascii").strip()
    except (OSError, UnicodeDecodeError):
        token = ""
    if not token or not token.isprintable() or " " in token:
        raise DeliveryRefused("outbox-token", target=name, path=str(path))
    return token


def _secured(target: HttpTarget) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(cafile=str(target.authority) if target.authority else None)
    except (OSError, ssl.SSLError) as error:
        raise DeliveryRefused("outbox-ca", target=target.name, path=str(target.authority)) from error
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context
