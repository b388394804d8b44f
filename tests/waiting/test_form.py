"""The waiting room is chosen with the sale."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.exc import IntegrityError

from marketplace.kit.db import db, get, transaction
from marketplace.kit.refusals import Invalid
from marketplace.listings import drafting
from marketplace.listings.comparing import changes
from marketplace.listings.facts import facts
from marketplace.listings.models import Listing
from tests import given
from tests.pages import read, submit


@pytest.fixture
def drafter(app: Flask, client: FlaskClient) -> FlaskClient:
    return given.signed_in(client, given.staff("drafter"))


def drafted(drafter: FlaskClient, template: str, **changes: str) -> Listing:
    """A draft of the template, with the box ticked."""
    answer = submit(drafter, f"/staff/listings/new?template={template}", {"waiting_room": "y", **changes})
    assert answer.status_code == 303
    return db.session.scalars(sa.select(Listing)).one()


def test_it_is_ticked_and_kept(drafter: FlaskClient) -> None:
    listing = drafted(drafter, "lecture", mode="fixed")
    assert listing.waiting_room
    edit = f"/staff/listings/{listing.code}/edit"
    assert read(drafter.get(edit)).form(edit).value("waiting_room") == "y"
    submit(drafter, edit, {"waiting_room": None})
    db.session.refresh(listing)
    assert not listing.waiting_room


def test_a_box_that_was_ticked_for_another_way_of_selling_counts_for_nothing(drafter: FlaskClient) -> None:
    assert not drafted(drafter, "resident", mode="lottery").waiting_room


def test_only_a_fixed_sale_has_one(app: Flask) -> None:
    with pytest.raises(Invalid) as refusal:
        drafting.draft(given.staff("drafter"), given.values("lottery", waiting_room=True))
    assert (refusal.value.field, str(refusal.value)) == ("waiting_room", "待合室は、定額で売るときだけ使えます。")
    listing_id = given.a_listing("lottery")
    with pytest.raises(IntegrityError), transaction() as session:
        session.execute(sa.update(Listing).where(Listing.id == listing_id).values(waiting_room=True))


def test_an_approver_sees_that_it_was_ticked(app: Flask) -> None:
    before = facts(get(Listing, given.a_listing(state="draft")))
    (change,) = changes(before, {**before, "waiting_room": True})
    assert (change.name, change.lines) == ("待合室で順番にご案内する", [("old", "いいえ"), ("new", "はい")])
