"""The fields of a return row: what is told of each person's card, whatever format it is written in."""

from __future__ import annotations

from typing import Final

RETURNED: Final = frozenset(
    {
        *("job", "batch", "seq", "ssn", "id_type", "name", "card_no", "card_id", "reset_info", "region", "version"),
        *("algorithm", "issue_date", "expire_date", "bank_code", "bank_pan", "account", "bank_account"),
        *(
            "result",
            "success",
            "fail_stage",
            "fail_reason",
            "started",
            "ended",
            "made",
            "station",
            "head",
            "box",
            "slot",
        ),
        *("profile", "vendor", "operator", "chip"),
    }
)
"""``result`` is good or not-made, ``success`` 1 or 0; ``fail_stage`` is empty for a good card, else make or wait;
``made`` is the day YYYYMMDD.  ``vendor`` and ``operator`` are empty where nobody told them."""
