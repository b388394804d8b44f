"""What comes up between the two persons who close a month."""

from __future__ import annotations

from datetime import datetime

from flask import Flask
from flask.testing import FlaskClient

from marketplace.fund.differences import explain, open_differences
from marketplace.fund.models import Account
from marketplace.fund.posting import post
from marketplace.kit.clock import JST, pretending
from marketplace.payments.balance import move_cursor
from tests import given
from tests.pages import submit

PATH = "/staff/books/2026-11"


def test_a_difference_that_comes_after_the_asking_is_explained_before_the_close(
    app: Flask, client: FlaskClient
) -> None:
    charge = [(Account.STRIPE, 1_000), (Account.COLLECTED, -1_000)]
    post("town:1", "charge", charge, at=datetime(2026, 11, 10, 12, tzinfo=JST))
    december = datetime(2026, 12, 5, 12, tzinfo=JST)
    with pretending(december):
        treasury = given.signed_in(client, given.staff("treasury"))
        approver = given.signed_in(app.test_client(), given.staff("approver"))
        assert submit(treasury, PATH, {"why": "照合ずみ"}, action=f"{PATH}/ask-to-close").status_code == 303
        move_cursor("balance", int(december.timestamp()))  # Stripe has been read, and knows of no such line
        answer = submit(approver, PATH, action=f"{PATH}/close")
        assert (answer.status_code, "説明のついていない差異があります。" in answer.text) == (409, True)
        (each,) = open_differences()
        explain(each.key, given.staff("treasury"), "試しに記帳したもの")
        assert submit(approver, PATH, action=f"{PATH}/close").status_code == 303
