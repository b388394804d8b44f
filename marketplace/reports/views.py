"""The shelf of the reports, and their pages put together."""

from __future__ import annotations

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from marketplace.accounts.session import current_account, roles_of, staff
from marketplace.reports import board, demand, exports, sheets

bp = Blueprint("reports", __name__)

EVERYBODY: frozenset[str] = frozenset()
SHELF = (
    (
        "/staff/exports",
        "会計への書き出し",
        "調定・収納・返金・仕訳の一覧を、CSVとExcelで。期間を選べます。",
        frozenset({"treasury", "auditor", "approver"}),
    ),
    (
        "/staff/reports/council",
        "議会報告",
        "売れた権利、人数、お金、抽選の証拠、還元金を、期間ごとに。印刷できます。",
        EVERYBODY,
    ),
    ("/results", "抽選・落札の結果の公表", "だれでも見られるページと、掲示用の紙。", EVERYBODY),
    ("/staff/reports/board", "数字のまとめ", "売上、応募、支払い、ゆずり渡しを図と表で。", EVERYBODY),
    (
        "/staff/reports/demand",
        "需要のものさし",
        "これまでの売れ方から、つぎの数と価格の目安を、わけといっしょに。",
        EVERYBODY,
    ),
    ("/staff/reports/royalties", "還元金の明細", "ゆずり渡しで基金に入ったお金を、権利ごと、取引ごとに。", EVERYBODY),
)
"""(address, title, what it is, whose it is: nobody named means everybody who sees the shelf)."""


@bp.get("/staff/reports")
@staff("drafter", "approver", "treasury", "auditor")
def index() -> ResponseReturnValue:
    account = current_account()
    roles = {str(role) for role in roles_of(account.id)} if account else set()
    return render_template("reports/index.html", shelf=[each[:3] for each in SHELF if not each[3] or each[3] & roles])


BLUEPRINTS = [bp, board.bp, demand.bp, exports.bp, sheets.bp]
