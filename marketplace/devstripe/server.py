"""The HTTP server: loopback only, a thread per connection, kept alive."""

import json
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

from marketplace.devstripe import events
from marketplace.devstripe.answering import Answer, Request, answer, error_answer, json_answer
from marketplace.devstripe.controls import control
from marketplace.devstripe.deliveries import Couriers
from marketplace.devstripe.files import read_form
from marketplace.devstripe.objects import new_id, public
from marketplace.devstripe.pages import page
from marketplace.devstripe.refusals import Refusal
from marketplace.devstripe.store import Store
from marketplace.devstripe.world import World

LOOPBACK = "127.0.0.1"
NAMES = {LOOPBACK, "localhost"}
STRANGER = {"error": {"type": "invalid_request_error", "message": "This server answers this machine only."}}


class DevStripe:
    """A running server. `port` 0 takes a free one; `path` is the file that it remembers in, or ":memory:"."""

    def __init__(self, port: int, path: str = ":memory:") -> None:
        self._http = _Server((LOOPBACK, port), _Handler)
        self.base_url = f"http://{LOOPBACK}:{self._http.server_address[1]}"
        self.world = World(Store(path), self.base_url)
        self._http.world = self.world
        self._couriers = Couriers(self.world)

    def send_webhooks_to(self, url: str, secret: str) -> None:
        """Every event goes to `url`, signed with `secret`."""
        with self.world.store.work():
            events.register(self.world, url, secret, ["*"])

    def run(self) -> None:
        """Serve until `stop()`."""
        self._couriers.start()
        try:
            self._http.serve_forever(poll_interval=0.1)
        finally:
            self._couriers.stop()
            self._http.server_close()
            self.world.store.close()

    def stop(self) -> None:
        """End what `run` does, and wait for it; from another thread than its own."""
        self._http.shutdown()


class _Server(ThreadingHTTPServer):
    world: World
    daemon_threads = True
    request_queue_size = 128


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = 1 << 16  # head and body in one packet: two would wait for each other's acknowledgement
    disable_nagle_algorithm = True
    server: _Server

    def do_GET(self) -> None:
        self._answer()

    def do_POST(self) -> None:
        self._answer()

    def do_DELETE(self) -> None:
        self._answer()

    def _answer(self) -> None:
        parts = urlsplit(self.path)
        sent = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        body = read_form(self.headers.get("Content-Type", ""), sent)
        headers = {name.title(): value for name, value in self.headers.items()}
        if not _from_here(headers):
            self._send(json_answer(403, STRANGER))
            return
        self._send(_dispatch(self.server.world, Request(self.command, parts.path, parts.query, headers, body)))

    def _send(self, result: Answer) -> None:
        if result.lost:
            self.close_connection = True
            return
        self.send_response(result.status)
        for name, value in result.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(result.body)))
        self.end_headers()
        self.wfile.write(result.body)

    def log_message(self, format: str, *args: object) -> None:
        """Requests are not logged: they hold names and addresses."""


def _from_here(headers: Mapping[str, str]) -> bool:
    """Whether a program of this machine asks, or a page of ours.

    A web page from elsewhere, open in a browser here, reaches loopback too: under a name of its own that it lets point
    here (then Host is that name), or as a form that it sends (then Origin is that page).
    """
    host, origin = headers.get("Host", ""), headers.get("Origin")
    return urlsplit(f"//{host}").hostname in NAMES and origin in (None, f"http://{host}")


def _dispatch(world: World, request: Request) -> Answer:
    if request.path.startswith("/v1/"):
        return answer(world, request)
    if request.path.startswith("/c/"):
        return page(world, request)
    if request.path == "/favicon.ico":
        return Answer(204, b"")
    if request.path == "/healthz":
        return json_answer(200, {"ok": True})
    if request.path.startswith("/_sim/") and request.method == "POST":
        try:
            result = json_answer(200, public(control(world, request.path[6:], json.loads(request.body or "{}"))))
        except Refusal as refusal:
            return error_answer(refusal, new_id("req_", 14))
        with world.bell:
            world.bell.notify_all()
        return result
    return json_answer(404, {"error": {"type": "invalid_request_error", "message": "Unrecognized request URL."}})
