"""The lists that the accounting system takes in: what was due, what came, what went back, and the book's entries.

Each column says what it holds; docs/exports.md is printed from these tables. Sums are whole yen, tax included.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from marketplace.fund.models import TITLES, Account, Posting, PostingLine
from marketplace.kit.dates import fiscal_year
from marketplace.kit.db import db
from marketplace.kit.portions import portions
from marketplace.kit.tables import Cell, Row
from marketplace.listings.models import MODE_JA, TAX_JA, Listing
from marketplace.orders.models import Order, OrderState, Origin, code_of
from marketplace.payments.models import Payment, Refund, RefundState
from marketplace.receipts.models import Receipt
from marketplace.receipts.rules import included_tax
from marketplace.reports.periods import Period
from marketplace.settings import settings


@dataclass(frozen=True)
class Export:
    """A list: its name in the address, its title, what a row is, and [(column, what it holds), …]."""

    name: str
    title: str
    about: str
    columns: tuple[tuple[str, str], ...]
    rows: Callable[[Period], Iterator[Row]]

    @property
    def header(self) -> list[str]:
        return [column for column, _ in self.columns]


OF_SALE = (
    ("会計", "代金が入る会計の名前"),
    ("受付番号", "注文の番号（ORD-…）"),
    ("出品番号", "出品の番号（LST-…）"),
    ("品名", "権利の名前"),
)
AT_ONCE = 5_000
"""Rows of a list whose orders are asked for in one statement."""
NO_SALE: tuple[Cell, ...] = ("", "", "", "")


def _year(at: datetime) -> str:
    """As text: a year is no sum, and wants no comma."""
    return str(fiscal_year(at))


def _budget(listing: Listing) -> str:
    budget = settings().budgets.get(listing.budget)
    return budget.name if budget else listing.budget


def _of_sale(order: Order | None) -> tuple[Cell, ...]:
    if order is None:
        return NO_SALE
    return (_budget(order.listing), order.code, order.listing.code, order.listing.right.title_ja)


def due_at(order: Order) -> datetime | None:
    """When the town had a claim: of a draw or an auction the award, of a fixed price the payment (事後調定)."""
    return order.created_at if order.origin in (Origin.LOTTERY, Origin.AUCTION) else order.paid_at


def dues(period: Period) -> Iterator[Row]:
    awarded = Order.origin.in_((Origin.LOTTERY, Origin.AUCTION)) & period.covers(Order.created_at)
    bought = Order.origin.not_in((Origin.LOTTERY, Origin.AUCTION)) & period.covers(Order.paid_at)
    query = sa.select(Order).options(joinedload(Order.listing)).where(Order.yen > 0, awarded | bought)
    for order in db.session.scalars(query.order_by(Order.id)):
        at = due_at(order)
        assert at is not None
        lapsed = order.yen if order.paid_at is None and not _still_due(order) else 0
        paid = order.yen if order.paid_at is not None else 0
        yield (
            *(at, _year(at), *_of_sale(order), MODE_JA[order.listing.mode], TAX_JA[order.listing.tax]),
            *(order.yen, included_tax(order.yen, order.listing.tax), lapsed, paid, order.yen - lapsed - paid),
            *(order.paid_at, order.state.ja),
        )


def _still_due(order: Order) -> bool:
    return order.is_open or order.state == OrderState.NEEDS_REVIEW


def receipts(period: Period) -> Iterator[Row]:
    """Of the book: what was credited to 収納, but for what only moves on from there."""
    query = (
        sa.select(Posting, -PostingLine.yen)
        .join(PostingLine, PostingLine.posting_id == Posting.id)
        .where(PostingLine.account == Account.COLLECTED, PostingLine.yen < 0, period.covers(Posting.at))
        .order_by(Posting.at, Posting.id)
    )
    numbers = dict(db.session.execute(sa.select(Receipt.order_id, Receipt).where(Receipt.refund_id.is_(None))).all())
    for rows in portions(db.session.execute(query).all(), AT_ONCE):
        yield from _received([(posting, int(yen)) for posting, yen in rows], numbers)


def _received(rows: list[tuple[Posting, int]], numbers: dict[int, Receipt]) -> Iterator[Row]:
    orders, fees = _orders({posting.subject for posting, _ in rows}), _fees([posting.id for posting, _ in rows])
    payments = _payments([posting.key for posting, _ in rows])
    for posting, yen in rows:
        order, payment = orders.get(posting.subject), payments.get(posting.key)
        if order is None and (payment_id := _deposit_of(posting.key)) is not None:
            order = db.session.scalar(sa.select(Order).where(Order.deposit_payment_id == payment_id))
        fee, receipt = fees.get(posting.id, 0), numbers.get(order.id) if order else None
        yield (
            *(posting.at, _year(posting.at), *_of_sale(order), _what_came(posting, order, payment)),
            *(yen, fee, yen - fee, posting.key, receipt.number if receipt else ""),
        )


def _what_came(posting: Posting, order: Order | None, payment: Payment | None) -> str:
    match posting.kind:
        case "apply":
            return "保証金の充当"
        case "forfeit":
            return "保証金の没収"
    if order is None or payment is None:
        return "確認が必要"
    return "代金" if order.paid_by_payment_id == payment.id else "二重払い（返金します）"


def _deposit_of(key: str) -> int | None:
    kind, _, number = key.partition(":")
    return int(number) if kind in ("apply", "forfeit") and number.isdecimal() else None


def _orders(subjects: set[str]) -> dict[str, Order]:
    codes = [code for code in map(code_of, subjects) if code]
    query = sa.select(Order).options(joinedload(Order.listing)).where(Order.code.in_(codes))
    return {order.subject: order for order in db.session.scalars(query)}


def _payments(keys: list[str]) -> dict[str, Payment]:
    """{Stripe's balance transaction: the payment}."""
    return {
        str(payment.balance_txn_id): payment
        for payment in db.session.scalars(sa.select(Payment).where(Payment.balance_txn_id.in_(keys)))
    }


def _fees(posting_ids: list[int]) -> dict[int, int]:
    query = sa.select(PostingLine.posting_id, sa.func.sum(PostingLine.yen)).where(
        PostingLine.posting_id.in_(posting_ids), PostingLine.account == Account.FEES
    )
    return {posting_id: int(yen) for posting_id, yen in db.session.execute(query.group_by(PostingLine.posting_id))}


REFUND_JA = {
    RefundState.PROMISED: "手続き中",
    RefundState.SENT: "手続き中",
    RefundState.SUCCEEDED: "返金ずみ",
    RefundState.FAILED: "返金できず",
}


def refunds(period: Period) -> Iterator[Row]:
    query = sa.select(Refund).options(joinedload(Refund.payment)).where(period.covers(Refund.created_at))
    numbers = {
        receipt.refund_id: receipt.number
        for receipt in db.session.scalars(sa.select(Receipt).where(Receipt.refund_id.is_not(None)))
    }
    for found in portions(db.session.scalars(query.order_by(Refund.id)).all(), AT_ONCE):
        orders = _orders({refund.payment.subject for refund in found})
        for refund in found:
            yield (
                *(refund.created_at, _year(refund.created_at), *_of_sale(orders.get(refund.payment.subject))),
                *("保証金" if refund.purpose == "deposit" else "代金", refund.yen, REFUND_JA[refund.state]),
                *(refund.reason, refund.stripe_id or "", refund.balance_txn_id or "", numbers.get(refund.id, "")),
            )


def entries(period: Period) -> Iterator[Row]:
    query = (
        sa.select(Posting, PostingLine)
        .join(PostingLine, PostingLine.posting_id == Posting.id)
        .where(period.covers(Posting.at))
        .order_by(Posting.at, Posting.id, PostingLine.n)
    )
    for posting, line in db.session.execute(query):
        yield (
            *(posting.at, _year(posting.at), str(posting.id), line.n, posting.kind, str(line.account)),
            *(TITLES[line.account], max(line.yen, 0), max(-line.yen, 0), posting.key, posting.subject, posting.memo),
        )


EXPORTS = (
    Export(
        "dues",
        "調定一覧",
        "町に入ることが決まった代金。1行が1つの注文です。調定額 ＝ 減額 ＋ 収納額 ＋ 未納額。",
        (
            ("調定日", "抽選・入札は当選・落札の日時。定額は支払いの日時（事後調定）"),
            ("年度", "調定日の会計年度（4月から3月）"),
            *OF_SALE,
            ("売り方", "定額・抽選・オークション・入札"),
            ("税区分", "消費税の区分"),
            ("調定額", "代金（税込、円）"),
            ("うち消費税", "調定額にふくまれる消費税（110分の10、円未満切り捨て）"),
            ("減額", "支払いがなく、取り消された額"),
            ("収納額", "支払われた額。あとの返金は引いていません（返金一覧を見てください）"),
            ("未納額", "まだ支払われていない額"),
            ("収納日", "支払いの日時。なければ空欄"),
            ("状態", "いまの注文の状態"),
        ),
        dues,
    ),
    Export(
        "receipts",
        "収納一覧",
        "町の帳簿で収納に記帳されたお金。1行が1つの入金です。保証金のお預かりは、収納になったものだけが入ります。",
        (
            ("収納日", "記帳の日時（カードの支払いの日時）"),
            ("年度", "収納日の会計年度"),
            *OF_SALE,
            ("区分", "代金、保証金の充当、保証金の没収、二重払い（返金します）"),
            ("収納額", "総額（円）。手数料を引く前"),
            ("決済手数料", "決済代行が引いた手数料（円）"),
            ("差引額", "収納額から決済手数料を引いた額"),
            ("取引番号", "決済代行の取引番号（txn_…）。充当と没収は帳簿の番号"),
            ("領収書番号", "領収書を出した注文だけ"),
        ),
        receipts,
    ),
    Export(
        "refunds",
        "返金一覧",
        "返すことを決めたお金。1行が1つの返金です。",
        (
            ("手続き日", "返金を決めた日時"),
            ("年度", "手続き日の会計年度"),
            *OF_SALE,
            ("区分", "代金、または歳入歳出外現金の保証金"),
            ("返金額", "返す額（円）"),
            ("状態", "手続き中、返金ずみ、返金できず"),
            ("理由", "職員が書いた理由、または自動の理由"),
            ("返金番号", "決済代行の返金の番号（re_…）"),
            ("取引番号", "決済代行の取引番号（txn_…）"),
            ("返還インボイス番号", "返金の書類を出したものだけ"),
        ),
        refunds,
    ),
    Export(
        "entries",
        "仕訳",
        "帳簿のすべての行。借方の合計と貸方の合計は、どの期間でも同じです。",
        (
            ("日時", "記帳の日時"),
            ("年度", "日時の会計年度"),
            ("仕訳番号", "1つの取引に1つ"),
            ("行", "取引の中の順番"),
            ("種別", "charge（入金）、refund（返金）、payout（振込）、recognise（歳入）などの英語の名前"),
            ("科目コード", "勘定科目の英語の名前"),
            ("科目", "勘定科目"),
            ("借方", "円。貸方の行では0"),
            ("貸方", "円。借方の行では0"),
            ("取引番号", "同じ番号は2回記帳されません"),
            ("参照", "もとになった注文など（order:ORD-…）"),
            ("摘要", "決定の番号や理由"),
        ),
        entries,
    ),
)
BY_NAME = {export.name: export for export in EXPORTS}
