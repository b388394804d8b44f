from __future__ import annotations

import io

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from marketplace.kit.db import db
from marketplace.outbox import keeping
from marketplace.staff import import_desk, importing
from marketplace.staff.models import ImportedRow, ListingImport
from tests import given
from tests.pages import read, submit
from tests.staff.sheets import as_csv, as_xlsx, row, titles, with_37_faults

PATH = "/staff/imports"


@pytest.fixture
def desk(app: Flask, client: FlaskClient) -> FlaskClient:
    return given.signed_in(client, given.staff("drafter"))


def send_file(desk: FlaskClient, data: bytes, name: str = "四季.xlsx") -> TestResponse:
    token = read(desk.get(PATH)).form(PATH).value("csrf_token")
    return desk.post(PATH, data={"csrf_token": token, "file": (io.BytesIO(data), name)})


def test_a_clerk_sends_a_table_sees_it_checked_and_has_the_drafts_made(desk: FlaskClient) -> None:
    where = send_file(desk, as_xlsx([row("A-1", 名前="春"), row("A-2", 名前="秋")])).location
    waiting = read(desk.get(where)).words
    assert "2行のうち0行を確かめました。" in waiting
    keeping.drain()
    assert "直すところはありません" in read(desk.get(where)).words
    answer = submit(desk, where, action=f"{where}/import")
    assert (answer.status_code, answer.location) == (303, where)
    assert "下書きをつくっています" in read(desk.get(where)).words
    keeping.drain()
    page = read(desk.get(where))
    assert "2件の下書きをつくりました。" in page.words
    assert len([link for link in page.links if link.endswith("/preview")]) == 2
    assert "四季.xlsx" in read(desk.get(PATH)).words


def test_of_two_thousand_rows_with_37_faults_each_is_a_draft_or_named_on_one_page(desk: FlaskClient) -> None:
    where = send_file(desk, as_xlsx(with_37_faults())).location
    keeping.drain()
    page = read(desk.get(where))
    assert "直すところが37か所、36行にあります" in page.words
    assert page.words.count("金額は数字で入力してください（例 1,300）。") == 36
    assert page.words.count("2026-12-01 10:00 の形で入力してください。") == 1
    assert "直すところのない1,964行だけを、先に取りこむ" in page.words
    assert desk.get(where, headers={"HX-Request": "true"}).text.lstrip().startswith("<div id")
    submit(desk, where, action=f"{where}/import")
    keeping.drain()
    words = read(desk.get(where)).words
    assert "1,964件の下書きをつくりました。36行は、直すところがあるので取りこんでいません。" in words
    done = db.session.scalars(sa.select(ListingImport)).one()
    named, made = {fault["row"] for fault in done.faults}, set(db.session.scalars(sa.select(ImportedRow.key)))
    assert {cells["key"] for number, cells in done.rows if number not in named} == made


def test_the_faultless_rows_are_made_drafts_first_and_the_page_names_the_rest(desk: FlaskClient) -> None:
    where = send_file(desk, as_csv([row("A-1", 名前="春"), row("A-2", 数="x")])).location
    keeping.drain()
    submit(desk, where, action=f"{where}/import")
    assert "下書きをつくっています。2行のうち0行を取りこみました。" in read(desk.get(where)).words
    keeping.drain()
    page = read(desk.get(where))
    assert "1件の下書きをつくりました。1行は、直すところがあるので取りこんでいません。" in page.words
    assert ("数字で入力してください。" in page.words, "春" in page.words) == (True, True)
    assert "1件 直すところ1" in read(desk.get(PATH)).words


def test_a_table_with_faults_is_not_imported_without_asking_for_the_rest(desk: FlaskClient) -> None:
    where = send_file(desk, as_csv([row("A-1"), row("A-2", 数="x")])).location
    keeping.drain()
    token = read(desk.get(where)).form(f"{where}/import").value("csrf_token")
    answer = desk.post(f"{where}/import", data={"csrf_token": token})
    assert (answer.status_code, "直すところが残っています" in read(answer).words) == (409, True)


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "1行目に、何も書かれていません"),
        (b"PK\x03\x04", "表計算のファイルとして開けません"),
        (b"x" * 2_001, "ファイルが大きすぎます。5MBまでです。"),
    ],
    ids=["empty", "broken", "large"],
)
def test_what_is_no_table_is_refused_beside_the_field(
    desk: FlaskClient, monkeypatch: pytest.MonkeyPatch, data: bytes, says: str
) -> None:
    monkeypatch.setattr(import_desk, "MOST_BYTES", 2_000)
    answer = send_file(desk, data)
    assert answer.status_code == 422
    assert says in read(answer).form(PATH).errors["file"]


def test_without_a_file_it_says_so(desk: FlaskClient) -> None:
    answer = submit(desk, PATH)
    assert (answer.status_code, read(answer).form(PATH).errors) == (422, {"file": "ファイルを選んでください。"})


def test_the_templates_can_be_taken(desk: FlaskClient) -> None:
    book, text = (desk.get(f"{PATH}/template.{kind}") for kind in ("xlsx", "csv"))
    assert (book.data[:2], text.data.decode("utf-8-sig").splitlines()) == (b"PK", [",".join(titles())])


def test_rows_that_are_drafts_already_are_said(desk: FlaskClient) -> None:
    first = send_file(desk, as_csv([row("A-1")])).location
    keeping.drain()
    submit(desk, first, action=f"{first}/import")
    keeping.drain()
    assert "1件の下書きをつくりました。" in read(desk.get(send_file(desk, as_csv([row("A-1")])).location)).words
    second = send_file(desk, as_csv([row("A-1"), row("A-2")])).location
    keeping.drain()
    assert "1行は取りこみずみです。残りの1行だけを取りこみます。" in read(desk.get(second)).words
    third = send_file(desk, as_csv([row("A-1", 名前="べつの名前")])).location
    keeping.drain()
    assert "どの行も取りこみずみです" in read(desk.get(third)).words


@pytest.mark.parametrize("role", ["approver", "treasury", "counter"])
def test_only_drafters_may(app: Flask, client: FlaskClient, role: str) -> None:
    code = importing.upload(as_csv([row("A-1")]), "表.csv", given.staff("drafter"))
    given.signed_in(client, given.staff(role))
    token = read(client.get("/account")).form("/account").value("csrf_token")
    paths = (PATH, f"{PATH}/{code}", f"{PATH}/template.xlsx", f"{PATH}/template.csv", f"{PATH}/examples.csv")
    assert [client.get(path).status_code for path in paths] == [403] * 5
    for path in (PATH, f"{PATH}/{code}/import"):
        assert client.post(path, data={"csrf_token": token}).status_code == 403


def test_an_import_that_never_was_is_not_found(desk: FlaskClient) -> None:
    assert desk.get(f"{PATH}/IMP-NOTHERE").status_code == 404


def test_the_examples_as_csv_can_be_sent_as_they_are(desk: FlaskClient) -> None:
    where = send_file(desk, desk.get(f"{PATH}/examples.csv").data, "見本.csv").location
    keeping.drain()
    assert "直すところはありません" in read(desk.get(where)).words


def test_the_page_shows_an_example_beside_a_column_that_is_typed(desk: FlaskClient) -> None:
    page = "".join(read(desk.get(PATH)).words.split())
    assert "名前※必須例「デジタル住民票第4弾」" in page
    assert "価格（税込）※必須（交付をのぞく）オークションと入札では開始価格例「" in page
