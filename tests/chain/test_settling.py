"""Receipts are believed as long as their block stands; what the chain forgets is told again."""

from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from eth_account import Account
from flask import Flask

from marketplace.chain import following, keys, lanes, outcomes, register, sending, settling
from marketplace.chain.models import CallState, Lane, Tx, TxState
from marketplace.chain.node import node
from marketplace.kit.db import db, transaction
from marketplace.outbox import keeping
from marketplace.outbox.promising import HANDLERS, LISTENERS, handles
from tests.chain import given
from tests.local_chain import CHAIN_ID, LocalChain

MINED, SENT, PARKED = CallState.MINED, CallState.SENT, CallState.PARKED


@pytest.fixture
def heard() -> Iterator[list[str]]:
    """The keys of the calls that were said to be mined."""
    keys: list[str] = []

    @handles("chain.mined")
    def hear(call_key: str) -> None:
        keys.append(call_key)

    name = f"{hear.__module__}.{hear.__qualname__}"
    yield keys
    HANDLERS.pop(name)
    LISTENERS["chain.mined"].remove(name)


def test_a_mined_call_is_said_once(deployed: Flask, heard: list[str]) -> None:
    given.a_series()
    given.an_issue(1)
    sending.work()
    sending.work()
    keeping.drain()
    assert sorted(heard) == ["issue:1:1", "series:1"]


def test_what_was_signed_and_never_sent_is_sent_by_the_next_round(deployed: Flask) -> None:
    """A process died between storing and sending."""
    given.a_series()
    with lanes.held(60) as held:
        assert sending._sign(held) == 1
    assert given.txs() == [TxState.SIGNED]
    assert sending.work() == 1
    assert given.txs() == [TxState.MINED]


def test_what_was_sent_and_not_written_down_is_found_by_its_receipt(deployed: Flask) -> None:
    """A process died between sending and writing."""
    given.a_series()
    with lanes.held(60) as held:
        sending._sign(held)
    node().send(list(db.session.scalars(sa.select(Tx.raw).where(Tx.state == TxState.SIGNED))))
    db.session.rollback()
    assert sending.work() == 1
    assert given.txs() == [TxState.MINED]
    assert given.calls() == {"series:1": MINED}


def test_what_waits_in_the_pool_is_settled_when_its_block_comes(deployed: Flask, chain: LocalChain) -> None:
    chain.ask("anvil_setAutomine", False)
    given.a_series()
    assert sending.work() == 0
    assert given.calls() == {"series:1": SENT}
    chain.ask("evm_mine")
    assert sending.work() == 1
    assert given.calls() == {"series:1": MINED}


def test_what_the_pool_has_put_aside_for_good_is_taken_out_and_sent_again(deployed: Flask, chain: LocalChain) -> None:
    """As anvil does it with what comes while it mines: its turn has come, and it is not looked at again."""
    given.a_series()
    sending.work()
    (issuer,) = db.session.scalars(sa.select(Lane.signer).where(Lane.role == "issuer"))
    turn = node().next_nonce(issuer)
    given.a_series(2)
    chain.ask("anvil_setNonce", issuer, hex(turn - 1))
    assert sending.work() == 0
    chain.ask("anvil_setNonce", issuer, hex(turn))
    assert (chain.ask("txpool_status")["queued"], given.calls()["series:2"]) == ("0x1", SENT)
    assert sending.work() == 1
    assert given.calls()["series:2"] == MINED


def test_a_chain_that_fell_back_gets_the_same_bytes_again(deployed: Flask, chain: LocalChain) -> None:
    given.a_series()
    sending.work()
    before = chain.ask("evm_snapshot")
    given.an_issue(1)
    given.an_issue(2)
    sending.work()
    hashes = list(db.session.scalars(sa.select(Tx.hash).order_by(Tx.id)))
    assert settling.fallen_back() is False
    chain.ask("evm_revert", before)
    assert settling.fallen_back() is True
    assert sending.work() == 1
    assert list(db.session.scalars(sa.select(Tx.hash).order_by(Tx.id))) == hashes
    assert set(given.calls().values()) == {MINED}
    assert given.owner(1_000_002) == register.custody_address(given.custody_id(2)).lower()


def test_a_chain_that_forgot_everything_is_told_its_whole_history(deployed: Flask, chain: LocalChain) -> None:
    given.a_series()
    given.an_issue(1)
    sending.work()
    given.an_issue(2)
    sending.work()
    following.follow_once()
    chain.forget()
    assert sending.work() == given.OF_DEPLOYMENT + 3
    following.follow_once()
    issued = [log["tokenId"] for log in given.logs("RightIssued")]
    assert issued == [1_000_001, 1_000_002]


def test_several_lanes_are_told_again_in_the_order_of_the_blocks(deployed: Flask, chain: LocalChain) -> None:
    """The custodian's approval is worth nothing before the issuer's right is there."""
    given.a_series()
    given.an_issue(1)
    sending.work()
    with transaction():
        args = ["0x" + given.custody_id(1), register.address_of("ResaleMarket"), 1_000_001]
        sending.promise("approve", "custodian", "RightsToken", "custodyApprove", args)
    sending.work()
    chain.forget()
    sending.work()
    assert given.txs() == [TxState.MINED] * 3


def test_a_mined_call_is_not_said_again_after_the_chain_fell_back(
    deployed: Flask, chain: LocalChain, heard: list[str]
) -> None:
    before = chain.ask("evm_snapshot")
    given.a_series()
    sending.work()
    chain.ask("evm_revert", before)
    sending.work()
    keeping.drain()
    assert heard == ["series:1"]


def test_a_receipt_that_is_older_than_the_chain_does_not_count(deployed: Flask, chain: LocalChain) -> None:
    """The chain falls back between giving a receipt and our writing it down, and grows again past that height."""
    beginning = chain.ask("evm_snapshot")
    given.a_series()
    given.a_series(2)
    with lanes.held(60) as held:
        sending._sign(held)
        raws = list(db.session.scalars(sa.select(Tx.raw).where(Tx.state == TxState.SIGNED).order_by(Tx.id)))
        db.session.rollback()
        node().send(raws)
        pending = settling._pending(held.ids)
        while None in node().receipts([each.hash for each in pending]):
            pass
        [stale] = node().receipts([pending[1].hash])
        chain.ask("evm_revert", beginning)
        chain.ask("anvil_mine", "0x5")
        assert stale is not None
        with transaction():
            outcomes.write_receipt(pending[1].id, stale, "")
        settling.push(held)
    assert given.calls() == {"series:1": MINED, "series:2": MINED}
    assert node().next_nonce(register.signer_of("issuer") or "") == 1
    while sending.work():
        pass
    assert given.calls() == {"series:1": MINED, "series:2": MINED}
    assert node().next_nonce(register.signer_of("issuer") or "") == 2


def test_a_nonce_that_a_stranger_used_with_our_key_is_for_a_person(deployed: Flask) -> None:
    given.a_series()
    signer = keys.signer("issuer")
    fields = {"chainId": CHAIN_ID, "nonce": 0, "gas": 21_000, "maxFeePerGas": 0, "maxPriorityFeePerGas": 0}
    raw, theirs = signer.sign({**fields, "type": 2, "value": 0, "data": b"", "to": Account.create().address})
    node().send([raw])
    while node().receipts([theirs]) == [None]:
        pass
    for _ in range(outcomes.DOUBTS):
        sending.work()
    assert given.calls() == {"series:1": PARKED}
    assert given.txs() == [TxState.LOST]
    given.a_series(2)
    sending.work()
    assert given.calls()["series:2"] == MINED


def test_a_batch_whose_rights_are_there_already_changes_nothing(deployed: Flask) -> None:
    """The second fence: a new nonce cannot issue a serial again."""
    given.a_series()
    given.an_issue(1)
    sending.work()
    item = {"to": Account.create().address, "serial": 1, "ref": "0x" + "00" * 32}
    with transaction():
        sending.promise("other", "issuer", "RightsToken", "issueBatch", [1], group="series:1", item=item)
    sending.work()
    following.follow_once()
    assert len(given.logs("RightIssued")) == 1
    assert given.owner(1_000_001) == register.custody_address(given.custody_id(1)).lower()
