"""At the close the list is fixed, once."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from flask import Flask

from marketplace.chain.models import Call
from marketplace.journal import models as journal
from marketplace.kit import merkle
from marketplace.kit.db import db, get
from marketplace.listings import scheduling
from marketplace.listings.models import Listing, ListingState
from marketplace.lotteries import bundles, closing
from marketplace.lotteries.states import LotteryState
from marketplace.outbox import keeping
from tests import given
from tests.lotteries.applied import after_the_close, state, with_entries
from tests.racing import meanwhile


@pytest.fixture(autouse=True)
def _app(app: Flask) -> None:
    """Every test here has a town."""


class TestClose:
    def test_root_and_count_are_fixed_and_written_into_the_journal(self) -> None:
        lottery, received, _accounts = with_entries(5)
        with after_the_close(lottery):
            pass
        fixed = bundles.fixed_of(lottery)
        assert fixed is not None
        assert state(lottery) == (LotteryState.CLOSED, ListingState.CLOSED)
        assert (fixed.n, fixed.units, fixed.chain, fixed.round) == (5, 2, "dice", 0)
        assert fixed.rules == get(Listing, lottery.listing_id).text_hash
        row = db.session.execute(
            sa.select(journal.Entry).where(journal.Entry.subject == lottery.subject, journal.Entry.event == "fix")
        ).scalar_one()
        assert row.details == {"n": 5, "units": 2, "root": fixed.root}
        for one in received:
            proof = bundles.proof_of(lottery, one.no)
            assert proof is not None
            path = [merkle.Step(step["side"], bytes.fromhex(step["hash"])) for step in proof["path"]]
            assert merkle.climb(bytes.fromhex(proof["leaf"]), path).hex() == fixed.root

    def test_the_root_is_promised_to_the_chain_once(self) -> None:
        lottery, _received, _accounts = with_entries(2)
        closing.close(lottery.listing_id)
        closing.close(lottery.listing_id)
        fixed = bundles.fixed_of(lottery)
        call = db.session.execute(sa.select(Call).where(Call.key == f"anchor:draw:{lottery.code}")).scalar_one()
        assert fixed is not None
        assert (call.contract, call.function, call.args[1]) == ("Anchors", "anchor", "0x" + fixed.root)

    def test_withdrawn_entries_are_not_in_it(self) -> None:
        from marketplace.lotteries.entering import withdraw  # noqa: PLC0415 - used here alone

        lottery, received, accounts = with_entries(3)
        withdraw(received[1].entry_id, accounts[1])
        closing.close(lottery.listing_id)
        fixed = bundles.fixed_of(lottery)
        assert fixed is not None
        assert fixed.n == 2
        assert bundles.proof_of(lottery, received[1].no) is None

    def test_of_two_lotteries_each_has_its_own_list(self) -> None:
        lotteries = [with_entries(people)[0] for people in (3, 2)]
        for lottery in lotteries:
            closing.close(lottery.listing_id)
        fixed = [bundles.fixed_of(lottery) for lottery in lotteries]
        assert [each and (each.n, len(bundles.bundle_of(each)["entries"])) for each in fixed] == [(3, 3), (2, 2)]

    def test_heard_twice_it_is_fixed_once(self) -> None:
        lottery, _received, _accounts = with_entries(1)
        closing.close(lottery.listing_id)
        closing.close(lottery.listing_id)
        assert state(lottery)[0] == LotteryState.CLOSED

    def test_news_out_of_order_still_closes_it(self) -> None:
        """A worker that hears of the close before it heard of the opening."""
        listing_id = given.a_listing("lottery", state="published")
        scheduling.open_sale(listing_id)
        scheduling.close_sale(listing_id)
        closing.close(listing_id)
        keeping.drain()
        lottery = closing.of_listing(listing_id)
        assert lottery is not None
        assert lottery.state == LotteryState.CLOSED


def test_a_sale_that_is_cancelled_while_its_lottery_begins_gets_none(app: Flask) -> None:
    listing_id = given.a_listing("lottery", state="published")
    scheduling.open_sale(listing_id)
    with meanwhile(app, lambda: closing.start(listing_id)):
        scheduling.cancel(listing_id, "staff:ACC-1", "大雪のため")
    assert closing.of_listing(listing_id) is None
