"""Take a unit, give it back, sell it: the hot path of a rush."""

from __future__ import annotations

from typing import NamedTuple

import sqlalchemy as sa

from marketplace.kit.db import db, writing
from marketplace.listings.models import Listing, Unit, UnitState

_units = Unit.__table__
assert isinstance(_units, sa.Table)
_first_free = (
    sa.select(_units.c.id)
    .where(_units.c.listing_id == sa.bindparam("listing"), _units.c.state.between(UnitState.FREE, UnitState.FREE))
    .order_by(_units.c.state, _units.c.serial)
    .limit(1)
    .with_for_update(skip_locked=True)
    .scalar_subquery()
)
TAKE = sa.update(_units).where(_units.c.id == _first_free).values(state=UnitState.HELD)
TAKE = TAKE.returning(_units.c.id, _units.c.serial)
"""Takes the lowest free unit of :listing. One statement: a row that another buyer is taking is passed over instead of
waited for (SKIP LOCKED). Of the table and built once, since a rush does little else.

"Between free and free, by state and serial" is an order that only ix_units_state has. For "is free, by serial"
PostgreSQL rather takes the smaller uq_units_serial while its statistics are those of the morning, when all were free,
and then walks past each unit that is gone since: the more are sold, the slower the next."""


_listings = Listing.__table__
assert isinstance(_listings, sa.Table)


def _how_many(state: UnitState) -> sa.ScalarSelect[int]:
    of_listing = sa.and_(_units.c.listing_id == _listings.c.id, _units.c.state == state)
    return sa.select(sa.func.count()).select_from(_units).where(of_listing).correlate(_listings).scalar_subquery()


_COUNTS = sa.select(_listings.c.id, *map(_how_many, UnitState))
_COUNTS = _COUNTS.where(_listings.c.id.in_(sa.bindparam("listings", expanding=True)))
"""Each number is one range of the index, counted where it lies: half of what grouping the same units costs."""
_STEP = sa.update(_units).where(_units.c.id == sa.bindparam("unit"), _units.c.state == sa.bindparam("old"))
_STEP = _STEP.values(state=sa.bindparam("new")).returning(_units.c.serial)
_of_listing = sa.select(_units.c.id).where(_units.c.listing_id == _listings.c.id).correlate(_listings)
SOLD_OUT = sa.and_(
    _of_listing.exists(), sa.not_(_of_listing.where(_units.c.state.in_((UnitState.FREE, UnitState.HELD))).exists())
)
"""Of a listing: it has units, and none that could still be bought. Looks at one of each, where there are some."""


class Taken(NamedTuple):
    id: int
    serial: int


def take_unit(listing_id: int) -> Taken | None:
    """Hold the lowest free unit for the caller's transaction; None where none is free at this moment."""
    assert writing(), "take_unit() belongs inside transaction()"
    taken = db.session.execute(TAKE, {"listing": listing_id}).one_or_none()
    return Taken(*taken) if taken is not None else None


def retake_unit(unit_id: int) -> bool:
    """Hold this very unit again, if it is free still."""
    return _step(unit_id, UnitState.FREE, UnitState.HELD) is not None


def give_back(unit_id: int) -> bool:
    """A held unit is free again. False where it was not held."""
    return _step(unit_id, UnitState.HELD, UnitState.FREE) is not None


def sell(unit_id: int) -> int | None:
    """A held unit is sold: its serial number. None where it was not held."""
    return _step(unit_id, UnitState.HELD, UnitState.SOLD)


def unsell(unit_id: int) -> bool:
    """A sold unit whose buyer got the money back is free again."""
    return _step(unit_id, UnitState.SOLD, UnitState.FREE) is not None


def _step(unit_id: int, old: UnitState, new: UnitState) -> int | None:
    assert writing(), "units change inside transaction()"
    serial: int | None = db.session.scalar(_STEP, {"unit": unit_id, "old": old, "new": new})
    return serial


def counts(listing_ids: list[int]) -> dict[int, dict[UnitState, int]]:
    """{listing: {state: how many units}} in one query; what there is none of is absent."""
    found: dict[int, dict[UnitState, int]] = {}
    for listing_id, *numbers in db.session.execute(_COUNTS, {"listings": listing_ids}) if listing_ids else ():
        if there := {state: number for state, number in zip(UnitState, numbers, strict=True) if number}:
            found[listing_id] = there
    return found


def remaining(listing_id: int) -> int:
    """Units that can be bought now."""
    return counts([listing_id]).get(listing_id, {}).get(UnitState.FREE, 0)
