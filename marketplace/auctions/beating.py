"""The town asks itself, from outside, whether a bid would get through: over its public address, into the database."""

from __future__ import annotations

import logging
import threading

import requests
from flask import Blueprint, Flask, abort, request
from flask.typing import ResponseReturnValue
from itsdangerous import BadData, URLSafeTimedSerializer

from marketplace.auctions import watch
from marketplace.kit.outages import turn_failed
from marketplace.settings import settings

log = logging.getLogger(__name__)

bp = Blueprint("beating", __name__)
NO_CSRF = True
"""The worker has no session; the sign that it sends is signed and good for a minute."""

PERIOD_S, PATIENCE_S, GOOD_FOR_S = 5, 5, 60


def _signer() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(settings().secret_key.get_secret_value(), salt="auction watch")


@bp.post("/auctions/watch")
def receive() -> ResponseReturnValue:
    """204 when the sign stands in the database; 403 where it is not ours."""
    try:
        _signer().loads(request.headers.get("X-Sign", ""), max_age=GOOD_FOR_S)
    except BadData:
        abort(403)
    watch.beat()
    return "", 204


def send() -> bool:
    """One sign, on the way that bids go. Whether it came through."""
    address, sign = f"{settings().base_url}/auctions/watch", str(_signer().dumps("sign"))
    try:
        answer = requests.post(address, headers={"X-Sign": sign}, timeout=PATIENCE_S, allow_redirects=False)
    except requests.RequestException as trouble:
        log.warning("watch: no sign came through to %s: %s", address, type(trouble).__name__)
        return False
    if answer.status_code != 204:
        log.warning("watch: %s answers %s", address, answer.status_code)
    return answer.status_code == 204


def keep_sending(app: Flask, stop: threading.Event) -> None:
    """In a thread of its own: a site that does not answer must not hold up the close."""
    with app.app_context():
        while not stop.wait(PERIOD_S):
            try:
                send()
            except Exception:
                turn_failed(log, "watch")
