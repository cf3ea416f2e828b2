"""PSAMs loaded by us and user cards personalized by us, made once and copied for every test."""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy
from functools import cache
from typing import Any

import pytest

from sscard.apdu.transport import Channel
from sscard.commands.psam_open import software_psam
from sscard.cos.psam import Authority
from sscard.emulator import SoftwareCard
from sscard.emulator.psam import PsamCard
from sscard.keys import catalog
from sscard.keys.family import Algorithm
from sscard.keys.hierarchy import DemoKey, key_size, memory_service
from sscard.keys.vault_service import VaultKeyService
from sscard.personalize.sample import personalized_card
from sscard.psam.advice import least_list
from sscard.psam.loader import LoadOrder, load_psam
from sscard.psam.loadlist import LoadList, parse_list
from sscard.psam.reader import Psam

REGION = "990101"
SERIAL = "99010100000000000042"
TERMINAL = "990101000042"
DAY = "20260601"
PROFILES = {Algorithm.SM4: "ssc3-sm4", Algorithm.DES: "ssc2-des"}


@cache
def vault(algorithm: Algorithm) -> VaultKeyService:
    """The demonstration hierarchy, with a second version of every key beside it."""
    extra = [
        DemoKey(row.name, row.level, 2, key_size(row, algorithm)) for row in catalog.load() if len(row.versions) == 1
    ]
    return memory_service(REGION, algorithm=algorithm, extra=extra)


def load_list(
    authority: Authority,
    algorithm: Algorithm,
    services: Sequence[str] = (),
    *,
    debug: bool = False,
    change: Any = lambda text: text,
) -> LoadList:
    text = least_list(
        authority, services, city=REGION, algorithm=algorithm, start="20260101", end="20301231", count=99, debug=debug
    )
    return parse_list(change(text), "list.toml")


def blank(algorithm: Algorithm, serial: str = SERIAL) -> PsamCard:
    return software_psam(vault(algorithm), REGION, algorithm, serial)


def load(card: PsamCard, order: LoadList, **facts: Any) -> None:
    algorithm = order.algorithm
    load_psam(Psam(Channel(card), algorithm), vault(algorithm), LoadOrder(order, TERMINAL, **facts), lambda: None)


@cache
def _full(algorithm: Algorithm) -> PsamCard:
    card = blank(algorithm)
    for authority in (Authority.NATIONAL, Authority.PROVINCE):
        load(card, load_list(authority, algorithm, debug=True))
    return card


@cache
def _user_card(algorithm: Algorithm) -> SoftwareCard:
    return personalized_card(PROFILES[algorithm])


def full(algorithm: Algorithm) -> PsamCard:
    """A PSAM with every national and local key."""
    return PsamCard(deepcopy(_full(algorithm).chip))


def user_card(algorithm: Algorithm) -> SoftwareCard:
    """The sample person's card."""
    card = SoftwareCard(deepcopy(_user_card(algorithm).chip))
    card.reset()
    return card


@pytest.fixture(params=[Algorithm.DES, Algorithm.SM4], ids=lambda algorithm: algorithm.name)
def algorithm(request: pytest.FixtureRequest) -> Any:
    return request.param
