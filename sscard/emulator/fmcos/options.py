"""What the FMCOS manuals leave open, contradict, or are contradicted in by real chips, with the toolkit's defaults.

The evidence for each stands in docs/fmcos.md, "software card".
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FmcosOptions:
    """Choices of one card; they travel with its image.

    ``mf_nibble``: the upper nibble of an access byte that asks for the state of the MF: 0 (user manual) or F (technical
    manual 1.1.3).
    ``shortest_name``: fewest bytes of a DF name, 5 or 2.
    ``enforce_directory_size``: files must fit the size their DF was made with, not only the chip.
    ``cyclic_extra_bytes``: what a cyclic file takes beyond header and records (0 or 8).
    ``short_transport_code``: CREATE MF may leave out the last byte of the transport code.
    ``sfi_of_low_bits``: any file answers to the low five bits of its id as SFI, else only ids 0001–001F.
    ``siblings_by_id``: SELECT by an id not found below the current DF finds a DF beside it.
    ``blocked_select_gives_fci``: SELECT of a blocked application gives its FCI together with 6A81.
    ``unwritten_warns``: reading a transparent file never written answers 6281 with its data.
    ``plain_write_of_protected``: word for a plain command on a protected file, 6987 or 6900.
    ``update_sets_counter``: WRITE KEY of a key that is there takes over counter and follow-up state.
    ``add_under_mac_alone``: a key may be added in clear with a MAC, as the user manual has it.
    ``key_mac_flag``: the flag of a key type that asks for a MAC alone, 40 or 80.
    ``key_load_mac_costs_try``: a wrong MAC in WRITE KEY costs a try of the master key.
    ``several_line_keys``: the last byte of a file chooses among line keys 00–03; else 00 serves all.
    ``length_block_in_read``: reading an enciphered file is also taken with an enciphered length in the command.
    ``unblock_key``: type of the PIN unblocking key, 37 or 36.
    ``unblock_p2_one``: PIN UNBLOCK is also taken with P2 01.
    ``longest_pin``: most bytes in VERIFY, 8 or 6.
    ``cyclic_update_in_any_form``: UPDATE RECORD appends to a cyclic file whatever P1 and mode are; else 00 and 3 only.
    ``balance_right_in_purse``: the first reserved byte of a purse file is the right to read its balance.
    ``load_needs_pin``: a load of the purse (EP) asks for the PIN.
    ``log_serial_after``: the log shows the serial after it was raised; else before.
    ``log_purse_purchases``: purchases of the purse (EP) are logged.
    ``folded_key_for_overdraft``: the TAC of an overdraft is made with both halves of the TAC key folded, else with the
    key whole.
    ``overdraft_moves_balance``: a new overdraft limit moves the balance by the difference of the limits.
    ``reserved_algorithm_spoils_mac``: under algorithm bytes 02 and 03 MAC1 is 00000000.
    ``init_for_next_command_only``: any other command after INITIALIZE voids it; else only a SELECT or another one does.
    ``contact_atr``: the ATR of a contact card in hex; empty for the shortest T=0 form with the bytes of the ATS.
    ``chip_bytes``: EEPROM of the chip.
    """

    mf_nibble: int = 0x0
    shortest_name: int = 5
    enforce_directory_size: bool = False
    cyclic_extra_bytes: int = 0
    short_transport_code: bool = True
    sfi_of_low_bits: bool = False
    siblings_by_id: bool = True
    blocked_select_gives_fci: bool = False
    unwritten_warns: bool = True
    plain_write_of_protected: int = 0x6987
    update_sets_counter: bool = False
    add_under_mac_alone: bool = False
    key_mac_flag: int = 0x40
    key_load_mac_costs_try: bool = True
    several_line_keys: bool = True
    length_block_in_read: bool = True
    unblock_key: int = 0x37
    unblock_p2_one: bool = True
    longest_pin: int = 8
    cyclic_update_in_any_form: bool = True
    balance_right_in_purse: bool = False
    load_needs_pin: bool = True
    log_serial_after: bool = True
    log_purse_purchases: bool = True
    folded_key_for_overdraft: bool = True
    overdraft_moves_balance: bool = True
    reserved_algorithm_spoils_mac: bool = True
    init_for_next_command_only: bool = True
    contact_atr: str = ""
    chip_bytes: int = 8192
