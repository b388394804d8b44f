from __future__ import annotations

import xml.etree.ElementTree as ET
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient

from marketplace.accounts.introducing import introduce
from marketplace.kit.clock import now, pretending
from marketplace.listings import scheduling
from marketplace.outbox import keeping
from marketplace.reports import board, demand, figures
from marketplace.reports.document import Part
from marketplace.reports.periods import today
from tests import given
from tests.ended import open_orders, paid, unpaid
from tests.lotteries.applied import drawn
from tests.pages import read
from tests.reports.books import sold


@pytest.fixture(autouse=True)
def _app(app: Flask) -> None:
    """Every test here has a town."""


def test_twelve_weeks_are_shown_each_from_its_monday() -> None:
    with pretending(now() - timedelta(weeks=2)):
        sold(price_yen=1_300)
    sold(price_yen=2_000)
    sold(price_yen=500)
    weeks = figures.by_week()
    assert ([monday.weekday() for monday, _ in weeks], [yen for _, yen in weeks][-3:]) == ([0] * 12, [1_300, 0, 2_500])
    assert weeks[-1][0] <= today() < weeks[-1][0] + timedelta(days=7)


def test_who_bought_again_is_counted_once() -> None:
    listing_id, buyer = given.a_listing(per_person_limit=3), given.an_account()
    for each in (buyer, buyer, buyer, given.an_account()):
        sold(listing_id, each)
    assert figures.buyers() == (2, 1)


def test_few_people_of_a_prefecture_are_not_told() -> None:
    listing_id = given.a_listing(quantity=10)
    for n, prefecture in enumerate(["山形県"] * 5 + ["東京都"] * 4 + [""]):
        buyer = given.an_account()
        introduce(buyer, f"人{n}", "", prefecture)
        sold(listing_id, buyer)
    assert figures.prefectures() == [("山形県", 5), ("東京都", None)]


def a_past_lottery() -> None:
    lottery, _received, _accounts = drawn(5, quantity=2, price_yen=3_000)
    orders = [order.id for order in open_orders(lottery.listing_id)]
    paid(orders[0])
    unpaid(orders[1])


def test_the_board_draws_what_its_tables_say(client: FlaskClient) -> None:
    a_past_lottery()
    sold()
    given.signed_in(client, given.staff("auditor"))
    page = client.get("/staff/reports/board")
    told = read(page).words
    for plot in board.plots():
        assert plot.part.heading in told
        assert all(cell in told for row in plot.part.rows for cell in row)
    assert "2.5人" in page.text
    assert "50.0％" in told
    assert page.text.count('<svg class="chart"') == 2 * sum(plot.chart is not None for plot in board.plots())
    assert client.get("/staff/reports/board.pdf").data[:5] == b"%PDF-"


def test_a_plot_that_has_nothing_to_draw_speaks_of_no_drawing(app: Flask) -> None:
    resales = next(plot for plot in board.plots() if plot.part.heading == "ゆずり渡しの値段")
    assert (resales.chart, resales.part.note) == (
        None,
        "これまでの記録で、これからの値段を約束するものではありません。",
    )


def test_facts_that_are_all_numbers_stand_digit_under_digit() -> None:
    money, words = [("取引", "1,300件"), ("差", "−90円")], [("取引", "1件"), ("受け取る先", "基金")]
    assert (Part("合計", facts=money).only_numbers, Part("合計", facts=words).only_numbers) == (True, False)


def test_an_empty_town_has_a_board() -> None:
    plots = board.plots()
    assert [plot.part.nothing for plot in plots if not plot.part.rows] == [
        "抽選のすんだ売り出しは、まだありません。",
        "支払いの期限が過ぎた抽選は、まだありません。",
        "ゆずり渡しは、まだありません。",
        "都道府県を登録した方は、まだいません。",
    ]
    for plot in plots:
        if plot.chart is not None:
            ET.fromstring(f"<div>{plot.chart}</div>")  # noqa: S314 -- our own drawing


def test_the_meter_shows_sales_that_are_over_with_reasons_and_no_promise(client: FlaskClient) -> None:
    a_past_lottery()
    listing_id = given.a_listing(quantity=10, price_yen=3_000, title_ja="春のカード")
    sold(listing_id)
    scheduling.close_sale(listing_id)
    keeping.drain()
    given.a_listing(title_ja="まだ売っているカード")
    past = {listing.right.title_ja: its for listing, its in demand.sales()}
    assert past["春のカード"].sold == 1
    assert (past["デジタル住民票 第3弾「四季」"].applicants, past["デジタル住民票 第3弾「四季」"].unpaid) == (5, 0.5)
    assert len(past) == 2
    given.signed_in(client, given.staff("drafter"))
    page = read(client.get("/staff/reports/demand")).words
    assert all(word in page for word in ("約束ではありません", "10点のうち1点が売れました（10％）。", "5点 から 10点"))
    assert client.get("/staff/reports/demand.pdf").data[:5] == b"%PDF-"
