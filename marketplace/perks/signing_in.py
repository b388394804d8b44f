"""A tablet becomes a partner's counter by its PIN. Ten wrong ones in a row are the end of it, and the office hears:
on a tablet that was this partner's counter before, for that tablet; on all others together, for all others. So nobody
who only knows the address locks out those who work there.
"""

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
REMEMBERED = timedelta(days=400)
"""So long a browser keeps a cookie at most; by it a tablet is known that was a counter before."""


class WrongPin(Invalid):
    code = "wrong_pin"
    message = "暗証番号がちがいます。"


class Locked(Refused):
    code = "partner_locked"
    message = (
        "まちがった暗証番号が続いたため、この端末では止めています。役場に連絡がいきました。"
        "前に窓口をひらいたことのある、ほかの端末では、ひらけます。"
    )


def sign_in(partner_code: str, typed: str, kept: str | None = None) -> str:
    """The secret for the tablet's cookie; `kept` is what it has there from before. WrongPin, Locked, NotAPin;
    LookupError for no such partner."""
    pin = read_pin(typed)
    with transaction() as session:
        partner_id = session.scalar(
            sa.select(Partner.id).where(Partner.code == partner_code, Partner.closed_at.is_(None))
        )
        if partner_id is None:
            raise LookupError(f"partner {partner_code}")
        partner = lock(Partner, partner_id)
        tablet = _known(partner_id, kept)
        counted = tablet or partner
        if counted.locked_at is not None:
            raise Locked
        if opens(pin, partner.pin_hash, partner.pin_salt):
            counted.wrong_pins = 0
            secret = secrets.token_urlsafe(32)
            at = now()
            session.add(Counter(partner_id=partner.id, secret_hash=_hash(secret), signed_in_at=at, ends_at=at + LASTS))
            return secret
        counted.wrong_pins += 1
        left = WRONG_PINS - counted.wrong_pins
        if left <= 0:
            counted.locked_at = now()
            where = "これまでの端末のひとつ" if tablet else "はじめての端末"
            note(partner.subject, "lock_partner", why=f"暗証番号のまちがいが10回続いた（{where}）")
    if left <= 0:  # said after the count is committed
        raise Locked
    raise WrongPin(f"暗証番号がちがいます。あと{left}回まちがえると止まります。", field="pin")


def _known(partner_id: int, kept: str | None) -> Counter | None:
    """The tablet, where it was this partner's counter before: signed in or not any more. The partner's row is locked,
    so nobody counts on it meanwhile."""
    found = sa.select(Counter).where(Counter.secret_hash == _hash(kept or ""), Counter.partner_id == partner_id)
    return db.session.scalar(found.execution_options(populate_existing=True))


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
