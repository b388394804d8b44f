"""The counter to Stripe, by the official client.

STRIPE_API_BASE points the same client at the local Stripe server (marketplace/devstripe) instead. The client library
is imported at the first call: a web process that nobody pays on starts without it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import cached_property
from io import BytesIO
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import quote

from marketplace.kit.db import writing
from marketplace.kit.refusals import Rejected, Unavailable
from marketplace.payments.stripe import Declined, News, Objection, SentBack, Session, Transaction, Transfer
from marketplace.payments.translating import (
    as_objection,
    as_payment,
    as_refund,
    as_session,
    as_transaction,
    as_transfer,
    news_of,
    noted,
)
from marketplace.settings import Settings

if TYPE_CHECKING:
    from stripe import StripeClient
    from stripe._v1_services import V1Services

RETRIES = 1
"""Two tries of STRIPE_TIMEOUT_S each must fit into the outbox's lease of 45 seconds."""
_OF_INTENT = "latest_charge.balance_transaction"
_OF_REFUND = "balance_transaction"
_SESSIONS = "/v1/checkout/sessions"
_EXPAND = [f"payment_intent.{_OF_INTENT}", "setup_intent.payment_method"]


class StripeTill:
    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    @property
    def _v1(self) -> V1Services:
        return self._client.v1

    @cached_property
    def _client(self) -> StripeClient:
        import stripe  # noqa: PLC0415 -- a quarter of a second that most processes never need

        from marketplace.payments.wire import Wire  # noqa: PLC0415 -- as above

        base = self._settings.stripe_api_base
        key = self._settings.stripe_secret_key.get_secret_value() or ("sk_test_local" if base else "")
        if not key:
            raise Unavailable("STRIPE_SECRET_KEY is not set")
        return stripe.StripeClient(
            key,
            base_addresses={"api": base, "files": base} if base else {},
            max_network_retries=RETRIES,
            http_client=Wire(base or stripe.DEFAULT_API_BASE, self._settings.stripe_timeout_s),
        )

    def _ask(self, method: str, path: str, **params: Any) -> Mapping[str, Any]:
        """What an order asks each time, without an object for each part of the answer.
        https://github.com/stripe/stripe-python#custom-requests"""
        answer: Mapping[str, Any] = self._client.raw_request(method, path, **params).data
        return answer

    def create(self, params: Mapping[str, Any], key: str) -> Session:
        with _speaking():
            return as_session(self._ask("post", _SESSIONS, **params, idempotency_key=key))

    def session(self, session_id: str) -> Session:
        with _speaking():
            return as_session(self._ask("get", f"{_SESSIONS}/{quote(session_id)}", expand=_EXPAND))

    def session_of(self, reference: str, around: int) -> Session | None:
        day = 24 * 60 * 60
        with _speaking():
            window = {"gte": around - day, "lte": around + day}
            pages = self._v1.checkout.sessions.list({"created": cast("Any", window), "limit": 100})
            for found in pages.auto_paging_iter():
                if found.client_reference_id == reference:
                    return as_session(found.to_dict())
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
            done = self._v1.payment_intents.create(cast("Any", wanted), {"idempotency_key": key})
            return as_payment(done.to_dict())

    def payment(self, intent_id: str) -> Session:
        with _speaking():
            return as_payment(self._v1.payment_intents.retrieve(intent_id, {"expand": [_OF_INTENT]}).to_dict())

    def charged(self, customer_id: str, reference: str) -> Session | None:
        with _speaking():
            params: Any = {"customer": customer_id, "limit": 100, "expand": [f"data.{_OF_INTENT}"]}
            for each in self._v1.payment_intents.list(params).auto_paging_iter():
                if noted(found := each.to_dict(), "reference") == reference:
                    return as_payment(found)
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
            params: Any = {"payment_intent": intent_id, "amount": yen, "metadata": noted, "expand": [_OF_REFUND]}
            return as_refund(self._v1.refunds.create(params, {"idempotency_key": f"refund:{key}"}).to_dict())

    def sent_back(self, intent_id: str) -> list[SentBack]:
        with _speaking():
            params: Any = {"payment_intent": intent_id, "limit": 100, "expand": [f"data.{_OF_REFUND}"]}
            pages = self._v1.refunds.list(params)
            return [as_refund(found.to_dict()) for found in pages.auto_paging_iter()]

    def dispute(self, dispute_id: str) -> Objection:
        with _speaking():
            return as_objection(self._v1.disputes.retrieve(dispute_id).to_dict())

    def disputes(self, since: int) -> Iterator[Objection]:
        yield from map(as_objection, self._each("/v1/disputes", created={"gte": since}))

    def answer(self, dispute_id: str, evidence: Mapping[str, str], paper: bytes, key: str) -> Objection:
        with _speaking():
            file: Any = {"purpose": "dispute_evidence", "file": _Paper(paper)}
            sent = self._v1.files.create(file, {"idempotency_key": f"{key}:file"})
            params: Any = {"evidence": {**evidence, "uncategorized_file": sent.id}, "submit": True}
            return as_objection(self._v1.disputes.update(dispute_id, params, {"idempotency_key": key}).to_dict())

    def news(self, since: int, kinds: tuple[str, ...]) -> Iterator[News]:
        yield from map(news_of, self._each("/v1/events", created={"gte": since}, types=list(kinds)))

    def transactions(self, since: int = 0, payout_id: str | None = None) -> Iterator[Transaction]:
        params: dict[str, Any] = {"created": {"gte": since}, "expand": ["data.source"]}
        if payout_id is not None:
            params["payout"] = payout_id
        yield from map(as_transaction, self._each("/v1/balance_transactions", **params))

    def transfers(self, since: int) -> Iterator[Transfer]:
        yield from map(as_transfer, self._each("/v1/payouts", created={"gte": since}))

    def _each(self, path: str, **params: Any) -> Iterator[Mapping[str, Any]]:
        """Whatever a list has, one page in one call, so that no transaction of the reader is open during it; without
        objects, as above. https://docs.stripe.com/api/pagination"""
        more = True
        while more:
            with _speaking():
                page = self._ask("get", path, limit=100, **params)
            yield from page["data"]
            more = page["has_more"]
            if more:
                params["starting_after"] = page["data"][-1]["id"]

    def transfer(self, payout_id: str) -> Transfer:
        with _speaking():
            return as_transfer(self._v1.payouts.retrieve(payout_id).to_dict())


class _Paper(BytesIO):
    """A file with the name that the client sends along."""

    name = "evidence.pdf"


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
