"""A sign for a wall: the whole name, as large as the sheet allows, the same bytes for the same words."""

from io import BytesIO

from pypdf import PdfReader

from marketplace.papers.sign import LARGEST, SMALLEST, WIDTH, fitted, sign


def test_a_short_name_stands_large_and_a_long_one_in_two_rows() -> None:
    assert fitted("湖畔", WIDTH) == (["湖畔"], LARGEST)
    rows, size = fitted("フェリシア月山カヌーセンターとみんなのみずうみのひろば", WIDTH)
    assert (len(rows), "".join(rows)[:5], size > SMALLEST) == (2, "フェリシア", True)


def test_the_same_words_give_the_same_sheet() -> None:
    words = ("フェリシア公園", "ふぇりしあこうえん", ["湧水公園"], "https://town.example.jp/namings/NAM-7K3M9QXA")
    one, other = (sign(*words, issuer="月見沢町", caption="いまの持ち主") for _ in range(2))
    assert (one[:5], one == other) == (b"%PDF-", True)


def test_a_name_may_have_letters_that_the_first_font_lacks() -> None:
    made = sign("𠮷田の森", "よしだのもり", ["", "場所" * 40], "https://a.jp/", issuer="月見沢町", caption="持ち主")
    said = PdfReader(BytesIO(made)).pages[0].extract_text().replace("\n", "")
    assert [said.count(words) for words in ("𠮷田の森", "場所" * 40)] == [1, 1]
