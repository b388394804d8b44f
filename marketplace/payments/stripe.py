"""The counter to Stripe: what we ask of it, in our words, and its one implementation, the official client.

STRIPE_API_BASE points the same client at the local Stripe server (marketplace/devstripe) instead. The client library
is imported at the first call: a web process that nobody pays on starts without it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from typing import TYPE_CHECKING, Any, Protocol, cast

from flask import current_app

from marketplace.kit.db import writing
from marketplace.kit.refusals import Rejected, Unavailable
from marketplace.settings import Settings

if TYPE_CHECKING:
    from stripe._v1_services import V1Services


@dataclass(frozen=True)
class Transaction:
    """One line of Stripe's own balance: `gross` comes in (or goes out, negative), Stripe keeps `fee`. Yen."""

    id: str
    kind: str
    gross: int
    fee: int
    at: int
    source: str | None


@dataclass(frozen=True)
class Session:
    """A Checkout Session as it is now. `yen` is the whole amount; `transaction` is there once it is paid."""

    id: str
    url: str | None
    status: str
    payment_status: str
    yen: int | None
    currency: str | None
    reference: str | None
    intent_id: str | None = None
    intent_status: str | None = None
    transaction: Transaction | None = None


@dataclass(frozen=True)
class SentBack:
    """A refund as it is now: pending, requires_action, succeeded, failed or canceled."""

    id: str
    key: str | None
    yen: int
    status: str
    transaction_id: str | None


@dataclass(frozen=True)
class News:
    """An event: what kind, and what it is about."""

    id: str
    kind: str
    about: Mapping[str, str | None]
    at: int
    live: bool


class Till(Protocol):
    """Every method may raise Unavailable (try again) and Rejected (no use to); none is called while we write."""

    def create(self, params: Mapping[str, Any], key: str) -> Session: ...
    def session(self, session_id: str) -> Session: ...
    def session_of(self, reference: str, around: int) -> Session | None:
        """The session with our reference, made within a day of `around` (seconds)."""

    def reference_of(self, intent_id: str) -> str | None:
        """Our reference of the session that the payment intent belongs to."""

    def close(self, session_id: str) -> Session:
        """Nobody can pay on it any more; where it was too late for that, the session says so."""

    def send_back(self, intent_id: str, yen: int, key: str) -> SentBack: ...
    def sent_back(self, intent_id: str) -> list[SentBack]: ...
    def dispute(self, dispute_id: str) -> tuple[str, str | None]:
        """(status, payment intent id)"""

    def news(self, since: int, kinds: tuple[str, ...]) -> Iterator[News]:
        """Newest first; Stripe keeps them for thirty days."""

    def transactions(self, since: int) -> Iterator[Transaction]:
        """Newest first."""


def till() -> Till:
    port: Till = current_app.extensions["hiroba.ports"].till
    return port


RETRIES = 1
"""Two tries of STRIPE_TIMEOUT_S each must fit into the outbox's lease of 45 seconds."""
_EXPAND = ["payment_intent.latest_charge.balance_transaction"]


class StripeTill:
    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    @cached_property
    def _v1(self) -> V1Services:
        import stripe  # noqa: PLC0415 -- a quarter of a second that most processes never need

        base = self._settings.stripe_api_base
        key = self._settings.stripe_secret_key.get_secret_value() or ("sk_test_local" if base else "")
        if not key:
            raise Unavailable("STRIPE_SECRET_KEY is not set")
        return stripe.StripeClient(
            key,
            base_addresses={"api": base} if base else {},
            max_network_retries=RETRIES,
            http_client=stripe.RequestsClient(timeout=self._settings.stripe_timeout_s),
        ).v1

    def create(self, params: Mapping[str, Any], key: str) -> Session:
        with _speaking():
            return _session(self._v1.checkout.sessions.create(cast("Any", dict(params)), {"idempotency_key": key}))

    def session(self, session_id: str) -> Session:
        with _speaking():
            return _session(self._v1.checkout.sessions.retrieve(session_id, {"expand": _EXPAND}))

    def session_of(self, reference: str, around: int) -> Session | None:
        day = 24 * 60 * 60
        with _speaking():
            window = {"gte": around - day, "lte": around + day}
            pages = self._v1.checkout.sessions.list({"created": cast("Any", window), "limit": 100})
            for found in pages.auto_paging_iter():
                if found.client_reference_id == reference:
                    return _session(found)
        return None

    def reference_of(self, intent_id: str) -> str | None:
        with _speaking():
            found = self._v1.checkout.sessions.list({"payment_intent": intent_id, "limit": 1}).data
        return found[0].client_reference_id if found else None

    def close(self, session_id: str) -> Session:
        with suppress(Rejected), _speaking():  # rejected: it is complete or expired already, and says which
            self._v1.checkout.sessions.expire(session_id)
        return self.session(session_id)

    def send_back(self, intent_id: str, yen: int, key: str) -> SentBack:
        with _speaking():
            params: Any = {"payment_intent": intent_id, "amount": yen, "metadata": {"key": key}}
            return _sent_back(self._v1.refunds.create(params, {"idempotency_key": f"refund:{key}"}))

    def sent_back(self, intent_id: str) -> list[SentBack]:
        with _speaking():
            pages = self._v1.refunds.list({"payment_intent": intent_id, "limit": 100})
            return [_sent_back(found) for found in pages.auto_paging_iter()]

    def dispute(self, dispute_id: str) -> tuple[str, str | None]:
        with _speaking():
            found = self._v1.disputes.retrieve(dispute_id)
        return found.status, _id(found.payment_intent)

    def news(self, since: int, kinds: tuple[str, ...]) -> Iterator[News]:
        params: Any = {"created": {"gte": since}, "types": list(kinds), "limit": 100}
        with _speaking():
            pages = self._v1.events.list(params).auto_paging_iter()
        while True:
            with _speaking():  # one page at a time, so that no transaction of the reader is open during a call
                some = list(islice(pages, 100))
            if not some:
                return
            for each in some:
                yield news_of(cast("Any", each).to_dict())

    def transactions(self, since: int) -> Iterator[Transaction]:
        params: Any = {"created": {"gte": since}, "limit": 100}
        with _speaking():
            pages = self._v1.balance_transactions.list(params).auto_paging_iter()
        while True:
            with _speaking():
                some = list(islice(pages, 100))
            if not some:
                return
            for each in some:
                yield _transaction(each)


@contextmanager
def _speaking() -> Iterator[None]:
    """Turns the client's exceptions into ours. https://docs.stripe.com/error-handling"""
    assert not writing(), "no network inside a transaction"
    import stripe  # noqa: PLC0415 -- as above

    try:
        yield
    except (stripe.InvalidRequestError, stripe.IdempotencyError, stripe.CardError) as error:
        if error.http_status in (409, 429):
            raise Unavailable(f"Stripe: {error.code}") from error
        raise Rejected(f"Stripe: {error.code or type(error).__name__}") from error
    except stripe.StripeError as error:  # away, too many requests, its own fault, or our key needs care
        raise Unavailable(f"Stripe: {type(error).__name__}") from error


def news_of(event: Mapping[str, Any]) -> News:
    """Takes what an event is about out of its JSON, and leaves people's data behind."""
    thing = event["data"]["object"]
    metadata = thing.get("metadata") or {}
    intent = thing["id"] if thing["object"] == "payment_intent" else _id(thing.get("payment_intent"))
    about = {
        "object": thing["object"],
        "id": thing["id"],
        "reference": thing.get("client_reference_id") or metadata.get("reference"),
        "payment_intent": intent,
    }
    return News(event["id"], event["type"], about, event["created"], event["livemode"])


def _id(value: Any) -> str | None:
    """Of a field that holds an id, or the whole object where it was expanded."""
    if value is None or isinstance(value, str):
        return value
    return str(value["id"])


def _session(found: Any) -> Session:
    intent = found.payment_intent
    whole = intent if intent is not None and not isinstance(intent, str) else None
    charge = whole.latest_charge if whole is not None else None
    booked = charge.balance_transaction if charge is not None and not isinstance(charge, str) else None
    return Session(
        id=found.id,
        url=found.url,
        status=found.status,
        payment_status=found.payment_status,
        yen=found.amount_total,
        currency=found.currency,
        reference=found.client_reference_id,
        intent_id=_id(intent),
        intent_status=whole.status if whole is not None else None,
        transaction=_transaction(booked) if booked is not None and not isinstance(booked, str) else None,
    )


def _transaction(found: Any) -> Transaction:
    return Transaction(found.id, found.type, found.amount, found.fee, found.created, _id(found.source))


def _sent_back(found: Any) -> SentBack:
    metadata = found.metadata
    key = metadata["key"] if metadata is not None and "key" in metadata else None
    return SentBack(found.id, key, found.amount, found.status, _id(found.balance_transaction))
