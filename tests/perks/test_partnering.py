from __future__ import annotations

import re

import pytest
from flask import Flask

from marketplace.kit.refusals import Refused, WrongState
from marketplace.perks import partnering, signing_in
from tests import given
from tests.pages import read, submit
from tests.perks.stage import BY, Desk, a_desk

WHERE = "/staff/partners"


@pytest.fixture
def desk(app: Flask) -> Desk:
    return a_desk()


def test_a_partner_that_was_closed_by_mistake_opens_again_with_a_new_pin(app: Flask, desk: Desk) -> None:
    clerk = given.signed_in(app.test_client(), given.staff("approver"))
    assert [month for month in read(clerk.get(f"{WHERE}/{desk.code}")).links if month.endswith(".csv")] == []
    assert submit(clerk, WHERE, action=f"{WHERE}/{desk.code}/close").location == WHERE
    assert f"{WHERE}/{desk.code}/close" not in [form.action for form in read(clerk.get(WHERE)).forms]
    shown = submit(clerk, WHERE, action=f"{WHERE}/{desk.code}/reopen")
    (pin,) = re.findall(r"\b([0-9]{3}) ([0-9]{3})\b", read(shown).words)
    with pytest.raises(Refused):
        signing_in.sign_in(desk.code, desk.pin)
    assert signing_in.sign_in(desk.code, "".join(pin))
    with pytest.raises(WrongState):
        partnering.reopen(desk.partner_id, BY)
