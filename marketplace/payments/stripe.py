"""The counter to Stripe: what we ask of it, in our words. official.py answers it with the official client."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from flask import current_app

from marketplace.kit.refusals import Rejected


@dataclass(frozen=True)
class Transaction:
    """One line of Stripe's own balance: `gross` comes in (or goes out, negative), Stripe keeps `fee`. Yen.

    `at` is in seconds. Where the list of the balance was read, `purpose` and `reference` are what we wrote on the
    charge or refund behind it, and `intent_id` is its intent.
    """

    id: str
    kind: str
    gross: int
    fee: int
    at: int
    source: str | None
    purpose: str | None = None
    reference: str | None = None
    intent_id: str | None = None


@dataclass(frozen=True)
class Transfer:
    """A payout to the town's bank: pending, in_transit, paid, failed or canceled. `at` and `arrives` in seconds.

    What it carried Stripe tells only of one that it made by itself (`automatic`), not of one that somebody asked for.
    """

    id: str
    yen: int
    status: str
    at: int
    arrives: int
    failure: str = ""
    automatic: bool = True


@dataclass(frozen=True)
class Objection:
    """A dispute as it is now. `at` and `due_by` in seconds."""

    id: str
    status: str
    reason: str
    yen: int
    at: int
    due_by: int | None
    intent_id: str | None


@dataclass(frozen=True)
class Card:
    """A card that Stripe keeps for us. The same card has the same fingerprint, whoever saves it."""

    method_id: str
    fingerprint: str
    brand: str
    last4: str
    exp_year: int
    exp_month: int


@dataclass(frozen=True)
class Session:
    """A Checkout Session as it is now, or an intent without one, whose own id then stands for it.

    `yen` is the whole amount, `received_yen` what was taken of it; `transaction` is there once it is paid.
    `capture_before` (seconds) is there where money is held, `refusal` where the payer's bank said no, `card` where the
    page has saved one.
    """

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
    received_yen: int = 0
    capture_before: int | None = None
    refusal: str | None = None
    card: Card | None = None


class Declined(Rejected):
    """The payer's bank refused the card; `code` is Stripe's, like card_declined or authentication_required."""

    def __init__(self, code: str) -> None:
        super().__init__(f"Stripe: {code}")
        self.code = code


@dataclass(frozen=True)
class SentBack:
    """A refund as it is now: pending, requires_action, succeeded, failed or canceled. `at` in seconds."""

    id: str
    key: str | None
    yen: int
    status: str
    at: int
    transaction: Transaction | None


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

    def take(self, intent_id: str, yen: int, key: str) -> None:
        """Take `yen` of the money that is held; the rest is let go."""

    def let_go(self, intent_id: str, key: str) -> None:
        """Nothing of the held money will be taken."""

    def customer(self, email: str, reference: str) -> str:
        """The id of a customer that a card can be saved for."""

    def charge(self, params: Mapping[str, Any], key: str) -> Session:
        """A payment with a saved card, the payer away. Declined."""

    def payment(self, intent_id: str) -> Session: ...
    def charged(self, customer_id: str, reference: str) -> Session | None:
        """The customer's payment with our reference."""

    def forget(self, customer_id: str, method_id: str | None) -> None:
        """The customer and the card that was saved for them; once more is nothing."""

    def send_back(self, intent_id: str, yen: int, key: str, purpose: str) -> SentBack: ...
    def sent_back(self, intent_id: str) -> list[SentBack]: ...
    def dispute(self, dispute_id: str) -> Objection: ...
    def disputes(self, since: int) -> Iterator[Objection]:
        """Those that were opened since then, newest first."""

    def answer(self, dispute_id: str, evidence: Mapping[str, str], paper: bytes, key: str) -> Objection:
        """Give the bank our side, once and for good: texts by Stripe's names, and a PDF."""

    def news(self, since: int, kinds: tuple[str, ...]) -> Iterator[News]:
        """Newest first; Stripe keeps them for thirty days."""

    def transactions(self, since: int = 0, payout_id: str | None = None) -> Iterator[Transaction]:
        """Newest first; those that a payout carried, where one is named, itself among them."""

    def transfers(self, since: int) -> Iterator[Transfer]:
        """Newest first."""

    def transfer(self, payout_id: str) -> Transfer: ...


def till() -> Till:
    port: Till = current_app.extensions["hiroba.ports"].till
    return port
