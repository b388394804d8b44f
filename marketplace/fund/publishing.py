"""The file by which a stranger adds up the fund (fund-v1): its figures, and every price that they are made of."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from marketplace.fund import tracing
from marketplace.fund.adding_up import VERSION, ends, reached
from marketplace.fund.statements import summary
from marketplace.fund.tracing import Entry
from marketplace.kit.clock import jst
from marketplace.kit.published import Record


def published() -> Record:
    """Read it in one moment: kit.db.see_one_moment()."""
    figures = summary()
    return framed(figures, [row(entry, ends(figures)) for entry in tracing.entries()])


def framed(figures: Mapping[str, Any], items: list[Record]) -> Record:
    """`items` with what they add up to, and with what belongs to none of them."""
    return {"version": VERSION, "fund": figures, "apart": tracing.apart(), "items": items}


def row(entry: Entry, ends: Mapping[str, int]) -> Record:
    """Yen of one price, and how many of them each stage has reached; nothing of persons, the day and not the moment."""
    return {
        "number": entry.number,
        "date": jst(entry.at).date().isoformat(),
        "fiscal_year": entry.year,
        "collected_yen": entry.gross_yen,
        "fee_yen": entry.fee_yen,
        "returned_yen": entry.returned_yen,
        **reached(entry.start, max(0, entry.kept_yen), ends),
    }
