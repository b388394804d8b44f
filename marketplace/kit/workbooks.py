"""xlsx files (ECMA-376): text is written as text, whatever it begins with; what comes in is read as people see it."""

from __future__ import annotations

import zipfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from io import BytesIO
from typing import Any

from marketplace.kit.clock import jst
from marketplace.kit.refusals import Invalid
from marketplace.kit.tables import Cell, Row

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
MOST_UNPACKED = 80 * 1024 * 1024
"""A file that claims to hold more is not opened: some kilobytes can be packed that unfold to gigabytes."""
CONTROL = dict.fromkeys([*range(9), 11, 12, *range(14, 32)])
"""Signs that the format has no way to write."""

# openpyxl is slow to import, and most processes never open a workbook.
# ruff: noqa: PLC0415 -- the reason above holds for every import below


class NotAWorkbook(Invalid):
    code = "not_a_workbook"
    message = "表計算のファイルとして開けません。Excelの形（.xlsx）かCSVで保存したファイルを選んでください。"


@dataclass(frozen=True)
class Sheet:
    """A page of the workbook. `widths` in characters; `choices` {column from 0: allowed words} become lists to pick."""

    title: str
    header: Sequence[str]
    rows: Iterable[Row]
    widths: Sequence[int] = ()
    choices: Mapping[int, Sequence[str]] = field(default_factory=dict)


def workbook(sheets: Sequence[Sheet]) -> bytes:
    """The file. The header of each sheet stays in view."""
    from openpyxl import Workbook
    from openpyxl.utils import get_column_letter
    from openpyxl.worksheet.datavalidation import DataValidation

    book = Workbook(write_only=True)
    for sheet in sheets:
        page = book.create_sheet(sheet.title)
        page.freeze_panes = "A2"
        for at, width in enumerate(sheet.widths, 1):
            page.column_dimensions[get_column_letter(at)].width = width
        for at, words in sheet.choices.items():
            letter = get_column_letter(at + 1)
            rule = DataValidation("list", formula1=f'"{",".join(words)}"', allow_blank=True)
            rule.add(f"{letter}2:{letter}3000")
            page.data_validations.append(rule)
        page.append([_head(page, word) for word in sheet.header])
        for row in sheet.rows:
            page.append([_cell(page, cell) for cell in row])
    out = BytesIO()
    book.save(out)
    return out.getvalue()


def _head(page: Any, word: str) -> Any:
    from openpyxl.styles import Alignment, Font, PatternFill

    cell = _cell(page, word)
    cell.font, cell.fill = Font(bold=True), PatternFill("solid", fgColor="E6EFE9")
    cell.alignment = Alignment(wrap_text=True, vertical="top")
    return cell


def _cell(page: Any, value: Cell) -> Any:
    from openpyxl.cell import WriteOnlyCell

    if isinstance(value, datetime):
        cell = WriteOnlyCell(page, jst(value).replace(tzinfo=None))
        cell.number_format = "yyyy-mm-dd hh:mm:ss"
    elif isinstance(value, date):
        cell = WriteOnlyCell(page, value)
        cell.number_format = "yyyy-mm-dd"
    elif isinstance(value, str):
        cell = WriteOnlyCell(page, value.translate(CONTROL))
        cell.data_type = "s"  # else "=…" would be a formula
    else:
        cell = WriteOnlyCell(page, value)
        if isinstance(value, int):
            cell.number_format = "#,##0"
    return cell


def read_rows(data: bytes, most: int) -> list[list[str]]:
    """The cells of the first sheet as text, up to `most` rows; empty rows keep their place,
    and a row ends with its last cell that is not empty. NotAWorkbook.

    Formulas come as the value that was last computed; a date as '2026-11-25' or '2026-11-25 20:00'.
    """
    from openpyxl import load_workbook

    try:
        with zipfile.ZipFile(BytesIO(data)) as packed:
            if sum(each.file_size for each in packed.infolist()) > MOST_UNPACKED:
                raise NotAWorkbook
        book = load_workbook(BytesIO(data), read_only=True, data_only=True)
        try:
            page = book.worksheets[0]
            page.reset_dimensions()  # what the file says of its size may be wrong
            return [[_text(value) for value in row] for row in page.iter_rows(max_row=most, values_only=True)]
        finally:
            book.close()
    except NotAWorkbook:
        raise
    except Exception as wrong:  # a file from anybody: the library fails in a hundred ways
        raise NotAWorkbook from wrong


def _text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        midnight = value.time() == time()
        return f"{value:%Y-%m-%d}" if midnight else f"{value:%Y-%m-%d %H:%M}"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)
