"""Styles and scripts are packed for browsers that take it, and stay the same file; pages are not."""

from __future__ import annotations

import gzip

import pytest
from flask.testing import FlaskClient

TAKES = {"Accept-Encoding": "br, gzip"}


@pytest.mark.parametrize("path", ["/static/css/base.css", "/static/js/town.js"])
def test_a_file_that_travels_packed_is_the_same_file(client: FlaskClient, path: str) -> None:
    with client.get(path) as plain, client.get(path, headers=TAKES) as small:
        assert (plain.headers.get("Content-Encoding"), small.headers.get("Content-Encoding")) == (None, "gzip")
        assert gzip.decompress(small.data) == plain.data
        assert small.content_length == len(small.data) < len(plain.data)
        assert "Accept-Encoding" in plain.vary
        assert "Accept-Encoding" in small.vary


def test_a_browser_that_has_it_packed_is_not_sent_it_again(client: FlaskClient) -> None:
    with client.get("/static/css/base.css", headers=TAKES) as first:
        known = {"If-None-Match": first.headers["ETag"]}
    with client.get("/static/css/base.css", headers=TAKES | known) as again:
        assert (again.status_code, again.data) == (304, b"")


def test_who_takes_no_packed_files_gets_none(client: FlaskClient) -> None:
    with client.get("/static/css/base.css", headers={"Accept-Encoding": "gzip;q=0"}) as answer:
        assert answer.headers.get("Content-Encoding") is None


@pytest.mark.parametrize("path", ["/about", "/signin", "/static/img/emblem.svg"])
def test_nothing_else_is_packed(client: FlaskClient, path: str) -> None:
    with client.get(path, headers=TAKES) as answer:
        assert (answer.status_code, answer.headers.get("Content-Encoding")) == (200, None)
