"""Checkout Sessions: one order on Stripe's own page. https://docs.stripe.com/api/checkout/sessions"""

from typing import Any

import stripe
from stripe.params.checkout import SessionCreateParams, SessionExpireParams, SessionListParams

from marketplace.devstripe import intents, setups
from marketplace.devstripe.cards import KONBINI_YEN
from marketplace.devstripe.customers import method, with_konbini
from marketplace.devstripe.events import emit
from marketplace.devstripe.objects import Thing, new_id
from marketplace.devstripe.refusals import invalid
from marketplace.devstripe.routes import endpoint
from marketplace.devstripe.world import World

SHORTEST = 30 * 60
LONGEST = 24 * 60 * 60
_LEEWAY = 5  # seconds that a request may take to get here


@endpoint("POST", "/v1/checkout/sessions", SessionCreateParams)
def create(world: World, given: Thing) -> Thing:
    mode = given.get("mode")
    _check_session(world, given)
    lines = _lines(world, given) if mode == "payment" else []
    total = sum(line["amount_total"] for line in lines)
    if mode == "payment":
        intents.check_amount(total, "jpy", "line_items")
    intent_data = given.get("payment_intent_data") or {}
    expires_at = given.get("expires_at") or world.now() + LONGEST
    copied = ("cancel_url", "client_reference_id", "customer", "customer_email", "locale", "success_url", "submit_type")
    session = world.new(
        stripe.checkout.Session,
        "cs_test_",
        **{key: given.get(key) for key in copied},
        adaptive_pricing={"enabled": (given.get("adaptive_pricing") or {}).get("enabled", False)},
        amount_subtotal=total if mode == "payment" else None,
        amount_total=total if mode == "payment" else None,
        automatic_tax={"enabled": False, "liability": None, "provider": None, "status": None},
        currency="jpy",
        custom_text={
            key: (given.get("custom_text") or {}).get(key)
            for key in ("after_submit", "shipping_address", "submit", "terms_of_service_acceptance")
        },
        customer_details=_details(given.get("customer_email")),
        expires_at=expires_at,
        metadata=given.get("metadata") or {},
        mode=mode,
        payment_method_options=given.get("payment_method_options") or {},
        payment_method_types=_types(given, total),
        payment_status="unpaid" if mode == "payment" else "no_payment_required",
        status="open",
        ui_mode="hosted_page",
        _due=expires_at,
        _lines=lines,
        _intent_data=intent_data,
    )
    session["url"] = f"{world.base_url}/c/pay/{session['id']}"
    if mode == "setup":
        data = given.get("setup_intent_data") or {}
        setup = setups.begin(world, customer=given.get("customer"), metadata=data.get("metadata"))
        session["setup_intent"] = setup["id"]
    return session


def _check_session(world: World, given: Thing) -> None:
    if given.get("mode") not in ("payment", "setup"):
        raise invalid("Invalid mode: must be one of payment or setup here", "parameter_invalid", param="mode")
    if given.get("ui_mode", "hosted_page") != "hosted_page":
        raise invalid("This server has hosted pages only.", "parameter_invalid", param="ui_mode")
    if not given.get("success_url"):
        raise invalid("Missing required param: success_url.", "parameter_missing", param="success_url")
    expires_in = given.get("expires_at", world.now() + LONGEST) - world.now()
    if not SHORTEST - _LEEWAY <= expires_in <= LONGEST + _LEEWAY:
        raise invalid(
            "The `expires_at` timestamp must be between 30 minutes and 24 hours from Checkout Session creation.",
            "parameter_invalid",
            param="expires_at",
        )
    if given.get("customer"):
        world.get(given["customer"], "customer", "customer")


def _details(email: str | None) -> Thing | None:
    if not email:
        return None
    blank: Thing = dict.fromkeys(("address", "business_name", "individual_name", "name", "phone", "tax_exempt"))
    return {**blank, "email": email, "tax_ids": None}


def _lines(world: World, given: Thing) -> list[Thing]:
    if not given.get("line_items"):
        raise invalid("Missing required param: line_items.", "parameter_missing", param="line_items")
    lines = []
    for item in given["line_items"]:
        if item.get("price"):
            price = world.get(item["price"], "price", "line_items[0][price]")
            product = world.get(price["product"], "product")["name"]
        else:
            price = item.get("price_data") or {}
            product = (price.get("product_data") or {}).get("name")
            if product is None:
                product = world.get(price.get("product", ""), "product", "line_items[0][price_data]")["name"]
        quantity = item.get("quantity", 1)
        intents.check_amount(max(50, price["unit_amount"]), price["currency"])  # a line may be small, the sum may not
        yen = price["unit_amount"] * quantity
        line = {"id": new_id("li_"), "object": "item", "description": product, "quantity": quantity}
        sums = {"amount_discount": 0, "amount_subtotal": yen, "amount_tax": 0, "amount_total": yen, "currency": "jpy"}
        lines.append({**line, **sums, "price": price if item.get("price") else None})
    return lines


def _types(given: Thing, total: int) -> list[str]:
    """The ways to pay that this session offers: those asked for, as far as amount and mode allow them."""
    if given["mode"] == "setup":
        return ["card"]
    wanted = given.get("allowed_payment_method_types") or ["card", "konbini"]
    wanted = [one for one in wanted if one not in (given.get("excluded_payment_method_types") or [])]
    manual = (given.get("payment_intent_data") or {}).get("capture_method") == "manual"
    if total not in KONBINI_YEN or manual:
        wanted = [one for one in wanted if one != "konbini"]
    types = [one for one in wanted if one in ("card", "konbini")]
    if not types:
        raise invalid("No payment method is possible for this session.", param="allowed_payment_method_types")
    return types


# --- what the payer does on the page (pages.py) ----------------------------------------------------------------------


def pay_by_card(world: World, session: Thing, token: str) -> None:
    """Raises `declined`; afterwards the session is complete, or its intent waits for 3-D Secure."""
    if session["mode"] == "setup":
        setup = world.get(session["setup_intent"], "setup_intent")
        setup["payment_method"] = method(world, token)["id"]
        setups.confirm(world, setup)
        _complete_when_done(world, session, setup)
        return
    intent = _intent(world, session)
    intent["payment_method"] = method(world, token)["id"]
    intents.confirm(world, intent)
    _complete_when_done(world, session, intent)


def pay_by_konbini(world: World, session: Thing) -> Thing:
    """→ the intent, whose `next_action` holds the number to pay with"""
    if "konbini" not in session["payment_method_types"]:
        raise invalid("This session does not offer konbini.", "parameter_invalid", param="payment_method_type")
    intent = _intent(world, session)
    intent["_konbini_days"] = (session["payment_method_options"].get("konbini") or {}).get("expires_after_days")
    intent["payment_method"] = with_konbini(world)["id"]
    intents.confirm(world, intent)
    _complete(world, session)
    return intent


def authenticate(world: World, session: Thing, passed: bool) -> None:
    """The payer comes back from the 3-D Secure step. Raises `declined` when it was not passed."""
    if session["mode"] == "setup":
        setup = world.get(session["setup_intent"], "setup_intent")
        if not passed:
            raise setups.failed(world, setup, "setup_intent_authentication_failure", "authentication_required")
        setups.confirm(world, setup, authenticated=True)
        _complete_when_done(world, session, setup)
        return
    intent = _intent(world, session)
    if not passed:
        raise intents.failed(world, intent, "payment_intent_authentication_failure", "authentication_required")
    intents.confirm(world, intent, authenticated=True)
    _complete_when_done(world, session, intent)


def _intent(world: World, session: Thing) -> Thing:
    """The session's payment intent: made at the first attempt, kept for the next ones."""
    if session["payment_intent"]:
        return world.get(session["payment_intent"], "payment_intent")
    keys = ("capture_method", "description", "metadata", "receipt_email", "setup_future_usage")
    data = {key: session["_intent_data"].get(key) for key in keys}
    data["receipt_email"] = data["receipt_email"] or session["customer_email"]
    intent = intents.begin(
        world, session["amount_total"], session["payment_method_types"], customer=session["customer"], **data
    )
    session["payment_intent"] = intent["id"]
    return intent


def _complete_when_done(world: World, session: Thing, attempt: Thing) -> None:
    if attempt["status"] in ("succeeded", "requires_capture"):
        if session["mode"] == "payment" and attempt["status"] == "succeeded":
            session["payment_status"] = "paid"
        _complete(world, session)


def _complete(world: World, session: Thing) -> None:
    session.update(status="complete", url=None, _due=None)
    emit(world, "checkout.session.completed", session)


def let_expire(world: World, session: Thing) -> None:
    session.update(status="expired", url=None, _due=None)
    if session["payment_intent"]:
        intent = world.get(session["payment_intent"], "payment_intent")
        if intent["status"] in ("requires_payment_method", "requires_action"):
            intents.cancel(world, intent, "abandoned")
    emit(world, "checkout.session.expired", session)


# --- what the shop asks ----------------------------------------------------------------------------------------------


@endpoint("GET", "/v1/checkout/sessions", SessionListParams)
def list_sessions(world: World, given: Thing) -> Thing:
    equal = ("payment_intent", "customer", "status")
    return world.store.page("checkout.session", given, "/v1/checkout/sessions", equal)


@endpoint("GET", "/v1/checkout/sessions/<id>")
def retrieve(world: World, given: Thing, key: str) -> Thing:
    return world.get(key, "checkout.session")


@endpoint("GET", "/v1/checkout/sessions/<id>/line_items")
def line_items(world: World, given: Thing, key: str) -> Thing:
    return lines_of(world.get(key, "checkout.session"))


def lines_of(session: Thing) -> dict[str, Any]:
    path = f"/v1/checkout/sessions/{session['id']}/line_items"
    return {"object": "list", "data": session["_lines"], "has_more": False, "url": path}


@endpoint("POST", "/v1/checkout/sessions/<id>/expire", SessionExpireParams)
def expire(world: World, given: Thing, key: str) -> Thing:
    session = world.get(key, "checkout.session")
    if session["status"] != "open":
        raise invalid(
            'Only Checkout Sessions with a status in ["open"] can be expired. '
            f"This Checkout Session has a status of {session['status']}."
        )
    let_expire(world, session)
    return session
