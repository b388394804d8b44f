"""変更公告: what may change when, by whom, what the public reads, and who is told."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.exc import IntegrityError

from marketplace.auctions.bidding import place_bid
from marketplace.auctions.opening import of_listing as auction_of
from marketplace.kit.clock import now, pretending
from marketplace.kit.db import db, get, transaction
from marketplace.kit.refusals import Invalid, WrongState
from marketplace.listings import amending, scheduling
from marketplace.listings.amending import NotAmendable, NothingToAmend, OneIsWaiting, approve, propose
from marketplace.listings.decisions import AmendmentState, SaleAmendment
from marketplace.listings.facts import fingerprint
from marketplace.listings.models import Listing
from marketplace.listings.rules import SamePerson
from marketplace.listings.versions import every
from marketplace.lotteries.closing import draws, of_listing
from marketplace.lotteries.drand import drand
from marketplace.lotteries.handlers import on_closed
from marketplace.lotteries.models import Lottery
from marketplace.notices.models import Notice
from marketplace.orders.placing import place
from marketplace.outbox import keeping
from tests import given
from tests.lotteries.applied import with_entries
from tests.racing import at_once

WHY = "準備に時間がかかるため"


def minute(days: float) -> datetime:
    return given.in_days(days).replace(second=0, microsecond=0)


def announced(mode: str = "fixed", **more: Any) -> int:
    """Published, and open in ten days."""
    kind = "naming" if mode in ("ascending", "sealed") else "resident"
    times = {"opens_at": minute(10), "closes_at": minute(20), "draw_at": minute(22) if mode == "lottery" else None}
    return given.a_listing(mode, kind, state="published", **times | more)


def amended(listing_id: int, **values: Any) -> SaleAmendment:
    """By two persons; everybody has heard."""
    row_id = propose(listing_id, given.staff("drafter"), values, WHY)
    approve(row_id, given.staff("approver"))
    keeping.drain()
    return get(SaleAmendment, row_id)


def told() -> list[str]:
    """Who had the letter."""
    letters = sa.select(Notice.to_email).where(Notice.template == "listing_amended").order_by(Notice.to_email)
    return list(db.session.scalars(letters))


def test_before_the_opening_price_and_days_are_changed_by_two(app: Flask) -> None:
    listing_id = announced()
    before, drafter = get(Listing, listing_id).text_hash, given.staff("drafter")
    later = minute(12)
    row = amended(listing_id, price_yen=2_500, opens_at=later)
    listing = get(Listing, listing_id)
    assert (listing.price_yen, listing.opens_at, row.number, row.drafted_by) == (2_500, later, 1, drafter)
    assert (listing.text_hash, listing.text_hash != before) == (
        fingerprint(listing, listing.right.text_hash),
        True,
    )
    assert [each.fingerprint for each in every(listing_id)] == [before, listing.text_hash]
    assert [(each.name, each.lines) for each in amending.changed_by(row)][-1] == (
        "価格",
        [("old", "3,000円"), ("new", "2,500円")],
    )


def test_nothing_changes_before_another_person_agrees(app: Flask) -> None:
    listing_id, drafter = announced(), given.staff("drafter")
    row_id = propose(listing_id, drafter, {"price_yen": 2_500}, WHY)
    with pytest.raises(SamePerson):
        approve(row_id, drafter)
    assert (get(Listing, listing_id).price_yen, amending.published(listing_id)) == (3_000, [])
    with pytest.raises(IntegrityError, match="amended_by_two"), transaction() as session:
        session.execute(sa.update(SaleAmendment).values(approved_by=drafter))


def test_two_who_agree_at_once_announce_once(app: Flask) -> None:
    listing_id = announced()
    row_id = propose(listing_id, given.staff("drafter"), {"price_yen": 2_500}, WHY)
    approvers = [given.staff("approver", email=f"{name}@town.example.jp") for name in ("a", "b")]
    outcomes = at_once(app, 2, lambda n: approve(row_id, approvers[n]))
    assert sorted(type(each).__name__ for each in outcomes) == ["NoneType", "WrongState"]
    assert [row.number for row in amending.published(listing_id)] == [1]


def test_one_change_waits_at_a_time(app: Flask) -> None:
    listing_id, drafter = announced(), given.staff("drafter")
    row_id = propose(listing_id, drafter, {"price_yen": 2_500}, WHY)
    with pytest.raises(OneIsWaiting):
        propose(listing_id, drafter, {"price_yen": 2_600}, WHY)
    other = announced()
    assert [row and row.id for row in map(amending.waiting, (listing_id, other))] == [row_id, None]
    db.session.rollback()
    amending.send_back(row_id, given.staff("approver"), "根拠を")
    row = get(SaleAmendment, row_id)
    assert (row.state, row.returned_note, row.number) == (AmendmentState.RETURNED, "根拠を", None)
    again = propose(listing_id, drafter, {"price_yen": 2_600}, WHY)
    amending.withdraw(again, drafter)
    with pytest.raises(WrongState):
        approve(again, given.staff("approver"))
    assert get(Listing, listing_id).price_yen == 3_000


@pytest.mark.parametrize(
    ("mode", "values", "field"),
    [
        ("fixed", {"price_yen": 49}, "price_yen"),
        ("fixed", {"opens_at": -1}, "opens_at"),
        ("fixed", {"closes_at": 9}, "closes_at"),
        ("lottery", {"draw_at": 19}, "draw_at"),
        ("ascending", {"reserve_yen": 1_000}, "reserve_yen"),
    ],
)
def test_a_change_that_makes_no_sale_is_refused_beside_its_field(
    app: Flask, mode: str, values: dict[str, Any], field: str
) -> None:
    values = {name: minute(value) if name.endswith("_at") else value for name, value in values.items()}
    with pytest.raises(Invalid) as refusal:
        propose(announced(mode), given.staff("drafter"), values, WHY)
    assert refusal.value.field == field


def test_the_same_is_no_change_and_no_reason_is_no_notice(app: Flask) -> None:
    listing_id, drafter = announced(), given.staff("drafter")
    with pytest.raises(NothingToAmend):
        propose(listing_id, drafter, {"price_yen": 3_000, "closes_at": get(Listing, listing_id).closes_at}, WHY)
    with pytest.raises(Invalid):
        propose(listing_id, drafter, {"price_yen": 2_500}, "　")


@pytest.mark.parametrize("name", ["quantity", "mode", "auction_rules"])
def test_other_fields_are_another_sale(app: Flask, name: str) -> None:
    with pytest.raises(NotAmendable):
        propose(announced(), given.staff("drafter"), {name: "x"}, WHY)


@pytest.mark.parametrize(
    ("values", "refusal"),
    [
        ({"price_yen": 2_500}, NotAmendable),
        ({"opens_at": 12}, NotAmendable),
        ({"closes_at": 3}, Invalid),
        ({"per_person_limit": 1}, NothingToAmend),
    ],
)
def test_after_the_opening_nothing_becomes_worse(app: Flask, values: dict[str, Any], refusal: type[Exception]) -> None:
    values = {name: minute(value) if name.endswith("_at") else value for name, value in values.items()}
    with pytest.raises(refusal):
        propose(given.a_listing(), given.staff("drafter"), values, WHY)


def test_after_the_opening_there_can_be_more_time_and_more_for_each(app: Flask) -> None:
    listing_id, later = given.a_listing(), minute(30)
    amended(listing_id, closes_at=later, per_person_limit=3)
    listing = get(Listing, listing_id)
    assert (listing.closes_at, listing.per_person_limit) == (later, 3)


def test_what_was_proposed_before_the_opening_is_not_approved_after_it(app: Flask) -> None:
    listing_id = announced()
    row_id = propose(listing_id, given.staff("drafter"), {"price_yen": 2_500}, WHY)
    scheduling.open_sale(listing_id)
    with pytest.raises(NotAmendable):
        approve(row_id, given.staff("approver"))
    assert get(Listing, listing_id).price_yen == 3_000


def test_the_new_day_of_opening_must_still_lie_ahead_when_it_is_approved(app: Flask) -> None:
    row_id = propose(announced(), given.staff("drafter"), {"opens_at": minute(5)}, WHY)
    with pretending(now() + timedelta(days=6)), pytest.raises(Invalid) as refusal:
        approve(row_id, given.staff("approver"))
    assert refusal.value.field == "opens_at"


@pytest.mark.parametrize("state", ["draft", "submitted", "completed"])
def test_what_is_no_announced_sale_is_not_amended(app: Flask, state: str) -> None:
    with pytest.raises(NotAmendable):
        propose(given.a_listing(state=state), given.staff("drafter"), {"price_yen": 2_500}, WHY)


@pytest.mark.parametrize(("open_to_all", "expected"), [(False, [("new", "金額は公開しません")]), (True, None)])
def test_a_secret_reserve_stays_secret(app: Flask, open_to_all: bool, expected: list[tuple[str, str]] | None) -> None:
    rules = {"reserve_public": open_to_all}
    row = amended(announced("ascending", reserve_yen=5_000, auction_rules=rules), reserve_yen=6_000)
    sums = [("old", "5,000円"), ("new", "6,000円")]
    assert [each.lines for each in amending.changed_by(row) if each.field == "reserve_yen"] == [expected or sums]
    assert [each.lines for each in amending.changed_by(row, public=False)] == [sums]


def test_a_lottery_that_is_open_goes_by_its_new_times_and_its_applicants_are_told(app: Flask) -> None:
    lottery, _, accounts = with_entries(3, auction_rules={"draw": "drand"})
    old_round, until = lottery.round, lottery.promote_until - lottery.draw_at
    amended(lottery.listing_id, closes_at=minute(9), draw_at=minute(11))
    found = of_listing(lottery.listing_id)
    assert found is not None
    assert (found.closes_at, found.draw_at, found.promote_until - found.draw_at, found.round > old_round) == (
        minute(9),
        minute(11),
        until,
        True,
    )
    assert len(told()) == len(accounts)


def test_a_lottery_that_hears_of_its_close_before_its_new_times_is_drawn_at_the_new_ones(app: Flask) -> None:
    lottery, _, _ = with_entries(3, auction_rules={"draw": "drand"})
    closes_at, draw_at = minute(9), minute(11)
    row_id = propose(lottery.listing_id, given.staff("drafter"), {"closes_at": closes_at, "draw_at": draw_at}, WHY)
    approve(row_id, given.staff("approver"))
    with pretending(closes_at):
        scheduling.close_sale(lottery.listing_id)
        on_closed(lottery.listing_id)
    (fixed,) = draws(lottery.id)
    assert (get(Lottery, lottery.id).draw_at, fixed.round) == (draw_at, drand().chain.round_at(draw_at))


def test_whoever_holds_bids_or_takes_part_is_told_once(app: Flask) -> None:
    buyer, listing_id = given.an_account("buyer@example.jp"), given.a_listing(closes_at=minute(7))
    place(buyer, listing_id)
    amended(listing_id, closes_at=minute(8))
    auction = given.a_listing("ascending", "naming")
    row = auction_of(auction)
    assert row is not None
    place_bid(row.id, given.an_account("bidder@example.jp"), 3_000)
    amended(auction, pay_hours=100)
    screened = announced("ascending", auction_rules={"taking_part": {"verification": "none"}})
    given.an_applicant(screened, given.an_account("applicant@example.jp"))
    amended(screened, price_yen=4_000)
    assert told() == ["applicant@example.jp", "bidder@example.jp", "buyer@example.jp"]
