"""The document of the API says what there is, and each answer is what it says."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from jsonschema import Draft202012Validator

from marketplace.api.openapi import ENDPOINTS
from marketplace.kit.clock import now
from marketplace.kit.db import db
from marketplace.tokens.models import Token
from tests import given
from tests.api.asking import HANA, ask, code_of
from tests.chainlogs import Chain
from tests.resale.stage import heard, held_token


def times(value: Any, key: str = "") -> Iterator[str]:
    """Every moment in an answer."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from times(inner, name)
    elif isinstance(value, list):
        for inner in value:
            yield from times(inner, key)
    elif isinstance(value, str) and (key == "at" or key.endswith("_at")):
        yield value


@pytest.fixture
def a_whole_town(chain: Chain) -> dict[str, str]:
    """A little of everything: {what: the paths that a reader may ask}."""
    fixed, auction, lottery = given.a_listing(), given.a_listing("ascending", "naming"), given.a_listing("lottery")
    given.a_listing("fixed", "card", state="draft")
    token_id = held_token(chain, given.an_account(), fixed)
    own = str(db.session.scalar(sa.select(Token.holder_address)))
    chain.listed(token_id, own, 5_000, block=2, number=1, expires=now() + timedelta(days=9))
    chain.sold(token_id, own, HANA, 5_000, block=3, number=1)
    heard(chain, token_id)
    contract = str(db.session.scalar(sa.select(Token.contract)))
    return {
        "/api/v1/listings": "listings",
        "/api/v1/listings/{code}": f"listings/{code_of(fixed)}",
        "/api/v1/listings/{code}/bids": f"listings/{code_of(auction)}/bids",
        "/api/v1/listings/{code}/draw": f"listings/{code_of(lottery)}/draw",
        "/api/v1/listings/{code}/perks": f"listings/{code_of(fixed)}/perks",
        "/api/v1/tokens": "tokens",
        "/api/v1/tokens/{contract}/{token_id}": f"tokens/{contract}/{token_id}",
        "/api/v1/tokens/{contract}/{token_id}/perks": f"tokens/{contract}/{token_id}/perks",
        "/api/v1/resales": "resales",
        "/api/v1/market": "market",
        "/api/v1/fund": "fund",
        "/api/v1/status": "status",
    }


class TestTheDocument:
    def test_it_names_every_address_that_there_is_and_no_other(self, app: Flask) -> None:
        rules = {re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule) for rule in app.url_map.iter_rules()}
        there = {rule for rule in rules if rule.startswith("/api/v1/")}
        assert there == {endpoint.path for endpoint in ENDPOINTS}

    def test_every_answer_is_what_the_document_promises(
        self, client: FlaskClient, a_whole_town: dict[str, str]
    ) -> None:
        document: Any = client.get("/api/openapi.json").json
        promised = {
            path: operation["get"]["responses"]["200"]["content"]["application/json"]["schema"]
            for path, operation in document["paths"].items()
            if "application/json" in operation["get"]["responses"]["200"]["content"]
        }
        assert promised.keys() == a_whole_town.keys()
        wrong = {}
        for path, schema in promised.items():
            validator = Draft202012Validator({**schema, "components": document["components"]})
            wrong[path] = [error.message for error in validator.iter_errors(ask(client, a_whole_town[path]))]
        assert wrong == {path: [] for path in promised}

    def test_refusals_are_what_the_document_promises(self, client: FlaskClient, chain: Chain) -> None:
        document: Any = client.get("/api/openapi.json").json
        promised = document["components"]["responses"]["Problem"]["content"]["application/problem+json"]["schema"]
        validator = Draft202012Validator({**promised, "components": document["components"]})
        asked = [client.get(f"/api/v1/{path}") for path in ("listings/LST-NONE", "listings?limit=0", "nothing")]
        asked += [client.post("/api/v1/listings")]
        assert [each.status_code for each in asked] == [404, 422, 404, 405]
        assert [list(validator.iter_errors(each.get_json())) for each in asked] == [[]] * 4
        told = {tuple(way["get"]["responses"]) for way in document["paths"].values()}
        assert (told, document["security"]) == ({("200", "304", "4XX", "5XX")}, [])

    def test_every_parameter_in_a_path_is_described(self, client: FlaskClient) -> None:
        document: Any = client.get("/api/openapi.json").json
        for path, operation in document["paths"].items():
            named = {part["name"] for part in operation["get"]["parameters"] if part["in"] == "path"}
            assert named == set(re.findall(r"{(\w+)}", path))

    def test_every_moment_has_the_offset_of_japan(self, client: FlaskClient, a_whole_town: dict[str, str]) -> None:
        found = [moment for path in a_whole_town.values() for moment in times(ask(client, path))]
        offsets = {datetime.fromisoformat(moment).utcoffset() for moment in found}
        assert (len(found) > 10, offsets) == (True, {timedelta(hours=9)})
