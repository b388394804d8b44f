from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import sqlalchemy as sa

from ipfs.blockstore import LARGEST_BLOCK, Blockstore, MemoryBlockstore, SqlBlockstore, blocks_table
from ipfs.cid import CID, DAG_PB, RAW, Block, make_block
from ipfs.errors import BlockMissing, Corrupt, TooLarge

ONE, TWO = make_block(b"one", RAW), make_block(b"two", RAW)
TABLE = blocks_table(sa.MetaData())


@contextmanager
def sql_store(url: str) -> Iterator[SqlBlockstore]:
    engine = sa.create_engine(url)
    try:
        with engine.begin() as connection:
            TABLE.metadata.create_all(connection)
            yield SqlBlockstore(connection, TABLE)
    finally:
        engine.dispose()


@pytest.fixture(params=["memory", "sql"])
def store(request: pytest.FixtureRequest) -> Iterator[Blockstore]:
    if request.param == "memory":
        yield MemoryBlockstore()
    else:
        with sql_store(request.getfixturevalue("database_url")) as store:
            yield store


def test_what_is_put_can_be_got(store: Blockstore) -> None:
    store.put([ONE, TWO])
    assert store.get(ONE.cid) == ONE
    assert store.find([TWO.cid, ONE.cid]) == {ONE.cid: ONE, TWO.cid: TWO}


def test_what_is_not_there_is_missing_not_empty(store: Blockstore) -> None:
    store.put([ONE])
    with pytest.raises(BlockMissing, match=str(TWO.cid)):
        store.get(TWO.cid)
    assert store.find([ONE.cid, TWO.cid]) == {ONE.cid: ONE}


def test_putting_twice_is_the_same_as_once(store: Blockstore) -> None:
    store.put([ONE, ONE])
    store.put([ONE])
    assert store.get(ONE.cid) == ONE


def test_the_same_bytes_answer_to_every_version_of_their_name(store: Blockstore) -> None:
    block = make_block(b"\x0a\x02\x08\x01", DAG_PB)
    store.put([block])
    old_name = CID(0, DAG_PB, block.cid.digest)
    assert store.get(old_name) == Block(old_name, block.data)


def test_an_empty_block_is_a_block(store: Blockstore) -> None:
    empty = make_block(b"", RAW)
    store.put([empty])
    assert store.get(empty.cid) == empty


def test_a_thousand_blocks_are_found_together(store: Blockstore) -> None:
    blocks = [make_block(b"%d" % number, RAW) for number in range(1000)]
    store.put(blocks)
    assert store.find(block.cid for block in blocks) == {block.cid: block for block in blocks}


def test_a_block_that_could_not_travel_is_refused(store: Blockstore) -> None:
    store.put([make_block(bytes(LARGEST_BLOCK), RAW)])
    with pytest.raises(TooLarge):
        store.put([make_block(bytes(LARGEST_BLOCK + 1), RAW)])


def test_a_block_that_was_changed_on_the_disk_is_not_given(database_url: str) -> None:
    with sql_store(database_url) as store:
        store.put([ONE])
        store._connection.execute(sa.update(TABLE).values(data=b"0ne"))
        with pytest.raises(Corrupt, match=str(ONE.cid)):
            store.get(ONE.cid)


def test_nothing_is_kept_of_a_transaction_that_fails(database_url: str) -> None:
    def put_and_fail() -> None:
        with sql_store(database_url) as store:
            store.put([ONE])
            raise RuntimeError("the power went")

    with pytest.raises(RuntimeError, match="power"):
        put_and_fail()
    with sql_store(database_url) as store:
        assert store.find([ONE.cid]) == {}


@pytest.mark.parametrize(
    "row",
    [
        pytest.param({"multihash": b"short", "data": b""}, id="a name that is no SHA-256"),
        pytest.param({"multihash": bytes(34), "data": bytes(LARGEST_BLOCK + 1)}, id="too large"),
        pytest.param({"multihash": bytes(34), "data": None}, id="no bytes"),
    ],
)
def test_the_database_itself_refuses_a_row_that_is_no_block(database_url: str, row: dict[str, object]) -> None:
    with sql_store(database_url) as store, pytest.raises(sa.exc.IntegrityError):
        store._connection.execute(sa.insert(TABLE).values(row))
