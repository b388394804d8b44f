"""来町スタンプ: a guest reads the partner's code and has a stamp, one a day.

A picture of the code is worth little: the printed one needs the number of the day, which stands at the desk, and the
one on a screen is good for three minutes. That somebody tells a friend by telephone is not prevented, and not worth it:
a stamp gives nothing but itself.
"""

from __future__ import annotations

import hmac
import re
import unicodedata
from datetime import date, datetime

import sqlalchemy as sa

from marketplace.gatherings.visits import StampPoint, Visit, Way
from marketplace.holders.owned import rights_of
from marketplace.journal.writing import note
from marketplace.kit.clock import jst, now
from marketplace.kit.codes import secret
from marketplace.kit.db import db, get, insert_once, lock, transaction
from marketplace.kit.refusals import Invalid, Refused
from marketplace.perks.models import Partner

WINDOW_S = 60
WINDOWS = 3
"""How many of the newest codes of a screen are good: somebody needs a moment to hold the telephone up and sign in."""


class WrongNumber(Invalid):
    code = "wrong_stamp_number"
    message = "きょうの番号ではありません。受付にある4けたの番号をお確かめください。"


class StaleCode(Refused):
    code = "stale_stamp_code"
    message = "この模様は古くなりました。受付の画面を、もう一度読み取ってください。"


class NoStampsHere(Refused):
    code = "no_stamps_here"
    message = "ここでは、いま来町スタンプを押していません。"


def open_point(partner_id: int, by: str) -> None:
    """Visits are stamped at this partner. Said again, it changes nothing."""
    with transaction():
        partner = lock(Partner, partner_id)
        values = {"secret": secret(), "screen_key": secret(), "opened_at": now()}
        if insert_once(StampPoint, {"partner_id": partner.id, **values}) is not None:
            note(partner.subject, "open_stamp_point", by=by)


def renew_point(partner_id: int, by: str) -> None:
    """New numbers and a new screen: what was printed before, and the address of the old screen, are void."""
    with transaction():
        partner, point = lock(Partner, partner_id), lock(StampPoint, partner_id)
        point.secret, point.screen_key = secret(), secret()
        note(partner.subject, "renew_stamp_point", by=by)


def stamp(account_id: int, partner_code: str, *, number: str = "", code: str = "") -> tuple[int, bool]:
    """Stamp a visit by the number of the day, or by the code of a screen: (how many stamps they have, is it new?).

    WrongNumber, StaleCode, NoStampsHere; LookupError for no such partner.
    """
    with transaction() as session:
        partner, point = point_of(partner_code)
        today = jst(now()).date()
        if code:
            if code not in screen_codes(point, now()):
                raise StaleCode
        elif not hmac.compare_digest(_digits(number), number_of(point, today)):
            raise WrongNumber(field="number")
        row = {"account_id": account_id, "partner_id": partner.id, "day": today, "at": now()}
        earlier = sa.select(Visit.id).where(Visit.account_id == account_id, Visit.day < today).limit(1)
        more = {
            "way": Way.SCREEN if code else Way.POSTER,
            "right_ids": sorted(rights_of(account_id)),
            "again": session.scalar(earlier) is not None,
        }
        new = insert_once(Visit, row | more) is not None
        count = session.scalar(sa.select(sa.func.count()).where(Visit.account_id == account_id)) or 0
        return count, new


def point_of(partner_code: str) -> tuple[Partner, StampPoint]:
    """NoStampsHere for a partner that stamps none, or is one no more; LookupError for none."""
    partner = db.session.scalar(sa.select(Partner).where(Partner.code == partner_code))
    if partner is None:
        raise LookupError(f"partner {partner_code}")
    point = db.session.get(StampPoint, partner.id)
    if point is None or partner.closed_at is not None:
        raise NoStampsHere
    return partner, point


def point_by_screen(screen_key: str) -> tuple[Partner, StampPoint]:
    """LookupError for none."""
    point = db.session.scalar(sa.select(StampPoint).where(StampPoint.screen_key == screen_key))
    if point is None:
        raise LookupError("screen")
    return get(Partner, point.partner_id), point


def number_of(point: StampPoint, day: date) -> str:
    """The four digits of a day in Japan."""
    mac = hmac.digest(point.secret.encode(), f"day {day.isoformat()}".encode(), "sha256")
    return f"{int.from_bytes(mac[:4], 'big') % 10_000:04}"


def screen_codes(point: StampPoint, at: datetime) -> list[str]:
    """The codes that are good at that moment, the newest first."""
    latest = int(at.timestamp()) // WINDOW_S
    return [
        hmac.digest(point.secret.encode(), f"screen {window}".encode(), "sha256").hex()[:20]
        for window in range(latest, latest - WINDOWS, -1)
    ]


def stamps_of(account_id: int) -> list[tuple[Visit, Partner]]:
    """Newest first."""
    found = sa.select(Visit, Partner).join(Partner, Partner.id == Visit.partner_id)
    rows = db.session.execute(found.where(Visit.account_id == account_id).order_by(Visit.day.desc(), Visit.id.desc()))
    return [(visit, partner) for visit, partner in rows]


def _digits(typed: str) -> str:
    return re.sub(r"[^0-9]", "", unicodedata.normalize("NFKC", typed))
