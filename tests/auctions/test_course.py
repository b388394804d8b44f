"""価格のうごき: a stair over the time of the auction, of what the public may see."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient

from marketplace.auctions import closing
from marketplace.auctions.bidding import place_bid
from marketplace.auctions.course import MOMENTS, Step, drawn, small
from marketplace.auctions.models import Auction
from marketplace.kit.clock import pretending
from marketplace.kit.db import db, get
from marketplace.kit.plots import NARROW, WIDE
from marketplace.settings import Settings
from tests import given
from tests.apps import another
from tests.auctions.given import an_auction
from tests.statements import counted


@pytest.fixture(autouse=True)
def _app(app: Flask) -> None:
    """Every test here has a town."""


def corners(plot: ET.Element) -> list[tuple[float, float]]:
    line = next(plot.iter("polyline"))
    return [(float(x), float(y)) for x, y in (point.split(",") for point in line.attrib["points"].split())]


def plot_of(auction: Auction, steps: list[Step], size: tuple[float, float] = WIDE) -> ET.Element:
    return ET.fromstring(drawn(auction, steps, size, "n"))  # noqa: S314 -- our own drawing


def test_each_bid_is_a_step_at_its_time_and_its_price() -> None:
    auction = an_auction()
    half = auction.seconds(auction.closes_at) // 2
    plot = plot_of(auction, [(0, 1_000), (half, 4_000)])
    assert corners(plot) == [(74.0, 188.0), (74.0, 188.0), (272.0, 188.0), (272.0, 14.0)]
    assert [(dot.attrib["cx"], dot.attrib["cy"]) for dot in plot.iter("circle")] == [
        ("74.0", "188.0"),
        ("272.0", "14.0"),
    ]


def test_a_rush_that_falls_on_one_line_is_one_step_as_high_as_it_rose() -> None:
    """Three thousand bids of one evening were a hundred kilobytes that nobody could tell from this."""
    auction = an_auction()
    half = auction.seconds(auction.closes_at) // 2
    plot = plot_of(auction, [(0, 1_000), *((half + n // 100, 1_000 + n) for n in range(1, 3_001))])
    assert corners(plot) == [(74.0, 188.0), (74.0, 188.0), (272.0, 188.0), (272.0, 14.0)]
    assert "3001回の変化で、1,000円から4,000円になりました。" in "".join(plot.itertext())


def test_the_stair_goes_on_to_the_close_once_nobody_can_bid() -> None:
    auction = an_auction()
    place_bid(auction.id, given.an_account(), 1_000)
    ends = [corners(plot_of(auction, [(0, 1_000)]))[-1][0]]
    with pretending(auction.closes_at):
        closing.close_due()
    db.session.refresh(auction)
    assert [*ends, corners(plot_of(auction, [(0, 1_000)]))[-1][0]] == [74.0, 470.0]


@pytest.mark.parametrize("size", [WIDE, NARROW])
@pytest.mark.parametrize("steps", [[(0, 1)], [(5, 1_000), (5, 1_000)], [(n * 60, 900 + n * 100) for n in range(600)]])
def test_everything_drawn_lies_on_the_sheet(size: tuple[float, float], steps: list[Step]) -> None:
    plot = plot_of(an_auction(), steps, size)
    for x, y in corners(plot):
        assert 0 <= x <= size[0]
        assert 0 <= y <= size[1]
    assert len(list(plot.iter("circle"))) == min(len(steps), 400)
    for word in plot.iter("text"):
        assert 0 <= float(word.attrib["x"]) <= size[0]
        assert 0 <= float(word.attrib["y"]) <= size[1]


def test_an_auction_that_ends_at_midnight_ends_below_the_day_before() -> None:
    auction = an_auction()
    auction.closes_at = (auction.closes_at + timedelta(days=1)).replace(hour=15, minute=0, second=0, microsecond=0)
    last = list(plot_of(auction, [(0, 1_000)]).iter("text"))[-1]
    day = auction.closes_at
    assert last.text == f"{day.month}月{day.day}日"  # 15:00 in UTC is midnight in Japan, of the next day


def test_the_page_of_the_record_draws_what_everybody_may_see(client: FlaskClient) -> None:
    auction = an_auction()
    place_bid(auction.id, given.an_account(), 5_000)
    place_bid(auction.id, given.an_account(), 77_777)
    page = client.get(f"/listings/{auction.code}/bids").text
    assert page.count("2回の変化で、1,000円から5,250円になりました。") == 2  # for a desk and for a phone
    assert "77,777" not in page


def test_sealed_bids_and_no_bids_have_no_course(client: FlaskClient) -> None:
    sealed, quiet = an_auction("sealed"), an_auction()
    place_bid(sealed.id, given.an_account(), 77_777)
    for auction in (sealed, quiet):
        assert "価格のうごき" not in client.get(f"/listings/{auction.code}/bids").text


def test_the_page_on_which_one_bids_has_a_small_one_from_the_second_bid_on(client: FlaskClient) -> None:
    auction, page = an_auction(), "/listings/{}"
    place_bid(auction.id, given.an_account(), 5_000)
    few = client.get(page.format(auction.code)).text
    place_bid(auction.id, given.an_account(), 77_777)
    seen = client.get(f"{page.format(auction.code)}?again").text
    told = "2回の変化で、1,000円から5,250円になりました。"
    assert [few.count("course-wide-t"), seen.count(told)] == [0, 2]  # for a desk and for a phone
    assert "77,777" not in seen


def test_a_small_one_has_few_steps_and_one_question_however_much_was_bid() -> None:
    auction, bidders = an_auction(), [given.an_account() for _ in range(2)]
    for number in range(2 * MOMENTS):
        at = auction.moment(number * auction.seconds(auction.closes_at) / (2 * MOMENTS))
        with pretending(at):
            place_bid(auction.id, bidders[number % 2], 5_000 * (number + 1))
    db.session.refresh(auction)
    with counted() as asked:
        told = small(auction)
    assert told is not None
    plot = ET.fromstring(f"<div>{told}</div>")  # noqa: S314 -- our own drawing
    assert [len(asked), len(corners(plot)) <= 2 * (MOMENTS + 1), list(plot.iter("circle"))] == [1, True, []]
    assert f"{auction.price_yen:,}円" in [word.text for word in plot.iter("text")][-3:]
    assert max(y for _, y in corners(plot)) < WIDE[1]


def test_an_auction_may_go_on_for_a_year(client: FlaskClient) -> None:
    auction, bidders = an_auction(closes_at=given.in_days(365)), [given.an_account() for _ in range(2)]
    with pretending(given.in_days(300)):
        for number, bidder in enumerate(bidders):
            place_bid(auction.id, bidder, 5_000 * (number + 1))
    assert client.get(f"/listings/{auction.code}").text.count("2回の変化で、1,000円から") == 2


def test_a_small_one_is_kept_until_the_auction_is_in_another_state(settings: Settings) -> None:
    auction = an_auction()
    for yen in (5_000, 77_777):
        place_bid(auction.id, given.an_account(), yen)
    auction_id = auction.id
    with another(settings.model_copy(update={"figures_kept_s": 30})):
        before = small(auction)
        place_bid(auction.id, given.an_account(), 99_999)
        assert small(auction) == before
        with pretending(auction.closes_at):
            closing.close_due()
            db.session.rollback()
            assert small(get(Auction, auction_id)) != before
