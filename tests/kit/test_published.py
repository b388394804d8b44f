import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from marketplace.kit import published

ascii_keys = st.text(st.characters(min_codepoint=32, max_codepoint=126))
scalars = st.none() | st.booleans() | st.integers(-published.SAFE, published.SAFE) | st.text()
values = st.recursive(scalars, lambda inner: st.lists(inner) | st.dictionaries(ascii_keys, inner), max_leaves=15)


@given(values)
def test_the_canonical_form_is_that_of_rfc_8785(value: object) -> None:
    assert published.canon(value) == rfc8785.dumps(value)  # type: ignore[arg-type] # JSON of any depth
