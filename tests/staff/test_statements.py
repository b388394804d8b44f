"""No query for each row at the desk: its pages ask the database as often where there is more to show."""

from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient

from marketplace.accounts.models import Role
from marketplace.gatherings import circulating, polling
from marketplace.kit.db import get
from marketplace.listings.models import Listing
from marketplace.lotteries.entering import enter
from marketplace.orders.placing import place
from marketplace.perks import partnering
from tests import given
from tests.access.test_pages import lines
from tests.gatherings.test_polling import a_question
from tests.growing import World, counts
from tests.lotteries.applied import a_lottery, asking, somebody
from tests.perks.stage import BY
from tests.resale.stage import held_token
from tests.statements import counted
from tests.waiting.stage import a_room, turn

pytestmark = pytest.mark.on_sqlite
FEW, MANY, AT_MOST = 2, 6, 8
OWN_NUMBER = {"/staff/health"}
"""It looks at each part of the house, some of which have more to say where there is more."""


def pages_of_the_desk() -> tuple[str, ...]:
    """Those without a parameter."""
    there = [line.partition(" ")[2].strip() for line, (who, status) in lines().items() if status == 200]
    gets = {line.partition(" ")[2].strip() for line in lines() if line.startswith("GET")}
    return tuple(sorted({p for p in there if p in gets and p.startswith("/staff") and "<" not in p} - OWN_NUMBER))


class Desk(World):
    """With what the desk alone shows: orders that wait, drafts that wait, waiting rooms, applications, letters."""

    def __init__(self) -> None:
        super().__init__()
        self.auction = given.a_listing("ascending", "naming", auction_rules={"taking_part": {}})
        self.lottery = a_lottery(**asking(address=True))

    @property
    def pages(self) -> tuple[str, ...]:
        return (*pages_of_the_desk(), f"/staff/lotteries/{self.lottery.code}/entries")

    def grow(self, rows: int) -> None:
        for n in range(self.rows, rows):
            given.an_applicant(self.auction)
            enter(self.lottery.id, given.an_account(), somebody(address=f"月見沢町{n}"))
            partnering.take_in(f"温泉{n}", BY)
            circulating.draft(f"便り{n}", "山菜の季節です。", [get(Listing, self.sale).right_id], BY)
            polling.draft(a_question(title=f"お題{n}"), BY)
            held_token(self.chain, self.holder, kind="naming", title_ja=f"橋{n}")
            place(given.an_account(), given.a_listing(title_ja=f"注文のある権利{n}"))
            given.a_listing(state="submitted", title_ja=f"決裁を待つ権利{n}")
            given.staff("counter")
            a_room(2, state="open", title_ja=f"待合室のある権利{n}")
        turn()
        super().grow(rows)


def clerk_of_everything(app: Flask) -> FlaskClient:
    roles = [str(role) for role in Role if role is not Role.AUDITOR]
    return given.signed_in(app.test_client(), given.staff(*roles))


def test_each_page_of_the_desk_asks_as_often_for_six_of_everything_as_for_two(app: Flask) -> None:
    clerk, desk = clerk_of_everything(app), Desk()
    desk.grow(FEW)
    few = counts(clerk, desk.pages)
    desk.grow(MANY)
    many = counts(clerk, desk.pages)
    assert {path: (few[path], many[path]) for path in few if many[path] > few[path]} == {}


def test_what_somebody_may_do_is_not_asked_for_each_link_and_button(app: Flask) -> None:
    """The guard asks once, and so does each office that has a line for the sheet of today."""
    clerk = clerk_of_everything(app)
    for path in ("/staff", "/staff/calendar"):
        assert clerk.get(path).status_code == 200
        with counted() as seen:
            clerk.get(path)
        assert len([each for each in seen if "FROM staff_roles" in each]) <= AT_MOST
