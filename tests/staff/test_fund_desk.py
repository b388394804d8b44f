"""Whoever decides on the fund reads when money that went back to its payers would be set aside."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient

from marketplace.fund import deciding
from marketplace.fund.models import DecisionKind
from marketplace.fund.posting import post
from marketplace.fund.rules import stripe_lines
from marketplace.fund.statements import beyond, summary
from marketplace.kit.clock import jst, now
from tests import given
from tests.pages import read

BACK = "もう払った方に返したお金です"


def moved(key: str, kind: str, yen: int) -> None:
    post(key, kind, stripe_lines(kind, yen, 0), at=now() - timedelta(hours=1), subject="order:ORD-TEST")


def asked(kind: DecisionKind, yen: int) -> int:
    return deciding.ask(kind, given.staff("treasury"), yen, jst(now()).date(), "調定第1号")


@pytest.fixture
def approver(app: Flask, client: FlaskClient) -> FlaskClient:
    moved("txn_1", "charge", 1_000)
    moved("txn_2", "charge", 500)
    moved("txn_3", "refund", -1_000)
    return given.signed_in(client, given.staff("approver"))


def test_a_step_of_what_is_left_is_told_without_a_word_more(approver: FlaskClient) -> None:
    asked(DecisionKind.RECOGNISE, 500)
    words = read(approver.get("/staff/fund")).words
    assert ("引かれた額 1,000円を引く前の額" in words, BACK in words) == (True, False)


def test_a_step_of_what_went_back_is_told_before_it_is_approved(approver: FlaskClient) -> None:
    decision = asked(DecisionKind.RECOGNISE, 1_200)
    assert f"このうち700円は、{BACK}" in read(approver.get("/staff/fund")).words
    deciding.approve(decision, given.staff("approver"))  # it may have its reason: a refund of a year that is over
    asked(DecisionKind.SET_ASIDE, 600)
    assert f"このうち100円は、{BACK}" in read(approver.get("/staff/fund")).words


@pytest.mark.parametrize(
    ("kind", "yen", "over"),
    [
        (DecisionKind.RECOGNISE, 501, 1),
        (DecisionKind.SET_ASIDE, 500, 0),
        (DecisionKind.PAY_IN, 2_000, 1_500),
        (DecisionKind.SPEND, 2_000, 0),
        (DecisionKind.PLAN, 2_000, 0),
    ],
)
def test_only_the_steps_towards_the_fund_are_measured(
    approver: FlaskClient, kind: DecisionKind, yen: int, over: int
) -> None:
    assert beyond(kind, yen, summary()) == over


def test_a_dispute_takes_money_as_a_refund_does(approver: FlaskClient) -> None:
    moved("txn_4", "adjustment", -500)
    assert beyond(DecisionKind.RECOGNISE, 500, summary()) == 500
