from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from marketplace.accounts.models import Account
from marketplace.journal.models import Entry
from marketplace.kit.db import db, get
from marketplace.kit.refusals import Invalid
from marketplace.listings.auction_rules import INCREMENTS, SOFT_CLOSE
from marketplace.listings.drafting import draft, revise
from marketplace.listings.models import Listing, ListingState, Mode
from marketplace.rights.models import Right
from tests import given


def test_a_draft_is_a_right_and_its_sale_together(app: Flask) -> None:
    drafter = given.staff("drafter")
    listing = get(Listing, draft(drafter, given.values(price_yen=1_000, quantity=300)))
    assert (listing.state, listing.mode, listing.price_yen, listing.quantity, listing.drafted_by) == (
        ListingState.DRAFT,
        Mode.FIXED,
        1_000,
        300,
        drafter,
    )
    assert listing.right.perks == given.values()["perks"]


@pytest.mark.parametrize("fault", [{"title_ja": ""}, {"price_yen": 1}])
def test_a_draft_with_a_fault_leaves_neither_right_nor_sale(app: Flask, fault: dict[str, Any]) -> None:
    with pytest.raises(Invalid):
        draft(given.staff("drafter"), given.values(**fault))
    counts = [db.session.scalar(sa.select(sa.func.count()).select_from(entity)) for entity in (Right, Listing)]
    assert counts == [0, 0]
    assert [entry.subject for entry in db.session.scalars(sa.select(Entry))] == ["picture:1"]


def test_a_draft_can_change_its_whole_way_of_being_sold(app: Flask) -> None:
    drafter = given.staff("drafter")
    listing_id = draft(drafter, given.values("lottery"))
    revise(listing_id, drafter, given.values("ascending", "naming", price_yen=100_000))
    listing = get(Listing, listing_id)
    assert (listing.mode, listing.quantity, listing.draw_at, listing.right.term_months) == (
        Mode.ASCENDING,
        1,
        None,
        36,
    )


def test_an_auction_that_names_no_rules_has_the_usual_ones(app: Flask) -> None:
    listing = get(Listing, given.a_listing("ascending", state="draft"))
    assert listing.auction_rules == {"soft_close": SOFT_CLOSE, "increments": INCREMENTS}


def test_the_journal_knows_staff_by_a_code(app: Flask) -> None:
    drafter = given.staff("drafter")
    listing = get(Listing, draft(drafter, given.values()))
    entries = db.session.scalars(sa.select(Entry).where(Entry.subject == listing.subject))
    assert [(entry.event, entry.by) for entry in entries] == [("draft", f"staff:{get(Account, drafter).code}")]
