"""What the tests of appointments start from: a right to twelve hours of the mayor, and the way to each state."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from marketplace.appointments import arranging, asking, calendar, settling
from marketplace.appointments.models import Appointment, Lecturer, Slot
from marketplace.kit.clock import JST, pretending
from marketplace.kit.db import db, get
from marketplace.outbox import keeping
from marketplace.perks.models import Partner
from marketplace.rights.plans import Place, Plan, PlanKind
from marketplace.tokens.custody import custody_of
from tests import given
from tests.chainlogs import Chain
from tests.perks.stage import a_desk, a_listing
from tests.resale.stage import custody, heard, held_token, token

BY = "staff:ACC-TEST"
MONDAY, WEDNESDAY, FRIDAY = (datetime(2027, 6, day, 10, tzinfo=JST) for day in (14, 16, 18))


@dataclass(frozen=True)
class Talks:
    """A right whose uses are hours of a lecturer, in the hands of `holder`."""

    token_id: int
    lecturer_id: int
    holder: int


def the_mayor() -> int:
    known = db.session.scalar(sa.select(Lecturer.id).where(Lecturer.name == "町長"))
    return known or calendar.put_lecturer("町長", BY)


def hours() -> Plan:
    """Twelve times, at the town hall."""
    known = db.session.scalar(sa.select(Partner).where(Partner.name == "町長室"))
    place = Place(known.code, known.name) if known else a_desk("町長室").place
    return Plan(id="p1", name="町長の講演・相談", kind=PlanKind.COUNTED, limit=12, places=(place,))


def mayors_talks(chain: Chain, holder: int, *, planned: bool = True, serial: int = 1, **right: Any) -> Talks:
    """Twelve uses of an hour, counted by a plan or by the right alone."""
    more = {"kind": "lecture", "uses_per_token": 12, "title_ja": "町長の講演・相談 12回", **right}
    listing_id = a_listing(*((hours(),) if planned else ()), **more)
    token_id = held_token(chain, holder, listing_id, serial)
    keeping.drain()
    lecturer_id = the_mayor()
    calendar.name_lecturer(token(token_id).right_id, lecturer_id, 60, BY)
    return Talks(token_id, lecturer_id, holder)


def wish(*starts: datetime, **more: Any) -> asking.Wish:
    usual: dict[str, Any] = {
        "topic": "地域の稼ぐ力について、20人ほどで聞きます。",
        "online": True,
        "place": "",
        "uses": 1,
    }
    return asking.Wish(**{**usual, "starts": starts or (MONDAY, WEDNESDAY), **more})


def row(appointment_id: int) -> Appointment:
    db.session.rollback()
    return get(Appointment, appointment_id)


def asked(talks: Talks, *starts: datetime, **more: Any) -> int:
    return asking.ask(talks.token_id, talks.holder, wish(*starts, **more))


def fixed(talks: Talks, start: datetime = MONDAY, **more: Any) -> int:
    appointment_id = asked(talks, start, **more)
    arranging.confirm(appointment_id, given.staff("drafter"), start)
    return appointment_id


def held(talks: Talks, start: datetime = MONDAY, uses: int = 1) -> int:
    """Written down as held, two hours after it began."""
    appointment_id = fixed(talks, start, uses=uses)
    with pretending(start + timedelta(hours=2)):
        settling.held(appointment_id, given.staff("drafter"), uses)
    return appointment_id


def counted(talks: Talks, start: datetime = MONDAY, uses: int = 1) -> int:
    appointment_id = held(talks, start, uses)
    with pretending(start + timedelta(hours=3)):
        settling.confirm(appointment_id, talks.holder)
        keeping.drain()
    return appointment_id


def sold_on(chain: Chain, talks: Talks, to: int, block: int = 5) -> None:
    """The token went to another account's custody, and everybody has heard."""
    chain.transfer(talks.token_id, custody(talks.holder), custody_of(to), block=block)
    heard(chain, talks.token_id)
    keeping.drain()


def slots() -> list[datetime]:
    db.session.rollback()
    return list(db.session.scalars(sa.select(Slot.at).order_by(Slot.at)))
