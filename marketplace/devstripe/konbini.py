"""Paying at a convenience store: a number now, the money within some days, or never. https://docs.stripe.com/payments/konbini"""

import secrets
from datetime import UTC, datetime, timedelta, timezone

from marketplace.devstripe import money
from marketplace.devstripe.events import emit
from marketplace.devstripe.objects import Thing
from marketplace.devstripe.refusals import invalid
from marketplace.devstripe.world import World

_JST = timezone(timedelta(hours=9))


def promise_at_the_store(world: World, intent: Thing) -> None:
    """The payer has a number to pay with until the last second of the last day, Japan time."""
    days = intent.get("_konbini_days") or 3
    last = datetime.fromtimestamp(world.now(), UTC).astimezone(_JST) + timedelta(days=days)
    ends = int(last.replace(hour=23, minute=59, second=59, microsecond=0).timestamp())
    details = {
        "expires_at": ends,
        "hosted_voucher_url": f"{world.base_url}/c/konbini/{intent['id']}",
        "stores": {"familymart": {"confirmation_number": f"{secrets.randbelow(10**11):011}", "payment_code": "123456"}},
    }
    intent.update(
        status="requires_action",
        next_action={"type": "konbini_display_details", "konbini_display_details": details},
        _due=ends,
    )
    emit(world, "payment_intent.requires_action", intent)


def pay_at_the_store(world: World, intent: Thing) -> None:
    """The payer has put the money on the counter."""
    if intent["status"] != "requires_action" or intent["next_action"]["type"] != "konbini_display_details":
        raise invalid("Nothing waits to be paid at a convenience store.", "payment_intent_unexpected_state")
    charge = money.charge(world, intent, world.get(intent["payment_method"]), authenticated=False)
    money.capture(world, intent, charge, intent["amount"])
    emit(world, "payment_intent.succeeded", intent)
    emit(world, "charge.succeeded", charge)
    for session in _sessions(world, intent):
        session["payment_status"] = "paid"
        emit(world, "checkout.session.async_payment_succeeded", session)


def let_lapse(world: World, intent: Thing) -> None:
    """Nobody came to pay."""
    error = {"type": "invalid_request_error", "code": "payment_intent_payment_attempt_expired", "message": "Expired."}
    intent.update(
        status="requires_payment_method", next_action=None, payment_method=None, last_payment_error=error, _due=None
    )
    emit(world, "payment_intent.payment_failed", intent)
    for session in _sessions(world, intent):
        emit(world, "checkout.session.async_payment_failed", session)


def _sessions(world: World, intent: Thing) -> list[Thing]:
    return world.store.every("checkout.session", "json_extract(body, '$.payment_intent') = ?", intent["id"])
