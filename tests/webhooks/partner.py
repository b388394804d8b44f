"""A partner's system: a server on this machine that keeps what it gets, and answers as it is told."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Partner:
    """`answers` are given one after the other, the last one for ever. `got` is (headers, body) of each request."""

    url: str = ""
    answers: list[int] = field(default_factory=lambda: [200])
    got: list[tuple[dict[str, str], str]] = field(default_factory=list)
    location: str = ""

    def told(self) -> list[tuple[str, str]]:
        """(type, code of the sale) of each message, as it came."""
        bodies = [json.loads(body) for _, body in self.got]
        return [(body["type"], body["data"].get("code", "")) for body in bodies]

    def bodies(self) -> list[Any]:
        return [json.loads(body) for _, body in self.got]


@contextmanager
def listening() -> Iterator[Partner]:
    partner = Partner()

    class Theirs(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            partner.got.append(({name.lower(): value for name, value in self.headers.items()}, body))
            status = partner.answers.pop(0) if len(partner.answers) > 1 else partner.answers[0]
            self.send_response(status)
            if partner.location:
                self.send_header("Location", partner.location)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            """Nothing on the screen."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Theirs) as server:
        partner.url = f"http://127.0.0.1:{server.server_port}/hooks?from=town"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield partner
        server.shutdown()
        thread.join()
