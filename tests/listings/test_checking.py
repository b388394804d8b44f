from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from flask import Flask

from marketplace.kit.clock import JST, pretending
from marketplace.kit.db import get
from marketplace.listings import approving, checking, drafting
from marketplace.listings.checking import NotReady, Weight, checks
from marketplace.listings.models import Listing, ListingState
from marketplace.settings import Settings
from tests import given

pytestmark = pytest.mark.on_sqlite

MONDAY = datetime(2026, 12, 7, 10, 0, tzinfo=JST)
DAY = timedelta(days=1)


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return settings.model_copy(update={"notice_days_sealed": 10})


def values(mode: str = "lottery", **more: Any) -> dict[str, Any]:
    usual: dict[str, Any] = {
        "publish_at": MONDAY,
        "opens_at": MONDAY + 7 * DAY,
        "closes_at": MONDAY + 11 * DAY,
        "draw_at": MONDAY + 14 * DAY,
        "legal_basis": "unsuited",
        "basis_note": "理由",
    }
    return given.values(mode, **usual | more)


def lines(found: dict[str, Any], at: datetime = MONDAY) -> list[tuple[str, str]]:
    """(field, weight) of what is not fine."""
    return [(each.field, str(each.weight)) for each in checks(found, at) if each.weight is not Weight.FINE]


def test_a_sale_in_order_is_fine_in_every_line(app: Flask) -> None:
    assert lines(values()) == []
    assert len(checks(values(), MONDAY)) == 7


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"opens_at": MONDAY + 6.5 * DAY}, [("publish_at", "warn"), ("opens_at", "warn"), ("opens_at", "warn")]),
        ({"publish_at": None}, []),
        ({"closes_at": datetime(2026, 12, 18, 22, 0, tzinfo=JST)}, [("closes_at", "warn")]),
        ({"closes_at": datetime(2026, 12, 18, 21, 59, tzinfo=JST)}, []),
        ({"closes_at": datetime(2026, 12, 19, 0, 0, tzinfo=JST)}, [("closes_at", "warn")]),
        ({"draw_at": datetime(2026, 12, 29, 10, 0, tzinfo=JST)}, [("draw_at", "warn")]),
        ({"draw_at": datetime(2027, 1, 11, 10, 0, tzinfo=JST)}, [("draw_at", "warn")]),
        ({"lead_ja": "いまだけ"}, [("lead_ja", "warn")]),
        ({"lead_ja": "必ず儲かる"}, [("lead_ja", "stop")]),
        ({"price_yen": 999}, [("price_yen", "warn")]),
        ({"legal_basis": None}, [("legal_basis", "warn")]),
        ({"title_en": ""}, [("title_en", "warn")]),
    ],
)
def test_what_is_doubtful_is_one_line_of_the_list(
    app: Flask, change: dict[str, Any], expected: list[tuple[str, str]]
) -> None:
    assert lines(values(**change)) == expected


def test_a_sale_whose_day_to_be_announced_went_by_is_judged_by_the_hour_of_its_approval(app: Flask) -> None:
    sunday = values(publish_at=MONDAY - DAY)
    assert [lines(sunday, at) for at in (MONDAY - DAY, MONDAY, MONDAY + timedelta(hours=13))] == [
        [("publish_at", "warn")],
        [],
        [("publish_at", "warn")],
    ]


def test_an_hour_of_the_night_is_written_as_on_every_page(app: Flask) -> None:
    late: dict[str, Any] = {
        "draw_at": MONDAY + 14 * DAY + timedelta(hours=12),
        "closes_at": datetime(2026, 12, 19, 0, 0, tzinfo=JST),
    }
    told = [line.why for line in checks(values(**late), MONDAY)]
    assert "抽選が夜中（午後10時00分）です。困った方の電話に出られません。" in told
    assert "受付の終了が夜中（24時00分）です。困った方の電話に出られません。" in told


def test_the_notice_of_a_sealed_sale_that_ends_at_midnight_ends_with_the_day_before(app: Flask) -> None:
    midnight = datetime(2026, 12, 17, 0, 0, tzinfo=JST)
    for closes_at, weight in ((midnight, "stop"), (midnight + timedelta(minutes=1), "fine"), (midnight + DAY, "fine")):
        sale = values("sealed", closes_at=closes_at, opens_at=MONDAY + 2 * DAY)
        found = {each.what: str(each.weight) for each in checks(sale, MONDAY)}
        assert found["公告の期間"] == weight


def test_an_approval_that_comes_late_makes_the_notice_short(app: Flask) -> None:
    assert [line for line in lines(values(), MONDAY + DAY) if line[0] == "publish_at"] == [("publish_at", "warn")]


def test_a_sale_that_should_have_begun_is_told(app: Flask) -> None:
    assert ("opens_at", "warn") in lines(values(), MONDAY + 8 * DAY)


@pytest.mark.parametrize(
    ("days", "reason", "weight"),
    [(10, "", None), (9, "", "stop"), (9, "前の入札が不調のため", None), (4, "急ぐ", "stop")],
)
def test_a_sealed_sale_is_announced_long_enough_or_says_why_not(
    app: Flask, days: int, reason: str, weight: str | None
) -> None:
    sale = values("sealed", closes_at=MONDAY + days * DAY, urgent_reason=reason, opens_at=MONDAY + 2 * DAY)
    found = {each.what: str(each.weight) for each in checks(sale, MONDAY)}
    assert found["公告の期間"] == (weight or "fine")


def test_a_sealed_sale_with_a_short_notice_is_neither_submitted_nor_approved(app: Flask) -> None:
    drafter, approver = given.staff("drafter"), given.staff("approver")
    sale = {"publish_at": MONDAY, "opens_at": MONDAY + 4 * DAY, "closes_at": MONDAY + 10 * DAY}
    with pretending(MONDAY):
        listing_id = drafting.draft(drafter, values("sealed", **sale))
        drafting.submit(listing_id, drafter)
    with pretending(MONDAY + DAY):
        with pytest.raises(NotReady) as refusal:
            approving.approve(listing_id, approver)
        approving.send_back(listing_id, approver, "公告の期間が足りません。")
        with pytest.raises(NotReady):
            drafting.submit(listing_id, drafter)
    assert (refusal.value.field, get(Listing, listing_id).state) == ("closes_at", ListingState.DRAFT)


def test_the_list_of_a_listing_is_that_of_its_values(app: Flask) -> None:
    with pretending(MONDAY):
        listing = get(Listing, given.a_listing("lottery", state="draft", lead_ja="いまだけ", legal_basis="unsuited"))
        whats = {each.field: each.weight for each in checking.of(listing)}
    assert (whats["lead_ja"], whats["basis_note"]) == (Weight.WARN, Weight.WARN)
