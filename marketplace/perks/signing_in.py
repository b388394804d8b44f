"""A tablet becomes a partner's counter by its PIN. Ten wrong ones in a row lock the partner, and the office hears."""

from __future__ import annotations

import hashlib
import secrets
from datetime import timedelta

import sqlalchemy as sa

from marketplace.journal.writing import note
from marketplace.kit.clock import now
from marketplace.kit.db import db, lock, transaction
from marketplace.kit.refusals import Invalid, Refused
from marketplace.perks.models import Counter, Partner
from marketplace.perks.pins import opens, read_pin

WRONG_PINS = 10
LASTS = timedelta(days=3)
"""A weekend without network; the PIN is asked again after it, and what waits in the tablet stays."""


class WrongPin(Invalid):
    code = "wrong_pin"
    message = "暗証番号がちがいます。"


class Locked(Refused):
    code = "partner_locked"
    message = "まちがった暗証番号が続いたため、止めています。役場に連絡がいきました。新しい暗証番号をお待ちください。"


def sign_in(partner_code: str, typed: str) -> str:
    """The secret for the tablet's cookie. WrongPin, Locked, NotAPin; LookupError for no such partner."""
    pin = read_pin(typed)
    with transaction() as session:
        partner_id = session.scalar(
            sa.select(Partner.id).where(Partner.code == partner_code, Partner.closed_at.is_(None))
        )
        if partner_id is None:
            raise LookupError(f"partner {partner_code}")
        partner = lock(Partner, partner_id)
        if partner.locked_at is not None:
            raise Locked
        if opens(pin, partner.pin_hash, partner.pin_salt):
            partner.wrong_pins = 0
            secret = secrets.token_urlsafe(32)
            at = now()
            session.add(Counter(partner_id=partner.id, secret_hash=_hash(secret), signed_in_at=at, ends_at=at + LASTS))
            return secret
        partner.wrong_pins += 1
        left = WRONG_PINS - partner.wrong_pins
        if left <= 0:
            partner.locked_at = now()
            note(partner.subject, "lock_partner", why="暗証番号のまちがいが10回続いた")
    if left <= 0:  # said after the count is committed
        raise Locked
    raise WrongPin(f"暗証番号がちがいます。あと{left}回まちがえると止まります。", field="pin")


def counter_of(secret: str | None) -> Counter | None:
    """Whose tablet this is; None where nobody is signed in on it."""
    if not secret:
        return None
    found = sa.select(Counter).where(Counter.secret_hash == _hash(secret), Counter.ends_at > now())
    return db.session.scalar(found)


def sign_out(secret: str) -> None:
    with transaction() as session:
        session.execute(sa.update(Counter).where(Counter.secret_hash == _hash(secret)).values(ends_at=now()))


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
