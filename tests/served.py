"""Somebody else's server on this machine, for as long as a test needs it."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path


class Answering(BaseHTTPRequestHandler):
    """One that keeps its screen clean. Each has do_GET or do_POST of its own."""

    def sent(self) -> bytes:
        """The body of the request."""
        return self.rfile.read(int(self.headers["Content-Length"]))

    def answer(self, status: int = 200, body: bytes = b"", headings: Mapping[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in {**(headings or {}), "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Nothing."""


@contextmanager
def serving(handler: type[Answering], address: str = "127.0.0.1", certificate: Path | None = None) -> Iterator[str]:
    """Its address: http://127.0.0.1:port, or https:// with a certificate and its key in one file."""
    with ThreadingHTTPServer((address, 0), handler) as server:
        if certificate is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield f"http{'s' if certificate else ''}://{address}:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()
