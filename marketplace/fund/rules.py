"""Which accounts a movement of money touches. Pure. Gross, fee and refund stand on lines of their own, never netted."""

from __future__ import annotations

from marketplace.fund.models import Account
from marketplace.kit.refusals import Invalid, Refused

Lines = list[tuple[Account, int]]


class NotEnough(Refused):
    code = "not_enough_in_account"
    message = "この勘定の残高をこえる金額は、ふりかえられません。"


class NotPositive(Invalid):
    code = "not_positive"
    message = "1円以上の金額を入れてください。"


DISPUTE = "adjustment"
OWN_FEES = ("stripe_fee", "tax_fee")
"""What Stripe takes apart from any payment: its monthly charges, and the tax on its fees."""
_AGAINST = {
    "charge": Account.COLLECTED,
    "payment": Account.COLLECTED,  # Stripe's name for a charge that was not by card, such as konbini
    "refund": Account.REFUNDS,
    "payment_refund": Account.REFUNDS,
    "refund_failure": Account.REFUNDS,
    "payment_failure_refund": Account.REFUNDS,
    DISPUTE: Account.DISPUTES,
    "payout": Account.BANK,
    "payout_failure": Account.BANK,
    "payout_cancel": Account.BANK,
    **dict.fromkeys(OWN_FEES, Account.FEES),
}
"""https://docs.stripe.com/reports/balance-transaction-types"""


_OF_DEPOSITS = {"charge", "payment", "refund", "payment_refund", "refund_failure", "payment_failure_refund"}


OF_PAYERS = _OF_DEPOSITS | {DISPUTE}
"""Kinds that have a payer behind them."""


def stripe_lines(kind: str, gross: int, fee: int, purpose: str = "payment", *, known: bool = True) -> Lines:
    """A line of Stripe's balance: `gross` yen came in (negative: went out), Stripe took `fee` (negative: gave back).

    What comes and goes with the purpose "deposit" is no revenue. A kind that we do not know, and a payer that is none
    of ours (not `known`), are booked against OTHER, so that the book still equals Stripe's and somebody sees it.
    """
    against = _AGAINST.get(kind, Account.OTHER)
    if purpose == "deposit" and kind in _OF_DEPOSITS:
        against = Account.DEPOSITS
    if not known and kind in OF_PAYERS:
        against = Account.OTHER
    lines = [(Account.STRIPE, gross), (against, -gross)]
    lines += [(Account.FEES, fee), (Account.STRIPE, -fee)]
    return [(account, yen) for account, yen in lines if yen]


def dispute_lines(gross: int, fee: int, custody: int) -> Lines:
    """The same of a deposit that its payer's bank disputes: `custody` of the `gross` yen were in custody, or are again,
    and the rest had become the town's before."""
    lines = [(Account.STRIPE, gross), (Account.DEPOSITS, -custody), (Account.DISPUTES, custody - gross)]
    lines += [(Account.FEES, fee), (Account.STRIPE, -fee)]
    return [(account, yen) for account, yen in lines if yen]


def bank_refund_lines(yen: int, purpose: str) -> Lines:
    """`yen` that Stripe could not give back went out of the town's own bank."""
    return [(Account.DEPOSITS if purpose == "deposit" else Account.REFUNDS, yen), (Account.BANK, -yen)]


STEPS = {
    "recognise": (Account.COLLECTED, Account.REVENUE),
    "set_aside": (Account.REVENUE, Account.SET_ASIDE),
    "pay_in": (Account.SET_ASIDE, Account.FUND),
    "spend": (Account.SPENT, Account.BANK),
}
"""The way of the money through the town's book: 収納 → 歳入 → 積立 → 基金, and out of the bank where it is spent."""

STANDING = {name: (Account.FUND, Account.SPENT) if name == "spend" else (way[0],) for name, way in STEPS.items()}
"""On which accounts that must stand which a step moves. What was spent stays visible beside what was paid in."""


def step_lines(step: str, yen: int, there: int) -> Lines:
    """`yen` goes one step on; `there` is what stands on the step before it. NotPositive, NotEnough."""
    if yen <= 0:
        raise NotPositive(field="yen")
    if yen > there:
        raise NotEnough
    source, target = STEPS[step]
    return [(source, yen), (target, -yen)]


def undo_lines(step: str, yen: int, there: int) -> Lines:
    """`yen` goes one step back; `there` is what has not gone further. NotEnough."""
    if yen > there:
        raise NotEnough
    source, target = STEPS[step]
    return [(target, yen), (source, -yen)]


def sums_to_zero(lines: Lines) -> bool:
    return bool(lines) and sum(yen for _, yen in lines) == 0
