"""The API keeps to its own document, whatever is asked: read from the OpenAPI, tried with values right and wrong."""

from __future__ import annotations

from contextlib import suppress
from typing import Any, cast

import hypothesis
import schemathesis
import sqlalchemy as sa
from flask import Flask
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.specs.openapi.checks import positive_data_acceptance

from marketplace.kit.db import db
from marketplace.listings.models import Listing
from tests import given
from tests.chainlogs import Chain, deploy
from tests.lotteries.applied import a_lottery
from tests.resale.stage import held_token, token

NOT_ASKED: list[Any] = [positive_data_acceptance]
"""A cursor is a string of ours: no schema can say which ones exist."""
EXAMPLES = 8
"""For each address and each manner, valid and not; the same ones each time."""


def in_the_town() -> dict[str, list[Any]]:
    """{parameter: what it can name}, after the town has a little of everything that the API tells."""
    deploy()
    buyer = given.an_account()
    token_id = held_token(Chain(), buyer)
    given.a_listing("ascending", "naming")
    a_lottery()
    codes = list(db.session.scalars(sa.select(Listing.code)))
    return {"code": codes, "listing": codes, "contract": [token(token_id).contract], "token_id": [token_id]}


def of(kind: str, operation: Any) -> st.SearchStrategy[Any]:
    strategy: st.SearchStrategy[Any] = operation.as_strategy(generation_mode=GenerationMode[kind])
    return strategy


def test_each_answer_is_one_that_the_document_promises(app: Flask) -> None:
    known = in_the_town()
    schema = schemathesis.openapi.from_wsgi("/api/openapi.json", app)
    operations: list[Any] = [result.ok() for result in cast("Any", schema).get_all_operations()]
    answered = {}
    for operation in operations:
        answered[operation.label] = _try(app, of("POSITIVE", operation), known)
        with suppress(hypothesis.errors.Unsatisfiable):  # where nothing can be said, nothing can be said wrongly
            _try(app, of("NEGATIVE", operation), {})
    assert len(operations) == 13
    assert {label for label, statuses in answered.items() if 200 not in statuses} == set()


def _try(app: Flask, cases: st.SearchStrategy[Any], known: dict[str, list[Any]]) -> set[int]:
    """What was answered. `known`: what parameters of the address are replaced by, so that something is found."""
    seen: set[int] = set()

    @hypothesis.seed(20261128)
    @hypothesis.settings(
        max_examples=EXAMPLES, database=None, deadline=None, suppress_health_check=list(hypothesis.HealthCheck)
    )
    @hypothesis.given(case=cases, choice=st.integers(0, 99))
    def check(case: Any, choice: int) -> None:
        for name in set(case.path_parameters or {}) & set(known):
            case.path_parameters[name] = known[name][choice % len(known[name])]
        app.extensions["hiroba.limits"].seen.clear()
        answer = case.call()
        case.validate_response(answer, excluded_checks=NOT_ASKED)
        assert answer.status_code < 500
        seen.add(answer.status_code)

    check()
    return seen
