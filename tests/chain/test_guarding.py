"""A key that somebody else uses, too, is known by its numbers; and nothing that we do ourselves is taken for that."""

import pytest
import sqlalchemy as sa
from flask import Flask

from marketplace.chain import following, guarding, lanes, pausing, register, replacing, sending
from marketplace.chain.models import Call, CallState, Lane, Tx, TxState
from marketplace.chain.node import node
from marketplace.journal.models import Entry
from marketplace.kit.db import db, transaction
from marketplace.kit.refusals import Rejected
from marketplace.settings import Settings
from tests.chain import given
from tests.chain.thief import uses_the_key_of
from tests.chain.typed import command
from tests.chainlogs import somebody
from tests.local_chain import LocalChain
from tests.racing import at_once

MINED, PARKED = CallState.MINED, CallState.PARKED
THIEF = somebody("thief")
FIRST = 1_000_001


def misused() -> list[tuple[str, int]]:
    """Role, and how many transactions."""
    db.session.rollback()
    return [(key.role, key.times) for key in guarding.misused()]


def taken_out_of_custody(chain: LocalChain, serial: int) -> None:
    own = "0x" + given.custody_id(serial)
    uses_the_key_of("custodian", chain, "RightsToken", "custodyTransfer", own, THIEF, FIRST - 1 + serial)


@pytest.fixture
def kept(deployed: Flask) -> None:
    """Two rights in custody."""
    given.a_series()
    for serial in (1, 2):
        given.an_issue(serial)
    given.all_settled()


@pytest.mark.usefixtures("kept")
class TestAThief:
    def test_who_moves_a_right_is_told_with_the_right_until_the_key_is_replaced(self, chain: LocalChain) -> None:
        address = register.signer_of("custodian")
        assert misused() == []
        taken_out_of_custody(chain, 2)
        following.follow_once()
        [key] = guarding.misused()
        assert (key.role, key.address, key.times, guarding.rights_touched(key.role)) == (
            "custodian",
            address,
            1,
            "1000002",
        )
        taken_out_of_custody(chain, 1)
        following.follow_once()
        assert (misused(), guarding.rights_touched("custodian")) == ([("custodian", 2)], "1000001, 1000002")
        given.rekey("custodian")
        assert misused() == []

    def test_who_issues_a_right_is_told(self, chain: LocalChain) -> None:
        item = {"to": THIEF, "serial": 7, "ref": "0x" + "77" * 32}
        uses_the_key_of("issuer", chain, "RightsToken", "issueBatch", 1, [item])
        following.follow_once()
        assert (misused(), guarding.rights_touched("issuer")) == ([("issuer", 1)], "1000007")

    def test_who_does_what_no_event_that_we_follow_tells_is_told(self, chain: LocalChain) -> None:
        own = "0x" + given.custody_id(1)
        uses_the_key_of("custodian", chain, "RightsToken", "custodyApprove", own, THIEF, FIRST)
        uses_the_key_of("pauser", chain, "Anchors", "rootOf", "0x" + "11" * 32)
        following.follow_once()
        assert misused() == [("custodian", 1), ("pauser", 1)]
        assert [guarding.rights_touched(role) for role in ("custodian", "pauser")] == ["—", "—"]

    def test_whose_number_we_gave_out_as_well_is_told_still_and_our_call_is_done_at_the_next_try(
        self, chain: LocalChain
    ) -> None:
        item = {"to": THIEF, "serial": 7, "ref": "0x" + "77" * 32}
        uses_the_key_of("issuer", chain, "RightsToken", "issueBatch", 1, [item])
        given.an_issue(3)
        while given.calls()["issue:1:3"] != PARKED:
            sending.work()
        assert misused() == [("issuer", 1)]
        sending.retry("issue:1:3", "staff:ACC-1")
        given.all_settled()
        assert (given.issued(), misused()) == ([1, 2, 3, 7], [("issuer", 1)])

    def test_whose_transaction_the_chain_takes_back_is_told_no_more(self, chain: LocalChain) -> None:
        before = chain.ask("evm_snapshot")
        taken_out_of_custody(chain, 1)
        assert misused() == [("custodian", 1)]
        chain.ask("evm_revert", before)
        assert misused() == []

    def test_is_told_after_all_has_been_read_anew_as_well(self, chain: LocalChain) -> None:
        taken_out_of_custody(chain, 1)
        following.read_anew()
        assert (misused(), guarding.rights_touched("custodian")) == ([("custodian", 1)], "1000001")


class TestOurOwnWays:
    def test_the_town_at_its_work_with_its_keys_replaced_and_its_contracts_stopped(self, deployed: Flask) -> None:
        assert misused() == []
        given.a_series()
        for serial in (1, 2, 3):
            given.an_issue(serial)
            given.rekey("issuer")
            pausing.pause(lambda _line: None)
            assert misused() == []
            pausing.unpause(lambda _line: None)
        given.all_settled()
        assert (given.issued(), misused()) == ([1, 2, 3], [])

    def test_what_is_signed_and_not_sent_and_what_is_sent_again(self, deployed: Flask, chain: LocalChain) -> None:
        given.a_series()
        with lanes.held(60) as held:
            sending._sign(held)
            assert misused() == []
        given.all_settled()
        before = chain.ask("evm_snapshot")
        given.an_issue(1)
        given.all_settled()
        chain.ask("evm_revert", before)
        assert misused() == []
        given.all_settled()
        chain.forget()
        assert misused() == []
        given.all_settled()
        assert (given.issued(), misused()) == ([1], [])

    def test_what_is_sent_while_somebody_looks(self, deployed: Flask) -> None:
        given.a_series()
        here, ask = node(), node().next_nonce

        def later(address: str) -> int:
            given.all_settled()
            return ask(address)

        here.next_nonce = later  # type: ignore[method-assign] # the sender is quicker than the look
        assert (misused(), given.calls()) == ([], {"series:1": MINED})

    def test_a_call_that_the_contract_refuses_until_it_is_given_up(self, deployed: Flask) -> None:
        given.an_issue(1)  # of a series that is not there
        while given.calls()["issue:1:1"] != PARKED:
            sending.work()
            with transaction() as session:
                session.execute(sa.update(Call).values(wait_until=None))
        assert misused() == []

    def test_a_fee_that_was_raised_whichever_bytes_are_mined(
        self, deployed: Flask, settings: Settings, chain: LocalChain
    ) -> None:
        impatient = settings.model_copy(update={"chain_stuck_s": 0.0, "chain_max_fee_gwei": 50.0})
        deployed.extensions["hiroba.settings"] = impatient
        chain.ask("anvil_setBalance", register.signer_of("issuer"), hex(10**20))
        chain.ask("anvil_setNextBlockBaseFeePerGas", hex(10**9))
        chain.ask("evm_mine")
        chain.ask("anvil_setAutomine", False)
        given.a_series()
        with lanes.held(60) as held:
            sending._sign(held)
            first = db.session.scalars(sa.select(Tx).order_by(Tx.id.desc()).limit(1)).one()
            older, hash_ = first.raw, first.hash
            node().send([older])
            with transaction() as session:
                session.execute(sa.update(Tx).where(Tx.id == first.id).values(state=TxState.SENT))
            assert replacing.raise_fees(held) == 1
        assert misused() == []
        chain.ask("evm_mine")
        sending.work()
        following.follow_once()
        mined = db.session.scalar(sa.select(Tx.hash).order_by(Tx.id.desc()).limit(1))
        assert (mined, given.calls(), misused()) == (hash_, {"series:1": MINED}, [])


class TestVouching:
    def test_what_the_town_did_by_a_wallet_is_told_until_somebody_vouches_for_it(
        self, deployed: Flask, chain: LocalChain, settings: Settings
    ) -> None:
        for _ in range(3):
            uses_the_key_of("town", chain, "RightsToken", "setTreasury", somebody("fund"))
        address = register.signer_of("town")
        assert misused() == [("town", 3)]
        with command(settings, "vouch", "town", "issuer") as ended:
            said, wrong = ended.communicate(timeout=120)
        assert (ended.returncode, wrong, said.splitlines()) == (
            0,
            "",
            [
                f"town: 3 transactions of {address} count as the town's own from now on",
                "issuer: the books know all that its key did",
            ],
        )
        assert misused() == []
        row = db.session.scalars(sa.select(Entry).where(Entry.subject == "key:town")).one()
        before = row.details["before"]
        assert (row.event, row.details) == ("key.vouch", {"signer": address, "before": before, "now": before + 3})

    def test_what_comes_next_is_sent_with_the_number_after_it(self, deployed: Flask, chain: LocalChain) -> None:
        uses_the_key_of("town", chain, "RightsToken", "setTreasury", somebody("fund"))
        guarding.vouch("town", lambda _line: None)
        given.rekey("issuer")
        assert (misused(), register.parked()) == ([], [])

    def test_a_number_that_was_lost_before_is_vouched_for_too(self, deployed: Flask, chain: LocalChain) -> None:
        given.a_series()
        given.all_settled()
        item = {"to": THIEF, "serial": 7, "ref": "0x" + "77" * 32}
        uses_the_key_of("issuer", chain, "RightsToken", "issueBatch", 1, [item])
        given.an_issue(3)
        while given.calls()["issue:1:3"] != PARKED:
            sending.work()
        guarding.vouch("issuer", lambda _line: None)
        assert misused() == []

    def test_there_is_nothing_to_vouch_for_of_who_has_no_key(self, deployed: Flask) -> None:
        with pytest.raises(Rejected, match="there is no key of mayor: town, anchorer, custodian"):
            guarding.vouch("mayor", lambda _line: None)


def test_a_database_that_was_put_back_goes_on_where_its_keys_are(deployed: Flask, chain: LocalChain) -> None:
    given.a_series()
    given.all_settled()
    item = {"to": THIEF, "serial": 7, "ref": "0x" + "77" * 32}
    uses_the_key_of("issuer", chain, "RightsToken", "issueBatch", 1, [item])  # as the town did after the backup
    lanes.leave_open()
    assert misused() == []
    given.an_issue(1)
    given.all_settled()
    assert (given.issued(), given.calls(), misused()) == ([1, 7], {"series:1": MINED, "issue:1:1": MINED}, [])
    assert db.session.scalar(sa.select(sa.func.count()).where(Lane.ours_from.is_(None))) == 0
    caught_up = sa.select(Entry.details).where(Entry.event == "key.catch_up", Entry.subject == "key:issuer")
    assert db.session.scalars(caught_up).all() == [{"signer": register.signer_of("issuer"), "before": 1, "now": 2}]


def test_workers_that_find_a_database_put_back_at_once_write_each_key_down_once(deployed: Flask) -> None:
    lanes.leave_open()
    assert at_once(deployed, 4, lambda _worker: lanes.catch_up()) == [None] * 4
    signers = sorted(db.session.scalars(sa.select(Lane.signer)))
    caught_up = db.session.scalars(sa.select(Entry.details).where(Entry.event == "key.catch_up"))
    assert sorted(each["signer"] for each in caught_up) == signers
    assert misused() == []


def test_two_who_vouch_at_once_count_what_was_done_once(deployed: Flask, chain: LocalChain) -> None:
    uses_the_key_of("town", chain, "RightsToken", "setTreasury", somebody("fund"))
    assert at_once(deployed, 4, lambda _person: guarding.vouch("town", lambda _line: None)) == [None] * 4
    assert (misused(), len(db.session.scalars(sa.select(Entry.id).where(Entry.event == "key.vouch")).all())) == ([], 1)
