"""受付: who came is stamped at the door, by the pass of a right or by the list. A stamp can be taken back that day."""

from __future__ import annotations

import hashlib

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from marketplace.gatherings.booking import rsvp_of
from marketplace.gatherings.models import STANDING, Gathering, GatheringState, Rsvp, RsvpState
from marketplace.gatherings.parties import party_of
from marketplace.gatherings.rules import CalledOff, NoBooking, NotInvited, NotToday, StampedAlready
from marketplace.holders.models import Wallet
from marketplace.holders.owned import owned
from marketplace.journal.writing import move
from marketplace.kit.clock import jst, now
from marketplace.kit.db import db, lock, transaction
from marketplace.perks import knowing, using
from marketplace.perks.models import Channel
from marketplace.perks.using import Asked
from marketplace.rights.plans import read_all
from marketplace.tokens import ending
from marketplace.tokens.models import Token


def stamp_by_pass(gathering_id: int, text: str, by: str) -> Rsvp:
    """What the reader at the door read: a pass of this half minute, so that no picture of one will do.

    What passes refuse, NotInvited, NoBooking, StampedAlready, NotToday.
    """
    known = knowing.by_pass(text)
    with transaction():
        gathering = _today(gathering_id)
        token = db.session.scalars(sa.select(Token).where(Token.token_id == known.token_id)).one()
        if gathering.right_ids and token.right_id not in gathering.right_ids:
            raise NotInvited
        found = [rsvp_of(gathering_id, account_id) for account_id in _holders_of(token)]
        rsvp = next((each for each in found if each is not None), None)
        if rsvp is None:
            raise NoBooking
        return _stamp(gathering, rsvp, by, known)


def stamp(gathering_id: int, rsvp_code: str, by: str) -> Rsvp:
    """By the list. NoBooking, StampedAlready, NotToday; LookupError."""
    with transaction():
        gathering = _today(gathering_id)
        return _stamp(gathering, _called(gathering_id, rsvp_code), by, None)


def stamp_party(gathering_id: int, rsvp_code: str, by: str) -> int:
    """Whoever of a party is expected still: how many. Said again, it changes nothing. NotToday; LookupError."""
    with transaction():
        gathering = _today(gathering_id)
        expected = expected_with(gathering_id, rsvp_code)
        for rsvp in expected:
            _stamp(gathering, rsvp, by, None)
        return len(expected)


def expected_with(gathering_id: int, rsvp_code: str) -> list[Rsvp]:
    """Whoever of the party of this booking is not here yet. LookupError."""
    account_id = _called(gathering_id, rsvp_code).account_id
    return party_of(gathering_id, account_id, (RsvpState.COMING, RsvpState.OFFERED))


def unstamp(gathering_id: int, rsvp_code: str, by: str) -> None:
    """A slip of the finger is taken back, and the use of a perk with it. Said again, it changes nothing.

    NotToday, TooLateToUndo; LookupError.
    """
    with transaction():
        _today(gathering_id)
        rsvp = lock(Rsvp, _called(gathering_id, rsvp_code).id)
        if rsvp.state == RsvpState.ATTENDED:
            if using.line_of(ref := _ref(rsvp)) is not None:
                using.undo(ref, _ref(rsvp, "undo"), now())
            rsvp.attended_at, rsvp.by_pass = None, False
            move(rsvp, "unstamp", by=by)


def list_of(gathering_id: int) -> list[Rsvp]:
    """Who has a seat or waits, by the order in which they asked, each with whom they bring."""
    found = sa.select(Rsvp).where(Rsvp.gathering_id == gathering_id, Rsvp.state.in_(STANDING))
    parties: dict[int, list[Rsvp]] = {}
    for rsvp in db.session.scalars(found.options(joinedload(Rsvp.account)).order_by(Rsvp.place)):
        parties.setdefault(rsvp.account_id, []).append(rsvp)
    return [rsvp for party in parties.values() for rsvp in sorted(party, key=lambda row: row.companion)]


def _called(gathering_id: int, rsvp_code: str) -> Rsvp:
    rsvp = db.session.scalar(sa.select(Rsvp).where(Rsvp.gathering_id == gathering_id, Rsvp.code == rsvp_code))
    if rsvp is None:
        raise LookupError(f"rsvp {rsvp_code}")
    return rsvp


def _today(gathering_id: int) -> Gathering:
    gathering = lock(Gathering, gathering_id)
    if gathering.state == GatheringState.CANCELLED:
        raise CalledOff
    if not is_today(gathering):
        raise NotToday
    return gathering


def is_today(gathering: Gathering) -> bool:
    return jst(gathering.begins_at).date() <= jst(now()).date() <= jst(gathering.ends_at).date()


def _stamp(gathering: Gathering, rsvp: Rsvp, by: str, known: knowing.Known | None) -> Rsvp:
    rsvp = lock(Rsvp, rsvp.id)
    if rsvp.state == RsvpState.ATTENDED:
        raise StampedAlready
    if rsvp.state == RsvpState.OFFERED:  # here they are: that is the answer of all of them
        for each in party_of(gathering.id, rsvp.account_id, (RsvpState.OFFERED,)):
            each.answer_until = None
            move(each, "confirm_seat", by=by)
    if rsvp.state != RsvpState.COMING:
        raise NoBooking
    rsvp.attended_at, rsvp.by_pass = now(), known is not None
    move(rsvp, "attend", by=by)
    if gathering.perk and rsvp.companion == 0:
        _use_perk(gathering, rsvp, known)
    return rsvp


def _use_perk(gathering: Gathering, rsvp: Rsvp, known: knowing.Known | None) -> None:
    """A holder's attending is one use of the perk, for this event once; of a token of theirs that has it."""
    held = (token for token in owned(rsvp.account_id) if token.right_id in gathering.right_ids)
    tokens = [token for token in held if ending.over(token) is None]
    mine = [token for token in tokens if any(plan.id == gathering.perk for plan in read_all(token.right.perk_plans))]
    shown = [token for token in mine if known is not None and token.token_id == known.token_id]
    for token in (shown or mine)[:1]:
        using.use(
            Asked(
                ref=_ref(rsvp),
                token_id=token.token_id,
                plan_id=gathering.perk or "",
                channel=known.channel if known else Channel.OFFICE,
                used_at=now(),
                holder=known.holder if known else None,
                proof=known.proof if known else None,
                occasion=gathering.code,
            )
        )


def _ref(rsvp: Rsvp, act: str = "use") -> str:
    """The name of the perk's use for this stamp: the same however often it is asked for."""
    assert rsvp.attended_at is not None, "a stamp has its moment"
    return hashlib.sha256(f"{rsvp.code} {rsvp.attended_at.isoformat()} {act}".encode()).hexdigest()[:32]


def _holders_of(token: Token) -> list[int]:
    """The account that holds it; of a wallet, whoever proved it."""
    if token.holder_id is not None:
        return [token.holder_id]
    wallets = sa.select(Wallet.account_id).where(Wallet.address == token.holder_address)
    return list(db.session.scalars(wallets.order_by(Wallet.id)))
