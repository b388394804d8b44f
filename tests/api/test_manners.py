"""What the API says to whoever asks wrongly, too often, again, or from another site."""

from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient

from marketplace.api.openapi import ENDPOINTS
from tests import given
from tests.api.asking import HANA
from tests.chainlogs import Chain


class TestManners:
    @pytest.mark.parametrize(
        "query",
        ["limit=0", "limit=201", "limit=x", "limit=-1", "cursor=!", "cursor=W10", "cursor=WyJhIl0", "kind=boat"],
    )
    def test_a_question_that_cannot_be_is_a_problem_in_json(
        self, client: FlaskClient, chain: Chain, query: str
    ) -> None:
        answer = client.get(f"/api/v1/listings?{query}")
        assert (answer.status_code, answer.content_type) == (422, "application/problem+json")

    @pytest.mark.parametrize("path", ["/api/v1/listings/LST-NONE", "/api/v1/nothing", "/api/nothing"])
    def test_nothing_there_is_a_problem_in_json(self, client: FlaskClient, chain: Chain, path: str) -> None:
        answer = client.get(path)
        body: Any = answer.json
        assert (answer.status_code, answer.content_type, sorted(body), body["status"]) == (
            404,
            "application/problem+json",
            ["code", "detail", "status", "title", "type"],
            404,
        )

    def test_an_answer_that_has_not_changed_is_not_sent_again(self, client: FlaskClient, chain: Chain) -> None:
        first = client.get("/api/v1/listings")
        again = client.get("/api/v1/listings", headers={"If-None-Match": first.headers["ETag"]})
        given.a_listing()
        changed = client.get("/api/v1/listings", headers={"If-None-Match": first.headers["ETag"]})
        assert (again.status_code, again.data, changed.status_code) == (304, b"", 200)
        assert first.headers["Cache-Control"] == "public, max-age=1"

    def test_a_page_from_anywhere_may_read_it_and_its_refusals(self, client: FlaskClient, chain: Chain) -> None:
        paths = ("/api/v1/listings", "/api/v1/listings/LST-NONE", "/api/v1/nothing", "/api/openapi.json")
        answers = [*(client.get(path) for path in (*paths, f"/api/v1/tokens/{HANA}/{10**30}")), client.post(paths[0])]
        assert {answer.headers.get("Access-Control-Allow-Origin") for answer in answers} == {"*"}

    def test_nobody_can_write(self, client: FlaskClient, chain: Chain) -> None:
        for endpoint in ENDPOINTS:
            path = endpoint.path.format(code="LST-X", contract=HANA, token_id=1)
            answers = [client.open(path, method=method) for method in ("POST", "PUT", "DELETE")]
            assert [(each.status_code, each.headers["Allow"]) for each in answers] == [(405, "GET, HEAD, OPTIONS")] * 3

    @pytest.mark.parametrize("path", ["/api/v1/resales.csv", "/fund/entries.json"])
    def test_who_asks_too_often_is_told_when_to_come_again(self, client: FlaskClient, chain: Chain, path: str) -> None:
        answers = [client.get(f"{path}?n={number}") for number in range(31)]
        assert [each.status_code for each in answers] == [200] * 30 + [429]
        assert (answers[-1].headers["Retry-After"], answers[-1].get_json()["code"]) == ("60", "too_often")
