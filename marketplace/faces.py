"""How every page behaves: safe headers, polite errors, what templates know."""

from __future__ import annotations

import logging
from functools import lru_cache
from os.path import exists
from typing import Any

from flask import Flask, Response, abort, has_request_context, jsonify, make_response, render_template, request
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import CSRFError
from jinja2 import TemplateNotFound
from sqlalchemy.exc import DataError, OperationalError
from werkzeug.exceptions import HTTPException, MethodNotAllowed
from werkzeug.local import LocalProxy

from marketplace.accounts.again import again
from marketplace.accounts.session import current_account, my_roles, the_door
from marketplace.chain.register import paused
from marketplace.kit import furigana, passages
from marketplace.kit.backpressure import BUSY, RETRY_S
from marketplace.kit.colours import KEY
from marketplace.kit.compression import compressed
from marketplace.kit.languages import Language, _, language, speak
from marketplace.kit.limits import TooOften
from marketplace.kit.outages import cannot_answer, turn_failed
from marketplace.kit.parts import remember_parts
from marketplace.kit.refusals import Refused, Unavailable
from marketplace.kit.shown import clock, day, full_day, period, phone, until, when, yen, yen_words
from marketplace.kit.web import FORMS, asks_a_program, wants_fragment
from marketplace.listings.models import MODE_JA
from marketplace.rights.models import KIND_JA
from marketplace.settings import settings
from marketplace.settings.spoken import Spoken

log = logging.getLogger(__name__)
WORK_S = 600
"""Seconds after which somebody who came while the house is worked on may come again."""
AT_WORK = ("ただいま手入れをしています", "まもなくもどります。しばらくしてから、もう一度お開きください。")
POLICY = (
    "default-src 'self'; img-src 'self' data:; style-src 'self'; script-src 'self'; object-src 'none';"
    " base-uri 'none'; frame-ancestors 'none'; form-action 'self'{pay}"
)

POLITE = {
    400: ("送られた内容を読み取れませんでした", "お手数ですが、前の画面に戻ってもう一度お試しください。"),
    403: ("このページを見る権限がありません", "別の方としてログインし直すか、役場にお問い合わせください。"),
    404: ("ページが見つかりません", "住所（URL）が変わったか、公開が終わった可能性があります。"),
    405: ("この操作はできません", "前の画面に戻ってもう一度お試しください。"),
    413: ("ファイルが大きすぎます", "10MBより小さいファイルをお選びください。"),
    429: ("操作が続きすぎました", "1分ほど待ってから、もう一度お試しください。"),
    500: (
        "うまく表示できませんでした",
        "時間をおいてもう一度お試しください。お申し込みやお支払いの記録は失われていません。",
    ),
    503: BUSY,
}


def dress(app: Flask) -> None:
    """Filters, context, headers and error pages for `app`."""
    app.jinja_env.globals.update(KEY=KEY, KIND_JA=KIND_JA, MODE_JA=MODE_JA)
    app.jinja_env.filters.update(clock=clock, day=day, full_day=full_day, period=period, phone=phone)
    app.jinja_env.filters.update(until=until, when=when)
    app.jinja_env.filters.update(yen=yen, yen_words=yen_words)
    speak(app)
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.context_processor(known_to_templates)
    remember_parts(app, lambda: Spoken(settings()))
    app.before_request(readable)
    app.before_request(closed_for_work)
    app.log_exception = failed  # type: ignore[method-assign]
    app.after_request(safe_headers)
    app.after_request(compressed)
    furigana.use(app, app.extensions["hiroba.settings"].data_dir / "readings.txt")
    passages.use(app)
    app.register_error_handler(Refused, refused)
    app.register_error_handler(Unavailable, unavailable)
    app.register_error_handler(CSRFError, csrf_failed)
    app.register_error_handler(HTTPException, http_error)
    app.register_error_handler(LookupError, not_there)
    app.register_error_handler(OperationalError, no_database)
    app.register_error_handler(DataError, out_of_range)
    app.register_error_handler(OverflowError, out_of_range)


def readable() -> None:
    """NUL is in no text that a person types, and PostgreSQL keeps none: refused here, once for all that is sent."""
    sent = [request.path, *(value for values in request.args.listvalues() for value in values)]
    if request.mimetype in FORMS:
        sent += [value for values in request.form.listvalues() for value in values]
    if any("\x00" in text for text in sent):
        abort(400)


def failed(exc_info: Any) -> None:
    """Into the log, by the rule and not by what somebody typed: a line break in an address would begin a false line."""
    log.error("failure at %s %s", request.method, request.url_rule, exc_info=exc_info)


def not_there(error: LookupError) -> ResponseReturnValue:
    """No such row. A key that a mapping of ours does not have, or a template, is a fault of ours, and told as one."""
    if isinstance(error, KeyError | IndexError | TemplateNotFound):
        raise error
    return problem(404)


def out_of_range(_error: Exception) -> ResponseReturnValue:
    """A number or a day that no column holds."""
    log.warning("%s %s: a value out of range", request.method, request.url_rule)
    return problem(400)


def no_database(error: OperationalError) -> ResponseReturnValue:
    """It is away, or its disk is full: whoever asks later is answered, and programs are told so."""
    if not cannot_answer(error):
        raise error
    turn_failed(log, f"{request.method} {request.url_rule}")
    return problem(503, after=RETRY_S)


def closed_for_work() -> ResponseReturnValue | None:
    """While DATA_DIR/maintenance lies there, pages say so, to people and machines; who sends comes back later."""
    path = request.path
    watched = path.startswith("/static/") or path in ("/healthz", "/readyz", "/metrics")
    if watched or not exists(f"{settings().data_dir}/maintenance"):  # each request asks: no object for it
        return None
    if asks_a_program(path):
        return problem(503, AT_WORK[1], after=WORK_S, title=AT_WORK[0])
    later = {"Retry-After": str(WORK_S), "Cache-Control": "no-store"}
    return render_template("errors/maintenance.html"), 503, later


def known_to_templates() -> dict[str, object]:
    if not has_request_context():
        return {"town": Spoken(settings())}
    return {
        "town": Spoken(settings()),
        # Looked up when a page asks: the page that says that something is broken must not ask the database.
        "me": LocalProxy(current_account),
        "my_roles": LocalProxy(lambda: {str(role) for role in my_roles()}),
        "paused_contracts": paused,
        "display": {
            "size": request.cookies.get("size", "m"),
            "theme": request.cookies.get("theme", ""),
            "language": language(),
            "furigana": furigana.wanted() if furigana.possible() else None,
            "languages": tuple(Language),
        },
    }


def safe_headers(response: Response) -> Response:
    headers = response.headers
    have = {name.lower() for name, _ in headers}
    for name, value in safe(settings().stripe_api_base, settings().base_url.startswith("https://")):
        if name.lower() not in have:
            headers.add(name, value)
    if request.path.startswith("/static/vendor/"):
        # The version is in the address.
        headers["Cache-Control"] = "public, max-age=31536000, immutable"
    elif request.path.startswith("/static/"):
        # Then asked for again by its ETag: an old style is under a new page for a minute at most.
        headers["Cache-Control"] = "public, max-age=60"
    elif "cache-control" not in have:
        # Nobody on the way guesses: https://www.rfc-editor.org/rfc/rfc9111#section-4.2.2
        kept = "no-store" if current_account_cookie() or response.status_code >= 400 else "no-cache"
        headers.add("Cache-Control", f"private, {kept}")
    return response


@lru_cache
def safe(stripe_api_base: str, encrypted: bool) -> list[tuple[str, str]]:
    """What browsers are told with every answer, unless its view has its own word. `encrypted`: over https alone."""
    pay = " https://checkout.stripe.com" + (f" {stripe_api_base}" if stripe_api_base else "")
    return [
        ("Content-Security-Policy", POLICY.format(pay=pay)),
        ("X-Content-Type-Options", "nosniff"),
        ("Referrer-Policy", "same-origin"),
        ("Permissions-Policy", "geolocation=(), microphone=(), payment=()"),
        # Pages that we open, or that open us, get no handle on this window.
        ("Cross-Origin-Opener-Policy", "same-origin"),
        *([("Strict-Transport-Security", "max-age=31536000")] if encrypted else []),
    ]


def current_account_cookie() -> bool:
    return "hiroba" in request.cookies


def refused(refusal: Refused) -> ResponseReturnValue:
    after = refusal.after if isinstance(refusal, TooOften) else None
    return problem(refusal.status, str(refusal), refusal.code, after)


def unavailable(_error: Unavailable) -> ResponseReturnValue:
    return problem(503, after=RETRY_S)


def csrf_failed(_error: CSRFError) -> ResponseReturnValue:
    """Who signed in again in another window sends a form of before: it is held out to them, with a token of now."""
    return again(400, door=the_door()) or problem(
        400,
        "画面を開いてから時間がたったため、送信できませんでした。画面を読みこみ直して、もう一度お試しください。",
        "csrf",
    )


def http_error(error: HTTPException) -> ResponseReturnValue:
    if error.response is not None:
        return error.get_response()
    told = make_response(problem(error.code or 500))
    if isinstance(error, MethodNotAllowed):
        told.headers["Allow"] = ", ".join(sorted(error.valid_methods or ()))  # RFC 9110 §15.5.6
    return told


def problem(
    status: int,
    detail: str | None = None,
    code: str | None = None,
    after: int | None = None,
    title: str | None = None,
) -> ResponseReturnValue:
    """A problem for programs (RFC 9457), a polite page for people. `after`: seconds until asking again may help."""
    later = {} if after is None else {"Retry-After": str(after)}
    usual, advice = POLITE.get(status, POLITE[500] if status >= 500 else ("この操作はできません", POLITE[405][1]))
    title, advice, detail = _(title or usual), _(advice), detail and _(detail)
    if asks_a_program(request.path):
        body = jsonify(
            type="about:blank", title=title, status=status, detail=detail or advice, code=code or str(status)
        )
        body.content_type = "application/problem+json"
        return body, status, later
    template = "errors/_refusal.html" if wants_fragment() else "errors/error.html"
    return render_template(template, status=status, title=title, detail=detail, advice=advice), status, later
