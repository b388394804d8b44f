"""Reading form bodies, and the official client's types as the judge."""

from typing import Any

import pytest
from stripe.params import PaymentIntentCreateParams
from stripe.params.checkout import SessionCreateParams

from marketplace.devstripe.parameters import checked, decoded
from marketplace.devstripe.refusals import Refusal


def test_a_form_body_becomes_hashes_and_lists() -> None:
    body = "a[b][0][c]=1&a[b][1][c]=2&expand[]=x&expand[]=y&name=%E5%B1%B1%E7%94%B0&empty="
    assert decoded(body) == {
        "a": {"b": [{"c": "1"}, {"c": "2"}]},
        "expand": ["x", "y"],
        "name": "山田",
        "empty": "",
    }


def test_a_list_keeps_its_order_beyond_ten() -> None:
    body = "&".join(f"l[{n}]={n}" for n in range(12))
    assert decoded(body) == {"l": [str(n) for n in range(12)]}


def test_a_name_that_is_both_a_value_and_a_hash_is_refused() -> None:
    with pytest.raises(Refusal) as refusal:
        decoded("a=1&a[b]=2")
    assert refusal.value.status == 400


def test_numbers_and_booleans_are_made_of_strings() -> None:
    given: Any = {"amount": "1000", "currency": "jpy", "confirm": "true"}
    assert checked(PaymentIntentCreateParams, given) == {"amount": 1000, "currency": "jpy", "confirm": True}


@pytest.mark.parametrize(
    ("given", "code", "param"),
    [
        ({"amount": "1000", "currency": "jpy", "bogus": "1"}, "parameter_unknown", "bogus"),
        ({"amount": "many", "currency": "jpy"}, "parameter_invalid", "amount"),
        (
            {"amount": "1", "currency": "jpy", "payment_method_types": ["card"]},
            "parameter_unknown",
            "payment_method_types",
        ),
    ],
)
def test_a_wrong_parameter_is_named(given: dict[str, Any], code: str, param: str) -> None:
    with pytest.raises(Refusal) as refusal:
        checked(PaymentIntentCreateParams, given)
    assert (refusal.value.error["code"], refusal.value.error["param"]) == (code, param)


def test_a_wrong_parameter_deep_inside_is_named_with_its_path() -> None:
    with pytest.raises(Refusal) as refusal:
        checked(SessionCreateParams, {"line_items": [{"price_data": {"currency": "jpy", "unit_amount": "x"}}]})
    assert refusal.value.error["param"] == "line_items[0][price_data][unit_amount]"
