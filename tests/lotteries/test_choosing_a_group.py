"""Who applies to a lottery with shares says to which one they belong, and sees its odds."""

from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient

from marketplace.kit.refusals import Invalid
from marketplace.lotteries.entering import enter
from marketplace.lotteries.groups import quota
from marketplace.lotteries.rules import PLEDGE, Application
from tests import given
from tests.lotteries.applied import a_lottery, ranked
from tests.pages import read, submit


def test_an_applicant_chooses_the_group_and_sees_its_odds(client: FlaskClient) -> None:
    lottery = a_lottery(quantity=5, auction_rules={"groups": quota(2, 5)})
    enter(lottery.id, given.an_account(), Application(group="others"))
    given.signed_in(client, given.an_account())
    url = f"/listings/{lottery.code}/enter"
    page = " ".join(read(client.get(url)).words.split())
    assert "町外の方の枠3名（いまの応募 1件、1口が当たる割合は100.0%）" in page
    without, strange, fine = (
        submit(client, url, {"agreed": "y", "pledge": PLEDGE, "group": group}) for group in (None, "mayor", "town")
    )
    assert [without.status_code, strange.status_code, fine.status_code] == [422, 422, 303]
    assert "どちらかを選んでください。" in without.text
    assert sorted(entry.group for entry in ranked()) == ["others", "town"]


def test_the_odds_of_one_lot_are_told_among_all_lots(client: FlaskClient) -> None:
    lottery = a_lottery(quantity=3, per_person_limit=3, auction_rules={"groups": quota(1, 3)})
    for lots in (1, 1, 3, 3):
        enter(lottery.id, given.an_account(), Application(group="others", lots=lots))
    given.signed_in(client, given.an_account())
    page = " ".join(read(client.get(f"/listings/{lottery.code}/enter")).words.split())
    assert "町外の方の枠2名（いまの応募 4件、1口が当たる割合は31.8%）" in page


def test_where_there_are_none_nobody_is_in_one(app: Flask) -> None:
    lottery = a_lottery()
    with pytest.raises(Invalid):
        enter(lottery.id, given.an_account(), Application(group="town"))
