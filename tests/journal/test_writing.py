from __future__ import annotations

import pytest
import sqlalchemy as sa
from flask import Flask

from marketplace.journal.models import Entry
from marketplace.journal.writing import move, note
from marketplace.kit.db import db, get, lock, transaction
from marketplace.kit.refusals import WrongState
from marketplace.listings.models import Listing, ListingState
from tests import given
from tests.crashing import rolled_back

Line = tuple[str, str | None, str | None, str, str]


def lines(subject: str) -> list[Line]:
    found = db.session.scalars(sa.select(Entry).where(Entry.subject == subject).order_by(Entry.id))
    return [(line.event, line.from_state, line.to_state, line.by, line.why) for line in found]


def test_a_move_changes_the_state_and_writes_who_from_where_to_where_and_why(app: Flask) -> None:
    listing_id = given.a_listing(state="draft")
    before = len(lines(get(Listing, listing_id).subject))
    with transaction():
        move(lock(Listing, listing_id), "submit", by="staff:ACC-TEST", why="ready")
    listing = get(Listing, listing_id)
    assert listing.state == ListingState.SUBMITTED
    assert lines(listing.subject)[before:] == [("submit", "draft", "submitted", "staff:ACC-TEST", "ready")]


def test_a_move_that_is_refused_moves_and_writes_nothing(app: Flask) -> None:
    listing_id = given.a_listing(state="draft")
    before = lines(get(Listing, listing_id).subject)
    with pytest.raises(WrongState), transaction():
        move(lock(Listing, listing_id), "open")
    listing = get(Listing, listing_id)
    assert (listing.state, lines(listing.subject)) == (ListingState.DRAFT, before)


def test_a_move_that_is_rolled_back_is_not_written(app: Flask) -> None:
    listing_id = given.a_listing(state="draft")
    before = lines(get(Listing, listing_id).subject)
    with rolled_back():
        move(lock(Listing, listing_id), "submit")
    assert lines(get(Listing, listing_id).subject) == before


def test_a_note_moves_nothing(app: Flask) -> None:
    with transaction():
        note("order:ORD-TEST", "look", by="staff:ACC-TEST", pages=2)
    assert lines("order:ORD-TEST") == [("look", None, None, "staff:ACC-TEST", "")]
    assert [entry.details for entry in db.session.scalars(sa.select(Entry))] == [{"pages": 2}]


def test_the_journal_is_written_inside_a_transaction_only(app: Flask) -> None:
    with pytest.raises(AssertionError, match="belongs inside transaction"):
        note("order:ORD-TEST", "look")


@pytest.mark.parametrize("value", [2**53, 1.0, float("nan"), {1: "a key that is no text"}, "\ud800"])
def test_what_could_never_be_sealed_is_not_written(app: Flask, value: object) -> None:
    with pytest.raises(ValueError), transaction():  # noqa: PT011 -- the library's own words
        note("order:ORD-TEST", "look", value=value)
    assert lines("order:ORD-TEST") == []
