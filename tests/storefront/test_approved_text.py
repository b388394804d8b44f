"""What was approved of a sale, for everybody, in the bytes that were hashed."""

from __future__ import annotations

import hashlib
import json
from datetime import timedelta

import pytest
import rfc8785
from flask import Flask
from flask.testing import FlaskClient

from marketplace.auctions import closing, stopping
from marketplace.auctions.models import Auction
from marketplace.kit.clock import pretending
from marketplace.kit.db import db, get
from marketplace.listings import amending, scheduling
from marketplace.listings.models import Listing
from marketplace.lotteries.models import Draw
from marketplace.outbox import keeping
from tests import given
from tests.auctions.given import SOFT, STEPS, an_auction
from tests.lotteries.applied import drawn

SECRET, LATER = 43_000, "結果が決まったあとに公開します"


@pytest.fixture(autouse=True)
def _app(app: Flask) -> None:
    """Every test here has a town."""


def path_of(auction: Auction) -> str:
    return f"/listings/{auction.code}/sale.json"


def hashed(answer_bytes: bytes) -> str:
    return "sha256:" + hashlib.sha256(answer_bytes).hexdigest()


def closed(auction: Auction) -> None:
    with pretending(auction.closes_at + timedelta(seconds=1)):
        closing.close_due()
    db.session.refresh(auction)


def test_a_stranger_hashes_the_approved_text_to_the_rules_of_the_draw(client: FlaskClient) -> None:
    lottery, _received, _people = drawn(3)
    answer = client.get(f"/listings/{lottery.code}/sale.json")
    fixed = db.session.query(Draw).filter_by(lottery_id=lottery.id).one()
    assert (answer.status_code, answer.content_type, hashed(answer.data)) == (200, "application/json", fixed.rules)
    sale = json.loads(answer.data)
    assert (sale["draw_at"], sale["quantity"]) == (lottery.draw_at.isoformat(), fixed.units)


def test_the_hash_of_the_right_in_it_is_that_of_its_text(client: FlaskClient) -> None:
    listing = get(Listing, given.a_listing())
    sale = client.get(f"/listings/{listing.code}/sale.json").json
    assert sale is not None
    assert sale["right"] == listing.right.text_hash


def test_whoever_knows_all_but_a_secret_reserve_does_not_find_it_in_the_hash(client: FlaskClient) -> None:
    auction = an_auction(reserve_yen=SECRET)
    listing = get(Listing, auction.listing_id)
    closed(auction)
    known = {name: value for name, value in client.get(path_of(auction)).json.items() if name != "salt"}  # type: ignore[union-attr]
    assert known["reserve_yen"] == SECRET
    assert hashed(rfc8785.dumps(known)) != listing.text_hash


def test_a_secret_reserve_is_read_when_the_auction_is_decided(client: FlaskClient) -> None:
    auction = an_auction(reserve_yen=SECRET)
    page = client.get(f"/listings/{auction.code}").text
    assert (client.get(path_of(auction)).status_code, LATER in page, f"{SECRET:,}" in page) == (404, True, False)
    closed(auction)
    answer, page = client.get(path_of(auction)), client.get(f"/listings/{auction.code}").text
    assert (answer.status_code, hashed(answer.data)) == (200, get(Listing, auction.listing_id).text_hash)
    assert (LATER in page, f'href="{path_of(auction)}"' in page) == (False, True)


def test_a_cancelled_auctions_reserve_is_promised_to_nobody(client: FlaskClient) -> None:
    auction = an_auction(reserve_yen=SECRET)
    stopping.cancel(auction.listing_id, given.staff("approver"), "対象が使えなくなったため")
    answer, page = client.get(path_of(auction)), client.get(f"/listings/{auction.code}").text
    assert (answer.status_code, LATER in page, f"{SECRET:,}" in page) == (404, False, False)


def test_a_reserve_that_is_public_is_read_at_once(client: FlaskClient) -> None:
    rules = {"soft_close": SOFT, "increments": STEPS, "reserve_public": True}
    listing = get(
        Listing, given.a_listing("ascending", "naming", price_yen=1000, reserve_yen=SECRET, auction_rules=rules)
    )
    answer = client.get(f"/listings/{listing.code}/sale.json")
    assert (answer.status_code, hashed(answer.data)) == (200, listing.text_hash)


def test_the_text_before_an_amendment_is_read_too(client: FlaskClient) -> None:
    listing = get(Listing, given.a_listing(closes_at=given.in_days(5)))
    path, hashes = f"/listings/{listing.code}/sale.json", [listing.text_hash]
    for values in ({"per_person_limit": listing.per_person_limit + 1}, {"closes_at": given.in_days(9)}):
        row = amending.propose(listing.id, given.staff("drafter"), values, "好評のため")
        amending.approve(row, given.staff("approver"))
        hashes.append(get(Listing, listing.id).text_hash)
    answers = [client.get(path + query) for query in ("?before=1", "?before=2", "")]
    assert [hashed(answer.data) for answer in answers] == hashes
    assert [client.get(f"{path}?before={other}").status_code for other in ("0", "3", "x")] == [404] * 3


def test_the_reserve_of_before_an_amendment_stays_secret(client: FlaskClient) -> None:
    times = {"opens_at": given.in_days(1), "closes_at": given.in_days(2)}
    listing_id = given.a_listing("ascending", "naming", state="published", reserve_yen=SECRET, price_yen=1000, **times)
    row = amending.propose(listing_id, given.staff("drafter"), {"reserve_yen": SECRET - 1000}, "見直したため")
    amending.approve(row, given.staff("approver"))
    with pretending(times["opens_at"]):
        scheduling.open_sale(listing_id)
        keeping.drain()
        auction = db.session.query(Auction).filter_by(listing_id=listing_id).one()
    closed(auction)
    answers = [client.get(path_of(auction) + query) for query in ("", "?before=1")]
    assert [answer.status_code for answer in answers] == [200, 404]
    assert str(SECRET) not in answers[0].text


def test_a_sale_that_is_not_announced_has_no_public_text(client: FlaskClient) -> None:
    listing = get(Listing, given.a_listing(state="approved"))
    assert client.get(f"/listings/{listing.code}/sale.json").status_code == 404
