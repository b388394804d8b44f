"""In April and May the books of two years are open: whoever writes a decision says of which year it is."""

from __future__ import annotations

import io
from datetime import date, datetime, timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from pypdf import PdfReader

from marketplace.fund import deciding
from marketplace.fund.models import Account, DecisionKind
from marketplace.fund.posting import post
from marketplace.fund.statements import of_year
from marketplace.kit.clock import JST, pretending
from marketplace.kit.db import db
from tests import given
from tests.pages import read, submit

MARCH, APRIL, JUNE = (datetime(2027, month, 10, 12, tzinfo=JST) for month in (3, 4, 6))
WORDS = {"kind": "recognise", "yen": "800", "document": "調定第9号", "purpose": ""}


@pytest.fixture
def treasury(app: Flask, client: FlaskClient) -> FlaskClient:
    post("town:1", "charge", [(Account.STRIPE, 1_000), (Account.COLLECTED, -1_000)], at=MARCH)
    return client


def test_revenue_of_march_is_booked_for_its_year_in_april(treasury: FlaskClient) -> None:
    with pretending(APRIL):
        given.signed_in(treasury, given.staff("treasury"))
        answer = submit(treasury, "/staff/fund", WORDS)
        assert (answer.status_code, "どちらの年度の分かを選んでください。" in answer.text) == (422, True)
        assert submit(treasury, "/staff/fund", WORDS | {"year": "2026"}).status_code == 303
        assert "令和8年度" in read(treasury.get("/staff/fund")).words
        (decision,) = deciding.waiting()
        deciding.approve(decision.id, given.staff("approver"))
    assert [of_year(year)["recognised_yen"] for year in (2026, 2027)] == [800, 0]


def test_on_the_paper_of_a_year_each_of_its_two_aprils_says_of_which_year_it_is(treasury: FlaskClient) -> None:
    lines = [(Account.STRIPE, 500), (Account.COLLECTED, -500)]
    for number, year in ((2, 2026), (3, 2027)):
        post(f"town:{number}", "charge", lines, at=APRIL.replace(year=year), year=2026)
    with pretending(JUNE):
        given.signed_in(treasury, given.staff("treasury"))
        paper = PdfReader(io.BytesIO(treasury.get("/staff/books/FY2026.pdf").data))
    said = "".join("".join(page.extract_text() for page in paper.pages).split())
    assert [f"{year}年4月10日" in said for year in (2026, 2027)] == [True, True]


def test_from_june_on_there_is_one_year_and_nobody_is_asked(treasury: FlaskClient) -> None:
    with pretending(JUNE):
        given.signed_in(treasury, given.staff("treasury"))
        assert 'name="year"' not in treasury.get("/staff/fund").text
        assert submit(treasury, "/staff/fund", WORDS).status_code == 303
    assert [each.fiscal_year for each in deciding.waiting()] == [2027]


@pytest.mark.parametrize(
    ("on", "year"), [(date(2027, 3, 31), 2027), (date(2027, 4, 1), 2028), (date(2027, 4, 1), 2025), (JUNE.date(), 2026)]
)
def test_a_year_whose_books_are_not_open_on_the_day_is_refused(app: Flask, on: date, year: int) -> None:
    with pretending(JUNE + timedelta(days=1)), pytest.raises(deciding.NotThatYear) as refused:
        deciding.ask(DecisionKind.RECOGNISE, given.staff("treasury"), 800, on, "調定第9号", year=year)
    assert refused.value.field == "year"


def test_the_same_of_another_year_is_another_decision(app: Flask) -> None:
    with pretending(APRIL):
        who = given.staff("treasury")
        asked = [
            deciding.ask(DecisionKind.PLAN, who, 800, APRIL.date(), "議案第9号", "通院バス", year)
            for year in (2026, 2027, 2026)
        ]
    db.session.rollback()
    assert (asked[0] == asked[2], sorted(each.fiscal_year for each in deciding.waiting())) == (True, [2026, 2027])
