"""Setup intents: saving a card for a later payment. https://docs.stripe.com/payments/save-and-reuse"""

from typing import Any

import stripe
from stripe.params import (
    SetupIntentCancelParams,
    SetupIntentConfirmParams,
    SetupIntentCreateParams,
    SetupIntentListParams,
)

from marketplace.devstripe.cards import Manner
from marketplace.devstripe.customers import method
from marketplace.devstripe.events import emit
from marketplace.devstripe.objects import Thing, new_id, public
from marketplace.devstripe.refusals import declined, invalid
from marketplace.devstripe.routes import endpoint
from marketplace.devstripe.world import World


def begin(world: World, **fields: Any) -> Thing:
    setup = world.new(
        stripe.SetupIntent,
        "seti_",
        metadata=fields.pop("metadata", None) or {},
        payment_method_types=["card"],
        status="requires_payment_method",
        usage=fields.pop("usage", None) or "off_session",
        **fields,
    )
    setup["client_secret"] = new_id(f"{setup['id']}_secret_")
    emit(world, "setup_intent.created", setup)
    return setup


def confirm(world: World, setup: Thing, *, authenticated: bool = False) -> None:
    one = world.get(setup["payment_method"], "payment_method", "payment_method")
    if one["_manner"] in (Manner.DECLINED, Manner.NO_FUNDS):
        raise failed(world, setup, "card_declined", str(one["_manner"]))
    if one["_manner"] in (Manner.ASKS_ONCE, Manner.ASKS_ALWAYS) and not authenticated:
        step = {"url": f"{world.base_url}/c/3ds/{setup['id']}", "return_url": setup.get("_return_url")}
        setup.update(status="requires_action", next_action={"type": "redirect_to_url", "redirect_to_url": step})
        emit(world, "setup_intent.requires_action", setup)
        return
    setup.update(status="succeeded", next_action=None)
    one["_saved"] = True
    if setup["customer"]:
        one["customer"] = setup["customer"]
    emit(world, "setup_intent.succeeded", setup)


def failed(world: World, setup: Thing, code: str, reason: str) -> Exception:
    error = {"type": "card_error", "code": code, "decline_code": reason, "message": "Your card was declined."}
    setup.update(status="requires_payment_method", payment_method=None, next_action=None, last_setup_error=error)
    emit(world, "setup_intent.setup_failed", setup)
    return declined("Your card was declined.", code, reason, setup_intent=public(setup))


@endpoint("POST", "/v1/setup_intents", SetupIntentCreateParams)
def create(world: World, given: Thing) -> Thing:
    if given.get("customer"):
        world.get(given["customer"], "customer", "customer")
    setup = begin(world, **{key: given.get(key) for key in ("customer", "description", "metadata", "usage")})
    setup["_return_url"] = given.get("return_url")
    if given.get("payment_method"):
        setup.update(payment_method=method(world, given["payment_method"])["id"], status="requires_confirmation")
    if given.get("confirm"):
        confirm(world, setup)
    return setup


@endpoint("GET", "/v1/setup_intents", SetupIntentListParams)
def list_setups(world: World, given: Thing) -> Thing:
    return world.store.page("setup_intent", given, "/v1/setup_intents", ("customer", "payment_method"))


@endpoint("GET", "/v1/setup_intents/<id>")
def retrieve(world: World, given: Thing, key: str) -> Thing:
    return world.get(key, "setup_intent")


@endpoint("POST", "/v1/setup_intents/<id>/confirm", SetupIntentConfirmParams)
def confirm_setup(world: World, given: Thing, key: str) -> Thing:
    setup = world.get(key, "setup_intent")
    if setup["status"] not in ("requires_payment_method", "requires_confirmation"):
        raise invalid(f"This SetupIntent has a status of {setup['status']}.", "setup_intent_unexpected_state")
    if given.get("payment_method"):
        setup["payment_method"] = method(world, given["payment_method"])["id"]
    confirm(world, setup)
    return setup


@endpoint("POST", "/v1/setup_intents/<id>/cancel", SetupIntentCancelParams)
def cancel(world: World, given: Thing, key: str) -> Thing:
    setup = world.get(key, "setup_intent")
    setup.update(status="canceled", cancellation_reason=given.get("cancellation_reason"))
    emit(world, "setup_intent.canceled", setup)
    return setup
