import io
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ipfs import car, dagpb, resolver, varint
from ipfs.blockstore import LARGEST_BLOCK, MemoryBlockstore
from ipfs.building import Builder
from ipfs.car import CarReader, Limits
from ipfs.cid import CID, DAG_PB, RAW, Block, make_block
from ipfs.dagpb import Link
from ipfs.errors import BlockMissing, Corrupt, IpfsError, Malformed, TooLarge
from ipfs.unixfs import V0_2015, V1_2025


def tree(profile: object = V1_2025) -> tuple[MemoryBlockstore, CID]:
    store = MemoryBlockstore()
    builder = Builder(store.keep, V0_2015 if profile is V0_2015 else V1_2025)
    files = {f"{n}.json": builder.file(b'{"n":%d}' % n) for n in range(5)}
    pictures = builder.directory({"a.png": builder.file(b"\x89PNG" * 400_000)})
    return store, builder.directory({**files, "pictures": pictures}).cid


STORE, ROOT = tree()
WHOLE = b"".join(car.export(STORE, ROOT))
BLOCKS = list(resolver.walk(STORE, ROOT))


def read(data: bytes, *, whole: bool = True, limits: Limits | None = None) -> list[Block]:
    return list(CarReader(io.BytesIO(data), whole=whole, limits=limits or Limits()))


@pytest.mark.parametrize("profile", [V0_2015, V1_2025], ids=lambda profile: profile.name)
def test_a_tree_travels_and_arrives_the_same(profile: object) -> None:
    store, root = tree(profile)
    reader = CarReader(io.BytesIO(b"".join(car.export(store, root))))
    assert reader.root == root
    assert list(reader) == list(resolver.walk(store, root))


def test_an_export_is_byte_for_byte_what_the_format_says() -> None:
    block = make_block(b"hello world", RAW)
    assert b"".join(car.export(MemoryBlockstore([block]), block.cid)) == bytes.fromhex(
        "3a"  # 58 bytes of header: {"roots": [42(h'00' + CID)], "version": 1}
        "a265726f6f747381d82a58250001551220b94d27b9934d3e08a52e52d7da7dabfac484efe37a5380ee9088f7ace2efcde9"
        "6776657273696f6e01"
        "2f"  # 47 bytes: CID and data
        "01551220b94d27b9934d3e08a52e52d7da7dabfac484efe37a5380ee9088f7ace2efcde9"
        "68656c6c6f20776f726c64"
    )


def test_a_block_that_is_linked_twice_is_written_once() -> None:
    store = MemoryBlockstore()
    builder = Builder(store.keep)
    root = builder.directory({"a": builder.file(b"same"), "b": builder.file(b"same")}).cid
    assert len(read(b"".join(car.export(store, root)))) == 2


def test_a_block_that_stands_twice_in_the_file_is_given_once() -> None:
    section = b"".join(car.write(ROOT, BLOCKS[:1]))[len(b"".join(car.write(ROOT, []))) :]
    assert read(WHOLE + section) == BLOCKS


def test_a_file_cut_off_anywhere_is_refused() -> None:
    for length in [*range(200), *range(len(WHOLE) - 200, len(WHOLE))]:
        with pytest.raises((Malformed, BlockMissing)):
            read(WHOLE[:length])


@given(st.integers(0, len(WHOLE) - 1), st.integers(1, 255))
def test_no_byte_can_change_unnoticed(at: int, change: int) -> None:
    damaged = bytearray(WHOLE)
    damaged[at] ^= change
    with pytest.raises(IpfsError):
        read(bytes(damaged))


@given(st.binary(max_size=200))
def test_no_bytes_break_the_reader(data: bytes) -> None:
    with pytest.raises(IpfsError):
        read(data)


def test_a_missing_block_is_named() -> None:
    missing = BLOCKS[3]
    rest = [block for block in BLOCKS if block != missing]
    with pytest.raises(BlockMissing, match=str(missing.cid)):
        read(b"".join(car.write(ROOT, rest)))


def test_a_part_of_a_tree_can_be_read_where_that_is_asked_for() -> None:
    assert read(b"".join(car.write(ROOT, BLOCKS[:1])), whole=False) == BLOCKS[:1]


def test_a_block_that_does_not_belong_to_the_root_is_refused() -> None:
    stray = make_block(b"stray", RAW)
    with pytest.raises(Malformed, match=str(stray.cid)):
        read(b"".join(car.write(ROOT, [*BLOCKS, stray])))


def test_a_block_under_the_name_of_another_is_refused() -> None:
    false = Block(BLOCKS[-1].cid, b"other bytes")
    with pytest.raises(Corrupt):
        read(b"".join(car.write(ROOT, [*BLOCKS[:-1], false])))


def test_a_circle_of_blocks_cannot_be_made_true() -> None:
    """A circle needs a block that names its own hash: such a file must lie about one, and the lie is seen."""
    one, other = CID.of(b"one", DAG_PB), CID.of(b"other", DAG_PB)
    circle = [
        Block(one, dagpb.encode([Link("a", other, 1)], None)),
        Block(other, dagpb.encode([Link("a", one, 1)], None)),
    ]
    with pytest.raises(Corrupt):
        read(b"".join(car.write(one, circle)))
    with pytest.raises(Corrupt):
        read(b"".join(car.write(one, [Block(one, dagpb.encode([Link("a", one, 1)], None))])))


def test_a_block_of_two_mebibytes_travels_and_a_larger_one_does_not() -> None:
    largest = make_block(bytes(LARGEST_BLOCK), RAW)
    assert read(b"".join(car.write(largest.cid, [largest]))) == [largest]
    larger = make_block(bytes(LARGEST_BLOCK + 1), RAW)
    with pytest.raises(TooLarge):
        read(b"".join(car.write(larger.cid, [larger])))


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"PK\x03\x04 a zip file", id="another format"),
        pytest.param(b"\x0a\xa1\x67version\x02" + bytes(40), id="version 2"),
        pytest.param(b"\x11\xa2\x65roots\x80\x67version\x01", id="no root"),
        pytest.param(varint.encode(10**12), id="an endless header"),
    ],
)
def test_what_is_not_a_car_of_version_1_with_one_root_is_refused(data: bytes) -> None:
    with pytest.raises(Malformed):
        read(data)


def test_two_roots_are_refused() -> None:
    link = b"\xd8\x2a\x58\x25\x00" + bytes(ROOT)
    header = b"\xa2\x65roots\x82" + link + link + b"\x67version\x01"
    with pytest.raises(Malformed, match="one root"):
        read(varint.encode(len(header)) + header)


def test_limits_stop_a_reader_before_its_memory_is_full() -> None:
    with pytest.raises(TooLarge):
        read(WHOLE, limits=Limits(blocks=3))
    with pytest.raises(TooLarge):
        read(WHOLE, limits=Limits(total_bytes=1000))
    header = b"".join(car.write(ROOT, []))
    with pytest.raises(TooLarge):
        read(header + varint.encode(1 << 40) + bytes(100))


def test_a_source_that_gives_one_byte_at_a_time_is_read_the_same() -> None:
    class Drip(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            return super().read(min(size or 0, 1))

    block = make_block(b"hello world", RAW)
    data = b"".join(car.export(MemoryBlockstore([block]), block.cid))
    assert list(CarReader(Drip(data))) == [block]


def test_an_export_of_an_incomplete_store_fails_aloud() -> None:
    def without_last() -> Iterator[Block]:
        yield from BLOCKS[:-1]

    with pytest.raises(BlockMissing):
        b"".join(car.export(MemoryBlockstore(without_last()), ROOT))
