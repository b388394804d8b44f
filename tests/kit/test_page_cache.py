"""The cache in front of a small application whose pages count how often they are made."""

from __future__ import annotations

from itertools import count

import pytest
from flask import Flask, Response, session
from flask.testing import FlaskClient

from marketplace.kit import page_cache
from marketplace.kit.web import conditional
from tests.kit.conftest import Clock


@pytest.fixture
def small(clock: Clock) -> Flask:
    app = Flask("small")
    app.secret_key = "a test's secret"
    app.config.update(SESSION_COOKIE_NAME="hiroba")
    made = count(1)

    @app.get("/public")
    def public() -> Response:
        return conditional(f"page {next(made)}", private="account_id" in session)

    @app.get("/same")
    def same() -> Response:
        next(made)
        return conditional("never another")

    @app.get("/private")
    def private() -> Response:
        return conditional(f"page {next(made)}", private=True)

    @app.get("/greeting")
    def greeting() -> Response:
        response = conditional(f"page {next(made)}")
        response.set_cookie("seen", "yes")
        return response

    @app.get("/long")
    def long() -> Response:
        return conditional(f"page {next(made)}  " + "。" * page_cache.MOST_BYTES)

    @app.get("/broken")
    def broken() -> tuple[str, int]:
        return f"page {next(made)}", 500

    app.wsgi_app = page_cache.in_front(app, 1.0, clock)  # type: ignore[method-assign, assignment]
    return app


def pages(client: FlaskClient, path: str, times: int = 2, **headers: str) -> list[str]:
    return [client.get(path, headers=headers).text[:8].strip(" 。") for _ in range(times)]


def test_a_public_page_is_made_once_a_second_for_everybody(small: Flask, clock: Clock) -> None:
    one, other = small.test_client(), small.test_client()
    first, second = one.get("/public"), other.get("/public")
    clock.at = 0.9
    third = other.get("/public")
    clock.at = 1.0
    fourth = one.get("/public")
    assert [each.text for each in (first, second, third, fourth)] == ["page 1", "page 1", "page 1", "page 2"]
    assert set(second.headers) == {each for each in first.headers if each[0] != "Date"}


def test_who_has_the_page_already_is_told_so_from_the_shelf(small: Flask) -> None:
    client = small.test_client()
    first = client.get("/public")
    again = client.get("/public", headers={"If-None-Match": f'W/"older", {first.headers["ETag"]}'})
    older = client.get("/public", headers={"If-None-Match": '"older"'})
    assert (again.status_code, again.text, again.headers["ETag"]) == (304, "", first.headers["ETag"])
    assert "Content-Length" not in again.headers
    assert (older.status_code, older.text) == (200, "page 1")


def test_of_a_page_that_only_its_owners_ask_for_the_mark_is_kept_until_somebody_wants_the_page(small: Flask) -> None:
    client = small.test_client()
    etag = conditional_etag(small, "/same")
    known = {"If-None-Match": etag}
    answers = [client.get("/same", headers=known), client.get("/same", headers=known), client.get("/same")]
    assert [(each.status_code, each.text) for each in answers] == [(304, ""), (304, ""), (200, "never another")]
    assert client.get("/same").text == "never another"


def conditional_etag(app: Flask, path: str) -> str:
    """As the page itself gives it, without the cache."""
    with app.test_request_context(path):
        return app.full_dispatch_request().headers["ETag"]


@pytest.mark.parametrize("path", ["/private", "/greeting", "/long", "/broken"])
def test_what_is_private_sets_a_cookie_is_too_long_or_has_failed_is_never_kept(small: Flask, path: str) -> None:
    assert pages(small.test_client(use_cookies=False), path) == ["page 1", "page 2"]


@pytest.mark.parametrize(
    "header",
    [
        {"Cookie": "size=xl"},
        {"Cookie": "theme=dark"},
        {"Cookie": "language=en"},
        {"Host": "other.example.jp"},
    ],
)
def test_a_page_that_is_drawn_in_another_way_is_another_page(small: Flask, header: dict[str, str]) -> None:
    client = small.test_client(use_cookies=False)
    assert pages(client, "/public", 1) + pages(client, "/public", 2, **header) == ["page 1", "page 2", "page 2"]


def test_another_question_is_another_page_and_a_cookie_that_changes_nothing_is_not(small: Flask) -> None:
    client = small.test_client(use_cookies=False)
    assert pages(client, "/public") + pages(client, "/public?page=2") == ["page 1", "page 1", "page 2", "page 2"]
    assert pages(client, "/public", 1, Cookie="somebody_elses=1") == ["page 1"]


@pytest.mark.parametrize("header", [{"HX-Request": "true"}, {"Authorization": "Bearer x"}, {"Range": "bytes=0-1"}])
def test_a_part_of_a_page_comes_from_the_page_itself(small: Flask, header: dict[str, str]) -> None:
    client = small.test_client()
    assert pages(client, "/public", 1) + pages(client, "/public", 2, **header)[1:] == ["page 1", "page 3"]


@pytest.mark.parametrize(
    "what", [{"account_id": 7}, {"account_id": 7, "csrf_token": "x"}, {"_flashes": [["good", "済"]]}]
)
def test_who_has_a_session_is_given_nothing_of_others_and_leaves_nothing_for_them(
    small: Flask, what: dict[str, object]
) -> None:
    somebody, nobody = small.test_client(), small.test_client()
    with somebody.session_transaction() as cookie:
        cookie.update(what)
    seen = pages(somebody, "/public"), pages(nobody, "/public"), pages(somebody, "/public")
    assert seen == (["page 1", "page 2"], ["page 3", "page 3"], ["page 4", "page 5"])


def test_a_session_with_nothing_but_the_seal_of_forms_is_given_everybodys_page_and_leaves_none(small: Flask) -> None:
    visitor = small.test_client()
    with visitor.session_transaction() as cookie:
        cookie["csrf_token"] = "da39a3ee5e6b4b0d3255bfef95601890afd80709"
    assert pages(visitor, "/public") + pages(small.test_client(), "/public", 1) == ["page 1", "page 2", "page 3"]
    assert pages(visitor, "/public") == ["page 3", "page 3"]


@pytest.mark.parametrize("cookie", ["", ".", "....", "W10.x.y", ".eJw.x.y", "not base64", "🍵"])
def test_a_cookie_that_is_no_session_opens_nothing(small: Flask, cookie: str) -> None:
    client = small.test_client(use_cookies=False)
    sent = f"hiroba={cookie}".encode().decode("latin-1")
    assert pages(client, "/public", 2, Cookie=sent) == ["page 1", "page 2"]


def test_the_shelf_does_not_grow_without_end(small: Flask) -> None:
    client = small.test_client()
    for number in range(page_cache.MOST_PAGES):
        client.get(f"/public?n={number}")
    assert pages(client, "/public?n=0", 1) == ["page 1"]
    client.get("/public?one=more")
    assert pages(client, "/public?n=0", 1) != ["page 1"]


def test_without_a_time_to_keep_there_is_no_shelf() -> None:
    bare = Flask("bare")
    assert page_cache.in_front(bare, 0) == bare.wsgi_app
