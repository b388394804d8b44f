"""/ipfs/<cid>: what we published, given to anybody in a form that needs no trust in us.

A path gateway for browsers (files, ranges) and a trustless one for programs (`format=raw`, `format=car`): with the
latter a stranger recomputes every hash. Only our own blocks: nothing is fetched from elsewhere, so nobody can make us
serve theirs.
Sources: https://specs.ipfs.tech/http-gateways/path-gateway/ and https://specs.ipfs.tech/http-gateways/trustless-gateway/
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Iterable, Iterator
from itertools import chain
from urllib.parse import quote

import sqlalchemy as sa
from flask import Blueprint, Response, request
from werkzeug.datastructures import Range
from werkzeug.http import parse_range_header

from ipfs import car, resolver
from ipfs.blockstore import SqlBlockstore
from ipfs.cid import CID, Block
from ipfs.errors import IpfsError, Malformed, NotADirectory, NotAFile, NotFound
from ipfs.resolver import Found
from marketplace.kit.db import db
from marketplace.kit.engines import begun
from marketplace.metadata.models import Document, blocks

log = logging.getLogger(__name__)

bp = Blueprint("gateway", __name__)

RAW_TYPE = "application/vnd.ipld.raw"
CAR_TYPE = f"{car.MEDIA_TYPE}; version=1; order=dfs; dups=n"
PROBE = "bafkqaaa"
"""The identity CID of no bytes: every trustless gateway answers it, so that programs see that this is one."""
FOR_EVER = "public, max-age=29030400, immutable"
DEEPEST_PATH = 16
AT_ONCE = 1024 * 1024
"""Bytes of an answer that are read before it begins; longer ones are read while they are sent."""
SAFE = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"{", "application/json"),
)
"""Types by the first bytes. Anything else is a download: a browser never runs what comes from here."""
WORDS = {
    400: "CID またはパスを読み取れません。 / Not a CID, or not a path.",
    404: "このデータは、ここにはありません。 / Not held here.",
    406: "この形式では渡せません（raw または car）。 / Only raw and car, version 1.",
    416: "その範囲はありません。 / No such range.",
    500: "保存されたデータを確かめられませんでした。 / What is kept here failed its check.",
}


@bp.get("/ipfs/<path:what>")
def give(what: str) -> Response:
    """<cid> or <cid>/<path>: a file, one block, or a CAR. 400 no CID, 404 not ours, 406 another format."""
    cid, _, path = what.partition("/")
    form = _form()
    if form is None:
        return _no(406)
    if cid == PROBE and not path and form in ("", "raw"):
        return Response(b"", content_type=RAW_TYPE)
    if path.count("/") >= DEEPEST_PATH:
        return _no(400)
    try:
        root = CID.parse(cid)
        store = SqlBlockstore(db.session.connection(), blocks)
        found = resolver.resolve(store, root, path)
        match form:
            case "raw":
                return _raw(store.get(found.cid))
            case "car":
                return _car(store, root, found)
            case _:
                return _file(store, found.cid)
    except Malformed:
        return _no(400)
    except (NotFound, NotADirectory):
        return _no(404)
    except NotAFile:
        return _no(
            404, "フォルダです。中のファイルを指すか、?format=car をお使いください。 / A directory: name a file."
        )
    except IpfsError:
        log.exception("gateway %s", cid[:80])
        return _no(500)


@bp.after_request
def open_to_everybody(response: Response) -> Response:
    """Any page may read this, no page may run it; nothing here depends on who asks, only on the form they ask for."""
    response.vary.add("Accept")
    headers = response.headers
    headers["Access-Control-Allow-Origin"] = "*"
    headers["Access-Control-Allow-Methods"] = "GET, HEAD, OPTIONS"
    headers["Access-Control-Allow-Headers"] = "Content-Type, Range, X-Requested-With"
    headers["Access-Control-Expose-Headers"] = "Content-Length, Content-Range, X-Ipfs-Path"
    headers["X-Content-Type-Options"] = "nosniff"
    headers["Content-Security-Policy"] = "default-src 'none'; frame-ancestors 'none'; sandbox"
    if response.status_code < 400:
        headers["X-Ipfs-Path"] = quote(request.path, safe="/:@!$&'()*+,;=~-._")
        headers["Cache-Control"] = FOR_EVER
    return response


def _form() -> str | None:
    """ "raw", "car", or "" for the file itself; None for what we do not give. The query wins over the Accept header."""
    asked = request.args.get("format")
    if asked is not None:
        return asked if asked in ("raw", "car") and request.args.get("car-version", "1") == "1" else None
    for kind, _ in request.accept_mimetypes:
        name, _, rest = kind.partition(";")
        if name.strip() == RAW_TYPE:
            return "raw"
        if name.strip() == car.MEDIA_TYPE:
            options = dict(part.strip().partition("=")[::2] for part in rest.split(";"))
            return "car" if options.get("version", "1") == "1" else None
        if name.strip().startswith("application/vnd.ipld."):
            return None
    return ""


def _raw(block: Block) -> Response:
    response = _tagged(f'"{block.cid}.raw"')
    if response.status_code == 200:
        response.set_data(b"" if request.method == "HEAD" else block.data)
        response.content_type = RAW_TYPE
        response.headers["Content-Length"] = str(len(block.data))
        response.headers["Content-Disposition"] = f'attachment; filename="{block.cid}.bin"'
    return response


def _car(store: SqlBlockstore, root: CID, found: Found) -> Response:
    """The blocks on the way, then those asked for: everything below, one entity, or the last block alone."""
    scope = request.args.get("dag-scope", "all")
    if scope not in ("all", "entity", "block"):
        return _no(400)
    what = hashlib.sha256(f"{found.cid} {scope} {len(found.passed)}".encode()).hexdigest()[:16]
    response = _tagged(f'W/"{root}.car.{what}"')
    if response.status_code == 200:
        store.get(found.cid)  # not here: 404, while there is still a status to say it with

        def given(store: SqlBlockstore) -> Iterator[bytes]:
            if scope == "block":
                below: Iterable[Block] = (store.get(found.cid),)
            elif scope == "entity":
                below = resolver.entity(store, found.cid)
            else:
                below = resolver.walk(store, found.cid)
            return car.write(root, chain(found.passed, below))

        response.content_type = CAR_TYPE
        response.headers["Content-Disposition"] = f'attachment; filename="{found.cid}.car"'
        if request.method == "HEAD":
            response.automatically_set_content_length = False  # how long it will be is known only at its end
        else:
            response.response = _stream(given)
    return response


def _file(store: SqlBlockstore, cid: CID) -> Response:
    size = resolver.file_size(store, cid)
    response = _tagged(f'"{cid}"')
    response.headers["Accept-Ranges"] = "bytes"
    if response.status_code != 200:
        return response
    start, stop = 0, size
    if (asked := _range(f'"{cid}"')) is not None:
        wanted = asked.range_for_length(size)
        if wanted is None:
            refused = _no(416)
            refused.headers["Content-Range"] = f"bytes */{size}"
            return refused
        start, stop = wanted
        response.status_code = 206
        response.headers["Content-Range"] = f"bytes {start}-{stop - 1}/{size}"
    head = b"".join(resolver.read(store, cid, 0, min(size, 16)))
    response.content_type = next((kind for magic, kind in SAFE if head.startswith(magic)), "application/octet-stream")
    if response.content_type == "application/octet-stream" and _is_drawn(cid):
        response.content_type = "image/svg+xml"
    if response.content_type == "application/octet-stream":
        response.headers["Content-Disposition"] = f'attachment; filename="{cid}"'
    response.headers["Content-Length"] = str(stop - start)
    if request.method != "HEAD":
        if stop - start <= AT_ONCE:
            response.set_data(b"".join(resolver.read(store, cid, start, stop)))
        else:
            response.response = _stream(lambda store: resolver.read(store, cid, start, stop))
    return response


def _is_drawn(cid: CID) -> bool:
    """Whether it is a token's picture that `art` drew: the only SVG that we call one. No upload becomes SVG."""
    drawn = sa.select(Document.id).where(Document.cid == str(cid), Document.path.like("art/%.svg"))
    return db.session.scalar(drawn.limit(1)) is not None


def _stream(pieces: Callable[[SqlBlockstore], Iterator[bytes]]) -> Iterator[bytes]:
    """The pieces, read while they are sent, on a connection that lasts as long as the sending.

    Where a block fails its check in the middle, the connection to the visitor breaks off: no end, no half truth.
    """
    engine = db.engine

    def sending() -> Iterator[bytes]:
        with begun(engine) as connection:
            yield from pieces(SqlBlockstore(connection, blocks))

    return sending()


def _range(etag: str) -> Range | None:
    """The one range of bytes that is asked for. Several, or a range of an older file, mean the whole."""
    asked = parse_range_header(request.headers.get("Range"))
    if asked is None or asked.units != "bytes" or len(asked.ranges) != 1:
        return None
    condition = request.headers.get("If-Range")
    return asked if condition in (None, etag) else None


def _tagged(etag: str) -> Response:
    """An answer with this ETag: 304 where the visitor has it (RFC 9110 §13.1.2, weak comparison)."""
    response = Response(status=200)
    response.headers["ETag"] = etag
    known = request.headers.get("If-None-Match", "")
    if known.strip() == "*" or etag.removeprefix("W/") in (tag.strip().removeprefix("W/") for tag in known.split(",")):
        response.status_code = 304
    return response


def _no(status: int, words: str | None = None) -> Response:
    return Response(f"{words or WORDS[status]}\n", status, content_type="text/plain; charset=utf-8")
