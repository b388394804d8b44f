"""Tables as files for spreadsheets: CSV as people's programs read it, with nothing in it that a program would run."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime

from flask import Response

from marketplace.kit.clock import jst

Cell = str | int | float | date | datetime | None
Row = Sequence[Cell]

BOM = "\ufeff"
"""So that Excel reads the file as UTF-8."""
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""A cell that begins so would be run by a spreadsheet, a Japanese one in either width.
https://owasp.org/www-community/attacks/CSV_Injection"""
NOTHING = "－"
"""What stands in a table where there is nothing to say."""
CSV = "text/csv; charset=utf-8"


def harmless(cell: Cell) -> Cell:
    """A cell that no spreadsheet takes for a formula; numbers stay numbers."""
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(FORMULA) and cell != NOTHING else cell


def plain(cell: Cell) -> Cell:
    """A moment as Japan's clock shows it, '2026-11-25 20:00:00', and a day as '2026-11-25': what spreadsheets sort."""
    if isinstance(cell, datetime):
        return f"{jst(cell):%Y-%m-%d %H:%M:%S}"
    return cell.isoformat() if isinstance(cell, date) else cell


def csv_lines(header: Sequence[str], rows: Iterable[Row]) -> Iterator[str]:
    """The file piece by piece: BOM and header first, lines end with CRLF (RFC 4180)."""
    text = io.StringIO()
    writer = csv.writer(text)
    text.write(BOM)
    writer.writerow(header)
    for row in rows:
        yield text.getvalue()
        text.seek(0)
        text.truncate()
        writer.writerow([harmless(plain(cell)) for cell in row])
    yield text.getvalue()


def csv_file(name: str, header: Sequence[str], rows: Iterable[Row]) -> Response:
    """To be downloaded under `name`."""
    return attached(name, "".join(csv_lines(header, rows)), CSV)


def attached(name: str, body: str | bytes, mimetype: str) -> Response:
    response = Response(body, content_type=mimetype)
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
