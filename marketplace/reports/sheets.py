"""The reports that are papers: each a page that prints well, and the same as PDF."""

from __future__ import annotations

from collections.abc import Callable

from flask import Blueprint, abort, render_template, request
from flask.typing import ResponseReturnValue

from marketplace.accounts.session import staff
from marketplace.kit.dates import fiscal_year
from marketplace.kit.languages import Language, speaking
from marketplace.kit.limits import limiter
from marketplace.kit.web import conditional
from marketplace.reports.council import council
from marketplace.reports.document import Document, pdf
from marketplace.reports.periods import Period, asked, today, usual, year
from marketplace.reports.results import results
from marketplace.reports.royalties import royalties

bp = Blueprint("report_sheets", __name__)


@bp.get("/staff/reports/council")
@staff("drafter", "approver", "treasury", "auditor")
def council_page() -> ResponseReturnValue:
    return _page(council, "/staff/reports/council", "reports/document.html")


@bp.get("/staff/reports/council.pdf")
@staff("drafter", "approver", "treasury", "auditor")
def council_paper() -> ResponseReturnValue:
    return _paper(council, "council")


@bp.get("/staff/reports/royalties")
@staff("drafter", "approver", "treasury", "auditor")
def royalties_page() -> ResponseReturnValue:
    return _page(royalties, "/staff/reports/royalties", "reports/document.html")


@bp.get("/staff/reports/royalties.pdf")
@staff("drafter", "approver", "treasury", "auditor")
def royalties_paper() -> ResponseReturnValue:
    return _paper(royalties, "royalties")


@bp.get("/results")
def results_page() -> ResponseReturnValue:
    """For everybody: what the town has to make known of its draws and auctions."""
    page, status = _page(results, "/results", "reports/results.html")
    return (page, status) if status != 200 else conditional(page, max_age=0, private=True)


@bp.get("/results.pdf")
@limiter.limit("30/minute")
def results_paper() -> ResponseReturnValue:
    return _paper(results, "results")


def _page(write: Callable[[Period], Document], path: str, template: str) -> tuple[str, int]:
    form, period = asked(request.args, year(fiscal_year(today())))
    document = write(period) if period else None
    page = render_template(template, form=form, period=period, usual=usual(), document=document, here_path=path)
    return page, 200 if period else 422


def _paper(write: Callable[[Period], Document], name: str) -> ResponseReturnValue:
    _form, period = asked(request.args, year(fiscal_year(today())))
    if period is None:
        abort(404)
    with speaking(Language.JA):
        return pdf(write(period), f"{name}-{period.first}-{period.last}")
