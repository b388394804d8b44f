"""Somebody else's program reads and checks through the gateway what we published, and trusts nothing of ours."""

import hashlib
import json
from pathlib import PurePosixPath

import pytest
from flask import Flask

from ipfs import resolver
from ipfs.blockstore import MemoryBlockstore, SqlBlockstore
from ipfs.building import Builder
from ipfs.cid import CID
from ipfs.unixfs import Kind
from marketplace.kit.db import db, get, transaction
from marketplace.listings.models import Listing
from marketplace.metadata.models import blocks
from tests import given
from tests.ipfs import independent

pytestmark = [pytest.mark.node, pytest.mark.on_sqlite]


def test_a_series_of_a_thousand_documents_is_verified_whole(app: Flask, live_server: str) -> None:
    """All of them as one CAR; and one in forty block by block, since they are read alike."""
    listing_id = given.a_listing(state="published", quantity=1000)
    uri = get(Listing, listing_id).right.metadata_uri or ""
    root = uri.removeprefix("ipfs://").removesuffix("/")
    ours = contents(root)
    documents = [f"{serial}.json" for serial in range(1, 1001)]
    assert {*documents, "picture.png", "terms.json", *(f"locales/{locale}/777.json" for locale in ("ja", "en"))} <= {
        *ours
    }
    picture = json.loads(read(root, "777.json"))["properties"]["image_sha256"]
    db.session.rollback()
    seen = independent.run("verify.mjs", live_server, root, "40")
    assert seen["files"] == ours
    assert picture in {digest for _, digest in seen["files"].values()}


def test_a_directory_of_shards_and_a_picture_of_many_blocks_are_verified_whole(app: Flask, live_server: str) -> None:
    made = MemoryBlockstore()
    builder = Builder(made.keep)
    few = [builder.file(b"%d" % number) for number in range(10)]
    large = bytes(range(256)) * 12_000
    entries = {f"{serial}.json": few[serial % 10] for serial in range(1, 5001)} | {"絵.png": builder.file(large)}
    root = builder.directory(entries).cid
    assert resolver.kind(made, root) is Kind.SHARD
    with transaction() as session:
        SqlBlockstore(session.connection(), blocks).put(made)
    seen = independent.run("verify.mjs", live_server, str(root))
    assert seen["blocks"] == len(made)
    assert seen["files"].pop("絵.png") == [len(large), hashlib.sha256(large).hexdigest()]
    assert seen["files"] == {
        name: [1, hashlib.sha256(b"%d" % (int(PurePosixPath(name).stem) % 10)).hexdigest()]
        for name in entries
        if name != "絵.png"
    }


def test_a_single_false_block_is_noticed(app: Flask, live_server: str) -> None:
    made = MemoryBlockstore()
    builder = Builder(made.keep)
    root = builder.directory({"true": builder.file(b"true"), "other": builder.file(b"other")}).cid
    last = CID.of(b"other", 0x55)
    with transaction() as session:
        SqlBlockstore(session.connection(), blocks).put(block for block in made if block.cid != last)
    with pytest.raises(AssertionError, match=str(last)):
        independent.run("verify.mjs", live_server, str(root))


def store() -> SqlBlockstore:
    return SqlBlockstore(db.session.connection(), blocks)


def read(root: str, path: str) -> bytes:
    return b"".join(resolver.read(store(), resolver.resolve(store(), CID.parse(root), path).cid))


def contents(root: str, at: str = "") -> dict[str, list[int | str]]:
    """Every file of a published tree: its size and hash, by its path."""
    found: dict[str, list[int | str]] = {}
    cid = CID.parse(root)
    if resolver.kind(store(), cid) not in (Kind.DIRECTORY, Kind.SHARD):
        data = b"".join(resolver.read(store(), cid))
        return {at: [len(data), hashlib.sha256(data).hexdigest()]}
    for link in resolver.entries(store(), cid):
        found |= contents(str(link.cid), f"{at}/{link.name}" if at else link.name)
    return found
