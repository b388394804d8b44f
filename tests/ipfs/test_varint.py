import pytest
from hypothesis import given
from hypothesis import strategies as st

from ipfs import varint
from ipfs.errors import Malformed


@given(st.integers(0, 2**64 - 1), st.binary(max_size=3))
def test_a_number_comes_back_with_the_place_behind_it(number: int, rest: bytes) -> None:
    encoded = varint.encode(number)
    assert varint.decode(b"\xff" + encoded + rest, 1) == (number, 1 + len(encoded))


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"\x80", id="cut off"),
        pytest.param(b"\x81\x00", id="longer than needed"),
        pytest.param(b"\xff" * 9 + b"\x02", id="65 bits"),
        pytest.param(b"\xff" * 11, id="no end"),
    ],
)
def test_a_malformed_number_is_refused(data: bytes) -> None:
    with pytest.raises(Malformed):
        varint.decode(data)


@pytest.mark.parametrize("number", [-1, 2**64])
def test_a_number_outside_64_bits_is_not_written(number: int) -> None:
    with pytest.raises(ValueError, match="64"):
        varint.encode(number)
