"""Small things that every page shares: fragments, ETags, the visitor's address."""

from __future__ import annotations

import hashlib
from urllib.parse import urlsplit

from flask import Response, make_response, request
from flask.typing import ResponseReturnValue


def wants_fragment() -> bool:
    """True where htmx asks for a part of the page. https://htmx.org/reference/#request_headers"""
    return request.headers.get("HX-Request") == "true"


VARIES = ("Cookie", "HX-Request")
"""By what the same address has other pages: size, colours, language and sign-in are cookies; htmx asks for parts."""


def conditional(body: ResponseReturnValue, *, max_age: int = 1, private: bool = False) -> Response:
    """The response with a strong ETag; 304 without a body where the visitor has it already (RFC 9110 §13).

    Anybody on the way may keep it for `max_age` seconds, and our own shelf for a second (shelf.py), unless `private`.
    """
    response = make_response(body)
    if response.status_code == 200:
        response.set_etag(hashlib.sha256(response.get_data()).hexdigest()[:32])
        scope = "private" if private else "public"
        response.headers["Cache-Control"] = f"{scope}, max-age={max_age}"
        if response.mimetype == "text/html":
            response.vary.update(VARIES)
        response.make_conditional(request)
    return response


def client_address() -> str:
    return request.remote_addr or "unknown"


def safe_next(target: str | None, otherwise: str = "/") -> str:
    """`target` where it is a path of this site, else `otherwise`: a login link must not lead away."""
    if not target or not target.startswith("/") or target.startswith(("//", "/\\")):
        return otherwise
    parts = urlsplit(target)
    return target if not parts.scheme and not parts.netloc else otherwise
