import io
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from ipfs import car
from ipfs.blockstore import SqlBlockstore
from ipfs.cid import CID
from ipfs.errors import BlockMissing
from marketplace.journal.models import Entry
from marketplace.kit.clock import now, pretending
from marketplace.kit.db import db, get, transaction
from marketplace.kit.sheets import run_all
from marketplace.listings.models import Listing
from marketplace.metadata import auditing
from marketplace.metadata.models import Document, PictureFile, Pin, Replica, ReplicaState, blocks
from marketplace.metadata.replicating import look_after_replicas, verified
from marketplace.outbox import keeping
from marketplace.settings import Settings
from tests import given
from tests.ipfs.kubo_double import KuboDouble
from tests.racing import at_once


@pytest.fixture
def kubo() -> Iterator[KuboDouble]:
    with KuboDouble() as kubo:
        yield kubo


@pytest.fixture
def settings(settings: Settings, request: pytest.FixtureRequest) -> Settings:
    if "kubo" not in request.fixturenames:
        return settings
    return settings.model_copy(update={"ipfs_rpc_url": request.getfixturevalue("kubo").url})


@pytest.fixture
def pin(app: Flask) -> int:
    """A published tree of three tokens."""
    given.a_listing(state="published", quantity=3)
    return db.session.scalars(sa.select(Pin.id)).one()


def everything() -> dict[bytes, bytes]:
    db.session.rollback()
    return {bytes(name): bytes(data) for name, data in db.session.execute(sa.select(blocks))}


def cid_of(path: str) -> CID:
    return CID.parse(db.session.scalars(sa.select(Document.cid).where(Document.path == path)).one())


def lose(*paths: str) -> None:
    with transaction() as session:
        for path in paths:
            session.execute(sa.delete(blocks).where(blocks.c.multihash == cid_of(path).multihash))


def damage(path: str) -> None:
    with transaction() as session:
        session.execute(sa.update(blocks).where(blocks.c.multihash == cid_of(path).multihash).values(data=b"rotten"))


def forget_the_picture() -> None:
    """What the tree was made of is gone too: it can't be composed again."""
    with transaction() as session:
        session.execute(sa.delete(PictureFile))


def result(pin_id: int) -> tuple[int | None, bool]:
    """Blocks missing at the last audit, and whether any was ever mended."""
    db.session.rollback()
    row = get(Pin, pin_id)
    return row.missing, row.mended_at is not None


def mends() -> list[dict[str, object]]:
    entries = db.session.scalars(sa.select(Entry).where(Entry.event == "mend").order_by(Entry.id))
    return [{name: entry.details[name] for name in ("blocks", "sources")} for entry in entries]


def test_a_whole_tree_is_found_whole(pin: int) -> None:
    assert get(Pin, pin).audited_at is None
    assert (auditing.audit(pin), result(pin), mends()) == (0, (0, False), [])
    assert get(Pin, pin).audited_at is not None


@pytest.mark.parametrize("path", ["", "2.json", "terms.json", "picture.png", "locales"])
def test_a_deleted_block_is_made_again_from_what_it_was_made_of(pin: int, path: str) -> None:
    before = everything()
    lose(path)
    assert (auditing.audit(pin), everything() == before, result(pin)) == (0, True, (0, True))
    assert mends() == [{"blocks": 1, "sources": {"facts": 1}}]


def test_a_damaged_block_is_replaced(pin: int) -> None:
    before = everything()
    damage("3.json")
    assert (auditing.audit(pin), everything() == before) == (0, True)


def test_a_tree_of_which_nothing_is_left_comes_back_whole(pin: int) -> None:
    before = everything()
    with transaction() as session:
        session.execute(sa.delete(blocks))
    assert (auditing.audit(pin), everything() == before) == (0, True)
    assert mends() == [{"blocks": len(before), "sources": {"facts": len(before)}}]


def test_what_cannot_be_made_again_comes_from_a_node(kubo: KuboDouble, pin: int) -> None:
    before, node = everything(), kubo.url.removeprefix("http://")
    forget_the_picture()
    lose("", "picture.png", "2.json")
    assert (auditing.audit(pin), everything() == before) == (0, True)
    assert mends() == [{"blocks": 3, "sources": {node: 3}}]


def test_a_node_that_gives_other_bytes_mends_nothing(kubo: KuboDouble, pin: int) -> None:
    forget_the_picture()
    lose("2.json")
    kubo.cuts_answers = True
    assert (auditing.audit(pin), result(pin)) == (1, (1, False))


def test_what_nobody_has_is_counted_and_written_down_and_the_rest_is_still_looked_at(pin: int) -> None:
    forget_the_picture()
    lose("2.json", "picture.png")
    assert (auditing.audit(pin), result(pin)) == (2, (2, False))
    missed = db.session.scalars(sa.select(Entry).where(Entry.event == "miss")).one()
    assert set(missed.details["blocks"]) == {str(cid_of("2.json")), str(cid_of("picture.png"))}


def test_a_lost_tree_is_restored_from_a_car_that_somebody_kept(pin: int) -> None:
    root = CID.parse(get(Pin, pin).root)
    kept = b"".join(car.export(SqlBlockstore(db.session.connection(), blocks), root))
    before = everything()
    forget_the_picture()
    lose("")
    damage("1.json")
    assert auditing.audit(pin) == 1, "below a lost root nothing can be seen"
    assert auditing.restore(io.BytesIO(kept)) == 2
    assert (everything() == before, result(pin)) == (True, (0, True))
    assert auditing.restore(io.BytesIO(kept)) == 0


def test_a_car_that_is_not_whole_restores_nothing(pin: int) -> None:
    root = CID.parse(get(Pin, pin).root)
    store = SqlBlockstore(db.session.connection(), blocks)
    half = b"".join(car.write(root, [store.get(root)]))
    lose("")
    before = everything()
    with pytest.raises(BlockMissing):
        auditing.restore(io.BytesIO(half))
    assert everything() == before


def test_a_car_of_something_else_is_not_taken(pin: int) -> None:
    store = SqlBlockstore(db.session.connection(), blocks)
    other = b"".join(car.export(store, cid_of("terms.json")))
    with pytest.raises(LookupError):
        auditing.restore(io.BytesIO(other))


def test_the_clock_finds_and_mends_a_deleted_block_in_the_night_without_staff(pin: int) -> None:
    auditing.audit_due()
    before = everything()
    lose("1.json")
    auditing.audit_due()
    assert everything() != before, "it was looked at a moment ago"
    with pretending(now() + timedelta(days=1)):
        run_all()
        assert (everything() == before, result(pin)) == (True, (0, True))


def test_a_lost_copy_is_noticed_and_restored_without_staff(kubo: KuboDouble, pin: int) -> None:
    right_id = get(Pin, pin).right_id
    assert verified(right_id) == 1
    kubo.blocks.clear()
    kubo.pins.clear()
    with pretending(now() + timedelta(hours=2)):
        run_all()
    assert (verified(right_id), len(kubo.pins), len(kubo.blocks)) == (1, 1, get(Pin, pin).blocks)


def test_damage_that_is_seen_while_a_copy_is_sent_is_mended_at_once_and_the_copy_sent(
    kubo: KuboDouble, pin: int
) -> None:
    before = everything()
    lose("", "1.json")
    kubo.pins.clear()
    with pretending(now() + timedelta(hours=2)):
        look_after_replicas()
        keeping.drain()
    assert (everything() == before, len(kubo.pins)) == (True, 1)
    assert db.session.scalars(sa.select(Replica.state)).one() == ReplicaState.VERIFIED


def test_four_audits_at_once_mend_once_or_more_and_end_whole(app: Flask, pin: int) -> None:
    before = everything()
    lose("", "2.json")
    assert at_once(app, 4, lambda number: auditing.audit(pin)) == [0] * 4
    assert (everything() == before, result(pin)) == (True, (0, True))


def test_the_button_has_every_tree_and_copy_looked_at(kubo: KuboDouble, pin: int) -> None:
    lose("2.json")
    kubo.pins.clear()
    auditing.ask_for_all("staff:ACC-TEST")
    keeping.drain()
    assert (result(pin), len(kubo.pins)) == ((0, True), 1)


@pytest.mark.parametrize(
    ("moment", "night"),
    [
        pytest.param(datetime(2026, 11, 24, 17, 59, tzinfo=UTC), datetime(2026, 11, 23, 18, tzinfo=UTC), id="before"),
        pytest.param(datetime(2026, 11, 24, 18, 0, tzinfo=UTC), datetime(2026, 11, 24, 18, tzinfo=UTC), id="at"),
        pytest.param(datetime(2026, 11, 25, 3, 0, tzinfo=UTC), datetime(2026, 11, 24, 18, tzinfo=UTC), id="after"),
    ],
)
def test_a_tree_is_due_again_after_three_in_the_morning_in_japan(moment: datetime, night: datetime) -> None:
    assert auditing.last_night(moment) == night


def test_the_sheet_is_known_to_the_worker(app: Flask) -> None:
    given.a_listing(state="published", quantity=1)
    run_all()
    assert db.session.scalars(sa.select(Pin.missing)).all() == [0]
    assert get(Listing, 1).right.metadata_uri
