from __future__ import annotations

import pytest
from flask import Flask, Response, url_for
from flask.testing import FlaskClient
from werkzeug.exceptions import NotFound
from werkzeug.routing import Map, Rule

from marketplace.kit.web import Address, conditional, or_404, safe_next


def test_what_is_not_there_has_no_page() -> None:
    assert or_404(0) == 0
    with pytest.raises(NotFound):
        or_404(None)


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


@pytest.mark.parametrize(
    ("rule", "values"),
    [
        ("/rights", {"page": 2}),
        ("/rights/<code>/units/<int:rule>", {"code": "月見沢/1", "rule": 7}),
        ("/pictures/<path:name>", {"name": "a/b c", "self": "x&y"}),
    ],
)
@pytest.mark.parametrize("append_unknown", [True, False])
def test_an_address_is_put_together_as_werkzeug_does(
    rule: str, values: dict[str, object], append_unknown: bool
) -> None:
    ours, theirs = (kind(rule, endpoint="there") for kind in (Address, Rule))
    for each in (ours, theirs):
        Map([each])
    for _ in range(2):  # written at the first, used at the second
        assert ours.build(values, append_unknown) == theirs.build(values, append_unknown)


def test_pages_have_such_addresses(app: Flask) -> None:
    assert {rule.endpoint for rule in app.url_map.iter_rules() if not isinstance(rule, Address)} == set()
    with app.test_request_context():
        assert url_for("static", filename="a b.css", v=1) == "/static/a%20b.css?v=1"
