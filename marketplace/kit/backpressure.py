"""Back-pressure: when the house is full, newcomers are asked to wait a little, at once and politely.

A worker has a few threads; what comes in meanwhile waits in a line in the process. Without this the line grows until
nobody is answered before they have gone away. So a page that has waited for longer than `patience` is answered by 503
with Retry-After, which costs next to nothing, and the line drains. Nothing that is sent (orders, bids, webhooks) is
turned away, nor whoever is in the middle of something: a waiting room, an order, the desk.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from flask import Flask, render_template

from marketplace.kit.languages import Language, heard, speaking
from marketplace.kit.web import asks_a_program

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

RETRY_S = 10
BUSY = ("ただいま混み合っています", "少し待ってから、もう一度お試しください。記録は失われていません。")
INSIDE = ("/static/", "/healthz", "/readyz", "/metrics", "/orders/", "/staff", "/signin", "/webhooks/", "/counter")
"""Where people and machines are in the middle of something; waiting rooms, too (see `inside`)."""
_waited = threading.local()


class Line(ThreadPoolExecutor):
    """Threads that know how long what they do had waited for one of them."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        return super().submit(_after_waiting, time.monotonic(), fn, args, kwargs)


def _after_waiting(since: float, fn: Callable[..., Any], args: Any, kwargs: Any) -> Any:
    _waited.seconds = time.monotonic() - since
    return fn(*args, **kwargs)


def waited() -> float:
    """Seconds for which what this thread does now had waited; 0 under another server."""
    return float(getattr(_waited, "seconds", 0.0))


def in_front(app: Flask, patience: float) -> WSGIApplication:
    """The application, with newcomers turned away for RETRY_S seconds while the line is longer than `patience` (s)."""
    behind = app.wsgi_app
    pages: dict[Language, bytes] = {}  # each made once, when it is first needed: then there is no time to make it
    told = {"type": "about:blank", "title": BUSY[0], "status": 503, "detail": BUSY[1], "code": "503"}
    problem = json.dumps(told, ensure_ascii=False).encode()
    to_programs = [
        ("Content-Type", "application/problem+json"),
        ("Content-Length", str(len(problem))),
        ("Retry-After", str(RETRY_S)),
        ("Cache-Control", "no-store"),
        ("Access-Control-Allow-Origin", "*"),
        ("Access-Control-Expose-Headers", "Retry-After"),
    ]

    def answer(environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        if waited() <= patience or environ["REQUEST_METHOD"] not in ("GET", "HEAD") or inside(environ["PATH_INFO"]):
            return behind(environ, start)
        if asks_a_program(environ["PATH_INFO"]):
            start("503 Service Unavailable", to_programs)
            return [problem if environ["REQUEST_METHOD"] == "GET" else b""]
        reader = heard(environ)
        if reader not in pages:
            with app.app_context(), speaking(reader):
                pages[reader] = render_template("errors/crowded.html", seconds=RETRY_S, language=reader).encode()
        page = pages[reader]
        headers = [
            ("Content-Type", "text/html; charset=utf-8"),
            ("Content-Length", str(len(page))),
            ("Retry-After", str(RETRY_S)),
            ("Cache-Control", "no-store"),
            ("Content-Security-Policy", "default-src 'self'"),
        ]
        start("503 Service Unavailable", headers)
        return [page if environ["REQUEST_METHOD"] == "GET" else b""]

    return answer


def inside(path: str) -> bool:
    """Whether whoever asks for `path` has come in already."""
    return path.startswith(INSIDE) or path.endswith(("/waiting", "/bid"))
