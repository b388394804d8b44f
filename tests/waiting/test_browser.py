"""The waiting room in a real browser: it comes forward by itself, and is readable by everybody."""

from __future__ import annotations

from datetime import timedelta

import pytest
from playwright.sync_api import Browser, Page, expect

from marketplace.kit.clock import now, pretending
from marketplace.kit.db import get
from marketplace.listings import scheduling
from marketplace.orders.expiring import cancel
from marketplace.orders.models import Order
from marketplace.orders.placing import place
from marketplace.outbox import keeping
from marketplace.waiting.calling import call
from marketplace.waiting.joining import join
from tests import axe, ears, given
from tests.visiting import signed_in, visiting
from tests.waiting.stage import a_room, in_order, turn

pytestmark = pytest.mark.browser
SOON = 30_000
"""Milliseconds: the page asks each five seconds."""


def test_a_page_that_waits_comes_to_its_turn_by_itself(page: Page) -> None:
    room, (first,) = a_room(1, state="open", quantity=1)
    turn()
    room_id, code = room.id, room.code
    order_id = place(first, room.listing_id)
    hana = given.an_account()
    join(room_id, hana)
    signed_in(page, hana)
    page.goto(f"/listings/{code}/waiting")
    expect(page.get_by_text("いまは、すべての分がほかの方の手続き中です。")).to_be_visible()
    assert get(Order, order_id).is_open
    cancel(order_id)
    assert call(room_id) == 1
    expect(page.get_by_text("あなたの順番です。どうぞ。")).to_be_visible(timeout=SOON)
    page.get_by_role("button", name="購入の手続きへ").click()
    page.wait_for_url("**/orders/*/confirm")


def test_who_listens_hears_once_that_it_is_their_turn_and_not_each_number_before(page: Page) -> None:
    room, _ = a_room(2, state="open", quantity=1)
    with pretending(now() + timedelta(minutes=5)):  # the order of more than one is drawn with a number of then
        turn()
    room_id, code, listing_id = room.id, room.code, room.listing_id
    hana = given.an_account()
    join(room_id, hana)
    first, second, _hana = in_order(room)
    order_id = place(first, listing_id)
    signed_in(page, hana)
    page.goto(f"/listings/{code}/waiting")
    expect(page.get_by_text("いま 1番 までご案内しました")).to_be_visible()
    ears.listen(page)
    cancel(order_id)
    call(room_id)
    expect(page.get_by_text("いま 2番 までご案内しました")).to_be_visible(timeout=SOON)
    assert ears.heard(page) == []
    cancel(place(second, listing_id))
    call(room_id)
    expect(page.get_by_text("あなたの順番です。どうぞ。")).to_be_visible(timeout=SOON)
    assert sum("あなたの順番です。どうぞ。" in each for each in ears.heard(page)) == 1


def test_it_says_by_itself_that_it_is_over(page: Page) -> None:
    room, _ = a_room(1, state="open", quantity=1)
    turn()
    hana = given.an_account()
    join(room.id, hana)
    signed_in(page, hana)
    page.goto(f"/listings/{room.code}/waiting")
    expect(page.get_by_text("あなたの順番", exact=True)).to_be_visible()
    scheduling.close_sale(room.listing_id)
    keeping.drain()
    expect(page.get_by_text("受付は終わりました。")).to_be_visible(timeout=SOON)


@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 320)])
def test_no_state_of_it_has_a_fault_that_axe_can_find(
    browser: Browser, live_server: str, scheme: str, width: int
) -> None:
    before, _ = a_room(1)
    open_, _ = a_room(1, state="open", quantity=1)
    clerk, hana = given.staff("counter"), given.an_account()
    turn()
    join(open_.id, hana)
    paths = [f"/listings/{before.code}", f"/listings/{before.code}/waiting", f"/listings/{open_.code}/waiting"]
    found = {}
    size = {"width": width, "height": 900}
    with visiting(browser, live_server, color_scheme=scheme, viewport=size) as page:
        signed_in(page, hana)
        for path in paths:
            page.goto(path)
            sideways = page.evaluate("document.documentElement.scrollWidth") > width
            found[path] = (axe.faults(page), sideways)
    with visiting(browser, live_server, color_scheme=scheme, viewport=size) as page:
        signed_in(page, clerk)
        for path in ("/staff/waiting", f"/staff/waiting/{open_.code}"):
            page.goto(path)
            found[path] = (axe.faults(page), page.evaluate("document.documentElement.scrollWidth") > width)
    assert {path: fault for path, fault in found.items() if fault != ([], False)} == {}
