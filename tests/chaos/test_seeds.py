"""Runs whose troubles dice choose end as the run without any. `python -m tests.chaos seeds` has hundreds of them."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from marketplace.accounts.models import Account
from marketplace.fund.models import Assessment, PostingLine
from marketplace.kit.db import Base, db, transaction
from marketplace.metadata.models import Replica, ReplicaState
from marketplace.orders.models import Order, OrderState
from marketplace.outbox.models import Message
from marketplace.payments.stripe import till
from marketplace.tokens.models import Token
from tests.chaos.running import REPLACED, Ending, Run, disturbed
from tests.chaos.stage import Stage
from tests.chaos.state import COMPARED, LEFT_OUT, fingerprint, standing
from tests.journal.forging import unguarded

pytestmark = pytest.mark.node

SEEDS = (1,)


def test_without_troubles_everybody_has_what_they_wanted_and_no_book_differs(stage: Stage, calm: Ending) -> None:
    assert calm.state["wrong"] == []
    issued = [(email, yen) for _mode, email, state, yen, _origin in calm.state["orders"] if state == "issued"]
    winners = [email for email, yen in issued if yen == 2_000]
    assert len(winners) == len(set(winners)) == 2
    assert sorted(set(issued) - {(email, 2_000) for email in winners}) == [
        ("bidder-9000@example.jp", 5_250),  # a step above the second
        *((f"buyer-{n}@example.jp", 1_000) for n in range(len(stage.world.buyers))),
    ]
    assert len(calm.state["tokens"]) == len(calm.state["payments"]) == len(issued)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_end_is_that_of_an_undisturbed_run(stage: Stage, calm: Ending, seed: int) -> None:
    ending = disturbed(stage, seed)
    assert ending.state == calm.state
    assert ending.hash == calm.hash
    assert (ending.deaths.total() > 5, ending.weather.total() > 5) == (True, True)
    assert ending.keys_replaced >= len(REPLACED)  # once more, where somebody did not live to see that it was done


def test_each_wrong_row_makes_another_hash(stage: Stage) -> None:
    """Or equal hashes would prove nothing. A table that the story fills is compared, or left out for a reason."""
    token = sa.select(sa.func.min(Token.id)).scalar_subquery()
    other = sa.select(sa.func.max(Account.id)).scalar_subquery()
    order = sa.select(sa.func.min(Order.id)).where(Order.state == OrderState.ISSUED).scalar_subquery()
    line = sa.select(sa.func.min(PostingLine.id)).scalar_subquery()
    with stage.copy() as app:
        hashes = [Run(app, stage, None).to_the_end().hash]
        assert _filled() - COMPARED.union(*LEFT_OUT.values()) == set()
        unguarded()
        for wrong in (
            sa.update(Assessment).values(yen=Assessment.yen + 1),
            sa.update(Replica).values(state=ReplicaState.LOST),
            sa.update(Token).where(Token.id == token).values(holder_id=other),
            sa.update(Order).where(Order.id == order).values(yen=Order.yen + 1),
            sa.update(PostingLine).where(PostingLine.id == line).values(yen=PostingLine.yen + 1),
            sa.update(Message).where(Message.topic == "order.paid").values(done_at=None),
        ):
            with transaction() as session:
                session.execute(wrong)
            hashes.append(fingerprint(standing(till().transactions())))
    assert len(set(hashes)) == 7


def _filled() -> set[str]:
    """The tables in which the story has written anything at all."""
    rows = {table: sa.select(sa.literal(1)).select_from(table).limit(1) for table in Base.metadata.sorted_tables}
    return {table.name for table, any_row in rows.items() if db.session.scalar(any_row)}
