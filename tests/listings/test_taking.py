from __future__ import annotations

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.exc import IntegrityError

from marketplace.kit.db import db, get, transaction
from marketplace.listings.models import Listing, Unit, UnitState
from marketplace.listings.taking import (
    SOLD_OUT,
    counts,
    give_back,
    remaining,
    retake_unit,
    sell,
    take_unit,
    unsell,
)
from tests import given
from tests.crashing import rolled_back
from tests.racing import at_once


def take(listing_id: int) -> int | None:
    """The serial of the unit that was taken."""
    with transaction():
        unit = take_unit(listing_id)
        return unit.serial if unit else None


def test_ninety_people_at_fifty_units_get_fifty_different_ones(app: Flask) -> None:
    listing_id = given.a_listing(quantity=50)
    taken = at_once(app, 90, lambda _: take(listing_id))
    got = [serial for serial in taken if serial is not None]
    assert (sorted(got), taken.count(None)) == (list(range(1, 51)), 40)
    assert counts([listing_id]) == {listing_id: {UnitState.HELD: 50}}


def test_units_go_out_from_the_lowest_number(app: Flask) -> None:
    listing_id = given.a_listing(quantity=3)
    assert [take(listing_id) for _ in range(4)] == [1, 2, 3, None]


def test_a_taking_that_is_rolled_back_took_nothing(app: Flask) -> None:
    listing_id = given.a_listing(quantity=1)
    with rolled_back():
        assert take_unit(listing_id)
    assert (remaining(listing_id), take(listing_id)) == (1, 1)


def test_a_sale_is_sold_out_when_its_last_unit_is_sold_and_not_while_it_is_held(app: Flask) -> None:
    def is_sold_out() -> bool | None:
        return db.session.scalar(sa.select(SOLD_OUT).where(Listing.id == listing_id))

    listing_id = given.a_listing(quantity=2)
    given.a_listing(quantity=1)  # whose units are for sale still
    seen = [is_sold_out()]
    with transaction():
        first, second = take_unit(listing_id), take_unit(listing_id)
        assert first is not None
        assert second is not None
        assert sell(first.id)
        seen.append(is_sold_out())
        assert sell(second.id)
        seen.append(is_sold_out())
    assert seen == [False, False, True]


def test_one_sales_units_are_not_anothers(app: Flask) -> None:
    first, second = given.a_listing(quantity=1), given.a_listing(quantity=2)
    assert ([take(first), take(first)], remaining(second)) == ([1, None], 2)
    assert counts([first, second]) == {first: {UnitState.HELD: 1}, second: {UnitState.FREE: 2}}


def test_a_unit_steps_from_free_to_held_to_sold_and_back(app: Flask) -> None:
    listing_id = given.a_listing(quantity=1)
    take(listing_id)
    unit_id = db.session.scalars(sa.select(Unit.id).where(Unit.listing_id == listing_id)).one()
    answers = []
    for step in (give_back, give_back, retake_unit, retake_unit, sell, sell, give_back, unsell, unsell, sell):
        with transaction():
            answers.append((step.__name__, step(unit_id), str(get(Unit, unit_id).state)))
        db.session.rollback()
    assert [answer[:2] for answer in answers] == [
        ("give_back", True),
        ("give_back", False),
        ("retake_unit", True),
        ("retake_unit", False),
        ("sell", 1),
        ("sell", None),
        ("give_back", False),
        ("unsell", True),
        ("unsell", False),
        ("sell", None),
    ]
    assert get(Unit, unit_id).state == UnitState.FREE


def test_of_ten_who_sell_the_same_unit_one_does(app: Flask) -> None:
    listing_id = given.a_listing(quantity=1)
    take(listing_id)
    unit_id = db.session.scalars(sa.select(Unit.id).where(Unit.listing_id == listing_id)).one()

    def sell_it(_: int) -> int | None:
        with transaction():
            return sell(unit_id)

    assert [serial for serial in at_once(app, 10, sell_it) if serial is not None] == [1]


def test_the_database_has_each_number_once(app: Flask) -> None:
    listing_id = given.a_listing(quantity=1)
    with pytest.raises(IntegrityError, match=r"uq_units_serial|units\.serial"), transaction() as session:
        session.execute(sa.insert(Unit).values(listing_id=listing_id, serial=1, state=UnitState.FREE))
    with pytest.raises(IntegrityError, match="serial_from_one"), transaction() as session:
        session.execute(sa.insert(Unit).values(listing_id=listing_id, serial=0, state=UnitState.FREE))
