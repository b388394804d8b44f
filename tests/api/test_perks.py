"""Perks in the API: the plans of a sale, and of a token no more than its public page tells."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from marketplace.kit.clock import jst, now
from marketplace.kit.db import get
from marketplace.listings.models import Listing
from marketplace.perks.models import Channel
from marketplace.perks.using import Asked, use
from marketplace.rights.plans import Plan
from tests import given
from tests.chainlogs import Chain, somebody
from tests.holders.stage import moved
from tests.perks.stage import Desk, a_desk, a_listing, bath, first_only, lectures, ref
from tests.resale.stage import custody, held_token, token


@pytest.fixture
def desk(app: Flask) -> Desk:
    return a_desk()


def ask(client: FlaskClient, path: str) -> Any:
    answer = client.get(f"/api/v1/{path}")
    assert answer.status_code == 200, answer.text
    return answer.json


def of_token(client: FlaskClient, token_id: int) -> Any:
    return ask(client, f"tokens/{token(token_id).contract}/{token_id}/perks")


def used(token_id: int, plan: Plan, desk: Desk) -> None:
    use(Asked(ref(), token_id, plan.id, Channel.SCAN, now(), desk.partner_id))


def test_the_plans_of_a_sale_are_told_without_what_the_town_pays(client: FlaskClient, chain: Chain, desk: Desk) -> None:
    closed = ((date(2027, 1, 1), date(2027, 1, 3)),)
    listing_id = a_listing(bath(desk, closed=closed, ends=date(2027, 3, 31), months=12), first_only(desk))
    code = get(Listing, listing_id).code
    place = {"code": desk.code, "name": "水沢温泉館"}
    usual = {"places": [place], "issuer": "town", "allowed": 1, "begins": None}
    assert ask(client, f"listings/{code}/perks") == {
        "listing": code,
        "perks": [
            {
                **usual,
                "id": "p1",
                "name": "温泉の入浴",
                "kind": "periodic",
                "per": "day",
                "months": 12,
                "ends": "2027-03-31",
                "closed": [{"first": "2027-01-01", "last": "2027-01-03"}],
                "on_resale": "rest",
            },
            {
                **usual,
                "id": "p3",
                "name": "記念の手ぬぐい",
                "kind": "first_holder",
                "per": None,
                "months": None,
                "ends": None,
                "closed": [],
                "on_resale": "nothing",
            },
        ],
    }


@pytest.mark.parametrize("state", ["draft", "submitted", "approved"])
def test_what_is_not_announced_has_no_perks_to_tell(client: FlaskClient, chain: Chain, state: str) -> None:
    code = get(Listing, given.a_listing(state=state)).code
    assert client.get(f"/api/v1/listings/{code}/perks").status_code == 404


def test_a_sale_without_plans_has_an_empty_list(client: FlaskClient, chain: Chain) -> None:
    code = get(Listing, given.a_listing()).code
    assert ask(client, f"listings/{code}/perks") == {"listing": code, "perks": []}


def test_what_a_buyer_must_know_is_told_and_a_bath_of_today_is_not(
    client: FlaskClient, chain: Chain, desk: Desk
) -> None:
    hana = given.an_account()
    daily, twelve = bath(desk), lectures(desk)
    token_id = held_token(chain, hana, a_listing(daily, twelve))
    before = of_token(client, token_id)
    used(token_id, daily, desk)
    used(token_id, twelve, desk)
    after = of_token(client, token_id)
    assert [each["left"] for each in before["perks"]] == [None, 12]
    assert [each["left"] for each in after["perks"]] == [None, 11]
    assert before["perks"][0] == after["perks"][0]  # a stranger cannot see that somebody was at the bath today
    assert {name: after[name] for name in ("contract", "token_id", "uses_left")} == {
        "contract": token(token_id).contract,
        "token_id": token_id,
        "uses_left": 11,
    }


def test_a_perk_of_the_first_holder_is_over_once_the_token_moved(client: FlaskClient, chain: Chain, desk: Desk) -> None:
    hana = given.an_account()
    token_id = held_token(chain, hana, a_listing(first_only(desk)))
    (first,) = of_token(client, token_id)["perks"]
    moved(chain, token_id, custody(hana), somebody("ken"), 5)
    (second,) = of_token(client, token_id)["perks"]
    told = [{name: each[name] for name in ("usable_today", "why_not", "passes_on")} for each in (first, second)]
    assert told == [
        {"usable_today": True, "why_not": "", "passes_on": False},
        {"usable_today": False, "why_not": "はじめの持ち主だけの特典です。", "passes_on": False},
    ]


def test_a_count_that_is_used_up_says_so(client: FlaskClient, chain: Chain, desk: Desk) -> None:
    once = lectures(desk, 1)
    token_id = held_token(chain, given.an_account(), a_listing(once))
    used(token_id, once, desk)
    (only,) = of_token(client, token_id)["perks"]
    assert (only["left"], only["usable_today"], only["passes_on"]) == (0, False, False)


def test_hours_of_a_lecturer_are_counted_where_there_is_no_plan(client: FlaskClient, chain: Chain) -> None:
    listing_id = given.a_listing(kind="lecture", uses_per_token=12)
    token_id = held_token(chain, given.an_account(), listing_id)
    found = of_token(client, token_id)
    assert (found["uses_left"], found["perks"]) == (12, [])


def test_the_last_day_counts_from_the_day_of_issue(client: FlaskClient, chain: Chain, desk: Desk) -> None:
    token_id = held_token(chain, given.an_account(), a_listing(bath(desk, ends=jst(now()).date() + timedelta(days=3))))
    (only,) = of_token(client, token_id)["perks"]
    assert only["last_day"] == (jst(now()).date() + timedelta(days=3)).isoformat()


def test_a_token_that_there_is_not_is_a_problem_in_json(client: FlaskClient, chain: Chain) -> None:
    for path in (f"{somebody('x')}/1", f"{somebody('x')}/{2**70}"):
        answer = client.get(f"/api/v1/tokens/{path}/perks")
        assert (answer.status_code, answer.content_type) == (404, "application/problem+json")
