"""Two presses of one button, or Back and the button again, are one draft; what says something else is another."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from marketplace.gatherings import circulating, drafting, polling
from marketplace.journal.models import Entry
from marketplace.kit.db import db
from tests.gatherings.stage import BY, values
from tests.gatherings.test_polling import a_question
from tests.racing import at_once

CLOSES = datetime(2190, 4, 1, 9, 0, tzinfo=UTC)
TIMES = {"ask_until": CLOSES, "begins_at": CLOSES + timedelta(days=1), "ends_at": CLOSES + timedelta(days=2)}


def a_letter(title: str) -> int:
    return circulating.draft(title, "山菜の季節です。", [], BY)


def an_event(title: str, seats: int = 5) -> int:
    return drafting.draft(values(title=title, seats=seats, **TIMES), BY)


def a_poll(title: str, *choices: str) -> int:
    return polling.draft(a_question(title=title, choices=choices or ("緑", "青"), closes_at=CLOSES), BY)


@pytest.mark.parametrize("draft", [a_letter, an_event, a_poll])
def test_what_is_sent_twice_is_written_once(app: Flask, draft: Callable[[str], int]) -> None:
    first, second = at_once(app, 2, lambda _number: draft("春の便り"))
    assert (first == second, draft("春の便り"), draft("夏の便り") == first) == (True, first, False)
    assert db.session.scalar(sa.select(sa.func.count(Entry.id)).where(Entry.event.startswith("draft_"))) == 2


def test_other_seats_or_choices_are_another_draft(app: Flask) -> None:
    assert an_event("集い", 5) != an_event("集い", 6)
    assert a_poll("看板の色", "緑", "青") != a_poll("看板の色", "緑", "赤")


def test_what_went_on_is_no_draft(app: Flask) -> None:
    announced = an_event("集い")
    drafting.announce(announced, BY)
    assert an_event("集い") != announced
