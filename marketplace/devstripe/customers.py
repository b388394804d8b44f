"""Customers and their payment methods; products and prices as far as a line item needs them."""

from typing import Any

import stripe
from stripe.params import (
    CustomerCreateParams,
    CustomerListParams,
    CustomerUpdateParams,
    PaymentMethodAttachParams,
    PaymentMethodCreateParams,
    PaymentMethodDetachParams,
    PaymentMethodListParams,
    PriceCreateParams,
    ProductCreateParams,
)

from marketplace.devstripe import cards
from marketplace.devstripe.cards import Card, Manner
from marketplace.devstripe.events import emit
from marketplace.devstripe.objects import Thing
from marketplace.devstripe.refusals import declined, invalid, unknown
from marketplace.devstripe.routes import endpoint
from marketplace.devstripe.world import World

_CUSTOMER_KEYS = ("email", "name", "phone", "description", "metadata", "preferred_locales", "address")


def _chosen(given: Thing, keys: tuple[str, ...]) -> Thing:
    return {key: given[key] for key in keys if given.get(key) is not None}


@endpoint("POST", "/v1/customers", CustomerCreateParams)
def create_customer(world: World, given: Thing) -> Thing:
    blank_lists: Thing = {"metadata": {}, "preferred_locales": [], "balance": 0, "delinquent": False}
    customer = world.new(stripe.Customer, "cus_", **{**blank_lists, **_chosen(given, _CUSTOMER_KEYS)})
    emit(world, "customer.created", customer)
    return customer


@endpoint("GET", "/v1/customers", CustomerListParams)
def list_customers(world: World, given: Thing) -> Thing:
    return world.store.page("customer", given, "/v1/customers", ("email",))


@endpoint("GET", "/v1/customers/<id>")
def get_customer(world: World, given: Thing, key: str) -> Thing:
    return world.get(key, "customer")


@endpoint("POST", "/v1/customers/<id>", CustomerUpdateParams)
def update_customer(world: World, given: Thing, key: str) -> Thing:
    customer = world.get(key, "customer")
    customer.update(_chosen(given, _CUSTOMER_KEYS))
    emit(world, "customer.updated", customer)
    return customer


@endpoint("DELETE", "/v1/customers/<id>")
def delete_customer(world: World, given: Thing, key: str) -> Thing:
    """Their cards are detached."""
    customer = world.get(key, "customer")
    for one in world.store.every("payment_method", "json_extract(body, '$.customer') = ?", key):
        _detach(world, one)
    emit(world, "customer.deleted", customer)
    world.store.remove(key)
    return {"id": key, "object": "customer", "deleted": True}


@endpoint("POST", "/v1/products", ProductCreateParams)
def create_product(world: World, given: Thing) -> Thing:
    return world.new(
        stripe.Product, "prod_", name=given["name"], active=True, metadata=given.get("metadata") or {}, type="service"
    )


@endpoint("GET", "/v1/products/<id>")
def get_product(world: World, given: Thing, key: str) -> Thing:
    return world.get(key, "product")


@endpoint("POST", "/v1/prices", PriceCreateParams)
def create_price(world: World, given: Thing) -> Thing:
    world.get(given["product"], "product", "product")
    fields = _chosen(given, ("product", "currency", "unit_amount"))
    return world.new(stripe.Price, "price_", **fields, active=True, type="one_time", metadata={})


@endpoint("GET", "/v1/prices/<id>")
def get_price(world: World, given: Thing, key: str) -> Thing:
    return world.get(key, "price")


# --- payment methods -------------------------------------------------------------------------------------------------


def with_card(world: World, card: Card, **fields: Any) -> Thing:
    """A new payment method for `card`."""
    face = {
        "brand": card.brand,
        "last4": card.number[-4:],
        "exp_month": 12,
        "exp_year": 2034,
        "country": "JP",
        "funding": "credit",
        "fingerprint": card.number[::-1],
    }
    return world.new(
        stripe.PaymentMethod,
        "pm_",
        type="card",
        card=face,
        metadata={},
        billing_details={"address": None, "email": None, "name": None, "phone": None},
        _manner=card.manner,
        **fields,
    )


def with_konbini(world: World) -> Thing:
    return world.new(stripe.PaymentMethod, "pm_", type="konbini", konbini={}, metadata={}, _manner=Manner.GOOD)


def method(world: World, reference: str) -> Thing:
    """The payment method of that id; a new one for a test token like "pm_card_visa"."""
    found = world.store.find(reference)
    if found is not None and found["object"] == "payment_method":
        if found.get("_gone"):
            raise invalid("The provided PaymentMethod was detached from a Customer. It may not be used again.")
        return found
    card = cards.by_token(reference)
    if card is None:
        raise unknown("PaymentMethod", reference, "payment_method")
    return with_card(world, card)


@endpoint("POST", "/v1/payment_methods", PaymentMethodCreateParams)
def create_method(world: World, given: Thing) -> Thing:
    if given.get("type") == "konbini":
        return with_konbini(world)
    if given.get("type") != "card":
        raise invalid("This server knows the types card and konbini.", "parameter_invalid", param="type")
    face = given.get("card") or {}
    card = (
        cards.by_token("pm_card_visa") if face.get("token") == "tok_visa" else cards.by_number(face.get("number", ""))
    )
    if card is None:
        raise declined("Your card number is incorrect.", "incorrect_number", param="number")
    return with_card(world, card)


@endpoint("GET", "/v1/payment_methods", PaymentMethodListParams)
def list_methods(world: World, given: Thing) -> Thing:
    return world.store.page("payment_method", given, "/v1/payment_methods", ("customer", "type"))


@endpoint("GET", "/v1/payment_methods/<id>")
def get_method(world: World, given: Thing, key: str) -> Thing:
    return world.get(key, "payment_method")


@endpoint("POST", "/v1/payment_methods/<id>/attach", PaymentMethodAttachParams)
def attach(world: World, given: Thing, key: str) -> Thing:
    world.get(given["customer"], "customer", "customer")
    one = method(world, key)
    if one["_manner"] in (Manner.DECLINED, Manner.NO_FUNDS):
        raise declined("Your card was declined.", "card_declined", str(one["_manner"]))
    one["customer"] = given["customer"]
    emit(world, "payment_method.attached", one)
    return one


@endpoint("POST", "/v1/payment_methods/<id>/detach", PaymentMethodDetachParams)
def detach(world: World, given: Thing, key: str) -> Thing:
    one = world.get(key, "payment_method")
    if one["customer"] is None:
        raise invalid("The payment method you provided is not attached to a customer so detachment is impossible.")
    _detach(world, one)
    return one


def _detach(world: World, one: Thing) -> None:
    one.update(customer=None, _gone=True)
    emit(world, "payment_method.detached", one)
