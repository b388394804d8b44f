"""Payment intents: one attempt after another to get one amount. https://docs.stripe.com/payments/paymentintents/lifecycle"""

from typing import Any

import stripe
from stripe.params import (
    PaymentIntentCancelParams,
    PaymentIntentCaptureParams,
    PaymentIntentConfirmParams,
    PaymentIntentCreateParams,
    PaymentIntentListParams,
    PaymentIntentUpdateParams,
)

from marketplace.devstripe import disputes, money
from marketplace.devstripe.cards import CARD_YEN, Manner
from marketplace.devstripe.customers import method
from marketplace.devstripe.events import emit
from marketplace.devstripe.konbini import promise_at_the_store
from marketplace.devstripe.objects import Thing, new_id, public
from marketplace.devstripe.refusals import Refusal, declined, invalid
from marketplace.devstripe.routes import endpoint
from marketplace.devstripe.world import World

_WORDS = {
    "generic_decline": "Your card was declined.",
    "insufficient_funds": "Your card has insufficient funds.",
    "authentication_required": "This transaction requires authentication.",
}


def check_amount(yen: int, currency: str, param: str = "amount") -> None:
    if currency != "jpy":
        raise invalid(f"This server knows yen only, not {currency}.", "parameter_invalid", param="currency")
    if yen < CARD_YEN.start:
        raise invalid("Amount must be at least ¥50 jpy", "amount_too_small", param=param)
    if yen >= CARD_YEN.stop:
        raise invalid("Amount must be no more than ¥99,999,999", "amount_too_large", param=param)


def begin(world: World, yen: int, types: list[str], **fields: Any) -> Thing:
    """A payment intent without a payment method; `types` like ["card", "konbini"]."""
    intent = world.new(
        stripe.PaymentIntent,
        "pi_",
        amount=yen,
        amount_capturable=0,
        amount_received=0,
        capture_method=fields.pop("capture_method", None) or "automatic_async",
        confirmation_method="automatic",
        currency="jpy",
        metadata=fields.pop("metadata", None) or {},
        payment_method_types=types,
        status="requires_payment_method",
        **fields,
    )
    intent["client_secret"] = new_id(f"{intent['id']}_secret_")
    emit(world, "payment_intent.created", intent)
    return intent


def confirm(world: World, intent: Thing, *, off_session: bool = False, authenticated: bool = False) -> None:
    """Try the payment method of `intent`. Raises `declined`; else it has succeeded, is held, or waits for the payer."""
    one = world.get(intent["payment_method"], "payment_method", "payment_method")
    manner = one["_manner"]
    if manner in (Manner.DECLINED, Manner.DECLINED_LATER, Manner.NO_FUNDS):
        reason = "insufficient_funds" if manner == Manner.NO_FUNDS else "generic_decline"
        raise failed(world, intent, "card_declined", reason)
    asks = manner == Manner.ASKS_ALWAYS or (manner == Manner.ASKS_ONCE and not one.get("_saved"))
    if asks and not authenticated:
        if off_session:
            raise failed(world, intent, "authentication_required", "authentication_required")
        step = {"url": f"{world.base_url}/c/3ds/{intent['id']}", "return_url": intent.get("_return_url")}
        intent.update(status="requires_action", next_action={"type": "redirect_to_url", "redirect_to_url": step})
        emit(world, "payment_intent.requires_action", intent)
    elif one["type"] == "konbini":
        promise_at_the_store(world, intent)
    else:
        _take(world, intent, one, authenticated)


def _take(world: World, intent: Thing, one: Thing, authenticated: bool) -> None:
    intent.update(next_action=None, last_payment_error=None)
    charge = money.charge(world, intent, one, authenticated)
    if intent["capture_method"] == "manual":
        hold_ends = charge["payment_method_details"]["card"]["capture_before"]
        intent.update(status="requires_capture", amount_capturable=intent["amount"], _due=hold_ends)
        emit(world, "charge.succeeded", charge)
        emit(world, "payment_intent.amount_capturable_updated", intent)
        return
    money.capture(world, intent, charge, intent["amount"])
    emit(world, "payment_intent.succeeded", intent)
    emit(world, "charge.succeeded", charge)
    if intent["setup_future_usage"] and intent["customer"]:
        one.update(customer=intent["customer"], _saved=True)
    if charge["_manner"] == Manner.DISPUTED:
        disputes.open_dispute(world, charge, "fraudulent")


def failed(world: World, intent: Thing, code: str, reason: str) -> Refusal:
    """The attempt has failed; the payer may try again with another card. → the refusal to raise"""
    error = {"type": "card_error", "code": code, "decline_code": reason, "message": _WORDS[reason]}
    tried = world.store.find(intent["payment_method"])
    intent.update(
        status="requires_payment_method",
        last_payment_error={**error, "payment_method": public(tried)},
        payment_method=None,
        next_action=None,
    )
    emit(world, "payment_intent.payment_failed", intent)
    return declined(_WORDS[reason], code, reason, payment_intent=public(intent))


def cancel(world: World, intent: Thing, reason: str | None) -> None:
    intent.update(
        status="canceled",
        canceled_at=world.now(),
        cancellation_reason=reason,
        amount_capturable=0,
        next_action=None,
        _due=None,
    )
    if intent["latest_charge"]:
        charge = world.get(intent["latest_charge"], "charge")
        charge.update(refunded=True, amount_refunded=charge["amount"])
        emit(world, "charge.expired" if reason == "automatic" else "charge.refunded", charge)
    emit(world, "payment_intent.canceled", intent)


@endpoint("POST", "/v1/payment_intents", PaymentIntentCreateParams)
def create(world: World, given: Thing) -> Thing:
    check_amount(given["amount"], given["currency"])
    if given.get("customer"):
        world.get(given["customer"], "customer", "customer")
    one = method(world, given["payment_method"]) if given.get("payment_method") else None
    if one is not None and one["customer"] not in (None, given.get("customer")):
        raise invalid("The PaymentMethod supplied belongs to another Customer.", param="payment_method")
    keys = ("customer", "description", "receipt_email", "setup_future_usage", "capture_method", "metadata")
    types = given.get("allowed_payment_method_types") or ["card"]
    intent = begin(world, given["amount"], list(types), **{key: given.get(key) for key in keys})
    intent["_return_url"] = given.get("return_url")
    if one is not None:
        intent.update(payment_method=one["id"], status="requires_confirmation")
    if given.get("confirm"):
        _confirm_given(world, intent, given)
    return intent


def _confirm_given(world: World, intent: Thing, given: Thing) -> None:
    if not intent["payment_method"]:
        raise invalid("You must provide a payment method to confirm.", "payment_intent_unexpected_state")
    confirm(world, intent, off_session=given.get("off_session") in (True, "true", "one_off", "recurring"))


@endpoint("GET", "/v1/payment_intents", PaymentIntentListParams)
def list_intents(world: World, given: Thing) -> Thing:
    return world.store.page("payment_intent", given, "/v1/payment_intents", ("customer",))


@endpoint("GET", "/v1/payment_intents/<id>")
def retrieve(world: World, given: Thing, key: str) -> Thing:
    return world.get(key, "payment_intent")


@endpoint("POST", "/v1/payment_intents/<id>", PaymentIntentUpdateParams)
def update(world: World, given: Thing, key: str) -> Thing:
    intent = world.get(key, "payment_intent")
    intent["metadata"].update(given.get("metadata") or {})
    intent.update({name: given[name] for name in ("description", "receipt_email") if name in given})
    return intent


@endpoint("POST", "/v1/payment_intents/<id>/confirm", PaymentIntentConfirmParams)
def confirm_intent(world: World, given: Thing, key: str) -> Thing:
    intent = _in_state(world.get(key, "payment_intent"), "confirm", "requires_payment_method", "requires_confirmation")
    if given.get("payment_method"):
        intent["payment_method"] = method(world, given["payment_method"])["id"]
    _confirm_given(world, intent, given)
    return intent


@endpoint("POST", "/v1/payment_intents/<id>/capture", PaymentIntentCaptureParams)
def capture_intent(world: World, given: Thing, key: str) -> Thing:
    intent = _in_state(world.get(key, "payment_intent"), "capture", "requires_capture")
    yen = given.get("amount_to_capture") or intent["amount_capturable"]
    if yen > intent["amount_capturable"]:
        raise invalid("The amount to capture is greater than the amount held.", "amount_too_large", param="amount")
    charge = world.get(intent["latest_charge"], "charge")
    money.capture(world, intent, charge, yen)
    emit(world, "charge.captured", charge)
    emit(world, "payment_intent.succeeded", intent)
    return intent


@endpoint("POST", "/v1/payment_intents/<id>/cancel", PaymentIntentCancelParams)
def cancel_intent(world: World, given: Thing, key: str) -> Thing:
    open_states = ("requires_payment_method", "requires_confirmation", "requires_action", "requires_capture")
    intent = _in_state(world.get(key, "payment_intent"), "cancel", *open_states, "processing")
    cancel(world, intent, given.get("cancellation_reason"))
    return intent


def _in_state(intent: Thing, what: str, *states: str) -> Thing:
    if intent["status"] not in states:
        raise invalid(
            f"This PaymentIntent could not be {what}ed because it has a status of {intent['status']}.",
            "payment_intent_unexpected_state",
            payment_intent=public(intent),
        )
    return intent
