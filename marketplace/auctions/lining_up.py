"""On SQLite, whoever bids waits for the turn to write before the request is looked at, not in the middle of it.

The threads of one process compute one at a time in any case. One that computes while another writes takes the
interpreter from it at each statement, and everybody waits for the one who writes (docs/decisions/0028). PostgreSQL's
rows are waited for on the network, where nobody is in the way: there is no line there.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from flask import Flask

from marketplace.kit.db import is_sqlite, one_writer

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

LONGEST = 4096
"""Bytes. No bid is longer; what is longer is read by its view, and refused there."""


def in_front(app: Flask) -> Callable[[WSGIEnvironment, StartResponse], Iterable[bytes]]:
    """The application, with POST /listings/<code>/bid/place in a line of its own where the database has one writer."""
    behind = app.wsgi_app
    with app.app_context():
        takes_turns = is_sqlite()

    def answer(environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        if environ["REQUEST_METHOD"] != "POST" or not environ["PATH_INFO"].endswith("/bid/place"):
            return behind(environ, start)
        length = environ.get("CONTENT_LENGTH") or ""
        if not length.isdecimal() or int(length) > LONGEST:
            return behind(environ, start)
        # All of it, first: a sender who stops in the middle must not hold everybody up.
        environ["wsgi.input"] = io.BytesIO(environ["wsgi.input"].read(int(length)))
        with one_writer:
            return behind(environ, start)

    return answer if takes_turns else behind
