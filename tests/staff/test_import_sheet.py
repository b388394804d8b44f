from __future__ import annotations

import io

import pytest
from flask import Flask
from openpyxl import load_workbook

from marketplace.kit.refusals import Invalid
from marketplace.staff import import_sheet
from marketplace.staff.drafting import USUAL
from marketplace.staff.importing import Checker
from tests.staff.sheets import as_csv, as_xlsx, row, titles

pytestmark = pytest.mark.on_sqlite


@pytest.fixture(autouse=True)
def _app(app: Flask) -> None:
    """Every test here has a town."""


def faults(**cells: str) -> dict[str, str]:
    checker = Checker()
    ((_number, read),) = import_sheet.read(as_csv([row("A-1", **cells)]), checker.columns)
    told, values = checker.look(read)
    assert bool(values) != bool(told)
    return {checker.titles[field]: why for field, why in told.items()}


def test_the_columns_are_the_fields_of_the_form_each_with_a_title_of_its_own() -> None:
    told = titles()
    assert (told[:3], len(set(told)), "絵のファイル" in told) == (["管理番号", "種類", "名前"], len(told), False)
    required = {column.title for column in Checker().columns if column.required}
    assert required == {
        *("管理番号", "種類", "名前", "ひとことの説明", "利用の条件", "売り方", "受付の開始", "絵の説明"),
    }
    assert {column.title: column.must for column in Checker().columns if column.must and not column.required} == {
        "価格（税込）": "必須（交付をのぞく）",
        "受付の終了": "必須（定額と交付をのぞく）",
        "抽選": "必須（抽選のとき）",
    }


def test_what_is_required_but_for_some_is_what_the_form_refuses_without() -> None:
    without = {"受付の終了": "", "抽選": "", "価格（税込）": ""}
    assert faults(**without, 売り方="抽選", 応募できる年齢="") == {
        "価格（税込）": "価格を入力してください。",
        "受付の終了": "受付を終わる日時を入力してください。",
        "抽選": "抽選の日時は、受付の終了以後にしてください。",
    }
    assert faults(**without) == {"価格（税込）": "価格を入力してください。"}
    assert faults(**without, 売り方="交付") == {}


def test_a_column_says_once_what_an_empty_cell_means_and_offers_no_choice_of_one() -> None:
    about = {column.title: column.about for column in Checker().columns}
    assert {title: words for title, words in about.items() if words.count("空欄なら") > 1} == {}
    assert {
        title: about[title]
        for title in ("終了の何分前から", "はじめの終了から何分まで", "会計", "書類を必ず送ってもらう", "公開（公告）")
    } == {
        "終了の何分前から": "空欄なら「5」",
        "はじめの終了から何分まで": "空欄なら「120」",
        "会計": "代金が入る会計。領収書の登録番号が決まります。空欄なら「一般会計」",
        "書類を必ず送ってもらう": "本人確認の書類や、登記事項証明書など。「はい」か「いいえ」。空欄なら「いいえ」",
        "公開（公告）": "空欄なら、承認されしだい。2026-12-01 10:00 の形（日本時間）",
    }


def test_a_row_becomes_what_the_form_would_give() -> None:
    checker = Checker()
    ((_number, cells),) = import_sheet.read(as_xlsx([row("A-1")]), checker.columns)
    faults, values = checker.look(cells)
    assert faults == {}
    told = ("kind", "mode", "price_yen", "quantity", "hold_minutes", "royalty_bps", "transferable", "tax", "budget")
    assert [str(values[name]) for name in told] == [
        *("resident", "fixed", "3000", "100", "15", "500", "True", "taxable_10", "general"),
    ]
    assert values["terms"] == [
        {"ja": "法律上の住民票ではありません。", "en": ""},
        {"ja": "値上がりを約束するものではありません。", "en": "No rise is promised."},
    ]
    assert values["opens_at"].isoformat() == "2030-04-01T01:00:00+00:00"


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-8", "cp932"])
def test_csv_is_read_as_excel_in_japan_writes_it(encoding: str) -> None:
    ((number, cells),) = import_sheet.read(as_csv([row("甲-1")], encoding), Checker().columns)
    assert (number, cells["key"], cells["kind"]) == (2, "甲-1", "デジタル住民票")


def test_empty_rows_keep_the_numbers_of_the_others() -> None:
    rows = import_sheet.read(as_csv([row("A"), {}, row("B"), {}]), Checker().columns)
    assert [(number, cells["key"]) for number, cells in rows] == [(2, "A"), (4, "B")]


@pytest.mark.parametrize(
    ("column", "typed", "why"),
    [
        ("価格（税込）", "さんぜん", "金額は数字で入力してください（例 1,300）。"),
        ("価格（税込）", "10", "価格は50円以上にしてください。"),
        ("数", "0", "1から999,999までの数字で入力してください。"),
        (
            "種類",
            "住民票",
            "「デジタル住民票」「キャラクタートレカ」「講演権・相談権」「命名権」「証明書」「体験権」のどれかを入力してください。",
        ),
        ("売り方", "", "「定額」「抽選」「オークション」「入札」「交付」のどれかを入力してください。"),
        ("受付の開始", "あした", "2026-12-01 10:00 の形で入力してください。"),
        ("受付の開始", "0001-01-01 00:00", "2000年から2199年までの日を選んでください。"),
        ("受付の終了", "9999-12-31 23:59", "2000年から2199年までの日を選んでください。"),
        ("ほかの人にゆずれる", "たぶん", "「はい」か「いいえ」で入力してください。"),
        ("名前", "", "名前を入力してください。"),
        ("利用の条件", "", "条件を1行以上書いてください。"),
        ("利用の条件", "1つ目\n" + "あ" * 501, "2つ目が長すぎます。1行は500文字までで入力してください。"),
        ("特典", "湯\n" * 51, "50行までで入力してください。"),
        ("ゆずり渡しのときに基金へ入る割合", "11", "還元金は0％から10％までです。"),
        ("ひとことの説明（英語）", "x" * 401, "400文字までで入力してください。"),
        ("管理番号", "あ" * 65, "管理番号は64文字までで入力してください。"),
        ("管理番号", "", "管理番号を入力してください。"),
    ],
)
def test_a_fault_is_told_by_its_column_in_the_words_of_the_form(column: str, typed: str, why: str) -> None:
    assert faults(**{column: typed}) == {column: why}


@pytest.mark.parametrize(("said", "meant"), [("◯", True), ("ＹＥＳ", True), ("１", True), ("✕", False), ("０", False)])
def test_yes_and_no_are_read_in_every_width_and_shape(said: str, meant: bool) -> None:
    checker = Checker()
    ((_number, cells),) = import_sheet.read(as_xlsx([row("A-1", ほかの人にゆずれる=said)]), checker.columns)
    found, values = checker.look(cells)
    assert (found, values["transferable"]) == ({}, meant)


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "1行目に、何も書かれていません。"),
        ("管理番号,名まえ\r\n1,x".encode(), "1行目に、知らない列があります: 名まえ"),
        ("管理番号,管理番号\r\n1,x".encode(), "1行目に、同じ列が2つあります: 管理番号"),
        ("管理番号\r\n1".encode(), "1行目に、次の列がありません: 種類、名前"),
        ("番号,題\r\n1,x".encode(), "1行目に、ひな形の列が1つもありません。"),
        (b"\xff\xfe\x00\x81", "表を読み取れません。"),
        (b"\x89PNG\r\n\x1a\n" + "絵".encode("cp932"), "表を読み取れません。"),
        (as_csv([row("A", 名前="あ\x00い")]), "表を読み取れません。"),
        (b"PK\x03\x04 no workbook", "表計算のファイルとして開けません。"),
        (as_csv([row(""), {}])[: as_csv([row("")]).index(b"\r\n") + 2], "行がありません。"),
        (as_csv([row(str(n)) for n in range(2_001)]), "1回に取りこめるのは2,000行までです。"),
    ],
    ids=[
        *("empty", "unknown", "double", "missing", "other titles", "bytes", "picture", "nul", "zip", "no rows"),
        "too many",
    ],
)
def test_what_is_no_such_table_is_refused_in_one_sentence(data: bytes, says: str) -> None:
    with pytest.raises(Invalid) as refused:
        import_sheet.read(data, Checker().columns)
    assert str(refused.value).startswith(says)


def test_the_template_has_its_examples_on_another_sheet_and_they_are_faultless() -> None:
    checker = Checker()
    book = load_workbook(io.BytesIO(import_sheet.template(checker.columns, import_sheet.examples(checker.columns))))
    assert (book.sheetnames, book["入力"].max_row) == (["入力", "列の説明", "見本"], 1)
    about = {line[0]: line[1:] for line in book["列の説明"].iter_rows(values_only=True)}
    assert about["名前（英語）"] == (None, None, "Digital Resident, Fourth Edition")
    lines = [[str(cell or "") for cell in line] for line in book["見本"].iter_rows(values_only=True)]
    rows = [dict(zip(lines[0], line, strict=True)) for line in lines[1:]]
    assert len(rows) >= 5
    for _number, cells in import_sheet.read(as_xlsx(rows), checker.columns):
        assert checker.look(cells)[0] == {}, cells["key"]


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("2026/12/1 9:05", "2026-12-01T09:05"),
        ("2026-12-01T10:00:30", "2026-12-01T10:00"),
        ("2026-12-01T10:00", "2026-12-01T10:00"),
        ("2026-12-01", "2026-12-01T00:00"),
        ("2026年12月1日 10時", "2026-12-01T10:00"),
        ("２０２６年１２月１日９時５分", "2026-12-01T09:05"),
        ("令和8年12月1日 10時", "2026-12-01T10:00"),
        ("R8.12.1 午後8時30分", "2026-12-01T20:30"),
        ("2026ー12ー1　午前0時", "2026-12-01T00:00"),
        ("2026年12月1日 午後12時", "2026年12月1日 午後12時"),
        ("2026-13-01", "2026-13-01"),
        ("2026-12-01 9:5", "2026-12-01 9:5"),
        ("12月1日", "12月1日"),
        ("", ""),
    ],
)
def test_a_moment_as_people_type_it(typed: str, read: str) -> None:
    assert import_sheet.moment(typed) == read


def test_a_choice_that_nobody_made_is_sent_as_a_browser_sends_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(USUAL, "tax")
    ((_number, cells),) = import_sheet.read(as_csv([row("A-1")]), Checker().columns)
    faults, values = Checker().look(cells)
    assert (faults, str(values["tax"])) == ({}, "taxable_10")
