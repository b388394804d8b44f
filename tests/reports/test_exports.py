from __future__ import annotations

import csv
import io

import pytest
from flask import Flask
from flask.testing import FlaskClient
from openpyxl import load_workbook

from marketplace.reports.accounting import EXPORTS
from marketplace.reports.periods import month, today
from tests import given
from tests.pages import read
from tests.reports.books import returned, sold

PATH = "/staff/exports"


def at_desk(client: FlaskClient, role: str = "treasury") -> FlaskClient:
    return given.signed_in(client, given.staff(role))


@pytest.mark.parametrize("role", ["treasury", "auditor", "approver"])
def test_the_lists_are_offered_with_a_sample_and_the_meaning_of_each_column(
    app: Flask, client: FlaskClient, role: str
) -> None:
    order = sold()
    page = read(at_desk(client, role).get(PATH))
    for export in EXPORTS:
        assert export.title in page.words
        assert all(about in page.words for _, about in export.columns)
    assert order.code in page.words
    query = month(today()).query
    assert [link for link in page.links if link.startswith(f"{PATH}/")] == [
        f"{PATH}/{export.name}.{kind}?{query}" for export in EXPORTS for kind in ("csv", "xlsx")
    ]


def test_both_files_hold_the_same_rows(app: Flask, client: FlaskClient) -> None:
    title = '=HYPERLINK("http://x","権利")'
    returned(sold(title_ja=title, price_yen=1_300))
    at_desk(client)
    for export in EXPORTS:
        query = month(today()).query
        text = client.get(f"{PATH}/{export.name}.csv?{query}")
        lines = list(csv.reader(io.StringIO(text.data.decode("utf-8-sig"), newline="")))
        book = load_workbook(io.BytesIO(client.get(f"{PATH}/{export.name}.xlsx?{query}").data))
        sheet, about = book.worksheets
        assert (lines[0], text.content_type) == (export.header, "text/csv; charset=utf-8")
        assert [cell.value for cell in sheet[1]] == export.header
        assert sheet.max_row == len(lines) > 1
        assert [row[0].value for row in about.iter_rows(min_row=2)][:-1] == export.header
        cells = [cell for row in sheet.iter_rows(min_row=2) for cell in row]
        assert "f" not in {cell.data_type for cell in cells}, "nothing is a formula"
        assert not any(cell.startswith(("=", "+", "-", "@")) for line in lines for cell in line if not _number(cell))
        if "品名" in export.header:
            at = export.header.index("品名")
            assert (lines[1][at], sheet.cell(2, at + 1).value) == (f"'{title}", title)


def _number(cell: str) -> bool:
    return cell.lstrip("-").isdigit()


def test_a_file_is_called_by_its_days(app: Flask, client: FlaskClient) -> None:
    answer = at_desk(client).get(f"{PATH}/dues.csv?first=2026-04-01&last=2027-03-31")
    assert answer.headers["Content-Disposition"] == 'attachment; filename="dues-2026-04-01-2027-03-31.csv"'


def test_days_that_make_no_period_are_told_beside_their_field(app: Flask, client: FlaskClient) -> None:
    answer = at_desk(client).get(f"{PATH}?first=2026-12-01&last=2026-11-01")
    form = read(answer).form(PATH)
    assert (answer.status_code, form.errors, form.value("first")) == (
        422,
        {"last": "おわりの日は、はじめの日以後にしてください。"},
        "2026-12-01",
    )


def test_what_is_no_list_is_not_found(app: Flask, client: FlaskClient) -> None:
    at_desk(client)
    paths = ("wages.csv", "dues.pdf", "dues.csv?first=x&last=y", "dues.csv?first=2026-12-01&last=2026-11-01")
    assert [client.get(f"{PATH}/{path}").status_code for path in paths] == [404] * 4


@pytest.mark.parametrize("role", ["drafter", "counter"])
def test_others_may_not(app: Flask, client: FlaskClient, role: str) -> None:
    at_desk(client, role)
    assert [client.get(path).status_code for path in (PATH, f"{PATH}/dues.csv", f"{PATH}/dues.xlsx")] == [403] * 3
    assert app.test_client().get(PATH).status_code == 303
