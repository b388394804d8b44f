"""The town certifies a holder's device for a week, and draws passes itself for browsers that can't."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa

from marketplace.kit.clock import jst, now
from marketplace.kit.db import db, insert_once, transaction
from marketplace.kit.refusals import Invalid, NotAllowed
from marketplace.perks import keys, passes
from marketplace.perks.holding import held_token, holds
from marketplace.perks.models import Certificate
from marketplace.tokens.models import Token

LASTS = timedelta(days=7)
DEVICES = 3
"""Of one token at a time: a telephone, a tablet, an old telephone. One more ends the oldest."""


@dataclass(frozen=True)
class Issued:
    certificate: bytes
    digits_key: bytes
    expires_at: datetime


def certify(token_id: int, account_id: int, device_key: str) -> Issued:
    """A certificate for this device, in the name of the holder. NotAllowed for whoever does not hold the token.

    Args:
        device_key: Ed25519 public key, 64 hex digits.
    """
    device = _public_key(device_key)
    with transaction() as session:
        token = held_token(token_id)
        if not holds(account_id, token):
            raise NotAllowed
        assert token.holder_address is not None, "a held token has a holder"
        at = now().replace(microsecond=0)
        expires, holder = at + LASTS, passes.holder_tag(token.holder_address)
        raw = passes.certify(keys.town_key(), token_id, holder, device, int(expires.timestamp()))
        cid = passes.read_certificate(raw).cid
        for older in session.scalars(_good(token_id).where(Certificate.device_key == device.hex())):
            older.ended_at = at
        insert_once(
            Certificate,
            {
                "cid": cid,
                "token_id": token_id,
                "holder_address": token.holder_address,
                "device_key": device.hex(),
                "issued_at": at,
                "expires_at": expires,
            },
        )
        session.flush()
        for surplus in list(session.scalars(_good(token_id)))[DEVICES:]:
            surplus.ended_at = at
        session.execute(sa.update(Certificate).where(Certificate.cid == cid).values(ended_at=None))
        return Issued(raw, keys.digits_key(cid), expires)


def end_all(token_id: int) -> None:
    """Inside a transaction: passes of those who held the token before are over."""
    good = sa.update(Certificate).where(Certificate.token_id == token_id, Certificate.ended_at.is_(None))
    held_by = sa.select(Token.holder_address).where(Token.token_id == token_id).scalar_subquery()
    db.session.execute(good.where(sa.func.coalesce(held_by, "") != Certificate.holder_address).values(ended_at=now()))


def on_screen(token: Token) -> tuple[str, str]:
    """(text of the code, six digits) of this half minute, drawn by the town."""
    raw, at = _screen_certificate(token, now()), now().timestamp()
    shown = passes.read_certificate(raw)
    window = passes.window_of(at)
    device = keys.screen_key(shown.token_id, shown.holder, shown.expires)
    return passes.show(device, raw, window), passes.digits(keys.digits_key(shown.cid), window)


def certificates_of(token: Token) -> list[str]:
    """Names (cid) of those whose six digits count now."""
    kept = [row.cid for row in db.session.scalars(_good(token.token_id)) if row.holder_address == token.holder_address]
    drawn = {
        _screen_certificate(token, now() - timedelta(seconds=passes.TOLERANCE_S)),
        _screen_certificate(token, now()),
    }
    return [*kept, *(passes.read_certificate(raw).cid for raw in sorted(drawn))]


def ended(cid: str) -> bool:
    """Was it ended before its time? Drawn ones are not kept, and end with their day."""
    row = db.session.scalar(sa.select(Certificate).where(Certificate.cid == cid))
    return row is not None and row.ended_at is not None


def ended_ones() -> list[str]:
    """Names of certificates that were ended and would still be good: a counter takes this list with it."""
    rows = sa.select(Certificate.cid).where(Certificate.ended_at.is_not(None), Certificate.expires_at > now())
    return list(db.session.scalars(rows.order_by(Certificate.id)))


def _good(token_id: int) -> sa.Select[Certificate]:
    """Newest first."""
    query = sa.select(Certificate).where(Certificate.token_id == token_id, Certificate.ended_at.is_(None))
    return query.where(Certificate.expires_at > now()).order_by(Certificate.id.desc())


def _screen_certificate(token: Token, at: datetime) -> bytes:
    """The same for a whole day in Japan, good until an hour after it."""
    assert token.holder_address is not None, "a held token has a holder"
    tomorrow = jst(at).replace(hour=1, minute=0, second=0, microsecond=0) + timedelta(days=1)
    expires, holder = int(tomorrow.astimezone(UTC).timestamp()), passes.holder_tag(token.holder_address)
    device = bytes(keys.screen_key(token.token_id, holder, expires).verify_key)
    return passes.certify(keys.town_key(), token.token_id, holder, device, expires)


def _public_key(text: str) -> bytes:
    try:
        key = bytes.fromhex(text)
    except ValueError:
        key = b""
    if len(key) != 32:
        raise Invalid("この端末の鍵を読み取れませんでした。")
    return key
