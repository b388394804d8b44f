from collections.abc import Iterator
from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from marketplace.journal.models import Entry
from marketplace.kit.clock import now, pretending
from marketplace.kit.db import db, get, transaction
from marketplace.kit.refusals import Unavailable
from marketplace.listings.models import Listing
from marketplace.metadata.models import Pin, Replica, ReplicaState, blocks
from marketplace.metadata.replicating import SAMPLE, look_after_replicas, nodes, ready, replicate, standing, verified
from marketplace.outbox import keeping
from marketplace.settings import Settings
from tests import given
from tests.apps import another
from tests.ipfs.kubo_double import KuboDouble
from tests.racing import at_once

HELD_NOWHERE = "内容アドレス済み・検証可能（IPFSネットワーク未公開）"


@pytest.fixture
def kubo() -> Iterator[KuboDouble]:
    with KuboDouble() as kubo:
        yield kubo


@pytest.fixture
def settings(settings: Settings, request: pytest.FixtureRequest) -> Settings:
    if "kubo" not in request.fixturenames:
        return settings
    return settings.model_copy(update={"ipfs_rpc_url": request.getfixturevalue("kubo").url, "min_replicas": 1})


def published() -> int:
    """The id of a right whose documents are published."""
    return get(Listing, given.a_listing(state="published", quantity=3)).right_id


def replica() -> Replica:
    db.session.rollback()
    return db.session.scalars(sa.select(Replica)).one()


def test_without_a_node_the_documents_are_checkable_but_not_called_published_on_ipfs(app: Flask) -> None:
    right_id = published()
    replicate(right_id)
    look_after_replicas()
    assert nodes() == {}
    assert (verified(right_id), standing(right_id), ready(right_id)) == (0, HELD_NOWHERE, True)


def test_a_right_without_documents_is_not_ready(app: Flask) -> None:
    right_id = get(Listing, given.a_listing(state="draft")).right_id
    replicate(right_id)
    assert (ready(right_id), standing(right_id)) == (False, "準備中です")


def test_what_is_published_arrives_at_the_node_by_itself(kubo: KuboDouble, app: Flask) -> None:
    right_id = published()
    held = replica()
    assert (held.state, held.error, held.node) == (ReplicaState.VERIFIED, None, kubo.url.removeprefix("http://"))
    assert (verified(right_id), ready(right_id)) == (1, True)
    assert standing(right_id) == "IPFSネットワークの1か所で保存を確認しています"
    assert len(kubo.pins) == 1
    assert len(kubo.blocks) == db.session.scalars(sa.select(Pin)).one().blocks


def test_bringing_it_again_sends_nothing_that_is_there(kubo: KuboDouble, app: Flask) -> None:
    right_id = published()
    replicate(right_id)
    assert (kubo.imports, verified(right_id)) == (1, 1)


def test_bringing_it_several_times_at_once_ends_as_one_replica(kubo: KuboDouble, app: Flask) -> None:
    kubo.is_busy = True
    right_id = published()
    kubo.is_busy = False
    assert at_once(app, 4, lambda number: replicate(right_id)) == [None] * 4
    assert replica().state == ReplicaState.VERIFIED
    assert list(db.session.scalars(sa.select(Entry.event).where(Entry.subject == replica().subject))) == ["verify"]


def test_a_silent_node_delays_the_copy_but_not_the_documents(kubo: KuboDouble, app: Flask) -> None:
    kubo.is_busy = True
    right_id = published()
    assert (ready(right_id), standing(right_id)) == (False, HELD_NOWHERE)
    assert replica().state == ReplicaState.WAITING
    assert "503" in str(replica().error)
    with pytest.raises(Unavailable):
        replicate(right_id)
    kubo.is_busy = False
    with pretending(now() + timedelta(minutes=15)):
        keeping.drain()
    assert (ready(right_id), replica().error) == (True, None)


def test_a_node_that_lost_a_block_is_noticed_and_sent_it_again(kubo: KuboDouble, app: Flask) -> None:
    right_id = published()
    root = db.session.scalars(sa.select(Pin.root)).one()
    kubo.lose(root)
    look_after_replicas()
    assert kubo.imports == 1, "it was checked less than an hour ago"
    with pretending(now() + timedelta(hours=2)):
        look_after_replicas()
    assert (kubo.imports, verified(right_id)) == (2, 1)


def test_each_single_block_of_a_great_tree_has_its_turn_within_hours(kubo: KuboDouble, app: Flask) -> None:
    """A check reads a few back, and not the same few each time."""
    given.a_listing(state="published", quantity=40)
    every = set(kubo.blocks)
    assert len(every) > 40
    kubo.read.clear()
    for hour in range(1, 1 + len(every) // SAMPLE):
        with pretending(now() + timedelta(hours=hour)):
            look_after_replicas()
    assert kubo.read == every
    sometime = sorted(every)[len(every) // 3]
    del kubo.blocks[sometime]
    for hour in range(1 + len(every) // SAMPLE, 1 + 2 * (len(every) // SAMPLE)):
        with pretending(now() + timedelta(hours=hour)):
            look_after_replicas()
    assert set(kubo.blocks) == every


def test_a_node_that_gives_half_blocks_is_not_counted(kubo: KuboDouble, app: Flask) -> None:
    right_id = published()
    kubo.cuts_answers = True
    with pretending(now() + timedelta(hours=2)):
        look_after_replicas()
        assert replica().state == ReplicaState.LOST
        assert "only a part" in str(replica().error)
        assert (verified(right_id), ready(right_id), standing(right_id)) == (0, False, HELD_NOWHERE)
    kubo.cuts_answers = False
    with pretending(now() + timedelta(hours=4)):
        look_after_replicas()
    assert (replica().state, ready(right_id)) == (ReplicaState.VERIFIED, True)


def test_a_silent_node_keeps_its_standing_until_it_says_otherwise(kubo: KuboDouble, app: Flask) -> None:
    right_id = published()
    kubo.is_busy = True
    with pretending(now() + timedelta(hours=2)):
        look_after_replicas()
    assert (replica().state, verified(right_id)) == (ReplicaState.VERIFIED, 1)
    assert "503" in str(replica().error)


def test_a_node_that_is_named_later_gets_what_was_published_before(kubo: KuboDouble, app: Flask) -> None:
    kubo.is_busy = True
    first, second = published(), published()
    kubo.is_busy = False
    with transaction() as session:
        session.execute(sa.delete(Replica))
    look_after_replicas()
    assert (verified(first), verified(second)) == (1, 1)


def test_a_node_that_the_settings_name_no_more_is_not_counted(kubo: KuboDouble, app: Flask, settings: Settings) -> None:
    right_id = published()
    assert verified(right_id) == 1
    with another(settings.model_copy(update={"ipfs_rpc_url": "", "min_replicas": 0})):
        look_after_replicas()
        assert (verified(right_id), standing(right_id)) == (0, HELD_NOWHERE)
    look_after_replicas()
    assert (verified(right_id), kubo.imports) == (1, 1)
    told = sa.select(Entry.subject, Entry.event).where(Entry.subject.like("replica:%")).order_by(Entry.id)
    (first, verify), (same, forget), (other, again) = db.session.execute(told)
    assert (verify, forget, again) == ("verify", "forget_replica", "verify")
    assert (same == first, other == first) == (True, False)


def test_damage_of_our_own_copy_is_written_down_and_not_sent(kubo: KuboDouble, app: Flask) -> None:
    kubo.is_busy = True
    right_id = published()
    kubo.is_busy = False
    with transaction() as session:
        session.execute(sa.update(blocks).values(data=b"damaged"))
    replicate(right_id)
    assert (verified(right_id), len(kubo.pins)) == (0, 0)
    assert "other bytes" in str(replica().error)
