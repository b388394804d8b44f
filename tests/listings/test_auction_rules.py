"""The rules of an auction, as a sale is checked: each fault beside its field, and what is just right is right."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from marketplace.listings.models import Mode
from marketplace.listings.rules import faults
from tests.listings.test_rules import DAY, LOTTERY, NINE

AUCTION: dict[str, Any] = LOTTERY | {"mode": Mode.ASCENDING, "quantity": 1, "draw_at": None}
SOFT = {"window": 60, "extend": 3_600, "cap": 86_400}
DEPOSIT = {"verification": "deposit", "deposit_yen": 10_000}
SECOND = timedelta(seconds=1)


def until(moment: Any) -> dict[str, Any]:
    return {"taking_part": {"until": moment.isoformat()}}


def fields(rules: dict[str, Any], **more: Any) -> list[str | None]:
    return [fault.field for fault in faults(AUCTION | {"auction_rules": rules} | more)]


@pytest.mark.parametrize(
    ("rules", "field"),
    [
        ({"increments": [[1_000, 0], [None, 100]]}, "increments"),
        ({"increments": [[1_000, 100_000_000], [None, 100]]}, "increments"),
        ({"increments": [[1_000, None], [None, 100]]}, "increments"),
        ({"increments": [[None, 100], [1_000, 10]]}, "increments"),
        ({"increments": [[1_000, 10], [1_000, 100]]}, "increments"),
        ({"soft_close": SOFT | {"window": 59}}, "soft_window"),
        ({"soft_close": SOFT | {"window": 3_601}}, "soft_window"),
        ({"soft_close": SOFT | {"extend": None}}, "soft_extend"),
        ({"soft_close": SOFT | {"cap": 86_401}}, "soft_cap"),
        ({"reserve_public": True}, "reserve_yen"),
        ({"second_offer_hours": 0}, "second_offer_hours"),
        ({"second_offer_hours": 721}, "second_offer_hours"),
        ({"taking_part": DEPOSIT | {"deposit_yen": None}}, "deposit_yen"),
        ({"taking_part": DEPOSIT | {"deposit_yen": 49}}, "deposit_yen"),
        ({"taking_part": DEPOSIT | {"deposit_yen": 100_000_000}}, "deposit_yen"),
        (until(AUCTION["closes_at"] + SECOND), "apply_until"),
        (until(AUCTION["publish_at"]), "apply_until"),
    ],
)
@pytest.mark.parametrize("mode", [Mode.ASCENDING, Mode.SEALED])
def test_a_fault_of_the_rules_is_told_beside_its_field(mode: Mode, rules: dict[str, Any], field: str) -> None:
    assert fields(rules, mode=mode) == [field]


@pytest.mark.parametrize(
    "rules",
    [
        {},
        {"increments": [[1_000, 1], [5_000, 99_999_999]]},
        {"increments": [[1_000, 10], [1_001, 100], [None, 1_000]]},
        {"soft_close": SOFT},
        {"soft_close": SOFT | {"cap": None}},
        {"soft_close": None},
        {"second_offer_hours": 1},
        {"second_offer_hours": 720},
        {"taking_part": DEPOSIT | {"deposit_yen": 50}},
        {"taking_part": DEPOSIT | {"deposit_yen": 99_999_999}},
        until(AUCTION["closes_at"]),
        until(NINE - DAY + SECOND),
    ],
)
def test_rules_that_are_just_right_are_right(rules: dict[str, Any]) -> None:
    assert fields(rules) == []


def test_a_public_reserve_that_is_named_is_right() -> None:
    assert fields({"reserve_public": True}, reserve_yen=5_000) == []
