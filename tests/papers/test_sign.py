"""A sign for a wall: the whole name, as large as the sheet allows, the same bytes for the same words."""

from marketplace.papers.sign import LARGEST, SMALLEST, WIDTH, fitted, sign


def test_a_short_name_stands_large_and_a_long_one_in_two_rows() -> None:
    assert fitted("湖畔", WIDTH) == (["湖畔"], LARGEST)
    rows, size = fitted("フェリシア月山カヌーセンターとみんなのみずうみのひろば", WIDTH)
    assert (len(rows), "".join(rows)[:5], size > SMALLEST) == (2, "フェリシア", True)


def test_the_same_words_give_the_same_sheet() -> None:
    words = ("フェリシア公園", "ふぇりしあこうえん", ["湧水公園"], "https://town.example.jp/namings/NAM-7K3M9QXA")
    one, other = (sign(*words, issuer="月見沢町", caption="いまの持ち主") for _ in range(2))
    assert (one[:5], one == other) == (b"%PDF-", True)
