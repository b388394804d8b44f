"""A draft that is sent twice, since its answer was lost or the button pressed again, is one draft."""

from __future__ import annotations

from datetime import timedelta

import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from marketplace.kit.clock import now, pretending
from marketplace.kit.db import db
from marketplace.listings import drafting
from marketplace.listings.models import Listing, ListingState
from tests import given
from tests.pages import read, send
from tests.racing import at_once
from tests.staff.drafted import only


def test_a_draft_whose_answer_was_lost_is_saved_once_and_another_is_another(app: Flask, client: FlaskClient) -> None:
    drafter = given.signed_in(client, given.staff("drafter"))
    form = read(drafter.get("/staff/listings/new?template=park")).form("/staff/listings/new")
    places = [send(drafter, form).location for _ in range(2)]
    assert (len(set(places)), only().state) == (1, ListingState.DRAFT)
    send(drafter, form, {"price_yen": "200000"})
    given.signed_in(other := app.test_client(), given.staff("drafter", email="second@town.example.jp"))
    send(other, read(other.get("/staff/listings/new?template=park")).form("/staff/listings/new"))
    prices = list(db.session.scalars(sa.select(Listing.price_yen).order_by(Listing.id)))
    assert prices == [prices[0], 200_000, prices[0]]


def test_a_draft_that_is_sent_twice_at_once_is_one(app: Flask) -> None:
    clerk = given.staff("drafter")
    values = given.values()
    made = set(at_once(app, 3, lambda _: drafting.draft_once(clerk, values)))
    with pretending(now() + timedelta(hours=2)):
        made.add(drafting.draft_once(clerk, values))
    assert made == {1, 2}
