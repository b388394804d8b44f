"""A paper holds what was written, its font, and the same bytes each time."""

import hashlib
import re
from io import BytesIO

from pypdf import PdfReader
from reportlab.pdfbase.ttfonts import TTFontFile

from marketplace.papers.paper import Paper, unprintable
from marketplace.papers.typesetting import FONT_FILE

RECORDED = {
    "BIZUDPGothic-Regular.ttf": "22f41ce68f1ce62477ca4ec1e2c0c400cc545ddff31d713e8edf87808614aeb2",
    "LICENSE": "e753d7155d53c747d037a445e584c8ecfca6dd79846db610417e282a736b28bc",
}
"""@expo-google-fonts/biz-udpgothic 0.4.2 on npm: 400Regular/ and LICENSE_FONT (SIL Open Font License 1.1)."""


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
    pdf = receipt().pdf()
    named = set(re.findall(rb"/BaseFont /([\w+-]+)", pdf))
    assert {name.split(b"+")[-1] for name in named} == {b"BIZUDPGothic-Regular"}
    assert pdf.count(b"/FontFile2") == len(named)


def test_the_font_is_the_recorded_one_with_its_licence() -> None:
    folder = FONT_FILE.parent
    assert {each.name: hashlib.sha256(each.read_bytes()).hexdigest() for each in folder.iterdir()} == RECORDED
    assert TTFontFile(FONT_FILE).name == b"BIZUDPGothic-Regular"


def test_a_mark_stands_once_and_only_where_it_was_put() -> None:
    marked = receipt()
    marked.mark("再発行（1回目）\n令和8年11月25日")
    assert (shown(marked.pdf()).count("再発行（1回目）"), shown(receipt().pdf()).count("再発行")) == (1, 0)


def test_signs_that_the_font_cannot_draw_are_named_each_once() -> None:
    assert [unprintable(text) for text in ("髙﨑 花子 Ａb1", "山🐻田🐻\x00", "")] == ["", "🐻\x00", ""]
