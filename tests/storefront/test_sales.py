"""The record of each sale that is over: numbers apart, money from the book, and nothing of a person."""

from __future__ import annotations

import csv
import io
import re
from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from marketplace.kit.clock import jst, now, pretending
from marketplace.kit.db import db, get
from marketplace.kit.sheets import SHEETS, run_one
from marketplace.kit.shown import until
from marketplace.listings import scheduling
from marketplace.listings.models import Listing
from marketplace.outbox import keeping
from marketplace.settings import Settings
from marketplace.storefront.sale_pages import COLUMNS
from tests import given
from tests.auctions.endings import ended
from tests.chainlogs import Chain, deploy
from tests.local_stripe import LocalStripe
from tests.lotteries.applied import after_the_close, with_entries
from tests.orders.bought import bought, issued
from tests.pages import read


@pytest.fixture
def settings(settings: Settings, stripe: LocalStripe) -> Settings:
    return stripe.settings(settings, stripe_timeout_s=10)


def numbers(client: FlaskClient, query: str = "") -> list[dict[str, Any]]:
    names = ("mode", "quantity", "persons", "wanted", "winners", "paid", "returned", "issued", "winning_yen")
    sums = ("collected_yen", "fees_yen", "returned_yen")
    rows: Any = client.get(f"/records.json{query}").json
    return [{name: row[name] for name in (*names, *sums)} for row in rows["items"]]


def test_a_sale_at_a_fixed_price_has_its_buyers_its_units_and_its_yen(
    app: Flask, client: FlaskClient, stripe: LocalStripe
) -> None:
    deploy()
    order = issued(Chain(), bought(stripe, yen=3_000))
    scheduling.close_sale(order.listing_id)
    keeping.drain()
    (row,) = numbers(client)
    assert row == {
        "mode": "fixed",
        "quantity": 10,
        "persons": 1,
        "wanted": 1,
        "winners": None,
        "paid": 1,
        "returned": 0,
        "issued": 1,
        "winning_yen": None,
        "collected_yen": 3_000,
        "fees_yen": 108,
        "returned_yen": 0,
    }
    page = client.get(f"/listings/{get(Listing, order.listing_id).code}/record")
    words = "".join(read(page).words.split())
    assert "買った人の数1人注文の数1件支払われた数1点お渡しした数1点" in words
    assert "いただいた代金3,000円決済の手数料108円" in words
    assert order.buyer.email not in page.text + client.get("/records.csv").text


def test_persons_bids_and_the_winner_of_an_auction_are_counted_apart(app: Flask, client: FlaskClient) -> None:
    auction, _people = ended("ascending", 2_000, 5_000, 9_000)
    (row,) = numbers(client)
    assert (row["persons"], row["wanted"], row["winners"], row["paid"]) == (3, 3, 1, 0)
    assert row["winning_yen"] == auction.winner_yen
    page = read(client.get(f"/listings/{auction.code}/record"))
    assert f"/listings/{auction.code}/bids" in page.links


def test_persons_wishes_and_winners_of_a_lottery_are_counted_apart(app: Flask, client: FlaskClient) -> None:
    lottery, _received, _people = with_entries(5)
    with after_the_close(lottery):
        pass
    keeping.drain()
    (row,) = numbers(client)
    assert (row["quantity"], row["persons"], row["wanted"], row["winners"], row["paid"]) == (2, 5, 5, 0, 0)


def ends(client: FlaskClient) -> list[datetime]:
    """When each sale was over, as the data says it, the last one first."""
    rows: Any = client.get("/records.json").json
    return [datetime.fromisoformat(row["closed_at"]) for row in rows["items"]]


def test_a_sale_was_over_when_it_was_sold_out_or_called_off_whatever_was_planned(
    app: Flask, client: FlaskClient, stripe: LocalStripe
) -> None:
    before = now() - timedelta(seconds=1)
    bought(stripe, kind="naming")  # its only unit
    for mode in ("fixed", "lottery", "ascending"):
        scheduling.cancel(given.a_listing(mode), "staff:ACC-1", "説明にまちがいがあったため")
    found = ends(client)
    assert (len(found), found == sorted(found, reverse=True)) == (4, True)
    assert [before <= end <= now() for end in found] == [True] * 4
    told = re.findall("<updated>([^<]*)</updated>", client.get("/listings.atom").text)
    assert [datetime.fromisoformat(each) <= now() for each in told] == [True] * 9


def test_a_sale_that_was_called_off_before_it_opened_never_opened(app: Flask, client: FlaskClient) -> None:
    opened, announced = given.a_listing(), given.a_listing(state="published", opens_at=given.in_days(1))
    for listing_id in (opened, announced):
        scheduling.cancel(listing_id, "staff:ACC-1", "説明にまちがいがあったため")
    rows: Any = client.get("/records.json").json
    assert [row["opened_at"] is None for row in rows["items"]] == [True, False]
    assert ",," in client.get("/records.csv").text.splitlines()[1]
    for listing_id, words in ((opened, (True, False)), (announced, (False, True))):
        page = read(client.get(f"/listings/{get(Listing, listing_id).code}/record")).words
        assert ("受付を始めた日" in page, "中止した日" in page) == words


def test_a_late_worker_makes_no_sale_longer(app: Flask, client: FlaskClient) -> None:
    """What ends at 午前0時 ends at 24時 of the day before, here as everywhere."""
    planned = jst(given.in_days(2)).replace(hour=0, minute=0, second=0, microsecond=0)
    sales = [get(Listing, given.a_listing(mode, closes_at=planned)) for mode in ("lottery", "ascending")]
    with pretending(planned + timedelta(hours=5)):
        run_one(SHEETS["listings.close_due"])
        run_one(SHEETS["auctions.close_due"])
    assert ends(client) == [planned] * 2
    for path in ("/records", *(f"/listings/{listing.code}/record" for listing in sales)):
        assert until(planned) in read(client.get(path)).words


def test_records_are_searched_and_narrowed_and_the_files_follow(app: Flask, client: FlaskClient) -> None:
    given.a_listing("lottery", "card", state="closed", title_ja="山菜トレカ")
    ended("ascending", 2_000)
    given.a_listing("lottery", state="open")
    year = given.in_days(7).year
    for query, modes in {
        "": {"lottery", "ascending"},
        "?q=ｻﾝｻｲ": {"lottery"},
        "?mode=ascending": {"ascending"},
        "?kind=card": {"lottery"},
        "?kind=lecture": set(),
        f"?year={year + 3}": set(),
        "?kind=castle&year=soon&page=-1": {"lottery", "ascending"},
    }.items():
        rows = list(csv.DictReader(io.StringIO(client.get(f"/records.csv{query}").text.lstrip("\ufeff"))))
        assert {row["mode"] for row in rows} == modes, query
        assert len([link for link in read(client.get(f"/records{query}")).links if link.endswith("/record")]) == len(
            modes
        )


def test_the_table_has_the_columns_of_the_data(app: Flask, client: FlaskClient) -> None:
    ended("ascending", 2_000)
    rows: Any = client.get("/records.json").json
    assert set(rows["items"][0]) == set(COLUMNS)
    assert client.get("/records.csv").text.lstrip("\ufeff").splitlines()[0] == ",".join(COLUMNS)


@pytest.mark.parametrize("state", ["draft", "approved", "published", "open"])
def test_a_sale_that_is_not_over_has_no_record(app: Flask, client: FlaskClient, state: str) -> None:
    listing_id = given.a_listing(state=state)
    assert client.get(f"/listings/{get(Listing, listing_id).code}/record").status_code == 404


def test_what_was_called_off_before_anybody_saw_it_has_no_record(app: Flask, client: FlaskClient) -> None:
    scheduling.cancel(given.a_listing(state="approved"), "staff:ACC-1", "やめます。")
    assert numbers(client) == []


def test_many_sales_cost_no_more_questions_than_few(app: Flask, client: FlaskClient) -> None:
    asked: list[str] = []
    sa.event.listen(db.engine, "before_cursor_execute", lambda _c, _cur, text, *_more: asked.append(text))

    def questions() -> int:
        asked.clear()
        assert client.get("/records").status_code == 200
        return len(asked)

    given.a_listing("lottery", state="closed")
    ended("ascending", 2_000)
    few = questions()
    given.a_listing("lottery", state="closed")
    ended("ascending", 2_000)
    assert questions() == few
