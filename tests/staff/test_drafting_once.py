"""A draft that is sent twice, since its answer was lost or the button pressed again, is one draft."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from marketplace.kit.clock import now, pretending
from marketplace.kit.db import db, get
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


def test_a_draft_that_is_made_like_another_one_is_not_that_other_one(app: Flask, client: FlaskClient) -> None:
    """Whoever kept all as it was in the first came back to the first, and had one draft."""
    with pretending(datetime(2027, 6, 1, 3, 0, tzinfo=UTC)):
        drafter = given.signed_in(client, given.staff("drafter"))
        of_sale = f"/staff/listings/new/like/{get(Listing, given.a_listing()).code}"
        first = send(drafter, read(drafter.get(of_sale)).form("/staff/listings/new")).location
        (like_it,) = [link for link in read(drafter.get(first)).links if "/new/like/" in link]
        form = read(drafter.get(like_it)).form("/staff/listings/new")
        second = [send(drafter, form).location for _ in range(2)]
    origins = list(db.session.scalars(sa.select(Listing.cloned_from_id).order_by(Listing.id)))
    assert (second[0] == second[1], first in second, origins) == (True, False, [None, 1, 2])


def test_a_draft_that_is_sent_twice_at_once_is_one(app: Flask) -> None:
    clerk = given.staff("drafter")
    values = given.values()
    made = set(at_once(app, 3, lambda _: drafting.draft_once(clerk, values)))
    with pretending(now() + timedelta(hours=2)):
        made.add(drafting.draft_once(clerk, values))
    assert made == {1, 2}
