"""本人の手続き: the card or the deposit by which an approved participant shows that they mean it.

A deposit is a hold on the bidder's card (payments/holding.py), never money of the town's. It is let go when nothing is
asked of the bidder any more. The winner's is by the listing's choice either taken at once as a part of the price
(orders/deposits.py), which costs the fee twice, or let go when the price has been paid in full. It is taken where the
winner does not pay (地方自治法 234条4項), and never after its bank has ended it: whose card holds for less time than
the sale lasts is asked, two days before, to place it anew.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from marketplace.accounts.models import Account
from marketplace.admissions import deciding
from marketplace.admissions.applying import participation_of, tell
from marketplace.admissions.models import Participation, ParticipationState
from marketplace.journal.writing import note
from marketplace.kit.clock import now
from marketplace.kit.db import db, get, lock, transaction
from marketplace.kit.refusals import WrongState
from marketplace.listings.auction_rules import Verification, rules_of
from marketplace.listings.models import Listing
from marketplace.outbox.promising import say
from marketplace.payments import asking, holding, saving
from marketplace.payments.models import CAPTURED, HELD, UNDER_WAY, CardState, Ending, Hold, Payment, SavedCard
from marketplace.payments.rules import LONGEST_SESSION, WARN_BEFORE, HoldEnded
from marketplace.settings import settings

IN_FORCE = (ParticipationState.APPROVED, ParticipationState.ADMITTED)
NOT_PAID = "落札の代金が期限までに支払われなかったため（地方自治法第234条第4項）"


def page_for(participation_id: int) -> str:
    """The address of Stripe's page for the card or the deposit. WrongState where nothing is to do; Unavailable."""
    with transaction():
        row = lock(Participation, participation_id)
        if not to_do(row):
            raise WrongState
        part, listing = deciding.part_of(row), get(Listing, row.listing_id)
        page = f"{settings().base_url}/listings/{listing.code}/taking-part"
        terms: dict[str, Any] = {
            "description": f"{listing.right.title_ja}（{part.verification.ja}）",
            "email": get(Account, row.account_id).email,
            "success_url": f"{page}/done",
            "cancel_url": page,
            "expires_at": now() + LONGEST_SESSION,
        }
        if part.verification is Verification.DEPOSIT:
            assert part.deposit_yen is not None, "no deposit is approved without its sum"
            asked = holding.ask_hold(row.subject, part.deposit_yen, **terms)
        else:
            asked = saving.ask_card(row.subject, **terms)
    return (asking.checkout_url if part.verification is Verification.DEPOSIT else saving.card_url)(asked)


def to_do(row: Participation) -> bool:
    """Whether the participant has to go to Stripe's page: for the first time, or to place the deposit anew."""
    over = row.released_at is not None or row.forfeited_at is not None or _being_taken(row)
    if over or row.state not in IN_FORCE or get(Listing, row.listing_id).state in deciding.OVER:
        return False
    return deciding.missing(row) is not None or ends_soon(row)


def ends_soon(row: Participation) -> bool:
    payment = holding.held(row.subject)
    until = get(Hold, payment.id).capture_before if payment is not None else None
    return until is not None and until <= now() + WARN_BEFORE


def of_subject(subject: str) -> int | None:
    """The participation that a card or a deposit is for."""
    kind, _, code = subject.partition(":")
    found = sa.select(Participation.id).where(Participation.code == code)
    return db.session.scalar(found) if kind == "participation" else None


def there(participation_id: int) -> None:
    """The card is saved, or the deposit held: the admission is final. Whoever is out by now gets it back at once."""
    with transaction():
        row = deciding.held(participation_id)
        out = row.released_at is not None or row.state not in (*IN_FORCE, ParticipationState.APPLIED)
        if out or _being_taken(row):
            _give_back(row)
            return
        deciding.verify(participation_id)


def gone(participation_id: int, payment_id: int) -> None:
    """The bank has ended the hold. Where no newer one is there, it has to be placed anew before the next bid."""
    with transaction():
        row = deciding.held(participation_id)
        if holding.held(row.subject) is not None:
            return
        if row.forfeited_at is not None or get(Hold, payment_id).ending == Ending.CAPTURE:
            note(row.subject, "deposit.missed", why="the bank ended the hold before it was taken")
            return
        deciding.unverify(participation_id, "the bank ended the hold")


def warn(participation_id: int, payment_id: int) -> None:
    """Two days before the bank ends the hold."""
    with transaction():
        row = deciding.held(participation_id)
        if row.state in IN_FORCE and row.released_at is None and row.forfeited_at is None:
            tell("deposit_renew", row, key=f"renew:{payment_id}")


def release(participation_id: int) -> None:
    """Nothing more is asked of them: what is held goes back, what is saved is forgotten."""
    with transaction():
        row = deciding.held(participation_id)
        if row.released_at is not None or row.state == ParticipationState.REFUSED:
            _give_back(row)


def _give_back(row: Participation) -> None:
    for payment_id in _open(row.subject):
        holding.promise_release(payment_id, f"{row.code}:released:{payment_id}")
    card = saving.saved_card(row.subject)
    if card is not None and card.state != CardState.DETACHED:
        saving.promise_detach(card.id, f"{row.code}:released")


def _open(subject: str) -> list[int]:
    states = (*UNDER_WAY, HELD)
    return list(db.session.scalars(sa.select(Payment.id).where(Payment.subject == subject, Payment.state.in_(states))))


def _being_taken(row: Participation) -> bool:
    """A deposit of this participant has been taken, or will be: no other is held besides."""
    return db.session.scalar(_theirs(row).where(Hold.ending == Ending.CAPTURE).limit(1)) is not None


def has_deposit(row: Participation) -> bool:
    """A deposit of theirs is held or taken. Of a winner who does not pay it is the town's."""
    return db.session.scalar(_theirs(row).limit(1)) is not None


def _theirs(row: Participation) -> sa.Select[int]:
    found = sa.select(Payment.id).join(Hold, Hold.payment_id == Payment.id)
    return found.where(Payment.subject == row.subject, Payment.state.in_((HELD, CAPTURED)))


def for_the_price(listing_id: int, account_id: int) -> int | None:
    """The held deposit (the payment's id) that counts towards the price where this account wins, by the listing."""
    part, row = rules_of(get(Listing, listing_id)).taking_part, participation_of(listing_id, account_id)
    if part is None or row is None or not part.deposit_counts:
        return None
    payment = holding.held(row.subject)
    return payment.id if payment is not None else None


def forfeit(participation_id: int) -> None:
    """They won and did not pay: the whole deposit is taken, while its bank still holds it."""
    with transaction():
        row = deciding.held(participation_id)
        if row.forfeited_at is None:
            return
        payment = holding.held(row.subject)
        if payment is None or _being_taken(row):
            return  # nothing is there, or it was taken for the price: orders/deposits.py says that it is the town's
        try:
            holding.promise_capture(payment.id, payment.yen, NOT_PAID, _key(row))
        except HoldEnded:
            note(row.subject, "deposit.missed", why="the bank ended the hold before it was taken")


def taken(participation_id: int, payment_id: int, yen: int) -> None:
    """The money has come: it is the town's by law, unless it was taken for the price ⇢ deposit.forfeited."""
    with transaction():
        row = get(Participation, participation_id)
        if get(Hold, payment_id).ending_key != _key(row):
            return
        say("deposit.forfeited", key=str(payment_id), payment_id=payment_id, subject=row.subject, yen=yen, why=NOT_PAID)


def _key(row: Participation) -> str:
    return f"{row.code}:forfeited"


def deposits_of(subjects: Sequence[str]) -> list[tuple[Payment, Hold]]:
    """Every deposit of these, the newest first, for staff and for their own page."""
    query = sa.select(Payment, Hold).join(Hold, Hold.payment_id == Payment.id).where(Payment.subject.in_(subjects))
    return [(payment, hold) for payment, hold in db.session.execute(query.order_by(Payment.id.desc()))]


def card_of(row: Participation) -> SavedCard | None:
    return saving.saved_card(row.subject)
