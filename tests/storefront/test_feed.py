"""The feed of the sales: what changes after it was told is told again, under the name that it had."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from xml.etree import ElementTree

from flask import Flask
from flask.testing import FlaskClient

from marketplace.auctions import stopping
from marketplace.auctions.bidding import place_bid
from marketplace.auctions.models import Auction
from marketplace.auctions.opening import of_listing
from marketplace.kit.clock import pretending
from marketplace.kit.db import get
from marketplace.kit.sheets import SHEETS, run_one
from marketplace.listings import scheduling
from marketplace.listings.amending import approve, propose
from marketplace.listings.models import Listing
from marketplace.lotteries.drawing import draw_with_dice
from marketplace.settings import Settings
from tests import given
from tests.apps import another
from tests.auctions.endings import unsealed
from tests.lotteries.applied import DICE, WITNESSES, after_the_close, with_entries
from tests.storefront.test_duties import ATOM, entries


def test_a_feed_that_moves_to_another_address_is_the_same_feed(app: Flask, settings: Settings) -> None:
    """RFC 4287 §4.2.6: its id must not change when it is moved."""

    def ids(base_url: str) -> list[str | None]:
        with another(settings.model_copy(update={"base_url": base_url})) as moved:
            found = [moved.test_client().get(f"/{name}.atom").data for name in ("listings", "market")]
        feeds = [ElementTree.fromstring(each) for each in found]  # noqa: S314 -- our own
        return [each.findtext(f"{ATOM}id") for feed in feeds for each in (feed, *feed.iter(f"{ATOM}entry"))]

    given.a_listing()
    assert ids("https://one.example.jp") == ids("https://other.example.jp")


News = tuple[str | None, str | None, datetime]


def over(client: FlaskClient) -> News:
    """(id, title, updated) of the newest entry."""
    entry = next(ElementTree.fromstring(client.get("/listings.atom").data).iter(f"{ATOM}entry"))  # noqa: S314 -- our own
    updated = datetime.fromisoformat(entry.findtext(f"{ATOM}updated") or "")
    return entry.findtext(f"{ATOM}id"), entry.findtext(f"{ATOM}title"), updated


def again(before: News, after: News) -> tuple[list[str], bool, bool]:
    """(what each says, whether they are one entry, whether it is newer)."""
    says = [str(title).partition(":")[0] for _, title, _ in (before, after)]
    return says, before[0] == after[0], before[2] < after[2]


def a_sealed_auction() -> Auction:
    """With one bid."""
    auction = of_listing(given.a_listing("sealed", "naming", price_yen=1_000))
    assert auction is not None
    place_bid(auction.id, given.an_account(), 2_000)
    return auction


def test_the_end_of_a_lottery_is_news_again_when_it_is_drawn(app: Flask, client: FlaskClient) -> None:
    lottery, _received, _people = with_entries(3)
    with after_the_close(lottery):
        closed = over(client)
        draw_with_dice(lottery.id, DICE, WITNESSES, given.staff("approver"))
        drawn = over(client)
    assert again(closed, drawn) == (["受付終了", "結果"], True, True)


def test_the_end_of_sealed_bids_is_news_again_when_they_are_opened(app: Flask, client: FlaskClient) -> None:
    auction = a_sealed_auction()
    with pretending(auction.closes_at):
        run_one(SHEETS["auctions.close_due"])
        closed = over(client)
        unsealed(auction)
        opened = over(client)
    assert again(closed, opened) == (["受付終了", "結果"], True, True)


def test_that_a_sale_is_called_off_after_its_close_is_news(app: Flask, client: FlaskClient) -> None:
    auction = a_sealed_auction()
    with pretending(auction.closes_at):
        run_one(SHEETS["auctions.close_due"])
        closed = over(client)
    with pretending(auction.closes_at + timedelta(days=2)):
        stopping.cancel(auction.listing_id, given.staff("approver"), "まちがいがありました")
        called_off = over(client)
    assert again(closed, called_off) == (["受付終了", "中止"], True, True)
    assert called_off[2] - closed[2] >= timedelta(days=2)


def test_that_a_sale_is_called_off_after_its_draw_is_news(app: Flask, client: FlaskClient) -> None:
    lottery, _received, _people = with_entries(3)
    with after_the_close(lottery):
        draw_with_dice(lottery.id, DICE, WITNESSES, given.staff("approver"))
        drawn = over(client)
        scheduling.cancel(lottery.listing_id, "staff:ACC-TEST", "温泉が閉まりました")
        called_off = over(client)
    assert again(drawn, called_off) == (["結果", "中止"], True, True)


def test_an_amendment_is_news_of_its_own(app: Flask, client: FlaskClient, live_server: str) -> None:
    soon: dict[str, Any] = {"opens_at": given.in_days(10), "closes_at": given.in_days(20)}
    listing = get(Listing, given.a_listing(state="published", title_ja="山菜", **soon))
    change = propose(listing.id, given.staff("drafter"), {"closes_at": given.in_days(30)}, "雪のため")
    announced = entries(client)
    approve(change, given.staff("approver"))
    told = ("変更公告: 山菜（定額）", f"{live_server}/listings/{listing.code}#amendments")
    assert entries(client) == [told, *announced]
    assert "変わったところ: 受付の終了。理由: 雪のため" in client.get("/listings.atom").text
