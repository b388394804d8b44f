"""Runs whose troubles dice choose end as the run without any. `python -m tests.chaos` has hundreds of them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from marketplace.accounts.models import Account
from marketplace.fund.models import PostingLine
from marketplace.kit.db import transaction
from marketplace.orders.models import Order, OrderState
from marketplace.outbox.models import Message
from marketplace.payments.stripe import till
from marketplace.tokens.models import Token
from tests.chaos.running import Ending, Run, disturbed, undisturbed
from tests.chaos.stage import Stage, prepared
from tests.chaos.state import fingerprint, standing
from tests.databases import Databases

pytestmark = pytest.mark.node

SEEDS = (1, 2)


@pytest.fixture(scope="module")
def stage(databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with prepared(databases, tmp_path_factory.mktemp("stage")) as stage:
        yield stage


@pytest.fixture(scope="module")
def calm(stage: Stage) -> Ending:
    return undisturbed(stage)


def test_without_troubles_everybody_has_what_they_wanted_and_no_book_differs(stage: Stage, calm: Ending) -> None:
    assert calm.state["wrong"] == []
    issued = [(email, yen) for _code, email, state, yen, _origin in calm.state["orders"] if state == "issued"]
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


def test_each_wrong_row_makes_another_hash(stage: Stage) -> None:
    """Or equal hashes would prove nothing."""
    token = sa.select(sa.func.min(Token.id)).scalar_subquery()
    other = sa.select(sa.func.max(Account.id)).scalar_subquery()
    order = sa.select(sa.func.min(Order.id)).where(Order.state == OrderState.ISSUED).scalar_subquery()
    line = sa.select(sa.func.min(PostingLine.id)).scalar_subquery()
    with stage.copy() as app:
        hashes = [Run(app, stage, None).to_the_end().hash]
        for wrong in (
            sa.update(Token).where(Token.id == token).values(holder_id=other),
            sa.update(Order).where(Order.id == order).values(yen=Order.yen + 1),
            sa.update(PostingLine).where(PostingLine.id == line).values(yen=PostingLine.yen + 1),
            sa.update(Message).where(Message.topic == "order.paid").values(done_at=None),
        ):
            with transaction() as session:
                session.execute(wrong)
            hashes.append(fingerprint(standing(till().transactions())))
    assert len(set(hashes)) == 5
