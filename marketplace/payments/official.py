"""The counter to Stripe, by the official client.

STRIPE_API_BASE points the same client at the local Stripe server (marketplace/devstripe) instead. The client library
is imported at the first call: a web process that nobody pays on starts without it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import cached_property
from itertools import islice
from typing import TYPE_CHECKING, Any, cast

from marketplace.kit.db import writing
from marketplace.kit.refusals import Rejected, Unavailable
from marketplace.payments.stripe import Card, Declined, News, SentBack, Session, Transaction
from marketplace.settings import Settings

if TYPE_CHECKING:
    from stripe._v1_services import V1Services

RETRIES = 1
"""Two tries of STRIPE_TIMEOUT_S each must fit into the outbox's lease of 45 seconds."""
_OF_INTENT = "latest_charge.balance_transaction"
_EXPAND = [f"payment_intent.{_OF_INTENT}", "setup_intent.payment_method"]


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

    def take(self, intent_id: str, yen: int, key: str) -> None:
        with _speaking():
            self._v1.payment_intents.capture(intent_id, {"amount_to_capture": yen}, {"idempotency_key": key})

    def let_go(self, intent_id: str, key: str) -> None:
        with _speaking():
            self._v1.payment_intents.cancel(intent_id, {}, {"idempotency_key": key})

    def customer(self, email: str, reference: str) -> str:
        with _speaking():
            params: Any = {"email": email, "metadata": {"reference": reference}}
            return self._v1.customers.create(params, {"idempotency_key": f"customer:{reference}"}).id

    def charge(self, params: Mapping[str, Any], key: str) -> Session:
        with _speaking():
            wanted = {**params, "expand": [_OF_INTENT]}
            return _intent_alone(self._v1.payment_intents.create(cast("Any", wanted), {"idempotency_key": key}))

    def payment(self, intent_id: str) -> Session:
        with _speaking():
            return _intent_alone(self._v1.payment_intents.retrieve(intent_id, {"expand": [_OF_INTENT]}))

    def charged(self, customer_id: str, reference: str) -> Session | None:
        with _speaking():
            params: Any = {"customer": customer_id, "limit": 100, "expand": [f"data.{_OF_INTENT}"]}
            for found in self._v1.payment_intents.list(params).auto_paging_iter():
                if _noted(found, "reference") == reference:
                    return _intent_alone(found)
        return None

    def forget(self, customer_id: str, method_id: str | None) -> None:
        if method_id is not None:
            with suppress(Rejected), _speaking():  # rejected: it is detached already
                self._v1.payment_methods.detach(method_id)
        with suppress(Rejected), _speaking():  # rejected: there is no such customer any more
            self._v1.customers.delete(customer_id)

    def send_back(self, intent_id: str, yen: int, key: str, purpose: str) -> SentBack:
        with _speaking():
            noted = {"key": key, "purpose": purpose}
            params: Any = {"payment_intent": intent_id, "amount": yen, "metadata": noted}
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
        params: Any = {"created": {"gte": since}, "limit": 100, "expand": ["data.source"]}
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
    except stripe.CardError as error:
        raise Declined(error.code or "card_declined") from error
    except (stripe.InvalidRequestError, stripe.IdempotencyError) as error:
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


def _noted(found: Any, key: str) -> str | None:
    """What we wrote on it."""
    metadata = getattr(found, "metadata", None)
    return metadata[key] if metadata is not None and key in metadata else None


def _session(found: Any) -> Session:
    intent = found.payment_intent
    setup = found.setup_intent
    return Session(
        id=found.id,
        url=found.url,
        status=found.status,
        payment_status=found.payment_status,
        yen=found.amount_total,
        currency=found.currency,
        reference=found.client_reference_id,
        intent_id=_id(intent),
        card=_card(setup) if setup is not None and not isinstance(setup, str) else None,
        **(_of_intent(intent) if intent is not None and not isinstance(intent, str) else {}),
    )


def _intent_alone(found: Any) -> Session:
    return Session(
        id=found.id,
        url=None,
        status="complete",
        payment_status="paid" if found.status == "succeeded" else "unpaid",
        yen=found.amount,
        currency=found.currency,
        reference=_noted(found, "reference"),
        intent_id=found.id,
        **_of_intent(found),
    )


def _of_intent(intent: Any) -> dict[str, Any]:
    charge = intent.latest_charge
    whole = charge if charge is not None and not isinstance(charge, str) else None
    booked = whole.balance_transaction if whole is not None else None
    card = getattr(getattr(whole, "payment_method_details", None), "card", None)  # not there for a konbini
    error = intent.last_payment_error
    return {
        "intent_status": intent.status,
        "received_yen": intent.amount_received or 0,
        "transaction": _transaction(booked) if booked is not None and not isinstance(booked, str) else None,
        "capture_before": getattr(card, "capture_before", None),
        "refusal": getattr(error, "code", None),
    }


def _card(setup: Any) -> Card | None:
    """The card that the page has saved, if it has."""
    method = setup.payment_method
    if setup.status != "succeeded" or method is None or isinstance(method, str):
        return None
    face = method.card
    return Card(method.id, face.fingerprint, face.brand, face.last4, face.exp_year, face.exp_month)


def _transaction(found: Any) -> Transaction:
    purpose = _noted(found.source, "purpose")
    return Transaction(found.id, found.type, found.amount, found.fee, found.created, _id(found.source), purpose)


def _sent_back(found: Any) -> SentBack:
    return SentBack(found.id, _noted(found, "key"), found.amount, found.status, _id(found.balance_transaction))
