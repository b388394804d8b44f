"""The page cache: what is the same for everybody is made once, and for a second given to all who ask, from memory.

It stands in front of Flask in each process. There is no session, no query and no template in such an answer. What a
page says of itself decides (RFC 9111): only `Cache-Control: public` with an ETag is kept, and nothing that sets a
cookie, or differs (`Vary`) by what `varies_by` does not look at, which is the one place that knows by what public pages
differ.
"""

from __future__ import annotations

import base64
import binascii
import json
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from flask import Flask
from werkzeug.http import parse_cookie

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

LOOKS = ("size", "theme", "language", "furigana", "comic")
"""Cookies by which the same public page is drawn in another way."""
OF_ONE_ANSWER = {"date", "x-request-id", "age", "connection"}
OF_THE_BODY = {"content-length", "content-type", "content-encoding", "content-language"}
KNOWN = {"cookie", "hx-request"}
"""Headers that `varies_by` looks at."""
KINDS = ("text/html", "application/json", "application/atom+xml", "text/csv")
MOST_PAGES, MOST_BYTES = 256, 256 * 1024
"""In one process: 64 MiB at the very most."""

Key = tuple[str | None, ...]
Headers = list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Page:
    headers: Headers
    etag: str
    body: bytes | None
    """None where only a browser that had the page already has asked."""
    until: float


def varies_by(environ: WSGIEnvironment, session_cookie: str) -> Key | None:
    """What the answer to this request may depend on besides the rows of the database; None where it is for one reader.

    The address with its host, and the cookies of LOOKS. Whoever has a session may be greeted by name, told something or
    sent a fragment: they get nothing from the cache. A session that holds nothing but the seal of forms is nobody's.
    """
    if environ["REQUEST_METHOD"] != "GET" or any(
        name in environ for name in ("HTTP_HX_REQUEST", "HTTP_AUTHORIZATION", "HTTP_RANGE")
    ):
        return None
    look: tuple[str | None, ...] = ()
    if sent := environ.get("HTTP_COOKIE"):
        cookies = parse_cookie(sent)
        if session_cookie in cookies and not _is_nobodys(cookies[session_cookie]):
            return None
        look = tuple(cookies.get(name) for name in LOOKS)
    address = ("wsgi.url_scheme", "HTTP_HOST", "SCRIPT_NAME", "PATH_INFO", "QUERY_STRING")
    return *(environ.get(name) for name in address), *(look if any(look) else ())


def _is_nobodys(cookie: str) -> bool:
    """Read without its signature: whoever forges one sees what everybody sees."""
    payload = cookie.partition(".")[0]  # one that begins with a dot is compressed, and longer than a seal
    try:
        content = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    except (ValueError, binascii.Error):
        return False
    return isinstance(content, dict) and set(content) == {"csrf_token"}


def in_front(
    app: Flask, seconds: float, clock: Callable[[], float] = time.monotonic
) -> Callable[[WSGIEnvironment, StartResponse], Iterable[bytes]]:
    """The application with a cache, where pages lie for `seconds` by the `clock`; 0: none."""
    behind = app.wsgi_app
    session_cookie = str(app.config["SESSION_COOKIE_NAME"])
    kept: dict[Key, Page] = {}

    def answer(environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        key = varies_by(environ, session_cookie)
        if key is None:
            return behind(environ, start)
        page = kept.get(key)
        if page is not None and clock() < page.until:
            if (known := environ.get("HTTP_IF_NONE_MATCH")) and page.etag in known:
                start("304 Not Modified", [each for each in page.headers if each[0].lower() not in OF_THE_BODY])
                return ()
            if page.body is not None:
                start("200 OK", page.headers)
                return (page.body,)
        return made(key, environ, start)

    def made(key: Key, environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        said: list[Any] = []

        def listen(status: str, headers: Headers, exc_info: Any = None, /) -> Callable[[bytes], object]:
            said[:] = status, headers
            return start(status, headers, exc_info) if exc_info else start(status, headers)

        began = clock()
        body = behind(environ, listen)
        status, headers = said
        etag = keepable(status, headers, alone="HTTP_COOKIE" in environ and session_cookie in environ["HTTP_COOKIE"])
        if etag is None:
            return body
        whole = None
        if status.startswith("200"):
            whole = b"".join(body)
            if hasattr(body, "close"):
                body.close()
        if len(kept) >= MOST_PAGES:
            kept.clear()
        rest = [each for each in headers if each[0].lower() not in OF_ONE_ANSWER]
        kept[key] = Page(rest, etag, whole, began + seconds)
        return body if whole is None else (whole,)

    return answer if seconds > 0 else behind


def keepable(status: str, headers: Headers, *, alone: bool) -> str | None:
    """The ETag of an answer that may be given to others, else None. `alone`: its reader had a session of any kind."""
    if alone or status[:3] not in ("200", "304"):
        return None
    have = {name.lower(): value for name, value in headers}
    if "set-cookie" in have or not have.get("cache-control", "").startswith("public"):
        return None
    if {name.strip().lower() for name in have.get("vary", "").split(",")} - KNOWN - {""}:
        return None
    if status.startswith("200") and (
        not have.get("content-type", "").startswith(KINDS)
        or int(have.get("content-length", MOST_BYTES + 1)) > MOST_BYTES
    ):
        return None
    etag = have.get("etag", "")
    return etag if etag.startswith('"') else None
