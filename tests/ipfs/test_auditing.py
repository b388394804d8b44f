from pathlib import Path

import pytest

from ipfs import dagpb, resolver
from ipfs.auditing import BlockFolder, audit, sample
from ipfs.blockstore import LARGEST_BLOCK, MemoryBlockstore
from ipfs.building import Builder
from ipfs.cid import CID, DAG_PB, RAW, Block, make_block
from ipfs.dagpb import Link
from ipfs.errors import BlockMissing, Corrupt, ReplicaUnreachable


@pytest.fixture
def store() -> MemoryBlockstore:
    return MemoryBlockstore()


@pytest.fixture
def root(store: MemoryBlockstore) -> CID:
    builder = Builder(store.keep)
    below = builder.directory({"deep": builder.file(b"deep")})
    return builder.directory({"a": builder.file(b"one"), "b": builder.file(b"two"), "below": below}).cid


@pytest.fixture
def folder(store: MemoryBlockstore, root: CID, tmp_path: Path) -> Path:
    for number, block in enumerate(resolver.walk(store, root)):
        (tmp_path / f"{block.cid}{('', '.bin', '.raw')[number % 3]}").write_bytes(block.data)
    return tmp_path


def file_of(folder: Path, data: bytes) -> Path:
    return next(folder.glob(f"{CID.of(data, RAW)}*"))


def test_a_whole_tree_has_no_faults(store: MemoryBlockstore, root: CID, folder: Path) -> None:
    size = sum(len(block.data) for block in resolver.walk(store, root))
    for get in (store.get, BlockFolder(folder).get):
        found = audit(root, get)
        assert (found.root, found.blocks, found.bytes, found.faults) == (root, 5, size, {})


def test_every_fault_is_named_and_the_rest_is_still_looked_at(root: CID, folder: Path) -> None:
    file_of(folder, b"one").write_bytes(b"One")
    file_of(folder, b"deep").unlink()
    found = audit(root, BlockFolder(folder).get)
    one, deep = CID.of(b"one", RAW), CID.of(b"deep", RAW)
    assert (found.blocks, found.faults) == (
        3,
        {
            one: f"block {one} has other bytes than its name promises",
            deep: f"block {deep} is not in this folder",
        },
    )


def test_a_place_that_lies_about_a_block_is_not_believed(store: MemoryBlockstore, root: CID) -> None:
    found = audit(root, lambda cid: Block(cid, b"whatever you want"))
    assert (found.blocks, list(found.faults)) == (0, [root])


def test_a_block_that_is_whole_but_makes_no_sense_is_a_fault() -> None:
    nonsense = make_block(b"\xff\xff", DAG_PB)
    assert list(audit(nonsense.cid, MemoryBlockstore([nonsense]).get).faults) == [nonsense.cid]


def test_blocks_that_many_lead_to_are_looked_at_once() -> None:
    """Eight levels of 200 links each: followed one by one, more ways than could ever be walked."""
    store = MemoryBlockstore()
    below = make_block(b"leaf", RAW)
    store.keep(below)
    for _ in range(8):
        below = make_block(dagpb.encode([Link(str(n), below.cid, 1) for n in range(200)], None), DAG_PB)
        store.keep(below)
    assert audit(below.cid, store.get).blocks == 9


def test_a_silent_node_is_not_a_damaged_one(root: CID) -> None:
    def silent(cid: CID) -> Block:
        raise ReplicaUnreachable("no answer")

    with pytest.raises(ReplicaUnreachable):
        audit(root, silent)


def test_a_file_larger_than_any_block_is_not_read(folder: Path, root: CID) -> None:
    with file_of(folder, b"one").open("r+b") as file:
        file.truncate(LARGEST_BLOCK + 1)
    with pytest.raises(Corrupt, match="larger"):
        BlockFolder(folder).get(CID.of(b"one", RAW))
    with pytest.raises(BlockMissing):
        BlockFolder(folder / "nowhere").get(root)


def test_a_sample_has_both_ends_and_no_more_than_was_asked_for() -> None:
    cids = [CID.of(b"%d" % n, RAW) for n in range(1000)]
    chosen = sample(cids, 16)
    assert (chosen[0], chosen[-1], len(chosen)) == (cids[0], cids[-1], 17)
    assert sample(cids[:3] * 2, 16) == cids[:3]
    assert sample([], 16) == []
