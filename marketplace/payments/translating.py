"""Stripe's objects in our words. What is left out here is never stored: names, addresses, card numbers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from marketplace.payments.stripe import Card, News, Objection, SentBack, Session, Transaction, Transfer


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


def noted(found: Any, key: str) -> str | None:
    """What we wrote on it; None of what was not expanded."""
    metadata = found.get("metadata") if isinstance(found, Mapping) else None
    return (metadata or {}).get(key)


def as_session(found: Mapping[str, Any]) -> Session:
    intent, setup = found["payment_intent"], found["setup_intent"]
    return Session(
        id=found["id"],
        url=found["url"],
        status=found["status"],
        payment_status=found["payment_status"],
        yen=found["amount_total"],
        currency=found["currency"],
        reference=found["client_reference_id"],
        intent_id=_id(intent),
        card=_card(setup) if isinstance(setup, Mapping) else None,
        **(_of_intent(intent) if isinstance(intent, Mapping) else {}),
    )


def as_payment(found: Mapping[str, Any]) -> Session:
    return Session(
        id=found["id"],
        url=None,
        status="complete",
        payment_status="paid" if found["status"] == "succeeded" else "unpaid",
        yen=found["amount"],
        currency=found["currency"],
        reference=noted(found, "reference"),
        intent_id=found["id"],
        **_of_intent(found),
    )


def _of_intent(intent: Mapping[str, Any]) -> dict[str, Any]:
    charge = intent["latest_charge"]
    whole = charge if isinstance(charge, Mapping) else {}
    booked = whole.get("balance_transaction")
    card = (whole.get("payment_method_details") or {}).get("card")  # not there for a konbini
    error = intent["last_payment_error"]
    return {
        "intent_status": intent["status"],
        "received_yen": intent["amount_received"] or 0,
        "transaction": as_transaction(booked) if isinstance(booked, Mapping) else None,
        "capture_before": (card or {}).get("capture_before"),
        "refusal": (error or {}).get("code"),
    }


def _card(setup: Mapping[str, Any]) -> Card | None:
    """The card that the page has saved, if it has."""
    method = setup["payment_method"]
    if setup["status"] != "succeeded" or not isinstance(method, Mapping):
        return None
    face = method["card"]
    return Card(method["id"], face["fingerprint"], face["brand"], face["last4"], face["exp_year"], face["exp_month"])


def as_transaction(found: Mapping[str, Any]) -> Transaction:
    source = found["source"]
    return Transaction(
        found["id"],
        found["type"],
        found["amount"],
        found["fee"],
        found["created"],
        _id(source),
        noted(source, "purpose"),
        noted(source, "reference"),
        _id(source.get("payment_intent")) if isinstance(source, Mapping) else None,
    )


def as_refund(found: Mapping[str, Any]) -> SentBack:
    booked = found["balance_transaction"]
    line = as_transaction(booked) if isinstance(booked, Mapping) else None
    return SentBack(found["id"], noted(found, "key"), found["amount"], found["status"], found["created"], line)


def as_transfer(found: Mapping[str, Any]) -> Transfer:
    return Transfer(
        found["id"],
        found["amount"],
        found["status"],
        found["created"],
        found["arrival_date"],
        found.get("failure_code") or "",
        found["automatic"],
    )


def as_objection(found: Mapping[str, Any]) -> Objection:
    return Objection(
        found["id"],
        dispute_outcome(found),
        found["reason"],
        found["amount"],
        found["created"],
        found["evidence_details"]["due_by"],
        _id(found["payment_intent"]),
    )


def dispute_outcome(found: Mapping[str, Any]) -> str:
    """Stripe's status; but "blocked" of one that was prevented before any money moved.

    Stripe's prevention "can block or resolve disputes": resolving is refunding the payer by a rule that the shop has
    set, blocking is the bank's letting go when it sees the shop's evidence. The status is "prevented" for both, the
    case type "resolution" or "block". What is neither counts as money that the payer has, until somebody has looked.
    https://docs.stripe.com/changelog/basil/2025-08-27/add-preventions-to-dispute, https://docs.stripe.com/disputes/prevention-preview
    """
    card = (found.get("payment_method_details") or {}).get("card") or {}
    blocked = found["status"] == "prevented" and card.get("case_type") == "block"
    return "blocked" if blocked else str(found["status"])
