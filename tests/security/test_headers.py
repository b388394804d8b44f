"""What browsers are told with every answer, whatever it is: a page, a file, a redirect, a refusal, a failure."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from marketplace.accounts.models import Role
from marketplace.kit.db import get
from marketplace.listings.models import Listing
from marketplace.settings import Settings
from tests import given
from tests.access.addresses import address, rules

pytestmark = pytest.mark.on_sqlite
INSIDE = re.compile(
    r"<script(?![^>]*\ssrc=)(?! type=\"application/ld\+json\">)[^>]*>"
    r"|<style|<iframe|<object|<embed|\s(?:style|on[a-z]+)=\"|javascript:",
    re.I,
)
"""What a page can hold although the policy forbids it, data for search engines apart.

A picture in SVG may have attributes, but no handlers."""


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """A site as a town has it: on https."""
    return settings.model_copy(update={"base_url": "https://hiroba.example.jp"})


@pytest.fixture
def everyone(app: Flask) -> FlaskClient:
    """Somebody whom every guard lets in."""
    return given.signed_in(app.test_client(), given.staff(*map(str, Role)))


def faults(answer: TestResponse) -> list[str]:
    """What is wrong with the headers of an answer, or with what it holds."""
    headers = answer.headers
    policies = headers.getlist("Content-Security-Policy")
    found = [] if len(policies) == 1 else [f"{len(policies)} policies"]
    for policy in policies:
        rules = dict(part.strip().partition(" ")[::2] for part in policy.split(";"))
        if rules.get("default-src") not in ("'self'", "'none'"):
            found.append(f"default-src {rules.get('default-src')}")
        if rules.get("frame-ancestors") != "'none'":
            found.append("can be framed")
        if re.search(r"unsafe|\*|https?:(?!//checkout\.stripe\.com)", policy):
            found.append(f"wide: {policy}")
    expected = {
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "same-origin",
        "Strict-Transport-Security": "max-age=31536000",
        "Cross-Origin-Opener-Policy": "same-origin",
    }
    found += [
        f"{name}: {headers.getlist(name)}" for name, value in expected.items() if headers.getlist(name) != [value]
    ]
    for cookie in headers.getlist("Set-Cookie"):
        parts = {part.strip().partition("=")[0].lower() for part in cookie.split(";")[1:]}
        if not {"httponly", "secure", "samesite"} <= parts or "domain" in parts:
            found.append(f"cookie {cookie.partition('=')[0]}: {sorted(parts)}")
    if answer.mimetype == "text/html" and (inside := INSIDE.findall(answer.text)):
        found.append(f"inside: {inside[:3]}")
    return found


def every_answer(app: Flask, client: FlaskClient) -> Iterator[tuple[str, TestResponse]]:
    for line, rule in rules(app):
        method = line.partition(" ")[0]
        yield line, client.open(address(rule), method=method)
        if method == "GET":
            yield line.replace("GET", "HEAD"), client.head(address(rule))
            yield line.replace("GET", "OPTIONS"), client.options(address(rule))


def test_every_answer_of_every_rule_is_told_all_of_it(app: Flask, everyone: FlaskClient) -> None:
    wrong = {}
    for line, answer in every_answer(app, everyone):
        if found := faults(answer):
            wrong[line] = found
        answer.close()
    assert wrong == {}


def test_pages_that_show_something_are_told_it_too(app: Flask, everyone: FlaskClient) -> None:
    listing = get(Listing, given.a_listing())
    root = (listing.right.metadata_uri or "").removeprefix("ipfs://")
    paths = ["/", "/listings", f"/listings/{listing.code}", f"/ipfs/{root}1.json", "/static/css/base.css", "/staff"]
    seen = {}
    for path in paths:
        answer = everyone.get(path)
        seen[path] = (answer.status_code, faults(answer))
        answer.close()
    assert seen == dict.fromkeys(paths, (200, []))


def test_refusals_and_failures_are_told_it_too(app: Flask, client: FlaskClient) -> None:
    app.testing = False

    @app.get("/testing/failure")
    def fails() -> str:
        raise RuntimeError("on purpose")

    app.config["PROPAGATE_EXCEPTIONS"] = False
    too_large = app.config["MAX_CONTENT_LENGTH"] + 1
    answers = {
        404: client.get("/nowhere"),
        405: client.delete("/about"),
        308: client.get("/counter"),
        303: client.get("/mypage"),
        400: client.post("/signin"),
        413: client.post("/signin", content_length=too_large),
        500: client.get("/testing/failure"),
        304: client.get("/about", headers={"If-None-Match": client.get("/about").headers["ETag"]}),
    }
    assert {status: (answer.status_code, faults(answer)) for status, answer in answers.items()} == {
        status: (status, []) for status in answers
    }


def test_the_sign_of_a_sign_in_travels_over_https_alone_and_no_script_reads_it(app: Flask, client: FlaskClient) -> None:
    (cookie,) = client.get("/signin").headers.getlist("Set-Cookie")
    assert cookie.startswith("hiroba=")
    parts = {part.strip() for part in cookie.split(";")[1:]}
    assert {"Secure", "HttpOnly", "SameSite=Lax", "Path=/"} <= parts


def test_what_is_kept_for_the_look_of_a_page_is_a_cookie_of_the_same_kind(client: FlaskClient) -> None:
    for cookie in client.get("/display?size=l&theme=dark").headers.getlist("Set-Cookie"):
        assert {"Secure", "HttpOnly", "SameSite=Lax"} <= {part.strip() for part in cookie.split(";")}


class TestOnThisMachineAlone:
    @pytest.fixture
    def settings(self, settings: Settings) -> Settings:
        return settings.model_copy(update={"base_url": "http://127.0.0.1:8000"})

    def test_no_browser_is_told_to_insist_on_https(self, client: FlaskClient) -> None:
        assert "Strict-Transport-Security" not in client.get("/").headers
