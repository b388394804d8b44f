from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from hypothesis import given as anything
from hypothesis import strategies as st

from marketplace.kit.db import get
from marketplace.listings.approving import approve, send_back
from marketplace.listings.comparing import NAMES_JA, changes
from marketplace.listings.drafting import draft, revise, submit
from marketplace.listings.facts import FIELDS, facts
from marketplace.listings.models import Listing
from marketplace.listings.versions import every, to_compare_with
from marketplace.rights.drafting import FIELDS as WORDS
from tests import given

BEFORE: dict[str, Any] = {
    "mode": "ascending",
    "price_yen": 50_000,
    "reserve_yen": None,
    "pay_hours": 72,
    "closes_at": "2026-12-13T11:00:00+00:00",
    "transferable": False,
    "terms": [{"ja": "一つめ", "en": "First"}, {"ja": "二つめ", "en": ""}],
    "auction_rules": {"second_offer": True},
}


def told(**change: Any) -> list[tuple[str, list[tuple[str, str]]]]:
    return [(each.name, each.lines) for each in changes(BEFORE, BEFORE | change)]


def test_every_field_that_is_approved_has_its_name() -> None:
    assert set(NAMES_JA) == {*WORDS, *FIELDS}


@pytest.mark.parametrize(
    ("change", "name", "lines"),
    [
        ({"price_yen": 100_000}, "価格", [("old", "50,000円"), ("new", "100,000円")]),
        ({"reserve_yen": 60_000}, "予定価格", [("old", "（なし）"), ("new", "60,000円")]),
        (
            {"closes_at": "2026-12-14T11:00:00+00:00"},
            "受付の終了",
            [("old", "2026年12月13日(日) 午後8時00分"), ("new", "2026年12月14日(月) 午後8時00分")],
        ),
        ({"transferable": True}, "ほかの人にゆずれる", [("old", "いいえ"), ("new", "はい")]),
        (
            {"terms": [{"ja": "一つめ", "en": "First"}, {"ja": "三つめ", "en": ""}]},
            "利用の条件",
            [("same", "一つめ / First"), ("old", "二つめ"), ("new", "三つめ")],
        ),
    ],
)
def test_a_change_is_told_in_words(change: dict[str, Any], name: str, lines: list[tuple[str, str]]) -> None:
    assert told(**change) == [(name, lines)]


def test_of_the_rules_of_an_auction_only_the_changed_sentence_is_told() -> None:
    assert [name for name, _ in told(auction_rules={"second_offer": False})] == ["落札した方が払わないとき"]


def test_the_rules_of_a_lottery_are_told_one_by_one() -> None:
    before = {"mode": "lottery", "auction_rules": {"draw": "dice", "entry": {"card": False, "least_age": None}}}
    after = {"mode": "lottery", "auction_rules": {"draw": "drand", "entry": {"card": True, "least_age": None}}}
    assert [(each.name, each.lines) for each in changes(before, after)] == [
        ("抽選の乱数", [("old", "サイコロ"), ("new", "公開されている乱数（drand）")]),
        ("カードの登録", [("old", "いいえ"), ("new", "はい")]),
    ]


@anything(st.lists(st.text("あいう", min_size=1, max_size=3)), st.lists(st.text("あいう", min_size=1, max_size=3)))
def test_both_texts_can_be_read_out_of_a_change(old: list[str], new: list[str]) -> None:
    found = changes({"body_ja": "\n".join(old)}, {"body_ja": "\n".join(new)})
    for kind, text in (("old", old), ("new", new)):
        lines = [line for each in found for what, line in each.lines if what in (kind, "same")]
        assert lines == (([] if old == new else text) or lines[:1] * bool(old != new))


def test_each_submission_is_a_version_of_its_own(app: Flask) -> None:
    drafter, approver = given.staff("drafter"), given.staff("approver")
    listing_id = draft(drafter, given.values(price_yen=50_000))
    for price in (60_000, 70_000):
        submit(listing_id, drafter)
        send_back(listing_id, approver, "価格の根拠を")
        revise(listing_id, drafter, given.values(price_yen=price))
    submit(listing_id, drafter)
    kept = [(each.number, each.facts["price_yen"], each.decided_by) for each in every(listing_id)]
    assert kept == [(1, 50_000, approver), (2, 60_000, approver), (3, 70_000, None)]
    approve(listing_id, approver)
    assert (every(listing_id)[-1].decided_by, every(listing_id)[-1].fingerprint) == (
        approver,
        get(Listing, listing_id).text_hash,
    )
    assert every(listing_id)[-1].facts == facts(get(Listing, listing_id))


def test_an_approver_compares_with_what_they_saw_last_and_a_new_one_with_the_last(app: Flask) -> None:
    drafter, first = given.staff("drafter"), given.staff("approver")
    second = given.staff("approver", email="second@town.example.jp")
    listing_id = draft(drafter, given.values())
    assert to_compare_with(listing_id, first) is None
    for approver in (first, second, second):
        submit(listing_id, drafter)
        send_back(listing_id, approver, "もう一度")
    submit(listing_id, drafter)
    third = given.staff("approver", email="third@town.example.jp")
    found = [to_compare_with(listing_id, reader) for reader in (first, second, third)]
    assert [each and each.number for each in found] == [1, 3, 3]


def test_who_takes_an_own_text_back_has_not_seen_it_as_another_person(app: Flask) -> None:
    both = given.staff("drafter", "approver")
    listing_id = draft(both, given.values())
    submit(listing_id, both)
    send_back(listing_id, both, "自分で直します")
    assert every(listing_id)[0].decided_by is None
