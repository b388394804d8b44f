import io
import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ipfs import resolver
from ipfs.blockstore import MemoryBlockstore
from ipfs.building import Builder
from ipfs.cid import RAW
from ipfs.errors import Malformed
from ipfs.unixfs import PROFILES, V0_2015, V1_2025, Estimate, Profile

tiny = st.builds(
    Profile,
    st.just("tiny"),
    st.just(1),
    st.booleans(),
    st.integers(1, 16),
    st.integers(3, 7),
    st.sampled_from(Estimate),
    st.sampled_from([0, 200, 5000]),
)
names = st.text(st.characters(codec="utf-8", exclude_characters="/\0"), min_size=1, max_size=12).filter(
    lambda name: name not in (".", "..")
)


@given(tiny, st.binary(max_size=600))
def test_a_file_of_any_shape_reads_back_whole(profile: Profile, data: bytes) -> None:
    store = MemoryBlockstore()
    built = Builder(store.keep, profile).file(data)
    assert b"".join(resolver.read(store, built.cid)) == data
    assert built.file_size == len(data) == resolver.file_size(store, built.cid)


@given(tiny, st.binary(max_size=600))
def test_the_tree_size_counts_every_block_once_for_each_link_to_it(profile: Profile, data: bytes) -> None:
    store = MemoryBlockstore()
    built = Builder(store.keep, profile).file(data)

    def size(cid: object) -> int:
        block = next(block for block in store if block.cid == cid)
        return len(block.data) + sum(size(child) for child in resolver.children(block))

    assert built.tree_size == size(built.cid)


@given(tiny, st.dictionaries(names, st.binary(max_size=3), max_size=40))
@settings(max_examples=60)
def test_a_directory_of_any_size_lists_and_finds_its_entries(profile: Profile, files: dict[str, bytes]) -> None:
    store = MemoryBlockstore()
    builder = Builder(store.keep, profile)
    root = builder.directory({name: builder.file(data) for name, data in files.items()}).cid
    assert {link.name: link.cid for link in resolver.entries(store, root)} == {
        name: resolver.resolve(store, root, name).cid for name in files
    }
    for name, data in files.items():
        assert b"".join(resolver.read(store, resolver.resolve(store, root, name).cid)) == data


@pytest.mark.parametrize("profile", PROFILES.values(), ids=lambda profile: profile.name)
def test_a_stream_that_gives_little_at_a_time_gets_the_same_cid(profile: Profile) -> None:
    class Slow(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            return super().read(min(size or 0, 100_000))

    data = bytes(range(256)) * 9000
    builder = Builder(lambda block: None, profile)
    assert builder.file(Slow(data)) == builder.file(data)


def test_the_order_of_entries_does_not_matter() -> None:
    builder = Builder(lambda block: None)
    one, two = builder.file(b"1"), builder.file(b"2")
    assert builder.directory({"a": one, "b": two}) == builder.directory({"b": two, "a": one})


def test_entries_are_sorted_by_their_bytes_not_by_their_utf16() -> None:
    store = MemoryBlockstore()
    builder = Builder(store.keep)
    root = builder.directory(dict.fromkeys(["🍣", "ｶ", "a"], builder.file(b""))).cid
    assert [link.name for link in resolver.entries(store, root)] == ["a", "ｶ", "🍣"]


def test_a_small_file_is_one_raw_block_in_the_new_profile_and_wrapped_in_the_old() -> None:
    assert Builder(lambda block: None, V1_2025).file(b"x").cid.codec == RAW
    assert Builder(lambda block: None, V0_2015).file(b"x").cid.codec != RAW


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    root = tmp_path / "folder"
    (root / "below").mkdir(parents=True)
    (root / "一.json").write_bytes(b"{}")
    (root / "below" / "two").write_bytes(b"2")
    return root


def test_a_folder_from_the_disk_is_the_same_as_one_built_by_hand(folder: Path) -> None:
    builder = Builder(lambda block: None)
    by_hand = builder.directory(
        {"一.json": builder.file(b"{}"), "below": builder.directory({"two": builder.file(b"2")})}
    )
    assert builder.path(folder) == by_hand


def test_hidden_names_are_left_out_unless_asked_for(folder: Path) -> None:
    builder = Builder(lambda block: None)
    before = builder.path(folder)
    (folder / ".secret").write_bytes(b"s")
    assert builder.path(folder) == before
    assert builder.path(folder, hidden=True) != before


def test_a_symbolic_link_is_refused_not_followed(folder: Path) -> None:
    (folder / "link").symlink_to("/etc/hostname")
    with pytest.raises(Malformed, match="neither"):
        Builder(lambda block: None).path(folder)


def test_a_pipe_on_the_disk_is_refused_not_waited_for(folder: Path) -> None:
    os.mkfifo(folder / "pipe")
    with pytest.raises(Malformed, match="neither"):
        Builder(lambda block: None).path(folder)
