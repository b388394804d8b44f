"""What is promised is sent: once, in order, together where it belongs together."""

import pytest
import sqlalchemy as sa
from flask import Flask

from marketplace.chain import following, lanes, register, sending
from marketplace.chain.models import Call, CallState, Lane, Tx, TxState
from marketplace.chain.node import node
from marketplace.kit.db import db, transaction
from marketplace.kit.refusals import Rejected, Unavailable
from marketplace.settings import Settings
from tests.apps import another
from tests.chain import given
from tests.local_chain import LocalChain
from tests.operating.looked import changed

MINED, QUEUED, PARKED = CallState.MINED, CallState.QUEUED, CallState.PARKED


def test_a_promised_right_is_on_the_chain_after_one_round(deployed: Flask) -> None:
    given.a_series()
    given.an_issue(1)
    assert sending.work() == 2
    assert given.calls() == {"series:1": MINED, "issue:1:1": MINED}
    assert given.owner(1_000_001) == register.custody_address(given.custody_id(1)).lower()


def test_a_promise_made_twice_is_kept_once(deployed: Flask) -> None:
    given.a_series()
    given.an_issue(1)
    sending.work()
    given.a_series()
    given.an_issue(1)
    assert sending.work() == 0
    assert given.txs() == [TxState.MINED] * 2


def test_a_promise_dies_with_its_transaction(deployed: Flask) -> None:
    class Mistake(Exception):
        pass

    def promised_and_regretted() -> None:
        with transaction():
            given.a_series()
            raise Mistake

    with pytest.raises(Mistake):
        promised_and_regretted()
    assert given.calls() == {}


def test_a_rehearsal_sends_nothing_to_a_chain_that_is_not_its_own(deployed: Flask, settings: Settings) -> None:
    given.a_series()
    with another(changed(settings, rehearsal_mail="operator@example.jp", chain_embedded=False)):
        sending.send()
        with pytest.raises(Rejected, match="rehearsal"):
            sending.work()
        assert (given.calls(), given.txs()) == ({"series:1": QUEUED}, [])
    with another(changed(settings, rehearsal_mail="operator@example.jp", chain_embedded=True)):
        sending.send()
        assert given.calls() == {"series:1": MINED}


def test_what_does_not_fit_the_contract_is_refused_when_it_is_promised(deployed: Flask) -> None:
    with pytest.raises(ValueError, match="wanted"), transaction():
        sending.promise("wrong", "issuer", "RightsToken", "createSeries", [1])


def test_rights_of_a_series_travel_together_250_at_a_time(deployed: Flask) -> None:
    given.a_series()
    given.a_series(2)
    with transaction():
        for serial in range(1, 302):
            given.an_issue(serial)
        given.an_issue(1, series=2)
    assert sending.work() == 5
    sizes = db.session.scalars(
        sa.select(sa.func.count()).select_from(Call).where(Call.group_key.is_not(None)).group_by(Call.tx_id)
    )
    assert sorted(sizes) == [1, 51, 250]
    assert set(given.calls().values()) == {MINED}


def test_more_than_a_lane_may_have_in_flight_goes_in_turns(deployed: Flask) -> None:
    for series in range(1, 41):
        given.a_series(series)
    settled = 0
    while done := sending.work():  # as the worker does: what a slow node has not mined yet is settled in the next round
        settled += done
    assert settled == 40
    assert set(given.calls().values()) == {MINED}


def test_nonces_have_no_gap_and_no_double(deployed: Flask) -> None:
    for series in range(1, 6):
        given.a_series(series)
    sending.work()
    nonces = db.session.execute(sa.select(Tx.lane_id, Tx.nonce).order_by(Tx.lane_id, Tx.nonce)).all()
    for lane in db.session.scalars(sa.select(Lane)):
        ours = [nonce for lane_id, nonce in nonces if lane_id == lane.id]
        assert ours == list(range(lane.next_nonce))
        assert node().next_nonce(lane.signer) == lane.next_nonce


def test_what_the_contract_refuses_waits_and_after_three_times_is_for_staff(deployed: Flask) -> None:
    given.a_series()
    sending.work()
    with transaction():
        sending.promise("again", "issuer", "RightsToken", "createSeries", [1, given.TERMS, ""])
    for _ in range(3):
        with transaction() as session:
            session.execute(sa.update(Call).values(wait_until=None))
        sending.work()
    assert given.calls()["again"] == PARKED
    [call] = register.parked()
    assert (call.key, call.error, call.attempts) == ("again", "SeriesExists(1)", 3)
    assert given.txs() == [TxState.MINED, *[TxState.REVERTED] * 3]


def test_a_refused_call_is_not_tried_at_once_and_holds_up_nobody(deployed: Flask) -> None:
    given.an_issue(1, series=9)
    assert sending.work() == 1
    given.a_series()
    assert sending.work() == 1
    assert given.calls() == {"issue:9:1": QUEUED, "series:1": MINED}


def test_staff_try_a_parked_call_again(deployed: Flask) -> None:
    given.an_issue(1, series=9)
    for _ in range(3):
        with transaction() as session:
            session.execute(sa.update(Call).values(wait_until=None))
        sending.work()
    assert given.calls() == {"issue:9:1": PARKED}
    given.a_series(9)
    sending.work()
    sending.retry("issue:9:1", by="staff:ACC-1")
    sending.work()
    assert given.calls() == {"issue:9:1": MINED, "series:9": MINED}


def test_a_wallet_of_the_demo_has_a_lane_of_its_own(deployed: Flask) -> None:
    wallet = lanes.open_lane("wallet:hanako")
    assert register.signer_of("wallet:hanako") == wallet
    with transaction():
        sending.promise("money", "town", "TestYen", "mint", [wallet, 5_000])
        sending.promise("trust", "wallet:hanako", "TestYen", "approve", [register.address_of("ResaleMarket"), 5_000])
    assert sending.work() == 2
    assert given.calls() == {"money": MINED, "trust": MINED}


def test_a_use_is_written_down_by_a_key_of_its_own_and_followed(deployed: Flask) -> None:
    given.a_series(usesPerToken=12)
    given.an_issue(1)
    sending.work()
    holder, entry = register.custody_address(given.custody_id(1)), "0x" + "22" * 32
    with transaction():
        sending.promise("use", "redeemer", "UsageRegistry", "redeem", [1_000_001, entry, holder])
        sending.promise("undo", "redeemer", "UsageRegistry", "undo", [entry])
    sending.work()
    following.follow_once()
    common = {"tokenId": 1_000_001, "redemptionId": entry}
    assert given.logs("Redeemed") == [{**common, "holder": holder, "used": 1, "left": 11}]
    assert given.logs("RedemptionUndone") == [{**common, "used": 0, "left": 12}]


def test_a_role_that_never_sent_gets_its_lane_with_its_first_call(deployed: Flask) -> None:
    assert register.signer_of("wallet:jiro") is None
    with transaction():
        sending.promise("trust", "wallet:jiro", "TestYen", "approve", [register.address_of("ResaleMarket"), 1])
    sending.work()
    assert given.calls() == {"trust": MINED}
    assert register.signer_of("wallet:jiro") is not None


def test_what_is_for_a_contract_that_is_not_there_yet_waits(app: Flask) -> None:
    with transaction():
        sending.promise("early", "issuer", "RightsToken", "freezeSeries", [1])
    assert sending.work() == 0
    assert given.calls() == {"early": QUEUED}


def test_a_lane_that_another_process_holds_is_left_alone(deployed: Flask) -> None:
    given.a_series()
    with lanes.held(60) as held:
        assert set(held.lanes) == {"town", "issuer", "custodian", "redeemer", "anchorer", "pauser"}
        assert sending.work() == 0
    assert sending.work() == 1


def test_a_lease_that_ran_out_is_lost_and_what_was_signed_meanwhile_is_not_stored(deployed: Flask) -> None:
    given.a_series()
    with lanes.held(0.0) as slow, lanes.held(60) as quick:
        assert set(quick.lanes) == set(slow.lanes)
        with pytest.raises(lanes.LostLease):
            sending._sign(slow)
        with pytest.raises(lanes.LostLease):
            slow.renew()
        assert given.txs() == []
        assert sending._sign(quick) == 1
    assert sending.work() == 1
    assert given.txs() == [TxState.MINED]


def test_while_the_chain_is_away_promises_wait(deployed: Flask, chain: LocalChain) -> None:
    given.a_series()
    chain.process.kill()
    chain.process.wait()
    with pytest.raises(Unavailable):
        sending.work()
    assert given.calls() == {"series:1": QUEUED}
    assert set(db.session.scalars(sa.select(Lane.lease_by))) == {None}
