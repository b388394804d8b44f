from __future__ import annotations

from typing import Any

import pytest
from flask import Flask

from marketplace.listings.legal import FITTING, Basis, doubts
from marketplace.listings.models import Mode
from marketplace.listings.prepaid import Instrument, finding, unused_at_most
from marketplace.rights.models import Kind
from tests import given

TICKET: dict[str, Any] = {
    "uses_per_token": 12,
    "price_yen": 500_000,
    "quantity": 20,
    "term_months": 24,
    "issuer": "月見沢町観光協会",
    "used_elsewhere": False,
}


def fields(**values: Any) -> list[str]:
    usual = {"mode": Mode.FIXED, "kind": Kind.NAMING, "basis_note": "理由", "reserve_yen": 1}
    return [field for field, _ in doubts(usual | values)]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({}, ["legal_basis"]),
        ({"legal_basis": Basis.UNSUITED}, []),
        ({"legal_basis": "unsuited"}, []),
        ({"legal_basis": Basis.UNSUITED, "basis_note": "　"}, ["basis_note"]),
        ({"legal_basis": Basis.OPEN_BID}, ["legal_basis"]),
        ({"legal_basis": Basis.OPEN_BID, "mode": Mode.SEALED}, []),
        ({"legal_basis": Basis.OPEN_BID, "mode": Mode.SEALED, "reserve_yen": None}, ["reserve_yen"]),
        ({"legal_basis": Basis.AUCTION, "mode": Mode.ASCENDING}, ["legal_basis"]),
        ({"legal_basis": Basis.AUCTION, "mode": Mode.ASCENDING, "kind": Kind.CARD}, []),
    ],
)
def test_a_basis_that_does_not_fit_is_doubted(values: dict[str, Any], expected: list[str]) -> None:
    assert fields(**values) == expected


def test_every_way_of_selling_has_a_basis_that_fits() -> None:
    assert {mode: bool(FITTING[mode]) for mode in Mode} == dict.fromkeys(Mode, True)


@pytest.mark.parametrize(
    ("change", "instrument", "has_to_act"),
    [
        ({"uses_per_token": None}, Instrument.NONE, False),
        ({"price_yen": 0}, Instrument.NONE, False),
        ({"issuer": ""}, Instrument.TOWN, False),
        ({"term_months": 6}, Instrument.SHORT, False),
        ({"term_months": 7}, Instrument.OWN, False),
        ({"term_months": None}, Instrument.OWN, False),
        ({"used_elsewhere": True}, Instrument.THIRD_PARTY, True),
        ({"quantity": 21}, Instrument.OWN, True),
    ],
)
def test_counted_rights_of_others_are_prepaid_instruments(
    change: dict[str, Any], instrument: Instrument, has_to_act: bool
) -> None:
    found = finding(TICKET | change)
    assert (found.instrument, bool(found.to_do)) == (instrument, has_to_act)


def test_the_limit_counts_what_else_the_issuer_has_out() -> None:
    assert [bool(finding(TICKET, others).to_do) for others in (0, 1)] == [False, True]


def test_the_balance_is_that_of_the_same_issuers_counted_rights_that_are_out(app: Flask) -> None:
    sale: dict[str, Any] = {"price_yen": 1_000, "quantity": 5, "issuer": "観光協会"}
    given.a_listing(kind="lecture", state="open", **sale)
    given.a_listing(kind="resident", state="open", **sale)
    given.a_listing(kind="lecture", state="draft", **sale)
    given.a_listing(kind="lecture", state="open", **sale | {"issuer": ""})
    own = given.a_listing(kind="lecture", state="published", **sale)
    assert (unused_at_most("観光協会"), unused_at_most(" 観光協会 ", without=own)) == (10_000, 5_000)
