from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from marketplace.art.scenes import motif_of
from marketplace.kit.clock import jst
from marketplace.kit.db import db, get
from marketplace.listings.models import Listing, ListingState, Mode
from marketplace.rights.models import Kind
from marketplace.staff.presets import PRESETS
from tests import given
from tests.pages import read, send, submit
from tests.staff.drafted import everything, only


@pytest.fixture
def drafter(app: Flask, client: FlaskClient) -> FlaskClient:
    return given.signed_in(client, given.staff("drafter"))


@pytest.mark.parametrize("template", PRESETS)
def test_each_template_is_a_draft_that_can_be_saved_as_it_is(drafter: FlaskClient, template: str) -> None:
    answer = submit(drafter, f"/staff/listings/new?template={template}")
    listing = only()
    assert (answer.status_code, answer.location) == (303, f"/staff/listings/{listing.code}/preview")
    kept = {name: getattr(listing.right, name, None) for name in ("kind", "title_ja", "perks", "terms", "royalty_bps")}
    preset = PRESETS[template].values
    assert kept == {name: preset[name] for name in kept}
    assert (listing.mode, listing.price_yen, listing.quantity) == tuple(
        preset[name] for name in ("mode", "price_yen", "quantity")
    )
    assert [getattr(listing, name) for name in ("opens_at", "closes_at", "draw_at")] == [
        PRESETS[template].filled()[name] for name in ("opens_at", "closes_at", "draw_at")
    ]


@pytest.mark.parametrize(
    ("template", "motif"),
    [("resident", "village"), ("card", "butterbur"), ("lecture", "hall"), ("park", "park"), ("canoe", "canoe")],
)
def test_the_picture_of_a_template_shows_what_its_words_say(template: str, motif: str) -> None:
    values = PRESETS[template].values
    assert motif_of(values["kind"], values["art_seed"]) == motif


def test_the_templates_are_offered_first(drafter: FlaskClient) -> None:
    links = read(drafter.get("/staff/listings/new")).links
    assert [link.partition("template=")[2] for link in links if "template=" in link] == list(PRESETS)


def test_a_draft_is_typed_as_people_type(drafter: FlaskClient) -> None:
    opens_at = jst(given.in_days(30)).replace(hour=10, minute=0, second=0, microsecond=0)
    submit(
        drafter,
        "/staff/listings/new?template=park",
        {
            "price_yen": "１２０，０００円",
            "reserve_yen": "¥150,000",
            "increments": "１，０００円",
            "royalty_bps": "２．５％",
            "perks": "看板に名前｜Name on the sign\r\n\r\n 感謝状 ",
            "opens_at": f"{opens_at:%Y-%m-%dT10:00}",
            "closes_at": f"{opens_at + timedelta(days=13):%Y-%m-%dT20:00}",
        },
    )
    listing = only()
    assert (listing.price_yen, listing.reserve_yen, listing.right.royalty_bps) == (120_000, 150_000, 250)
    assert listing.auction_rules is not None
    assert listing.auction_rules["increments"] == [[None, 1_000]]
    assert listing.right.perks == [{"ja": "看板に名前", "en": "Name on the sign"}, {"ja": "感謝状", "en": ""}]
    assert listing.opens_at == opens_at


def test_every_fault_is_told_at_once_beside_its_field_and_everything_typed_stays(drafter: FlaskClient) -> None:
    typed: dict[str, Any] = {
        "title_ja": "",
        "lead_ja": "必ず値上がりします",
        "price_yen": "せんえん",
        "quantity": "3",
        "opens_at": f"{given.in_days(43):%Y-%m-%dT20:00}",
        "closes_at": f"{given.in_days(30):%Y-%m-%dT10:00}",
        "royalty_bps": "11",
        "term_months": "",
        "picture_alt": "",
        "body_ja": "ここまで書いた\n長い説明",
    }
    answer = submit(drafter, "/staff/listings/new?template=park", typed)
    form = read(answer).form("/staff/listings/new")
    assert answer.status_code == 422
    assert form.errors == {
        "title_ja": "名前を入力してください。",
        "lead_ja": "「値上がり」: 値上がりや利益を期待させる言葉は使えません。",
        "price_yen": "金額は数字で入力してください（例 1,300）。",
        "quantity": "オークションと入札では、1回に1つだけ売れます。",
        "closes_at": "終了は、開始より後にしてください。",
        "royalty_bps": "還元金は0％から10％までです。",
        "term_months": "命名権には期間（月数）が必要です。",
        "picture_alt": "絵の説明を入力してください。",
    }
    assert {name: form.value(name) for name in typed} == typed
    assert everything() == []


def test_the_list_on_top_leads_to_each_fault(drafter: FlaskClient) -> None:
    answer = submit(drafter, "/staff/listings/new?template=park", {"title_ja": "", "picture_alt": ""})
    assert [
        link for link in read(answer).links if link.startswith("#") and link[:6] not in ("#main", "#part-", "#desk-")
    ] == [
        "#title_ja",
        "#picture_alt",
    ]


@pytest.mark.parametrize(
    ("field", "typed", "sentence"),
    [
        ("kind", "weapon", "選択肢が正しくありません。"),
        ("royalty_bps", "ご", "割合は数字で入力してください（例 5、2.5）。"),
        ("royalty_bps", "1_0", "割合は数字で入力してください（例 5、2.5）。"),
        ("royalty_bps", "1e999999", "割合は数字で入力してください（例 5、2.5）。"),
        ("royalty_bps", "9" * 400, "割合は100までで入力してください。"),
        ("royalty_bps", "2.555", "割合は小数点の下2けたまでで入力してください。"),
        ("quantity", "", "数字を入力してください。"),
        ("quantity", "たくさん", "数字で入力してください。"),
        ("per_person_limit", "0", "1から1,000までの数字で入力してください。"),
        ("pay_hours", "1000", "1から720までの数字で入力してください。"),
        ("title_en", "a" * 161, "160文字までで入力してください。"),
        ("terms", "", "条件を1行以上書いてください。"),
        ("terms", "きっともうかる", "「もうかる」: 値上がりや利益を期待させる言葉は使えません。"),
        ("draw_at", "", "抽選の日時は、受付の終了以後にしてください。"),
        ("publish_at", "2199-01-01T00:00", "公開は、受付の開始より前にしてください。"),
    ],
)
def test_a_fault_stands_beside_its_field(drafter: FlaskClient, field: str, typed: str, sentence: str) -> None:
    answer = submit(drafter, "/staff/listings/new?template=resident", {field: typed})
    assert (answer.status_code, read(answer).form("/staff/listings/new").errors) == (422, {field: sentence})


def test_a_draft_is_shown_as_it_was_typed_and_can_be_changed(drafter: FlaskClient) -> None:
    submit(
        drafter,
        "/staff/listings/new?template=park",
        {"increments": "5,000円未満：500円\r\nそれ以上: 1000", "soft_close": None},
    )
    code = only().code
    form = read(drafter.get(f"/staff/listings/{code}/edit")).form(f"/staff/listings/{code}/edit")
    assert [form.value(name) for name in ("price_yen", "increments", "royalty_bps", "mode")] == [
        "100,000",
        "5,000円未満: 500円\nそれ以上: 1,000円",
        "5",
        "ascending",
    ]
    assert "soft_close" not in form.values
    send(drafter, form, {"kind": "card", "mode": "fixed", "price_yen": "1000", "quantity": "100", "closes_at": ""})
    listing = get(Listing, only().id)
    assert (listing.right.kind, listing.mode, listing.price_yen, listing.quantity, listing.closes_at) == (
        Kind.CARD,
        Mode.FIXED,
        1_000,
        100,
        None,
    )


def test_saving_a_draft_unchanged_changes_nothing(drafter: FlaskClient) -> None:
    table = {"soft_close": {"window": 600, "extend": 600, "cap": None}, "increments": [[10_000, 500], [None, 1_000]]}
    listing_id = given.a_listing("ascending", "naming", state="draft", auction_rules=table)

    def facts() -> dict[str, Any]:
        listing = get(Listing, listing_id)
        rows = (listing, listing.right)
        columns = [(row, column.key) for row in rows for column in row.__table__.columns]
        return {f"{type(row).__name__}.{name}": getattr(row, name) for row, name in columns}

    path = f"/staff/listings/{get(Listing, listing_id).code}/edit"
    submit(drafter, path)  # leaves out the seconds of its times, which the form does not know
    before = facts()
    assert (submit(drafter, path).status_code, facts()) == (303, before)


@pytest.mark.parametrize(
    ("verification", "chosen", "counts"), [("deposit", "y", True), ("deposit", None, False), ("card", "y", False)]
)
def test_whether_the_winner_s_deposit_counts_towards_the_price_is_chosen_and_kept(
    drafter: FlaskClient, verification: str, chosen: str | None, counts: bool
) -> None:
    asked = {"taking_part": "y", "verification": verification, "deposit_yen": "10,000", "deposit_counts": chosen}
    submit(drafter, "/staff/listings/new?template=park", asked)
    path = f"/staff/listings/{only().code}"
    for _ in range(2):
        rules = only().auction_rules
        assert rules is not None
        assert rules["taking_part"]["deposit_counts"] is counts
        submit(drafter, f"{path}/edit")
    words = read(drafter.get(f"{path}/preview")).words
    assert ("すぐに収納して代金の一部にあてます" in words) is counts
    assert ("代金を全額お支払いいただいたあとにお返しします" in words) is (verification == "deposit" and not counts)


def test_the_chance_of_a_lottery_and_what_it_asks_are_chosen_and_kept(drafter: FlaskClient) -> None:
    usual = {"address": True, "least_age": None, "age_by": "word", "sms": False, "card": False, "retain_days": 90}
    submit(drafter, "/staff/listings/new?template=resident", {"chance": "drand"})
    assert only().auction_rules == {"draw": "drand", "entry": usual}
    path = f"/staff/listings/{only().code}/edit"
    submit(drafter, path, {"title_ja": "第5弾"})
    assert only().auction_rules == {"draw": "drand", "entry": usual}
    asked = {"least_age": "18", "age_by": "birth", "asks_address": None, "retain_days": "30"}
    submit(drafter, path, {"chance": "dice"} | asked)
    entry = {"address": False, "least_age": 18, "age_by": "birth", "sms": False, "card": False, "retain_days": 30}
    assert only().auction_rules == {"draw": "dice", "entry": entry}
    submit(drafter, path)
    assert only().auction_rules == {"draw": "dice", "entry": entry}


def test_quota_waiting_list_and_days_of_promotion_are_kept(drafter: FlaskClient) -> None:
    drawn = {"town_units": "300", "waiting": "500", "promote_days": "14", "quantity": "1000"}
    submit(drafter, "/staff/listings/new?template=resident", drawn | {"town_units": "1000"})
    assert db.session.scalar(sa.select(Listing)) is None
    submit(drafter, "/staff/listings/new?template=resident", drawn)
    rules = only().auction_rules or {}
    assert [(group["code"], group["units"]) for group in rules["groups"]] == [("town", 300), ("others", 700)]
    assert (rules["waiting"], rules["promote_days"]) == (500, 14)
    submit(drafter, f"/staff/listings/{only().code}/edit")
    assert only().auction_rules == rules


def test_a_picture_for_each_token_is_a_choice_that_is_kept(drafter: FlaskClient) -> None:
    submit(drafter, "/staff/listings/new?template=resident")
    assert only().right.art_per_token is False
    path = f"/staff/listings/{only().code}/edit"
    submit(drafter, path, {"art_per_token": "y"})
    assert only().right.art_per_token is True
    submit(drafter, path, {"title_ja": "第5弾"})
    assert only().right.art_per_token is True


def test_what_is_submitted_can_no_longer_be_edited(drafter: FlaskClient) -> None:
    listing = get(Listing, given.a_listing(state="draft"))
    path = f"/staff/listings/{listing.code}"
    form = read(drafter.get(f"{path}/edit")).form(f"{path}/edit")
    assert submit(drafter, f"{path}/preview", action=f"{path}/submit").status_code == 303
    answer = send(drafter, form, {"title_ja": "すりかえ"})
    assert answer.status_code == 409
    assert "状態が変わったため" in read(answer).words
    assert (only().state, only().right.title_ja) == (ListingState.SUBMITTED, given.values()["title_ja"])
    assert drafter.get(f"{path}/edit").location == f"{path}/preview"


def test_submitting_twice_is_refused_politely(drafter: FlaskClient) -> None:
    path = f"/staff/listings/{get(Listing, given.a_listing(state='draft')).code}"
    form = read(drafter.get(f"{path}/preview")).form(f"{path}/submit")
    assert [send(drafter, form).status_code for _ in range(2)] == [303, 409]


def test_the_preview_shows_buyers_everything_but_the_reserve(drafter: FlaskClient) -> None:
    submit(drafter, "/staff/listings/new?template=canoe", {"reserve_yen": "987654"})
    words = read(drafter.get(f"/staff/listings/{only().code}/preview")).words
    seen, _, inside = words.partition("つぎにすること")
    shown_to_buyers = [only().right.title_ja, only().right.body_ja, "300,000", "60か月"]
    shown_to_buyers += [line["ja"] for line in [*only().right.perks, *only().right.terms]]
    assert [text for text in shown_to_buyers if text not in seen] == []
    assert ("987,654" in seen, "987,654" in inside) == (False, True)


def test_the_list_can_be_narrowed_to_a_state(drafter: FlaskClient) -> None:
    draft, open_ = (get(Listing, given.a_listing(state=state)).code for state in ("draft", "open"))
    pages = [read(drafter.get(f"/staff/listings{query}")).links for query in ("", "?state=open", "?state=nonsense")]
    shown = [[link.split("/")[3] for link in links if link.endswith("/preview")] for links in pages]
    assert shown == [[open_, draft], [open_], [open_, draft]]


class TestWhoMayDraft:
    PATHS = ("/staff/listings/new", "/staff/listings/new?template=park")

    @pytest.mark.parametrize("path", PATHS)
    def test_a_visitor_is_asked_to_sign_in_first(self, client: FlaskClient, path: str) -> None:
        answer = client.get(path)
        assert (answer.status_code, answer.location.partition("=")[0]) == (303, "/signin?next")

    @pytest.mark.parametrize("path", PATHS)
    @pytest.mark.parametrize("roles", [(), ("approver",), ("treasury", "counter")])
    def test_others_are_told_that_they_may_not(
        self, app: Flask, client: FlaskClient, path: str, roles: tuple[str, ...]
    ) -> None:
        given.signed_in(client, given.staff(*roles) if roles else given.an_account())
        assert client.get(path).status_code == 403
        assert everything() == []

    def test_an_unknown_listing_is_not_found(self, drafter: FlaskClient) -> None:
        paths = [f"/staff/listings/LST-NOTHERE/{page}" for page in ("edit", "preview", "review")]
        assert [drafter.get(path).status_code for path in paths] == [404] * 3
