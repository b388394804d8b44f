"""What lotteries do when they hear of listings, orders and their own news."""

from __future__ import annotations

from collections.abc import Mapping

import sqlalchemy as sa

from marketplace.accounts.models import Account
from marketplace.journal import models as journal
from marketplace.kit.db import db, get, transaction
from marketplace.listings.models import Listing, Mode
from marketplace.lotteries import amended, awarding, bundles, cards, closing, duplicates, receipts
from marketplace.lotteries.groups import waiting_places
from marketplace.lotteries.models import IN_THE_DRAW, Entry, Lottery
from marketplace.lotteries.states import EntryState
from marketplace.notices.sending import Haste, send
from marketplace.outbox.promising import handles, say

LETTERS = {EntryState.APPLIED: "entry_received", EntryState.VOID: "entry_void"}
PORTION = 200
"""Letters written in one transaction."""


@handles("listing.opened", mode=Mode.LOTTERY)
def on_opened(listing_id: int, **_more: object) -> None:
    closing.start(listing_id)


@handles("listing.closed", mode=Mode.LOTTERY)
def on_closed(listing_id: int, **_more: object) -> None:
    amended.follow(listing_id)  # news may come out of order, and a round of before the close is known by now
    cards.before_close(listing_id)
    closing.close(listing_id)


@handles("listing.cancelled", mode=Mode.LOTTERY)
def on_cancelled(listing_id: int, **_more: object) -> None:
    closing.cancel(listing_id)


@handles("listing.amended")
def on_amended(listing_id: int, amendment_id: int) -> None:
    """The lottery goes by the new times; all who applied hear of them, a portion at a time."""
    amended.follow(listing_id)
    amended.tell(listing_id, amendment_id)


@handles("lottery.amended")
def tell_amended(listing_id: int, amendment_id: int, past: int) -> None:
    amended.tell(listing_id, amendment_id, past)


@handles("order.paid", origin="lottery")
def on_paid(order_id: int, **_more: object) -> None:
    awarding.paid(order_id)


@handles("order.expired", origin="lottery")
def on_expired(order_id: int, **_more: object) -> None:
    awarding.forfeited(order_id)


@handles("card.saved")
def on_card(subject: str, fingerprint: str, **_more: object) -> None:
    entry = cards.entry_of(subject)
    if entry is not None:
        duplicates.card_saved(entry.id, fingerprint)


@handles("card.declined")
def on_declined(subject: str, **_more: object) -> None:
    cards.tell_declined(subject)


@handles("lottery.drawn")
@handles("lottery.awarding")
def award_next(lottery_id: int) -> None:
    awarding.award_winners(lottery_id)


@handles("lottery.entered")
def send_receipt(entry_id: int) -> None:
    """The receipt by mail, without the secret: mail is not the place for it. Again where the entry changed, or where it
    was decided whether it counts."""
    with transaction():
        entry = get(Entry, entry_id)
        template = LETTERS.get(entry.state)
        if template is not None:
            of_entry = (journal.Entry.subject == entry.subject, journal.Entry.event.in_(("void", "restore")))
            decisions = db.session.scalar(sa.select(sa.func.count()).where(*of_entry))
            _tell(template, get(Lottery, entry.lottery_id), entry, f":{entry.revision}:{decisions}")


@handles("lottery.drawn")
def tell_drawn(lottery_id: int) -> None:
    tell_result(lottery_id, 0)


@handles("lottery.telling")
def tell_result(lottery_id: int, past: int) -> None:
    """Tell all others the result, a portion at a time; winners have the letter with the pay link."""
    letters = {EntryState.WAITING: "entry_waiting", EntryState.LOST: "entry_lost"}
    _portion("lottery.telling", letters, lottery_id, past, Entry.rank.is_not(None))


@handles("lottery.settled")
def tell_ended(lottery_id: int, past: int = 0) -> None:
    """Nobody is promoted any more: who waited until now is told."""
    places = waiting_places(get(Listing, get(Lottery, lottery_id).listing_id).auction_rules)
    waited = sa.or_(
        sa.false(),
        *(
            sa.and_(Entry.group == fixed.group, sa.true() if places is None else Entry.rank <= fixed.units + places)
            for fixed in closing.draws(lottery_id)
        ),
    )
    _portion("lottery.settled", {EntryState.LOST: "entry_ended"}, lottery_id, past, waited)


@handles("lottery.cancelled")
def tell_cancelled(lottery_id: int, past: int = 0) -> None:
    _portion("lottery.cancelled", dict.fromkeys(EntryState, "lottery_cancelled"), lottery_id, past, IN_THE_DRAW)


def _portion(
    topic: str, letters: Mapping[EntryState, str], lottery_id: int, past: int, which: sa.ColumnElement[bool]
) -> None:
    """Write the letters of one portion, by the state of each entry, and say `topic` again for the rest."""
    with transaction():
        lottery = get(Lottery, lottery_id)
        query = sa.select(Entry).where(
            Entry.lottery_id == lottery_id, which, Entry.state.in_(letters), Entry.seq > past
        )
        entries = list(db.session.scalars(query.order_by(Entry.seq).limit(PORTION)))
        for entry in entries:
            _tell(letters[entry.state], lottery, entry, haste=Haste.MANY)
        if len(entries) == PORTION:
            last = entries[-1].seq
            say(topic, key=f"{lottery.code}:{last}", lottery_id=lottery_id, past=last)


def _tell(template: str, lottery: Lottery, entry: Entry, version: str = "", haste: Haste = Haste.ONE) -> None:
    if entry.account_id is None:
        return  # erased
    listing = get(Listing, lottery.listing_id)
    fixed = bundles.draw_for(entry)
    send(
        template,
        get(Account, entry.account_id).email,
        key=f"{template}:{entry.no}{version}",
        haste=haste,
        lottery=lottery,
        listing=listing,
        right=listing.right,
        entry=entry,
        receipt=receipts.signed(entry, lottery.code),
        needs_card=cards.needs_card(lottery, entry),
        waiting_place=(entry.rank or 0) - (fixed.units if fixed else 0),
    )
