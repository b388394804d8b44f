"""One API request from the first look at its key to the last byte of its answer."""

import base64
import binascii
import hashlib
import json
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import stripe

from marketplace.devstripe import (  # noqa: F401  importing them fills the table of routes
    customers,
    disputes,
    events,
    files,
    refunds,
    setups,
)
from marketplace.devstripe.checkout import lines_of
from marketplace.devstripe.objects import Thing, new_id, public
from marketplace.devstripe.parameters import checked, decoded
from marketplace.devstripe.passing import let_time_pass
from marketplace.devstripe.refusals import Refusal, key_in_use, key_reused, unauthorised
from marketplace.devstripe.routes import Route, find
from marketplace.devstripe.world import World

KEYS_LAST = 24 * 60 * 60  # seconds; https://docs.stripe.com/api/idempotent_requests
_in_flight: set[str] = set()
_in_flight_lock = threading.Lock()


@dataclass(frozen=True)
class Request:
    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: str


@dataclass(frozen=True)
class Answer:
    status: int
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)
    lost: bool = False  # cut the connection instead of sending it


def json_answer(status: int, thing: Thing | str, **headers: str) -> Answer:
    body = thing if isinstance(thing, str) else json.dumps(thing, ensure_ascii=False)
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer(status, body.encode(), {"Content-Type": "application/json", **named})


def error_answer(refusal: Refusal, request_id: str) -> Answer:
    return json_answer(refusal.status, {"error": refusal.error}, Request_Id=request_id)


def answer(world: World, request: Request) -> Answer:
    """Never raises a Refusal: it becomes the answer."""
    request_id = new_id("req_", 14)
    try:
        _check_key(request.headers.get("Authorization", ""))
        if world.faults.take("rate_limit_next"):
            raise Refusal(429, "invalid_request_error", "Too many requests hit the API too quickly.", "rate_limit")
        if world.faults.take("fail_next"):
            raise Refusal(500, "api_error", "An error occurred on our end.")
        found = find(request.method, request.path)
        if found is None:
            message = f"Unrecognized request URL ({request.method}: {request.path})."
            raise Refusal(404, "invalid_request_error", message)
        route, keys = found
        given = decoded(request.body if request.method == "POST" else request.query)
        idempotency_key = request.headers.get("Idempotency-Key") if request.method == "POST" else None
        if idempotency_key is None:
            result = _work(world, request, route, keys, given, None, request_id)
        else:
            with _OneAtATime(idempotency_key):
                result = _work(world, request, route, keys, given, idempotency_key, request_id)
    except Refusal as refusal:
        result = error_answer(refusal, request_id)
    with world.bell:
        world.bell.notify_all()
    lost = request.method == "POST" and world.faults.take("lose_reply_next")
    return Answer(result.status, result.body, {**result.headers, "Stripe-Version": stripe.api_version}, lost)


def _check_key(authorization: str) -> None:
    scheme, _, value = authorization.partition(" ")
    key = value.strip()
    if scheme.lower() == "basic":
        try:
            key = base64.b64decode(value).decode().partition(":")[0]
        except (binascii.Error, UnicodeDecodeError):
            key = ""
    if not key:
        raise unauthorised("You did not provide an API key.")
    if not key.startswith(("sk_test_", "rk_test_")):
        raise unauthorised("Invalid API Key provided: this server takes test keys only.")


class _OneAtATime:
    """A second request with the same key, while the first is at work, is refused rather than queued."""

    def __init__(self, key: str) -> None:
        self._key = key

    def __enter__(self) -> None:
        with _in_flight_lock:
            if self._key in _in_flight:
                raise key_in_use(self._key)
            _in_flight.add(self._key)

    def __exit__(self, *error: object) -> None:
        with _in_flight_lock:
            _in_flight.discard(self._key)


def _work(
    world: World,
    request: Request,
    route: Route,
    keys: tuple[str, ...],
    given: Thing,
    idempotency_key: str | None,
    request_id: str,
) -> Answer:
    if world.faults.slow:
        time.sleep(world.faults.slow)
    fingerprint = hashlib.sha256(f"{request.path}\n{json.dumps(given, sort_keys=True)}".encode()).hexdigest()
    with world.store.work():
        world.idempotency_key, world.request_id = idempotency_key, request_id
        let_time_pass(world)
        if idempotency_key is not None:
            replayed = _replay(world, idempotency_key, fingerprint)
            if replayed is not None:
                return replayed
        world.count("api")
        refusal = None
        try:
            status, thing = 200, _act(world, route, keys, given)
        except Refusal as error:  # what it has changed stays: a declined card leaves its traces
            refusal, status, thing = error, error.status, {"error": error.error}
        body = json.dumps(public(thing), ensure_ascii=False)
        if idempotency_key is not None and (refusal is None or refusal.kept):
            statement = (
                "INSERT OR REPLACE INTO reply (key, fingerprint, at, status, body, request) VALUES (?,?,?,?,?,?)"
            )
            world.store.sql(statement, idempotency_key, fingerprint, world.now(), status, body, request_id)
    return json_answer(status, body, Request_Id=request_id)


def _replay(world: World, key: str, fingerprint: str) -> Answer | None:
    rows = world.store.sql(
        "SELECT fingerprint, status, body, request FROM reply WHERE key = ? AND at > ?", key, world.now() - KEYS_LAST
    )
    if not rows:
        return None
    first, status, body, request_id = rows[0]
    if first != fingerprint:
        raise key_reused(key)
    world.count("replayed")
    return json_answer(status, body, Request_Id=request_id, Idempotent_Replayed="true", Idempotency_Key=key)


def _act(world: World, route: Route, keys: tuple[str, ...], given: Thing) -> Thing:
    if route.parameters is not None:
        given = checked(route.parameters, given)
    paths = given.pop("expand", [])
    return _expanded(world, route.act(world, given, *keys), paths)


def _expanded(world: World, thing: Thing, paths: list[str]) -> Thing:
    """https://docs.stripe.com/expand: `payment_intent.latest_charge`, in lists `data.payment_intent`"""
    if not paths:
        return thing
    copy: Thing = json.loads(json.dumps(thing))
    for path in paths:
        places = [copy]
        for part in path.split("."):
            places = [inner for place in places for inner in _opened(world, place, part)]
    return copy


def _opened(world: World, place: Thing, part: str) -> list[Any]:
    value = place.get(part)
    if part == "line_items" and place.get("object") == "checkout.session":
        value = lines_of(place)
    elif isinstance(value, str) and (found := world.store.find(value)) is not None:
        value = json.loads(json.dumps(found))
    place[part] = value
    if isinstance(value, list):
        return [inner for inner in value if isinstance(inner, dict)]
    return [value] if isinstance(value, dict) else []
