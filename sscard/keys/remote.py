"""The key service at the other end of a wire: a client of ``sscard keyserver``.

Every call is one request and one answer; nothing is kept here, neither keys nor card keys.  Calculations can be
repeated without harm, so a call over a connection that broke is made once more over a new one.  After that the
server counts as lost: the card in work stays as it is and is resumed by the next run.
"""

from __future__ import annotations

import hmac
import secrets
import socket
import ssl
import threading
from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Final, cast

from sscard import messages
from sscard.errors import CustodyError, KeyServiceMissing
from sscard.keys import bars
from sscard.keys.bars import Factors, Kind
from sscard.keys.family import Algorithm
from sscard.keys.secret import Secret
from sscard.keys.service import KeyRef

CONNECT_SECONDS: Final = 5.0
ANSWER_SECONDS: Final = 10.0


@dataclass(frozen=True, slots=True)
class ServerAddress:
    """Where a key server is and how it is spoken to.

    ``tls`` is None only for a server on this machine; ``factors`` must be what the server expects; times in seconds.
    """

    host: str
    port: int
    tls: ssl.SSLContext | None = None
    factors: Factors = Factors.CARD
    connect_seconds: float = CONNECT_SECONDS
    answer_seconds: float = ANSWER_SECONDS

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


class RemoteKeyService:
    """:class:`sscard.keys.service.KeyService` over a key server; safe for several threads, a connection each.

    Connects at once.  Raises KeyServiceMissing where nobody answers, CustodyError where one side's token is not the
    other's.
    """

    def __init__(self, address: ServerAddress, token: Secret) -> None:
        self._address = address
        self._token = token
        self._idle: list[_Connection] = []
        self._lock = threading.Lock()
        first = _Connection(address, token)
        self._demo = first.demo
        self._idle.append(first)

    @property
    def demo(self) -> bool:
        return self._demo

    def require(self, algorithm: Algorithm) -> None:
        self._call("require", algorithm)

    def algorithm(self, ref: KeyRef) -> Algorithm:
        return cast(Algorithm, self._call("algorithm", ref))

    def check_value(self, ref: KeyRef) -> bytes:
        return self._bytes("check_value", ref)

    def authentication_data(self, ref: KeyRef, challenge: bytes, original: bytes) -> bytes:
        return self._bytes("authentication_data", ref, challenge, original)

    def session_mac(self, ref: KeyRef, challenge: bytes, message: bytes) -> bytes:
        return self._bytes("session_mac", ref, challenge, message)

    def session_cipher(self, ref: KeyRef, challenge: bytes, plain: bytes) -> bytes:
        return self._bytes("session_cipher", ref, challenge, plain)

    def transaction_code(self, ref: KeyRef, fields: bytes) -> bytes:
        return self._bytes("transaction_code", ref, fields)

    def key_mac(self, ref: KeyRef, initial: bytes, message: bytes) -> bytes:
        return self._bytes("key_mac", ref, initial, message)

    def direct_cryptogram(self, ref: KeyRef, challenge: bytes) -> bytes:
        return self._bytes("direct_cryptogram", ref, challenge)

    def direct_cipher(self, ref: KeyRef, plain: bytes) -> bytes:
        return self._bytes("direct_cipher", ref, plain)

    def folded_mac(self, ref: KeyRef, message: bytes) -> bytes:
        return self._bytes("folded_mac", ref, message)

    def wrap_key(self, ref: KeyRef, under: KeyRef, prefix: bytes, fill: bytes = b"") -> bytes:
        return self._bytes("wrap_key", ref, under, prefix, fill)

    def wrap_for_psam(self, ref: KeyRef, under: KeyRef, head: bytes) -> bytes:
        return self._bytes("wrap_for_psam", ref, under, head)

    def first_key(self, ref: KeyRef) -> Secret:
        return cast(Secret, self._call("first_key", ref))

    def presentation(self, ref: KeyRef) -> Secret:
        return cast(Secret, self._call("presentation", ref))

    def prepare(self, refs: Iterable[KeyRef], cards: Sequence[bytes]) -> None:
        refs = list(refs)
        for start in range(0, len(cards), bars.CARDS_A_LINE):
            self._call("prepare", refs, cards[start : start + bars.CARDS_A_LINE])

    def forget(self, card: bytes) -> None:
        try:
            self._call("forget", card)
        except KeyServiceMissing:
            return  # a server that is gone has forgotten

    def close(self) -> None:
        with self._lock:
            idle, self._idle = self._idle, []
        for connection in idle:
            connection.close()

    def exchange(self, request: str) -> str:
        """One request of a platform dialect (docs/keyserver.md) and its answer, as they stand on the wire."""
        return self._over_wire(request.encode("ascii") + b"\n").decode("ascii").rstrip("\n")

    def _bytes(self, name: str, *arguments: object) -> bytes:
        return cast(bytes, self._call(name, *arguments))

    def _call(self, name: str, *arguments: object) -> object:
        operation, order = bars.OPERATIONS[name], self._address.factors
        fields = [bars.write(kind, value, order) for kind, value in zip(operation.fields, arguments, strict=True)]
        answer = bars.split(self._over_wire(bars.join(name, *fields)))
        if answer[0].startswith(bars.ERROR_MARK):
            raise _error(answer, self._address)
        if answer[0] != bars.DONE or len(answer) != 2 - (operation.answer is Kind.NOTHING):
            raise KeyServiceMissing("keyserver-answer", server=str(self._address))
        return bars.read(operation.answer, answer[-1], order) if len(answer) == 2 else None

    def _over_wire(self, line: bytes) -> bytes:
        if len(line) > bars.LINE_LIMIT:
            raise CustodyError("keyserver-long", size=len(line), limit=bars.LINE_LIMIT)
        with self._lock:
            connection = self._idle.pop() if self._idle else None
        if connection is not None:
            try:
                answer = connection.exchange(line)
            except OSError:
                connection.close()
                connection = None
        if connection is None:
            connection = _Connection(self._address, self._token)
            if connection.demo is not self._demo:
                connection.close()
                raise CustodyError("keyserver-changed", server=str(self._address))
            try:
                answer = connection.exchange(line)
            except OSError as error:
                connection.close()
                raise _lost(self._address, error) from None
        with self._lock:
            self._idle.append(connection)
        return answer


class _Connection:
    """One authenticated connection."""

    def __init__(self, address: ServerAddress, token: Secret) -> None:
        with ExitStack() as undo:
            try:
                self._socket = undo.enter_context(
                    socket.create_connection((address.host, address.port), address.connect_seconds)
                )
                self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                if address.tls is not None:
                    self._socket = undo.enter_context(
                        address.tls.wrap_socket(self._socket, server_hostname=address.host)
                    )
                self._socket.settimeout(address.answer_seconds)
                self._stream = undo.enter_context(self._socket.makefile("rb"))
                self.demo = self._greet(address, token)
            except OSError as error:
                raise _lost(address, error) from None
            undo.pop_all()

    def exchange(self, line: bytes) -> bytes:
        """Send a line and take the answer.  Raises OSError when the connection breaks or the time is over."""
        self._socket.sendall(line)
        return self._line()

    def close(self) -> None:
        self._stream.close()
        self._socket.close()

    def _line(self) -> bytes:
        line = self._stream.readline(bars.LINE_LIMIT + 1)
        if not line.endswith(b"\n"):
            raise ConnectionResetError("connection closed")
        return line

    def _greet(self, address: ServerAddress, token: Secret) -> bool:
        """Both sides show that they know the token; returns whether the server's keys are demonstration keys."""
        greeting = bars.split(self._line())
        if greeting[:2] != [bars.GREETING, bars.VERSION] or len(greeting) != 3:
            raise KeyServiceMissing("keyserver-foreign", server=str(address))
        nonce = secrets.token_hex(bars.NONCE_SIZE)
        proof = bars.proof(token, "client", greeting[2], nonce)
        answer = bars.split(self.exchange(bars.join(bars.HELLO, nonce, proof, address.factors.value)))
        if answer[0].startswith(bars.ERROR_MARK):
            raise _error(answer, address)
        expected = bars.proof(token, "server", greeting[2], nonce)
        if len(answer) != 3 or not hmac.compare_digest(answer[1], expected):
            raise CustodyError("keyserver-impostor", server=str(address))
        return answer[2] == "demo"


def _error(answer: Sequence[str], address: ServerAddress) -> CustodyError:
    """The server's refusal as the error it raised there."""
    key, fields = bars.refused(answer)
    try:
        messages.text(f"errors.{key}", **fields)
    except (KeyError, IndexError, ValueError):
        return KeyServiceMissing("keyserver-answer", server=str(address))
    return CustodyError(key, **fields)


def _lost(address: ServerAddress, error: OSError) -> KeyServiceMissing:
    reason = error.strerror or ("no answer in time" if isinstance(error, TimeoutError) else type(error).__name__)
    return KeyServiceMissing("keyserver-lost", server=str(address), reason=reason)
