"""Plans of perks: their words, their periods, their ends, and what the law says of them."""

from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketplace.rights.plan_rules import legal_hint, plan_faults, together_faults
from marketplace.rights.plans import (
    Issuer,
    OnResale,
    Per,
    Place,
    Plan,
    PlanKind,
    last_day,
    period_of,
    read,
    why_not_on,
    words,
)

BATH = Place("PTR-BATH2345", "水沢温泉館")
ISSUED = datetime(2026, 11, 28, 3, 0, tzinfo=UTC)


def plan(**more: Any) -> Plan:
    usual: dict[str, Any] = {"id": "p1", "name": "入浴", "kind": PlanKind.PERIODIC, "places": (BATH,)}
    return Plan(**{**usual, "limit": 1, "per": Per.DAY, **more})


def faults(each: Plan) -> list[tuple[str | None, str]]:
    return [(fault.field, str(fault)) for fault in plan_faults(each)]


plans = st.builds(
    Plan,
    id=st.from_regex("p[1-9]", fullmatch=True),
    name=st.text(min_size=1, max_size=10),
    kind=st.sampled_from(PlanKind),
    places=st.lists(st.builds(Place, st.text(max_size=5), st.text(max_size=5)), max_size=2).map(tuple),
    issuer=st.sampled_from(Issuer),
    limit=st.none() | st.integers(1, 100),
    per=st.none() | st.sampled_from(Per),
    begins=st.none() | st.dates(),
    ends=st.none() | st.dates(),
    months=st.none() | st.integers(1, 100),
    closed=st.lists(st.tuples(st.dates(), st.dates()), max_size=2).map(tuple),
    on_resale=st.sampled_from(OnResale),
    pay_yen=st.integers(0, 9_999),
)


@given(plans)
def test_a_plan_that_was_kept_is_read_as_it_was(each: Plan) -> None:
    assert read(each.as_json()) == each


@pytest.mark.parametrize(
    ("per", "on", "period"),
    [
        (Per.DAY, date(2026, 11, 28), "2026-11-28"),
        (Per.MONTH, date(2026, 11, 28), "2026-11"),
        (Per.FISCAL_YEAR, date(2027, 3, 31), "FY2026"),
        (Per.FISCAL_YEAR, date(2027, 4, 1), "FY2027"),
    ],
)
def test_uses_of_one_period_are_counted_together(per: Per, on: date, period: str) -> None:
    assert period_of(plan(per=per), on) == period


def test_a_count_has_one_period_and_each_event_its_own() -> None:
    assert period_of(plan(kind=PlanKind.COUNTED, per=None), date(2026, 1, 1)) == "ever"
    assert period_of(plan(kind=PlanKind.RSVP, per=None), date(2026, 1, 1), "EVT-1") == "EVT-1"


@pytest.mark.parametrize(
    ("issued", "months", "last"),
    [
        (ISSUED, 6, date(2027, 5, 27)),
        (datetime(2026, 8, 31, tzinfo=UTC), 6, date(2027, 2, 28)),
        (datetime(2026, 12, 31, 15, 0, tzinfo=UTC), 1, date(2027, 1, 31)),
    ],
)
def test_a_term_of_months_ends_the_day_before_the_same_day(issued: datetime, months: int, last: date) -> None:
    assert last_day(plan(months=months), issued) == last


def test_days_on_which_it_cannot_be_used_say_why() -> None:
    each = plan(
        begins=date(2026, 12, 1), ends=date(2027, 3, 31), closed=((date(2026, 12, 29), date(2027, 1, 3)),), months=2
    )
    last = last_day(each, ISSUED)
    assert [why_not_on(each, on, last) for on in (date(2026, 11, 30), date(2026, 12, 1), date(2027, 1, 3))] == [
        "2026年12月1日(火)から使えます。",
        "",
        "この日は使えない日です。",
    ]
    assert why_not_on(each, date(2027, 1, 28), last) == "使える期間は2027年1月27日(水)で終わりました。"


def test_a_buyer_reads_how_often_where_when_and_what_passes_on() -> None:
    each = plan(ends=date(2027, 3, 31), closed=((date(2027, 1, 1), date(2027, 1, 1)),))
    assert words(each) == [
        "1日に1回まで",
        "使えるところ 水沢温泉館",
        "期間 2027年3月31日(水)まで",
        "使えない日 2027年1月1日(金)",
        "ゆずるとき 残りが次の持ち主に移る（使った分はもどらない）",
    ]


def test_a_plan_without_what_its_kind_needs_is_sent_back_with_the_field() -> None:
    fields = [field for field, _ in faults(plan(name=" ", places=(), limit=None, per=None))]
    assert fields == ["name", "places", "limit", "per"]
    assert faults(plan(ends=date(2026, 1, 1), begins=date(2026, 1, 2)))[0][0] == "ends"
    assert faults(plan(closed=((date(2026, 1, 2), date(2026, 1, 1)),)))[0][0] == "closed"
    assert faults(plan(kind=PlanKind.COUNTED, per=None, on_resale=OnResale.NOTHING))[0][0] == "on_resale"
    assert faults(plan(kind=PlanKind.FIRST_HOLDER, per=None))[0][0] == "on_resale"


@pytest.mark.parametrize(("months", "fine"), [(None, False), (7, False), (6, True)])
def test_what_a_company_sells_by_the_count_ends_within_six_months(months: int | None, fine: bool) -> None:
    sold = plan(kind=PlanKind.COUNTED, per=None, limit=12, issuer=Issuer.PARTNER, months=months)
    assert [field for field, _ in faults(sold)] == ([] if fine else ["months"])
    assert "6か月以内" in legal_hint(sold)


def test_what_the_town_sells_by_the_count_is_outside_that_law_and_a_membership_is_no_ticket() -> None:
    counted = plan(kind=PlanKind.COUNTED, per=None, limit=12)
    assert faults(counted) == []
    assert "4条3号" in legal_hint(counted)
    assert "会員権です" in legal_hint(plan())


def test_one_right_has_one_count_and_it_is_that_of_the_chain() -> None:
    counted = plan(kind=PlanKind.COUNTED, per=None, limit=12)
    assert list(together_faults([counted, plan()], 12)) == []
    assert [fault.field for fault in together_faults([counted], 10)] == ["uses_per_token"]
    assert [fault.field for fault in together_faults([counted, counted], 12)] == ["perk_plans"]
    assert [[fault.field for fault in together_faults([plan()] * many, None)] for many in (12, 13)] == [
        [],
        ["perk_plans"],
    ]
