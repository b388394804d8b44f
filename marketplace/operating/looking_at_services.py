"""The town's own address as others reach it, and servers that only some towns have: a signing service, Redis, the
beacon of draws, short messages, accounts elsewhere.

What the settings do not name is not asked, and is well. As in looking_outside.py, nothing is asked that changes
anything, and nothing is held meanwhile.
"""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from datetime import timedelta
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

import requests
import sqlalchemy as sa
from cryptography import x509
from flask import current_app

from marketplace.kit.clock import now
from marketplace.kit.db import db, let_go
from marketplace.kit.languages import Language, speaking
from marketplace.kit.refusals import Unavailable
from marketplace.lotteries import draw
from marketplace.lotteries.models import Lottery
from marketplace.lotteries.states import LotteryState
from marketplace.operating.faults import found
from marketplace.operating.health import Finding
from marketplace.settings import settings

SECONDS = 5.0
CERTIFICATE = timedelta(days=14)
"""What renews certificates does so thirty days before their end: with fewer left it has failed for two weeks."""
SOON = timedelta(days=1)
FIRST_ROUND = 1
"""The beacon has it for ever."""


def site(deep: bool) -> Iterator[Finding]:
    """As a visitor, and the sign that bids get through (auctions/beating.py), come: by the name, and by TLS."""
    here = settings()
    if not here.in_public:
        return
    host, port = urlsplit(here.base_url).hostname or "", urlsplit(here.base_url).port or 443
    try:
        answer = requests.get(f"{here.base_url}/healthz", timeout=SECONDS, allow_redirects=False)
    except requests.RequestException as trouble:
        yield found("site.no_answer", url=here.base_url, why=type(trouble).__name__)
        return
    if answer.status_code != HTTPStatus.OK:
        yield found("site.no_answer", url=here.base_url, why=f"HTTP {answer.status_code}")
    try:
        shown = ssl.get_server_certificate((host, port), timeout=SECONDS)
    except OSError:
        return  # out by a proxy alone, which requests knows of
    left = x509.load_pem_x509_certificate(shown.encode()).not_valid_after_utc - now()
    if left < CERTIFICATE:
        yield found("site.certificate", url=here.base_url, days=left.days)


def signer(deep: bool) -> Iterator[Finding]:
    """Any answer shows that it is up. It is asked for no signature, nor for what somebody would have to allow."""
    if url := settings().signer_url:
        asked: Any = {"jsonrpc": "2.0", "id": 1, "method": "net_version", "params": []}
        try:
            if "jsonrpc" not in requests.post(url, json=asked, timeout=SECONDS, allow_redirects=False).json():
                yield found("keys.no_signer", why="its answer is none of JSON-RPC")
        except (requests.RequestException, ValueError, TypeError) as trouble:
            yield found("keys.no_signer", why=type(trouble).__name__)


def queue(deep: bool) -> Iterator[Finding]:
    """Where workers are rung for, and where tries are counted, if that is a server of its own."""
    for knob, url in (("QUEUE_URL", settings().queue), ("LIMITS_URL", settings().limits_url)):
        ask = {"redis": _ping, "rediss": _ping, "postgresql": _select, "postgresql+psycopg": _select}.get(
            url.partition("://")[0]
        )
        if ask is not None and (trouble := ask(url)) is not None:
            yield found("queue.no_answer", knob=knob, why=type(trouble).__name__)


def beacon(deep: bool) -> Iterator[Finding]:
    """Where it will soon be needed: it is a service for all, and nobody asks it each minute for nothing."""
    drawing = sa.select(Lottery.id).where(
        Lottery.state.in_((LotteryState.OPEN, LotteryState.CLOSED)),
        Lottery.chain != draw.DICE,
        Lottery.draw_at < now() + SOON,
    )
    wanted = deep or db.session.scalar(drawing.limit(1)) is not None
    let_go()
    there = current_app.extensions["hiroba.ports"].beacon
    if wanted and there.addresses:
        try:
            there.signature(FIRST_ROUND)
        except Unavailable as trouble:
            with speaking(Language.EN):  # as the line in which it stands
                why = str(trouble)
            yield found("beacon.no_answer", why=why)


def sms(deep: bool) -> Iterator[Finding]:
    """Whatever it says to a question that is none shows that it is there."""
    if (url := settings().sms_url).startswith("http"):
        try:
            requests.head(url, timeout=SECONDS, allow_redirects=False)
        except requests.RequestException as trouble:
            yield found("sms.no_answer", why=type(trouble).__name__)


def accounts(deep: bool) -> Iterator[Finding]:
    if (there := current_app.extensions["hiroba.ports"].provider) is not None:
        try:
            there.endpoint()
        except Unavailable as trouble:
            yield found("accounts.no_answer", why=str(trouble))


def _ping(url: str) -> Exception | None:
    """What is wrong."""
    import redis  # noqa: PLC0415 -- a tenth of a second at each start, and few towns have one

    try:
        with redis.Redis.from_url(url, socket_timeout=SECONDS, socket_connect_timeout=SECONDS) as server:
            server.ping()
    except (redis.RedisError, OSError) as trouble:
        return trouble
    return None


def _select(url: str) -> Exception | None:
    """What is wrong."""
    import psycopg  # noqa: PLC0415 -- as above

    try:
        with psycopg.connect(url.replace("+psycopg", ""), connect_timeout=int(SECONDS)) as server:
            server.execute("SELECT 1")
    except (psycopg.Error, OSError) as trouble:
        return trouble
    return None
