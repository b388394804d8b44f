"""Charges and what they do to the balance: balance transactions, fees, payouts."""

from typing import Any

import stripe
from stripe.params import BalanceTransactionListParams, ChargeListParams, PayoutListParams

from marketplace.devstripe import cards
from marketplace.devstripe.events import emit
from marketplace.devstripe.objects import Thing
from marketplace.devstripe.refusals import invalid
from marketplace.devstripe.routes import endpoint
from marketplace.devstripe.world import World

DAY = 86_400
FEE_PER_MILLE = 36  # 3.6 %, Stripe's list price for domestic cards in Japan
DAYS_PENDING = 4


def fee_yen(yen: int) -> int:
    return (yen * FEE_PER_MILLE + 500) // 1000


def book(world: World, kind: str, yen: int, fee: int, source: str | None) -> Thing:
    """A balance transaction: `yen` in (or out, when negative), of which Stripe keeps `fee`."""
    detail = {"amount": fee, "application": None, "currency": "jpy", "description": "Stripe processing fees"}
    due = world.now() + DAYS_PENDING * DAY
    return world.new(
        stripe.BalanceTransaction,
        "txn_",
        amount=yen,
        available_on=due,
        balance_type="payments",
        currency="jpy",
        fee=fee,
        fee_details=[{**detail, "type": "stripe_fee"}] if fee else [],
        net=yen - fee,
        reporting_category={"adjustment": "dispute", "refund_failure": "refund"}.get(kind, kind),
        source=source,
        status="pending",
        type=kind,
        _due=due,
    )


def charge(world: World, intent: Thing, method: Thing, authenticated: bool) -> Thing:
    """An authorised, not yet captured charge of the whole of `intent`."""
    how: Thing = {"type": method["type"], method["type"]: {}}
    if method["type"] == "card":
        face = method["card"]
        how["card"] = {key: face[key] for key in ("brand", "last4", "country", "funding", "exp_month", "exp_year")}
        result = {"authentication_flow": "challenge", "result": "authenticated", "version": "2.2.0"}
        how["card"]["three_d_secure"] = result if authenticated else None
        if intent["capture_method"] == "manual":
            how["card"]["capture_before"] = world.now() + cards.days_held(face["brand"]) * DAY
    one = world.new(
        stripe.Charge,
        "ch_",
        amount=intent["amount"],
        amount_captured=0,
        amount_refunded=0,
        billing_details={"address": None, "email": intent["receipt_email"], "name": None, "phone": None},
        captured=False,
        currency="jpy",
        customer=intent["customer"],
        description=intent["description"],
        disputed=False,
        metadata=dict(intent["metadata"]),
        outcome={"type": "authorized", "network_status": "approved_by_network", "risk_level": "normal"},
        paid=True,
        payment_intent=intent["id"],
        payment_method=method["id"],
        payment_method_details=how,
        refunded=False,
        status="succeeded",
        _manner=method["_manner"],
    )
    intent["latest_charge"] = one["id"]
    return one


def capture(world: World, intent: Thing, one: Thing, yen: int) -> None:
    one.update(captured=True, amount_captured=yen, amount_refunded=one["amount"] - yen)  # the rest goes back at once
    one["balance_transaction"] = book(world, "charge", yen, fee_yen(yen), one["id"])["id"]
    intent.update(amount_received=yen, amount_capturable=0, status="succeeded", next_action=None, _due=None)


def pay_out(world: World, short: int = 0, *, automatic: bool = True) -> Thing:
    """The bank transfer of everything that no payout has carried yet; `short` yen less, to see who notices. Of one that
    somebody made by hand nobody is told what it carried: https://docs.stripe.com/payouts/reconciliation"""
    open_ones = world.store.every("balance_transaction", "json_extract(body, '$._payout') IS NULL")
    yen = sum(one["net"] for one in open_ones) - short
    payout = world.new(
        stripe.Payout,
        "po_",
        amount=yen,
        arrival_date=world.now(),
        automatic=automatic,
        currency="jpy",
        metadata={},
        method="standard",
        reconciliation_status="completed" if automatic else "not_applicable",
        source_type="card",
        status="paid",
        type="bank_account",
    )
    own = book(world, "payout", -yen, 0, payout["id"])
    payout["balance_transaction"] = own["id"]
    for one in (*open_ones, own):
        one.update(status="available", _due=None, _payout=payout["id"])
    emit(world, "payout.created", payout)
    emit(world, "payout.paid", payout)
    if automatic:
        emit(world, "payout.reconciliation_completed", payout)
    return payout


def fail_payout(world: World, payout: Thing) -> None:
    """https://docs.stripe.com/payouts#payout-failures"""
    if payout["status"] == "failed":
        raise invalid("This payout has failed already.")
    payout.update(status="failed", failure_code="account_closed", failure_message="The bank account has been closed.")
    payout["failure_balance_transaction"] = book(world, "payout_failure", payout["amount"], 0, payout["id"])["id"]
    emit(world, "payout.failed", payout)


@endpoint("GET", "/v1/charges", ChargeListParams)
def list_charges(world: World, given: Thing) -> Thing:
    return world.store.page("charge", given, "/v1/charges", ("customer", "payment_intent"))


@endpoint("GET", "/v1/charges/<id>")
def get_charge(world: World, given: Thing, key: str) -> Thing:
    return world.get(key, "charge")


@endpoint("GET", "/v1/balance_transactions", BalanceTransactionListParams)
def list_transactions(world: World, given: Thing) -> Thing:
    payout_id = given.get("payout")
    if payout_id and not world.get(payout_id, "payout")["automatic"]:
        raise invalid("Balance transaction history can only be filtered on automatic transfers, not manual.")
    hidden: dict[str, Any] = {**given, "_payout": payout_id}
    return world.store.page(
        "balance_transaction", hidden, "/v1/balance_transactions", ("type", "source", "currency", "_payout")
    )


@endpoint("GET", "/v1/balance_transactions/<id>")
def get_transaction(world: World, given: Thing, key: str) -> Thing:
    return world.get(key, "balance_transaction")


@endpoint("GET", "/v1/balance")
def balance(world: World, given: Thing) -> Thing:
    sums = {"available": 0, "pending": 0}
    for one in world.store.every("balance_transaction"):
        sums[one["status"]] += one["net"]
    parts = {k: [{"amount": v, "currency": "jpy", "source_types": {"card": v}}] for k, v in sums.items()}
    return {"object": "balance", "livemode": False, **parts}


@endpoint("GET", "/v1/payouts", PayoutListParams)
def list_payouts(world: World, given: Thing) -> Thing:
    return world.store.page("payout", given, "/v1/payouts", ("status",))


@endpoint("GET", "/v1/payouts/<id>")
def get_payout(world: World, given: Thing, key: str) -> Thing:
    return world.get(key, "payout")
