"""What may be kept on the way: the pages of everybody for strangers, nothing once somebody is signed in."""

from __future__ import annotations

from flask import Flask
from flask.testing import FlaskClient

from marketplace.kit.web import VARIES
from tests import given
from tests.access.test_pages import lines

MACHINES = ("/api/", "/ipfs/", "/abi/")
"""The same for everybody, whoever asks: files and figures for programs."""


def addresses(*who: str) -> list[str]:
    """Of pages without a parameter that are there."""
    rows = ((line.partition(" "), *rest) for line, rest in lines().items())
    return [
        rule
        for (method, _, rule), let_in, status in rows
        if (method, status) == ("GET", 200) and "<" not in rule and let_in in who
    ]


def keepers(client: FlaskClient, paths: list[str]) -> list[tuple[str, str]]:
    """(path, Cache-Control) of the HTML pages that somebody on the way may keep."""
    answers = [(path, client.get(path)) for path in paths]
    return [
        (path, answer.headers.get("Cache-Control", "public"))
        for path, answer in answers
        if answer.mimetype == "text/html" and answer.headers.get("Cache-Control", "public").startswith("public")
    ]


def test_whoever_is_signed_in_has_no_page_that_others_could_get(app: Flask) -> None:
    buyer = given.signed_in(app.test_client(), given.an_account())
    admin = given.signed_in(app.test_client(), given.staff("admin"))
    assert keepers(buyer, addresses("everybody", "signed in")) == []
    assert keepers(admin, addresses("staff", "staff: admin")) == []


def test_a_page_that_may_be_kept_names_what_it_varies_by_and_gives_no_cookie(app: Flask) -> None:
    stranger = app.test_client(use_cookies=False)
    kept = [path for path, _ in keepers(stranger, addresses("everybody"))]
    assert "/" in kept
    assert "/listings" in kept
    answers = {path: stranger.get(path) for path in kept}
    assert {path for path, answer in answers.items() if answer.headers.get("Set-Cookie")} == set()
    assert {path for path, answer in answers.items() if any(name not in answer.vary for name in VARIES)} == set()
    assert {path for path, answer in answers.items() if not answer.headers.get("ETag")} == set()
