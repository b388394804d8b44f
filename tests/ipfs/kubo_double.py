"""A small Kubo: the RPC calls that a replica uses, over HTTP on 127.0.0.1.

Written from Kubo's documentation, and with readers of its own for CAR and dag-pb, so that it does not repeat the
mistakes of the package that it tests. It can be told to fail in the ways that Kubo fails.
"""

from __future__ import annotations

import base64
import hashlib
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

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
        del self.blocks[_multihash(_cid_bytes(cid))]

    def missing_below(self, root: bytes) -> bytes | None:
        """The first block below a root that is not here."""
        stack, seen = [root], set()
        while stack:
            cid = stack.pop()
            if cid in seen:
                continue
            seen.add(cid)
            block = self.blocks.get(_multihash(cid))
            if block is None:
                return cid
            stack += _links(cid, block)
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
        roots, blocks = _read_car(_form_file(body, self.headers["Content-Type"]))
        self.node.blocks |= {_multihash(cid): block for cid, block in blocks}
        (root,) = roots
        trouble = ""
        if query.get("pin-roots", "true") == "true" and self.node.pins_on_import:
            missing = self.node.missing_below(root)
            if missing is None:
                self.node.pins.add(root)
            else:
                trouble = f"block was not found locally (offline): ipld: could not find {_text(missing)}"
        said = _text(next(iter(self.node.blocks)) if self.node.names_wrong_root else root)
        return {"Root": {"Cid": {"/": said}, "PinErrorMsg": trouble}}

    def call_pin_add(self, query: dict[str, str], _body: bytes) -> dict[str, Any]:
        root = _cid_bytes(query["arg"])
        missing = self.node.missing_below(root)
        if missing is not None:
            self._search(query)
            raise Trouble(f"ipld: could not find {_text(missing)}")
        self.node.pins.add(root)
        return {"Pins": [query["arg"]]}

    def call_pin_ls(self, query: dict[str, str], _body: bytes) -> dict[str, Any]:
        if "arg" not in query:
            return {"Keys": {_text(pin): {"Type": "recursive", "Name": ""} for pin in self.node.pins}}
        if _cid_bytes(query["arg"]) not in self.node.pins:
            raise Trouble(f"path '{query['arg']}' is not pinned")
        return {"Keys": {query["arg"]: {"Type": "recursive", "Name": ""}}}

    def call_pin_rm(self, query: dict[str, str], _body: bytes) -> dict[str, Any]:
        root = _cid_bytes(query["arg"])
        if root not in self.node.pins:
            raise Trouble("not pinned or pinned indirectly")
        self.node.pins.remove(root)
        return {"Pins": [query["arg"]]}

    def call_block_get(self, query: dict[str, str], _body: bytes) -> bytes:
        block = self.node.blocks.get(_multihash(_cid_bytes(query["arg"])))
        if block is None:
            self._search(query)
            raise Trouble(f"block was not found locally (offline): ipld: could not find {query['arg']}")
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


def _read_car(data: bytes) -> tuple[list[bytes], list[tuple[bytes, bytes]]]:
    size, at = _uvarint(data, 0)
    header, _ = _cbor(data[at : at + size], 0)
    if header.get("version") != 1:
        raise Trouble("invalid car version")
    at += size
    blocks = []
    while at < len(data):
        size, at = _uvarint(data, at)
        section = data[at : at + size]
        if len(section) < size:
            raise Trouble("unexpected EOF")
        length = 34 if section[:2] == b"\x12\x20" else 36
        cid, block = section[:length], section[length:]
        if hashlib.sha256(block).digest() != cid[-32:]:
            raise Trouble(f"mismatch in content integrity, expected: {_text(cid)}")
        blocks.append((cid, block))
        at += size
    return header["roots"], blocks


def _cbor(data: bytes, at: int) -> tuple[Any, int]:
    """As much CBOR as a CAR header has."""
    major, low = data[at] >> 5, data[at] & 31
    at += 1
    if low == 24:
        low, at = data[at], at + 1
    if major == 0:
        return low, at
    if major == 2:
        return data[at : at + low], at + low
    if major == 3:
        return data[at : at + low].decode(), at + low
    if major == 4:
        items = []
        for _ in range(low):
            item, at = _cbor(data, at)
            items.append(item)
        return items, at
    if major == 5:
        pairs = {}
        for _ in range(low):
            key, at = _cbor(data, at)
            pairs[key], at = _cbor(data, at)
        return pairs, at
    assert (major, low) == (6, 42), "an unexpected kind of CBOR"
    link, at = _cbor(data, at)
    return link[1:], at


def _links(cid: bytes, block: bytes) -> Iterator[bytes]:
    if cid[:2] == b"\x01\x55":
        return
    at = 0
    while at < len(block):
        tag, size, at = block[at], *_uvarint(block, at + 1)
        if tag == 0x12:
            assert block[at] == 0x0A, "a link begins with its hash"
            yield block[at + 2 : at + 2 + block[at + 1]]
        at += size


def _uvarint(data: bytes, at: int) -> tuple[int, int]:
    number = shift = 0
    while True:
        number |= (data[at] & 127) << shift
        at, shift = at + 1, shift + 7
        if data[at - 1] < 128:
            return number, at


_ALPHABET = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"


def _cid_bytes(text: str) -> bytes:
    if text.startswith("Qm"):
        number = 0
        for letter in text:
            number = number * 58 + _ALPHABET.index(letter)
        return number.to_bytes(34)
    return base64.b32decode(text[1:].upper() + "=" * (-len(text[1:]) % 8))


def _text(cid: bytes) -> str:
    if cid[:2] == b"\x12\x20":
        number, text = int.from_bytes(cid), ""
        while number:
            number, digit = divmod(number, 58)
            text = _ALPHABET[digit] + text
        return text
    return "b" + base64.b32encode(cid).decode().lower().rstrip("=")


def _multihash(cid: bytes) -> bytes:
    return cid[-34:]
