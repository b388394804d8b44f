"""The staff's pages of personal data: its register, the draft of the file register, and what is erased when."""

from __future__ import annotations

import csv
import io

from flask import Blueprint, Response, render_template
from flask.typing import ResponseReturnValue

from marketplace.accounts.session import staff
from marketplace.kit.clock import now
from marketplace.kit.erasures import ERASURES
from marketplace.privacy import erasing, filing
from marketplace.privacy.register import filled

bp = Blueprint("privacy_desk", __name__, url_prefix="/staff/privacy")
BOM = "\ufeff"
"""Lets spreadsheets read UTF-8."""


@bp.get("")
@staff("approver", "admin")
def index() -> ResponseReturnValue:
    return render_template("privacy/register.html", files=filing.filed(), least=filing.FROM, filled=filled)


@bp.get("/files.csv")
@staff("approver", "admin")
def table() -> Response:
    rows, text = filing.rows(), io.StringIO()
    sheet = csv.DictWriter(text, list(rows[0]))
    sheet.writeheader()
    sheet.writerows(rows)
    response = Response(BOM + text.getvalue(), content_type="text/csv; charset=utf-8")
    response.headers["Content-Disposition"] = 'attachment; filename="personal-data-files.csv"'
    return response


@bp.get("/erasures")
@staff("approver", "admin")
def erasures() -> ResponseReturnValue:
    return render_template(
        "privacy/erasures.html",
        outlook=erasing.dry_run(),
        history=erasing.history(),
        titles={name: each.title for name, each in ERASURES.items()},
        days=erasing.SOON.days,
        filled=filled,
        at=now(),
    )
