"""The key server on its wire: who gets in, what it bears, what it writes down, and what its client makes of losses."""

from __future__ import annotations

import datetime
import ipaddress
import json
import socket
import ssl
import threading
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sscard.errors import CustodyError, Exit, GuardRefused, KeyServiceMissing
from sscard.keys import bars
from sscard.keys.bars import Factors, Kind
from sscard.keys.family import Algorithm
from sscard.keys.hierarchy import memory_service
from sscard.keys.keyserver import KeyServer, Limits
from sscard.keys.remote import RemoteKeyService, ServerAddress
from sscard.keys.secret import Secret
from sscard.keys.service import KeyRef
from sscard.keys.store import KeyStore
from sscard.keys.vault_service import VaultKeyService

CITY, CARD = "990101", bytes.fromhex("8699990100000017")
RK, MK = KeyRef("RKSSSE", CITY, CARD), KeyRef("MKSSSE", CITY, CARD)


class Wire:
    """A client that can misbehave."""

    def __init__(self, running: Any) -> None:
        self.socket = socket.create_connection(("127.0.0.1", running.server.port), 10)
        self.stream = self.socket.makefile("rb")
        self.running = running

    def line(self) -> list[str]:
        return bars.split(self.stream.readline())

    def ask(self, line: bytes) -> list[str]:
        self.socket.sendall(line)
        return self.line()

    def hello(self, challenge: str) -> list[str]:
        nonce = "ab" * bars.NONCE_SIZE
        proof = bars.proof(self.running.token, "client", challenge, nonce)
        return self.ask(bars.join(bars.HELLO, nonce, proof, "card"))

    def enter(self) -> list[str]:
        return self.hello(self.line()[2])

    def close(self) -> None:
        self.stream.close()
        self.socket.close()


def greeted(running: Any) -> Wire:
    """A client the server has a place for: connected again while it has not yet noticed that another one left."""
    for _ in range(600):
        wire = Wire(running)
        if wire.stream.peek(1):
            return wire
        wire.close()
        time.sleep(0.05)
    raise AssertionError("the places of closed connections are never free again")


@pytest.fixture
def running(start_server: Callable[..., Any]) -> Any:
    return start_server(memory_service())


@pytest.fixture
def wire(running: Any) -> Any:
    with closing(Wire(running)) as made:
        yield made


def refusal(call: Callable[[], object]) -> str:
    with pytest.raises(CustodyError) as caught:
        call()
    assert str(caught.value)
    return caught.value.key


def test_nothing_is_answered_without_the_token(running: Any, wire: Wire) -> None:
    assert refusal(lambda: RemoteKeyService(running.address(), Secret(b"another token of 32 bytes length"))) == (
        "keyserver-token"
    )
    wire.line()
    assert wire.ask(bars.join("check_value", "RKSSSE:1:990101:")) == ["!keyserver-token"]
    assert wire.stream.readline() == b"", "and the connection is closed"
    assert [entry["result"] for entry in running.journal] == ["refused"] * 2


def test_a_proof_is_good_for_one_connection(running: Any, wire: Wire) -> None:
    """What an eavesdropper could repeat does not open the next connection."""
    nonce = "ab" * bars.NONCE_SIZE
    hello = bars.join(bars.HELLO, nonce, bars.proof(running.token, "client", wire.line()[2], nonce), "card")
    assert wire.ask(hello)[0] == bars.DONE
    with closing(Wire(running)) as second:
        second.line()
        assert second.ask(hello) == ["!keyserver-token"]


def impostor(script: list[bytes]) -> int:
    """A listener that knows no token: sends one line for every one it gets.  Returns its port."""
    listener = socket.create_server(("127.0.0.1", 0))

    def talk() -> None:
        with listener, listener.accept()[0] as connection:
            for line in script:
                connection.sendall(line)
                if not connection.recv(4096):
                    return

    threading.Thread(target=talk, daemon=True).start()
    return int(listener.getsockname()[1])


@pytest.mark.parametrize(
    ("script", "key"),
    [
        ([b"220 mail.example ready\n"], "keyserver-foreign"),
        ([bars.join(bars.GREETING, "9", "00")], "keyserver-foreign"),
        ([bars.join(bars.GREETING, bars.VERSION, "00" * 32), bars.join("00", "11" * 32, "demo")], "keyserver-impostor"),
        ([bars.join(bars.GREETING, bars.VERSION, "00" * 32), b"!unheard-of|\n"], "keyserver-answer"),
        ([b"\xff\xfe\n"], "keyserver-line"),
        ([b"x" * 100], "keyserver-lost"),
    ],
)
def test_a_listener_that_is_no_key_server_is_told_apart(script: list[bytes], key: str) -> None:
    patience = {"answer_seconds": 0.2} if key == "keyserver-lost" else {}
    address = ServerAddress("127.0.0.1", impostor(script), **patience)
    assert refusal(lambda: RemoteKeyService(address, Secret(b"DEMO token"))) == key


def test_nobody_there(start_server: Callable[..., Any]) -> None:
    running = start_server(memory_service())
    address = running.address()
    running.stop()
    with pytest.raises(KeyServiceMissing) as caught:
        RemoteKeyService(address, running.token)
    assert caught.value.key == "keyserver-lost"
    assert caught.value.exit_code is Exit.NO_READER


def test_a_server_that_comes_back_is_used_again(start_server: Callable[..., Any]) -> None:
    first = start_server(memory_service())
    with closing(RemoteKeyService(first.address(), first.token)) as client:
        wanted = client.check_value(RK)
        first.stop()
        assert refusal(lambda: client.check_value(RK)) == "keyserver-lost"
        client.forget(CARD)
        second = start_server(memory_service(), port=first.server.port)
        assert client.check_value(RK) == wanted
        second.stop()


def test_a_server_that_comes_back_with_other_keys_is_not_used(start_server: Callable[..., Any]) -> None:
    first = start_server(memory_service())
    with closing(RemoteKeyService(first.address(), first.token)) as client:
        first.stop()
        second = start_server(VaultKeyService(KeyStore(demo=False)), port=first.server.port)
        assert refusal(lambda: client.check_value(RK)) == "keyserver-changed"
        second.stop()


def test_a_server_that_hangs_is_given_up() -> None:
    """Accepts and greets, then says nothing: the read timeout ends it."""
    greeting = bars.join(bars.GREETING, bars.VERSION, "00" * 32)
    address = ServerAddress("127.0.0.1", impostor([greeting, b"", b""]), answer_seconds=0.2)
    assert refusal(lambda: RemoteKeyService(address, Secret(b"DEMO token"))) == "keyserver-lost"


def test_what_it_bears(start_server: Callable[..., Any]) -> None:
    """A connection too many, a line too long: each ends its own connection and no other; the place is free again."""
    running = start_server(memory_service(), limits=Limits(connections=2))
    with closing(Wire(running)) as one, closing(Wire(running)) as two:
        nonces = one.line()[2], two.line()[2]
        with closing(Wire(running)) as third:
            assert third.stream.readline() == b""
        assert [wire.hello(nonce)[0] for wire, nonce in zip((one, two), nonces, strict=True)] == [bars.DONE] * 2
    with closing(greeted(running)) as long:
        assert long.enter()[0] == bars.DONE
        assert long.ask(b"x" * (bars.LINE_LIMIT + 1))[0] == "!keyserver-line"
        assert long.stream.readline() == b""
    running.stop()


def test_silence_is_cut(start_server: Callable[..., Any]) -> None:
    running = start_server(memory_service(), limits=Limits(idle_seconds=0.2))
    with closing(Wire(running)) as silent:
        assert silent.enter()[0] == bars.DONE
        assert silent.stream.readline() == b"", "cut after 0.2 s"
    running.stop()


def test_the_rate_holds_back_and_refuses_nothing(start_server: Callable[..., Any]) -> None:
    running = start_server(memory_service(), limits=Limits(requests_a_second=20))
    with closing(RemoteKeyService(running.address(), running.token)) as client:
        assert len({client.check_value(RK) for _ in range(25)}) == 1
    times = [datetime.datetime.fromisoformat(str(entry["time"])) for entry in running.journal[1:]]
    assert (times[-1] - times[0]).total_seconds() > 0.5, "the 21st waited for the next second"
    running.stop()


@pytest.mark.parametrize(
    "line",
    [
        b"\n",
        b"unheard_of|\n",
        b"__class__|\n",
        b"close|\n",
        b"check_value|\n",
        b"check_value|RKSSSE|\n",
        b"check_value|RKSSSE:1:990101:|more|\n",
        b"check_value|RKSSSE:x:990101:|\n",
        b"check_value|RKSSSE:1:990101:0|\n",
        b"session_mac|RKSSSE:1:990101:8699990100000017|zz|00|\n",
        b"require|RC4|\n",
        b"check_value|\xff|\n",
    ],
)
def test_lines_that_mean_nothing(wire: Wire, line: bytes) -> None:
    assert wire.enter()[0] == bars.DONE
    assert wire.ask(line) == ["!keyserver-line"]
    assert wire.ask(b"check_value|RKSSSE:1:990101:|\n")[0] == bars.DONE, "the connection goes on"


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=200).filter(lambda line: b"\n" not in line))
def test_any_line_gets_an_answer(wire: Wire, line: bytes) -> None:
    if not hasattr(wire, "entered"):
        wire.entered = wire.enter()  # type: ignore[attr-defined]
    answer = wire.ask(line + b"\n")
    assert answer[0].startswith((bars.ERROR_MARK, bars.DONE)) or b"|" in line


@given(st.dictionaries(st.sampled_from(["ref", "reason", "path"]), st.text(max_size=30)))
def test_error_fields_come_over_whole(fields: dict[str, str]) -> None:
    line = bars.refusal(CustodyError("key-missing", **fields))
    assert line.count(b"\n") == 1
    assert bars.refused(bars.split(line)) == ("key-missing", fields)


refs = st.builds(
    KeyRef,
    st.from_regex(r"[A-Za-z0-9_.-]{1,32}", fullmatch=True),
    st.sampled_from(["", "99", "990101", "339901"]),
    st.sampled_from([b"", CARD]),
    st.integers(1, 255),
)


@given(refs, st.sampled_from(Factors))
def test_references_come_over_whole(ref: KeyRef, order: Factors) -> None:
    assert bars.read(Kind.REF, bars.write(Kind.REF, ref, order), order) == ref


def test_the_order_of_factors() -> None:
    """As the field sends them: the card alone, from the top down, or nearest first; a wrong order is found out."""
    city, card = b"990101sx".hex().upper(), CARD.hex().upper()
    for order, factors in ((Factors.CARD, card), (Factors.CITY_CARD, city + card), (Factors.CARD_CITY, card + city)):
        assert bars.write(Kind.REF, RK, order) == f"RKSSSE:1:990101:{factors}"
        others = [other for other in Factors if other is not order]
        for other in others:
            assert refusal(lambda: bars.read(Kind.REF, f"RKSSSE:1:990101:{factors}", other)) == "keyserver-factors"  # noqa: B023
    assert (
        bars.write(Kind.REF, KeyRef("RKSSSE", "339901", CARD), Factors.CITY_CARD)
        .split(":")[3]
        .startswith(b"339900sx".hex().upper())
    )


def test_both_sides_must_agree_on_the_factors(start_server: Callable[..., Any]) -> None:
    """Said when a station connects, not at its first card."""
    running = start_server(memory_service(), factors=Factors.CITY_CARD)
    for other in (Factors.CARD, Factors.CARD_CITY):
        with pytest.raises(CustodyError, match="city-card") as caught:
            RemoteKeyService(running.address(factors=other), running.token)
        assert caught.value.key == "keyserver-order"
    with closing(RemoteKeyService(running.address(factors=Factors.CITY_CARD), running.token)) as client:
        assert client.check_value(RK) == memory_service().check_value(RK)
    running.stop()


def test_the_journal_tells_who_asked_for_what_and_no_data(start_server: Callable[..., Any]) -> None:
    service = memory_service()
    running = start_server(service)
    with closing(RemoteKeyService(running.address(), running.token)) as client:
        secret, pin = client.first_key(MK).reveal(), client.presentation(KeyRef("PIN", CITY)).reveal()
        cipher = client.wrap_key(RK, MK, b"prefix")
        assert refusal(lambda: client.first_key(RK)) == "key-not-master"
    written = json.dumps(running.journal)
    assert [(entry["operation"], entry["result"]) for entry in running.journal] == [
        ("hello", "ok"),
        ("first_key", "ok"),
        ("presentation", "ok"),
        ("wrap_key", "ok"),
        ("first_key", "key-not-master"),
    ]
    assert "MKSSSE:v1@990101/8699990100000017" in written
    for hidden in (secret, pin, cipher, running.token.reveal()):
        assert hidden.hex().upper() not in written.upper()
    assert "DEMO token" not in written
    running.stop()


def test_open_addresses_need_tls() -> None:
    for host in ("0.0.0.0", "192.0.2.1", "::", "keys.example"):
        with pytest.raises(GuardRefused) as caught:
            KeyServer(memory_service(), host, 0, Secret(b"t"))
        assert caught.value.key == "keyserver-open"


def certificate(folder: Path, name: str) -> tuple[Path, Path]:
    """A self-signed certificate for this machine."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), True)
        .sign(key, hashes.SHA256())
    )
    paths = folder / f"{name}.pem", folder / f"{name}.key"
    paths[0].write_bytes(made.public_bytes(serialization.Encoding.PEM))
    paths[1].write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return paths


def test_over_tls(start_server: Callable[..., Any], tmp_path: Path) -> None:
    """The right authority opens, another does not, and plain talk gets nowhere; the server outlives all three."""
    pem, key = certificate(tmp_path, "server")
    stranger, _ = certificate(tmp_path, "stranger")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem, key)
    running = start_server(memory_service(), host="0.0.0.0", tls=context)
    wrong = ssl.create_default_context(cafile=str(stranger))
    assert refusal(lambda: RemoteKeyService(running.address(tls=wrong), running.token)) == "keyserver-lost"
    plain = running.address(answer_seconds=0.2)
    assert refusal(lambda: RemoteKeyService(plain, running.token)) == "keyserver-lost"
    right = ssl.create_default_context(cafile=str(pem))
    with closing(RemoteKeyService(running.address(tls=right), running.token)) as client:
        assert client.check_value(RK) == memory_service().check_value(RK)
        assert client.algorithm(RK) is Algorithm.SM4
    running.stop()
