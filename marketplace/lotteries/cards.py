"""A card saved at application, where the sale asks for one: without it an entry does not count at the close.

It pays for the place that it wins; where its bank refuses, the winner has the pay link like everybody else. Cards of
those who win nothing are kept no longer than somebody may still be promoted.
"""

from __future__ import annotations

import sqlalchemy as sa

from marketplace.accounts.models import Account
from marketplace.journal.writing import move
from marketplace.kit.clock import now
from marketplace.kit.db import db, get, let_go, transaction
from marketplace.kit.refusals import WrongState
from marketplace.kit.sheets import sheet
from marketplace.listings.models import Listing
from marketplace.lotteries import duplicates
from marketplace.lotteries.applicants import Channel, VoidReason
from marketplace.lotteries.models import Entry, Lottery
from marketplace.lotteries.refusals import EntriesClosed
from marketplace.lotteries.states import EntryState, LotteryState
from marketplace.notices.sending import send
from marketplace.orders.models import Order, OrderState
from marketplace.payments import charging, saving
from marketplace.payments.models import CardState, SavedCard
from marketplace.payments.rules import session_end
from marketplace.settings import settings

HOPING = (EntryState.APPLIED, EntryState.WON, EntryState.WAITING, EntryState.PAY_DUE)
"""States in which a card may still be charged."""
PORTION = 100
_SAME = SavedCard.subject == sa.literal("entry:") + Entry.no


def needs_card(lottery: Lottery, entry: Entry) -> bool:
    """Whoever applied on paper or by telephone pays by the link."""
    return lottery.asks_card and entry.channel in (Channel.SELF, Channel.FAMILY)


def page_for(entry_id: int) -> str:
    """The address of Stripe's page on which the applicant saves the card. EntriesClosed, WrongState; Unavailable."""
    for _ in range(2):  # a page that is over gives way to a new one
        saved_id = _ask(entry_id)
        try:
            return saving.card_url(saved_id)
        except WrongState:
            if get(SavedCard, saved_id).state != CardState.FAILED:
                raise
    raise WrongState


def _ask(entry_id: int) -> int:
    with transaction():
        entry = get(Entry, entry_id)
        lottery = get(Lottery, entry.lottery_id)
        if entry.state != EntryState.APPLIED or not lottery.opens_at <= now() < lottery.closes_at:
            raise EntriesClosed
        if not needs_card(lottery, entry):
            raise WrongState
        page = f"{settings().base_url}/entries/{entry.no}"
        return saving.ask_card(
            entry.subject,
            get(Listing, lottery.listing_id).right.title_ja,
            get(Account, entry.account_id).email,
            success_url=f"{page}/card/done",
            cancel_url=page,
            expires_at=session_end(lottery.closes_at),
        )


def lacking(account_id: int) -> list[tuple[Entry, Lottery, Listing]]:
    """Of one person: applications that will be void at the close, unless a card is saved before it."""
    found = sa.select(Entry, Lottery, Listing).join(Lottery, Lottery.id == Entry.lottery_id)
    found = found.join(Listing, Listing.id == Lottery.listing_id).where(
        Entry.account_id == account_id, Lottery.asks_card, Lottery.state == LotteryState.OPEN, *_without_card()
    )
    rows = db.session.execute(found.where(Lottery.closes_at > now()).order_by(Lottery.closes_at, Entry.seq))
    return [(entry, lottery, listing) for entry, lottery, listing in rows]


def _without_card() -> tuple[sa.ColumnElement[bool], ...]:
    with_card = sa.select(SavedCard.id).where(_SAME, SavedCard.state == CardState.SAVED).exists()
    return (Entry.state == EntryState.APPLIED, Entry.channel.in_((Channel.SELF, Channel.FAMILY)), ~with_card)


def entry_of(subject: str) -> Entry | None:
    """The entry that a card was saved for."""
    kind, _, no = subject.partition(":")
    return db.session.scalar(sa.select(Entry).where(Entry.no == no)) if kind == "entry" else None


# --- the close -------------------------------------------------------------------------------------------------------


def before_close(listing_id: int) -> None:
    """Close every page that is still open, and look whether a card was saved on it whose webhook was lost.

    Outside any transaction. Unavailable while Stripe is away: then the list is fixed later, and nobody is left out.
    """
    lottery = db.session.scalar(sa.select(Lottery).where(Lottery.listing_id == listing_id))
    if lottery is None or not lottery.asks_card or lottery.state != LotteryState.OPEN:
        return
    of_lottery = sa.select(SavedCard.id).join(Entry, _SAME).where(Entry.lottery_id == lottery.id)
    waiting = list(db.session.scalars(of_lottery.where(SavedCard.state.in_(saving.WAITING)).order_by(SavedCard.id)))
    unheard = sa.select(Entry.id, SavedCard.fingerprint).join(SavedCard, _SAME)
    unheard = unheard.where(Entry.lottery_id == lottery.id, Entry.card_key.is_(None), SavedCard.fingerprint != "")
    let_go()
    for saved_id in waiting:
        saving.end_page(saved_id)
    rows = list(db.session.execute(unheard.order_by(Entry.seq)))
    let_go()
    for entry_id, fingerprint in rows:
        duplicates.card_saved(entry_id, str(fingerprint))


def leave_out(lottery: Lottery) -> int:
    """Inside the transaction that fixes the list: entries without a card are void; how many ⇢ lottery.entered."""
    if not lottery.asks_card:
        return 0
    without = sa.select(Entry).where(Entry.lottery_id == lottery.id, *_without_card())
    entries = list(db.session.scalars(without.order_by(Entry.seq)))
    for entry in entries:
        entry.void_reason = VoidReason.NO_CARD
        move(entry, "void", why=str(VoidReason.NO_CARD))
        duplicates.decided(entry)
    return len(entries)


# --- after the draw --------------------------------------------------------------------------------------------------


def letter(entry: Entry) -> str:
    """The letter to a winner: the card pays, or the winner does."""
    card = saving.saved_card(entry.subject)
    return "pay_by_card" if card is not None and card.state == CardState.SAVED and not card.leaving else "pay_link"


def charge(entry: Entry) -> None:
    """Inside the transaction of the award: the card will be charged for its order, once."""
    card = saving.saved_card(entry.subject)
    if card is None or entry.order_id is None:
        return
    order = get(Order, entry.order_id)
    title = get(Listing, order.listing_id).right.title_ja
    charging.promise_charge(card.id, order.subject, order.yen, title, key=f"{entry.subject}:charge:{order.code}")


def tell_declined(subject: str) -> None:
    """The winner pays by the link, in the same time."""
    with transaction():
        entry = entry_of(subject)
        if entry is None or entry.order_id is None or entry.account_id is None:
            return
        order = get(Order, entry.order_id)
        if order.state == OrderState.AWAITING_PAYMENT:
            send(
                "card_declined",
                get(Account, entry.account_id).email,
                key=f"card_declined:{entry.no}",
                order=order,
                right=get(Listing, order.listing_id).right,
                link=f"{settings().base_url}/orders/{order.code}/confirm",
            )


@sheet(every=60, name="lotteries.let_cards_go")
def let_cards_go() -> None:
    """Stripe forgets the cards of those who can't win any more: withdrawn, void at the close, lost in the draw.

    Winners' cards leave by themselves when they have been charged.
    """
    over = sa.or_(
        Entry.state == EntryState.WITHDRAWN,
        sa.and_(Entry.state.not_in(HOPING), Lottery.state != LotteryState.OPEN),
        Lottery.state.in_((LotteryState.SETTLED, LotteryState.CANCELLED)),
    )
    kept = (
        sa.select(SavedCard.id)
        .join(Entry, _SAME)
        .join(Lottery, Lottery.id == Entry.lottery_id)
        .where(over, SavedCard.leaving.is_(False), SavedCard.state != CardState.DETACHED)
        .order_by(SavedCard.id)
    )
    ids = list(db.session.scalars(kept))
    let_go()
    for start in range(0, len(ids), PORTION):
        with transaction():
            for saved_id in ids[start : start + PORTION]:
                saving.promise_detach(saved_id, "not needed any more")
