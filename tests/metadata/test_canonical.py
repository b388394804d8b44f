import json
import unicodedata
from typing import Any

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from marketplace.metadata.canonical import Json, NotCanonical, canonical

safe = st.integers(-(2**53) + 1, 2**53 - 1)
values: st.SearchStrategy[Json] = st.recursive(
    st.none() | st.booleans() | safe | st.text(st.characters(codec="utf-8")),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text("abzéｶ🍣\u0001", max_size=3), inner, max_size=4)
    ),
    max_leaves=12,
)


def composed(value: Any) -> Any:
    if isinstance(value, str):
        return unicodedata.normalize("NFC", value)
    if isinstance(value, list):
        return [composed(item) for item in value]
    return {key: composed(item) for key, item in value.items()} if isinstance(value, dict) else value


@given(values)
def test_the_bytes_read_back_as_the_same_document(value: Json) -> None:
    assert json.loads(canonical(value)) == composed(value)


@given(values)
def test_another_implementation_of_rfc_8785_gives_the_same_bytes(value: Json) -> None:
    assert canonical(value) == rfc8785.dumps(composed(value))


@given(values)
def test_the_canonical_form_of_the_canonical_form_is_itself(value: Json) -> None:
    assert canonical(json.loads(canonical(value))) == canonical(value)


def test_the_order_of_keys_and_the_spelling_of_letters_do_not_matter() -> None:
    composed, decomposed = "\u304c", "\u304b\u3099"
    assert composed != decomposed
    assert canonical({"b": composed, "a": 1}) == canonical({"a": 1, "b": decomposed})


def test_keys_are_in_the_order_of_utf16_as_rfc_8785_wants() -> None:
    assert canonical({"ｶ": 1, "🍣": 2}) == '{"🍣":2,"ｶ":1}'.encode()


def test_the_example_of_control_characters_in_rfc_8785() -> None:
    assert canonical({"text": "\u20ac$\u000f\u000aA'\u0042\u0022\u005c\\\"/"}) == (
        b'{"text":"\xe2\x82\xac$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}'
    )


@pytest.mark.parametrize(
    "value",
    [
        pytest.param(1.0, id="a float"),
        pytest.param({"a": [0.5]}, id="a float inside"),
        pytest.param(float("nan"), id="not a number"),
        pytest.param(2**53, id="an integer that some readers would change"),
        pytest.param("\ud800", id="half a letter"),
        pytest.param({"\ud800": 1}, id="half a letter for a key"),
        pytest.param({"\u304c": 1, "\u304b\u3099": 2}, id="a key in two spellings"),
    ],
)
def test_what_has_no_single_spelling_is_refused(value: Any) -> None:
    with pytest.raises(NotCanonical):
        canonical(value)
