import re
import xml.etree.ElementTree as ET
from functools import partial

import pytest

from marketplace.kit.languages import Language, _, speaking
from marketplace.kit.plots import NARROW, WIDE, both, ceiling, columns, fitting, lying


@pytest.mark.parametrize(
    ("highest", "top"),
    [(1, 4), (4, 4), (5, 8), (9, 12), (20, 20), (21, 40), (100, 100), (3_801, 4_000), (99_999, 100_000)],
)
def test_the_scale_ends_at_a_round_number_not_below_the_highest(highest: int, top: int) -> None:
    assert ceiling(highest) == top


def test_the_wide_and_the_narrow_drawing_have_names_of_their_own() -> None:
    page = ET.fromstring(f"<main>{both(partial(columns, title='題'), [('一', 5)], 'n')}</main>")  # noqa: S314 - our own drawing
    names = [mark.attrib["id"] for mark in page.iter() if "id" in mark.attrib]
    assert len(names) == len(set(names)) == 4


@pytest.mark.parametrize("size", [WIDE, NARROW])
@pytest.mark.parametrize("bars", [[("一", 0)], [(f"{n}/1", n * 1_000) for n in range(1, 13)], [("<x>", 5)]])
def test_standing_bars_lie_on_the_sheet_and_say_the_highest(
    size: tuple[float, float], bars: list[tuple[str, int]]
) -> None:
    drawing = ET.fromstring(columns(bars, size, "n", title="題", unit="円"))  # noqa: S314 - our own drawing
    width, height = size
    for bar in drawing.iter("rect"):
        x, y, wide, tall = (float(bar.attrib[name]) for name in ("x", "y", "width", "height"))
        assert 0 <= x <= x + wide <= width
        assert 0 <= y <= y + tall <= height
    label, value = max(bars, key=lambda pair: pair[1])
    assert [each.text for each in drawing.iter("desc")] == [f"{label}の{value:,}円が最も多い。"]


def test_the_highest_is_said_without_a_gap_where_a_language_counts_without_a_word() -> None:
    with speaking(Language.EN):
        drawing = columns([("25 Nov", 1)], WIDE, "n", title="Applications", unit=_("名"))
    assert re.findall("<desc[^>]*>([^<]*)", drawing) == ["Most: 25 Nov, 1. "]


@pytest.mark.parametrize("size", [WIDE, NARROW])
def test_lying_bars_have_room_for_long_names_and_say_every_value(size: tuple[float, float]) -> None:
    bars = [("長い名前の権利" * 9, 2.5, "2.5人"), ("無", 0.0, "0人"), ("&", 5.0, "5人")]
    drawing = ET.fromstring(lying(bars, size, "n", title="題"))  # noqa: S314 - our own drawing
    assert [text.text for text in drawing.iter("text") if text.get("class")] == ["2.5人", "0人", "5人"]
    assert all(float(bar.attrib["x"]) + float(bar.attrib["width"]) <= size[0] for bar in drawing.iter("rect"))


@pytest.mark.parametrize(
    ("word", "shown"),
    [
        ("Payment fees", "Payment fees"),
        ("Being checked by a card company", "Being checked by a c…"),
        ("払うときの手数料（てすうりょう）", "払うときの手数料"),
        ("使いました: お年寄りが病院へ通うためのバス", "使いました: お年寄り…"),
    ],
)
def test_a_word_beside_a_drawing_is_as_long_as_its_room_and_readings_go_first(word: str, shown: str) -> None:
    assert fitting(word, 22) == shown
