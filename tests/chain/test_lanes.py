"""Several senders take the lanes of one chain, and give them back, at the same moment."""

from __future__ import annotations

import sqlalchemy as sa
from flask import Flask

from marketplace.chain import lanes
from marketplace.chain.models import Lane
from marketplace.kit.db import db, transaction
from tests.racing import at_once

TURNS = 80
ROLES = ("town", "issuer", "custodian", "redeemer", "anchorer")


def test_senders_at_once_each_get_lanes_or_none_and_leave_all_of_them_free(app: Flask) -> None:
    for role in ROLES:
        lanes.open_lane(role)

    def take_and_give_back(sender: int) -> int:
        taken = 0
        for turn in range(TURNS):
            with lanes.held(60) as held:
                taken += len(held.lanes)
            with transaction() as session:  # what is written to last stands last in PostgreSQL's table
                one = sa.update(Lane).where(Lane.role == ROLES[(sender + turn) % len(ROLES)])
                session.execute(one.values(next_nonce=Lane.next_nonce + 1))
        return taken

    outcomes = at_once(app, 8, take_and_give_back)
    assert {type(each) for each in outcomes} == {int}, outcomes
    assert sum(outcomes) > 0
    assert db.session.scalars(sa.select(Lane.id).where(Lane.lease_by.is_not(None))).all() == []
