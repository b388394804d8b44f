"""The shelf of the reports, and their pages put together."""

from __future__ import annotations

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from marketplace.accounts.session import current_account, roles_of, staff
from marketplace.reports import exports

bp = Blueprint("reports", __name__)

EVERYBODY: frozenset[str] = frozenset()
SHELF = (
    (
        "/staff/exports",
        "会計への書き出し",
        "調定・収納・返金・仕訳の一覧を、CSVとExcelで。期間を選べます。",
        frozenset({"treasury", "auditor", "approver"}),
    ),
)
"""(address, title, what it is, whose it is: nobody named means all staff)."""


@bp.get("/staff/reports")
@staff()
def index() -> ResponseReturnValue:
    account = current_account()
    roles = {str(role) for role in roles_of(account.id)} if account else set()
    return render_template("reports/index.html", shelf=[each[:3] for each in SHELF if not each[3] or each[3] & roles])


BLUEPRINTS = [bp, exports.bp]
