"""Take a unit, give it back, sell it: the hot path of a rush."""

from __future__ import annotations

import sqlalchemy as sa

from marketplace.kit.db import db, writing
from marketplace.listings.models import Unit, UnitState

_units = Unit.__table__
assert isinstance(_units, sa.Table)
_first_free = (
    sa.select(_units.c.id)
    .where(_units.c.listing_id == sa.bindparam("listing"), _units.c.state == UnitState.FREE)
    .order_by(_units.c.serial)
    .limit(1)
    .with_for_update(skip_locked=True)
    .scalar_subquery()
)
TAKE = sa.update(_units).where(_units.c.id == _first_free).values(state=UnitState.HELD).returning(_units.c.id)
"""Takes the lowest free unit of :listing. One statement: a row that another buyer is taking is passed over instead of
waited for (SKIP LOCKED). Of the table and built once, since a rush does little else."""


def take_unit(listing_id: int) -> Unit | None:
    """Hold the lowest free unit for the caller's transaction; None where none is free at this moment."""
    assert writing(), "take_unit() belongs inside transaction()"
    taken = db.session.execute(TAKE, {"listing": listing_id}).scalar()
    return db.session.get(Unit, taken, populate_existing=True) if taken is not None else None


def retake_unit(unit_id: int) -> bool:
    """Hold this very unit again, if it is free still."""
    return _step(unit_id, UnitState.FREE, UnitState.HELD)


def give_back(unit_id: int) -> bool:
    """A held unit is free again. False where it was not held."""
    return _step(unit_id, UnitState.HELD, UnitState.FREE)


def sell(unit_id: int) -> bool:
    """A held unit is sold. False where it was not held."""
    return _step(unit_id, UnitState.HELD, UnitState.SOLD)


def unsell(unit_id: int) -> bool:
    """A sold unit whose buyer got the money back is free again."""
    return _step(unit_id, UnitState.SOLD, UnitState.FREE)


def _step(unit_id: int, old: UnitState, new: UnitState) -> bool:
    assert writing(), "units change inside transaction()"
    changed = db.session.execute(
        sa.update(Unit).where(Unit.id == unit_id, Unit.state == old).values(state=new).returning(Unit.id)
    ).scalar()
    return changed is not None


def counts(listing_ids: list[int]) -> dict[int, dict[UnitState, int]]:
    """{listing: {state: how many units}} in one query; listings without units are absent."""
    rows = db.session.execute(
        sa.select(Unit.listing_id, Unit.state, sa.func.count())
        .where(Unit.listing_id.in_(listing_ids))
        .group_by(Unit.listing_id, Unit.state)
    )
    found: dict[int, dict[UnitState, int]] = {}
    for listing_id, state, count in rows:
        found.setdefault(listing_id, {})[state] = count
    return found


def remaining(listing_id: int) -> int:
    """Units that can be bought now."""
    return counts([listing_id]).get(listing_id, {}).get(UnitState.FREE, 0)
