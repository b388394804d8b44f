"""Send a spreadsheet of listings, see every fault by row and column, and have the drafts made."""

from __future__ import annotations

import sqlalchemy as sa
from flask import Blueprint, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_wtf.file import FileField, FileRequired
from wtforms import HiddenField

from marketplace.accounts.session import me, staff
from marketplace.kit.db import db
from marketplace.kit.forms import Form
from marketplace.kit.refusals import Refused
from marketplace.kit.tables import CSV, attached, csv_lines
from marketplace.kit.web import or_404, wants_fragment
from marketplace.kit.workbooks import XLSX
from marketplace.listings.models import Listing
from marketplace.staff import import_sheet, importing
from marketplace.staff.forms import SubmitForm
from marketplace.staff.models import ImportedRow, ImportState, ListingImport

bp = Blueprint("imports", __name__, url_prefix="/staff/imports")

MOST_BYTES = 5 * 1024 * 1024
SHOWN = 1_000
"""Faults, and drafts, that the page lists."""


class BringForm(SubmitForm):
    leaving = HiddenField()
    """Anything: rows with faults are left out."""


class UploadForm(Form):
    file = FileField(
        "表のファイル",
        validators=[FileRequired("ファイルを選んでください。")],
        description=f"Excel（.xlsx）かCSV。{import_sheet.MOST_ROWS:,}行、5MBまで",
    )


@bp.get("")
@staff("drafter")
def index() -> ResponseReturnValue:
    return start(UploadForm(formdata=None))


@bp.post("")
@staff("drafter")
def upload() -> ResponseReturnValue:
    form = UploadForm()
    if form.validate():
        sent = form.file.data
        data = sent.stream.read(MOST_BYTES + 1)
        try:
            if len(data) > MOST_BYTES:
                raise import_sheet.NotReadable("ファイルが大きすぎます。5MBまでです。")
            code = importing.upload(data, sent.filename or "", me().id)
        except Refused as refusal:
            form.file.errors = [*form.file.errors, str(refusal)]
        else:
            return redirect(url_for("imports.show", code=code), 303)
    return start(form), 422


@bp.get("/template.xlsx")
@staff("drafter")
def template() -> ResponseReturnValue:
    columns = importing.Checker().columns
    return attached("listings.xlsx", import_sheet.template(columns, import_sheet.examples(columns)), XLSX)


@bp.get("/template.csv")
@staff("drafter")
def template_csv() -> ResponseReturnValue:
    titles = [column.title for column in importing.Checker().columns]
    return attached("listings.csv", "".join(csv_lines(titles, [])), CSV)


@bp.get("/examples.csv")
@staff("drafter")
def examples_csv() -> ResponseReturnValue:
    columns = importing.Checker().columns
    rows = import_sheet.lined_up(columns, import_sheet.examples(columns))
    titles = [column.title for column in columns]
    return attached("listings-examples.csv", "".join(csv_lines(titles, rows)), CSV)


@bp.get("/<code>")
@staff("drafter")
def show(code: str) -> ResponseReturnValue:
    return page(import_of(code))


@bp.post("/<code>/import")
@staff("drafter")
def bring_in(code: str) -> ResponseReturnValue:
    row, form = import_of(code), BringForm()
    if form.validate():
        try:
            importing.want(row.id, me().id, leaving=bool(form.leaving.data))
        except Refused as refusal:
            return page(import_of(code), trouble=str(refusal)), refusal.status
    return redirect(url_for("imports.show", code=code), 303)


def import_of(code: str) -> ListingImport:
    return or_404(db.session.scalar(sa.select(ListingImport).where(ListingImport.code == code)))


def start(form: UploadForm) -> str:
    before = sa.select(ListingImport).order_by(ListingImport.id.desc()).limit(20)
    columns = importing.Checker().columns
    return render_template(
        "staff/imports.html",
        form=form,
        before=list(db.session.scalars(before)),
        columns=columns,
        examples=import_sheet.beside(columns, import_sheet.examples(columns)),
    )


def page(row: ListingImport, trouble: str = "") -> str:
    made = (
        sa.select(ImportedRow.key, Listing)
        .join(Listing, Listing.id == ImportedRow.listing_id)
        .where(ImportedRow.import_id == row.id)
        .order_by(Listing.id)
        .limit(SHOWN)
    )
    old = importing.already(row.keys)
    return render_template(
        "staff/_import.html" if wants_fragment() else "staff/import.html",
        row=row,
        trouble=trouble,
        moving=row.state in (ImportState.CHECKING, ImportState.IMPORTING),
        new=sum(key not in old for key in row.keys),
        bad_rows=len({fault["row"] for fault in row.faults}),
        faults=row.faults[:SHOWN],
        drafts=db.session.execute(made).all() if row.state == ImportState.IMPORTED else [],
        form=SubmitForm(formdata=None),
    )
