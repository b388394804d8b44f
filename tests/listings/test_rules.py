from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask

from marketplace.kit.clock import now
from marketplace.kit.db import get
from marketplace.kit.refusals import Invalid
from marketplace.listings.models import Listing, Mode
from marketplace.listings.rules import NotYetOpen, SaleClosed, check_open, check_sale, faults, pay_by
from tests import given

NINE = datetime(2026, 12, 1, 0, 0, tzinfo=UTC)
DAY = timedelta(days=1)
LOTTERY: dict[str, Any] = {
    "mode": Mode.LOTTERY,
    "price_yen": 3_000,
    "quantity": 300,
    "publish_at": NINE - DAY,
    "opens_at": NINE,
    "closes_at": NINE + 7 * DAY,
    "draw_at": NINE + 8 * DAY,
}


def test_a_complete_sale_has_no_fault() -> None:
    check_sale(LOTTERY)
    assert list(faults(LOTTERY)) == []


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"price_yen": None}, "price_yen"),
        ({"price_yen": 49}, "price_yen"),
        ({"price_yen": 100_000_000}, "price_yen"),
        ({"reserve_yen": 2_999}, "reserve_yen"),
        ({"quantity": 0}, "quantity"),
        ({"quantity": None}, "quantity"),
        ({"quantity": 1_000_000}, "quantity"),
        ({"quantity": 2_001, "art_per_token": True}, "art_per_token"),
        ({"mode": Mode.ASCENDING}, "quantity"),
        ({"mode": Mode.SEALED}, "quantity"),
        ({"opens_at": None}, "opens_at"),
        ({"publish_at": NINE + DAY}, "publish_at"),
        ({"closes_at": None}, "closes_at"),
        ({"closes_at": NINE}, "closes_at"),
        ({"draw_at": None}, "draw_at"),
        ({"draw_at": NINE + 6 * DAY}, "draw_at"),
    ],
)
def test_a_fault_is_refused_beside_its_field(change: dict[str, Any], field: str) -> None:
    with pytest.raises(Invalid) as refusal:
        check_sale(LOTTERY | change)
    assert (refusal.value.field, [fault.field for fault in faults(LOTTERY | change)]) == (field, [field])


@pytest.mark.parametrize(
    "change",
    [
        {"price_yen": 50},
        {"price_yen": 99_999_999},
        {"reserve_yen": 3_000},
        {"quantity": 1},
        {"quantity": 999_999},
        {"quantity": 2_000, "art_per_token": True},
        {"publish_at": NINE},
        {"publish_at": None},
        {"draw_at": NINE + 7 * DAY},
        {"mode": Mode.FIXED, "closes_at": None, "draw_at": None},
        {"mode": Mode.GRANT, "price_yen": None, "closes_at": None, "draw_at": None},
        {"mode": Mode.ASCENDING, "quantity": 1, "draw_at": None},
    ],
)
def test_what_is_just_right_is_right(change: dict[str, Any]) -> None:
    check_sale(LOTTERY | change)


def test_all_faults_are_told_at_once() -> None:
    wrong = LOTTERY | {"price_yen": 1, "quantity": 0, "closes_at": None, "publish_at": NINE + DAY, "draw_at": None}
    assert [fault.field for fault in faults(wrong)] == ["price_yen", "quantity", "publish_at", "closes_at", "draw_at"]


def test_a_sale_takes_orders_from_its_first_second_to_before_its_last(app: Flask) -> None:
    at = now()
    listing = get(Listing, given.a_listing(opens_at=at, closes_at=at + DAY))
    check_open(listing, at)
    check_open(listing, at + DAY - timedelta(microseconds=1))
    with pytest.raises(SaleClosed):
        check_open(listing, at + DAY)
    with pytest.raises(NotYetOpen):
        check_open(listing, at - timedelta(microseconds=1))


@pytest.mark.parametrize(
    ("state", "refusal"),
    [("approved", SaleClosed), ("published", NotYetOpen), ("closed", SaleClosed), ("completed", SaleClosed)],
)
def test_a_sale_that_is_not_open_takes_none(app: Flask, state: str, refusal: type[Exception]) -> None:
    with pytest.raises(refusal):
        check_open(get(Listing, given.a_listing(state=state)), now())


def test_a_winner_has_the_promised_hours_to_pay(app: Flask) -> None:
    listing = get(Listing, given.a_listing(mode="lottery", pay_hours=48))
    assert pay_by(listing, NINE) == NINE + 2 * DAY
