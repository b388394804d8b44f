"""交換: a card is offered for another, somebody accepts, and one call on chain moves both: both or neither.

Until it is accepted nothing moves, and the giver can think better of it; the card that is offered is bound meanwhile.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta

import sqlalchemy as sa

from marketplace.accounts.models import Account
from marketplace.accounts.rules import normalised
from marketplace.chain.contract import RIGHTS
from marketplace.chain.models import Call, CallState
from marketplace.chain.sending import promise
from marketplace.collections.models import Swap, SwapState
from marketplace.collections.rules import (
    NoSuchNumber,
    NotACard,
    NotForYou,
    NothingNew,
    NotWanted,
    SwapOver,
    SwapUnderWay,
    TooManySwaps,
    WithOneself,
)
from marketplace.collections.telling import tell
from marketplace.holders.leaving import CUSTODIAN, locked, may_leave
from marketplace.holders.rules import NotYours
from marketplace.journal.writing import move, note
from marketplace.kit.clock import now
from marketplace.kit.db import db, get, let_go, lock, transaction
from marketplace.kit.refusals import Refused
from marketplace.kit.sheets import sheet
from marketplace.rights.models import Kind, Right
from marketplace.tokens import ending
from marketplace.tokens.binding import binds
from marketplace.tokens.models import Token, TokenState

SWAP = "collections.swap"
LIVES = (7, 14, 30)
"""Days for which an offer can stand."""
A_DAY = 30
"""Offers of one person: each may be a mail to somebody who did not ask for it."""
Sides = sa.Select[int, int | None]


def offer(
    give_token_id: int, giver_id: int, want_right_id: int, want_serial: int | None, email: str | None, days: int
) -> int:
    """Offer a card that one holds for another, to anybody or to whoever reads the mail of `email`; the swap's id.

    Whatever keeps the card from leaving, NotACard, TermOver, NothingNew, NoSuchNumber, WithOneself, NotAnAddress,
    TooManySwaps.
    """
    assert days in LIVES, "the form offers these"
    with transaction() as session:
        token = may_leave(give_token_id, giver_id)
        want = get(Right, want_right_id)
        if token.right.kind != Kind.CARD or want.kind != Kind.CARD:
            raise NotACard
        _check_good(token)
        if want.id == token.right_id and want_serial in (None, token.serial):
            raise NothingNew(field="want")
        if want_serial is not None and not _issued(want.id, want_serial):
            raise NoSuchNumber(field="serial")
        giver, to_email = lock(Account, giver_id), normalised(email) if email else None
        if to_email == giver.email:
            raise WithOneself(field="email")
        today = (Swap.giver_id == giver_id, Swap.offered_at > now() - timedelta(days=1))
        if (session.scalar(sa.select(sa.func.count()).select_from(Swap).where(*today)) or 0) >= A_DAY:
            raise TooManySwaps
        swap = Swap(
            state=SwapState.OFFERED,
            giver_id=giver_id,
            give_token_id=give_token_id,
            want_right_id=want.id,
            want_serial=want_serial,
            for_one=to_email is not None,
            to_email=to_email,
            offered_at=now(),
            expires_at=now() + timedelta(days=days),
        )
        session.add(swap)
        session.flush()
        note(swap.subject, "offer_swap", by=f"buyer:{giver.code}", gives=str(give_token_id), wants=want.code)
        if to_email is not None:
            tell("swap_offered", swap, to_email)
        return swap.id


def accept(swap_id: int, taker_id: int, take_token_id: int) -> None:
    """Give the card that was asked for: both are exchanged. Asked again by the same person, it changes nothing.

    SwapOver, NotForYou, WithOneself, NotWanted, TermOver, or what keeps either card from leaving.
    """
    with transaction():
        tokens = _held(get(Swap, swap_id).give_token_id, take_token_id)
        swap = lock(Swap, swap_id)
        if swap.taker_id == taker_id and swap.take_token_id == take_token_id:
            return
        taker = get(Account, taker_id)
        if swap.state != SwapState.OFFERED or swap.expires_at <= now():
            raise SwapOver
        if swap.giver_id == taker_id:
            raise WithOneself
        if swap.for_one and swap.to_email != taker.email:
            raise NotForYou
        if not fits(swap, tokens[take_token_id]):
            raise NotWanted(field="card")
        _check_good(may_leave(swap.give_token_id, swap.giver_id, but=SWAP))
        _check_good(may_leave(take_token_id, taker_id))
        giver_email, taker_email = swap.giver.email, taker.email
        swap.taker_id, swap.take_token_id = taker_id, take_token_id
        _end(swap, "accept_swap", by=f"buyer:{taker.code}")
        one, other = (f"0x{each.custody_id}" for each in (swap.giver, taker))
        promise(swap.call_key, CUSTODIAN, RIGHTS, "custodySwap", [one, swap.give_token_id, other, take_token_id])
        tell("swap_accepted", swap, giver_email)
        tell("swap_accepted", swap, taker_email)


def _check_good(token: Token) -> None:
    """TermOver: what nobody may offer for money is not taken for a good card either."""
    if (ended := ending.over(token)) is not None:
        raise ended


def withdraw(swap_id: int, giver_id: int) -> None:
    """The giver thinks better of it. Said again, it changes nothing. SwapOver once it was accepted; NotYours."""
    with transaction():
        swap = _fresh(swap_id)
        if swap.giver_id != giver_id:
            raise NotYours
        if swap.state in (SwapState.ACCEPTED, SwapState.SWAPPED):
            raise SwapOver("お相手が受けたため、取り下げられません。")
        if swap.state == SwapState.OFFERED:
            _end(swap, "withdraw_swap", by=f"buyer:{swap.giver.code}")


def decline(swap_id: int, account_id: int) -> None:
    """Not wanted, by the one person whom it was offered to. Said again, it changes nothing. NotForYou; SwapOver where
    it has ended otherwise."""
    with transaction():
        swap = _fresh(swap_id)
        account = get(Account, account_id)
        if swap.state == SwapState.DECLINED:
            return
        if swap.state != SwapState.OFFERED:
            raise SwapOver
        if swap.to_email is None or swap.to_email != account.email:
            raise NotForYou
        _end(swap, "decline_swap", by=f"buyer:{account.code}")
        tell("swap_ended", swap, swap.giver.email)


def expire(swap_id: int) -> None:
    with transaction():
        swap = _fresh(swap_id)
        if swap.state == SwapState.OFFERED and swap.expires_at <= now():
            _end(swap, "expire_swap")
            tell("swap_ended", swap, swap.giver.email)


@sheet(every=60, name="collections.expire_swaps")
def expire_due() -> None:
    due = sa.select(Swap.id).where(Swap.state == SwapState.OFFERED, Swap.expires_at <= now()).order_by(Swap.id)
    ids = list(db.session.scalars(due))
    let_go()
    for swap_id in ids:
        expire(swap_id)


def fits(swap: Swap, token: Token) -> bool:
    """Is it what the giver asked for?"""
    return token.right_id == swap.want_right_id and swap.want_serial in (None, token.serial)


def _binds(ids: Collection[int]) -> sa.ColumnElement[bool]:
    """Of a swap that keeps one of these cards: offered, or on its way to the other side."""
    given = sa.and_(Swap.give_token_id.in_(ids), Swap.state.in_((SwapState.OFFERED, SwapState.ACCEPTED)))
    return sa.or_(given, sa.and_(Swap.take_token_id.in_(ids), Swap.state == SwapState.ACCEPTED))


@binds(SWAP)
def _swap(tokens: Collection[Token]) -> dict[int, Refused]:
    ids = [token.token_id for token in tokens]
    sides = sa.select(Swap.give_token_id, Swap.take_token_id)
    found = [*db.session.execute(sides.where(_binds(ids))), *db.session.execute(_on_its_way(sides, ids))]
    return dict.fromkeys({side for swap in found for side in swap}.intersection(ids), SwapUnderWay())


def _on_its_way(sides: Sides, ids: Collection[int]) -> Sides:
    """What the chain was asked to exchange and has not: also after it took back that it had."""
    either = sa.or_(Swap.give_token_id.in_(ids), Swap.take_token_id.in_(ids))
    return sides.join(Call, Call.key == "swap:" + Swap.code).where(either, Call.state != CallState.MINED)


def _held(*token_ids: int) -> dict[int, Token]:
    """The rows of these tokens, held in the order of their numbers: the order of everybody who holds several."""
    return {token_id: locked(token_id) for token_id in sorted(set(token_ids))}


def _fresh(swap_id: int) -> Swap:
    locked(get(Swap, swap_id).give_token_id)
    return lock(Swap, swap_id)


def _end(swap: Swap, event: str, by: str = "system") -> None:
    """The answer, or that there will be none: from now on we do not keep the address."""
    swap.to_email, swap.answered_at = None, now()
    move(swap, event, by=by)


def _issued(right_id: int, serial: int) -> bool:
    same = sa.select(Token.id).where(Token.right_id == right_id, Token.serial == serial, Token.state == TokenState.HELD)
    return db.session.scalar(same) is not None
