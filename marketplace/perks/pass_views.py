"""特典パス: the holder's page with the code, its certificate for the device, the card on paper, the town's key."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import segno
import sqlalchemy as sa
from flask import Blueprint, Response, abort, jsonify, render_template, request
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import generate_csrf

from marketplace.accounts.session import me, signed_in
from marketplace.kit.clock import now
from marketplace.kit.colours import KEY
from marketplace.kit.db import db
from marketplace.kit.languages import _, language
from marketplace.kit.limits import each_account, limiter
from marketplace.kit.web import conditional
from marketplace.perks import carding, certifying, keys, passes
from marketplace.perks.forms import ClickForm
from marketplace.perks.holding import holds, token_of, with_perks
from marketplace.perks.models import CHANNEL_JA, FLAG_JA, Act, Partner
from marketplace.perks.numbers import number_of
from marketplace.perks.standing import ledger_of, standings
from marketplace.settings import settings
from marketplace.tokens.models import Token

bp = Blueprint("passes", __name__, url_prefix="/passes")
SCRIPTS = Path(__file__).parents[1] / "static" / "js"
RENEW = timedelta(days=3)
"""A device asks for a new certificate when the old one has less than this."""


@bp.get("/")
@signed_in
def index() -> ResponseReturnValue:
    return render_template("perks/passes.html", tokens=with_perks(me().id))


@bp.get("/<int:token_id>")
@signed_in
def show(token_id: int) -> ResponseReturnValue:
    token = _mine(token_id)
    text, digits = certifying.on_screen(token)
    ledger = ledger_of(token.token_id)
    return render_template(
        "perks/pass.html",
        token=token,
        number=number_of(token),
        code=segno.make(text, error="l", boost_error=False, micro=False).svg_data_uri(scale=6, border=3),
        digits=digits,
        standings=standings(token),
        lines=ledger[:20],
        undone={line.undoes for line in ledger if line.act == Act.UNDO},
        partners=dict(db.session.execute(sa.select(Partner.id, Partner.name)).all()),
        channels=CHANNEL_JA,
        flags=FLAG_JA,
        holder=passes.holder_tag(token.holder_address or "").hex(),
        renew_s=int(RENEW.total_seconds()),
        window_s=passes.WINDOW_S,
    )


@bp.post("/<int:token_id>/certificate")
@limiter.limit("20/minute", key_func=each_account)
@signed_in
def certify(token_id: int) -> ResponseReturnValue:
    """JSON in and out, all bytes in hex: {"device_key"} → {"certificate", "digits_key", "expires", "now"}."""
    token, asked = _mine(token_id), request.get_json(silent=True)
    key = asked.get("device_key") if isinstance(asked, dict) else None
    issued = certifying.certify(token.token_id, me().id, key if isinstance(key, str) else "")
    return jsonify(
        certificate=issued.certificate.hex(),
        digits_key=issued.digits_key.hex(),
        expires=int(issued.expires_at.timestamp()),
        now=now().timestamp(),
    )


@bp.post("/<int:token_id>/card.pdf")
@limiter.limit("10/minute", key_func=each_account)
@signed_in
def card(token_id: int) -> ResponseReturnValue:
    token = _mine(token_id)
    if not ClickForm().validate():
        abort(400)
    paper = carding.print_card(token.token_id, me().id, f"buyer:{me().code}")
    headers = {"Content-Disposition": f'inline; filename="card-{token_id}.pdf"', "Cache-Control": "private, no-store"}
    return Response(paper, content_type="application/pdf", headers=headers)


@bp.get("/keys.json")
def published() -> ResponseReturnValue:
    found = {name.hex(): key.hex() for name, key in keys.public_keys().items()}
    return conditional(jsonify(version="pass-v1", keys=found), max_age=60)


@bp.get("/csrf.json")
@signed_in
def csrf() -> ResponseReturnValue:
    """For a page that was opened without network, and so has an old token in it."""
    response = jsonify(csrf=generate_csrf())
    response.headers["Cache-Control"] = "private, no-store"
    return response


@bp.get("/app.webmanifest")
def manifest() -> ResponseReturnValue:
    """https://www.w3.org/TR/appmanifest/: makes the page one that can be put on the telephone's screen."""
    response = jsonify(
        name=_("%(town)s 特典パス", town=settings().town_name),
        short_name=_("特典パス"),
        lang=language().html,
        start_url="/passes/",
        scope="/passes/",
        display="standalone",
        background_color="#ffffff",
        theme_color=KEY,
        icons=[{"src": "/static/img/emblem.svg", "sizes": "any", "type": "image/svg+xml"}],
    )
    response.content_type = "application/manifest+json"
    return response


@bp.get("/worker.js")
def worker() -> ResponseReturnValue:
    return offline_worker()


def offline_worker() -> Response:
    """Served from the folder that it governs, as a service worker has to be."""
    response = Response((SCRIPTS / "offline.js").read_bytes(), mimetype="text/javascript")
    response.headers["Cache-Control"] = "no-cache"
    return response


def _mine(token_id: int) -> Token:
    """LookupError for what somebody else holds: whose it is, is nobody's business."""
    token = token_of(token_id)
    if not holds(me().id, token):
        raise LookupError(f"token {token_id}")
    return token
