"""マイページ: what I hold, what I asked for, what I still have to do."""

from __future__ import annotations

import sqlalchemy as sa
from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import joinedload

from marketplace.accounts.session import current_account, signed_in
from marketplace.admissions.models import Participation
from marketplace.appointments.models import OPEN as OPEN_APPOINTMENTS
from marketplace.appointments.models import Appointment
from marketplace.auctions.own import auctions_of
from marketplace.collections.albums import offered_to
from marketplace.collections.models import Swap, SwapState
from marketplace.gatherings.booking import bookings_of
from marketplace.gatherings.models import RsvpState
from marketplace.holders.giving import waiting_for
from marketplace.holders.models import Gift, GiftState, Wallet, Withdrawal, WithdrawalState
from marketplace.kit.db import db
from marketplace.kit.paging import asked_page, page_of
from marketplace.kit.web import conditional
from marketplace.listings.models import Listing, ListingState
from marketplace.lotteries import cards
from marketplace.lotteries.models import Entry, Lottery
from marketplace.naming.models import Naming, NamingState
from marketplace.orders.models import OPEN, Order
from marketplace.orders.whereabouts import left
from marketplace.perks.holding import with_perks
from marketplace.perks.standing import standings
from marketplace.resale import proceeds
from marketplace.resale.models import Offer, OfferState
from marketplace.tokens.delays import delays
from marketplace.tokens.freezing import frozen_among
from marketplace.tokens.models import Token, TokenState

bp = Blueprint("mypage", __name__)
A_PAGE = 60
"""Rights on one page, as in the album: what else the page tells stands below them."""


@bp.get("/mypage")
@signed_in
def show() -> ResponseReturnValue:
    me = current_account()
    assert me is not None
    held = (Token.holder_id == me.id, Token.state == TokenState.HELD)
    count = db.session.scalars(sa.select(sa.func.count()).select_from(Token).where(*held)).one()
    number, pages = page_of(asked_page(), count, A_PAGE)
    mine = sa.select(Token).where(*held).options(joinedload(Token.right)).order_by(Token.minted_at.desc(), Token.id)
    tokens = list(db.session.scalars(mine.limit(A_PAGE).offset((number - 1) * A_PAGE)))
    usable = with_perks(me.id)
    passes_number, passes_pages = page_of(asked_page("passes"), len(usable), A_PAGE)
    shown = usable[(passes_number - 1) * A_PAGE : passes_number * A_PAGE]
    own = sa.select(Order).where(Order.buyer_id == me.id).options(joinedload(Order.listing)).order_by(Order.id.desc())
    orders = list(db.session.scalars(own.limit(50)))
    offered = set(
        db.session.scalars(
            sa.select(Offer.token_id).where(
                Offer.token_id.in_([token.token_id for token in tokens]), Offer.state == OfferState.LIVE
            )
        )
    )
    bookings = bookings_of(me.id)
    page = render_template(
        "storefront/mypage.html",
        tokens=tokens,
        number=number,
        pages=pages,
        passes=[(token, standings(token)) for token in shown],
        passes_number=passes_number,
        passes_pages=passes_pages,
        gifts=waiting_for(me),
        swaps=offered_to(me),
        owed=(owed := proceeds.owed(me.id)),
        drawing=proceeds.being_drawn(me) if owed else None,
        outside=_in_own_wallets(me.id),
        stopped=frozen_among(tokens),
        busy=_busy(me.id, [token.token_id for token in tokens]),
        offered=offered,
        seats=[(row, count) for row, count in bookings if row.state == RsvpState.OFFERED],
        bookings=[(row, count) for row, count in bookings if row.state != RsvpState.OFFERED],
        open_orders=list(db.session.scalars(own.where(Order.state.in_(OPEN)))),
        orders=orders,
        left=left(me.id, orders),
        entries=_entries(me.id),
        without_card=cards.lacking(me.id),
        participations=_participations(me.id),
        auctions=auctions_of(me.id),
        namings=_namings(me.id, sa.select(Token.token_id).where(*held)),
        appointments=_appointments(me.id),
    )
    return conditional(page, max_age=0, private=True)


def _in_own_wallets(account_id: int) -> list[Token]:
    """What lies in wallets that the person proved."""
    own = sa.select(Wallet.address).where(Wallet.account_id == account_id)
    held = sa.select(Token).where(Token.holder_address.in_(own), Token.state == TokenState.HELD)
    return list(db.session.scalars(held.options(joinedload(Token.right)).order_by(Token.minted_at.desc())))


def _busy(account_id: int, token_ids: list[int]) -> dict[int | None, str]:
    """{token: what is being done with it}."""
    gifts = sa.select(Gift).where(Gift.token_id.in_(token_ids), Gift.state.in_((GiftState.OFFERED, GiftState.ACCEPTED)))
    leaving = sa.select(Withdrawal).where(
        Withdrawal.token_id.in_(token_ids),
        Withdrawal.state.in_((WithdrawalState.COOLING, WithdrawalState.MOVING)),
    )
    swaps = sa.select(Swap).where(
        sa.or_(Swap.giver_id == account_id, Swap.taker_id == account_id),
        Swap.state.in_((SwapState.OFFERED, SwapState.ACCEPTED)),
    )
    given, moved, swapped = (db.session.scalars(query).all() for query in (gifts, leaving, swaps))
    waiting = delays([row.call_key for row in (*given, *moved, *swapped)])

    def doing(row: Gift | Withdrawal | Swap, words: str) -> str:
        late = waiting.get(row.call_key)
        return late.ja if late else words

    return {
        **{
            token_id: doing(row, "交換に出しています" if row.state == SwapState.OFFERED else "交換の手続き中")
            for row in swapped
            for token_id in (row.give_token_id, row.take_token_id)
        },
        **{row.token_id: doing(row, "贈る手続き中") for row in given},
        **{row.token_id: doing(row, "ウォレットへ移す手続き中") for row in moved},
    }


def _entries(account_id: int) -> list[tuple[Entry, Lottery, Listing]]:
    rows = db.session.execute(
        sa.select(Entry, Lottery, Listing)
        .join(Lottery, Lottery.id == Entry.lottery_id)
        .join(Listing, Listing.id == Lottery.listing_id)
        .where(Entry.account_id == account_id)
        .order_by(Entry.id.desc())
        .limit(50)
    )
    return [(entry, lottery, listing) for entry, lottery, listing in rows]


def _participations(account_id: int) -> list[Participation]:
    """参加申込 to auctions that are not over."""
    found = sa.select(Participation).join(Listing, Listing.id == Participation.listing_id)
    found = found.where(
        Participation.account_id == account_id, Listing.state.in_((ListingState.PUBLISHED, ListingState.OPEN))
    )
    return list(db.session.scalars(found.order_by(Participation.id.desc())))


def _namings(account_id: int, token_ids: sa.Select[int | None]) -> list[Naming]:
    """Names that this person may give or gave, whoever holds the right, and those of rights that they hold."""
    going = Naming.state.not_in((NamingState.ENDED, NamingState.REVOKED))
    mine = sa.or_(Naming.account_id == account_id, Naming.token_id.in_(token_ids))
    return list(db.session.scalars(sa.select(Naming).where(going, mine).order_by(Naming.id.desc())))


def _appointments(account_id: int) -> list[Appointment]:
    """Dates that are asked for, fixed, or held and not counted yet."""
    mine = (Appointment.account_id == account_id, Appointment.state.in_(OPEN_APPOINTMENTS))
    return list(db.session.scalars(sa.select(Appointment).where(*mine).order_by(Appointment.starts_at, Appointment.id)))
