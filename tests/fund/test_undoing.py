"""A decision that was wrong is undone by another one; both stay where anybody can read them."""

from collections.abc import Callable
from datetime import date, datetime
from functools import partial

import pytest
import sqlalchemy as sa
from flask import Flask

from marketplace.accounts.models import Account
from marketplace.accounts.second_person import SamePerson
from marketplace.fund import deciding, undoing
from marketplace.fund.adding_up import check
from marketplace.fund.deciding import NoDocument
from marketplace.fund.models import Decision, DecisionKind, DecisionState
from marketplace.fund.posting import post
from marketplace.fund.publishing import published
from marketplace.fund.rules import NotEnough, stripe_lines
from marketplace.fund.statements import balanced, balances, of_year, summary
from marketplace.journal.models import Entry
from marketplace.kit.clock import JST, jst, now, pretending
from marketplace.kit.dates import fiscal_year
from marketplace.kit.db import db, get
from marketplace.kit.refusals import WrongState
from marketplace.reports.accounting import BY_NAME
from marketplace.reports.periods import year as of
from tests import given
from tests.pages import read, submit
from tests.racing import at_once

RECOGNISE, SET_ASIDE, PAY_IN, SPEND, PLAN = (
    *(DecisionKind.RECOGNISE, DecisionKind.SET_ASIDE, DecisionKind.PAY_IN),
    *(DecisionKind.SPEND, DecisionKind.PLAN),
)
YEN = {RECOGNISE: 900, SET_ASIDE: 800, PAY_IN: 700, PLAN: 600, SPEND: 500}


def treasury() -> int:
    return given.staff("treasury")


def approver() -> int:
    return given.staff("approver")


def decided(kind: DecisionKind, on: date | None = None) -> int:
    purpose = "通院バス" if kind in (PLAN, SPEND) else ""
    asked = deciding.ask(kind, treasury(), YEN[kind], on or jst(now()).date(), f"{kind} 第1号", purpose)
    deciding.approve(asked, approver())
    return asked


def undone(decision_id: int) -> int:
    undo_id = undoing.ask(decision_id, treasury(), "更正命令書 第1号")
    deciding.approve(undo_id, approver())
    return undo_id


def stages() -> dict[str, int]:
    return {name: summary()[f"{name}_yen"] for name in ("collected", "revenue", "set_aside", "fund", "spent")}


@pytest.fixture
def book(app: Flask) -> dict[DecisionKind, int]:
    """1,000 yen that went their whole way."""
    post("txn_1", "charge", stripe_lines("charge", 1_000, 0), at=now(), subject="order:ORD-TEST")
    return {kind: decided(kind) for kind in YEN}


def test_step_by_step_all_of_it_is_undone(book: dict[DecisionKind, int]) -> None:
    before = of_year(of_today())
    assert (stages(), before["recognised_yen"], before["spent_yen"]) == (
        {"collected": 1_000, "revenue": 900, "set_aside": 800, "fund": 700, "spent": 500},
        900,
        500,
    )
    for kind in reversed(YEN):
        undone(book[kind])
    assert stages() == {"collected": 1_000, "revenue": 0, "set_aside": 0, "fund": 0, "spent": 0}
    after = of_year(of_today())
    steps = ("recognised_yen", "set_aside_yen", "paid_in_yen", "spent_yen")
    assert (after["collected_yen"], [after[step] for step in steps]) == (1_000, [0, 0, 0, 0])
    assert (balanced(), balances()["bank"], summary()["uses"]) == (True, 0, [])
    assert {get(Decision, each).state for each in book.values()} == {DecisionState.UNDONE}


def of_today() -> int:
    return fiscal_year(now())


@pytest.mark.parametrize("kind", [RECOGNISE, SET_ASIDE, PAY_IN])
def test_what_went_on_is_undone_first(book: dict[DecisionKind, int], kind: DecisionKind) -> None:
    undo_id = undoing.ask(book[kind], treasury(), "更正命令書 第1号")
    with pytest.raises(NotEnough):
        deciding.approve(undo_id, approver())
    db.session.rollback()
    assert (get(Decision, undo_id).state, get(Decision, book[kind]).state) == (
        DecisionState.ASKED,
        DecisionState.APPROVED,
    )


def test_two_persons_undo_it_once(app: Flask, book: dict[DecisionKind, int]) -> None:
    spend = book[SPEND]
    with pytest.raises(NoDocument):
        undoing.ask(spend, treasury(), " ")
    asked = set(at_once(app, 3, lambda _: undoing.ask(spend, treasury(), "更正命令書 第1号")))
    (undo_id,) = asked
    assert isinstance(undo_id, int)
    with pytest.raises(SamePerson):
        deciding.approve(undo_id, treasury())
    db.session.rollback()
    outcomes = at_once(app, 3, lambda _: deciding.approve(undo_id, approver()))
    assert sum(isinstance(each, WrongState) for each in outcomes) == 2
    assert (stages()["spent"], balances()["bank"]) == (0, 0)
    notes = sa.select(Entry.event, Entry.by, Entry.details["yen"].as_integer())
    by = [f"staff:{get(Account, each).code}" for each in (treasury(), approver())]
    found = db.session.execute(notes.where(Entry.subject == get(Decision, undo_id).subject).order_by(Entry.id))
    assert [tuple(row) for row in found] == [("decision.ask", by[0], 500), ("decision.approve", by[1], 500)]
    db.session.rollback()
    for again in (spend, undo_id):
        with pytest.raises(WrongState):
            undoing.ask(again, treasury(), "更正命令書 第2号")


def test_one_that_was_withdrawn_may_be_asked_for_again(book: dict[DecisionKind, int]) -> None:
    deciding.withdraw(undoing.ask(book[SPEND], treasury(), "更正命令書 第1号"), approver())
    undone(book[SPEND])
    assert stages()["spent"] == 0


def test_the_list_of_what_came_in_has_no_second_line(book: dict[DecisionKind, int]) -> None:
    for kind in reversed(YEN):
        undone(book[kind])
    rows = list(BY_NAME["receipts"].rows(of(of_today())))
    assert [row[7] for row in rows] == [1_000]


def test_in_june_the_step_back_is_of_the_new_year(app: Flask) -> None:
    march, june = (datetime(2027, month, 10, 12, tzinfo=JST) for month in (3, 6))
    post("txn_1", "charge", stripe_lines("charge", 1_000, 0), at=march, subject="order:ORD-TEST")
    with pretending(march):
        decision = decided(RECOGNISE, march.date())
    with pretending(june):
        undone(decision)
    assert [of_year(year)["recognised_yen"] for year in (2026, 2027)] == [900, -900]
    assert [of_year(year)["collected_yen"] for year in (2026, 2027)] == [1_000, 0]


def test_the_desk_asks_and_shows_both(app: Flask, book: dict[DecisionKind, int]) -> None:
    code = get(Decision, book[SPEND]).code
    db.session.rollback()
    desk = given.signed_in(app.test_client(), treasury())
    wrong = submit(desk, "/staff/fund", {"decision": code, "paper": ""}, action="/staff/fund/undo")
    assert (wrong.status_code, set(read(wrong).form("/staff/fund/undo").errors)) == (422, {"paper"})
    told = {"decision": code, "paper": "更正命令書 第1号"}
    assert submit(desk, "/staff/fund", told, action="/staff/fund/undo").status_code == 303
    other = given.signed_in(app.test_client(), approver())
    assert "取り消す決定: 基金から使う、spend 第1号" in read(other.get("/staff/fund")).words
    (waiting,) = deciding.waiting()
    assert submit(other, "/staff/fund", action=f"/staff/fund/{waiting.code}/approve").status_code == 303
    assert "取り消しずみ" in read(desk.get("/staff/fund")).words
    assert "通院バス" not in [use["purpose"] for use in summary()["uses"] if use["spent_yen"]]


def test_a_stranger_adds_the_fund_up_as_before(app: Flask, book: dict[DecisionKind, int]) -> None:
    for kind in (SPEND, PAY_IN):
        undone(book[kind])
    assert check(published())


def test_whoever_asks_again_while_it_is_approved_stops_nobody(app: Flask) -> None:
    """PostgreSQL ends one of two that wait for each other."""
    for _ in range(4):
        wrong = decided(PLAN)
        undo_id, clerk, other = undoing.ask(wrong, treasury(), "更正命令書 第1号"), treasury(), approver()
        acts: list[Callable[[], object]] = [partial(undoing.ask, wrong, clerk, "更正")] * 3
        acts.append(partial(deciding.approve, undo_id, other))
        outcomes = at_once(app, len(acts), partial(did, acts))
        assert [each for each in outcomes if isinstance(each, Exception) and not isinstance(each, WrongState)] == []
        assert get(Decision, wrong).state == DecisionState.UNDONE


def did(acts: list[Callable[[], object]], number: int) -> object:
    return acts[number]()
