from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ipfs import dagpb, resolver
from ipfs.blockstore import MemoryBlockstore
from ipfs.building import Builder
from ipfs.cid import CID, DAG_PB, RAW, Block, make_block
from ipfs.dagpb import Link
from ipfs.errors import BlockMissing, Malformed, NameMissing, NotADirectory, NotAFile
from ipfs.unixfs import Estimate, Kind, Meaning, Profile

TINY = Profile("tiny", 1, True, 4, 3, Estimate.BLOCK)
DATA = bytes(range(200))


class Watched(MemoryBlockstore):
    """Remembers which blocks were asked for."""

    def __init__(self) -> None:
        self.asked: list[CID] = []
        super().__init__()

    def get(self, cid: CID) -> Block:
        self.asked.append(cid)
        return super().get(cid)


@given(st.integers(-5, 220), st.integers(-5, 220))
def test_a_range_gives_exactly_these_bytes(start: int, stop: int) -> None:
    store = MemoryBlockstore()
    cid = Builder(store.keep, TINY).file(DATA).cid
    assert b"".join(resolver.read(store, cid, start, stop)) == DATA[max(start, 0) : max(stop, 0)]


def test_a_range_touches_only_the_blocks_it_needs() -> None:
    store = Watched()
    cid = Builder(store.keep, TINY).file(DATA).cid
    assert b"".join(resolver.read(store, cid, 100, 101)) == DATA[100:101]
    leaves = [asked for asked in store.asked if asked.codec == RAW]
    assert leaves == [CID.of(DATA[100:104], RAW)]


def test_bytes_inside_a_node_come_before_its_parts() -> None:
    leaf = make_block(b"world", RAW)
    meaning = Meaning(Kind.FILE, b"hello ", 11, (5,))
    root = make_block(dagpb.encode([Link("", leaf.cid, 5)], meaning.encode()), DAG_PB)
    store = MemoryBlockstore([leaf, root])
    assert b"".join(resolver.read(store, root.cid)) == b"hello world"
    assert b"".join(resolver.read(store, root.cid, 4, 8)) == b"o wo"


@pytest.fixture
def store() -> MemoryBlockstore:
    return MemoryBlockstore()


@pytest.fixture
def root(store: MemoryBlockstore) -> CID:
    builder = Builder(store.keep)
    below = builder.directory({"c.txt": builder.file(b"deep")})
    return builder.directory({"a.txt": builder.file(b"top"), "b": below}).cid


@pytest.mark.parametrize("path", ["b/c.txt", "/b/c.txt", "b//c.txt/"])
def test_a_path_leads_to_its_end_by_blocks_that_prove_it(store: MemoryBlockstore, root: CID, path: str) -> None:
    found = resolver.resolve(store, root, path)
    assert b"".join(resolver.read(store, found.cid)) == b"deep"
    proof = MemoryBlockstore(found.passed)
    assert resolver.resolve(proof, root, path) == found


def test_an_empty_path_is_the_root(store: MemoryBlockstore, root: CID) -> None:
    assert resolver.resolve(store, root, "") == (root, ())


@pytest.mark.parametrize(
    ("path", "refusal"),
    [
        ("missing", NameMissing),
        ("b/missing", NameMissing),
        ("b/..", NameMissing),
        ("a.txt/b", NotADirectory),
    ],
)
def test_a_path_that_leads_nowhere_is_refused(
    store: MemoryBlockstore, root: CID, path: str, refusal: type[Exception]
) -> None:
    with pytest.raises(refusal):
        resolver.resolve(store, root, path)


def test_a_directory_is_not_read_and_a_file_is_not_listed(store: MemoryBlockstore, root: CID) -> None:
    with pytest.raises(NotAFile):
        resolver.read(store, root)
    file = resolver.resolve(store, root, "a.txt").cid
    with pytest.raises(NotADirectory):
        list(resolver.entries(store, file))


def test_a_walk_meets_every_block_once_parents_first(store: MemoryBlockstore, root: CID) -> None:
    below = resolver.resolve(store, root, "b").cid
    assert [block.cid for block in resolver.walk(store, root)] == [
        root,
        CID.of(b"top", RAW),
        below,
        CID.of(b"deep", RAW),
    ]


def test_a_walk_asks_for_many_blocks_at_once() -> None:
    class Counted(MemoryBlockstore):
        asked = 0

        def find(self, cids: Iterable[CID]) -> dict[CID, Block]:
            self.asked += 1
            return super().find(cids)

    store = Counted()
    builder = Builder(store.keep)
    root = builder.directory({f"{n}": builder.file(b"%d" % n) for n in range(1000)}).cid
    assert len(list(resolver.walk(store, root))) == 1001
    assert store.asked < 50


def test_a_walk_names_the_block_that_is_missing(store: MemoryBlockstore, root: CID) -> None:
    missing = CID.of(b"deep", RAW)
    partial = MemoryBlockstore(block for block in store if block.cid != missing)
    with pytest.raises(BlockMissing, match=str(missing)):
        list(resolver.walk(partial, root))


def test_the_entity_of_a_directory_is_without_its_entries(store: MemoryBlockstore, root: CID) -> None:
    assert [block.cid for block in resolver.entity(store, root)] == [root]


def test_the_entity_of_a_large_directory_is_its_shards() -> None:
    store = MemoryBlockstore()
    builder = Builder(store.keep)
    leaf = builder.file(b"")
    root = builder.directory({f"{n:040}": leaf for n in range(4000)}).cid
    blocks = [block.cid for block in resolver.entity(store, root)]
    assert len(blocks) > 100
    assert set(blocks) == {block.cid for block in store} - {leaf.cid}


def test_the_entity_of_a_file_is_all_of_it() -> None:
    store = MemoryBlockstore()
    cid = Builder(store.keep, TINY).file(DATA).cid
    assert {block.cid for block in resolver.entity(store, cid)} == {block.cid for block in store}


def file_node(parts: list[tuple[CID, int]], size: int | None) -> Block:
    meaning = Meaning(Kind.FILE, None, size, tuple(length for _, length in parts))
    return make_block(dagpb.encode([Link("", cid, 0) for cid, _ in parts], meaning.encode()), DAG_PB)


LEAF = make_block(b"four", RAW)
LONGER = make_block(b"longer", RAW)


@pytest.mark.parametrize(
    "root",
    [
        pytest.param(file_node([(LEAF.cid, 4)], 5), id="a total that is not the sum"),
        pytest.param(file_node([(LEAF.cid, 3)], 3), id="a part that is longer than said"),
        pytest.param(file_node([(LONGER.cid, 7)], 7), id="a part that is shorter than said"),
        pytest.param(
            make_block(dagpb.encode([Link("", LEAF.cid, 4)], Meaning(Kind.FILE, None, 0).encode()), DAG_PB),
            id="a part without a size",
        ),
        pytest.param(make_block(dagpb.encode([], None), DAG_PB), id="no UnixFS in it"),
        pytest.param(make_block(b"\xff\xff", DAG_PB), id="not dag-pb"),
    ],
)
def test_a_file_that_contradicts_itself_is_refused(root: Block) -> None:
    store = MemoryBlockstore([LEAF, LONGER, root])
    with pytest.raises(Malformed):
        list(resolver.read(store, root.cid))


def test_parts_nested_without_end_are_refused() -> None:
    store = MemoryBlockstore([LEAF])
    node = file_node([(LEAF.cid, 4)], 4)
    for _ in range(resolver.DEEPEST_FILE):
        store.keep(node)
        node = file_node([(node.cid, 4)], 4)
    store.keep(node)
    with pytest.raises(Malformed, match="deep"):
        list(resolver.read(store, node.cid))


def test_a_symbolic_link_is_neither_read_nor_followed() -> None:
    link = make_block(dagpb.encode([], Meaning(Kind.SYMLINK, b"/etc/passwd").encode()), DAG_PB)
    store = MemoryBlockstore([link])
    with pytest.raises(NotAFile):
        resolver.read(store, link.cid)
    with pytest.raises(NotADirectory):
        resolver.resolve(store, link.cid, "passwd")
