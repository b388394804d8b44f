"""A role gets another key: the old one may do nothing any more, and no call is lost or done twice."""

import pytest
import sqlalchemy as sa
from eth_account import Account
from flask import Flask

from marketplace.chain import contract, keys, lanes, register, rekeying, sending, settling
from marketplace.chain.deploying import ROLES, ensure_contracts
from marketplace.chain.models import Call, CallState, Lane, LaneState, Tx, TxState
from marketplace.chain.node import node
from marketplace.journal.models import Entry
from marketplace.kit.db import db, transaction
from marketplace.kit.refusals import Rejected, Unavailable
from marketplace.settings import Settings
from tests.chain import given
from tests.local_chain import LocalChain
from tests.racing import at_once

MINED, QUEUED, SENT = CallState.MINED, CallState.QUEUED, CallState.SENT
GWEI = 10**9


@pytest.mark.parametrize("role", rekeying.WORKING)
def test_a_role_is_its_new_keys_alone_in_each_contract(deployed: Flask, role: str) -> None:
    [(_, old)] = given.lanes_of(role)
    given.rekey(role)
    [(first, former), (second, new)] = given.lanes_of(role)
    assert (first, former, second, new == old) == (LaneState.RETIRED, old, LaneState.SERVING, False)
    assert given.who_may(role) == {(name, power, new) for name, power, who in ROLES if who == role}
    assert register.signer_of(role) == new


def test_what_waits_and_what_comes_is_signed_by_the_new_key(deployed: Flask) -> None:
    given.a_series()
    sending.work()
    given.an_issue(1)
    given.rekey("issuer")
    given.an_issue(2)
    given.all_settled()
    assert (given.issued(), set(given.calls().values())) == ([1, 2], {MINED})
    spoke = sa.select(Lane.state, Call.key).join(Tx, Tx.lane_id == Lane.id).join(Call).where(Lane.role == "issuer")
    assert db.session.execute(spoke.order_by(Call.id)).all()[::2] == [
        (LaneState.RETIRED, "series:1"),
        (LaneState.SERVING, "issue:1:2"),
    ]


def test_the_new_file_lies_beside_the_old_one_which_is_kept_under_another_name(
    deployed: Flask, settings: Settings
) -> None:
    folder = settings.data_dir / "keys"
    before = {file.name for file in folder.iterdir()}
    [(_, old)] = given.lanes_of("issuer")
    given.rekey("issuer")
    [_, (_, new)] = given.lanes_of("issuer")
    aside = f"retired-issuer-{old}.json"
    assert {file.name for file in folder.iterdir()} == before - {"issuer.json"} | {"issuer-2.json", aside}
    assert keys.file_with("issuer", new, settings) == folder / "issuer-2.json"
    assert {(folder / name).stat().st_mode & 0o777 for name in (aside, "issuer-2.json")} == {0o600}


def test_a_key_is_replaced_as_often_as_need_be(deployed: Flask, settings: Settings) -> None:
    given.a_series()
    for serial in (1, 2, 3):
        given.an_issue(serial)
        given.rekey("issuer")
    given.all_settled()
    assert (given.issued(), [state for state, _ in given.lanes_of("issuer")]) == (
        [1, 2, 3],
        [*[LaneState.RETIRED] * 3, LaneState.SERVING],
    )
    assert len({signer for _, signer in given.lanes_of("issuer")}) == 4
    assert len(list((settings.data_dir / "keys").glob("retired-issuer-*.json"))) == 3


def test_a_key_that_was_lost_is_replaced_too_and_holds_up_nobody_meanwhile(deployed: Flask, settings: Settings) -> None:
    (settings.data_dir / "keys" / "issuer.json").unlink()
    given.a_series()
    with transaction():
        sending.promise("record", "anchorer", "Anchors", "anchor", ["0x" + "11" * 32, "0x" + "22" * 32, ""])
    with pytest.raises(keys.NoKey, match="no file of issuer"):
        sending.work()
    assert given.calls() == {"series:1": QUEUED, "record": MINED}
    given.rekey("issuer")
    given.all_settled()
    assert given.calls() == {"series:1": MINED, "record": MINED}


def test_each_step_is_in_the_journal(deployed: Flask) -> None:
    [(_, old)] = given.lanes_of("pauser")
    given.rekey("pauser")
    [_, (_, new)] = given.lanes_of("pauser")
    rows = db.session.execute(
        sa.select(Entry.event, Entry.details).where(Entry.subject == "key:pauser").order_by(Entry.id)
    )
    assert [(event, details) for event, details in rows] == [
        ("key.announce", {"old": old, "new": new}),
        ("key.leave", {"signer": old}),
        ("key.serve", {"signer": new}),
        ("key.retire", {"signer": old}),
    ]


def test_to_deploy_again_gives_the_old_key_nothing_back(deployed: Flask) -> None:
    given.rekey("anchorer")
    [_, (_, new)] = given.lanes_of("anchorer")
    ensure_contracts()
    assert given.who_may("anchorer") == {("Anchors", "ANCHOR_ROLE", new)}


# What is on its way


def test_what_the_old_key_had_signed_and_not_sent_is_done_once(deployed: Flask) -> None:
    given.a_series()
    sending.work()
    given.an_issue(1)
    with lanes.held(60) as held:
        assert sending._sign(held) == 1
    given.rekey("issuer")
    given.all_settled()
    assert (given.issued(), given.calls()) == ([1], {"series:1": MINED, "issue:1:1": MINED})


@pytest.fixture
def dear(deployed: Flask, chain: LocalChain) -> LocalChain:
    """A chain on which gas costs something; the town can pay, and the issuer's account was emptied by a thief."""
    given.a_series()
    sending.work()
    chain.ask("anvil_setBalance", register.signer_of("town"), hex(10**20))
    chain.ask("anvil_setBalance", register.signer_of("issuer"), "0x0")
    chain.ask("anvil_setNextBlockBaseFeePerGas", hex(10 * GWEI))
    chain.ask("evm_mine")
    return chain


def paid(chain: LocalChain) -> list[str]:
    """The issuer gets a new key, which is sent coins when they are asked for."""
    said: list[str] = []

    def tell(line: str) -> None:
        said.append(line)
        if "send 0x" in line:
            chain.ask("anvil_setBalance", line.split()[2], hex(10**20))

    rekeying.rekey("issuer", tell)
    return said


def test_what_is_stuck_under_the_old_key_is_done_by_the_new_one(dear: LocalChain) -> None:
    given.an_issue(1)
    sending.work()
    [(_, old)] = given.lanes_of("issuer")
    assert given.calls()["issue:1:1"] == SENT
    assert f"issuer: {old} may do nothing any more; 1 calls that it had signed wait for the new key" in paid(dear)
    assert given.txs()[1] == TxState.LOST
    given.all_settled()
    assert (given.issued(), given.calls()["issue:1:1"]) == ([1], MINED)


def test_nothing_is_given_back_before_the_taking_is_as_deep_as_the_town_wants(
    dear: LocalChain, deployed: Flask, settings: Settings
) -> None:
    given.an_issue(1)
    sending.work()
    deployed.extensions["hiroba.settings"] = settings.model_copy(update={"chain_confirmations": 3})
    dear.ask("evm_setIntervalMining", 1)
    paid(dear)
    taken = sa.select(sa.func.max(Tx.block_number)).join(Call).where(Call.function == "revokeRole")
    assert node().head().number - (db.session.scalar(taken) or 0) >= 3
    assert given.calls()["issue:1:1"] == QUEUED


def test_old_bytes_that_are_mined_after_all_do_nothing(dear: LocalChain) -> None:
    given.an_issue(1)
    sending.work()
    raw = db.session.scalars(sa.select(Tx.raw).order_by(Tx.id.desc()).limit(1)).one()
    [(_, old)] = given.lanes_of("issuer")
    paid(dear)
    given.all_settled()
    dear.ask("anvil_setBalance", old, hex(10**20))
    sent = dear.ask("eth_sendRawTransaction", "0x" + raw.hex())
    assert dear.mined(sent)["status"] == "0x0"
    given.all_settled()
    assert (given.issued(), given.calls()["issue:1:1"]) == ([1], MINED)


def about_to_change_over() -> None:
    """The issuer's new key has its roles, and the old one serves still."""
    new = rekeying._announced("issuer", rekeying._lanes("issuer")[LaneState.SERVING])
    rekeying._give_the_roles("issuer", new)


def test_a_call_that_is_refused_since_its_key_left_is_no_attempt_of_the_new_one(deployed: Flask) -> None:
    given.a_series()
    sending.work()
    [(_, old)] = given.lanes_of("issuer")
    about_to_change_over()
    given.an_issue(1)
    with lanes.held(60) as held:
        sending._sign(held)
        rekeying._change_over("issuer")
        # the town's transactions overtake those of the old key
        only = lanes.Held(held.token, 60, [held.lanes["town"]], {"town": held.lanes["town"]})
        sending._sign(only)
        settling.push(only)
        while given.has("RightsToken", "ISSUER_ROLE", old):
            pass
        settling.push(held)
    query = sa.select(Call.state, Call.attempts, Call.wait_until).where(Call.key == "issue:1:1")
    assert db.session.execute(query).one() == (QUEUED, 0, None)
    given.rekey("issuer")
    given.all_settled()
    assert (given.issued(), given.calls()["issue:1:1"]) == ([1], MINED)


def test_a_process_that_signed_while_the_key_left_stores_nothing(deployed: Flask) -> None:
    about_to_change_over()
    given.a_series()
    with lanes.held(60) as held:
        rekeying._change_over("issuer")
        with pytest.raises(lanes.LostLease):
            sending._sign(held)
    assert given.calls()["series:1"] == QUEUED
    given.rekey("issuer")
    given.all_settled()
    assert given.calls()["series:1"] == MINED


def test_a_thief_with_the_old_key_is_refused(deployed: Flask, chain: LocalChain) -> None:
    given.a_series()
    sending.work()
    thief = keys.signer("issuer")
    given.rekey("issuer")
    item = {"to": Account.create().address, "serial": 1, "ref": "0x" + "00" * 32}
    fields = {"type": 2, "chainId": settings_of(deployed).chain_id, "nonce": 1, "gas": 500_000, "value": 0}
    data = contract.data("RightsToken", "issueBatch", [1], [item])
    fees = {"maxFeePerGas": 0, "maxPriorityFeePerGas": 0}
    raw, hash_ = thief.sign(fields | fees | {"data": data, "to": register.address_of("RightsToken")})
    node().send([raw])
    assert chain.mined(hash_)["status"] == "0x0"


def settings_of(app: Flask) -> Settings:
    found: Settings = app.extensions["hiroba.settings"]
    return found


def test_a_chain_that_forgot_everything_is_told_of_both_keys_in_their_order(deployed: Flask, chain: LocalChain) -> None:
    given.a_series()
    given.an_issue(1)
    sending.work()
    given.rekey("issuer")
    given.an_issue(2)
    given.all_settled()
    [_, (_, new)] = given.lanes_of("issuer")
    chain.forget()
    given.all_settled()
    assert (given.issued(), set(given.calls().values())) == ([1, 2], {MINED})
    assert given.who_may("issuer") == {("RightsToken", power, new) for power in ("ISSUER_ROLE", "METADATA_ROLE")}


def test_two_who_replace_a_key_at_once_leave_one_key_that_may(deployed: Flask) -> None:
    """Each ends, or is told in one line that another is at it; run again, whatever was left is done."""
    given.a_series()
    given.an_issue(1)
    outcomes = at_once(deployed, 2, lambda _: rekeying.rekey("issuer", lambda _line: None))
    assert {type(each) for each in outcomes} <= {type(None), Unavailable, Rejected}
    if LaneState.RETIRED not in [state for state, _ in given.lanes_of("issuer")]:
        given.rekey("issuer")
    *before, (last, signer) = given.lanes_of("issuer")
    assert ({state for state, _ in before}, last) == ({LaneState.RETIRED}, LaneState.SERVING)
    given.all_settled()
    assert (given.issued(), {who for _, _, who in given.who_may("issuer")}) == ([1], {signer})
