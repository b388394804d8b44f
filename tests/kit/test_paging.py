"""A list that is read by pages knows one rule for what stands in the address, however many digits that has."""

from __future__ import annotations

import pytest
from flask import Flask

from marketplace.kit.paging import BEYOND, MOST, asked_page, asked_row, page_of


@pytest.mark.parametrize(
    ("said", "page", "row"),
    [
        ("", 1, None),
        ("page", 1, None),
        ("page=", 1, None),
        *((f"page={strange}", 1, None) for strange in ("0", "000", "-3", "x", "2x", "²", "２", "%2B2", "1.5", "+")),
        ("page=7", 7, 7),
        ("page=" + "0" * 5_000 + "7", 7, 7),
        ("page=7&page=8", 7, 7),
        ("page=99999999999", MOST, BEYOND),
        ("page=" + "9" * 18, MOST, BEYOND),
        ("page=" + "9" * 5_000, MOST, BEYOND),
    ],
)
def test_what_is_no_page_is_the_first_and_what_is_beyond_all_is_counted_still(
    app: Flask, said: str, page: int, row: int | None
) -> None:
    with app.test_request_context(f"/?{said}"):
        assert (asked_page(), asked_row("page")) == (page, row)


@pytest.mark.parametrize(
    ("wanted", "total", "there"),
    [(1, 0, (1, 1)), (9, 0, (1, 1)), (1, 30, (1, 1)), (2, 30, (1, 1)), (2, 31, (2, 2)), (MOST, 91, (4, 4))],
)
def test_who_asks_for_more_pages_than_there_are_gets_the_last(wanted: int, total: int, there: tuple[int, int]) -> None:
    assert page_of(wanted, total, 30) == there
