"""A transaction that waits too long is offered for more; whichever of its bytes is mined, it is mined once."""

import pytest
import sqlalchemy as sa
from flask import Flask

from marketplace.chain import alarms, following, lanes, register, replacing, sending
from marketplace.chain.models import CallState, Outbid, Trouble, Tx, TxState
from marketplace.chain.node import node
from marketplace.kit.db import db, transaction
from marketplace.settings import Settings
from tests.chain import given
from tests.local_chain import LocalChain

GWEI = 10**9
MINED, SENT = CallState.MINED, CallState.SENT


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """Nothing may wait."""
    return settings.model_copy(update={"chain_stuck_s": 0.0, "chain_max_fee_gwei": 50.0})


@pytest.fixture
def dear(deployed: Flask, chain: LocalChain) -> LocalChain:
    """A chain on which gas costs a gwei, whose blocks come when they are asked for; our keys have coins."""
    for role in ("town", "issuer", "custodian"):
        chain.ask("anvil_setBalance", register.signer_of(role), hex(10**20))
    price(chain, 1)
    chain.ask("anvil_setAutomine", False)
    return chain


def price(chain: LocalChain, gwei: float) -> None:
    """The base fee of the next block, which this mines."""
    chain.ask("anvil_setNextBlockBaseFeePerGas", hex(int(gwei * GWEI)))
    chain.ask("evm_mine")


def the_tx() -> Tx:
    db.session.rollback()
    return db.session.scalars(sa.select(Tx).order_by(Tx.id.desc()).limit(1)).one()


def outbid() -> int:
    db.session.rollback()
    return db.session.scalar(sa.select(sa.func.count()).select_from(Outbid)) or 0


def test_a_fee_that_became_too_low_is_raised_under_the_same_nonce(dear: LocalChain) -> None:
    given.a_series()
    sending.work()
    nonce, first, fee = the_tx().nonce, the_tx().hash, the_tx().max_fee
    raised = outbid()
    price(dear, 30)
    sending.work()
    assert (the_tx().nonce, the_tx().hash == first, the_tx().state) == (nonce, False, TxState.SENT)
    assert the_tx().max_fee > max(30 * GWEI, fee * 9 // 8)
    assert outbid() > raised
    dear.ask("evm_mine")
    sending.work()
    assert (given.calls(), the_tx().state) == ({"series:1": MINED}, TxState.MINED)
    assert node().next_nonce(register.signer_of("issuer") or "") == nonce + 1


def test_older_bytes_that_are_mined_after_all_count_and_are_kept(dear: LocalChain) -> None:
    """The process that raised the fee died before it sent, and the older bytes found their block."""
    given.a_series()
    with lanes.held(60) as held:
        sending._sign(held)
        first = the_tx()
        hash_, raw = first.hash, first.raw
        node().send([raw])
        with transaction() as session:
            session.execute(sa.update(Tx).where(Tx.id == first.id).values(state=TxState.SENT))
        assert replacing.raise_fees(held) == 1
    assert the_tx().hash != hash_
    dear.ask("evm_mine")
    sending.work()
    assert (given.calls(), the_tx().hash, the_tx().raw) == ({"series:1": MINED}, hash_, raw)
    before = dear.ask("evm_snapshot")
    dear.ask("evm_revert", before)
    assert sending.work() == 0


def test_what_the_chain_forgets_is_told_again_whatever_its_fee(dear: LocalChain) -> None:
    before = dear.ask("evm_snapshot")
    given.a_series()
    given.an_issue(1)
    sending.work()
    price(dear, 20)
    sending.work()
    dear.ask("evm_mine")
    sending.work()
    dear.ask("evm_revert", before)
    dear.ask("anvil_setNextBlockBaseFeePerGas", hex(GWEI))
    sending.work()
    dear.ask("evm_mine")
    while sending.work():
        dear.ask("evm_mine")
    following.follow_once()
    assert (set(given.calls().values()), len(given.logs("RightIssued"))) == ({MINED}, 1)
    assert node().next_nonce(register.signer_of("issuer") or "") == 2


def test_only_the_first_of_a_lane_is_raised(dear: LocalChain) -> None:
    given.a_series()
    sending.work()
    given.a_series(2)
    sending.work()
    raises = db.session.execute(sa.select(Tx.nonce, Tx.raises).order_by(Tx.id.desc()).limit(2)).all()
    assert [(nonce, times > 0) for nonce, times in raises] == [(1, False), (0, True)]


def test_the_town_pays_no_more_than_it_said_and_tells_the_staff(dear: LocalChain) -> None:
    given.a_series()
    sending.work()
    price(dear, 49)
    for _ in range(4):
        sending.work()
    assert the_tx().max_fee <= 50 * GWEI
    price(dear, 60)
    fee = the_tx().max_fee
    sending.work()
    assert (the_tx().max_fee, given.calls()) == (fee, {"series:1": SENT})
    sending.watch(alarms.Patience(Trouble.SENDING, seconds=0))
    db.session.rollback()
    [alarm] = alarms.standing()
    assert (alarm.trouble, alarm.what.startswith("nonce 0 of issuer is not mined")) == (Trouble.SENDING, True)
    price(dear, 10)
    while sending.work():
        pass
    dear.ask("evm_mine")
    sending.work()
    sending.watch(alarms.Patience(Trouble.SENDING, seconds=0))
    assert (given.calls(), alarms.standing()) == ({"series:1": MINED}, [])


def test_where_gas_is_free_nothing_is_raised(deployed: Flask, chain: LocalChain) -> None:
    chain.ask("anvil_setAutomine", False)
    given.a_series()
    sending.work()
    first = the_tx().hash
    sending.work()
    assert (the_tx().hash, the_tx().raises) == (first, 0)


def test_raising_ends_after_some_times(dear: LocalChain) -> None:
    given.a_series()
    sending.work()
    with transaction() as session:
        session.execute(sa.update(Tx).where(Tx.id == the_tx().id).values(raises=replacing.RAISES))
    first = the_tx().hash
    sending.work()
    assert the_tx().hash == first
    assert replacing.stuck().startswith("nonce 0 of issuer")
