from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from marketplace.auctions import closing
from marketplace.auctions.bidding import place_bid
from marketplace.auctions.models import Auction, AuctionState
from marketplace.auctions.opening import of_listing
from marketplace.kit.clock import pretending
from marketplace.kit.db import db, get
from marketplace.listings.models import Listing, ListingState
from tests import given
from tests.auctions.endings import DICE, ended, unsealed
from tests.pages import read, submit

NAMES = {"witnesses": "月山 一郎", "second": "最上 花子"}


@pytest.fixture
def desk(app: Flask, client: FlaskClient) -> FlaskClient:
    return given.signed_in(client, given.staff("drafter", "approver"))


def path(auction: Auction) -> str:
    return f"/staff/auctions/{auction.code}"


def closed(*bids: int, mode: str = "sealed") -> Auction:
    auction = of_listing(given.a_listing(mode, "naming", price_yen=1000))
    assert auction is not None
    for yen in bids:
        place_bid(auction.id, given.an_account(), yen)
    with pretending(auction.closes_at):
        closing.close(auction.id)
    db.session.refresh(auction)
    return auction


def state(auction: Auction) -> AuctionState:
    db.session.refresh(auction)
    return auction.state


def test_sealed_bids_are_opened_and_a_tie_is_drawn_on_one_page(desk: FlaskClient) -> None:
    auction = closed(9000, 5000, 9000)
    page = path(auction)
    alone = submit(desk, page, {**NAMES, "second": "月山　一郎"}, action=f"{page}/open")
    assert (alone.status_code, read(alone).form(f"{page}/open").errors) == (
        422,
        {"witnesses": "立会人は2人以上の、べつべつの名前を入力してください。"},
    )
    assert "9,000" not in read(desk.get(page)).words
    assert submit(desk, page, NAMES, action=f"{page}/open").status_code == 303
    form = read(desk.get(page)).form(f"{page}/draw")
    assert (form.value("witnesses"), form.value("second")) == ("月山 一郎", "最上 花子")
    wrong = submit(desk, page, {"digits": "12"}, action=f"{page}/draw")
    assert (wrong.status_code, read(wrong).form(f"{page}/draw").errors) == (
        422,
        {"digits": "さいころの目は、数字20けたで入力してください。"},
    )
    spaced = "　".join(DICE[n : n + 5] for n in range(0, 20, 5)).translate(
        {ord(n): ord("０") + int(n) for n in "0123456789"}
    )
    assert submit(desk, page, {"digits": spaced}, action=f"{page}/draw").status_code == 303
    assert (state(auction), auction.tie_digits) == (AuctionState.AWARDED, DICE)
    assert f"落札{auction.winner_no}番9,000円" in "".join(read(desk.get(page)).words.split())


def test_a_stale_page_is_told_that_it_is_done(desk: FlaskClient) -> None:
    auction = closed(9000)
    form = read(desk.get(path(auction))).form(f"{path(auction)}/open")
    unsealed(auction)
    data = {name: value[0] for name, value in form.values.items()} | NAMES
    answer = desk.post(form.action, data=data)
    assert (answer.status_code, "開札を待っている入札ではありません" in read(answer).words) == (409, True)


def test_an_auction_is_stopped_and_goes_on_by_two_buttons(desk: FlaskClient) -> None:
    auction = of_listing(given.a_listing("ascending", "naming"))
    assert auction is not None
    page = path(auction)
    assert submit(desk, page, {"why": "現地を確かめるため"}, action=f"{page}/suspend").status_code == 303
    assert state(auction) == AuctionState.SUSPENDED
    assert "現地を確かめるため" in read(desk.get(f"/listings/{auction.code}/result")).words
    assert submit(desk, page, action=f"{page}/resume").status_code == 303
    assert state(auction) == AuctionState.OPEN


def test_a_sale_is_cancelled_with_a_reason_and_a_second_thought(desk: FlaskClient) -> None:
    auction = of_listing(given.a_listing("ascending", "naming"))
    assert auction is not None
    page = path(auction)
    quick = submit(desk, page, {"reason": ""}, action=f"{page}/cancel")
    assert (quick.status_code, read(quick).form(f"{page}/cancel").errors) == (
        422,
        {"reason": "理由を書いてください。", "sure": "確かめて、チェックを入れてください。"},
    )
    done = submit(desk, page, {"reason": "施設の事故のため", "sure": "y"}, action=f"{page}/cancel")
    assert (done.status_code, state(auction)) == (303, AuctionState.CANCELLED)
    result = read(desk.get(f"/listings/{auction.code}/result")).words
    assert "施設の事故のため" in result


def test_a_sale_that_has_not_begun_is_cancelled_on_the_same_page(desk: FlaskClient) -> None:
    later: dict[str, Any] = {"publish_at": None, "opens_at": given.in_days(2), "closes_at": given.in_days(9)}
    listing = get(Listing, given.a_listing("sealed", "naming", state="published", **later))
    page = f"/staff/auctions/{listing.code}"
    assert submit(desk, page, {"reason": "中止", "sure": "y"}, action=f"{page}/cancel").status_code == 303
    db.session.refresh(listing)
    assert listing.state == ListingState.CANCELLED


def test_what_found_nobody_becomes_a_draft_by_one_button(desk: FlaskClient) -> None:
    auction, _people = ended("ascending")
    answer = submit(desk, path(auction), action=f"{path(auction)}/relist")
    draft = db.session.scalars(sa.select(Listing).where(Listing.state == ListingState.DRAFT)).one()
    assert (answer.status_code, answer.location) == (303, f"/staff/listings/{draft.code}/edit")
    assert desk.get(answer.location).status_code == 200
    assert f"/staff/listings/{draft.code}/preview" in read(desk.get(path(auction))).links


def test_the_list_shows_every_sale_by_bids_and_no_other(desk: FlaskClient) -> None:
    codes = [get(Listing, given.a_listing(mode, "naming")).code for mode in ("ascending", "sealed", "fixed")]
    links = [link for link in read(desk.get("/staff/auctions")).links if link.startswith("/staff/auctions/")]
    assert sorted(links) == sorted(f"/staff/auctions/{code}" for code in codes[:2])


@pytest.mark.parametrize("act", ["open", "draw", "suspend", "resume", "cancel", "relist"])
def test_buyers_may_do_nothing_here_and_drafters_may_not_cancel(app: Flask, client: FlaskClient, act: str) -> None:
    app.config["WTF_CSRF_ENABLED"] = False
    auction = closed(9000)
    given.signed_in(client, given.an_account())
    assert (client.get(path(auction)).status_code, client.post(f"{path(auction)}/{act}").status_code) == (403, 403)
    drafter = given.signed_in(app.test_client(), given.staff("drafter"))
    assert (drafter.post(f"{path(auction)}/{act}").status_code == 403) == (act == "cancel")
