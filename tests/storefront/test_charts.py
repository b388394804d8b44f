import xml.etree.ElementTree as ET
from datetime import UTC, datetime, timedelta

import pytest

from marketplace.kit.clock import pretending
from marketplace.kit.plots import NARROW, WIDE
from marketplace.storefront.charts import Sale, counts, median, prices, spans

START = datetime(2026, 4, 20, tzinfo=UTC)


def sales(*yens: int, every: timedelta = timedelta(hours=1)) -> list[Sale]:
    return [Sale(START + i * every, yen) for i, yen in enumerate(yens)]


@pytest.mark.parametrize(("among", "middle"), [([3], 3), ([5, 1], 3), ([4, 1], 3), ([9, 1, 5], 5), ([1, 2, 3, 100], 3)])
def test_the_median_of_two_middle_prices_is_their_mean_rounded_up(among: list[int], middle: int) -> None:
    assert median(among) == middle


def test_sales_within_two_months_are_counted_by_day_in_japan() -> None:
    late = [Sale(datetime(2026, 4, 20, 14, 59, tzinfo=UTC), 100), Sale(datetime(2026, 4, 20, 15, 0, tzinfo=UTC), 300)]
    with pretending(late[-1].at):
        told = [(span.label, span.count, span.median, span.volume) for span in spans(late)]
    assert told == [("4月20日", 1, 100, 100), ("4月21日", 1, 300, 300)]


def test_sales_over_a_longer_time_are_counted_by_month() -> None:
    told = [
        (span.label, span.count, span.median, span.volume)
        for span in spans(sales(100, 200, 300, every=timedelta(days=35)))
    ]
    assert told == [("2026年4月", 1, 100, 100), ("2026年5月", 1, 200, 200), ("2026年6月", 1, 300, 300)]


def test_days_of_another_year_say_it() -> None:
    with pretending(START):
        assert [span.label for span in spans(sales(100))] == ["4月20日"]
    with pretending(START + timedelta(days=3_000)):
        assert [(span.label, span.short) for span in spans(sales(100))] == [("2026年4月20日", "4月20日")]


@pytest.mark.parametrize("size", [WIDE, NARROW])
def test_below_the_bars_of_ten_years_stands_which_year_each_is_of(size: tuple[float, float]) -> None:
    drawing = ET.fromstring(counts(sales(*[500] * 120, every=timedelta(days=30)), size, "n"))  # noqa: S314 -- ours
    below = [mark.text or "" for mark in drawing.iter() if mark.get("text-anchor") == "middle"]
    assert below[0] == "2026年4月"
    assert [each for each in below if "年" not in each] == []
    one_year = ET.fromstring(counts(sales(*[500] * 8, every=timedelta(days=30)), size, "n"))  # noqa: S314 -- ours
    assert next(mark.text for mark in one_year.iter() if mark.get("text-anchor") == "middle") == "4月"


def test_no_sales_have_no_spans() -> None:
    assert spans([]) == []


@pytest.mark.parametrize("draw", [prices, counts])
@pytest.mark.parametrize("size", [WIDE, NARROW])
@pytest.mark.parametrize(
    "among", [sales(500), sales(100, 300, 200), sales(*range(100, 900, 10), every=timedelta(days=9))]
)
def test_everything_drawn_lies_on_the_sheet(draw: type, size: tuple[float, float], among: list[Sale]) -> None:
    drawing = ET.fromstring(draw(among, size, "n"))  # noqa: S314 - our own drawing
    width, height = size
    for mark in drawing.iter():
        for name, value in mark.attrib.items():
            if name in ("x", "cx", "x1", "x2"):
                assert 0 <= float(value) <= width, mark.attrib
            if name in ("y", "cy", "y1", "y2"):
                assert 0 <= float(value) <= height, mark.attrib


def test_the_middle_price_is_a_line_even_where_all_were_sold_on_one_day() -> None:
    drawing = ET.fromstring(prices(sales(100, 300, 200), WIDE, "n"))  # noqa: S314 - our own drawing
    middle = drawing.findall("circle")[2].attrib["cy"]
    lines = [line.attrib["points"] for line in drawing.findall("polyline")]
    assert lines == [f"74.0,{middle} 470.0,{middle}"]


@pytest.mark.parametrize("size", [WIDE, NARROW])
def test_a_sale_that_is_the_only_one_is_a_dot_with_its_price_and_its_day_and_no_line(size: tuple[float, float]) -> None:
    drawing = ET.fromstring(prices(sales(8_000), size, "n"))  # noqa: S314 - our own drawing
    assert [len(drawing.findall(mark)) for mark in ("circle", "polyline")] == [1, 0]
    words = [word.text for word in drawing.findall("text")]
    assert words == ["0円", "2,000円", "4,000円", "6,000円", "8,000円", "8,000円", "2026年4月20日"]
    assert [each.text for each in drawing.iter("desc")] == ["取引は1件で、2026年4月20日の8,000円です。"]


def test_every_sale_is_a_dot_and_a_dearer_one_stands_higher() -> None:
    dots = ET.fromstring(prices(sales(100, 300, 200), WIDE, "n")).findall("circle")  # noqa: S314 - our own drawing
    heights = [float(dot.attrib["cy"]) for dot in dots]
    assert [heights.index(y) for y in sorted(heights)] == [1, 2, 0]


def test_a_chart_is_told_in_words_to_those_who_do_not_see_it() -> None:
    drawing = ET.fromstring(prices(sales(100, 300), WIDE, "n"))  # noqa: S314 - our own drawing
    named = {mark.attrib["id"]: mark.text for mark in drawing.iter() if "id" in mark.attrib}
    assert drawing.attrib["aria-labelledby"].split() == list(named)
    assert named["n-d"] == "2件の取引。いちばん安いもので100円、高いもので300円、中央値は200円。"
