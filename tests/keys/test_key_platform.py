"""Requests of key platforms: driver strings and XML, as the field sends them, quirks included."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from typing import Any

import pytest

from sscard.errors import CustodyError
from sscard.keys.family import Algorithm
from sscard.keys.hierarchy import memory_service
from sscard.keys.platform import Platform, Session
from sscard.keys.remote import RemoteKeyService
from sscard.keys.service import KeyRef

CITY = "990101"
HISTORICAL = "00812611018699990100000017"
CARD = bytes.fromhex("8699990100000017")
ATRS = ("3B6D0000" + HISTORICAL, "3B8D8001" + HISTORICAL + "AA", "3BFD1100008131FE45" + HISTORICAL + "55")
INT, ORIGINAL = "4D5A6B7C8D9EAFB0", "0F1E2D3C4B5A6978"
EXT, EXT_ORIGINAL = "A1B2C3D4E5F60718", "1122334455667788"
SM4, DES = memory_service(), memory_service(algorithm=Algorithm.DES)
SERVICES = {"03": SM4, "01": DES}


def ask(request: str, service: Any = SM4, session: Session | None = None) -> str:
    line = request.encode()
    platform = Platform(service)
    assert platform.speaks(line)
    return platform.answer(line, session or Session()).decode().rstrip("\n")


def proof(service: Any, name: str, factor: str, original: str, version: int = 1) -> str:
    ref = KeyRef(name, CITY, CARD, version)
    return service.authentication_data(ref, bytes.fromhex(factor), bytes.fromhex(original)).hex().upper() + original


@pytest.mark.parametrize("algorithm", ["01", "03"])
@pytest.mark.parametrize("reset", [HISTORICAL, *ATRS, "8699990100000017"])
def test_basic_data(algorithm: str, reset: str) -> None:
    """Both authentications; the reset information as historical bytes, as a whole ATR, as the bare factor."""
    service = SERVICES[algorithm]
    head = f"01|{CITY}|{reset}|{algorithm}|990101D15600000500000017|{INT}|{ORIGINAL}"
    internal, external = proof(service, "IRK", INT, ORIGINAL), proof(service, "RKSSSE", EXT, EXT_ORIGINAL)
    assert ask(f"{head}|{EXT}|{EXT_ORIGINAL}|", service) == f"{internal}|{external}|"
    assert ask(f"{head}|{EXT}|{EXT_ORIGINAL}|{'0' * 12}|", service) == f"{internal}|{external}|", "terminal serial"
    assert ask(f"{head}|||", service) == f"{internal}||", "older cards have no external authentication"
    assert ask(f"{head}||", service) == f"{internal}||", "without the closing bar"


def test_one_key_by_address_by_group_and_by_name() -> None:
    session = Session()
    ask(f"01|{CITY}|{HISTORICAL}|03||{INT}|{ORIGINAL}|||", session=session)
    for address, name, version in (("0173", "STKSSSE", 1), ("0170", "IRK", 1), ("017F", "DPK", 1)):
        assert ask(f"02|03|{address}|{INT}|{ORIGINAL}|", session=session) == (
            proof(SM4, name, INT, ORIGINAL, version) + "|"
        )
    assert ask(f"02|3|RKSSSE_{CITY}|{INT}|{ORIGINAL}", session=session) == proof(SM4, "RKSSSE", INT, ORIGINAL) + "|"
    second = ask(f"02|03|0171|{INT}|{ORIGINAL}|", session=session)
    assert second == proof(SM4, "IRK", INT, ORIGINAL, 2) + "|", "group 2 of IRK is its version 2"
    assert second != proof(SM4, "IRK", INT, ORIGINAL, 1) + "|"


@pytest.mark.parametrize(("algorithm", "header", "digits"), [("03", "8424000114", 40), ("01", "842400010C", 24)])
def test_pin_reload_and_unblock(algorithm: str, header: str, digits: int) -> None:
    service, session, ref = SERVICES[algorithm], Session(CITY, CARD), KeyRef("STKSSSE", CITY, CARD)
    factor = bytes.fromhex(INT)
    cipher = service.session_cipher(ref, factor, bytes.fromhex("123456"))
    mac = service.session_mac(ref, factor, bytes.fromhex(header) + cipher)
    wanted = (cipher + mac).hex().upper() + "|"
    assert len(wanted) == digits + 1
    for end in ("|", ""):
        assert ask(f"03|{algorithm}|0173|{INT}|{header}|123456{end}", service, session) == wanted
    mac = service.session_mac(ref, factor, bytes.fromhex("8424000004")).hex().upper()
    for end in ("||", "|", ""):
        assert ask(f"03|{algorithm}|0173|{INT}|8424000004{end}", service, session) == mac + "|"


def test_xml() -> None:
    """Both messages; a root that opens where it should close is read as closed."""
    body = (
        f"<MSGNO>9013</MSGNO><AAB301>{CITY}</AAB301><AAZ507>{HISTORICAL}</AAZ507><AFLAG>03</AFLAG>"
        f"<AAZ501>990101D1</AAZ501><SJS1>{INT}</SJS1><SJS2>{ORIGINAL}</SJS2><SJS3>{EXT}</SJS3>"
        f"<SJS4>{EXT_ORIGINAL}</SJS4>"
    )
    internal, external = proof(SM4, "IRK", INT, ORIGINAL), proof(SM4, "RKSSSE", EXT, EXT_ORIGINAL)
    wanted = f"<ROOT><RESULT1>{internal}</RESULT1><RESULT2>{external}</RESULT2></ROOT>"
    assert ask(f"<ROOT>{body}</ROOT>") == wanted
    assert ask(f"<ROOT>{body}<ROOT>") == wanted
    single = (
        f"<ROOT><MSGNO>9011</MSGNO><AAB301>{CITY}</AAB301><AAC002></AAC002><AAZ500></AAZ500><AAC003></AAC003>"
        f"<AAZ507>{HISTORICAL}</AAZ507><AFLAG>03</AFLAG><KEYADD>0173</KEYADD><KEYFAC>{INT}</KEYFAC>"
        f"<ODATA>{ORIGINAL}</ODATA></ROOT>"
    )
    assert ask(single) == f"<ROOT><RESULT>{proof(SM4, 'STKSSSE', INT, ORIGINAL)}</RESULT></ROOT>"


BASIC = f"01|{CITY}|{HISTORICAL}|03||{INT}|{ORIGINAL}|||"


@pytest.mark.parametrize(
    ("request_line", "key"),
    [
        ("01|990101|", "platform-request"),
        (BASIC + "1|2|3|", "platform-request"),
        (BASIC.replace("|03|", "|01|"), "key-algorithm"),
        (BASIC.replace("|03|", "|07|"), "key-algorithm"),
        (BASIC.replace(CITY, "99010"), "region-code"),
        (BASIC.replace(HISTORICAL, "0011"), "platform-reset"),
        (BASIC.replace(HISTORICAL, "3B6D0000" + HISTORICAL[:20]), "platform-reset"),
        (BASIC.replace(HISTORICAL, "xyz"), "platform-hex"),
        (BASIC.replace(ORIGINAL, "00"), "platform-hex"),
        (BASIC.replace(INT, "00"), "key-input"),
        (f"02|03|0173|{INT}|{ORIGINAL}|", "platform-card"),
        ("<ROOT><MSGNO>9099</MSGNO></ROOT>", "platform-request"),
        ("<ROOT><MSGNO>9013</MSGNO></ROOT>", "platform-request"),
        ("<!DOCTYPE a [<!ENTITY b 'c'>]><ROOT>&b;</ROOT>", "platform-request"),
    ],
)
def test_requests_that_are_refused(request_line: str, key: str) -> None:
    with pytest.raises(CustodyError) as caught:
        ask(request_line)
    assert caught.value.key == key
    assert str(caught.value)


@pytest.mark.parametrize(
    ("request_line", "key"),
    [
        (f"02|03|FFFF|{INT}|{ORIGINAL}|", "platform-address"),
        (f"02|03|nothing|{INT}|{ORIGINAL}|", "platform-address"),
        (f"03|03|0173|{INT}|842400010C|123456|", "platform-length"),
        (f"03|03|0173|{INT}|8424000114|12a456|", "platform-pin"),
        (f"03|03|0173|{INT}|8424000114|123|", "platform-pin"),
    ],
)
def test_requests_about_a_card_that_are_refused(request_line: str, key: str) -> None:
    with pytest.raises(CustodyError) as caught:
        ask(request_line, session=Session(CITY, CARD))
    assert caught.value.key == key
    assert "123" not in str(caught.value).replace("0123", "")


def test_over_the_wire(start_server: Callable[..., Any]) -> None:
    """Step 1 and one key on one connection, beside calls of the key service; the journal has the keys, not the PIN."""
    running = start_server(memory_service())
    with closing(RemoteKeyService(running.address(), running.token)) as client:
        assert client.exchange(BASIC).startswith(proof(SM4, "IRK", INT, ORIGINAL))
        assert client.exchange(f"02|03|0173|{INT}|{ORIGINAL}|") == proof(SM4, "STKSSSE", INT, ORIGINAL) + "|"
        assert len(client.exchange(f"03|03|0173|{INT}|8424000114|918273|")) == 41
        assert client.exchange("02|03|") == "!platform-request|request=02|"
        assert client.exchange(f"02|03|0091|{INT}|{ORIGINAL[:2]}|") == "!platform-hex|"
        assert client.check_value(KeyRef("IRK", CITY, CARD)) == SM4.check_value(KeyRef("IRK", CITY, CARD))
    at = "v1@990101/8699990100000017"
    assert [tuple(entry.values())[2:] for entry in running.journal[1:]] == [
        ("basic-data", f"IRK:{at}", "ok"),
        ("one-key", f"STKSSSE:{at}", "ok"),
        ("pin", f"STKSSSE:{at}", "ok"),
        ("one-key", "", "platform-request"),
        ("one-key", f"BK:{at}", "platform-hex"),
        ("check_value", f"IRK:{at}", "ok"),
    ]
    assert "918273" not in str(running.journal)
    running.stop()
