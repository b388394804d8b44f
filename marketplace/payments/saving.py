"""A card that is saved now, without any money, for one charge later (charging.py), or for none.

https://docs.stripe.com/payments/save-and-reuse?platform=checkout
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from marketplace.journal.writing import move, note
from marketplace.kit.clock import now
from marketplace.kit.db import db, get, insert_once, let_go, lock, transaction, writing
from marketplace.kit.languages import language
from marketplace.kit.refusals import Rejected, Unavailable, WrongState
from marketplace.outbox.promising import say
from marketplace.payments import rules
from marketplace.payments.models import CardState, SavedCard
from marketplace.payments.stripe import Session, till

WAITING = (CardState.ASKED, CardState.OPEN)


def ask_card(
    subject: str, description: str, email: str, success_url: str, cancel_url: str, expires_at: datetime
) -> int:
    """Write down that a card is to be saved for `subject`: the id of its one SavedCard, for card_url().

    Where an earlier page ended without a card, or the card has been detached, it is asked for again.
    ⇢ card.saved{saved_id, subject, fingerprint}
    """
    with transaction():
        values = {"description": description, "email": email, "created_at": now(), "expires_at": expires_at}
        asked = {**values, **_terms(subject, 1, success_url, cancel_url, expires_at), "state": CardState.ASKED}
        saved_id = insert_once(SavedCard, {"subject": subject, "leaving": False, **asked})
        if saved_id is not None:
            note(subject, "card.ask", card=saved_id)
            return saved_id
        known = db.session.scalars(sa.select(SavedCard.id).where(SavedCard.subject == subject)).one()
        card = lock(SavedCard, known)
        if card.MOVES.allows(card.state, "card.ask_again"):
            move(card, "card.ask_again")
            values |= _terms(subject, card.n + 1, success_url, cancel_url, expires_at)
            blank = ("session_id", "url", "method_id", "fingerprint", "brand", "last4", "saved_at")
            for name, value in {**values, **dict.fromkeys(blank), "leaving": False}.items():
                setattr(card, name, value)
        return card.id


def _terms(subject: str, n: int, success_url: str, cancel_url: str, expires_at: datetime) -> dict[str, Any]:
    key = f"{subject}:card:{n}"
    params = {
        "mode": "setup",
        "currency": "jpy",
        "locale": rules.locale(language().html),
        "client_reference_id": key,
        "metadata": {"reference": key},
        "setup_intent_data": {"metadata": {"reference": key}},
        "allowed_payment_method_types": ["card"],
        "expires_at": int(expires_at.timestamp()),
        "success_url": success_url,
        "cancel_url": cancel_url,
    }
    return {"n": n, "idempotency_key": key, "params": params}


def saved_card(subject: str) -> SavedCard | None:
    return db.session.scalar(sa.select(SavedCard).where(SavedCard.subject == subject))


def card_url(saved_id: int) -> str:
    """The address of Stripe's page to save the card on. Unavailable.

    WrongState where there is nothing to save: it is saved, or the page is over, and then ask_card() asks again.
    """
    card = get(SavedCard, saved_id)
    state, leaving, url, over = card.state, card.leaving, card.url, card.expires_at <= now()
    let_go()
    if state == CardState.OPEN and over:
        state = sync_card(saved_id)
    if leaving or state not in WAITING:
        raise WrongState
    if state == CardState.ASKED:
        session = _open_page(saved_id)
        url = session.url if session is not None else None
    if url is None:
        raise WrongState
    return url


def _open_page(saved_id: int) -> Session | None:
    """The page, made once however often this is called; None where Stripe will make none. Unavailable."""
    card = get(SavedCard, saved_id)
    key, params, email, made = card.idempotency_key, dict(card.params), card.email, card.created_at
    customer_id, session_id = card.customer_id, card.session_id
    let_go()
    if session_id is not None:
        return till().session(session_id)
    if customer_id is None:
        customer_id = till().customer(email, key)
        with transaction():
            card = lock(SavedCard, saved_id)
            customer_id = card.customer_id = card.customer_id or customer_id
    session: Session | None
    try:
        session = till().create({**params, "customer": customer_id}, key)
    except Rejected as refusal:
        session = till().session_of(key, int(made.timestamp()))
        if session is None:
            _give_up(saved_id, str(refusal))
            return None
    with transaction():
        card = lock(SavedCard, saved_id)
        ours = card.idempotency_key == key and not card.leaving and card.state in WAITING
        if ours and card.session_id is None:
            card.session_id, card.url = session.id, session.url
            move(card, "card.open")
    return session if ours else till().close(session.id)  # ended while we were asking: nobody may save on this page


def _give_up(saved_id: int, why: str) -> None:
    with transaction():
        card = lock(SavedCard, saved_id)
        if card.state in WAITING:
            move(card, "card.fail", why=why)


def sync_card(saved_id: int) -> CardState:
    """The card's state after looking at Stripe ⇢ card.saved. Unavailable."""
    card = get(SavedCard, saved_id)
    session_id, key, made, state = card.session_id, card.idempotency_key, card.created_at, card.state
    let_go()
    if state not in (*WAITING, CardState.FAILED):
        return state
    if session_id is None:
        found = till().session_of(key, int(made.timestamp()))
        if found is None:
            return state
        session_id = found.id
    return _follow(saved_id, till().session(session_id))


def _follow(saved_id: int, session: Session) -> CardState:
    with transaction():
        card = lock(SavedCard, saved_id)
        if session.reference != card.idempotency_key:  # a page of an earlier time
            return card.state
        card.session_id = card.session_id or session.id
        if session.card is not None and card.MOVES.allows(card.state, "card.save"):
            face = session.card
            card.method_id, card.fingerprint = face.method_id, face.fingerprint
            card.brand, card.last4 = face.brand, face.last4
            card.saved_at, card.url = now(), None
            move(card, "card.save")
            key = card.idempotency_key
            say("card.saved", key=key, saved_id=card.id, subject=card.subject, fingerprint=card.fingerprint)
            if card.leaving:
                say("card.leaving", key=f"{card.idempotency_key}:saved", saved_id=card.id)
        elif session.status == "expired" and card.state in WAITING:
            move(card, "card.fail", why="the page is over")
        return card.state


def end_page(saved_id: int) -> CardState:
    """Nothing can be saved on the page any more; where it was too late for that, the card is saved. Unavailable."""
    card = get(SavedCard, saved_id)
    state, untouched = card.state, card.customer_id is None
    let_go()
    if state not in WAITING:
        return state
    why = "nobody came to the page"
    try:
        session = None if untouched else _open_page(saved_id)
        if session is not None:
            return _follow(saved_id, till().close(session.id))
    except Rejected as refusal:  # Stripe knows nothing of it: it was another account's
        why = str(refusal)
    _give_up(saved_id, why)
    state = get(SavedCard, saved_id).state
    let_go()
    return state


def promise_detach(saved_id: int, key: str) -> None:
    """Inside a transaction: Stripe keeps the card no longer; a page that is still open is closed.

    One that is being charged leaves when that is over.
    """
    assert writing(), "promise_detach() belongs inside transaction()"
    card = lock(SavedCard, saved_id)
    if card.leaving or card.state == CardState.DETACHED:
        return
    card.leaving = True
    say("card.leaving", key=f"{card.idempotency_key}:{key}", saved_id=saved_id)


def erase(subjects: Collection[str]) -> None:
    """Inside a transaction: nothing here leads to a person any more, where Stripe keeps no card."""
    gone = sa.update(SavedCard).where(
        SavedCard.subject.in_(subjects), SavedCard.state.in_((*WAITING, CardState.FAILED, CardState.DETACHED))
    )
    db.session.execute(gone.values(email="", **dict.fromkeys(("fingerprint", "brand", "last4", "url"))))


def detach(saved_id: int) -> CardState:
    """Have Stripe forget the card and whose it was. Dying in here is harmless: forgetting twice is nothing.

    Unavailable.
    """
    card = get(SavedCard, saved_id)
    state, leaving = card.state, card.leaving
    let_go()
    if not leaving or state in (CardState.CHARGING, CardState.DETACHED):
        return state
    if state in WAITING:
        end_page(saved_id)
    card = get(SavedCard, saved_id)
    customer_id, method_id = card.customer_id, card.method_id
    let_go()
    if customer_id is not None:
        till().forget(customer_id, method_id)
    with transaction():
        card = lock(SavedCard, saved_id)
        if not card.leaving or not card.MOVES.allows(card.state, "card.detach"):
            if card.state in WAITING:
                raise Unavailable(f"the page of card {saved_id} is still open")
            return card.state
        card.customer_id = card.method_id = card.url = None
        move(card, "card.detach")
        return card.state
