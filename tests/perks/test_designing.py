"""The office designs perks with the right; they are part of what is approved, and do not change after it."""

from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from marketplace.kit.db import db, get
from marketplace.kit.refusals import Invalid, WrongState
from marketplace.listings import approving, drafting, facts
from marketplace.listings.models import Listing
from marketplace.listings.rules import ChangedMeanwhile, SamePerson
from marketplace.perks import partnering
from marketplace.perks.models import Partner
from marketplace.rights.drafting import text_hash
from marketplace.rights.plans import OnResale, Place, Plan, PlanKind, read_all
from tests import given
from tests.pages import read, submit

FILLED = {
    "name": "温泉の入浴が無料",
    "kind": "periodic",
    "limit": "１",
    "per": "day",
    "closed": "2026-12-29から2027-01-03\n令和9年5月5日",
    "issuer": "town",
    "on_resale": "rest",
    "pay_yen": "３００円",
}


@pytest.fixture
def bath(app: Flask) -> str:
    partner_id, _ = partnering.take_in("水沢温泉館", "staff:ACC-TEST")
    return get(Partner, partner_id).code


@pytest.fixture
def draft(app: Flask) -> int:
    return given.a_listing(state="draft")


@pytest.fixture
def desk(client: FlaskClient, draft: int) -> FlaskClient:
    return given.signed_in(client, given.staff("drafter"))


def address(listing_id: int, more: str = "") -> str:
    return f"/staff/listings/{get(Listing, listing_id).code}/perks{more}"


def plans_of(listing_id: int) -> list[Plan]:
    return read_all(get(Listing, listing_id).right.perk_plans)


def counted(limit: int = 12) -> Plan:
    return Plan("p1", "町長の講演", PlanKind.COUNTED, (Place("PTR-1", "役場"),), limit=limit)


def test_a_perk_is_added_changed_and_taken_away_again(desk: FlaskClient, draft: int, bath: str) -> None:
    answer = submit(desk, address(draft, "/new"), FILLED | {"places": [bath]})
    assert answer.status_code == 303
    (plan,) = plans_of(draft)
    assert (plan.id, plan.limit, plan.pay_yen, plan.places) == ("p1", 1, 300, (Place(bath, "水沢温泉館"),))
    assert [(str(first), str(last)) for first, last in plan.closed] == [
        ("2026-12-29", "2027-01-03"),
        ("2027-05-05", "2027-05-05"),
    ]
    shown = desk.get(address(draft)).get_data(as_text=True)
    assert all(words in shown for words in ("1日に1回まで", "会員権です", "水沢温泉館", "1回 300円"))
    submit(desk, address(draft, "/p1"), FILLED | {"places": [bath], "limit": "2"})
    assert [plan.limit for plan in plans_of(draft)] == [2]
    submit(desk, address(draft), action=address(draft, "/p1/remove"))
    assert plans_of(draft) == []


def test_what_is_wrong_stands_beside_its_field_and_what_was_typed_stays(
    desk: FlaskClient, draft: int, bath: str
) -> None:
    wrong: dict[str, Any] = FILLED | {"places": [bath], "limit": "たくさん", "closed": "元日"}
    answer = submit(desk, address(draft, "/new"), wrong)
    form = read(answer).form(address(draft, "/new"))
    assert answer.status_code == 422
    assert form.errors == {
        "limit": "数字で入力してください。",
        "closed": "「元日」が日付として読めません。例 2026-12-29から2027-01-03",
    }
    assert [form.values[name] for name in ("limit", "closed", "places")] == [["たくさん"], ["元日"], [bath]]
    assert plans_of(draft) == []


def test_every_fault_is_told_at_once(desk: FlaskClient, draft: int) -> None:
    wrong: dict[str, Any] = FILLED | {"name": "", "limit": "", "per": "", "closed": "元日", "ends": "2026-01-01"}
    form = read(submit(desk, address(draft, "/new"), wrong | {"begins": "2026-02-01"})).form(address(draft, "/new"))
    assert form.errors == {
        "name": "特典の名前を入力してください。",
        "places": "使えるところを1つ以上選んでください。",
        "limit": "回数を入力してください。",
        "per": "何ごとの回数かを選んでください。",
        "ends": "終わりの日は、はじめの日よりあとにしてください。",
        "closed": "「元日」が日付として読めません。例 2026-12-29から2027-01-03",
    }


def test_a_company_that_sells_a_count_is_held_to_six_months(desk: FlaskClient, draft: int, bath: str) -> None:
    sold = FILLED | {"places": [bath], "kind": "counted", "limit": "10", "issuer": "partner"}
    answer = submit(desk, address(draft, "/new"), sold)
    assert answer.status_code == 422
    assert "6か月以内" in answer.get_data(as_text=True)
    assert submit(desk, address(draft, "/new"), sold | {"months": "6"}).status_code == 303


def test_a_count_is_the_number_of_uses_on_chain(app: Flask, draft: int) -> None:
    drafter = given.staff("drafter")
    drafting.plan_perks(draft, drafter, [counted(12)])
    assert get(Listing, draft).right.uses_per_token == 12
    with pytest.raises(Invalid) as refused:
        drafting.revise(draft, drafter, given.values(uses_per_token=10))
    assert (refused.value.field, str(refused.value)) == (
        "uses_per_token",
        "回数の特典「町長の講演」と同じ12回にしてください。",
    )
    drafting.revise(draft, drafter, given.values(uses_per_token=12))
    assert plans_of(draft) == [counted(12)]


def test_the_plan_is_part_of_the_approved_text(app: Flask, draft: int) -> None:
    drafter = given.staff("drafter")
    before, seen = text_hash(get(Listing, draft).right), facts.fingerprint(get(Listing, draft))
    drafting.plan_perks(draft, drafter, [counted()])
    assert text_hash(get(Listing, draft).right) != before
    drafting.submit(draft, drafter)
    with pytest.raises(ChangedMeanwhile):
        approving.approve(draft, given.staff("approver"), seen=seen)
    approving.approve(draft, given.staff("approver"))
    with pytest.raises(WrongState):
        drafting.plan_perks(draft, drafter, [])
    assert plans_of(draft) == [counted()]


def test_whoever_plans_a_perk_cannot_approve_it(app: Flask, draft: int) -> None:
    both = given.staff("drafter", "approver", email="both@town.example.jp")
    drafting.plan_perks(draft, both, [counted()])
    drafting.submit(draft, both)
    with pytest.raises(SamePerson):
        approving.approve(draft, both)


def test_a_frozen_right_has_no_designer(desk: FlaskClient) -> None:
    assert desk.get(address(given.a_listing(state="open"))).status_code == 404


def test_buyers_see_the_plan_and_staff_the_law_in_the_preview(desk: FlaskClient, draft: int) -> None:
    drafting.plan_perks(draft, given.staff("drafter"), [counted()])
    shown = desk.get(f"/staff/listings/{get(Listing, draft).code}/preview").get_data(as_text=True)
    assert all(words in shown for words in ("全部で12回", "資金決済法 4条3号", "残りが次の持ち主に移る"))


def test_only_drafters_design(client: FlaskClient, draft: int) -> None:
    assert client.get(address(draft)).status_code == 303
    given.signed_in(client, given.staff("counter"))
    assert client.get(address(draft)).status_code == 403


def test_a_partner_is_taken_in_once_and_its_pin_is_shown_once(client: FlaskClient) -> None:
    given.signed_in(client, given.staff("drafter"))
    answer = submit(client, "/staff/partners", {"name": "水沢温泉館"})
    partner = db.session.scalars(sa.select(Partner)).one()
    assert answer.status_code == 200
    assert "水沢温泉館 の暗証番号" in answer.get_data(as_text=True)
    again = submit(client, "/staff/partners", {"name": "水沢温泉館"})
    assert (again.status_code, "もうあります" in again.get_data(as_text=True)) == (422, True)
    listed = client.get("/staff/partners").get_data(as_text=True)
    assert partner.code in listed
    assert partner.pin_hash not in listed


def test_only_first_holders_keep_what_does_not_pass_on(desk: FlaskClient, draft: int, bath: str) -> None:
    submit(desk, address(draft, "/new"), FILLED | {"places": [bath], "kind": "first_holder"})
    (plan,) = plans_of(draft)
    assert (plan.kind, plan.on_resale, plan.allowed) == (PlanKind.FIRST_HOLDER, OnResale.NOTHING, 1)
