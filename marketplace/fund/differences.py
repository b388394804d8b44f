"""Where our book, Stripe's and the bank's do not say the same: each difference in words, with what to do.

Found by comparing what is written down (payments/balance.py reads Stripe every ten minutes), so looking costs nothing
and asks nobody. A difference that staff explained is settled; it stays in the list of those explained.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from marketplace.accounts.second_person import acting, reason
from marketplace.fund.models import Account, Explanation, Posting, PostingLine
from marketplace.fund.rules import OF_PAYERS, OWN_FEES
from marketplace.fund.years import midday, month_of
from marketplace.journal.writing import note
from marketplace.kit.clock import jst, now
from marketplace.kit.db import db, insert_once, lock, transaction
from marketplace.kit.money import yen
from marketplace.payments.balance import CAME_BACK, OVERLAP, SENT_BACK, carried_by_each
from marketplace.payments.models import Payment, PaymentState, Way
from marketplace.payments.refund_models import VOID, Refund, RefundState
from marketplace.payments.stripe_models import BalanceLine, Cursor, Payout

BANK_DAYS = 3
"""So many days after a payout should be there, somebody should have seen it on the bank's statement."""
PAID = (PaymentState.SUCCEEDED, PaymentState.CAPTURED)
WORDS = {
    "missing": (
        "決済会社からの知らせが届いていません",
        "「いま照合する」を押してください。決済会社に聞きなおして、注文と帳簿に反映します。",
    ),
    "unbooked": (
        "決済会社にあり、町の帳簿にない取引です",
        "「いま照合する」を押して1分ほど待ってください。残るときは「止まっている処理」に何か出ていないか見てください。",
    ),
    "not_at_stripe": (
        "町の帳簿にあり、決済会社にない取引です",
        "決済会社の管理画面でこの取引の番号を探してください。見つからなければ、どうして記帳したかを調べ、説明を書いてください。",
    ),
    "amount": (
        "金額が違います",
        "注文の金額と、決済会社の管理画面の金額を比べてください。多くいただいていたら返金します。",
    ),
    "fee": (
        "手数料が、記帳したときと違います",
        "決済会社の料金が変わっていないか確かめ、変わっていれば、その通知の日付を説明に書いてください。",
    ),
    "unknown": (
        "町の注文にない取引です",
        "決済会社の管理画面で、だれが何のために動かしたお金かを調べ、説明を書いてください。",
    ),
    "payout_sum": (
        "送金の額が、中身の合計と合いません",
        "送金を開いて中身を見てください。決済会社が一部を留めおいていることがあります。問い合わせて、答えを説明に書いてください。"
        "管理画面から手で送ったものは、決済会社が中身を教えません。そう説明に書いてください。",
    ),
    "payout_failed": (
        "口座への送金ができませんでした",
        "決済会社の管理画面で、受け取り口座の番号と名義を直してください。お金は決済会社に戻っていて、次の送金に入ります。",
    ),
    "payout_unseen": (
        "口座への入金が、まだ確かめられていません",
        "通帳（指定金融機関の明細）を見て、送金のページで金額と日付を入れてください。",
    ),
    "bank_sum": (
        "通帳の金額が、送金の額と違います",
        "まず打ちまちがいがないか見てください。正しければ、振込手数料などの引かれたものを銀行に聞き、説明を書いてください。",
    ),
    "refund_failed": (
        "返金が相手のカードに届きませんでした",
        "注文のページで、もう一度返金するか、銀行振込などで返して「銀行から返した」と記録してください。",
    ),
    "by_hand": (
        "決済会社の管理画面で返金されたお金です",
        "だれがなぜ返したかを調べて、説明を書いてください。権利も終わらせるときは、注文のページから返金の手続きをします。"
        "もう返した分が、二重に返ることはありません。",
    ),
    "beyond": (
        "町の記録より多く返金されています",
        "決済会社の管理画面と銀行の両方から返していないか、確かめてください。多く返していたら、払った方に連絡して戻していただき、"
        "わかったことを説明に書いてください。",
    ),
}
"""{kind: (what it is, what to do)}"""


@dataclass(frozen=True)
class Difference:
    """`yen` is by how much the two differ, or how much it is about; `of` is what differs."""

    of: str
    kind: str
    at: datetime
    yen: int
    more: str
    href: str
    explained: Explanation | None = None

    @property
    def key(self) -> str:
        """An explanation is of this kind and sum: what turns into another one wants its own."""
        return f"{self.of}:{self.kind}:{self.yen}"

    @property
    def what(self) -> str:
        return WORDS[self.kind][0]

    @property
    def advice(self) -> str:
        return WORDS[self.kind][1]


def all_differences() -> list[Difference]:
    """Every difference, explained ones too, the newest first."""
    explained = {row.key: row for row in db.session.scalars(sa.select(Explanation))}
    found = [*_lines(), *_postings(), *_payouts(), *_refunds(), *_by_hand()]
    return sorted(
        (replace(each, explained=explained.get(each.key)) for each in found), key=lambda each: each.at, reverse=True
    )


def open_differences(*months: str) -> list[Difference]:
    """Those that nobody explained; of some months, where any are named."""
    found = (each for each in all_differences() if each.explained is None)
    return [each for each in found if not months or month_of(each.at) in months]


def explain(key: str, actor_id: int, words: str) -> None:
    """Settle a difference by saying what is behind it. Again: the newer words hold. NoReason; LookupError for none."""
    text = reason(words, field="words")
    if key not in {each.key for each in all_differences()}:
        raise LookupError(key)
    with transaction():
        insert_once(Explanation, {"key": key, "words": text, "by": actor_id, "at": now()})
        id_ = db.session.scalars(sa.select(Explanation.id).where(Explanation.key == key)).one()
        row = lock(Explanation, id_)
        row.words, row.by, row.at = text, actor_id, now()
        note("fund", "explain", by=acting(actor_id), why=text, difference=key)


def _lines() -> Iterator[Difference]:
    """Stripe's lines against our postings."""
    stripe, fees = _sum_of(Account.STRIPE), _sum_of(Account.FEES)
    other = _sum_of(Account.OTHER)
    # of a hold any part may be taken
    asked_other = sa.and_(Payment.yen != BalanceLine.gross_yen, Payment.way != Way.HOLD)
    query = (
        sa.select(BalanceLine, Payment, Posting.id, stripe, fees, other)
        .outerjoin(Posting, Posting.key == BalanceLine.id)
        .outerjoin(Payment, Payment.id == BalanceLine.payment_id)
        .where(
            sa.or_(
                Posting.id.is_(None),
                stripe != BalanceLine.gross_yen - BalanceLine.fee_yen,
                sa.and_(fees != BalanceLine.fee_yen, BalanceLine.kind.not_in(OWN_FEES)),
                other != 0,
                sa.and_(BalanceLine.kind.in_(("charge", "payment")), asked_other),
            )
        )
    )
    for line, payment, posting, moved, fee, strange in db.session.execute(query):
        href, more = _about(payment), f"{line.id}（{line.kind}）"
        if posting is None:
            if line.gross_yen == line.fee_yen == 0:
                continue
            late = payment is not None and payment.state not in PAID and line.gross_yen > 0
            yield Difference(line.id, "missing" if late else "unbooked", line.at, line.net_yen, more, href)
        elif strange or (payment is None and line.kind in OF_PAYERS):
            yield Difference(line.id, "unknown", line.at, line.net_yen, more, href)
        elif moved != line.net_yen and moved + fee == line.gross_yen:
            yield Difference(line.id, "fee", line.at, line.fee_yen - fee, more, href)
        elif moved != line.net_yen:
            yield Difference(line.id, "amount", line.at, line.net_yen - moved, more, href)
        elif payment is not None:
            yield Difference(line.id, "amount", line.at, line.gross_yen - payment.yen, more, href)


def _postings() -> Iterator[Difference]:
    """Our postings on Stripe's balance against its lines, as far as we have read them."""
    read = db.session.get(Cursor, "balance")
    if read is None:
        return
    known = sa.exists().where(BalanceLine.id == Posting.key)
    ours = sa.exists().where(PostingLine.posting_id == Posting.id, PostingLine.account == Account.STRIPE)
    until = now() - timedelta(seconds=OVERLAP)
    for posting in db.session.scalars(sa.select(Posting).where(ours, ~known)):
        if posting.at.timestamp() <= read.seconds or posting.at < until:
            moved = sum(line.yen for line in posting.lines if line.account == Account.STRIPE)
            yield Difference(posting.key, "not_at_stripe", posting.at, -moved, posting.key, "")


def _payouts() -> Iterator[Difference]:
    """Payouts against their lines, and against the bank."""
    due, carried = jst(now()).date() - timedelta(days=BANK_DAYS), carried_by_each()
    for payout in db.session.scalars(sa.select(Payout).order_by(Payout.id)):
        href, at, id_ = f"/staff/money/payouts/{payout.id}", payout.created_at, payout.id
        inside = carried.get(payout.id, 0)
        if inside != payout.yen:
            more = f"送金 {yen(payout.yen)}、中身の合計 {yen(inside)}"
            yield Difference(id_, "payout_sum", at, payout.yen - inside, more, href)
        if payout.failed:
            yield Difference(id_, "payout_failed", at, payout.yen, payout.failure or id_, href)
        elif payout.bank_yen is None:
            if payout.arrives_on <= due:
                on = midday(payout.arrives_on)
                yield Difference(id_, "payout_unseen", on, payout.yen, id_, href)
        elif payout.bank_yen != payout.yen:
            more = f"送金 {yen(payout.yen)}、通帳 {yen(payout.bank_yen)}"
            yield Difference(id_, "bank_sum", at, payout.bank_yen - payout.yen, more, href)


def _refunds() -> Iterator[Difference]:
    for refund in db.session.scalars(sa.select(Refund).where(Refund.state == RefundState.FAILED).order_by(Refund.id)):
        of, href = f"refund:{refund.id}", _about(refund.payment)
        yield Difference(of, "refund_failed", refund.created_at, refund.yen, refund.reason, href)


def _by_hand() -> Iterator[Difference]:
    """What went back at Stripe without the town's asking, and what went back beyond the sum that was paid."""
    went = sa.select(Refund).where(Refund.by_hand, Refund.state.not_in(VOID))
    for refund in db.session.scalars(went.order_by(Refund.id)):
        about = (refund.stripe_id or "", _about(refund.payment))
        yield Difference(f"refund:{refund.id}", "by_hand", refund.created_at, -refund.yen, *about)
    known = sa.exists().where(Refund.balance_txn_id == BalanceLine.id)
    asked = sa.exists().where(Refund.payment_id == Payment.id, Refund.balance_txn_id.is_(None))
    asked = asked.where(Refund.state.in_((RefundState.PROMISED, RefundState.SENT)))  # whose line is not heard of yet
    query = sa.select(BalanceLine, Payment).join(Payment, Payment.id == BalanceLine.payment_id)
    other = aliased(BalanceLine)
    came_back = sa.exists().where(other.payment_id == BalanceLine.payment_id, other.source == BalanceLine.source)
    came_back = came_back.where(other.kind.in_(CAME_BACK))
    query = query.where(BalanceLine.kind.in_(SENT_BACK), ~known, ~asked, ~came_back).order_by(BalanceLine.id)
    for line, payment in db.session.execute(query):
        more = line.source or line.id
        yield Difference(line.id, "beyond", line.at, line.gross_yen, more, _about(payment))


def _sum_of(account: Account) -> sa.ScalarSelect[int]:
    total = sa.select(sa.func.coalesce(sa.func.sum(PostingLine.yen), 0))
    same = (PostingLine.posting_id == Posting.id, PostingLine.account == account)
    return total.where(*same).correlate(Posting).scalar_subquery()


def _about(payment: Payment | None) -> str:
    """The page of the desk where the payment's matter is dealt with."""
    if payment is None:
        return ""
    kind, _, code = payment.subject.partition(":")
    return f"/staff/orders/{code}" if kind == "order" else f"/staff/journal?subject={payment.subject}"
