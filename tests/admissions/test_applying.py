from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from marketplace.accounts.models import Account
from marketplace.admissions import enclosing, rules
from marketplace.admissions.models import Participation, ParticipationState
from marketplace.admissions.pledge import pledge
from marketplace.journal.models import Entry
from marketplace.kit.clock import now, pretending
from marketplace.kit.db import db, get
from marketplace.kit.refusals import Invalid, Refused
from marketplace.listings.models import Listing
from marketplace.notices.models import Notice
from tests import given
from tests.racing import at_once


@pytest.fixture(autouse=True)
def _app(app: Flask) -> None:
    """Every test here has a town."""


def a_sale(state: str = "open", **part: Any) -> int:
    return given.a_listing("ascending", "naming", state=state, auction_rules={"taking_part": part})


def test_an_application_is_kept_with_the_pledge_that_was_read_and_answered_by_mail() -> None:
    listing_id, account_id = a_sale(), given.an_account()
    row = get(Participation, given.an_applicant(listing_id, account_id))
    assert (row.state, row.pledge_version, row.pledge_hash, row.no) == (
        ParticipationState.APPLIED,
        pledge().version,
        pledge().sha256,
        None,
    )
    letter = db.session.scalars(sa.select(Notice)).one()
    assert (letter.template, letter.to_email) == ("admission_received", get(Account, account_id).email)
    written = db.session.scalars(sa.select(Entry).where(Entry.subject == row.subject)).one()
    assert (written.event, written.by, written.details) == (
        "apply",
        f"buyer:{get(Account, account_id).code}",
        {"pledge": pledge().sha256},
    )


def test_applying_twice_is_one_application(app: Flask) -> None:
    listing_id, account_id = a_sale(), given.an_account()
    ids = at_once(app, 4, lambda _n: given.an_applicant(listing_id, account_id))
    assert len(set(ids)) == 1
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Notice)) == 1


def test_people_apply_from_the_announcement_to_the_stated_end() -> None:
    until = now() + timedelta(days=2)
    early, announced = a_sale("approved"), a_sale("published", until=until.isoformat())
    with pytest.raises(rules.ApplicationsNotOpen):
        given.an_applicant(early)
    assert given.an_applicant(announced)
    with pretending(until), pytest.raises(rules.ApplicationsOver):
        given.an_applicant(announced)


def test_without_a_stated_end_people_apply_until_the_close() -> None:
    listing_id = a_sale()
    closes_at = get(Listing, listing_id).closes_at
    assert closes_at is not None
    with pretending(closes_at - timedelta(seconds=5)):
        assert given.an_applicant(listing_id)
    with pretending(closes_at), pytest.raises(rules.ApplicationsOver):
        given.an_applicant(listing_id)


def test_nobody_applies_where_nobody_is_asked_to() -> None:
    with pytest.raises(rules.NoTakingPart):
        given.an_applicant(given.a_listing("ascending"))


def test_a_document_that_is_asked_for_has_to_be_there_and_goes_with_the_application() -> None:
    listing_id, account_id = a_sale(documents=True), given.an_account()
    with pytest.raises(Invalid) as refused:
        given.an_applicant(listing_id, account_id)
    assert refused.value.field == "enclosures"
    enclosure_id = enclosing.keep(listing_id, account_id, b"%PDF-1.7\n%%EOF\n")
    participation_id = given.an_applicant(listing_id, account_id)
    assert [each.id for each in enclosing.enclosures_of(participation_id)] == [enclosure_id]
    assert enclosing.pending(listing_id, account_id) == []


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"name": " "}, "name"),
        ({"adult": False}, "adult"),
        ({"pledged": False}, "pledged"),
        ({"pledge_version": "1999-01"}, "pledged"),
        ({"party": "company"}, "company"),
    ],
)
def test_what_is_not_complete_is_refused_with_its_field(more: dict[str, Any], field: str) -> None:
    with pytest.raises(Refused) as refused:
        given.an_applicant(a_sale(), **more)
    assert refused.value.field == field
    assert db.session.scalar(sa.select(Participation)) is None
