"""What people send that cannot be a bid: each is refused by name beside the field, with the least that can be bid now.

Each is sent as a page without JavaScript sends it, and as the script of the confirmation does.
"""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from marketplace.accounts.models import Account
from marketplace.accounts.signing_out import end_all
from marketplace.auctions.bidding import place_bid
from marketplace.auctions.models import Auction, Bid
from marketplace.kit.clock import pretending
from marketplace.kit.db import db, get
from tests import given
from tests.auctions.given import an_auction
from tests.lived import Told
from tests.pages import Page

pytestmark = pytest.mark.on_sqlite

SCRIPT = {"HX-Request": "true"}


@pytest.fixture(autouse=True)
def _app(app: Flask) -> None:
    """Every test here has a town."""
    app.config["WTF_CSRF_ENABLED"] = False


def past() -> int:
    """An auction stands at 5,500 yen, led by 01 up to 9,000. Its id."""
    auction = an_auction()
    place_bid(auction.id, given.an_account("leader@example.jp"), 9000)
    place_bid(auction.id, given.an_account(), 5250)
    return auction.id


@pytest.fixture
def auction(app: Flask, told: Told[int]) -> Auction:
    return get(Auction, told.what)


@pytest.fixture
def bidder(client: FlaskClient) -> FlaskClient:
    return given.signed_in(client, given.an_account())


@pytest.fixture(params=[{}, SCRIPT], ids=["page", "script"])
def headers(request: pytest.FixtureRequest) -> dict[str, str]:
    sent: dict[str, str] = request.param
    return sent


def sent(browser: FlaskClient, auction: Auction, typed: str, headers: dict[str, str]) -> tuple[int, str, str]:
    """The status of the answer to a confirmed bid, what stands in the field then, and what beside it."""
    form = {"max_yen": typed, "agreed": "y"}
    answer = browser.post(f"/listings/{auction.code}/bid/place", data=form, headers=headers)
    asked = next(form for form in Page(answer.text).forms if form.action.endswith("/bid"))
    return answer.status_code, asked.value("max_yen"), asked.errors["max_yen"]


def bids(auction: Auction) -> int:
    db.session.refresh(auction)
    return auction.bid_count


LEAST = "5,750円以上の金額を入力してください。"


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ("5749", LEAST),
        ("0", LEAST),
        ("１００", LEAST),
        ("100000000", "99,999,999円以下の金額を入力してください。"),
        ("999999999999", "99,999,999円以下の金額を入力してください。"),
        ("9999999999999", "99,999,999円以下の金額を入力してください。"),
        ("たくさん", "金額は数字で入力してください（例 1,300）。"),
        ("1e9", "金額は数字で入力してください（例 1,300）。"),
        ("-6000", "金額は数字で入力してください（例 1,300）。"),
        ("6000.5", "金額は数字で入力してください（例 1,300）。"),
        ("<b>", "金額は数字で入力してください（例 1,300）。"),
    ],
)
def test_a_sum_that_is_no_bid(
    bidder: FlaskClient, auction: Auction, headers: dict[str, str], typed: str, says: str
) -> None:
    status, stands, error = sent(bidder, auction, typed, headers)
    assert (status, stands, error.removeprefix("エラー: ")) == (422, typed, says)
    assert bids(auction) == 2


def test_the_first_page_already_says_so(bidder: FlaskClient, auction: Auction) -> None:
    for typed, says in (("5749", LEAST), ("100000000", "99,999,999円以下の金額を入力してください。")):
        answer = bidder.post(f"/listings/{auction.code}/bid", data={"max_yen": typed})
        asked = next(form for form in Page(answer.text).forms if form.action.endswith("/bid"))
        assert (answer.status_code, asked.value("max_yen")) == (422, typed)
        assert says in asked.errors["max_yen"]


def test_the_leader_lower_than_before(app: Flask, auction: Auction, headers: dict[str, str]) -> None:
    leader = db.session.scalars(sa.select(Account.id).where(Account.email == "leader@example.jp")).one()
    browser = given.signed_in(app.test_client(), leader)
    status, stands, error = sent(browser, auction, "8000", headers)
    assert (status, stands) == (422, "8000")
    assert "上限を上げるときは、9,001円以上の金額を入力してください。" in error
    assert bids(auction) == 2


@pytest.mark.parametrize("late", [0, 0.9, 3600])
def test_at_the_closing_second_and_after_it(
    bidder: FlaskClient, auction: Auction, headers: dict[str, str], late: float
) -> None:
    form = {"max_yen": "6000", "agreed": "y"}
    with pretending(auction.closes_at + timedelta(seconds=late)):
        answer = bidder.post(f"/listings/{auction.code}/bid/place", data=form, headers=headers)
    assert answer.status_code == 422
    assert "受付は終わりました。この入札は受け付けられませんでした。" in answer.text
    assert bids(auction) == 2
    assert db.session.scalars(sa.select(Bid.reason).order_by(Bid.seq.desc()).limit(1)).one() == "closed"


def test_a_second_before_the_close_it_counts(bidder: FlaskClient, auction: Auction) -> None:
    form = {"max_yen": "6000", "agreed": "y"}
    with pretending(auction.closes_at - timedelta(seconds=1)):
        assert bidder.post(f"/listings/{auction.code}/bid/place", data=form).status_code == 303
    assert bids(auction) == 3


def test_a_form_from_before_an_extension_is_judged_by_what_stands_now(
    bidder: FlaskClient, auction: Auction, headers: dict[str, str]
) -> None:
    scheduled = auction.closes_at
    with pretending(scheduled - timedelta(seconds=100)):
        page = bidder.get(f"/listings/{auction.code}/bid").text
        assert "5,750" in page
        place_bid(auction.id, given.an_account(), 8000)
    with pretending(scheduled + timedelta(seconds=5)):
        status, stands, error = sent(bidder, auction, "6000", headers)
        assert (status, stands, error.removeprefix("エラー: ")) == (
            422,
            "6000",
            "8,500円以上の金額を入力してください。",
        )
        form = {"max_yen": "8500", "agreed": "y"}
        answer = bidder.post(f"/listings/{auction.code}/bid/place", data=form, headers=headers)
    assert (answer.status_code, answer.text) == ((200, "") if headers else (303, answer.text))
    assert bids(auction) == 4


def test_a_double_click_is_one_bid(bidder: FlaskClient, auction: Auction, headers: dict[str, str]) -> None:
    form = {"max_yen": "12000", "agreed": "y"}
    url = f"/listings/{auction.code}/bid/place"
    first, second = (bidder.post(url, data=form, headers=headers) for _ in range(2))
    where = "HX-Redirect" if headers else "Location"
    assert first.headers[where] == second.headers[where]
    assert bids(auction) == 3


def test_somebody_who_was_signed_out_elsewhere_is_asked_to_sign_in(
    client: FlaskClient, auction: Auction, headers: dict[str, str]
) -> None:
    form = {"max_yen": "6000", "agreed": "y", "back": f"/listings/{auction.code}/bid"}
    account_id = given.an_account()
    given.signed_in(client, account_id)
    end_all(account_id, by="buyer:ACC-TEST")
    answer = client.post(f"/listings/{auction.code}/bid/place", data=form, headers=headers)
    assert answer.headers["HX-Redirect" if headers else "Location"] == f"/signin?next=/listings/{auction.code}/bid"
    db.session.refresh(auction)
    assert (auction.arrivals, auction.bid_count) == (2, 2)


def test_a_clock_that_goes_wrong_decides_nothing_and_the_towns_own_is_shown(
    client: FlaskClient, auction: Auction
) -> None:
    moment = auction.closes_at - timedelta(minutes=3)
    with pretending(moment):
        page = client.get(f"/listings/{auction.code}").text
        answer = client.get(f"/auctions/{auction.code}/state")
    assert "役場の時計" in page
    assert abs(int(answer.headers["X-Time"]) - moment.timestamp() * 1000) < 60_000
