import hashlib
import io
import json
from typing import Any

import pytest
import rfc8785
import sqlalchemy as sa
from flask import Flask

from ipfs import car, resolver
from ipfs.blockstore import SqlBlockstore
from ipfs.cid import CID
from marketplace.accounts.models import Account
from marketplace.art import token_art
from marketplace.kit.db import db, get, lock, transaction
from marketplace.listings import approving
from marketplace.listings.models import Listing
from marketplace.metadata import documents
from marketplace.metadata.models import Document, Picture, Pin, blocks
from marketplace.metadata.pictures import keep, own_url
from marketplace.metadata.publishing import publish
from marketplace.outbox import keeping
from marketplace.outbox.models import Message
from marketplace.rights.drafting import text_hash
from marketplace.rights.models import Right
from tests import given
from tests.crashing import PowerCut
from tests.metadata import pictures as made
from tests.racing import at_once


@pytest.fixture
def approved(app: Flask) -> int:
    """A right that was approved a moment ago; the office has not heard of it yet."""
    listing_id = given.a_listing(state="submitted", quantity=3)
    approving.approve(listing_id, given.staff("approver"))
    return get(Listing, listing_id).right_id


def store() -> SqlBlockstore:
    return SqlBlockstore(db.session.connection(), blocks)


def root_of(right_id: int) -> CID:
    uri = get(Right, right_id).metadata_uri
    assert uri
    return CID.parse(uri.removeprefix("ipfs://").removesuffix("/"))


def read(cid: str | CID, path: str = "") -> bytes:
    name = cid if isinstance(cid, CID) else CID.parse(cid.removeprefix("ipfs://"))
    return b"".join(resolver.read(store(), resolver.resolve(store(), name, path).cid))


def count(table: Any) -> int:
    return db.session.scalar(sa.select(sa.func.count()).select_from(table)) or 0


def test_an_approved_listing_gets_its_documents_by_itself(approved: int) -> None:
    keeping.drain()
    root = root_of(approved)
    assert [link.name for link in resolver.entries(store(), root)] == [
        "1.json",
        "2.json",
        "3.json",
        "locales",
        "picture.png",
        "terms.json",
    ]
    for serial in (1, 2, 3):
        document = json.loads(read(root, f"{serial}.json"))
        documents.check(document)
        assert document["properties"]["serial"] == serial


def test_an_only_token_has_its_document_by_its_own_cid_and_the_tree_holds_it(app: Flask) -> None:
    right = get(Listing, given.a_listing("ascending", "naming", state="published", quantity=1)).right
    document = CID.parse((right.document_uri or "").removeprefix("ipfs://"))
    assert (right.series_uri, right.token_uri(1)) == (f"ipfs://{document}", f"ipfs://{document}")
    assert document == resolver.resolve(store(), root_of(right.id), "1.json").cid
    fields = json.loads(read(document))
    documents.check(fields)
    assert (fields["properties"]["serial"], fields["properties"]["of"]) == (1, 1)


def test_tokens_of_a_series_have_their_documents_by_the_directory(approved: int) -> None:
    keeping.drain()
    right = get(Right, approved)
    directory = f"ipfs://{root_of(approved)}/"
    assert (right.document_uri, right.series_uri, right.token_uri(2)) == (None, directory, f"{directory}2.json")


def test_what_a_token_names_lies_in_the_same_tree(approved: int) -> None:
    keeping.drain()
    root = root_of(approved)
    document = json.loads(read(root, "2.json"))
    assert read(document["image"]) == read(root, "picture.png")
    assert hashlib.sha256(read(document["image"])).hexdigest() == document["properties"]["image_sha256"]
    assert read(document["properties"]["terms"]) == read(root, "terms.json")
    base, _, path = document["localization"]["uri"].removeprefix("ipfs://").partition("/")
    assert resolver.resolve(store(), root, "locales").cid == CID.parse(base)
    assert json.loads(read(base, path.replace("{locale}", "en")))["name"].endswith("#2")


def test_a_stranger_can_recompute_the_hash_of_the_approved_text(approved: int) -> None:
    keeping.drain()
    right = get(Right, approved)
    terms = json.loads(read(root_of(approved), "terms.json"))
    assert right.terms_cid == str(resolver.resolve(store(), root_of(approved), "terms.json").cid)
    assert "sha256:" + hashlib.sha256(rfc8785.dumps(terms["text"])).hexdigest() == right.text_hash == text_hash(right)


def test_every_document_has_a_row_and_the_tree_one_pin(approved: int) -> None:
    keeping.drain()
    root = root_of(approved)
    rows = db.session.execute(sa.select(Document.path, Document.serial, Document.cid).order_by(Document.path)).all()
    assert [(path, serial) for path, serial, _ in rows] == [
        ("", None),
        ("1.json", 1),
        ("2.json", 2),
        ("3.json", 3),
        ("locales", None),
        ("picture.png", None),
        ("terms.json", None),
    ]
    assert {path: CID.parse(cid) for path, _, cid in rows} == {
        path: resolver.resolve(store(), root, path).cid for path, _, _ in rows
    }
    pin = db.session.scalars(sa.select(Pin)).one()
    whole = b"".join(car.export(store(), root))
    tree = list(car.CarReader(io.BytesIO(whole)))
    assert (pin.root, pin.blocks, pin.bytes) == (str(root), len(tree), sum(len(block.data) for block in tree))
    assert pin.car_sha256 == hashlib.sha256(whole).hexdigest()
    assert pin.blocks == count(blocks)


def test_publishing_again_changes_nothing(approved: int) -> None:
    keeping.drain()
    before = (root_of(approved), count(Document), count(Pin), count(Message))
    publish(approved, 3)
    assert (root_of(approved), count(Document), count(Pin), count(Message)) == before


def test_publishing_four_times_at_once_publishes_once(app: Flask, approved: int) -> None:
    assert at_once(app, 4, lambda number: publish(approved, 3)) == [None] * 4
    assert (count(Document), count(Pin)) == (7, 1)
    said = sa.select(sa.func.count()).where(Message.topic == "metadata.published")
    assert db.session.scalar(said) == 1


def test_rights_that_share_blocks_can_be_published_at_once(app: Flask) -> None:
    listings = [given.a_listing(state="submitted", quantity=20) for _ in range(4)]
    for listing_id in listings:
        approving.approve(listing_id, given.staff("approver"))
    rights = [get(Listing, listing_id).right_id for listing_id in listings]
    assert at_once(app, 4, lambda number: publish(rights[number], 20)) == [None] * 4
    assert len({root_of(right_id) for right_id in rights}) == 4


def test_the_same_right_has_the_same_cid_on_another_day_and_another_machine(approved: int) -> None:
    keeping.drain()
    first = root_of(approved)
    with transaction() as session:
        session.execute(sa.delete(Document))
        session.execute(sa.delete(Pin))
        session.execute(sa.delete(blocks))
        lock(Right, approved).metadata_uri = None
    publish(approved, 3)
    assert root_of(approved) == first


def test_a_power_cut_leaves_nothing_and_the_next_try_everything(approved: int) -> None:
    def cut(_session: Any, _context: Any, _instances: Any) -> None:
        raise PowerCut

    sa.event.listen(db.session, "before_flush", cut)
    with pytest.raises(PowerCut):
        publish(approved, 3)
    sa.event.remove(db.session, "before_flush", cut)
    db.session.rollback()
    assert (count(blocks), count(Document), count(Pin)) == (0, 0, 0)
    assert get(Right, approved).metadata_uri is None
    publish(approved, 3)
    assert (count(Document), count(Pin)) == (7, 1)


def test_an_uploaded_picture_is_in_the_tree_and_may_be_seen_from_then_on(app: Flask) -> None:
    data = made.photo_with_place()
    picture_id = keep(data, "staff:ACC-TEST")
    listing_id = given.a_listing(state="submitted", picture_id=picture_id)
    assert get(Picture, picture_id).published_at is None
    approving.approve(listing_id, given.staff("approver"))
    keeping.drain()
    picture = get(Picture, picture_id)
    root = root_of(get(Listing, listing_id).right_id)
    assert picture.published_at is not None
    assert resolver.resolve(store(), root, "picture.jpg").cid == CID.parse(picture.cid)


def test_nothing_of_a_person_is_in_any_block(app: Flask) -> None:
    for number in range(3):
        given.an_account(f"secret-person-{number}@example.jp")
    given.a_listing(state="published", quantity=5)
    with transaction() as session:
        for account in session.scalars(sa.select(Account)):
            account.name, account.nickname = "秘密野 花子", "はなちゃん"
    everything = b"".join(bytes(data) for data in db.session.scalars(sa.select(blocks.c.data)))
    assert len(everything) > 1000
    people = list(db.session.scalars(sa.select(Account)))
    assert len(people) == 5
    for person in people:
        for secret in (person.email, person.name, person.nickname, person.code, person.custody_id):
            assert str(secret).encode() not in everything


def test_a_series_of_five_thousand_is_sharded_and_every_token_is_found(app: Flask) -> None:
    right_id = get(Listing, given.a_listing(state="published", quantity=5000)).right_id
    root = root_of(right_id)
    for serial in (1, 3333, 5000):
        assert json.loads(read(root, f"{serial}.json"))["properties"]["serial"] == serial


def test_a_series_whose_tokens_differ_has_a_picture_for_each(app: Flask) -> None:
    right_id = get(Listing, given.a_listing(state="published", quantity=12, art_per_token=True)).right_id
    root = root_of(right_id)
    images = set()
    for serial in range(1, 13):
        document = json.loads(read(root, f"{serial}.json"))
        documents.check(document)
        drawing = read(document["image"])
        assert drawing == read(root, f"art/{serial}.svg") == token_art("resident", 7, serial, 12).encode()
        assert hashlib.sha256(drawing).hexdigest() == document["properties"]["image_sha256"]
        images.add(document["image"])
    assert len(images) == 12
    rows = sa.select(Document.serial).where(Document.path.like("art/%")).order_by(Document.serial)
    assert db.session.scalars(rows).all() == list(range(1, 13))


def test_without_that_choice_all_tokens_share_the_picture(approved: int) -> None:
    keeping.drain()
    images = {json.loads(read(root_of(approved), f"{serial}.json"))["image"] for serial in (1, 2, 3)}
    assert len(images) == 1


def test_the_pages_show_the_picture_that_this_token_alone_has(app: Flask) -> None:
    right = get(Right, get(Listing, given.a_listing(state="published", art_per_token=True)).right_id)
    assert own_url(right, 7) == f"/ipfs/{root_of(right.id)}/art/7.svg"
    plain = get(Right, get(Listing, given.a_listing(state="published")).right_id)
    assert own_url(plain, 7) is None
