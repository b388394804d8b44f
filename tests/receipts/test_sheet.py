from __future__ import annotations

from io import BytesIO

import pytest
from flask import Flask
from pypdf import PdfReader

from marketplace.kit.clock import pretending
from marketplace.kit.db import get
from marketplace.listings.models import Tax
from marketplace.orders.models import Order
from marketplace.receipts.issuing import print_out
from marketplace.receipts.models import Print
from marketplace.receipts.sheet import sheet
from marketplace.settings import Settings
from tests import given
from tests.receipts.bought import BUDGETS, given_back, paid


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return settings.model_copy(update={"budgets": BUDGETS})


@pytest.fixture(autouse=True)
def _app(app: Flask) -> None:
    """Every test here has a town."""


def copy(order: Order, n: int = 1, refund_id: int | None = None) -> Print:
    return get(Print, print_out(order.id, "月山 花子 様", n, "buyer:ACC-TEST", refund_id))


def said(printed: Print) -> str:
    """The words of the paper, without its spaces and line breaks."""
    pages = PdfReader(BytesIO(sheet(printed))).pages
    return "".join("".join(page.extract_text() for page in pages).split())


def test_it_says_what_an_invoice_must() -> None:
    order = paid(price_yen=22_000, title_ja="命名権")
    text = said(copy(order))
    for words in (
        "領収書",
        "月山花子様",
        "金22,000円（二万二千円）",
        f"命名権（{order.unit.serial}番）",
        "10％対象計22,000円（うち消費税2,000円）",
        "月見沢町（一般会計）",
        "登録番号T2000012345678",
        order.code,
        "印紙税法第5条第2号",
        "第1号",
    ):
        assert words in text, words
    assert "再発行" not in text


def test_a_later_copy_is_marked_and_the_first_stays_as_it_was() -> None:
    order = paid()
    first = copy(order)
    before = sheet(first)
    with pretending(given.in_days(40)):
        again = said(copy(order, 2))
        assert sheet(first) == before
    assert ("領収書再発行（1回目）" in again, "（再発行1回目）" in again) == (True, True), "in the box, at the foot"
    assert "二重にお使いにならないでください" in again


def test_without_registration_it_is_no_invoice() -> None:
    text = said(copy(paid(tax=Tax.OUT_OF_SCOPE, budget="tourism")))
    assert "消費税課税対象外（税額0円）" in text
    assert "登録番号" not in text


def test_a_return_invoice_says_of_which_sale() -> None:
    order = paid(price_yen=22_000)
    text = said(copy(order, 1, given_back(order).id))
    for words in ("適格返還請求書（返還インボイス）", "お返ししました", "もとの取引の日", "うち消費税2,000円"):
        assert words in text, words
    assert "収入印紙" not in text
