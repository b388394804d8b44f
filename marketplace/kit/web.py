"""Small things that every page shares: fragments, ETags, the visitor's address."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from ipaddress import ip_address, ip_network
from typing import Any, TypeVar
from urllib.parse import urlsplit

from flask import Response, abort, current_app, make_response, request
from flask.typing import ResponseReturnValue
from werkzeug.routing import IntegerConverter, Map, Rule
from werkzeug.wrappers import Response as AnyResponse

LONGEST_PATH = 300
Row = TypeVar("Row")
FORMS = {"application/x-www-form-urlencoded", "multipart/form-data"}
"""How a browser sends what was typed."""


def or_404(row: Row | None) -> Row:
    """What was looked for; where it is not there, no such page."""
    return row if row is not None else abort(404)


class Number(IntegerConverter):
    """<int:…> of an address: as many as a column can count, else there is no such page."""

    def __init__(self, url_map: Map) -> None:
        super().__init__(url_map, max=2**63 - 1)


class Address(Rule):
    """A rule that writes its two programs, which put an address together, when they are first asked for: an
    application has some 480 rules, a process asks few of them, and to write all took six sevenths of create_app."""

    def _compile_builder(self, append_unknown: bool = True) -> Callable[..., tuple[str, str]]:
        write = super()._compile_builder
        written: Callable[..., tuple[str, str]] | None = None

        def build(rule: Rule, /, **values: Any) -> tuple[str, str]:
            nonlocal written
            if written is None:  # two threads may both write it, and the same
                written = write(append_unknown)
            return written(rule, **values)

        return build


def asks_a_program(path: str) -> bool:
    """Whether JSON is what is asked for at an address: then a refusal is JSON, too (RFC 9457)."""
    return path.startswith("/api/") or path.endswith((".json", ".jsonld"))


def wants_fragment() -> bool:
    """True where htmx asks for a part of the page. https://htmx.org/reference/#request_headers"""
    return request.headers.get("HX-Request") == "true"


EDITION = "hiroba.edition"
"""The extension that tells, as bytes, what is still to be done to a page before it is sent."""
VARIES = ("Cookie", "HX-Request")
"""By what the same address has other pages: size, colours, language and sign-in are cookies; htmx asks for parts."""


def conditional(body: ResponseReturnValue, *, max_age: int = 1, private: bool = False) -> Response:
    """The response with a strong ETag; 304 without a body where the visitor has it already (RFC 9110 §13).

    Anybody on the way may keep it for `max_age` seconds, and our own page_cache.py for a second, unless `private`.
    """
    response = make_response(body)
    if response.status_code == 200:
        edition = current_app.extensions.get(EDITION, bytes)()
        response.set_etag(hashlib.sha256(response.get_data() + edition).hexdigest()[:32])
        scope = "private" if private else "public"
        response.headers["Cache-Control"] = f"{scope}, max-age={max_age}"
        if response.mimetype == "text/html":
            response.vary.update(VARIES)
        elif response.mimetype == "text/calendar":
            response.vary.add("Cookie")  # it is for people, in their language
        response.make_conditional(request)
    return response


def set_cookie(
    response: AnyResponse, name: str, value: str, *, max_age: int, path: str = "/", samesite: str = "Lax"
) -> None:
    """A cookie that no script reads, and that travels as the session's does: over https alone where the site has it.

    `max_age` in seconds; 0 forgets it.
    """
    secure = bool(current_app.config["SESSION_COOKIE_SECURE"])
    response.set_cookie(name, value, max_age, path=path, secure=secure, httponly=True, samesite=samesite)


OF_ONE_LINE = 64
"""Bits of an IPv6 address that a provider gives to one household; the rest its owner takes as they like (RFC 6177)."""


def client_address() -> str:
    """Where the visitor is, for counting how often they come; behind proxies as TRUSTED_PROXIES says."""
    said = request.remote_addr or "unknown"
    try:
        address = ip_address(said)
    except ValueError:
        return said
    if address.version == 4:
        return said
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return str(ip_network((address, OF_ONE_LINE), strict=False))


def safe_next(target: str | None, otherwise: str = "/") -> str:
    """`target` where it is a path of this site, else `otherwise`: a login link must not lead away.

    Browsers read a backslash as a slash and pass over tabs and line breaks (https://url.spec.whatwg.org/#url-parsing).
    """
    if not target or len(target) > LONGEST_PATH or not target.startswith("/") or target.startswith("//"):
        return otherwise
    if "\\" in target or any(ord(sign) < 32 for sign in target):
        return otherwise
    parts = urlsplit(target)
    return target if not parts.scheme and not parts.netloc else otherwise


def came_from(otherwise: str) -> str:
    """Our own page from which something was sent, as a path; `otherwise` where it was none of ours."""
    try:
        page = urlsplit(request.referrer or "")
    except ValueError:  # no address: no browser says that
        return otherwise
    return page._replace(scheme="", netloc="", fragment="").geturl() if page.netloc == request.host else otherwise
