"""The letters before an opening survive kill -9 at each of their steps."""

from __future__ import annotations

import multiprocessing
import sys
from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from marketplace.accounts.models import Account
from marketplace.kit.db import db, get
from marketplace.listings.models import Listing
from marketplace.listings.reminding import Due, OpeningReminder, ask
from marketplace.notices.models import Notice
from marketplace.settings import Settings
from tests import given
from tests.dying import die_at_each_step

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="there is no fork")


def test_a_worker_killed_at_any_step_writes_to_each_person_once(app: Flask, settings: Settings) -> None:
    sale = given.a_listing(state="published", opens_at=given.in_days(10), closes_at=given.in_days(20))
    people = [given.an_account() for _ in range(3)]
    for person in people:
        ask(sale, person)
    how = (settings, "listings.tell_openings", get(Listing, sale).opens_at - timedelta(hours=24))
    db.session.remove()
    db.engine.dispose()
    worker = multiprocessing.get_context("spawn").Process(target=die_at_each_step, args=how)
    worker.start()
    worker.join(timeout=240)
    assert worker.exitcode == 0
    assert int((settings.data_dir / "deaths").read_text()) > 10

    letters = db.session.execute(sa.select(Notice.template, Notice.to_email, Notice.sent_at.is_not(None)))
    told = sorted(tuple(letter) for letter in letters)
    assert told == sorted(("opening", get(Account, person).email, True) for person in people)
    rows = db.session.execute(sa.select(OpeningReminder.account_id, OpeningReminder.due).order_by(OpeningReminder.id))
    assert [tuple(row) for row in rows] == [(person, Due.HOUR) for person in people]
