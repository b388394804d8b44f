"""The accounting lists as files: CSV and xlsx, of any period."""

from __future__ import annotations

from flask import Blueprint, abort, render_template, request
from flask.typing import ResponseReturnValue

from marketplace.accounts.session import staff
from marketplace.kit.tables import Cell, attached, csv_file, plain
from marketplace.kit.workbooks import XLSX, Sheet, workbook
from marketplace.reports.accounting import BY_NAME, EXPORTS, Export
from marketplace.reports.periods import Period, asked, month, today, usual

bp = Blueprint("exports", __name__, url_prefix="/staff/exports")


@bp.app_template_filter("cell")
def cell_in_words(cell: Cell) -> str:
    """A cell as the page shows it: sums with commas, moments as in the file."""
    if isinstance(cell, int):
        return f"{cell:,}"
    return "" if cell is None else str(plain(cell))


SHOWN = 5
"""Rows of each list that the page shows as a sample."""


@bp.get("")
@staff("treasury", "auditor", "approver")
def index() -> ResponseReturnValue:
    form, period = asked(request.args, month(today()))
    samples = {each.name: each.sample(period, SHOWN) for each in EXPORTS} if period else {}
    page = render_template(
        "reports/exports.html", form=form, period=period, exports=EXPORTS, samples=samples, usual=usual()
    )
    return page, 200 if period else 422


@bp.get("/<name>.<kind>")
@staff("treasury", "auditor", "approver")
def file(name: str, kind: str) -> ResponseReturnValue:
    export = BY_NAME.get(name)
    _form, period = asked(request.args, month(today()))
    if export is None or period is None or kind not in ("csv", "xlsx"):
        abort(404)
    called = f"{name}-{period.first}-{period.last}.{kind}"
    if kind == "csv":
        return csv_file(called, export.header, export.rows(period))
    return attached(called, as_workbook(export, period), XLSX)


def as_workbook(export: Export, period: Period) -> bytes:
    """The list on the first sheet, what its columns hold on the second."""
    wide = [max(11, 2 * len(column) + 2) for column in export.header]
    about = [*export.columns, ("期間", period.ja)]
    return workbook(
        [
            Sheet(export.title, export.header, export.rows(period), widths=wide),
            Sheet("列の説明", ["列", "内容"], about, widths=[20, 80]),
        ]
    )
