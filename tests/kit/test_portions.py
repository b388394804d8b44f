"""Much of something, a little at a time."""

from hypothesis import given
from hypothesis import strategies as st

from marketplace.kit.portions import portions


@given(st.lists(st.integers()), st.integers(1, 9))
def test_each_comes_once_in_its_order_and_only_the_last_portion_is_not_full(items: list[int], size: int) -> None:
    found = list(portions(iter(items), size))
    assert [item for portion in found for item in portion] == items
    assert [len(portion) for portion in found[:-1]] == [size] * len(found[:-1])
    assert all(0 < len(portion) <= size for portion in found[-1:])


def test_nothing_has_no_portion() -> None:
    assert list(portions([], 3)) == []
