"""Sessions of hosted Checkout. The local server must answer as Stripe does."""

import time
from typing import Any

import pytest
import stripe
from stripe._v1_services import V1Services

from tests.stripe_contract.asking import assert_laid_out, checkout, customer

pytestmark = pytest.mark.stripe_contract


def test_a_price_may_stand_for_a_line(v1: V1Services) -> None:
    product = v1.products.create({"name": "デジタル住民票"})
    price = v1.prices.create({"product": product.id, "currency": "jpy", "unit_amount": 1000})
    assert (price.unit_amount, price.currency) == (1000, "jpy")
    session = checkout(v1, line_items=[{"price": price.id, "quantity": 2}])
    assert session.amount_total == 2000


def test_a_new_session_is_open_and_unpaid(v1: V1Services) -> None:
    session = checkout(v1)
    assert_laid_out(session)
    assert (session.status, session.payment_status, session.amount_total, session.currency) == (
        "open",
        "unpaid",
        1000,
        "jpy",
    )
    assert (session.payment_intent, session.client_reference_id, session.livemode) == (None, "order:ORD-1", False)
    assert session.url is not None


def test_a_session_shows_its_lines_when_asked(v1: V1Services) -> None:
    session = v1.checkout.sessions.retrieve(checkout(v1).id, {"expand": ["line_items"]})
    assert session.line_items is not None
    assert [(line.description, line.amount_total) for line in session.line_items.data] == [("デジタル住民票", 1000)]
    assert [line.quantity for line in v1.checkout.sessions.line_items.list(session.id).data] == [1]


def test_sessions_are_listed_newest_first(v1: V1Services) -> None:
    made = [checkout(v1).id for _ in range(3)]
    first = v1.checkout.sessions.list({"limit": 2})
    assert ([one.id for one in first.data], first.has_more) == ([made[2], made[1]], True)
    after = v1.checkout.sessions.list({"limit": 1, "starting_after": made[1]}).data
    assert [one.id for one in after] == [made[0]]


def test_an_expired_session_stays_expired(v1: V1Services) -> None:
    session = v1.checkout.sessions.expire(checkout(v1).id)
    assert (session.status, session.url) == ("expired", None)
    with pytest.raises(stripe.InvalidRequestError):
        v1.checkout.sessions.expire(session.id)
    assert v1.checkout.sessions.retrieve(session.id).status == "expired"


def test_a_session_of_less_than_half_an_hour_is_refused(v1: V1Services) -> None:
    with pytest.raises(stripe.InvalidRequestError) as refusal:
        checkout(v1, expires_at=int(time.time()) + 10 * 60)
    assert refusal.value.param == "expires_at"


def test_a_session_of_more_than_a_day_is_refused(v1: V1Services) -> None:
    with pytest.raises(stripe.InvalidRequestError) as refusal:
        checkout(v1, expires_at=int(time.time()) + 25 * 60 * 60)
    assert refusal.value.param == "expires_at"


def test_a_session_without_lines_is_refused(v1: V1Services) -> None:
    with pytest.raises(stripe.InvalidRequestError):
        checkout(v1, line_items=[])


def test_a_session_below_fifty_yen_is_refused(v1: V1Services) -> None:
    with pytest.raises(stripe.InvalidRequestError):
        checkout(v1, yen=49)


def test_a_session_may_only_save_a_card(v1: V1Services) -> None:
    params: Any = {"mode": "setup", "currency": "jpy", "customer": customer(v1), "success_url": "http://127.0.0.1/s"}
    session = v1.checkout.sessions.create(params)
    assert (session.mode, session.payment_status, session.amount_total) == ("setup", "no_payment_required", None)
    assert isinstance(session.setup_intent, str)
