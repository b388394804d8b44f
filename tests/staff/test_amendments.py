from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient

from marketplace.kit.db import get
from marketplace.listings import amending
from marketplace.listings.models import Listing
from tests import given
from tests.listings.test_amending import WHY, announced, minute
from tests.pages import read, send, submit


@pytest.fixture
def sale(app: Flask, client: FlaskClient) -> tuple[int, str]:
    """(a sale that opens in ten days, the path of its changes); the client is a drafter's."""
    listing_id = announced()
    given.signed_in(client, given.staff("drafter"))
    return listing_id, f"/staff/listings/{get(Listing, listing_id).code}/amendments"


def test_a_change_goes_from_the_drafter_to_the_approver_to_the_public_page(
    app: Flask, client: FlaskClient, sale: tuple[int, str]
) -> None:
    listing_id, path = sale
    assert submit(client, path, {"price_yen": "2,500円", "why": WHY}).status_code == 303
    row = amending.waiting(listing_id)
    assert row is not None
    mine = read(client.get(path))
    assert [form.action for form in mine.forms] == [f"{path}/{row.id}/withdraw"]
    approver = given.signed_in(app.test_client(), given.staff("approver"))
    assert path in read(approver.get("/staff")).links
    assert "後: 2,500円" in read(approver.get(path)).words
    assert submit(approver, path, action=f"{path}/{row.id}/approve").status_code == 303
    words = read(app.test_client().get(f"/listings/{get(Listing, listing_id).code}")).words
    said = ("変更のお知らせ", "第1回の変更", WHY, "前: 3,000円", "後: 2,500円", str(get(Listing, listing_id).text_hash))
    assert [text for text in said if text not in words] == []
    assert "第1回の変更" in read(approver.get(path)).words


def test_a_public_page_without_changes_has_no_word_of_them(app: Flask, sale: tuple[int, str]) -> None:
    listing_id, _ = sale
    assert "変更のお知らせ" not in read(app.test_client().get(f"/listings/{get(Listing, listing_id).code}")).words


def test_faults_stand_beside_their_fields_and_everything_typed_stays(
    client: FlaskClient, sale: tuple[int, str]
) -> None:
    _, path = sale
    typed = {"price_yen": "40", "why": "急いで直すため"}
    answer = submit(client, path, typed)
    form = read(answer).form(path)
    assert (answer.status_code, form.errors) == (422, {"price_yen": "価格は50円以上にしてください。"})
    assert {name: form.value(name) for name in typed} == typed
    assert read(submit(client, path, {"price_yen": "2,500"})).form(path).errors == {
        "why": "変更の理由を書いてください。"
    }


def test_it_is_sent_back_with_a_reason(app: Flask, client: FlaskClient, sale: tuple[int, str]) -> None:
    listing_id, path = sale
    row_id = amending.propose(listing_id, given.staff("drafter"), {"price_yen": 2_500}, WHY)
    approver = given.signed_in(app.test_client(), given.staff("approver"))
    back = f"{path}/{row_id}/send-back"
    empty = submit(approver, path, {"note": ""}, action=back)
    assert (empty.status_code, read(empty).form(back).errors) == (422, {"note": "差し戻す理由を書いてください。"})
    assert submit(approver, path, {"note": "根拠を"}, action=back).status_code == 303
    assert "差し戻しの理由: 根拠を" in read(client.get(path)).words


def test_after_the_opening_the_form_has_only_what_may_change(app: Flask, client: FlaskClient) -> None:
    given.signed_in(client, given.staff("drafter"))
    path = f"/staff/listings/{get(Listing, given.a_listing(closes_at=minute(7))).code}/amendments"
    form = read(client.get(path)).form(path)
    assert set(form.values) == {"csrf_token", "closes_at", "per_person_limit", "hold_minutes", "why"}
    answer = send(client, form, {"closes_at": "2026-01-01T10:00", "price_yen": "1", "why": WHY})
    assert read(answer).form(path).errors == {"closes_at": "これから先の日時にしてください。"}


def test_a_draft_a_finished_sale_and_another_sale_s_change_are_not_there_to_change(
    app: Flask, client: FlaskClient, sale: tuple[int, str]
) -> None:
    listing_id, path = sale
    done = f"/staff/listings/{get(Listing, given.a_listing(state='completed')).code}/amendments"
    assert "変えられません" in read(client.get(done)).words
    row_id = amending.propose(listing_id, given.staff("drafter"), {"price_yen": 2_500}, WHY)
    form = read(client.get(path)).form(f"{path}/{row_id}/withdraw")
    assert client.post(f"{done}/{row_id}/withdraw", data=form.values).status_code == 404


def test_who_is_neither_drafter_nor_approver_only_reads(app: Flask, client: FlaskClient, sale: tuple[int, str]) -> None:
    listing_id, path = sale
    given.signed_in(client, given.staff("auditor"))
    assert [form.action for form in read(client.get(path)).forms if form.action.startswith(path)] == []
    token = read(client.get("/account")).form("/account").values["csrf_token"]
    row_id = amending.propose(listing_id, given.staff("drafter"), {"price_yen": 2_500}, WHY)
    assert [form.action for form in read(client.get(path)).forms if form.action.startswith(path)] == []
    tries = (path, *(f"{path}/{row_id}/{act}" for act in ("approve", "send-back", "withdraw")))
    assert [client.post(each, data={"csrf_token": token}).status_code for each in tries] == [403] * 4
