"""Giving money back. https://docs.stripe.com/refunds"""

import stripe
from stripe.params import RefundCreateParams, RefundListParams, RefundUpdateParams

from marketplace.devstripe import money
from marketplace.devstripe.cards import Manner
from marketplace.devstripe.events import emit
from marketplace.devstripe.objects import Thing
from marketplace.devstripe.refusals import invalid
from marketplace.devstripe.routes import endpoint
from marketplace.devstripe.world import World


@endpoint("POST", "/v1/refunds", RefundCreateParams)
def create(world: World, given: Thing) -> Thing:
    """The whole rest when no amount is given. Stripe keeps its fee of the charge."""
    charge = _charge(world, given)
    if not charge["captured"]:
        raise invalid("This charge is not captured: cancel its PaymentIntent instead.", "charge_not_captured")
    if charge["disputed"]:
        raise invalid(f"Charge {charge['id']} has been charged back; cannot issue a refund.", "charge_disputed")
    left = charge["amount"] - charge["amount_refunded"]
    yen = given.get("amount") or left
    if left == 0:
        raise invalid(f"Charge {charge['id']} has already been refunded.", "charge_already_refunded")
    if yen > left:
        message = f"Refund amount (¥{yen}) is greater than unrefunded amount on charge (¥{left})"
        raise invalid(message, "amount_too_large", param="amount")
    refund = world.new(
        stripe.Refund,
        "re_",
        amount=yen,
        charge=charge["id"],
        currency="jpy",
        customer=charge["customer"],
        metadata=given.get("metadata") or {},
        payment_intent=charge["payment_intent"],
        reason=given.get("reason"),
        status="pending" if charge["_manner"] == Manner.REFUND_PENDS else "succeeded",
        _due=world.now() + money.DAY if charge["_manner"] == Manner.REFUND_PENDS else None,
        destination_details={"type": charge["payment_method_details"]["type"]},
    )
    refund["balance_transaction"] = money.book(world, "refund", -yen, 0, refund["id"])["id"]
    charge["amount_refunded"] += yen
    charge["refunded"] = charge["amount_refunded"] == charge["amount"]
    emit(world, "refund.created", refund)
    emit(world, "charge.refunded", charge)
    if charge["_manner"] == Manner.REFUND_FAILS:
        bounce(world, refund, charge)
    return refund


def let_succeed(world: World, refund: Thing) -> None:
    """One that was pending has reached its payer."""
    refund.update(status="succeeded", _due=None)
    emit(world, "refund.updated", refund)


def _charge(world: World, given: Thing) -> Thing:
    if given.get("payment_intent"):
        intent = world.get(given["payment_intent"], "payment_intent", "payment_intent")
        if not intent["latest_charge"]:
            raise invalid(f"This PaymentIntent ({intent['id']}) does not have a successful charge to refund.")
        return world.get(intent["latest_charge"], "charge")
    if given.get("charge"):
        return world.get(given["charge"], "charge", "charge")
    raise invalid("One of charge or payment_intent is required.", "parameter_missing", param="payment_intent")


def bounce(world: World, refund: Thing, charge: Thing) -> None:
    """The payer's bank does not take it: the money is back in our balance."""
    refund.update(status="failed", failure_reason="expired_or_canceled_card")
    back = money.book(world, "refund_failure", refund["amount"], 0, refund["id"])
    refund["failure_balance_transaction"] = back["id"]
    charge["amount_refunded"] -= refund["amount"]
    charge["refunded"] = False
    emit(world, "refund.failed", refund)


@endpoint("GET", "/v1/refunds", RefundListParams)
def list_refunds(world: World, given: Thing) -> Thing:
    return world.store.page("refund", given, "/v1/refunds", ("charge", "payment_intent"))


@endpoint("GET", "/v1/refunds/<id>")
def retrieve(world: World, given: Thing, key: str) -> Thing:
    return world.get(key, "refund")


@endpoint("POST", "/v1/refunds/<id>", RefundUpdateParams)
def update(world: World, given: Thing, key: str) -> Thing:
    refund = world.get(key, "refund")
    refund["metadata"].update(given.get("metadata") or {})
    emit(world, "refund.updated", refund)
    return refund
