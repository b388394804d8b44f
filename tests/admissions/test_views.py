from __future__ import annotations

import io
from datetime import datetime
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from marketplace.admissions import enclosing
from marketplace.admissions.models import Exclusion, Participation, ParticipationState
from marketplace.admissions.pledge import CURRENT, pledge, translation
from marketplace.auctions.models import Bid
from marketplace.journal.models import Entry
from marketplace.kit.clock import JST
from marketplace.kit.db import db, get
from marketplace.kit.languages import Language
from marketplace.listings import scheduling
from marketplace.listings.models import Listing
from marketplace.outbox import keeping
from marketplace.staff import sheets
from tests import given
from tests.pages import read, send, submit

PDF = b"%PDF-1.7\n%%EOF\n"
TYPED = {
    "name": "月山 一郎",
    "address": "月見沢町1-1",
    "phone": "０２３７－００－００００",
    "adult": "y",
    "pledged": "y",
}


@pytest.fixture
def code(app: Flask) -> str:
    rules = {"taking_part": {"documents": True}}
    return get(Listing, given.a_listing("ascending", "naming", auction_rules=rules)).code


@pytest.fixture
def visitor(client: FlaskClient) -> FlaskClient:
    return given.signed_in(client, given.an_account())


@pytest.fixture
def desk(app: Flask) -> FlaskClient:
    return given.signed_in(app.test_client(), given.staff("approver"))


def path(code: str) -> str:
    return f"/listings/{code}/taking-part"


def apply(client: FlaskClient, code: str, *documents: bytes, **more: Any) -> TestResponse:
    """Fill the form in and send it, with documents."""
    form = read(client.get(path(code))).form(path(code))
    data = {name: value[0] for name, value in form.values.items()} | TYPED | more
    files = [(io.BytesIO(document), f"{n}.pdf") for n, document in enumerate(documents)]
    fields = {name: value for name, value in data.items() if value is not None} | {"enclosures": files}
    return client.post(path(code), data=fields, content_type="multipart/form-data")


def only() -> Participation:
    return db.session.scalars(sa.select(Participation)).one()


def test_an_application_goes_by_page_and_mail_to_a_first_bid(
    visitor: FlaskClient, desk: FlaskClient, code: str
) -> None:
    assert path(code) in read(visitor.get(f"/listings/{code}")).links
    assert apply(visitor, code, PDF).status_code == 303
    assert "仮申込" in read(visitor.get(path(code))).words
    assert path(code) in read(visitor.get("/mypage")).links
    today = read(desk.get("/staff"))
    (link,) = [link for link in today.links if link.startswith("/staff/admissions/")]
    assert link.rpartition("/")[2] in today.words  # two that came in the same minute are told apart
    assert submit(desk, link, action=f"{link}/approve").status_code == 303
    assert "あなたの番号は 01番 です" in read(visitor.get(path(code))).words
    bid = submit(visitor, f"/listings/{code}/bid", {"max_yen": "5000"})
    assert "入札の確認" in read(bid).words


def test_every_fault_stands_beside_its_field_and_nothing_that_was_typed_or_sent_is_lost(
    visitor: FlaskClient, code: str
) -> None:
    faulty = {"party": "company", "name": "", "phone": "役場", "corporate_no": "1234567890123", "pledged": None}
    answer = apply(visitor, code, PDF, **faulty)
    form = read(answer).form(path(code))
    assert answer.status_code == 422
    assert form.errors == {
        "name": "お名前を入力してください。",
        "company": "会社・団体の名前を入力してください。",
        "representative": "代表者の名前を入力してください。",
        "phone": "電話番号を、市外局番から数字で入力してください（例 0237-00-0000）。",
        "corporate_no": "法人番号のけたのどれかが違うようです。国税庁の法人番号公表サイトでお確かめください。",
        "pledged": "誓約書をお読みのうえ、チェックを入れてください。",
    }
    assert [form.value(name) for name in ("party", "address", "phone", "adult")] == [
        "company",
        "月見沢町1-1",
        "役場",
        "y",
    ]
    assert "お預かりした書類 1" in read(answer).words
    assert db.session.scalar(sa.select(Participation)) is None


@pytest.mark.parametrize(
    ("language", "says"),
    [("ja", "200文字までで入力してください。"), ("en", "Error:Please use at most 200 characters.")],
)
def test_what_is_too_long_is_said_once_in_the_readers_language(
    visitor: FlaskClient, code: str, language: str, says: str
) -> None:
    visitor.set_cookie("language", language)
    answer = apply(visitor, code, PDF, address="あ" * 10_000)
    form = read(answer).form(path(code))
    assert (answer.status_code, form.errors, len(form.value("address"))) == (422, {"address": says}, 10_000)


@pytest.mark.parametrize(
    ("language", "says"),
    [
        (Language.EN, "This is a translation. What you pledge is the Japanese text that follows it"),
        (Language.EASY, "あなたが約束（やくそく）するのは、この下の日本語の文です。"),
    ],
)
def test_the_pledge_is_read_in_a_translation_and_made_in_japanese(
    visitor: FlaskClient, code: str, language: Language, says: str
) -> None:
    visitor.set_cookie("language", language)
    shown = read(visitor.get(path(code))).words
    found = [shown.find(part) for part in (says, translation(CURRENT, language), pledge().text, pledge().sha256)]
    assert (found == sorted(found), -1 in found) == (True, False)
    apply(visitor, code, PDF)
    assert (only().pledge_version, only().pledge_hash) == (CURRENT, pledge().sha256)


def test_whoever_reads_japanese_reads_the_pledge_once(visitor: FlaskClient, code: str) -> None:
    page = visitor.get(path(code)).text
    assert (page.count('class="as-typed"'), "これは訳です" in page) == (1, False)


def test_a_document_that_can_not_be_taken_is_refused_beside_its_field(visitor: FlaskClient, code: str) -> None:
    answer = apply(visitor, code, b"MZ this is a program")
    refusal = "書類を読み取れませんでした。PDF、JPEG、PNG のどれかでお送りください。"
    missing = "本人確認の書類などを1つ以上お送りください。"
    assert (answer.status_code, read(answer).form(path(code)).errors) == (422, {"enclosures": f"{missing} {refusal}"})


def test_of_one_form_no_more_documents_are_looked_at_than_there_may_be(visitor: FlaskClient, code: str) -> None:
    """The same small picture a hundred times would be one document, and minutes of work."""
    answer = apply(visitor, code, *[PDF] * enclosing.MOST_ENCLOSURES, b"a sixth")
    refusal = "書類は5つまでです。いらないものを取り除いてから、お送りください。"
    assert (answer.status_code, read(answer).form(path(code)).errors) == (422, {"enclosures": refusal})
    assert "（書類 1）" in read(answer).words


def test_documents_may_be_sent_ahead_and_taken_back(visitor: FlaskClient, code: str) -> None:
    ahead = apply(visitor, code, PDF, only_send="y", adult=None, pledged=None)
    assert (ahead.status_code, read(ahead).form(path(code)).errors) == (200, {})
    (drop,) = [form for form in read(visitor.get(path(code))).forms if form.action.endswith("/drop")]
    assert send(visitor, drop).status_code == 303
    assert "お預かりした書類 1" not in read(visitor.get(path(code))).words


def test_a_second_click_shows_the_first_application(visitor: FlaskClient, code: str) -> None:
    page = read(visitor.get(path(code)))
    assert apply(visitor, code, PDF).status_code == 303
    assert (send(visitor, page.form(path(code))).status_code, only().state) == (303, ParticipationState.APPLIED)


def test_a_bid_without_admission_is_refused_with_the_way_to_apply(visitor: FlaskClient, code: str) -> None:
    asked = visitor.get(f"/listings/{code}/bid")
    assert "入札の前に、参加申込が必要です" in read(asked).words
    token = read(visitor.get(path(code))).form(path(code)).value("csrf_token")
    placed = visitor.post(f"/listings/{code}/bid/place", data={"max_yen": "5000", "agreed": "y", "csrf_token": token})
    assert (placed.status_code, path(code) in read(placed).links) == (403, True)
    assert db.session.scalar(sa.select(Bid)) is None


def test_a_refusal_is_read_with_its_reason_and_the_form_comes_back(
    visitor: FlaskClient, desk: FlaskClient, code: str
) -> None:
    apply(visitor, code, PDF)
    link = f"/staff/admissions/{only().code}"
    empty = submit(desk, link, {"reason": ""}, action=f"{link}/refuse")
    assert (empty.status_code, read(empty).form(f"{link}/refuse").errors) == (
        422,
        {"reason": "お断りする理由を書いてください。ご本人が読みます。"},
    )
    submit(desk, link, {"reason": "書類の字が読めませんでした"}, action=f"{link}/refuse")
    page = read(visitor.get(path(code)))
    assert ("書類の字が読めませんでした" in page.words, page.form(path(code)).value("name")) == (True, "月山 一郎")
    scheduling.cancel(only().listing_id, "staff:ACC-TEST", "中止")
    over = read(visitor.get(path(code)))
    assert [each in over.words for each in ("書類の字が読めませんでした", only().code)] == [True, True]
    assert path(code) not in [form.action for form in over.forms]


def test_the_form_says_until_when_people_apply(visitor: FlaskClient) -> None:
    closes_at = datetime(2099, 5, 1, 12, tzinfo=JST)
    stated = {"until": "2099-04-01T09:00:00+09:00"}
    for part, until in ((stated, "2099年4月1日(水) 午前9時00分"), ({}, "2099年5月1日(金) 午後0時00分")):
        sale = given.a_listing("ascending", "naming", auction_rules={"taking_part": part}, closes_at=closes_at)
        assert f"締切は {until} です。" in read(visitor.get(path(get(Listing, sale).code))).words


def test_a_document_is_read_by_staff_as_a_download_and_the_reading_is_written_down(
    visitor: FlaskClient, desk: FlaskClient, code: str
) -> None:
    apply(visitor, code, PDF)
    row = only()
    (enclosure,) = enclosing.enclosures_of(row.id)
    address = f"/staff/admissions/{row.code}/enclosures/{enclosure.id}"
    assert visitor.get(address).status_code == 403
    answer = desk.get(address)
    assert (answer.data, answer.content_type) == (PDF, "application/pdf")
    assert answer.headers["Content-Disposition"].startswith("attachment;")
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    reads = sa.select(Entry).where(Entry.subject == row.subject, Entry.event == "read_enclosure")
    assert [entry.details for entry in db.session.scalars(reads)] == [{"enclosure": enclosure.id}]


def test_one_application_never_shows_the_documents_of_another(
    visitor: FlaskClient, desk: FlaskClient, code: str
) -> None:
    apply(visitor, code, PDF)
    (enclosure,) = enclosing.enclosures_of(only().id)
    rules: dict[str, Any] = {"taking_part": {}}
    other = get(Participation, given.an_applicant(given.a_listing("sealed", "naming", auction_rules=rules)))
    assert desk.get(f"/staff/admissions/{other.code}/enclosures/{enclosure.id}").status_code == 404


def test_there_is_no_such_page_where_nobody_is_asked_to_apply(visitor: FlaskClient) -> None:
    assert visitor.get(path(get(Listing, given.a_listing("ascending")).code)).status_code == 404


@pytest.mark.parametrize("page", ["/staff/admissions", "/staff/exclusions"])
def test_the_desk_is_for_staff_alone(visitor: FlaskClient, desk: FlaskClient, page: str) -> None:
    assert (visitor.get(page).status_code, desk.get(page).status_code) == (403, 200)


def test_who_decides_on_one_application_goes_on_to_the_next(app: Flask, desk: FlaskClient, code: str) -> None:
    """Without the way over the list and back, forty times in a morning."""
    for _ in range(2):
        apply(given.signed_in(app.test_client(), given.an_account()), code, PDF)
    first, second = db.session.scalars(sa.select(Participation.code).order_by(Participation.id)).all()
    page = f"/staff/admissions/{first}"
    assert "つぎの参加申込" not in read(desk.get(page)).words
    submit(desk, page, action=f"{page}/approve")
    shown = read(desk.get(page))
    assert "つぎの参加申込を開く（あと1件）" in shown.words
    assert f"/staff/admissions/{second}" in shown.links
    submit(desk, f"/staff/admissions/{second}", action=f"/staff/admissions/{second}/approve")
    assert "つぎの参加申込" not in read(desk.get(page)).words


def test_what_nobody_decided_on_before_the_end_waits_for_nobody(
    visitor: FlaskClient, desk: FlaskClient, code: str
) -> None:
    """It stood on the sheet of each day for ever: it could be approved, with a letter, and could not be refused."""
    apply(visitor, code, PDF)
    page = f"/staff/admissions/{only().code}"
    assert (page in read(desk.get("/staff")).links, sheets.waiting()["admissions"]) == (True, 1)
    stale = read(desk.get(page)).form(f"{page}/approve")
    scheduling.cancel(only().listing_id, "staff:ACC-TEST", "中止")
    keeping.drain()
    assert (page in read(desk.get("/staff")).links, sheets.waiting()["admissions"]) == (False, 0)
    listed = read(desk.get("/staff/admissions"))
    assert (page in listed.links, listed.words.index("そのほか") < listed.words.index(only().called)) == (True, True)
    assert [form.action for form in read(desk.get(page)).forms if form.action.startswith(page)] == []
    assert (send(desk, stale).status_code, only().state) == (409, ParticipationState.APPLIED)
    words = read(visitor.get(path(code))).words
    assert ("受付は終わりました。" in words, "役場が審査しています" in words) == (True, False)


def test_the_list_of_exclusions_is_filled_and_lifted_by_approvers(app: Flask, desk: FlaskClient) -> None:
    wrong = submit(desk, "/staff/exclusions", {"why": "不払い"})
    assert (wrong.status_code, read(wrong).form("/staff/exclusions").errors) == (
        422,
        {"email": "メールアドレス、法人番号、名前のどれかを入力してください。"},
    )
    assert submit(desk, "/staff/exclusions", {"why": "不払い", "name": "月山一郎"}).status_code == 303
    row = db.session.scalars(sa.select(Exclusion)).one()
    drafter = given.signed_in(app.test_client(), given.staff("drafter"))
    assert read(drafter.get("/staff/exclusions")).forms == []
    assert submit(desk, "/staff/exclusions", action=f"/staff/exclusions/{row.code}/lift").status_code == 303
    db.session.refresh(row)
    assert row.lifted_at is not None
