import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ipfs.cid import CID, DAG_PB, RAW, check_block, make_block
from ipfs.errors import Corrupt, Malformed

V1 = "bafkreifzjut3te2nhyekklss27nh3k72ysco7y32koao5eei66wof36n5e"
V0 = "Qmf412jQZiuVUtdgnB36FXFX7xg5V6KEbSJ4dpQuhkLyfD"

cids = st.builds(
    lambda kind, digest: CID(kind[0], kind[1], digest),
    st.sampled_from([(1, RAW), (1, DAG_PB), (0, DAG_PB)]),
    st.binary(min_size=32, max_size=32),
)


@given(cids)
def test_text_and_bytes_come_back_as_the_same_cid(cid: CID) -> None:
    assert CID.parse(str(cid)) == cid
    assert CID.from_bytes(bytes(cid)) == cid


def test_the_name_of_a_raw_block_is_the_hash_of_its_bytes() -> None:
    cid = CID.parse(V1)
    assert cid == CID(1, RAW, hashlib.sha256(b"hello world").digest())


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="nothing"),
        pytest.param(V1.upper(), id="upper case"),
        pytest.param("B" + V1[1:], id="upper-case prefix"),
        pytest.param(V1 + "a", id="too long"),
        pytest.param(V1[:-1], id="too short"),
        pytest.param(V1[:-1] + "f", id="the same bytes in another spelling"),
        pytest.param(V1[:-1] + "1", id="not a letter of base32"),
        pytest.param(V1[:-1] + "ä", id="not ASCII"),
        pytest.param(V1[:-1] + "\n", id="a line end"),
        pytest.param(V1[:-1] + "=", id="padding"),
        pytest.param("z" + V0, id="base58 with a prefix"),
        pytest.param(V0[:-1] + "0", id="not a letter of base58"),
        pytest.param("Qm" + "z" * 44, id="base58 of something else"),
        pytest.param("bafyrei" + V1[7:], id="dag-cbor"),
        pytest.param("bafkqaaa", id="identity"),
        pytest.param("k51qzi5uqu5dgutdk6i1ynyzgkqngpha5xpgia3a5qqp4jsh0u4csozksxel2r", id="IPNS"),
        pytest.param("../../etc/passwd", id="a path"),
    ],
)
def test_any_other_text_is_refused(text: str) -> None:
    with pytest.raises(Malformed):
        CID.parse(text)


@given(st.text())
def test_no_text_breaks_the_parser(text: str) -> None:
    with pytest.raises(Malformed):
        CID.parse(text)


@given(st.binary(max_size=60))
def test_no_bytes_break_the_reader(data: bytes) -> None:
    try:
        cid = CID.from_bytes(data)
    except Malformed:
        return
    assert bytes(cid) == data


def test_bytes_behind_a_cid_are_refused() -> None:
    with pytest.raises(Malformed):
        CID.from_bytes(bytes(CID.parse(V1)) + b"\0")


def test_version_0_is_for_dag_pb_only() -> None:
    with pytest.raises(Malformed):
        CID(0, RAW, bytes(32))


def test_a_block_is_believed_only_with_its_own_bytes() -> None:
    block = make_block(b"hello world", RAW)
    assert str(block.cid) == V1
    assert check_block(block.cid, b"hello world") == block
    with pytest.raises(Corrupt):
        check_block(block.cid, b"hello w0rld")
