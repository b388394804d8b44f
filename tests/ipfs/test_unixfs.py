import pytest
from hypothesis import given
from hypothesis import strategies as st

from ipfs import unixfs
from ipfs.dagpb import field, number
from ipfs.errors import Malformed
from ipfs.unixfs import Kind, Meaning

small = st.integers(0, 2**40)
meanings = st.builds(
    Meaning,
    st.sampled_from(Kind),
    st.none() | st.binary(max_size=20),
    st.none() | small,
    st.lists(small, max_size=4).map(tuple),
    st.none() | small,
    st.none() | small,
)


@given(meanings)
def test_a_message_comes_back_as_it_was(meaning: Meaning) -> None:
    assert unixfs.decode(meaning.encode()) == meaning


def test_mode_and_time_are_passed_over() -> None:
    message = Meaning(Kind.FILE, b"x", 1).encode() + number(7, 0o644) + field(8, number(1, 1_700_000_000))
    assert unixfs.decode(message) == Meaning(Kind.FILE, b"x", 1)


@pytest.mark.parametrize(
    "message",
    [
        pytest.param(None, id="nothing"),
        pytest.param(number(3, 1), id="no type"),
        pytest.param(number(1, 6), id="an unknown type"),
        pytest.param(number(1, 2) + number(1, 2), id="a type twice"),
        pytest.param(number(1, 2) + number(9, 1), id="an unknown field"),
        pytest.param(number(1, 2) + number(2, 1), id="a number for data"),
    ],
)
def test_a_malformed_message_is_refused(message: bytes | None) -> None:
    with pytest.raises(Malformed):
        unixfs.decode(message)


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "/", "a\0b"])
def test_a_name_that_could_lead_elsewhere_is_refused(name: str) -> None:
    with pytest.raises(Malformed):
        unixfs.check_name(name)


@pytest.mark.parametrize("name", ["a", "1.json", "住民票.json", "...", " ", "a\\b"])
def test_a_plain_name_stays_as_it_is(name: str) -> None:
    assert unixfs.check_name(name) == name
