"""The chain is away, slow, cut off, another one: nothing is lost, nothing doubled, and staff are told."""

import json
from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from flask import Flask

from marketplace.chain import alarms, deploying, following, guarding, identity, outcomes, reading, register, sending
from marketplace.chain.models import Alarm, CallState, Cursor, Trouble, Tx
from marketplace.chain.node import Overburdened, node
from marketplace.journal.models import Entry
from marketplace.kit.db import db, transaction
from marketplace.kit.refusals import Unavailable
from marketplace.settings import Settings
from tests.chain import bad_road, given
from tests.databases import chosen
from tests.local_chain import CHAIN_ID, LocalChain, running

WHY = "what goes wrong is the road to the node, and both databases wait alike"
pytestmark = pytest.mark.skipif(chosen() != "sqlite", reason=WHY)

MINED, QUEUED = CallState.MINED, CallState.QUEUED


@pytest.fixture
def road(chain: LocalChain) -> Iterator[bad_road.Road]:
    with bad_road.road(chain.port) as road:
        yield road


@pytest.fixture
def settings(settings: Settings, road: bad_road.Road) -> Settings:
    return settings.model_copy(update={"chain_url": road.url, "chain_timeout_s": 0.4})


def issued() -> list[int]:
    return [log["tokenId"] for log in given.logs("RightIssued")]


def standing() -> list[tuple[Trouble, str]]:
    db.session.rollback()
    return [(alarm.trouble, alarm.what) for alarm in alarms.standing()]


def kept_by_others(app: Flask) -> None:
    """The chain is none of our own."""
    app.extensions["hiroba.settings"] = app.extensions["hiroba.settings"].model_copy(update={"chain_embedded": False})


def issue(*serials: int) -> None:
    for serial in serials:
        given.an_issue(serial)
        sending.work()


def test_a_connection_that_is_cut_is_tried_again(deployed: Flask, road: bad_road.Road) -> None:
    given.a_series()
    road.trouble = bad_road.closed
    with pytest.raises(Unavailable):
        sending.work()
    with pytest.raises(Unavailable):
        following.follow_once()
    assert given.calls() == {"series:1": QUEUED}
    road.trouble = None
    issue(1)
    following.follow_once()
    assert (given.calls(), issued()) == ({"series:1": MINED, "issue:1:1": MINED}, [1_000_001])


@pytest.mark.parametrize("kind", [bad_road.cut_off, bad_road.garbled, bad_road.too_large, bad_road.limited])
def test_a_page_that_is_too_large_is_asked_for_in_parts(deployed: Flask, road: bad_road.Road, kind: type) -> None:
    given.a_series()
    issue(1, 2, 3, 4)
    road.trouble = kind(3)
    following.follow_once()
    assert issued() == [1_000_001, 1_000_002, 1_000_003, 1_000_004]
    [first, *rest] = road.spans()
    assert first > 3
    assert rest[0] == first // 2
    assert following.status()["followed_block"] == following.status()["head_block"]


def test_a_node_that_is_too_slow_for_much_is_asked_for_less(deployed: Flask, road: bad_road.Road) -> None:
    following.follow_once()
    given.a_series()
    sending.work()
    issue(1, 2)
    road.trouble, road.asked = bad_road.slow(1), []
    following.follow_once()
    assert issued() == [1_000_001, 1_000_002]
    assert road.spans() == [3, 1, 2, 1, 1]
    assert following.status()["followed_block"] == following.status()["head_block"]


def test_what_is_too_much_in_a_single_block_is_trouble(deployed: Flask, road: bad_road.Road) -> None:
    road.trouble = bad_road.cut_off(0)
    with pytest.raises(Overburdened):
        following.follow_once()
    road.trouble = None
    following.follow_once()
    assert following.status()["followed_block"] == following.status()["head_block"]


def test_an_answer_that_comes_too_late_is_not_the_end_of_a_transaction(
    deployed: Flask, road: bad_road.Road, chain: LocalChain
) -> None:
    """The node took it, and we never heard."""
    given.a_series()

    def forget_to_answer(traveller: bad_road.Traveller, questions: list[bad_road.Question]) -> bool:
        if questions[0]["method"] != "eth_sendRawTransaction":
            return False
        for answer in json.loads(traveller.of_the_node(json.dumps(questions).encode())):
            chain.mined(answer["result"])
        traveller.close_connection = True
        return True

    road.trouble = forget_to_answer
    with pytest.raises(Unavailable):
        sending.work()
    road.trouble = None
    before = chain.ask("eth_blockNumber")
    assert sending.work() == 1
    assert given.calls() == {"series:1": MINED}
    assert chain.ask("eth_blockNumber") == before


def test_a_node_of_another_chain_is_neither_read_nor_sent_to(deployed: Flask, road: bad_road.Road) -> None:
    given.a_series()
    road.trouble = bad_road.of_chain(1)
    with pytest.raises(identity.WrongChain):
        sending.work()
    with pytest.raises(identity.WrongChain):
        following.follow_once()
    why = f"CHAIN_URL answers for chain 1, and CHAIN_ID says {CHAIN_ID}"
    assert (given.calls(), standing()) == ({"series:1": QUEUED}, [(Trouble.IDENTITY, why)])
    road.trouble = None
    sending.work()
    assert (given.calls(), standing()) == ({"series:1": MINED}, [])
    words = db.session.execute(sa.select(Entry.event, Entry.why).where(Entry.subject == "chain:identity")).all()
    assert words == [("alarm", why), ("calm", "")]


def test_a_stale_process_on_the_port_is_not_our_chain(deployed: Flask, road: bad_road.Road) -> None:
    """It has the same number and even contracts, but another beginning."""
    given.a_series()
    issue(1)
    following.follow_once()
    home = road.to
    with running() as stranger:
        stranger.ask("anvil_mine", "0x3")
        road.to = stranger.port
        given.an_issue(2)
        for ask in (following.follow_once, sending.work, deploying.ensure_contracts):
            with pytest.raises(Exception, match="another chain 31337") as refusal:
                ask()
            assert type(refusal.value).__name__ in ("WrongChain", "Rejected")
        assert stranger.ask("eth_blockNumber") == "0x3"
    assert issued() == [1_000_001]
    [(trouble, _)] = standing()
    assert trouble == Trouble.IDENTITY
    road.to = home
    sending.work()
    following.follow_once()
    assert (issued(), standing()) == ([1_000_001, 1_000_002], [])


def test_a_chain_of_our_own_that_was_lost_is_built_again(deployed: Flask, road: bad_road.Road) -> None:
    given.a_series()
    issue(1)
    following.follow_once()
    with running() as fresh:
        road.to = fresh.port
        sending.work()
        following.follow_once()
        assert (issued(), set(given.calls().values()), standing()) == ([1_000_001], {MINED}, [])


def test_a_lost_chain_that_was_told_something_before_we_looked_is_still_ours(
    deployed: Flask, road: bad_road.Road
) -> None:
    """Another process had asked whose chain it is before the chain was lost, and sent after."""
    given.a_series()
    issue(1)
    first = db.session.scalars(sa.select(Tx.raw).order_by(Tx.id).limit(1)).one()
    db.session.rollback()
    with running() as fresh:
        fresh.mined(fresh.ask("eth_sendRawTransaction", "0x" + first.hex()))
        road.to = fresh.port
        sending.work()
        following.follow_once()
        assert (issued(), set(given.calls().values()), standing()) == ([1_000_001], {MINED}, [])


def test_a_real_chain_that_starts_from_nothing_is_not_ours(deployed: Flask, road: bad_road.Road) -> None:
    kept_by_others(deployed)
    with running() as fresh:
        road.to = fresh.port
        with pytest.raises(identity.WrongChain):
            sending.work()
        assert fresh.ask("eth_blockNumber") == "0x0"


@pytest.mark.parametrize("more", [0, reading.REMEMBERED + 5])
def test_a_node_that_is_behind_takes_nothing_back_and_is_sent_nothing_again(
    deployed: Flask, chain: LocalChain, road: bad_road.Road, more: int
) -> None:
    """Of a chain that others keep: by some blocks, or by more than are remembered."""
    kept_by_others(deployed)
    given.a_series()
    issue(1)
    before = int(chain.ask("eth_blockNumber"), 16)
    issue(2)
    if more:
        chain.ask("anvil_mine", hex(more))
    following.follow_once()
    assert sending.work() == 0  # the blocks of what was mined were looked at once
    books = (issued(), given.calls(), following.status())
    road.trouble = bad_road.behind(before)
    impatient = alarms.Patience(Trouble.READING, seconds=0)
    following.follow_patiently(impatient)
    for _ in range(2 * outcomes.DOUBTS):
        with pytest.raises(identity.Behind):
            sending.work()
    assert (issued(), given.calls(), following.status()) == books
    [(trouble, what)] = standing()
    assert (trouble, what.startswith("chain: the node is behind")) == (Trouble.READING, True)
    road.trouble = None
    issue(3)
    following.follow_patiently(impatient)
    assert (issued(), set(given.calls().values()), standing()) == ([*books[0], 1_000_003], {MINED}, [])


def test_a_nonce_that_our_own_transaction_used_is_no_strangers_where_the_blocks_are_told_late(
    deployed: Flask, chain: LocalChain, road: bad_road.Road
) -> None:
    kept_by_others(deployed)
    given.a_series()
    issue(1)
    before = int(chain.ask("eth_blockNumber"), 16)
    road.trouble = bad_road.behind(before, node().next_nonce(register.signer_of("issuer") or ""))
    given.an_issue(2)
    for _ in range(2 * outcomes.DOUBTS):
        sending.work()
    assert set(given.calls().values()) == {MINED, CallState.SENT}
    road.trouble = None
    sending.work()
    assert (set(given.calls().values()), guarding.misused()) == ({MINED}, [])


def test_a_block_that_another_took_the_place_of_is_taken_back_from_a_chain_that_others_keep(
    deployed: Flask, chain: LocalChain
) -> None:
    kept_by_others(deployed)
    given.a_series()
    issue(1)
    before = chain.ask("evm_snapshot")
    issue(2)
    following.follow_once()
    chain.ask("evm_revert", before)
    with pytest.raises(identity.Behind):
        following.follow_once()
    chain.ask("anvil_mine", hex(20))
    following.follow_once()
    assert issued() == [1_000_001]
    sending.work()
    following.follow_once()
    assert (issued(), set(given.calls().values())) == ([1_000_001, 1_000_002], {MINED})


def test_trouble_is_for_the_staff_only_when_it_lasts(deployed: Flask, road: bad_road.Road) -> None:
    road.trouble = bad_road.closed
    following.follow_patiently(alarms.Patience(Trouble.READING))
    assert standing() == []
    impatient = alarms.Patience(Trouble.READING, seconds=0)
    following.follow_patiently(impatient)
    following.follow_patiently(impatient)
    [(trouble, what)] = standing()
    assert (trouble, what.startswith("chain: eth_chainId")) == (Trouble.READING, True)
    road.trouble = None
    following.follow_patiently(impatient)
    assert standing() == []


def test_an_alarm_of_a_process_that_died_ends_with_the_first_success(deployed: Flask) -> None:
    alarms.sound(Trouble.READING, "the chain was away")
    following.follow_patiently(alarms.Patience(Trouble.READING))
    assert db.session.scalars(sa.select(Alarm)).all() == []


def test_windows_grow_again_when_the_road_is_good(deployed: Flask, chain: LocalChain) -> None:
    following.follow_once()
    with transaction() as session:
        session.execute(sa.update(Cursor).values(span=1))
    chain.ask("anvil_mine", hex(100))
    following.follow_once()
    assert db.session.scalar(sa.select(Cursor.span)) == 128
    assert reading.WIDEST > 128
