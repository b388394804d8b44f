"""What the book says, for the council, the auditors and everybody."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from marketplace.fund.deposits import memorandum
from marketplace.fund.models import (
    TITLES,
    Account,
    Assessment,
    Decision,
    DecisionKind,
    DecisionState,
    Posting,
    PostingLine,
)
from marketplace.fund.rules import STEPS
from marketplace.fund.subtotals import CROOKED, Sum, no_crooked_one_since, sums
from marketplace.kit.db import db


def balances() -> dict[str, int]:
    """Yen on every account, debit positive; accounts without a line are 0."""
    return _on_accounts(sums())


def collected_yen() -> int:
    """All that was ever paid, before fees and refunds."""
    yen = balances()
    return -sum(yen[account] for account in (Account.COLLECTED, Account.REVENUE, Account.SET_ASIDE, Account.FUND))


def totals(period: str) -> dict[str, dict[str, int]]:
    """{account: {"before", "debit", "credit", "after"}}, yen, debit positive, of a month or of a fiscal year.

    A month has what came before it; a fiscal year begins at 0, since its incomes are its own.
    """
    whole_year = period.startswith("FY")
    within = Posting.fiscal_year == int(period[2:]) if whole_year else Posting.month == period
    query = (
        sa.select(
            PostingLine.account,
            sa.func.sum(sa.case((PostingLine.yen > 0, PostingLine.yen), else_=0)),
            sa.func.sum(sa.case((PostingLine.yen < 0, -PostingLine.yen), else_=0)),
        )
        .join(Posting, Posting.id == PostingLine.posting_id)
        .group_by(PostingLine.account)
    )
    moved = {account: (int(debit), int(credit)) for account, debit, credit in db.session.execute(query.where(within))}
    before: dict[Account, int] = {}
    if not whole_year:
        rows = db.session.execute(query.where(Posting.month < period))
        before = {account: int(debit) - int(credit) for account, debit, credit in rows}
    found = {}
    for account in Account:
        start, (debit, credit) = before.get(account, 0), moved.get(account, (0, 0))
        found[str(account)] = {"before": start, "debit": debit, "credit": credit, "after": start + debit - credit}
    return found


def of_year(year: int) -> dict[str, int]:
    """調定 → 収納 → 歳入 → 積立 → 基金 of one fiscal year, in yen.

    {"assessed_yen": told to pay, or paid at once, "collected_yen", "uncollected_yen": told and not paid yet,
     "refunded_yen", "fees_yen", "disputed_yen", "recognised_yen", "set_aside_yen", "paid_in_yen", "spent_yen"}
    """
    of_each = totals(f"FY{year}")
    moved = {account: each["debit"] - each["credit"] for account, each in of_each.items()}
    paid = sa.exists().where(
        Posting.subject == Assessment.subject,
        Posting.id == PostingLine.posting_id,
        PostingLine.account == Account.COLLECTED,
        PostingLine.yen < 0,
    )
    open_ = sa.select(sa.func.sum(Assessment.yen)).where(
        Assessment.fiscal_year == year, Assessment.dropped_at.is_(None), ~paid
    )
    uncollected = int(db.session.scalar(open_) or 0)
    stepped = _steps_of(year)
    collected = of_each[Account.COLLECTED]["credit"] - stepped["undone"]
    return {
        "assessed_yen": collected + uncollected,
        "collected_yen": collected,
        "uncollected_yen": uncollected,
        "refunded_yen": moved[Account.REFUNDS],
        "fees_yen": moved[Account.FEES],
        "disputed_yen": moved[Account.DISPUTES],
        "recognised_yen": stepped["recognise"],
        "set_aside_yen": stepped["set_aside"],
        "paid_in_yen": stepped["pay_in"],
        "spent_yen": moved[Account.SPENT],
    }


def _steps_of(year: int) -> Counter[str]:
    """Yen that went each step in the year, less what was undone of it; "undone": what came back to 収納."""
    query = sa.select(Posting.kind, PostingLine.account, PostingLine.yen)
    query = query.join(PostingLine, PostingLine.posting_id == Posting.id)
    found: Counter[str] = Counter()
    for kind, account, yen in db.session.execute(query.where(Posting.fiscal_year == year, Posting.kind.in_(STEPS))):
        if account == STEPS[kind][1]:
            found[kind] -= yen
        if account == Account.COLLECTED and yen < 0:
            found["undone"] -= yen
    return found


def balanced() -> bool:
    """Whether every single posting has lines and sums to zero."""
    return db.session.scalar(CROOKED) is None


def summary() -> dict[str, Any]:
    """What the public page and the API show; yen, all positive. `collected`… are all that ever reached that step.

    {"balanced": all sums together are zero, and so is each posting that is in none of them yet,
     "collected_yen", "fees_yen", "refunded_yen", "disputed_yen", "kept_yen", "revenue_yen", "set_aside_yen",
     "fund_yen", "spent_yen": of the fund, "left_yen": in it now, "at_stripe_yen", "in_bank_yen",
     "forfeited_yen": of what was collected, the deposits that fell to the town, "deposits_yen": in custody, apart from
     all this, "held_count", "held_yen": what the bidders' banks hold, off the book,
     "uses": [{"fiscal_year", "purpose", "planned_yen", "spent_yen"}], what the fund is and was for, newest year first,
     "accounts": [{"account", "title_ja", "yen"}],
     "months": [{"month": "2026-11", "collected_yen", "fees_yen", "refunded_yen", "disputed_yen"}]: as they happened, so
     that what banks gave back in a month may be more than what they took}
    """
    book = sums()
    yen = _on_accounts(book)
    fund = -yen[Account.FUND]
    set_aside = -yen[Account.SET_ASIDE] + fund
    revenue = -yen[Account.REVENUE] + set_aside
    collected = -yen[Account.COLLECTED] + revenue
    return {
        "balanced": sum(yen.values()) == 0 and no_crooked_one_since(),
        "collected_yen": collected,
        "fees_yen": yen[Account.FEES],
        "refunded_yen": yen[Account.REFUNDS],
        "disputed_yen": yen[Account.DISPUTES],
        "kept_yen": collected - yen[Account.FEES] - yen[Account.REFUNDS] - yen[Account.DISPUTES],
        "revenue_yen": revenue,
        "set_aside_yen": set_aside,
        "fund_yen": fund,
        "spent_yen": yen[Account.SPENT],
        "left_yen": fund - yen[Account.SPENT],
        "at_stripe_yen": yen[Account.STRIPE],
        "in_bank_yen": yen[Account.BANK],
        "forfeited_yen": -sum(each.yen for each in book if (each.kind, each.account) == ("forfeit", Account.COLLECTED)),
        "deposits_yen": -yen[Account.DEPOSITS],
        **memorandum(),
        "uses": uses(),
        "accounts": [
            {"account": str(account), "title_ja": TITLES[account], "yen": yen[account]} for account in Account
        ],
        "months": _months(book),
    }


def beyond(kind: DecisionKind, yen: int, figures: Mapping[str, Any]) -> int:
    """By how many yen a step of the money would reach further than what is left of all prices, by summary()'s figures.

    No refusal: of a price that went back after its year the income stays that year's (years.py). But whoever decides
    should know, since what went back is at no bank any more.
    """
    reached = {
        DecisionKind.RECOGNISE: "revenue_yen",
        DecisionKind.SET_ASIDE: "set_aside_yen",
        DecisionKind.PAY_IN: "fund_yen",
    }
    if kind not in reached:
        return 0
    left = figures["collected_yen"] - figures["refunded_yen"] - figures["disputed_yen"]
    return max(0, min(yen, int(figures[reached[kind]]) + yen - int(left)))


def uses() -> list[dict[str, Any]]:
    """By fiscal year and purpose: what was planned, and what was spent of it, as two persons decided; see summary()."""
    rows = db.session.execute(
        sa.select(Decision.fiscal_year, Decision.purpose, Decision.kind, sa.func.sum(Decision.yen))
        .where(Decision.state == DecisionState.APPROVED, Decision.kind.in_((DecisionKind.PLAN, DecisionKind.SPEND)))
        .group_by(Decision.fiscal_year, Decision.purpose, Decision.kind)
    )
    found: dict[tuple[int, str], dict[str, int]] = {}
    for year, purpose, kind, total in rows:
        use = found.setdefault((-year, purpose), {"planned_yen": 0, "spent_yen": 0})
        use["planned_yen" if kind == DecisionKind.PLAN else "spent_yen"] = int(total)
    return [{"fiscal_year": -year, "purpose": purpose, **use} for (year, purpose), use in sorted(found.items())]


def _on_accounts(book: list[Sum]) -> dict[str, int]:
    found: Counter[str] = Counter(dict.fromkeys(map(str, Account), 0))
    for each in book:
        found[each.account] += each.yen
    return dict(found)


def _months(book: list[Sum]) -> list[dict[str, Any]]:
    """By the month in Japan, newest first."""
    shown = {
        Account.COLLECTED: "collected_yen",
        Account.FEES: "fees_yen",
        Account.REFUNDS: "refunded_yen",
        Account.DISPUTES: "disputed_yen",
    }
    months: dict[str, dict[str, int]] = {}
    for kind, at, account, yen in book:
        if account in shown and kind not in STEPS:
            month = months.setdefault(at, dict.fromkeys(shown.values(), 0))
            month[shown[account]] += -yen if account == Account.COLLECTED else yen
    return [{"month": month, **yen} for month, yen in sorted(months.items(), reverse=True)]
