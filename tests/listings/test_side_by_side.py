"""Two sales and two persons side by side: what is asked of one is not answered with the other."""

from __future__ import annotations

import sqlalchemy as sa
from flask import Flask

from marketplace.kit.clock import pretending
from marketplace.kit.db import db, get
from marketplace.listings import amending, reminding, versions
from marketplace.listings.approving import approve
from marketplace.listings.drafting import draft, revise, submit
from marketplace.listings.models import Listing, ListingState
from marketplace.listings.reminding import Due, OpeningReminder, ask, stop, tell_openings
from marketplace.listings.scratches import discard, find, keep, of
from marketplace.notices.models import Notice
from tests import given


def reminders() -> list[tuple[int, int, Due]]:
    db.session.rollback()
    rows = sa.select(OpeningReminder.listing_id, OpeningReminder.account_id, OpeningReminder.due)
    return [(listing, account, due) for listing, account, due in db.session.execute(rows.order_by(OpeningReminder.id))]


def letters(template: str) -> list[str]:
    return list(db.session.scalars(sa.select(Notice.to_email).where(Notice.template == template).order_by(Notice.id)))


def test_each_sale_has_its_own_reminders_and_each_person_the_own(app: Flask) -> None:
    first, second, third = (
        given.a_listing(state="published", opens_at=given.in_days(days), closes_at=given.in_days(20))
        for days in (10, 14, 14)
    )
    hana, ken = given.an_account("hana@example.jp"), given.an_account("ken@example.jp")
    for listing_id, account_id in ((first, hana), (first, ken), (second, hana), (third, ken)):
        ask(listing_id, account_id)
    assert [reminding.waiting(each) for each in (first, second, third)] == [2, 1, 1]
    assert [reminding.asked(each, ken) for each in (first, second, third)] == [True, False, True]
    stop(first, ken)
    assert [each[:2] for each in reminders()] == [(first, hana), (second, hana), (third, ken)]
    with pretending(get(Listing, first).opens_at - reminding.DAY):
        tell_openings()
        assert [each[2] for each in reminders()] == [Due.HOUR, Due.DAY, Due.DAY]
        row = amending.propose(first, given.staff("drafter"), {"opens_at": given.in_days(3)}, "大雪のため")
        assert [each and each.id for each in map(amending.waiting, (second, first))] == [None, row]
        amending.approve(row, given.staff("approver"))
        reminding.on_amended(first, row)
    assert (letters("opening"), letters("listing_amended")) == (["hana@example.jp"], ["hana@example.jp"])
    assert [each[2] for each in reminders()] == [Due.DAY, Due.DAY, Due.DAY]
    reminding.on_closed(hana)
    assert [each[:2] for each in reminders()] == [(third, ken)]


def test_each_draft_has_its_own_versions_and_writers(app: Flask) -> None:
    drafter, other, approver = given.staff("drafter"), given.staff("approver"), given.staff("approver", email="c@a.jp")
    first, second = draft(drafter, given.values()), draft(drafter, given.values(price_yen=9_000))
    revise(first, other, given.values())
    for each in (first, second):
        submit(each, drafter)
    assert [[(each.number, each.facts["price_yen"]) for each in versions.every(id_)] for id_ in (first, second)] == [
        [(1, 3_000)],
        [(1, 9_000)],
    ]
    assert versions.to_compare_with(second, other) is None
    approve(second, other)  # who wrote only of the first
    assert [get(Listing, each).state for each in (first, second)] == [ListingState.SUBMITTED, ListingState.APPROVED]
    approve(first, approver)
    assert [[each.decided_by for each in versions.every(id_)] for id_ in (first, second)] == [[approver], [other]]


def test_each_window_keeps_its_own_text(app: Flask) -> None:
    me = given.staff("drafter")
    drafts = [given.a_listing(state="draft") for _ in range(2)]
    codes = [keep(me, {"title_ja": [f"下書き{n}"]}, listing_id=each)[0] for n, each in enumerate(drafts)]
    codes += [keep(me, {"title_ja": [f"新しいもの{n}"]})[0] for n in range(2)]
    assert len(set(codes)) == 4
    assert [{row.code for row in of(me, each)} for each in (*drafts, None)] == [
        {codes[0]},
        {codes[1]},
        {codes[2], codes[3]},
    ]
    for number, (code, listing_id) in enumerate(zip(codes, (*drafts, None, None), strict=True)):
        assert keep(me, {"title_ja": [str(number)]}, code=code, revision=1, listing_id=listing_id) == (code, 2)
    discard(codes[2], me)
    found = [find(code, me) for code in codes]
    assert [row and row.typed["title_ja"] for row in found] == [["0"], ["1"], None, ["3"]]
