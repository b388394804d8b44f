"""A map of Japan of which each prefecture is one tile, so that Tokyo is as easy to see as Hokkaido."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from markupsafe import Markup

from marketplace.accounts.rules import PREFECTURES
from marketplace.kit.languages import Language, language, said
from marketplace.kit.plots import frame
from marketplace.relations.plots import Row, in_words

COLUMNS, ROWS = 13, 12
PLACES = {
    "北海道": (12, 0),
    "青森県": (11, 1),
    "秋田県": (10, 2), "岩手県": (11, 2),
    "山形県": (10, 3), "宮城県": (11, 3),
    "石川県": (8, 4), "富山県": (9, 4), "新潟県": (10, 4), "福島県": (11, 4),
    "福井県": (8, 5), "長野県": (9, 5), "群馬県": (10, 5), "栃木県": (11, 5), "茨城県": (12, 5),
    "島根県": (3, 6), "鳥取県": (4, 6), "兵庫県": (5, 6), "京都府": (6, 6), "滋賀県": (7, 6), "岐阜県": (8, 6),
    "山梨県": (9, 6), "埼玉県": (10, 6), "東京都": (11, 6), "千葉県": (12, 6),
    "山口県": (2, 7), "広島県": (3, 7), "岡山県": (4, 7), "大阪府": (5, 7), "奈良県": (6, 7), "三重県": (7, 7),
    "愛知県": (8, 7), "静岡県": (9, 7), "神奈川県": (10, 7),
    "佐賀県": (0, 8), "福岡県": (1, 8), "大分県": (2, 8), "和歌山県": (6, 8),
    "長崎県": (0, 9), "熊本県": (1, 9), "宮崎県": (2, 9), "愛媛県": (3, 9), "香川県": (4, 9), "徳島県": (5, 9),
    "鹿児島県": (1, 10), "高知県": (4, 10),
    "沖縄県": (0, 11),
}  # fmt: skip
"""Column from the west and row from the north."""
_LETTERS = """
HKD AOM IWT MYG AKT YGT FKS IBR TCG GNM SIT CHB TKY KNG NGT TYM ISK FKI YMN NGN GIF SZO AIC MIE SIG KYT OSK HYG NAR WKY
TTR SMN OKY HRS YGC TKS KGW EHM KUC FKO SAG NGS KMM OIT MYZ KGS OKN
"""
ENGLISH = dict(zip(PREFECTURES, _LETTERS.split(), strict=True))
"""Three letters for each, as timetables and weather maps write them; the table beside the map has the whole names."""
SHADES = 3
GAP = 0.06
"""Between tiles, as a part of one."""


def tiles(title: str, unit: str) -> Callable[[Sequence[Row], tuple[float, float], str], Markup]:
    """The first number of each row in its prefecture's tile, darker where it is more; × where it is not said."""

    def draw(rows: Sequence[Row], size: tuple[float, float], name: str) -> Markup:
        side = size[0] / COLUMNS
        counts = {label: numbers[0] for label, numbers in rows}
        most = max((count or 0 for count in counts.values()), default=0)
        body = [_tile(home, counts.get(home, 0), shade(counts.get(home, 0), most), side) for home in PREFECTURES]
        return frame((size[0], side * ROWS), name, said(title), in_words(rows, (title,), unit), "".join(body))

    return draw


def shade(count: int | None, most: int) -> int:
    """0 for nobody and for what is not said, else 1 to SHADES in equal steps of the largest."""
    return 0 if not count else min(SHADES, 1 + count * SHADES // (most + 1))


def _short(home: str, narrow: bool) -> str:
    """'神奈川', '神奈' or 'KNG': as the reader's language writes it on a small map."""
    if language() == Language.EN:
        return ENGLISH[home]
    return home[:2] if narrow else home if home == "北海道" else home[:-1]


def _tile(home: str, count: int | None, step: int, side: float) -> str:
    column, row = PLACES[home]
    x, y, wide = side * (column + GAP / 2), side * (row + GAP / 2), side * (1 - GAP)
    narrow = side < 36  # a phone has room for two signs and four figures
    word = "×" if count is None else "" if not count else f"{count}" if narrow else f"{count:,}"
    figures = "tile__count tile__count--narrow" if narrow else "tile__count"
    middle = f'x="{x + wide / 2:.1f}" text-anchor="middle"'
    return (
        f'<rect class="tile tile--{step}" x="{x:.1f}" y="{y:.1f}" width="{wide:.1f}" height="{wide:.1f}" rx="3"/>'
        f'<text class="tile__name tile__on--{step}" {middle} y="{y + wide * 0.42:.1f}">{_short(home, narrow)}</text>'
        f'<text class="{figures} tile__on--{step}" {middle} y="{y + wide * 0.86:.1f}">{word}</text>'
    )
