from __future__ import annotations

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.exc import IntegrityError

from marketplace.journal.models import Entry
from marketplace.kit.clock import now
from marketplace.kit.db import db, get, transaction
from marketplace.kit.refusals import Invalid, WrongState
from marketplace.listings.approving import approve, send_back
from marketplace.listings.drafting import draft, revise, submit
from marketplace.listings.facts import fingerprint
from marketplace.listings.models import Listing, ListingState
from marketplace.listings.rules import SamePerson
from marketplace.rights.models import Right, RightState
from tests import given
from tests.outbox.hearing import hearing
from tests.racing import at_once


def submitted() -> tuple[int, int, int]:
    """(listing, drafter, approver)."""
    return given.a_listing(state="submitted"), given.staff("drafter"), given.staff("approver")


def test_another_person_approves_and_the_text_is_frozen(app: Flask) -> None:
    facts: list[dict[str, int]] = []
    with hearing("listing.approved", lambda **body: facts.append(body)):
        listing_id, _, approver = submitted()
        approve(listing_id, approver, why="内容を確かめました")
        given.metadata_published(listing_id)
    listing = get(Listing, listing_id)
    assert (listing.state, listing.approved_by, listing.right.state) == (
        ListingState.APPROVED,
        approver,
        RightState.APPROVED,
    )
    assert (len(str(listing.text_hash)), listing.approved_at is None) == (len("sha256:") + 64, False)
    assert facts == [{"listing_id": listing_id, "right_id": listing.right_id, "quantity": listing.quantity}]


def test_the_drafter_cannot_approve(app: Flask) -> None:
    listing_id, drafter, _ = submitted()
    with pytest.raises(SamePerson) as refusal:
        approve(listing_id, drafter)
    assert (refusal.value.status, get(Listing, listing_id).state) == (403, ListingState.SUBMITTED)


def test_whoever_changed_it_last_cannot_approve_either(app: Flask) -> None:
    drafter, other = given.staff("drafter"), given.staff("approver")
    listing_id = draft(drafter, given.values())
    revise(listing_id, other, given.values(title_ja="直した名前"))
    submit(listing_id, drafter)
    with pytest.raises(SamePerson):
        approve(listing_id, other)


def test_the_database_does_not_believe_it_either(app: Flask) -> None:
    listing_id, drafter, _ = submitted()
    with pytest.raises(IntegrityError, match="approved_by_another_person"), transaction() as session:
        session.execute(sa.update(Listing).where(Listing.id == listing_id).values(approved_by=drafter))


@pytest.mark.parametrize("state", ["approved", "published", "open", "closed", "completed"])
def test_the_database_has_nothing_public_that_nobody_approved(app: Flask, state: str) -> None:
    listing_id, _, _ = submitted()
    over = {"closed_at": now()} if state in ("closed", "completed") else {}
    on_sale = sa.update(Listing).where(Listing.id == listing_id)
    on_sale = on_sale.values(state=ListingState(state), published_at=now(), **over)
    with pytest.raises(IntegrityError, match="nothing_public_unapproved"), transaction() as session:
        session.execute(on_sale)


@pytest.mark.parametrize("state", ["draft", "approved", "open"])
def test_what_was_not_submitted_cannot_be_approved(app: Flask, state: str) -> None:
    listing_id = given.a_listing(state=state)
    before = get(Listing, listing_id).text_hash
    with pytest.raises(WrongState):
        approve(listing_id, given.staff("approver", email="another@town.example.jp"))
    assert (get(Listing, listing_id).state, get(Listing, listing_id).text_hash) == (ListingState(state), before)


def test_two_approvers_at_once_approve_once(app: Flask) -> None:
    listing_id, _, _ = submitted()
    approvers = [given.staff("approver", email=f"{name}@town.example.jp") for name in ("a", "b")]
    outcomes = at_once(app, 2, lambda number: approve(listing_id, approvers[number]))
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["NoneType", "WrongState"]
    moves = sa.select(sa.func.count()).select_from(Entry).where(Entry.event == "approve", Entry.to_state == "approved")
    subjects = (get(Listing, listing_id).subject, get(Listing, listing_id).right.subject)
    assert [db.session.scalar(moves.where(Entry.subject == subject)) for subject in subjects] == [1, 1]


def test_what_is_sent_back_comes_with_a_note_and_can_be_mended_and_submitted_again(app: Flask) -> None:
    listing_id, drafter, approver = submitted()
    send_back(listing_id, approver, " 開始価格の根拠を書いてください。\n")
    listing = get(Listing, listing_id)
    assert (listing.state, listing.returned_note) == (ListingState.DRAFT, "開始価格の根拠を書いてください。")
    revise(listing_id, drafter, given.values(body_ja="根拠は前回の結果です。"))
    submit(listing_id, drafter)
    approve(listing_id, approver)
    assert get(Right, listing.right_id).body_ja == "根拠は前回の結果です。"


def test_a_draft_is_not_sent_back_without_a_word(app: Flask) -> None:
    listing_id, _, approver = submitted()
    with pytest.raises(Invalid) as refusal:
        send_back(listing_id, approver, "　")
    assert (refusal.value.field, get(Listing, listing_id).state) == ("note", ListingState.SUBMITTED)


def test_what_is_in_the_approvers_hands_does_not_change_under_them(app: Flask) -> None:
    listing_id, drafter, _ = submitted()
    with pytest.raises(WrongState):
        revise(listing_id, drafter, given.values(title_ja="すりかえ"))
    assert get(Listing, listing_id).right.title_ja == given.values()["title_ja"]


def test_the_approved_hash_covers_words_and_sale(app: Flask) -> None:
    at = given.in_days(0)
    drafter, values = given.staff("drafter"), given.values(publish_at=at, opens_at=at)
    listing_id = draft(drafter, values)
    prints: list[str] = []
    for change in ({}, {"price_yen": 3_001}, {"body_ja": "別のことば"}, {}):
        revise(listing_id, drafter, values | change)
        prints.append(fingerprint(get(Listing, listing_id)))
    assert (prints[0] == prints[3], len(set(prints))) == (True, 3)


def test_two_sales_of_the_same_words_have_two_hashes(app: Flask) -> None:
    at = given.in_days(0)
    drafter, values = given.staff("drafter"), given.values(publish_at=at, opens_at=at)
    assert len({fingerprint(get(Listing, draft(drafter, values))) for _ in range(2)}) == 2


def test_the_first_author_cannot_approve_after_a_colleague_changed_a_word(app: Flask) -> None:
    first, second = given.staff("drafter"), given.staff("drafter", "approver", email="second@town.example.jp")
    third = given.staff("approver")
    listing_id = draft(first, given.values())
    revise(listing_id, second, given.values(title_ja="デジタル住民票 第4弾"))
    submit(listing_id, second)
    for author in (first, second):
        with pytest.raises(SamePerson):
            approve(listing_id, author)
    approve(listing_id, third)
