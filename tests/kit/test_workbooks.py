from __future__ import annotations

import zipfile
from datetime import UTC, date, datetime
from io import BytesIO

import pytest
from openpyxl import load_workbook

from marketplace.kit.tables import Cell
from marketplace.kit.workbooks import MOST_UNPACKED, NotAWorkbook, Sheet, read_rows, workbook

ROWS: list[list[Cell]] = [
    ["=1+1", 1_300, datetime(2026, 11, 25, 11, 0, tzinfo=UTC)],
    ["月山", -5, date(2026, 4, 1)],
    [None, None, None],
    ["おわり\x0b", 2.5, None],
]


def test_text_is_text_and_numbers_are_numbers() -> None:
    page = load_workbook(BytesIO(workbook([Sheet("表", ["名", "円", "時"], ROWS)])))["表"]
    cell = page["A2"]
    assert (cell.value, cell.data_type, page["B2"].value, page["B3"].value) == ("=1+1", "s", 1_300, -5)
    assert (page["C2"].value, page["C3"].value, page.freeze_panes) == (
        datetime(2026, 11, 25, 20, 0),  # noqa: DTZ001 -- a spreadsheet knows no zones
        datetime(2026, 4, 1),  # noqa: DTZ001 -- as above
        "A2",
    )


def test_what_is_written_is_read_as_people_see_it() -> None:
    assert read_rows(workbook([Sheet("表", ["名", "円", "時"], ROWS)]), 10) == [
        ["名", "円", "時"],
        ["=1+1", "1300", "2026-11-25 20:00"],
        ["月山", "-5", "2026-04-01"],
        [],
        ["おわり", "2.5"],
    ]


def test_no_more_rows_are_read_than_asked() -> None:
    assert len(read_rows(workbook([Sheet("表", ["n"], [[n] for n in range(100)])]), 7)) == 7


def test_choices_are_offered_in_the_sheet() -> None:
    page = load_workbook(BytesIO(workbook([Sheet("表", ["a", "b"], [], choices={1: ["定額", "抽選"]})])))["表"]
    (rule,) = page.data_validations.dataValidation
    assert (rule.formula1, str(rule.sqref)) == ('"定額,抽選"', "B2:B3000")


def bomb() -> bytes:
    out = BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("xl/workbook.xml", b"0" * (MOST_UNPACKED + 1))
    return out.getvalue()


JUNK = [b"", b"PK\x03\x04", b"\xff" * 100, b"a,b\r\n1,2"]


@pytest.mark.parametrize("data", JUNK, ids=lambda data: str(len(data)))
def test_what_is_no_workbook_is_refused(data: bytes) -> None:
    with pytest.raises(NotAWorkbook):
        read_rows(data, 10)


def test_what_unpacks_to_more_than_a_workbook_has_is_refused() -> None:
    with pytest.raises(NotAWorkbook):
        read_rows(bomb(), 10)
