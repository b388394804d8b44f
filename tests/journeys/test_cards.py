"""Two people exchange cards in a browser: one offers, the other accepts, one call on a real chain moves both."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import sqlalchemy as sa
from flask import Flask
from playwright.sync_api import Browser, expect

from marketplace.chain.models import Log
from marketplace.kit.db import db, get, transaction
from marketplace.listings.models import Listing
from marketplace.tokens.issuing import promise_token
from tests import given
from tests.journeys.inside import signed_in
from tests.journeys.test_by_hand import press, until
from tests.resale.stage import token
from tests.visiting import visiting

pytestmark = [pytest.mark.browser, pytest.mark.node]

PHONE = {"viewport": {"width": 390, "height": 844}}


@pytest.fixture
def cards(app: Flask, settle: Callable[[], None]) -> dict[str, int]:
    """Whose card is which token: Hana has a わらび, Ken an うど."""
    settle()
    found = {}
    for order, (email, title) in enumerate((("hana@example.jp", "わらび"), ("ken@example.jp", "うど"))):
        account_id = given.an_account(email)
        listing = get(Listing, given.a_listing(kind="card", title_ja=title))
        with transaction():
            found[email] = promise_token(listing.right_id, 1, listing.code, f"ORD-{order}", account_id, 10)
    settle()
    db.session.rollback()
    return found


def test_two_cards_change_hands_together(
    browser: Browser, live_server: str, cards: dict[str, int], worker: None
) -> None:
    with visiting(browser, live_server, **PHONE) as page:
        signed_in(page, "hana@example.jp")
        page.goto("/album")
        expect(page.locator("main")).to_contain_text("全2種類のうち、1種類をお持ちです。")
        page.get_by_role("link", name="カードの交換").first.click()
        page.get_by_role("link", name="カードを交換に出す").click()
        page.select_option("[name=want]", label="うど")
        press(page, "交換に出す")
        expect(page.locator("main")).to_contain_text("お相手を待っています")
    with visiting(browser, live_server, **PHONE) as page:
        signed_in(page, "ken@example.jp")
        page.goto("/swaps")
        page.get_by_role("link", name="わらび（1番）").click()
        page.select_option("[name=card]", label="1番")
        press(page, "交換する")
        until(page, page.url, lambda: page.get_by_text("交換が終わりました").count() > 0)
        page.goto("/album")
        expect(page.locator(".card--missing")).to_contain_text("うど")
    hers, his = cards.values()
    assert [token(each).holder_id for each in (hers, his)] == [
        given.an_account("ken@example.jp"),
        given.an_account("hana@example.jp"),
    ]
    (swapped,) = db.session.scalars(sa.select(Log).where(Log.name == "Swapped"))
    moves = (
        sa.select(Log.token_id).where(Log.name == "Transfer", Log.tx_hash == swapped.tx_hash).order_by(Log.log_index)
    )
    assert list(db.session.scalars(moves)) == [hers, his]
