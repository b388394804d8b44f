"""The office and its partners: taking one in, giving it a new PIN, ending the partnership."""

from __future__ import annotations

import sqlalchemy as sa

from marketplace.journal.writing import note
from marketplace.kit.clock import now
from marketplace.kit.codes import digits
from marketplace.kit.db import db, lock, transaction
from marketplace.kit.refusals import Invalid, WrongState
from marketplace.perks.models import Counter, Partner
from marketplace.perks.pins import sealed


def take_in(name: str, by: str) -> tuple[int, str]:
    """A new partner: its id, and the PIN that is shown this once. Invalid where the name is empty or taken."""
    name, pin = name.strip(), digits()
    if not name:
        raise Invalid("提携先の名前を入力してください。", field="name")
    pin_hash, salt = sealed(pin)
    with transaction() as session:
        if session.scalar(sa.select(Partner.id).where(Partner.name == name)) is not None:
            raise Invalid("この名前の提携先は、もうあります。", field="name")
        partner = Partner(name=name, pin_hash=pin_hash, pin_salt=salt, created_at=now())
        session.add(partner)
        session.flush()
        note(partner.subject, "take_in_partner", by=by)
        return partner.id, pin


def renew_pin(partner_id: int, by: str) -> str:
    """A new PIN, shown this once: the old one and every tablet signed in with it are out, and a lock is lifted."""
    pin = digits()
    pin_hash, salt = sealed(pin)
    with transaction():
        partner = lock(Partner, partner_id)
        partner.pin_hash, partner.pin_salt = pin_hash, salt
        _unlock(partner)
        _end_counters(partner_id)
        note(partner.subject, "renew_pin", by=by)
        return pin


def close(partner_id: int, by: str) -> None:
    """No counter of this partner takes perks any more. Closed again: nothing new."""
    with transaction():
        partner = lock(Partner, partner_id)
        if partner.closed_at is None:
            partner.closed_at = now()
            _end_counters(partner_id)
            note(partner.subject, "close_partner", by=by)


def reopen(partner_id: int, by: str) -> str:
    """The end was a mistake, or they are with us again: perks that name this place can be used there.

    The new PIN, shown this once, since whoever had the old one may be gone. WrongState where it was not closed.
    """
    pin = digits()
    with transaction():
        partner = lock(Partner, partner_id)
        if partner.closed_at is None:
            raise WrongState
        partner.closed_at = None
        partner.pin_hash, partner.pin_salt = sealed(pin)
        _unlock(partner)
        note(partner.subject, "reopen_partner", by=by)
        return pin


def unlock(partner_id: int, by: str) -> None:
    """The PIN stays, as do the tablets that are signed in: somebody only played with the page. WrongState where nothing
    is locked."""
    with transaction():
        partner = lock(Partner, partner_id)
        if partner.locked_at is None and not locked_tablets(partner_id):
            raise WrongState
        _unlock(partner)
        note(partner.subject, "unlock_partner", by=by)


def _unlock(partner: Partner) -> None:
    partner.wrong_pins, partner.locked_at = 0, None
    theirs = sa.update(Counter).where(Counter.partner_id == partner.id, Counter.wrong_pins > 0)
    db.session.execute(theirs.values(wrong_pins=0, locked_at=None))


def locked_tablets(partner_id: int) -> int:
    """On how many of its own tablets the PIN was typed wrong too often."""
    theirs = sa.select(sa.func.count()).where(Counter.partner_id == partner_id, Counter.locked_at.is_not(None))
    return db.session.scalar(theirs) or 0


def _end_counters(partner_id: int) -> None:
    open_ones = sa.update(Counter).where(Counter.partner_id == partner_id, Counter.ends_at > now())
    db.session.execute(open_ones.values(ends_at=now()))


def open_partners() -> list[Partner]:
    return list(db.session.scalars(sa.select(Partner).where(Partner.closed_at.is_(None)).order_by(Partner.id)))


def partner_of(code: str) -> Partner:
    """LookupError for none."""
    found = db.session.scalar(sa.select(Partner).where(Partner.code == code))
    if found is None:
        raise LookupError(f"partner {code}")
    return found
