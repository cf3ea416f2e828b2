"""What the standard leaves to the maker of a card, with the toolkit's defaults."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sscard.cos.bound import path_of

if TYPE_CHECKING:
    from sscard.cos.model import Profile


@dataclass(frozen=True, slots=True)
class CardOptions:
    """Choices of one card; they travel with its image.

    ``zero_le_gives_data``: READ RECORD with Le 00 gives the data instead of 6Cxx; None = only under T=1.
    ``long_le_gives_data``: Le larger than the record is tolerated; else 6Cxx.
    ``keep_environment_rights``: rights of SSSE keys survive entering an ADF and leaving it for SSSE.
    ``challenge_for_next_command_only``: a challenge not used by the very next command is void.
    ``original_must_be_challenge``: EXTERNAL AUTHENTICATE takes as original only the challenge before the newest one.
    ``records_may_grow``: a variable record may be replaced by a longer one within the file's size.
    ``replace_keys``: WRITE KEY of a key that is there replaces it; else 6A80.
    ``block_mac_costs_try``: a wrong MAC in APPLICATION BLOCK or CARD BLOCK costs a try of the key that opened it.
    ``key_load_by_session_key``: WRITE KEY with MAC uses a session key and a zero initial value instead of the master
    key itself with the challenge as initial value.
    ``initialize_for_next_command_only``: any command but GET RESPONSE between INITIALIZE and CREDIT or DEBIT voids it.
    ``purse_type_ascii``: type byte 31/32 in log, MAC, TAC and proof; else 01/02.
    ``purse_algorithm_as_in_fci``: the purse names algorithms as the FCI does (01/02/03), else as its keys (00/01/03).
    ``load_tac_over_new_balance``: the TAC of a load covers the balance after it; else the one before.
    ``log_counter_before``: the log shows the counter before it was raised; else after.
    ``starting_day_key``: number of DSK in DF04.
    ``algorithm_in_fci``: the FCI of an ``sx…`` directory names the algorithm (9F0C).
    ``pki_application``: the vendor delivers the card with the PKI application on it (SM4 cards only).
    ``bound``: (act, path from the MF, interface) of what the card does at that interface only, as
    :mod:`sscard.cos.bound` names them.
    ``transport_tries``: limit of the transport code.  ``chip_bytes``: room for EFs on the chip.
    """

    zero_le_gives_data: bool | None = None
    long_le_gives_data: bool = True
    keep_environment_rights: bool = False
    challenge_for_next_command_only: bool = False
    original_must_be_challenge: bool = False
    records_may_grow: bool = True
    replace_keys: bool = True
    block_mac_costs_try: bool = False
    key_load_by_session_key: bool = False
    initialize_for_next_command_only: bool = True
    purse_type_ascii: bool = True
    purse_algorithm_as_in_fci: bool = False
    load_tac_over_new_balance: bool = True
    log_counter_before: bool = True
    starting_day_key: int = 0x07
    algorithm_in_fci: bool = True
    transport_tries: int = 3
    chip_bytes: int = 81920
    pki_application: bool = False
    bound: tuple[tuple[str, str, str], ...] = ()


def options_for(profile: Profile) -> CardOptions:
    """The options of a blank card that a profile is made for."""
    return CardOptions(
        algorithm_in_fci=profile.algorithm_in_fci,
        transport_tries=profile.transport_tries,
        chip_bytes=profile.chip_bytes,
        pki_application=profile.pki_application,
        bound=tuple((bound.act.value, path_of(bound, profile), bound.only.value) for bound in profile.bounds),
    )
