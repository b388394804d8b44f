import pytest

from ipfs import dagpb, hamt, resolver
from ipfs.blockstore import MemoryBlockstore
from ipfs.building import Builder
from ipfs.cid import DAG_PB, RAW, Block, make_block
from ipfs.dagpb import Link
from ipfs.errors import BlockMissing, Malformed, NameMissing
from ipfs.unixfs import FANOUT, MURMUR3, Kind, Meaning

NAMES = [f"{serial}.json" for serial in range(1, 5001)]


@pytest.fixture(scope="module")
def store() -> MemoryBlockstore:
    return MemoryBlockstore()


@pytest.fixture(scope="module")
def root(store: MemoryBlockstore) -> Block:
    builder = Builder(store.keep)
    return store.get(builder.directory({name: builder.file(name.encode()) for name in NAMES}).cid)


def test_five_thousand_entries_become_shards_and_every_one_is_found(store: MemoryBlockstore, root: Block) -> None:
    assert resolver.kind(store, root.cid) is Kind.SHARD
    for name in NAMES:
        link, _ = hamt.lookup(root, name, store.get)
        assert store.get(link.cid).data == name.encode()


def test_the_listing_has_every_entry_once(store: MemoryBlockstore, root: Block) -> None:
    assert sorted(link.name for link in hamt.entries(root, store.get)) == sorted(NAMES)


@pytest.mark.parametrize("name", ["0.json", "5001.json", "", "1", "..", "00"])
def test_a_name_that_is_not_there_is_missing(store: MemoryBlockstore, root: Block, name: str) -> None:
    with pytest.raises(NameMissing):
        hamt.lookup(root, name, store.get)


def test_a_lookup_needs_only_the_shards_on_its_way(store: MemoryBlockstore, root: Block) -> None:
    link, passed = hamt.lookup(root, "77.json", store.get)
    alone = MemoryBlockstore(passed)
    assert hamt.lookup(root, "77.json", alone.get)[0] == link
    with pytest.raises(BlockMissing):
        hamt.lookup(root, "77.json", MemoryBlockstore().get)


def shard(bits: int, links: list[Link], fanout: int = FANOUT, hash_type: int = MURMUR3) -> Block:
    bitfield = bits.to_bytes((bits.bit_length() + 7) // 8)
    meaning = Meaning(Kind.SHARD, bitfield, hash_type=hash_type, fanout=fanout)
    return make_block(dagpb.encode(links, meaning.encode()), DAG_PB)


LEAF = make_block(b"x", RAW).cid


@pytest.mark.parametrize(
    "block",
    [
        pytest.param(shard(1, []), id="a bit without a link"),
        pytest.param(shard(0, [Link("00a", LEAF, 1)]), id="a link without a bit"),
        pytest.param(shard(3, [Link("01a", LEAF, 1), Link("00b", LEAF, 1)]), id="links out of order"),
        pytest.param(shard(1 << 10, [Link("0aa", LEAF, 1)]), id="a branch in lower case"),
        pytest.param(shard(1 << 256, []), id="a bit above the fanout"),
        pytest.param(shard(1, [Link("00a", LEAF, 1)], fanout=16), id="another fanout"),
        pytest.param(shard(1, [Link("00a", LEAF, 1)], hash_type=0x12), id="another hash"),
        pytest.param(make_block(b"x", RAW), id="a raw block"),
        pytest.param(make_block(dagpb.encode([], Meaning(Kind.DIRECTORY).encode()), DAG_PB), id="a flat directory"),
    ],
)
def test_a_malformed_shard_is_refused(block: Block) -> None:
    with pytest.raises(Malformed):
        hamt.read(block)


def test_shards_nested_without_end_are_refused() -> None:
    store = MemoryBlockstore()
    below = shard(1, [Link("00a", LEAF, 1)])
    for _ in range(9):
        store.keep(below)
        below = shard(1, [Link("00", below.cid, 1)])
    with pytest.raises(Malformed, match="deep"):
        list(hamt.entries(below, store.get))


def test_an_entry_with_a_name_that_leads_elsewhere_is_not_listed() -> None:
    with pytest.raises(Malformed):
        list(hamt.entries(shard(1, [Link("00../x", LEAF, 1)]), MemoryBlockstore().get))


def test_a_few_shards_that_list_entries_without_end_are_refused() -> None:
    """Each of eight shards leads 256 times to the next: 2**64 entries from nine blocks."""
    store = MemoryBlockstore()
    below = shard(1, [Link("00a", LEAF, 1)])
    for _ in range(7):
        store.keep(below)
        below = shard((1 << 256) - 1, [Link(f"{branch:02X}", below.cid, 1) for branch in range(FANOUT)])
    with pytest.raises(Malformed, match="twice"):
        list(hamt.entries(below, store.get))
