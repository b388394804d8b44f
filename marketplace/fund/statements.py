"""What the book says, for the council, the auditors and everybody."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from marketplace.fund.deposits import memorandum
from marketplace.fund.models import TITLES, Account, Posting, PostingLine
from marketplace.kit.clock import jst
from marketplace.kit.db import db


def balances() -> dict[str, int]:
    """Yen on every account, debit positive; accounts without a line are 0."""
    query = sa.select(PostingLine.account, sa.func.sum(PostingLine.yen)).group_by(PostingLine.account)
    found = {account: int(yen) for account, yen in db.session.execute(query)}
    return {str(account): found.get(account, 0) for account in Account}


def balanced() -> bool:
    """Whether every single posting has lines and sums to zero."""
    crooked = (
        sa.select(Posting.id)
        .outerjoin(PostingLine, PostingLine.posting_id == Posting.id)
        .group_by(Posting.id)
        .having(sa.func.coalesce(sa.func.sum(PostingLine.yen), 1) != 0)
        .limit(1)
    )
    return db.session.scalar(crooked) is None


def summary() -> dict[str, Any]:
    """What the public page and the API show; yen, all positive. `collected`… are all that ever reached that step.

    {"balanced", "collected_yen", "fees_yen", "refunded_yen", "disputed_yen", "kept_yen", "revenue_yen",
     "set_aside_yen", "fund_yen", "at_stripe_yen", "in_bank_yen",
     "forfeited_yen": of what was collected, the deposits that fell to the town, "deposits_yen": in custody, apart from
     all this, "held_count", "held_yen": what the bidders' banks hold, off the book,
     "accounts": [{"account", "title_ja", "yen"}],
     "months": [{"month": "2026-11", "collected_yen", "fees_yen", "refunded_yen"}]}
    """
    yen = balances()
    fund = -yen[Account.FUND]
    set_aside = -yen[Account.SET_ASIDE] + fund
    revenue = -yen[Account.REVENUE] + set_aside
    collected = -yen[Account.COLLECTED] + revenue
    return {
        "balanced": balanced(),
        "collected_yen": collected,
        "fees_yen": yen[Account.FEES],
        "refunded_yen": yen[Account.REFUNDS],
        "disputed_yen": yen[Account.DISPUTES],
        "kept_yen": collected - yen[Account.FEES] - yen[Account.REFUNDS] - yen[Account.DISPUTES],
        "revenue_yen": revenue,
        "set_aside_yen": set_aside,
        "fund_yen": fund,
        "at_stripe_yen": yen[Account.STRIPE],
        "in_bank_yen": yen[Account.BANK],
        "forfeited_yen": _forfeited(),
        "deposits_yen": -yen[Account.DEPOSITS],
        **memorandum(),
        "accounts": [
            {"account": str(account), "title_ja": TITLES[account], "yen": yen[account]} for account in Account
        ],
        "months": _months(),
    }


def _forfeited() -> int:
    lines = sa.select(sa.func.sum(PostingLine.yen)).join(Posting, Posting.id == PostingLine.posting_id)
    return -int(
        db.session.scalar(lines.where(Posting.kind == "forfeit", PostingLine.account == Account.COLLECTED)) or 0
    )


def _months() -> list[dict[str, Any]]:
    """By the month in Japan, newest first."""
    shown = {Account.COLLECTED: "collected_yen", Account.FEES: "fees_yen", Account.REFUNDS: "refunded_yen"}
    query = (
        sa.select(Posting.at, PostingLine.account, PostingLine.yen)
        .join(PostingLine, PostingLine.posting_id == Posting.id)
        .where(PostingLine.account.in_(shown), Posting.kind.not_in(("recognise", "set_aside", "pay_in")))
    )
    months: dict[str, dict[str, int]] = {}
    for at, account, yen in db.session.execute(query):
        month = months.setdefault(f"{jst(at):%Y-%m}", dict.fromkeys(shown.values(), 0))
        month[shown[account]] += -yen if account == Account.COLLECTED else yen
    return [{"month": month, **sums} for month, sums in sorted(months.items(), reverse=True)]
