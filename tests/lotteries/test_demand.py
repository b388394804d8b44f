from __future__ import annotations

import re
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from marketplace.kit.db import get
from marketplace.listings import scheduling
from marketplace.listings.models import Listing
from marketplace.lotteries.demand import past, supposed
from marketplace.lotteries.groups import quota
from marketplace.outbox import keeping
from tests import given
from tests.ended import open_orders, paid, unpaid
from tests.lotteries.applied import drawn
from tests.pages import read


@pytest.fixture(autouse=True)
def _app(app: Flask) -> None:
    """Every test here has a town."""


@pytest.fixture
def desk(client: FlaskClient) -> FlaskClient:
    return given.signed_in(client, given.staff("drafter"))


def a_draft(**more: Any) -> Listing:
    return get(Listing, given.a_listing("lottery", state="draft", **more))


def rows(html: str) -> dict[str, list[str]]:
    """The first column of each row → the others, as words."""
    cells = [
        re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, re.DOTALL)
        for row in re.findall(r"<tr>(.*?)</tr>", html, re.DOTALL)
    ]
    plain = [[" ".join(re.sub(r"<[^>]+>", "", cell).split()) for cell in row] for row in cells]
    return {row[0]: row[1:] for row in plain}


def test_a_draft_has_its_plan_with_usual_numbers(desk: FlaskClient) -> None:
    draft = a_draft(quantity=1_000, price_yen=1_000)
    assert f"/staff/listings/{draft.code}/plan" in desk.get(f"/staff/listings/{draft.code}/preview").text
    answer = desk.get(f"/staff/listings/{draft.code}/plan")
    form = read(answer).form(f"/staff/listings/{draft.code}/plan")
    assert {name: form.value(name) for name in form.values} == {"applicants": "2000", "unpaid": "10", "bad": "40"}
    assert rows(answer.text)["繰り上がる人"] == ["111人", "667人"]


def test_staff_suppose_and_read_the_answer(desk: FlaskClient) -> None:
    draft = a_draft(quantity=1_000, price_yen=1_000, per_person_limit=3)
    page = desk.get(f"/staff/listings/{draft.code}/plan?applicants=13440&unpaid=10&bad=20").text
    told = rows(page)
    assert told["全部売れるまでの期限の回数"] == ["4回（およそ12日）", "5回（およそ15日）"]
    assert told["基金に積み立てられるお金"] == ["964,000円", "964,000円"]
    assert "1,180" in page
    assert page.count('<svg class="chart"') == 2


def test_what_cannot_be_is_told_beside_its_field_and_stays(desk: FlaskClient) -> None:
    path = f"/staff/listings/{a_draft().code}/plan"
    answer = desk.get(f"{path}?applicants=-1&unpaid=101&bad=x")
    form = read(answer).form(path)
    assert (answer.status_code, {*form.errors}) == (422, {"applicants", "unpaid", "bad"})
    assert form.value("bad") == "x"
    assert "お支払いと繰上当選" not in answer.text


def test_the_towns_own_past_is_what_is_supposed() -> None:
    assert past() == []
    lottery, _received, _accounts = drawn(6)
    unpaid(open_orders(lottery.listing_id)[0].id)
    for order in open_orders(lottery.listing_id):
        paid(order.id)
    (found,) = past()
    assert (found.people, found.lots, found.units, found.paid, found.forfeited) == (6, 6, 2, 2, 1)
    assert found.unpaid == pytest.approx(1 / 3)
    assert supposed(a_draft(quantity=100), [found]) == {"applicants": 300, "unpaid": 33, "bad": 40}


def test_of_a_sale_that_was_called_off_nobody_knows_who_would_have_paid() -> None:
    lottery, _received, _accounts = drawn(6)
    first, _second = open_orders(lottery.listing_id)
    paid(first.id)
    scheduling.cancel(lottery.listing_id, "staff:ACC-TEST", "施設が閉まるため")
    keeping.drain()
    (found,) = past()
    assert (found.paid, found.forfeited, found.unpaid) == (1, 1, None)


def test_a_lottery_with_a_share_for_townspeople_is_one_of_the_past_too() -> None:
    rules = {"groups": quota(6, 10)}
    lottery, _received, _accounts = drawn(20, quantity=10, auction_rules=rules, groups=["town", "others"])
    unpaid(open_orders(lottery.listing_id)[0].id)
    (found,) = past()
    assert (found.listing.code, found.people, found.lots, found.units) == (lottery.code, 20, 20, 10)
    assert (found.paid, found.forfeited) == (0, 1)


def test_only_lotteries_have_a_plan_and_only_staff_see_it(desk: FlaskClient, app: Flask) -> None:
    fixed = get(Listing, given.a_listing("fixed", state="draft"))
    assert desk.get(f"/staff/listings/{fixed.code}/plan").status_code == 404
    visitor = given.signed_in(app.test_client(), given.an_account())
    assert visitor.get(f"/staff/listings/{a_draft().code}/plan").status_code == 403
