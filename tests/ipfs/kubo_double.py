"""A small Kubo: the RPC calls that a replica uses, over HTTP on 127.0.0.1.

Written from Kubo's documentation, and with readers of its own for CAR and dag-pb, so that it does not repeat the
mistakes of the package that it tests. It can be told to fail in the ways that Kubo fails.
"""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

from tests.ipfs.plain_blocks import cid_bytes, links, multihash, read_car, text_of

SECONDS_OF_SEARCH = 20  # how long a block that is nowhere is looked for in the network, unless offline


class KuboDouble:
    """Use as a context manager: `with KuboDouble() as node: … node.url`."""

    def __init__(self, *, version: str = "0.43.1", base: str = "/api/v0", token: str | None = None) -> None:
        self.version = version
        self.base = base
        self.token = token
        self.blocks: dict[bytes, bytes] = {}  # by multihash
        self.pins: set[bytes] = set()
        self.imports = 0
        self.read: set[bytes] = set()  # the blocks that somebody has had given back
        self.cuts_answers = False  # stop in the middle, say so only in the trailer
        self.is_busy = False  # a proxy before it answers 503
        self.pins_on_import = True  # an IPFS Cluster proxy does not
        self.names_wrong_root = False
        self.says: bytes | None = None  # to everything, under status 200
        self.hangs = False  # takes the request and answers nothing
        self.breaks_off = False  # hangs up in the middle of every answer
        self.closing = threading.Event()
        double = self

        class Handler(_Handler):
            node = double

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))

    @property
    def url(self) -> str:
        base = "" if self.base == "/api/v0" else self.base
        return f"http://127.0.0.1:{self._server.server_address[1]}{base}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.closing.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def lose(self, cid: str) -> None:
        """A disk that forgets."""
        del self.blocks[multihash(cid_bytes(cid))]

    def missing_below(self, root: bytes) -> bytes | None:
        """The first block below a root that is not here."""
        stack, seen = [root], set()
        while stack:
            cid = stack.pop()
            if cid in seen:
                continue
            seen.add(cid)
            block = self.blocks.get(multihash(cid))
            if block is None:
                return cid
            stack += links(cid, block)
        return None


class Trouble(Exception):
    """Kubo's way of saying no: status 500 and a message."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    node: KuboDouble

    def do_POST(self) -> None:
        try:
            body = self._body()
        except ValueError:  # the sender has gone in the middle of a body
            self.close_connection = True
            return
        path = urlsplit(self.path)
        query = {key: values[-1] for key, values in parse_qs(path.query).items()}
        call = path.path.removeprefix(self.node.base).strip("/").replace("/", "_")
        if self.node.hangs:
            self.node.closing.wait(SECONDS_OF_SEARCH)
            self.close_connection = True
        elif self.node.says is not None:
            self._answer(self.node.says, 200, "application/json")
        elif self.node.is_busy:
            self._answer(b"busy", 503, "text/plain")
        elif self.node.token and self.headers.get("Authorization") != f"Bearer {self.node.token}":
            self._answer(b"403 - Forbidden", 403, "text/plain")
        elif not path.path.startswith(self.node.base + "/") or not hasattr(self, f"call_{call}"):
            self._answer(b"404 page not found", 404, "text/plain")
        else:
            try:
                answer = getattr(self, f"call_{call}")(query, body)
            except Trouble as trouble:
                self._answer(_json({"Message": str(trouble), "Code": 0, "Type": "error"}), 500, "application/json")
                return
            if isinstance(answer, bytes):
                self._stream(answer)
            else:
                self._answer(_json(answer), 200, "application/json")

    def do_GET(self) -> None:
        self._answer(b"405 - Method Not Allowed", 405, "text/plain")

    def call_version(self, _query: dict[str, str], _body: bytes) -> dict[str, Any]:
        return {"Version": self.node.version, "Commit": "", "Repo": "18", "System": "amd64/linux", "Golang": "go1.26"}

    def call_id(self, _query: dict[str, str], _body: bytes) -> dict[str, Any]:
        return {"ID": "12D3KooWDouble", "Addresses": [], "AgentVersion": f"kubo/{self.node.version}/"}

    def call_dag_import(self, query: dict[str, str], body: bytes) -> dict[str, Any]:
        self.node.imports += 1
        try:
            roots, blocks = read_car(_form_file(body, self.headers["Content-Type"]))
        except ValueError as error:
            raise Trouble(str(error)) from error
        self.node.blocks |= {multihash(cid): block for cid, block in blocks}
        (root,) = roots
        trouble = ""
        if query.get("pin-roots", "true") == "true" and self.node.pins_on_import:
            missing = self.node.missing_below(root)
            if missing is None:
                self.node.pins.add(root)
            else:
                trouble = f"block was not found locally (offline): ipld: could not find {text_of(missing)}"
        said = text_of(next(iter(self.node.blocks)) if self.node.names_wrong_root else root)
        return {"Root": {"Cid": {"/": said}, "PinErrorMsg": trouble}}

    def call_pin_add(self, query: dict[str, str], _body: bytes) -> dict[str, Any]:
        root = cid_bytes(query["arg"])
        missing = self.node.missing_below(root)
        if missing is not None:
            self._search(query)
            raise Trouble(f"ipld: could not find {text_of(missing)}")
        self.node.pins.add(root)
        return {"Pins": [query["arg"]]}

    def call_pin_ls(self, query: dict[str, str], _body: bytes) -> dict[str, Any]:
        if "arg" not in query:
            return {"Keys": {text_of(pin): {"Type": "recursive", "Name": ""} for pin in self.node.pins}}
        if cid_bytes(query["arg"]) not in self.node.pins:
            raise Trouble(f"path '{query['arg']}' is not pinned")
        return {"Keys": {query["arg"]: {"Type": "recursive", "Name": ""}}}

    def call_pin_rm(self, query: dict[str, str], _body: bytes) -> dict[str, Any]:
        root = cid_bytes(query["arg"])
        if root not in self.node.pins:
            raise Trouble("not pinned or pinned indirectly")
        self.node.pins.remove(root)
        return {"Pins": [query["arg"]]}

    def call_block_get(self, query: dict[str, str], _body: bytes) -> bytes:
        block = self.node.blocks.get(multihash(cid_bytes(query["arg"])))
        if block is None:
            self._search(query)
            raise Trouble(f"block was not found locally (offline): ipld: could not find {query['arg']}")
        self.node.read.add(multihash(cid_bytes(query["arg"])))
        return block

    def _search(self, query: dict[str, str]) -> None:
        if query.get("offline") != "true":
            self.node.closing.wait(SECONDS_OF_SEARCH)

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding") != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        parts = []
        while size := int(self.rfile.readline(), 16):
            parts.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(parts)

    def _answer(self, body: bytes, status: int, kind: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        try:
            self.wfile.write(body[: len(body) // 2] if self.node.breaks_off else body)
        except ConnectionError:  # the asker has heard enough
            self.close_connection = True
        self.close_connection |= self.node.breaks_off

    def _stream(self, body: bytes) -> None:
        """Chunks, and a trailer that says what went wrong after the status 200: what most clients never see."""
        cut = self.node.cuts_answers
        self.send_response(200)
        self.send_header("Content-Type", "application/octet-stream")
        self.send_header("Transfer-Encoding", "chunked")
        self.send_header("Trailer", "X-Stream-Error")
        self.end_headers()
        part = body[: len(body) // 2] if cut else body
        if part:
            self.wfile.write(b"%x\r\n%s\r\n" % (len(part), part))
        if self.node.breaks_off:
            self.close_connection = True
            return
        self.wfile.write(b"0\r\n" + b"X-Stream-Error: unexpected EOF\r\n" * cut + b"\r\n")

    def log_message(self, format: str, *args: object) -> None:
        """Tests are silent."""


def _json(answer: dict[str, Any]) -> bytes:
    return json.dumps(answer).encode() + b"\n"


def _form_file(body: bytes, content_type: str) -> bytes:
    """The one file of a multipart form."""
    boundary = content_type.split("boundary=")[1].strip('"').encode()
    _, part, end = body.split(b"--" + boundary)
    assert end.strip() == b"--"
    return part.split(b"\r\n\r\n", 1)[1].removesuffix(b"\r\n")
