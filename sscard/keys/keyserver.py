"""The key server: a key service on a socket, for stations that must not hold keys themselves.

Answers the calls of the key service and the requests of key platforms (docs/keyserver.md).  On a loopback address it
speaks plainly, anywhere else only TLS; in both cases each side proves that it knows the token before anything is
asked.  The journal has who asked for what and what became of it, never data.
"""

from __future__ import annotations

import hmac
import ipaddress
import secrets
import socket
import socketserver
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from sscard.errors import CustodyError, GuardRefused
from sscard.keys import bars
from sscard.keys.bars import Factors
from sscard.keys.platform import Platform, Session
from sscard.keys.secret import Secret
from sscard.keys.service import KeyRef, KeyService

Journal = Callable[[Mapping[str, object]], None]
"""Takes one entry; called by many threads, one at a time."""

_HANDSHAKE_SECONDS: Final = 10.0


@dataclass(frozen=True, slots=True)
class Limits:
    """What one server bears: connections at a time, seconds a connection may be silent, requests a second in all.

    A request above the rate waits its turn; a connection above the number is closed at once.
    """

    connections: int = 64
    idle_seconds: float = 300.0
    requests_a_second: int = 2000


class KeyServer:
    """Serves ``service`` on ``host:port`` (port 0: any free one) until :meth:`close`.

    Raises GuardRefused("keyserver-open") for an address others can reach without ``tls``, OSError where the address
    cannot be had.
    """

    def __init__(
        self,
        service: KeyService,
        host: str,
        port: int,
        token: Secret,
        *,
        tls: ssl.SSLContext | None = None,
        factors: Factors = Factors.CARD,
        limits: Limits | None = None,
        journal: Journal | None = None,
    ) -> None:
        if tls is None and not _is_loopback(host):
            raise GuardRefused("keyserver-open", host=host)
        self.service = service
        self.token = token
        self.tls = tls
        self.factors = factors
        self.limits = limits or Limits()
        self.platform = Platform(service)
        self._journal = journal
        self._journal_lock = threading.Lock()
        self._pace = _Pace(self.limits.requests_a_second)
        self._free = threading.BoundedSemaphore(self.limits.connections)
        self._open: set[socket.socket] = set()
        self._sockets = _Sockets((host, port), self)

    @property
    def port(self) -> int:
        return int(self._sockets.server_address[1])

    def serve(self) -> None:
        """Answer until :meth:`close` is called from another thread."""
        self._sockets.serve_forever(poll_interval=0.1)

    def close(self) -> None:
        """Stop: no new connections, the open ones are cut."""
        self._sockets.shutdown()
        self._sockets.server_close()
        for connection in list(self._open):
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue

    @contextmanager
    def place(self) -> Iterator[bool]:
        """Holds one of the places for connections; whether there was one."""
        free = self._free.acquire(blocking=False)
        try:
            yield free
        finally:
            if free:
                self._free.release()

    @contextmanager
    def listed(self, connection: socket.socket) -> Iterator[None]:
        """Cut with the server while the block runs."""
        self._open.add(connection)
        try:
            yield
        finally:
            self._open.discard(connection)

    def wait_turn(self) -> None:
        """Hold a request back while the rate is above its limit."""
        self._pace.wait()

    def note(self, peer: str, operation: str, key: str, result: str) -> None:
        """Write one line of the journal."""
        if self._journal is None:
            return
        now = datetime.now(UTC).isoformat(timespec="milliseconds")
        entry = {"time": now, "peer": peer, "operation": operation, "key": key, "result": result}
        with self._journal_lock:
            self._journal(entry)


class _Sockets(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    block_on_close = False
    request_queue_size = 64

    def __init__(self, address: tuple[str, int], owner: KeyServer) -> None:
        self.owner = owner
        self.address_family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
        super().__init__(address, _Talk)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A connection that broke is the peer's matter; it was noted where it began."""


class _Talk(socketserver.BaseRequestHandler):
    """One connection: TLS, proofs of the token, then line by line."""

    server: _Sockets

    def handle(self) -> None:
        owner, connection = self.server.owner, self.request
        peer = f"{self.client_address[0]}:{self.client_address[1]}"
        with owner.place() as free:
            if not free:
                return
            try:
                connection.settimeout(_HANDSHAKE_SECONDS)
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                if owner.tls is not None:
                    with owner.tls.wrap_socket(connection, server_side=True) as secured:
                        self._talk(owner, secured, peer)
                else:
                    self._talk(owner, connection, peer)
            except OSError as error:
                owner.note(peer, "connection", "", type(error).__name__)

    def _talk(self, owner: KeyServer, connection: socket.socket, peer: str) -> None:
        with owner.listed(connection), connection.makefile("rb") as stream:
            nonce = secrets.token_hex(bars.NONCE_SIZE)
            connection.sendall(bars.join(bars.GREETING, bars.VERSION, nonce))
            known, answer = _hello(owner, stream.readline(bars.LINE_LIMIT), nonce)
            owner.note(peer, bars.HELLO, "", "ok" if known else "refused")
            connection.sendall(answer)
            if not known:
                return
            connection.settimeout(owner.limits.idle_seconds)
            session = Session()
            while line := stream.readline(bars.LINE_LIMIT + 1):
                if not line.endswith(b"\n"):
                    connection.sendall(bars.refusal(CustodyError("keyserver-line")))
                    return
                owner.wait_turn()
                connection.sendall(_answer(owner, session, line, peer))


def _hello(owner: KeyServer, line: bytes, nonce: str) -> tuple[bool, bytes]:
    """Whether the client proved that it knows the token and sends factors as the server wants them; the answer."""
    try:
        hello, client_nonce, proof, factors = bars.split(line)
    except (ValueError, CustodyError):
        hello = client_nonce = proof = factors = ""
    expected = bars.proof(owner.token, "client", nonce, client_nonce)
    if hello != bars.HELLO or len(client_nonce) < 32 or not hmac.compare_digest(proof, expected):
        return False, bars.refusal(CustodyError("keyserver-token"))
    if factors != owner.factors.value:
        return False, bars.refusal(CustodyError("keyserver-order", ours=owner.factors.value, given=factors))
    mark = "demo" if owner.service.demo else "production"
    return True, bars.join(bars.DONE, bars.proof(owner.token, "server", nonce, client_nonce), mark)


def _answer(owner: KeyServer, session: Session, line: bytes, peer: str) -> bytes:
    """Do what one line asks for and write it down."""
    if owner.platform.speaks(line):
        result = "ok"
        try:
            answer = owner.platform.answer(line, session)
        except CustodyError as error:
            result, answer = error.key, bars.refusal(error)
        owner.note(peer, session.request, session.asked(), result)
        return answer
    operation = key = "?"
    try:
        name, *fields = bars.split(line)
        call = bars.OPERATIONS.get(name)
        if call is None or len(fields) != len(call.fields):
            raise CustodyError("keyserver-line")
        operation = name
        arguments = [bars.read(kind, field, owner.factors) for kind, field in zip(call.fields, fields, strict=True)]
        key = str(arguments[0]) if isinstance(arguments[0], KeyRef) else ""
        found = getattr(owner.service, name)(*arguments)
    except CustodyError as error:
        owner.note(peer, operation, key, error.key)
        return bars.refusal(error)
    owner.note(peer, operation, key, "ok")
    if found is None:
        return bars.join(bars.DONE)
    answer = bars.join(bars.DONE, bars.write(call.answer, found, owner.factors))
    if isinstance(found, Secret):
        found.wipe()
    return answer


class _Pace:
    """So many a second: whoever comes above that waits for the next second."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._lock = threading.Lock()
        self._second = 0.0
        self._count = 0

    def wait(self) -> None:
        while True:
            now = time.monotonic()
            with self._lock:
                if now - self._second >= 1.0:
                    self._second, self._count = now, 0
                if self._count < self._limit:
                    self._count += 1
                    return
                rest = self._second + 1.0 - now
            time.sleep(max(rest, 0.0))


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
