"""A sale was announced when it was announced, whatever hour had been planned: in every place that says so."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from xml.etree import ElementTree

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.exc import IntegrityError

from marketplace.continuity import facts
from marketplace.kit.clock import jst, pretending
from marketplace.kit.dates import when
from marketplace.kit.db import get, transaction
from marketplace.listings import approving, scheduling
from marketplace.listings.models import Listing, ListingState
from marketplace.staff import calendar
from tests import given
from tests.pages import read
from tests.storefront.test_duties import ATOM

PLANNED = datetime(2026, 12, 1, 0, 0, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
ANNOUNCED = PLANNED + DAY + 2 * HOUR


@pytest.fixture
def late(app: Flask) -> Listing:
    """A lottery that was approved a day after its hour, whose documents were kept two hours after that; it is over."""
    with pretending(PLANNED - HOUR):
        times: dict[str, Any] = {
            name: PLANNED + days * DAY for name, days in (("opens_at", 8), ("closes_at", 15), ("draw_at", 16))
        }
        listing_id = given.a_listing("lottery", state="submitted", publish_at=PLANNED, **times)
    with pretending(PLANNED + DAY):
        approving.approve(listing_id, given.staff("approver"))
        given.metadata_published(listing_id)
    with pretending(ANNOUNCED):
        scheduling.publish(listing_id)
    with pretending(PLANNED + 8 * DAY):
        scheduling.open_sale(listing_id)
    with pretending(PLANNED + 15 * DAY):
        scheduling.close_sale(listing_id)
    return get(Listing, listing_id)


def test_every_place_says_when_a_sale_was_announced_in_truth(late: Listing, client: FlaskClient) -> None:
    with pretending(PLANNED + 15 * DAY + HOUR):
        record = read(client.get(f"/listings/{late.code}/record")).words
        (row,) = client.get("/records.json").get_json()["items"]
        (found,) = client.get("/api/v1/listings").get_json()["items"]
        feed = ElementTree.fromstring(client.get("/listings.atom").data)  # noqa: S314 -- our own
        news = {each.findtext(f"{ATOM}id"): each.findtext(f"{ATOM}updated") for each in feed.iter(f"{ATOM}entry")}
        desk = given.signed_in(client, given.staff("drafter"))
        preview = read(desk.get(f"/staff/listings/{late.code}/preview")).words
        days = [event.at for event in calendar.sales(PLANNED, PLANNED + 2 * DAY)]
        assert f"お知らせした日{when(ANNOUNCED)}" in record
        assert [when(PLANNED) in page for page in (record, preview)] == [False, False]
    told = [row["published_at"], found["published_at"], facts.listings()[0]["published_at"]]
    told += [at for name, at in news.items() if name and name.endswith(":published")]
    assert [abs(datetime.fromisoformat(str(at)) - ANNOUNCED) < HOUR for at in told] == [True] * 4
    assert [jst(at).date() for at in days] == [jst(ANNOUNCED).date()]


def test_what_was_announced_last_is_the_newest(late: Listing, client: FlaskClient) -> None:
    with pretending(ANNOUNCED - HOUR):
        given.a_listing("lottery", state="closed", title_ja="早くお知らせした権利", publish_at=PLANNED + HOUR)
    newest = [
        link for link in read(client.get("/listings?state=ended&sort=new")).links if link[:14] == "/listings/LST-"
    ]
    assert newest[0] == f"/listings/{late.code}"


def test_the_database_has_nothing_on_sale_that_was_not_announced(app: Flask) -> None:
    listing_id = given.a_listing(state="approved")
    with pytest.raises(IntegrityError, match="on_sale_since_it_was_announced"), transaction() as session:
        session.execute(sa.update(Listing).where(Listing.id == listing_id).values(state=ListingState.PUBLISHED))
