"""Around each request: a number by which it is found again, how long it took, and one line in the trail.

The line names the page by its rule, never by its address: what a visitor looked for, or a secret link, stands there.
"""

from __future__ import annotations

import re
import secrets
import time

from flask import Blueprint, Response, current_app, g, request

from marketplace.kit import logs
from marketplace.operating.measuring import Requests
from marketplace.settings import settings

bp = Blueprint("answering", __name__)

HEADER = "X-Request-ID"
PLAIN = re.compile(r"[A-Za-z0-9._-]{8,64}")
NOBODYS = "none"
"""The office of an address that nobody has."""


@bp.before_app_request
def begin() -> None:
    """The number that a proxy in front has given, or one of our own."""
    given = request.headers.get(HEADER, "")
    g.request_id = given if PLAIN.fullmatch(given) else secrets.token_hex(12)
    g.began = time.perf_counter()
    logs.begin(request=g.request_id)


@bp.after_app_request
def end(response: Response) -> Response:
    if (began := g.pop("began", None)) is None:  # another hook answered before us
        return response
    seconds = time.perf_counter() - began
    counters().answered(office_of(request.endpoint), response.status_code, seconds)
    response.headers[HEADER] = g.request_id
    about = {"method": request.method, "page": request.endpoint or NOBODYS, "status": response.status_code}
    about |= {"ms": round(seconds * 1000), **logs.codes_in(request.view_args or {})}
    if made := logs.CODE.search(response.location or ""):  # an order that was just placed, for one
        about["led_to"] = made[0]
    logs.trail.info("%(method)s %(page)s %(status)s", about, extra={"about": about})
    return response


@bp.teardown_app_request
def forget(_trouble: BaseException | None) -> None:
    logs.begin()


def office_of(endpoint: str | None) -> str:
    view = current_app.view_functions.get(endpoint or "")
    return _office(view) if view is not None else NOBODYS


def counters() -> Requests:
    """Of this application, made at its first request: by then every office has its pages."""
    known = current_app.extensions.get("hiroba.requests")
    if known is None:
        offices = sorted({NOBODYS, *map(_office, current_app.view_functions.values())})
        made = Requests(settings().data_dir / "measures", offices)
        known = current_app.extensions.setdefault("hiroba.requests", made)
    assert isinstance(known, Requests)
    return known


def _office(view: object) -> str:
    parts = str(getattr(view, "__module__", "")).split(".")
    return parts[1] if parts[0] == "marketplace" and len(parts) > 1 else NOBODYS
