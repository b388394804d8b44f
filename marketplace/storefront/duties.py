"""The pages that a public site owes its readers: the terms in all their versions, and how readable it is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from flask import Blueprint, Response, abort, render_template
from flask.typing import ResponseReturnValue

from marketplace.accounts.session import current_account
from marketplace.kit.clock import jst, now
from marketplace.kit.web import conditional

bp = Blueprint("duties", __name__)


@dataclass(frozen=True)
class Version:
    """One version of the terms: its text is the template storefront/terms/<number>.html, which never changes."""

    number: int
    since: date
    why: str


TERMS = (Version(1, date(2026, 11, 1), "はじめての版"),)
"""The oldest first. A new version is a new line here, thirty days before its day, and a new text."""


@bp.get("/terms")
def terms() -> ResponseReturnValue:
    return _terms(_in_force())


@bp.get("/terms/<int:number>")
def terms_of(number: int) -> ResponseReturnValue:
    """A version as it was read then: each stays where it is."""
    return _terms(next((each for each in TERMS if each.number == number), None) or abort(404))


@bp.get("/accessibility")
def accessibility() -> ResponseReturnValue:
    return _public(render_template("storefront/accessibility.html"))


def _in_force() -> Version:
    """The newest of which the day has come."""
    today = jst(now()).date()
    return next((each for each in reversed(TERMS) if each.since <= today), TERMS[0])


def _terms(version: Version) -> Response:
    present = _in_force()
    coming = next((each for each in TERMS if each.number > present.number), None)
    page = render_template(
        "storefront/terms.html", version=version, present=present, coming=coming, versions=TERMS[::-1]
    )
    return _public(page)


def _public(page: str) -> Response:
    return conditional(page, max_age=1, private=current_account() is not None)
