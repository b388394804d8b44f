"""Ask Stripe what we may have missed: lost webhooks, pages that nobody came back from, money that moved by itself."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Sequence
from datetime import timedelta
from typing import TypeVar

import sqlalchemy as sa

from marketplace.kit.clock import now
from marketplace.kit.db import db, let_go, transaction
from marketplace.kit.refusals import Rejected, Unavailable
from marketplace.kit.sheets import sheet
from marketplace.outbox.promising import handles, say
from marketplace.payments import disputing
from marketplace.payments.balance import move_cursor, read_balance, read_payouts, read_since, was_read
from marketplace.payments.expiring import expire
from marketplace.payments.finding import payment_behind
from marketplace.payments.hearing import KINDS, is_kept, keep
from marketplace.payments.models import ASKED, HELD, OPEN, UNDER_WAY, Hold, Payment, SavedCard, Way
from marketplace.payments.noticing import look_again
from marketplace.payments.refund_models import Refund, RefundState
from marketplace.payments.saving import WAITING, sync_card
from marketplace.payments.stripe import till
from marketplace.payments.syncing import sync

log = logging.getLogger(__name__)
Id = TypeVar("Id", int, str)
LOOK_AFTER = timedelta(minutes=3)
LOOKS = 100
EVERY_S = 600


@sheet(every=EVERY_S, name="payments.reconcile", asks="stripe")
def reconcile() -> None:
    try:
        catch_up()
        look_at_open_payments()
        look_at_open_cards()
        read_balance()
        read_payouts()
        look_at_disputes()
        look_at_pending_refunds()
    except Unavailable as trouble:
        log.warning("reconciling stops: %s", trouble)


def ask_to_reconcile(actor: str) -> None:
    """Somebody wants it now ⇢ reconcile.wanted; the worker asks Stripe. Pressed twice in a minute, it is one wish."""
    with transaction():
        say("reconcile.wanted", key=f"{now():%Y-%m-%dT%H:%M}", by=actor)


@handles("reconcile.wanted")
def on_wish(**_more: object) -> None:
    reconcile()


def catch_up() -> int:
    """Hear the events that no webhook has brought. The number of them."""
    via = "reconciler" if was_read("events") else "first_look"
    since, newest, found = read_since("events"), 0, 0
    for news in till().news(since, KINDS):
        newest = max(newest, news.at)
        found += not is_kept(news.id) and keep(news, via=via)
    move_cursor("events", newest)
    return found


def look_at_open_payments() -> None:
    """Look at payments under way that have been quiet for some minutes, whatever the events say.

    And at the holds whose time is over: their bank has ended them. A page whose time is over is closed, also where it
    was never made: the one who asked for it has paid on another, or has gone.
    """
    quiet = sa.select(Payment.id).where(Payment.state.in_(UNDER_WAY), Payment.created_at < now() - LOOK_AFTER)
    over = sa.select(Payment.id).join(Hold).where(Payment.state == HELD, Hold.capture_before < now())
    gone = sa.select(Payment.id).where(Payment.state.in_((ASKED, OPEN)), Payment.way != Way.CARD)
    ended = list(db.session.scalars(gone.where(Payment.expires_at < now()).order_by(Payment.expires_at).limit(LOOKS)))
    ids = in_turn(db.session.scalars(quiet.where(Payment.id.not_in(ended)).order_by(Payment.expires_at)).all())
    ids += db.session.scalars(over.order_by(Hold.capture_before).limit(LOOKS))
    let_go()
    _each(expire, ended)
    _each(sync, ids)


def look_at_open_cards() -> None:
    """The same for cards that somebody went to save."""
    quiet = sa.select(SavedCard.id).where(SavedCard.state.in_(WAITING), SavedCard.created_at < now() - LOOK_AFTER)
    ids = in_turn(db.session.scalars(quiet.order_by(SavedCard.expires_at)).all())
    let_go()
    _each(sync_card, ids)


def look_at_disputes() -> None:
    """Those that were opened since the last look, and those that are open: Stripe forgets its events after thirty days,
    and a dispute may take longer, or its whole life pass while this machine is off."""
    since, newest = read_since("disputes"), 0
    for seen in till().disputes(since):
        newest = max(newest, seen.at)
        if not disputing.is_known(seen) and (payment_id := payment_behind(None, seen.intent_id)) is not None:
            disputing.keep(payment_id, seen)
    move_cursor("disputes", newest)
    _each(disputing.look_again, in_turn(disputing.undecided()))


def look_at_pending_refunds() -> None:
    """Some reach their payer days later."""
    pending = sa.select(Refund.payment_id).where(Refund.state == RefundState.SENT).distinct()
    ids = in_turn(db.session.scalars(pending.order_by(Refund.payment_id)).all())
    let_go()
    _each(look_again, ids)


def in_turn(ids: Sequence[Id]) -> list[Id]:
    """So many of them, and the next ones at the next look: whoever comes after a hundred that stay as they are for days
    is looked at, too."""
    if len(ids) <= LOOKS:
        return list(ids)
    first = int(now().timestamp() // EVERY_S) * LOOKS % len(ids)
    return [ids[(first + place) % len(ids)] for place in range(LOOKS)]


def _each(look: Callable[[Id], object], ids: Iterable[Id]) -> None:
    """What Stripe refuses to tell of one, for instance because it was another account's, keeps nobody else waiting."""
    for id_ in ids:
        try:
            look(id_)
        except Rejected as refusal:
            let_go()
            log.error("%s %s is not to be had: %s", look.__name__, id_, refusal)
