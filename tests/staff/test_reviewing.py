from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient

from marketplace.kit.clock import now, pretending
from marketplace.kit.dates import when
from marketplace.kit.db import get
from marketplace.listings import approving, drafting
from marketplace.listings.models import Listing, ListingState
from marketplace.staff import sale_tasks
from tests import given
from tests.pages import read, send, submit

HOUR = timedelta(hours=1)
BEFORE = datetime(2027, 6, 1, 3, 0, tzinfo=UTC)
LATER = BEFORE + timedelta(days=5)
Desk = tuple[FlaskClient, int, str]


@pytest.fixture
def desk(app: Flask, client: FlaskClient) -> Desk:
    """(the approver's browser, a submitted listing, its path)."""
    listing_id = given.a_listing(state="submitted")
    path = f"/staff/listings/{get(Listing, listing_id).code}"
    return given.signed_in(client, given.staff("approver")), listing_id, path


def state(listing_id: int) -> str:
    return str(get(Listing, listing_id).state)


def test_the_approver_approves_what_the_screen_showed(desk: Desk) -> None:
    client, listing_id, path = desk
    answer = submit(client, f"{path}/review", {"checked": "y", "why": "確認しました"}, action=f"{path}/approve")
    assert (answer.status_code, answer.location, state(listing_id)) == (303, f"{path}/preview", "approved")
    assert "「確認しました」" in read(client.get(f"{path}/review")).words


def test_without_the_check_mark_nothing_is_approved(desk: Desk) -> None:
    client, listing_id, path = desk
    answer = submit(client, f"{path}/review", {"why": "まだ"}, action=f"{path}/approve")
    form = read(answer).form(f"{path}/approve")
    assert (answer.status_code, state(listing_id), form.value("why")) == (422, "submitted", "まだ")
    assert form.errors == {"checked": "画面を確かめて、チェックを入れてください。"}


def test_what_changed_since_the_screen_was_opened_is_not_approved(desk: Desk) -> None:
    client, listing_id, path = desk
    form = read(client.get(f"{path}/review")).form(f"{path}/approve")
    drafter, other = given.staff("drafter"), given.staff("approver", email="other@town.example.jp")
    approving.send_back(listing_id, other, "名前を直してください。")
    drafting.revise(listing_id, drafter, given.values(title_ja="直した名前"))
    drafting.submit(listing_id, drafter)
    answer = send(client, form, {"checked": "y"})
    assert (answer.status_code, state(listing_id)) == (409, "submitted")
    page = read(answer)
    assert "確かめているあいだに内容が変わりました" in page.words
    assert "直した名前" in page.words
    assert send(client, page.form(f"{path}/approve"), {"checked": "y"}).status_code == 303


def test_the_approver_sees_what_cannot_be_undone_and_the_reserve(app: Flask, client: FlaskClient) -> None:
    listing_id = given.a_listing("ascending", "naming", state="submitted", reserve_yen=987_654)
    given.signed_in(client, given.staff("approver"))
    words = read(client.get(f"/staff/listings/{get(Listing, listing_id).code}/review")).words
    assert [text for text in ("承認すると、もどせません", "987,654円", "36か月") if text not in words] == []


def test_a_draft_is_sent_back_with_a_reason_that_the_drafter_reads(app: Flask, desk: Desk) -> None:
    client, listing_id, path = desk
    answer = submit(client, f"{path}/review", {"note": "開始価格の根拠を"}, action=f"{path}/send-back")
    assert (answer.status_code, answer.location, state(listing_id)) == (303, "/staff/approvals", "draft")
    drafter = given.signed_in(app.test_client(), given.staff("drafter"))
    seen = [read(drafter.get(page)).words for page in ("/staff", f"{path}/edit", f"{path}/preview")]
    assert [("開始価格の根拠を" in words) for words in seen] == [True] * 3


def test_a_draft_is_not_sent_back_without_a_reason(desk: Desk) -> None:
    client, listing_id, path = desk
    answer = submit(client, f"{path}/review", {"note": "　"}, action=f"{path}/send-back")
    form = read(answer).form(f"{path}/send-back")
    assert (answer.status_code, state(listing_id)) == (422, "submitted")
    assert form.errors == {"note": "差し戻す理由を書いてください。"}


def test_the_drafter_sees_why_not_and_has_no_button(app: Flask, client: FlaskClient) -> None:
    both = given.staff("drafter", "approver")
    listing_id = drafting.draft(both, given.values())
    drafting.submit(listing_id, both)
    given.signed_in(client, both)
    path = f"/staff/listings/{get(Listing, listing_id).code}"
    page = read(client.get(f"{path}/review"))
    assert "自分の書いた出品は承認できません" in page.words
    assert [form.action for form in page.forms if form.action.startswith(path)] == []


def test_the_drafter_who_sends_the_form_all_the_same_is_refused(app: Flask, client: FlaskClient) -> None:
    both = given.staff("drafter", "approver")
    listing_id = drafting.draft(both, given.values())
    drafting.submit(listing_id, both)
    path = f"/staff/listings/{get(Listing, listing_id).code}"
    form = read(given.signed_in(app.test_client(), given.staff("approver")).get(f"{path}/review")).form(
        f"{path}/approve"
    )
    given.signed_in(client, both)
    form.values["csrf_token"] = read(client.get("/account")).form("/account").values["csrf_token"]
    assert (send(client, form, {"checked": "y"}).status_code, state(listing_id)) == (403, "submitted")


def test_approving_is_for_approvers(app: Flask, desk: Desk) -> None:
    approver, listing_id, path = desk
    form = read(approver.get(f"{path}/review")).form(f"{path}/approve")
    for roles in (("drafter",), ("treasury", "counter", "auditor")):
        client = given.signed_in(app.test_client(), given.staff(*roles))
        page = read(client.get(f"{path}/review"))
        assert "承認の権限を持つ職員だけ" in page.words
        form.values["csrf_token"] = read(client.get("/account")).form("/account").values["csrf_token"]
        assert send(client, form, {"checked": "y"}).status_code == 403
    assert state(listing_id) == "submitted"


def test_the_list_says_which_are_ones_own(app: Flask, client: FlaskClient) -> None:
    given.a_listing(state="submitted")
    given.signed_in(client, given.staff("drafter"))
    assert "あなたの起案です" in read(client.get("/staff/approvals")).words
    given.signed_in(client, given.staff("approver"))
    assert "あなたの起案です" not in read(client.get("/staff/approvals")).words


def test_what_is_approved_cannot_be_approved_again(desk: Desk) -> None:
    client, listing_id, path = desk
    form = read(client.get(f"{path}/review")).form(f"{path}/approve")
    assert [send(client, form, {"checked": "y"}).status_code for _ in range(2)] == [303, 409]
    assert get(Listing, listing_id).state == ListingState.APPROVED


def pages(client: FlaskClient, path: str) -> list[str]:
    """Each page of the desk that says when a sale is announced."""
    return [
        read(client.get(page)).words for page in ("/staff", "/staff/approvals", f"{path}/review", f"{path}/preview")
    ]


@pytest.mark.parametrize("publish_at", [None, BEFORE], ids=["left blank", "gone by while it waited"])
def test_a_sale_whose_hour_is_over_is_announced_at_its_approval_and_every_page_says_so(
    app: Flask, client: FlaskClient, publish_at: datetime | None
) -> None:
    with pretending(BEFORE):
        listing_id = given.a_listing(state="submitted", publish_at=publish_at, opens_at=LATER)
    path = f"/staff/listings/{get(Listing, listing_id).code}"
    with pretending(BEFORE + HOUR):
        given.signed_in(client, given.staff("approver"))
        home, waiting, review, preview = pages(client, path)
        assert ("公開の予定 承認されしだい" in home, "公開の予定 承認されしだい" in waiting) == (True, True)
        assert "公開（公告）承認されしだい" in "".join(review.split())
        assert "待っています。承認されしだい、自動で公開されます。" in preview
        assert [when(BEFORE) in page for page in (waiting, preview)] == [False, False]
        submit(client, f"{path}/review", {"checked": "y"}, action=f"{path}/approve")
        approved = read(client.get(f"{path}/preview")).words
        assert approved.count("内容の控えができしだい、自動で公開されます。") == 2  # what was done, and what is next
        assert when(BEFORE) not in approved


def test_a_sale_whose_hour_is_to_come_says_it(app: Flask, client: FlaskClient) -> None:
    with pretending(BEFORE):
        listing_id = given.a_listing(state="submitted", publish_at=BEFORE + 2 * HOUR, opens_at=LATER)
    path, hour = f"/staff/listings/{get(Listing, listing_id).code}", when(BEFORE + 2 * HOUR)
    with pretending(BEFORE + HOUR):
        given.signed_in(client, given.staff("approver"))
        home, waiting, review, preview = pages(client, path)
        assert (f"公開の予定 {hour}" in home, f"公開の予定 {hour}" in waiting, hour in review) == (True, True, True)
        assert f"待っています。承認されると、{hour}に、自動で公開されます。" in preview
        submit(client, f"{path}/review", {"checked": "y"}, action=f"{path}/approve")
        assert f"承認されました。{hour}に、自動で公開されます。" in read(client.get(f"{path}/preview")).words


def test_a_sale_that_was_approved_after_its_hour_is_not_late_at_once(app: Flask) -> None:
    listing_id = given.a_listing(state="approved")
    assert sale_tasks.not_published() == []
    with pretending((get(Listing, listing_id).approved_at or now()) + HOUR):
        assert [task.badge for task in sale_tasks.not_published()] == ["確認"]
