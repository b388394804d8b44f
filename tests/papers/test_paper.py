"""A paper holds what was written, its font, and the same bytes each time."""

import hashlib
import re
from io import BytesIO

import pytest
from pypdf import PdfReader
from reportlab.pdfbase.ttfonts import TTFontFile

from marketplace.papers.lettering import FILES, FOLDER, runs, width
from marketplace.papers.paper import Paper, unprintable

RECORDED = {
    "BIZUDPGothic-Regular.ttf": "22f41ce68f1ce62477ca4ec1e2c0c400cc545ddff31d713e8edf87808614aeb2",
    "LICENSE": "e753d7155d53c747d037a445e584c8ecfca6dd79846db610417e282a736b28bc",
    "NotoSansJP-Rest.ttf": "8dfafe5b394f79306a057c0da57c5e98e9f1848dd9cd80b5b8f2f32a7e25e7f7",
    "LICENSE-NotoSansJP": "1c05c68c34f9708415aada51f17e1b0092d2cea709bf4a94cd38114f9e73d7d9",
}
"""@expo-google-fonts/biz-udpgothic 0.4.2 and noto-sans-jp 0.4.3 on npm: 400Regular/ and LICENSE_FONT (SIL Open Font
License 1.1). Of Noto Sans JP only what BIZ UDPGothic lacks, without hints and layout tables, by fonttools 4.68.0."""


def receipt(name: str = "髙﨑 花子 様") -> Paper:
    paper = Paper("受付票", issuer="月見沢町", reference="ENT-7K3M9QXA", dated="令和8年11月25日")
    paper.addressee(name)
    paper.text("受け付けました。\n\n<b>しるし</b>ではなく文字です。")
    paper.facts([("受付番号", "ENT-7K3M9QXA"), ("口数", "1口")])
    paper.heading("内訳")
    paper.table(["品名", "金額"], [["デジタル町民証", "1,000円"]] * 60, numbers=[1], widths=[0.7, 0.3])
    paper.code("https://example.jp/r/ENT-7K3M9QXA", "結果はこのコードから")
    paper.large("¥1,000")
    return paper


def shown(pdf: bytes) -> str:
    """The text of every page, without the line breaks that the layout made."""
    return "".join(page.extract_text() for page in PdfReader(BytesIO(pdf)).pages).replace("\n", "")


def test_what_is_written_can_be_read_and_markup_is_text() -> None:
    said = shown(receipt().pdf())
    for text in (
        "受付票",
        "月見沢町",
        "令和8年11月25日",
        "髙﨑 花子 様",
        "<b>しるし</b>ではなく文字です。",
        "口数",
        "1口",
        "¥1,000",
    ):
        assert said.count(text) == 1, text
    assert said.count("デジタル町民証") == 60


def test_each_page_names_the_reference_and_the_table_repeats_its_header() -> None:
    said = shown(receipt().pdf())
    pages = said.count(" ページ")
    assert pages == 3
    assert [said.count(f"{page} ページ") for page in (1, 2, 3, 4)] == [1, 1, 1, 0]
    assert said.count("品名") == 3


def test_the_same_parts_give_the_same_bytes_and_others_do_not() -> None:
    paper = receipt()
    assert paper.pdf() == paper.pdf() == receipt().pdf()
    assert receipt("別の人 様").pdf() != paper.pdf()


def test_no_font_is_left_to_the_printer() -> None:
    pdf = receipt("𠮷田 花子 様").pdf()
    named = set(re.findall(rb"/BaseFont /([\w+-]+)", pdf))
    assert {name.split(b"+")[-1] for name in named} == {b"BIZUDPGothic-Regular", b"NotoSansJP-Regular"}
    assert pdf.count(b"/FontFile2") == len(named)


def test_the_font_is_the_recorded_one_with_its_licence() -> None:
    assert {each.name: hashlib.sha256(each.read_bytes()).hexdigest() for each in FOLDER.iterdir()} == RECORDED
    assert [TTFontFile(file).name for file in FILES.values()] == [b"BIZUDPGothic-Regular", b"NotoSansJP-Regular"]


def test_a_mark_stands_once_and_only_where_it_was_put() -> None:
    marked = receipt()
    marked.mark("再発行（1回目）\n令和8年11月25日")
    assert (shown(marked.pdf()).count("再発行（1回目）"), shown(receipt().pdf()).count("再発行")) == (1, 0)


def test_signs_that_no_font_can_draw_are_named_each_once() -> None:
    assert [unprintable(text) for text in ("髙﨑 花子 Ａb1", "山🐻田🐻ש", "")] == ["", "🐻ש", ""]


@pytest.mark.parametrize(
    "name", ["𠮷田", "高槗", "Nguyễn Thị", "Łukasz Čapek", "渡邉\U000e0100", "辻\ufe00", "か\u3099"]
)
def test_names_of_the_town_can_be_printed(name: str) -> None:
    assert unprintable(name) == ""


def test_a_letter_that_the_first_font_lacks_is_set_in_the_second_and_can_be_read() -> None:
    assert runs("𠮷田 Nguyễn") == [
        ("NotoSansJP", "𠮷"),
        ("BIZUDPGothic", "田 Nguy"),
        ("NotoSansJP", "ễ"),
        ("BIZUDPGothic", "n"),
    ]
    paper = receipt("𠮷田 Nguyễn <b> 様")
    paper.facts([("𠮷", "ễ\nị")])
    assert "𠮷田 Nguyễn <b> 様" in shown(paper.pdf())
    assert width("𠮷田", 10) == 20


def test_what_no_font_has_is_a_mark_where_it_is_a_letter_and_nothing_where_it_is_a_picture() -> None:
    assert runs("שa🐻b\tc👨\u200d👩") == [("BIZUDPGothic", "〓ab c")]
    assert runs("月\ue000 \U000e0fff花") == [("BIZUDPGothic", "月〓 〓花")]


def test_a_cell_that_is_taller_than_a_page_goes_on_overleaf() -> None:
    paper = receipt()
    paper.facts([("件名", "お知らせ"), ("本文", "".join(f"{line}行目です。\n" for line in range(1, 201)))])
    said = shown(paper.pdf())
    assert [said.count(f"{line}行目です。") for line in (7, 199, 200)] == [20, 1, 1]


def test_a_reference_that_is_too_long_for_its_line_ends_before_the_number_of_the_page() -> None:
    whole = Paper("題", issuer="町", reference="権利" * 80)
    said = shown(whole.pdf())
    assert (said.count("権利…") + said.count("権…"), said.count("1 ページ")) == (1, 1)
