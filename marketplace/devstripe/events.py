"""Events: a snapshot of what changed, kept to be listed, and put in the mailbag of every endpoint that wants it."""

import json
import time
from urllib.parse import urlsplit

import stripe
from stripe.params import (
    EventListParams,
    EventRetrieveParams,
    WebhookEndpointCreateParams,
    WebhookEndpointListParams,
    WebhookEndpointUpdateParams,
)

from marketplace.devstripe.objects import Thing, new_id, public
from marketplace.devstripe.refusals import invalid
from marketplace.devstripe.routes import endpoint
from marketplace.devstripe.world import World


def emit(world: World, kind: str, thing: Thing) -> None:
    """Something happened to `thing`: `kind` is Stripe's name for it, like "refund.created"."""
    endpoints = [e for e in world.store.every("webhook_endpoint") if _wants(e, kind)]
    event = world.new(
        stripe.Event,
        "evt_",
        type=kind,
        api_version=stripe.api_version,
        data={"object": public(thing)},
        pending_webhooks=len(endpoints),
        request={"id": world.request_id, "idempotency_key": world.idempotency_key},
    )
    world.count("events")
    for one in endpoints:
        if world.dice.random() < world.faults.drop:
            world.count("dropped")
            continue
        for _ in range(2 if world.dice.random() < world.faults.duplicate else 1):
            due = time.time() + world.dice.random() * world.faults.delay
            world.store.sql("INSERT INTO delivery (endpoint, event, due) VALUES (?, ?, ?)", one["id"], event["id"], due)


def _wants(one: Thing, kind: str) -> bool:
    return one["status"] == "enabled" and ("*" in one["enabled_events"] or kind in one["enabled_events"])


def register(world: World, url: str, secret: str, wanted: list[str]) -> Thing:
    """An endpoint for `url`; the one that is there already keeps its id. Nothing leaves this machine."""
    _check_address(url)
    for one in world.store.every("webhook_endpoint", "json_extract(body, '$.url') = ?", url):
        one.update(_secret=secret, enabled_events=wanted, status="enabled")
        return one
    return world.new(
        stripe.WebhookEndpoint, "we_", url=url, enabled_events=wanted, status="enabled", _secret=secret, secret=None
    )


def _check_address(url: str) -> None:
    parts = urlsplit(url)
    if parts.scheme != "http" or parts.hostname not in ("127.0.0.1", "localhost"):
        raise invalid("Invalid URL: this server only calls 127.0.0.1", "url_invalid", param="url")


KEPT_S = 30 * 24 * 60 * 60
"""https://docs.stripe.com/api/events/list"""


@endpoint("GET", "/v1/events", EventListParams)
def list_events(world: World, given: Thing) -> Thing:
    where = "created >= ?"
    values: list[int | str] = [world.now() - KEPT_S]
    if given.get("types"):
        where += " AND json_extract(body, '$.type') IN (SELECT value FROM json_each(?))"
        values.append(json.dumps(given["types"]))
    if given.get("delivery_success") is not None:
        where += f" AND json_extract(body, '$.pending_webhooks') {'=' if given['delivery_success'] else '>'} 0"
    return world.store.page("event", given, "/v1/events", ("type",), where, *values)


@endpoint("GET", "/v1/events/<id>", EventRetrieveParams)
def get_event(world: World, given: Thing, key: str) -> Thing:
    return world.get(key, "event")


@endpoint("POST", "/v1/webhook_endpoints", WebhookEndpointCreateParams)
def create_endpoint(world: World, given: Thing) -> Thing:
    secret = new_id("whsec_", 32)
    one = register(world, given["url"], secret, list(given["enabled_events"]))
    one.update(api_version=given.get("api_version"), description=given.get("description"))
    return {**one, "secret": secret}  # shown once, at its creation


@endpoint("GET", "/v1/webhook_endpoints", WebhookEndpointListParams)
def list_endpoints(world: World, given: Thing) -> Thing:
    return world.store.page("webhook_endpoint", given, "/v1/webhook_endpoints")


@endpoint("GET", "/v1/webhook_endpoints/<id>")
def get_endpoint(world: World, given: Thing, key: str) -> Thing:
    return world.get(key, "webhook_endpoint")


@endpoint("POST", "/v1/webhook_endpoints/<id>", WebhookEndpointUpdateParams)
def update_endpoint(world: World, given: Thing, key: str) -> Thing:
    one = world.get(key, "webhook_endpoint")
    if "url" in given:
        _check_address(given["url"])
    if "disabled" in given:
        one["status"] = "disabled" if given["disabled"] else "enabled"
    one.update({name: given[name] for name in ("url", "enabled_events", "description") if name in given})
    return one


@endpoint("DELETE", "/v1/webhook_endpoints/<id>")
def delete_endpoint(world: World, given: Thing, key: str) -> Thing:
    world.get(key, "webhook_endpoint")
    world.store.remove(key)
    return {"id": key, "object": "webhook_endpoint", "deleted": True}
