"""Much of something, a little at a time."""

from hypothesis import given
from hypothesis import strategies as st

from marketplace.kit.batches import batched


@given(st.lists(st.integers()), st.integers(1, 9))
def test_each_comes_once_in_its_order_and_only_the_last_batch_is_not_full(items: list[int], size: int) -> None:
    found = list(batched(iter(items), size))
    assert [item for batch in found for item in batch] == items
    assert [len(batch) for batch in found[:-1]] == [size] * len(found[:-1])
    assert all(0 < len(batch) <= size for batch in found[-1:])


def test_nothing_has_no_batch() -> None:
    assert list(batched([], 3)) == []
