from __future__ import annotations

import pytest
from flask import Flask, Response
from flask.testing import FlaskClient

from marketplace.kit.web import conditional, safe_next


@pytest.mark.parametrize("target", ["/", "/mypage", "/listings/LST-1?page=2"])
def test_a_path_of_this_site_may_follow_a_sign_in(target: str) -> None:
    assert safe_next(target, "/mypage") == target


@pytest.mark.parametrize(
    "target",
    [
        None,
        "",
        "mypage",
        "https://evil.example/",
        "//evil.example/",
        "/\\evil.example",
        "javascript:alert(1)",
        "/\t/evil.example",
        "/\n/evil.example",
        "\t//evil.example",
    ],
)
def test_an_address_elsewhere_may_not(target: str | None) -> None:
    assert safe_next(target, "/mypage") == "/mypage"


def test_a_page_that_did_not_change_is_not_sent_again(app: Flask, client: FlaskClient) -> None:
    texts = ["おなじ", "おなじ", "べつ"]

    def view() -> Response:
        return conditional(texts.pop(0), max_age=2)

    app.add_url_rule("/testing/page", view_func=view)
    first = client.get("/testing/page")
    known = {"If-None-Match": first.headers["ETag"]}
    second, third = client.get("/testing/page", headers=known), client.get("/testing/page", headers=known)
    assert [(page.status_code, page.text) for page in (first, second, third)] == [
        (200, "おなじ"),
        (304, ""),
        (200, "べつ"),
    ]
    assert first.headers["Cache-Control"] == "public, max-age=2"
