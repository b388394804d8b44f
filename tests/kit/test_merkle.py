from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketplace.kit import merkle

leaves = st.lists(st.binary(max_size=8), max_size=40).map(lambda data: [merkle.leaf(one) for one in data])


def recursive(nodes: list[bytes]) -> bytes:
    """RFC 6962 §2.1: split at the greatest power of two below n. An odd node moving up is the same tree."""
    if len(nodes) < 2:
        return nodes[0] if nodes else sha256(b"").digest()
    half = 1 << (len(nodes) - 1).bit_length() - 1
    return sha256(b"\1" + recursive(nodes[:half]) + recursive(nodes[half:])).digest()


@given(leaves)
def test_the_root_is_that_of_rfc_6962(nodes: list[bytes]) -> None:
    assert merkle.root(nodes) == merkle.Tree(nodes).root == recursive(nodes)


@pytest.mark.parametrize("count", [4095, 4096, 4097, 8192, 8193, 12_345])
def test_a_root_in_portions_is_the_same(count: int) -> None:
    nodes = [merkle.leaf(b"%d" % n) for n in range(count)]
    assert merkle.root(iter(nodes)) == merkle.Tree(nodes).root == recursive(nodes)


@given(leaves.filter(len), st.data())
def test_every_leaf_climbs_to_the_root(nodes: list[bytes], data: st.DataObject) -> None:
    index = data.draw(st.integers(0, len(nodes) - 1))
    assert merkle.climb(nodes[index], merkle.Tree(nodes).path(index)) == merkle.root(nodes)


@given(leaves.filter(lambda nodes: len(set(nodes)) > 1), st.data())
def test_another_leaf_does_not(nodes: list[bytes], data: st.DataObject) -> None:
    index = data.draw(st.integers(0, len(nodes) - 1))
    other = data.draw(st.sampled_from(nodes).filter(lambda leaf: leaf != nodes[index]))
    assert merkle.climb(other, merkle.Tree(nodes).path(index)) != merkle.root(nodes)


def test_a_leaf_is_no_node() -> None:
    left, right = merkle.leaf(b"a"), merkle.leaf(b"b")
    assert merkle.leaf(left + right) != merkle.root([left, right])


@pytest.mark.parametrize("index", [-1, 2])
def test_there_is_no_path_for_an_absent_leaf(index: int) -> None:
    with pytest.raises(IndexError):
        merkle.Tree([merkle.leaf(b"a"), merkle.leaf(b"b")]).path(index)
