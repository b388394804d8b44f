"""An application as the town's web serves it, by threads of the test's own process."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from flask import Flask
from werkzeug.serving import WSGIRequestHandler, make_server
from werkzeug.wsgi import ClosingIterator

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment


class HangsUp(WSGIRequestHandler):
    """Closes the answer that a browser did not wait for: Werkzeug's own forgets it where reading on fails as well."""

    def connection_dropped(self, error: BaseException, environ: WSGIEnvironment | None = None) -> None:
        if environ and "test.answer" in environ:
            environ["test.answer"].close()


def remembering_answers(app: Flask) -> WSGIApplication:
    def answer(environ: WSGIEnvironment, start_response: StartResponse) -> ClosingIterator:
        environ["test.answer"] = parts = ClosingIterator(app(environ, start_response))
        return parts

    return answer


@contextmanager
def live(app: Flask, listening: socket.socket) -> Iterator[str]:
    """Its address, at the port that listens already."""
    port = listening.getsockname()[1]
    answers = remembering_answers(app)
    server = make_server("127.0.0.1", port, answers, threaded=True, request_handler=HangsUp, fd=listening.fileno())
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, name="live server")
    thread.start()
    yield f"http://127.0.0.1:{port}"
    server.shutdown()
    thread.join()
    server.server_close()
