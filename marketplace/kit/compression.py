"""Styles and scripts travel compressed: a third of their size (RFC 9110 §8.4.1.3).

Pages do not. They hold the seal of forms beside what a visitor typed, and a compressed size would tell of it (BREACH).
"""

from __future__ import annotations

import gzip
from functools import lru_cache

from flask import Response, request

KINDS = {"text/css", "text/javascript", "application/javascript"}


def compressed(response: Response) -> Response:
    """The file as gzip for a browser that takes it. Its ETag becomes weak: compressed or not, it is the same file."""
    if not request.path.startswith("/static/") or response.mimetype not in KINDS:
        return response
    response.vary.add("Accept-Encoding")
    if response.status_code == 200 and request.accept_encodings["gzip"]:
        etag, _weak = response.get_etag()
        response.direct_passthrough = False
        response.set_data(_gzip(response.get_data()))
        response.headers["Content-Encoding"] = "gzip"
        if etag:
            response.set_etag(etag, weak=True)
    return response


@lru_cache(maxsize=64)
def _gzip(body: bytes) -> bytes:
    return gzip.compress(body, mtime=0)
