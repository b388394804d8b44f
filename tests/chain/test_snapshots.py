"""Snapshots: whole or not believed."""

import gzip
import json
from pathlib import Path

import pytest

from marketplace.chain import snapshots

ALICE = "0x" + "a1" * 20


def dump(sent: int, nonce: int | str) -> bytes:
    transactions = [{"info": {"from": ALICE.upper().replace("0X", "0x")}} for _ in range(sent)]
    return json.dumps({"transactions": transactions, "accounts": {ALICE: {"nonce": nonce}}}).encode()


@pytest.mark.parametrize("raw", [dump(2, 2), dump(2, "0x2"), dump(0, 0)])
def test_a_dump_whose_nonces_fit_its_history_is_whole(raw: bytes) -> None:
    assert snapshots.consistent(raw) is True


@pytest.mark.parametrize("raw", [dump(1, 2), dump(2, 1), dump(1, 1)[:-3], b"", b"[]", b"{}"])
def test_a_dump_that_disagrees_with_itself_or_is_cut_is_not(raw: bytes) -> None:
    assert snapshots.consistent(raw) is False


def test_the_answer_of_the_node_is_unpacked() -> None:
    assert snapshots.unpack("0x" + gzip.compress(b"{}").hex()) == b"{}"


def test_the_newest_whole_snapshot_is_found(tmp_path: Path) -> None:
    assert snapshots.newest(tmp_path) is None
    snapshots.write(dump(1, 1), tmp_path)
    snapshots.write(dump(2, 2), tmp_path)
    newest = snapshots.newest(tmp_path)
    assert newest is not None
    assert newest.read_bytes() == dump(2, 2)


def test_a_torn_snapshot_gives_way_to_the_one_before(tmp_path: Path) -> None:
    snapshots.write(dump(1, 1), tmp_path)
    snapshots.write(dump(2, 2), tmp_path)
    (tmp_path / "chain.json").write_bytes(b"")
    newest = snapshots.newest(tmp_path)
    assert newest is not None
    assert newest.read_bytes() == dump(1, 1)


def test_a_crash_between_the_two_renames_loses_nothing(tmp_path: Path) -> None:
    snapshots.write(dump(1, 1), tmp_path)
    (tmp_path / "chain.json").rename(tmp_path / "chain.json.prev")
    newest = snapshots.newest(tmp_path)
    assert newest is not None
    assert newest.read_bytes() == dump(1, 1)


def test_where_every_snapshot_is_torn_no_empty_chain_is_started(tmp_path: Path) -> None:
    (tmp_path / "chain.json").write_bytes(b"")
    with pytest.raises(snapshots.Torn):
        snapshots.newest(tmp_path)
