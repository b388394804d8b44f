from __future__ import annotations

import csv
import io
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketplace.kit.tables import csv_lines, harmless


def written(*rows: tuple[object, ...]) -> str:
    return "".join(csv_lines(["一", "二"], rows))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "cell",
    [
        "=1+1",
        "+81-237",
        "-1",
        "@SUM(A1)",
        "\tx",
        "\rx",
        '=HYPERLINK("http://x")',
        "＝1+1",
        "＋81",
        "－1",
        "＠SUM",
        "\n=1",
    ],
)
def test_what_a_spreadsheet_would_run_becomes_text(cell: str) -> None:
    assert harmless(cell) == f"'{cell}"


@pytest.mark.parametrize("cell", ["", "月山", "1-1", "a=b", "－", -500, 0, 1.5, None])
def test_the_rest_stays_as_it_is_and_numbers_stay_numbers(cell: object) -> None:
    assert harmless(cell) == cell  # type: ignore[arg-type]


@given(st.text())
def test_no_cell_begins_a_formula(text: str) -> None:
    assert str(harmless(text))[:1] not in ("=", "+", "-", "@", "\t", "\r")
    assert str(harmless(text)).removeprefix("'") in (text, text.removeprefix("'"))


def test_the_file_begins_with_a_byte_order_mark_and_has_windows_line_ends() -> None:
    assert written(("髙", 1), ("a,b", -2)) == '\ufeff一,二\r\n髙,1\r\n"a,b",-2\r\n'


def test_moments_are_told_in_japan() -> None:
    assert written((datetime(2026, 11, 25, 11, 0, tzinfo=UTC), date(2026, 4, 1))).splitlines()[1] == (
        "2026-11-25 20:00:00,2026-04-01"
    )


def test_a_table_without_rows_has_its_header() -> None:
    assert written() == "\ufeff一,二\r\n"


@given(st.lists(st.tuples(st.text(), st.integers())))
def test_what_is_written_is_read_again(rows: list[tuple[str, int]]) -> None:
    read = list(csv.reader(io.StringIO(written(*rows).removeprefix("\ufeff"), newline="")))
    assert read == [["一", "二"], *([str(harmless(text)), str(number)] for text, number in rows)]
