import pytest
from hypothesis import given
from hypothesis import strategies as st

from ipfs import dagpb
from ipfs.cid import CID, RAW
from ipfs.dagpb import Link, Node, field, number
from ipfs.errors import Malformed
from tests.ipfs.test_cid import cids

CHILD = CID.of(b"child", RAW)
HASH = field(1, bytes(CHILD))
links = st.builds(Link, st.text(), cids, st.integers(0, 2**64 - 1))


@given(st.lists(links, max_size=5), st.none() | st.binary(max_size=40))
def test_a_node_comes_back_as_it_was(given_links: list[Link], data: bytes | None) -> None:
    assert dagpb.decode(dagpb.encode(given_links, data)) == Node(tuple(given_links), data)


def test_links_are_written_before_data() -> None:
    link = Link("a", CHILD, 5)
    assert dagpb.encode([link], b"data") == dagpb.encode([link], None) + field(1, b"data")


def test_data_before_links_is_read_too() -> None:
    link = Link("a", CHILD, 5)
    old = field(1, b"data") + dagpb.encode([link], None)
    assert dagpb.decode(old) == Node((link,), b"data")


@pytest.mark.parametrize(
    "block",
    [
        pytest.param(b"\x0a\x05ab", id="a field cut off"),
        pytest.param(field(1, b"a") + field(1, b"b"), id="data twice"),
        pytest.param(field(2, HASH) + field(1, b"d") + field(2, HASH), id="data between links"),
        pytest.param(field(3, b"x"), id="an unknown field"),
        pytest.param(number(1, 5), id="a number for data"),
        pytest.param(b"\x0d\0\0\0\0", id="a 32-bit field"),
        pytest.param(field(2, field(2, b"a")), id="a link to nothing"),
        pytest.param(field(2, field(2, b"a") + HASH), id="a link out of order"),
        pytest.param(field(2, HASH + HASH), id="a link to two things"),
        pytest.param(field(2, HASH + field(2, b"\xff")), id="a name that is not UTF-8"),
        pytest.param(field(2, HASH + number(4, 1)), id="an unknown field in a link"),
        pytest.param(field(2, field(1, bytes(CHILD)[:-1])), id="a short CID"),
    ],
)
def test_a_malformed_node_is_refused(block: bytes) -> None:
    with pytest.raises(Malformed):
        dagpb.decode(block)


@given(st.binary(max_size=100))
def test_no_bytes_break_the_decoder(block: bytes) -> None:
    try:
        dagpb.decode(block)
    except Malformed:
        return


def test_a_name_that_is_not_unicode_is_not_written() -> None:
    with pytest.raises(Malformed):
        dagpb.encode([Link("\udc80", CHILD, 1)], None)
