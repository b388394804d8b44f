"""Somebody new at the office sells a naming right, from the draft to the report, by what the screens say alone."""

from __future__ import annotations

import io
import os
import zipfile
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask
from playwright.sync_api import Browser

from marketplace.kit.clock import pretending
from marketplace.kit.db import db
from marketplace.kit.sheets import SHEETS, run_one
from marketplace.listings.models import Listing
from marketplace.outbox import keeping
from marketplace.settings import Settings
from tests import given
from tests.journeys.clerk import Work, at_the_desk, table
from tests.journeys.inside import signed_in
from tests.journeys.test_auction import apply, bid, pay_by_the_mailed_link
from tests.journeys.test_by_hand import PHONE
from tests.local_stripe import LocalStripe
from tests.visiting import visiting

pytestmark = pytest.mark.browser

PAGE = Path(__file__).parents[2] / "docs" / "staff-time.md"
DRAFTER, APPROVER, HANAKO = "drafter@town.example.jp", "approver@town.example.jp", "hanako@example.jp"
TITLE = "せせらぎ公園 命名権（3年間）"
MINUTE = timedelta(minutes=1)


@pytest.fixture
def settings(settings: Settings, stripe: LocalStripe) -> Settings:
    return stripe.settings(settings, demo=True)


def the_sale() -> Listing:
    listing = db.session.scalars(sa.select(Listing)).one()
    db.session.rollback()
    return listing


def in_time(*sheets: str) -> None:
    """What time alone makes happen now, and everybody who hears of it."""
    for sheet in sheets:
        run_one(SHEETS[sheet])
        keeping.drain()
    db.session.rollback()


def test_a_naming_right_is_sold_by_what_the_screens_say(app: Flask, browser: Browser, live_server: str) -> None:
    given.staff("drafter", email=DRAFTER)
    given.staff("approver", email=APPROVER)
    parts = [
        Work("起案して承認に出す", "起案"),
        Work("内容を確かめて承認する", "承認"),
        Work("参加申込を1件審査する", "承認"),
        Work("結果を確かめて書面にする", "起案"),
        Work("証拠をまとめて受け取る", "承認"),
    ]
    drafting, approving, screening, reporting, proving = parts

    with at_the_desk(browser, live_server, DRAFTER, drafting) as clerk:
        clerk.press("出品をつくる")
        clerk.press("命名権（公園）")
        clerk.type("名前", TITLE)
        clerk.tick("参加申込を受け付け、審査した方だけが入札できる")
        clerk.press("保存して、買う人の画面を見る")
        clerk.sees("つぎにすること")
        clerk.press("承認に出す")
        clerk.sees("別の職員の承認を待っています")

    with at_the_desk(browser, live_server, APPROVER, approving) as clerk:
        clerk.sees("承認待ち")
        clerk.press("内容を確かめる")
        clerk.tick("買う人の画面を最後まで確かめました")
        clerk.press("承認する")
        clerk.sees("自動で公開されます")
    keeping.drain()
    sale = the_sale()
    code, opens_at, closes_at = sale.code, sale.opens_at, sale.closes_at
    assert closes_at is not None

    with pretending(opens_at + MINUTE):
        in_time("listings.publish_due", "listings.open_due")
        with visiting(browser, live_server, viewport=PHONE) as buyer:
            signed_in(buyer, HANAKO)
            buyer.goto(f"/listings/{code}")
            buyer.get_by_role("link", name="参加を申し込む").click()
            apply(buyer)
            with at_the_desk(browser, live_server, APPROVER, screening) as clerk:
                clerk.press("審査の画面を開く")
                clerk.press("承認する")
                clerk.sees("01番")
            bid(buyer, code, "150000")
    with pretending(closes_at + MINUTE):
        in_time("auctions.close_due")
    # Stripe lives in the present
    with visiting(browser, live_server, viewport=PHONE) as buyer:
        signed_in(buyer, HANAKO)
        pay_by_the_mailed_link(buyer, HANAKO, "100,000円")

    with pretending(closes_at + timedelta(days=1)):
        with at_the_desk(browser, live_server, DRAFTER, reporting) as clerk:
            clerk.press("報告の画面を開く")
            assert clerk.save("落札結果の書面（PDF）").startswith(b"%PDF-")
            clerk.press("結果とお支払いを確かめる")
            clerk.sees("落札")
        with at_the_desk(browser, live_server, APPROVER, proving) as clerk:
            clerk.press("報告の画面を開く")
            clerk.press("証拠をまとめる")
            clerk.press("証拠をまとめる")
            clerk.sees("まとめています")
            keeping.drain()
            pack = clerk.save("ファイル（ZIP）を受け取る")
            assert "check.py" in zipfile.ZipFile(io.BytesIO(pack)).namelist()

    if os.environ.get("STAFF_TIME") == "write":
        PAGE.write_text(table(parts), "utf-8")
    assert table(parts) == PAGE.read_text("utf-8")
