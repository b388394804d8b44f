from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from marketplace.fund.models import Account, Posting, PostingLine
from marketplace.fund.statements import of_year
from marketplace.kit.clock import JST, now, pretending
from marketplace.kit.db import Base, db, transaction
from marketplace.kit.tables import Cell
from marketplace.listings.models import Tax
from marketplace.orders.models import Order
from marketplace.orders.placing import award
from marketplace.payments.refund_models import Refund, RefundState
from marketplace.receipts.issuing import print_out
from marketplace.receipts.models import Receipt
from marketplace.reports.accounting import BY_NAME
from marketplace.reports.periods import Period, month, today
from marketplace.settings import Settings
from tests import given
from tests.auctions.endings import ended
from tests.ended import unpaid
from tests.receipts.bought import BUDGETS, paid_for
from tests.reports.books import FEE, booked, paid_out, returned, sold


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return settings.model_copy(update={"budgets": BUDGETS})


@pytest.fixture(autouse=True)
def _app(app: Flask) -> None:
    """Every test here has a town."""


def season() -> Period:
    """From today on, far enough for a sale to end."""
    return Period(today(), today() + timedelta(days=60))


def rows(name: str, period: Period | None = None) -> list[dict[str, Cell]]:
    db.session.rollback()
    export = BY_NAME[name]
    return [dict(zip(export.header, row, strict=True)) for row in export.rows(period or season())]


def test_what_was_due_is_paid_lapsed_or_still_due() -> None:
    order = sold(price_yen=1_100, tax=Tax.OUT_OF_SCOPE, budget="tourism")
    auction, _people = ended("ascending", 5000, 9000)
    (fixed, won) = rows("dues")
    assert (fixed["会計"], fixed["受付番号"], fixed["調定額"], fixed["うち消費税"], fixed["収納額"]) == (
        "観光事業特別会計",
        order.code,
        1_100,
        0,
        1_100,
    )
    assert (won["調定額"], won["うち消費税"], won["未納額"], won["収納日"]) == (5_250, 477, 5_250, None)
    assert auction.order_id is not None
    unpaid(auction.order_id)
    late, second = rows("dues")[1:]
    assert (late["減額"], late["未納額"], late["状態"]) == (5_250, 0, "期限切れ")
    assert (second["調定額"], second["未納額"]) == (5_000, 5_000), "the next bidder's"


def test_every_due_is_the_sum_of_its_parts() -> None:
    sold()
    returned(sold())
    ended("ascending", 5000, 9000)
    for row in rows("dues"):
        parts = [row[name] for name in ("減額", "収納額", "未納額")]
        assert row["調定額"] == sum(part for part in parts if isinstance(part, int))


def test_what_came_is_what_the_book_says() -> None:
    order = sold(price_yen=1_300)
    print_out(order.id, "月山 花子 様", 1, "buyer:ACC-TEST")
    returned(sold(price_yen=2_000))
    came = rows("receipts")
    assert [(row["収納額"], row["決済手数料"], row["差引額"], row["区分"]) for row in came] == [
        (1_300, FEE, 1_300 - FEE, "代金"),
        (2_000, FEE, 2_000 - FEE, "代金"),
    ]
    assert [str(row["領収書番号"])[5:] for row in came] == ["general-000001", ""]
    credited = sa.select(sa.func.sum(PostingLine.yen)).where(PostingLine.account == Account.COLLECTED)
    assert sum(int(str(row["収納額"])) for row in came) == -(db.session.scalar(credited) or 0)


def test_what_went_back_says_why_and_of_what() -> None:
    order = sold()
    refund = returned(order)
    print_out(order.id, "月山 花子 様", 1, "buyer:ACC-TEST", refund.id)
    (row,) = rows("refunds")
    told = ("受付番号", "区分", "返金額", "状態", "理由", "取引番号", "返還インボイス番号")
    assert {name: row[name] for name in told} == {
        "受付番号": order.code,
        "区分": "代金",
        "返金額": 1_300,
        "状態": "返金ずみ",
        "理由": "中止",
        "取引番号": f"txn_re_{refund.id}",
        "返還インボイス番号": f"{row['年度']!s}-general-000001",
    }


def test_each_way_in_which_a_refund_can_stand_has_a_word() -> None:
    refund_id = returned(sold()).id
    words = []
    for state in RefundState:
        with transaction() as session:
            session.execute(sa.update(Refund).where(Refund.id == refund_id).values(state=state))
        words += [row["状態"] for row in rows("refunds")]
    assert words == [
        *("手続き中", "手続き中", "返金ずみ", "返金できず"),
        *("やり直し", "銀行から返金ずみ", "異議により返金ずみ", "返さないことにした"),
    ]


def test_each_list_names_the_fiscal_year_in_whose_book_it_stands() -> None:
    """Awarded in March, paid in April: of the year that ends (地方自治法施行令 142条), and so is what goes back."""
    march, april = datetime(2027, 3, 31, 23, 50, tzinfo=JST), datetime(2027, 4, 1, 0, 10, tzinfo=JST)
    with pretending(march):
        listing_id, winner = given.a_listing("lottery"), given.an_account()
        with transaction():
            told = award(winner, listing_id, 3_000, march + timedelta(days=3), "lottery")
    with pretending(april):
        returned(booked(paid_for(told)))
    with pretending(april + timedelta(days=1)):
        sold()
    season = Period(date(2027, 3, 1), date(2027, 4, 30))
    years = {name: [row["年度"] for row in rows(name, season)] for name in BY_NAME}
    assert years == {
        "dues": ["2026", "2027"],
        "receipts": ["2026", "2027"],
        "refunds": ["2026"],
        "entries": ["2026"] * 6 + ["2027"] * 4,
    }
    assert of_year(2026)["collected_yen"] == 3_000


def test_debit_and_credit_are_equal_in_every_period() -> None:
    returned(sold())
    with pretending(now() + timedelta(days=40)):
        sold()
        paid_out(500)
        later = month(today())
    for period in (month(today()), later):
        booked = rows("entries", period)
        assert booked
        assert sum(int(str(row["借方"])) for row in booked) == sum(int(str(row["貸方"])) for row in booked)
        assert all(isinstance(row["日時"], type(now())) and period.holds(row["日時"]) for row in booked)


def test_a_list_has_only_what_is_of_its_days() -> None:
    sold()
    with pretending(now() + timedelta(days=40)):
        sold()
    for name in BY_NAME:
        assert len(rows(name, month(today()))) == {"dues": 1, "receipts": 1, "refunds": 0, "entries": 4}[name], name


@contextmanager
def loaded(kind: type[Base]) -> Iterator[list[object]]:
    """The rows of a table that are read meanwhile."""
    db.session.rollback()
    seen: list[object] = []

    def note(row: object, _context: object) -> None:
        seen.append(row)

    sa.event.listen(kind, "load", note)
    try:
        yield seen
    finally:
        sa.event.remove(kind, "load", note)


def test_a_sample_is_the_first_rows_and_the_number_of_all_and_no_more_is_read_for_it() -> None:
    for _ in range(3):
        order = sold()
        print_out(order.id, "月山 花子 様", 1, "buyer:ACC-TEST")
        returned(order)
    read = {"dues": Order, "receipts": Posting, "refunds": Refund, "entries": PostingLine}
    for name, export in BY_NAME.items():
        whole = list(export.rows(season()))
        assert len(whole) >= 3, name
        db.session.expunge_all()
        with loaded(read[name]) as seen, loaded(Receipt) as numbered:
            assert export.sample(season(), 2) == (len(whole), whole[:2]), name
        assert (len(seen), len(numbered)) == (2, {"receipts": 2}.get(name, 0)), name
    assert BY_NAME["dues"].sample(Period(today() - timedelta(days=9), today() - timedelta(days=8)), 2) == (0, [])


def test_every_column_is_explained_once_and_filled() -> None:
    order = sold()
    returned(order)
    for export in BY_NAME.values():
        assert len(set(export.header)) == len(export.header)
        assert all(about for _, about in export.columns)
        assert rows(export.name)
