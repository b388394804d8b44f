from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from marketplace.accounts.models import Account
from marketplace.accounts.second_person import OwnCase
from marketplace.admissions import deciding, ending, excluding, rules
from marketplace.admissions.models import Exclusion, Ground, Participation, ParticipationState
from marketplace.auctions.bidding import place_bid
from marketplace.auctions.models import Auction, Bid
from marketplace.auctions.opening import of_listing
from marketplace.kit.clock import now, pretending
from marketplace.kit.db import db, get, transaction
from marketplace.kit.refusals import Invalid, WrongState
from marketplace.listings import scheduling
from marketplace.notices.models import Notice
from marketplace.outbox import keeping
from tests import given
from tests.racing import at_once

APPLIED, APPROVED, ADMITTED, REFUSED = ParticipationState


@pytest.fixture(autouse=True)
def _app(app: Flask) -> None:
    """Every test here has a town."""


def a_sale(verification: str = "none") -> int:
    part = {"verification": verification, "deposit_yen": 10_000 if verification == "deposit" else None}
    return given.a_listing("ascending", "naming", auction_rules={"taking_part": part})


def the_auction(listing_id: int) -> Auction:
    auction = of_listing(listing_id)
    assert auction is not None
    return auction


def row(participation_id: int) -> Participation:
    return get(Participation, participation_id)


def letters() -> list[str]:
    return list(db.session.scalars(sa.select(Notice.template).order_by(Notice.id)))


def test_an_approval_gives_a_number_at_once_where_nothing_else_is_asked() -> None:
    participation_id = given.an_applicant(a_sale())
    deciding.approve(participation_id, given.staff("approver"))
    assert (row(participation_id).state, row(participation_id).no) == (ADMITTED, "01")
    assert letters() == ["admission_received", "admission_final"]


def test_nobody_decides_on_their_own_application_or_lifts_their_own_exclusion() -> None:
    approver, other = given.staff("approver"), given.staff("drafter")
    participation_id = given.an_applicant(a_sale(), approver)
    with pytest.raises(OwnCase):
        deciding.approve(participation_id, approver)
    deciding.approve(participation_id, other)
    assert row(participation_id).state == ADMITTED
    email = get(Account, approver).email
    exclusion_id = excluding.exclude(given.staff("admin"), "defaulted", "前回の不払い", email=email)
    with pytest.raises(OwnCase):
        excluding.lift(exclusion_id, approver)
    excluding.lift(exclusion_id, other)


@pytest.mark.parametrize("verification", ["card", "deposit"])
def test_an_approval_is_final_when_the_card_or_the_deposit_is_there(verification: str) -> None:
    participation_id = given.an_applicant(a_sale(verification))
    deciding.approve(participation_id, given.staff("approver"))
    assert (row(participation_id).state, row(participation_id).no) == (APPROVED, None)
    for _ in range(2):  # heard twice
        deciding.verify(participation_id)
    assert (row(participation_id).state, row(participation_id).no) == (ADMITTED, "01")
    assert letters() == ["admission_received", "admission_approved", "admission_final"]


def test_a_deposit_that_came_before_the_approval_counts() -> None:
    participation_id = given.an_applicant(a_sale("deposit"))
    deciding.verify(participation_id)
    assert row(participation_id).state == APPLIED
    deciding.approve(participation_id, given.staff("approver"))
    assert row(participation_id).state == ADMITTED


def test_a_deposit_that_is_gone_has_to_come_again_and_the_number_stays() -> None:
    participation_id = given.a_participant(a_sale("deposit"))
    deciding.unverify(participation_id, "the card company let it go")
    assert row(participation_id).state == APPROVED
    deciding.verify(participation_id)
    assert (row(participation_id).state, row(participation_id).no) == (ADMITTED, "01")


def test_numbers_are_given_once_each_whoever_is_faster(app: Flask) -> None:
    listing_id, approver = a_sale(), given.staff("approver")
    ids = [given.an_applicant(listing_id) for _ in range(4)]
    assert at_once(app, 4, lambda n: deciding.approve(ids[n], approver)) == [None] * 4
    assert sorted(row(each).no or "" for each in ids) == ["01", "02", "03", "04"]


def test_a_refusal_has_a_reason_that_is_mailed_and_who_was_refused_may_apply_again() -> None:
    listing_id, account_id, actor = a_sale(), given.an_account(), given.staff("approver")
    participation_id = given.an_applicant(listing_id, account_id)
    with pytest.raises(Invalid):
        deciding.refuse(participation_id, actor, "  ")
    deciding.refuse(participation_id, actor, "書類が読めませんでした")
    letter = db.session.scalars(sa.select(Notice).where(Notice.template == "admission_refused")).one()
    assert (letter.to_email, "書類が読めませんでした" in letter.body) == (get(Account, account_id).email, True)
    assert given.an_applicant(listing_id, account_id) == participation_id
    assert (row(participation_id).state, row(participation_id).reason) == (APPLIED, "")


@pytest.mark.parametrize("verification", ["none", "card"])
def test_nobody_is_approved_for_a_sale_that_is_over(verification: str) -> None:
    """Who was, was asked for a card for an auction that there was not any more."""
    participation_id = given.an_applicant(listing_id := a_sale(verification))
    scheduling.cancel(listing_id, "staff:ACC-TEST", "中止")
    with pytest.raises(WrongState):
        deciding.approve(participation_id, given.staff("approver"))
    db.session.rollback()
    assert (row(participation_id).state, letters()) == (APPLIED, ["admission_received"])
    keeping.drain()
    with pytest.raises(WrongState):
        deciding.approve(participation_id, given.staff("approver"))


def test_nobody_is_admitted_to_a_sale_that_is_over() -> None:
    participation_id = given.an_applicant(listing_id := a_sale("card"))
    deciding.approve(participation_id, given.staff("approver"))
    scheduling.cancel(listing_id, "staff:ACC-TEST", "中止")
    with pytest.raises(WrongState):
        deciding.verify(participation_id)
    db.session.rollback()
    assert (row(participation_id).state, row(participation_id).no) == (APPROVED, None)


def test_deciding_twice_is_refused() -> None:
    participation_id, actor = given.an_applicant(a_sale()), given.staff("approver")
    deciding.approve(participation_id, actor)
    with pytest.raises(WrongState):
        deciding.approve(participation_id, actor)


def _nothing(_listing_id: int, _account_id: int) -> None:
    """Somebody who never applied."""


def _applied(listing_id: int, account_id: int) -> None:
    given.an_applicant(listing_id, account_id)


def _approved(listing_id: int, account_id: int) -> None:
    deciding.approve(given.an_applicant(listing_id, account_id), given.staff("approver"))


def _refused(listing_id: int, account_id: int) -> None:
    deciding.refuse(given.a_participant(listing_id, account_id), given.staff("approver"), "条件に合いません")


@pytest.mark.parametrize(
    ("before", "refusal"),
    [
        (_nothing, rules.NotAdmitted),
        (_applied, rules.StillInReview),
        (_approved, rules.NotVerifiedYet),
        (_refused, rules.TurnedDown),
    ],
)
def test_a_bid_of_who_is_not_admitted_is_refused_by_name_and_leaves_no_line(before: Any, refusal: type) -> None:
    listing_id, account_id = a_sale("card"), given.an_account()
    before(listing_id, account_id)
    with pytest.raises(rules.NotAdmitted) as refused:
        place_bid(the_auction(listing_id).id, account_id, 5_000)
    assert type(refused.value) is refusal
    assert db.session.scalar(sa.select(Bid)) is None


def test_who_is_admitted_bids_under_the_number_that_was_mailed() -> None:
    listing_id, first, second = a_sale(), given.an_account(), given.an_account()
    for account_id in (first, second):
        given.a_participant(listing_id, account_id)
    auction_id = the_auction(listing_id).id
    assert [place_bid(auction_id, who, yen).bidder_no for who, yen in ((second, 5_000), (first, 9_000))] == ["02", "01"]


class TestExclusions:
    def test_an_account_on_the_list_can_not_apply_until_it_is_lifted(self) -> None:
        listing_id, account_id, actor = a_sale(), given.an_account("taro@example.jp"), given.staff("approver")
        exclusion_id = excluding.exclude(actor, "defaulted", "前回の不払い", email="taro@example.jp")
        with pytest.raises(rules.Excluded):
            given.an_applicant(listing_id, account_id)
        excluding.lift(exclusion_id, actor)
        assert given.an_applicant(listing_id, account_id)

    def test_a_company_on_the_list_can_not_apply_under_another_account(self) -> None:
        excluding.exclude(given.staff("approver"), "organised_crime", "照会の結果", corporate_no="7000012050002")
        company: dict[str, Any] = {
            "party": "company",
            "company": "甲",
            "representative": "乙",
            "corporate_no": "７０００-０１２０-５０００２",
        }
        with pytest.raises(rules.Excluded):
            given.an_applicant(a_sale(), **company)

    def test_a_name_on_the_list_warns_the_staff_and_keeps_nobody_out(self) -> None:
        excluding.exclude(given.staff("approver"), "other", "新聞で見た", name="月山　一郎")
        participation_id = given.an_applicant(a_sale())
        assert [each.why for each in excluding.namesakes(row(participation_id))] == ["新聞で見た"]
        deciding.approve(participation_id, given.staff("approver"))
        assert row(participation_id).state == ADMITTED

    @pytest.mark.parametrize("name", ["渡邉\U000e0100　髙志", "渡邊高志", "渡辺 髙志"])
    def test_a_name_on_the_list_is_known_in_every_shape_of_its_kanji(self, name: str) -> None:
        excluding.exclude(given.staff("approver"), "other", "新聞で見た", name="渡辺　高志")
        found = excluding.namesakes(row(given.an_applicant(a_sale(), name=name)))
        assert [each.why for each in found] == ["新聞で見た"]

    def test_who_was_admitted_already_is_turned_out(self) -> None:
        account_id = given.an_account("taro@example.jp")
        participation_id = given.a_participant(a_sale(), account_id)
        excluding.exclude(given.staff("approver"), "organised_crime", "照会の結果", email="taro@example.jp")
        keeping.drain()
        assert row(participation_id).state == REFUSED
        assert "照会" not in row(participation_id).reason

    def test_who_was_entered_after_applying_can_not_be_approved(self) -> None:
        participation_id = given.an_applicant(a_sale(), given.an_account("taro@example.jp"))
        excluding.exclude(given.staff("approver"), "organised_crime", "照会の結果", email="taro@example.jp")
        with pytest.raises(rules.Excluded):
            deciding.approve(participation_id, given.staff("approver"))

    @pytest.mark.parametrize(
        ("named", "field"),
        [
            *[({}, "email"), ({"email": "nobody@example.jp"}, "email")],
            *[({"corporate_no": "1234567890123"}, "corporate_no"), ({"name": "㈱"}, "name")],
        ],
    )
    def test_the_list_takes_only_who_can_be_recognised(self, named: dict[str, Any], field: str) -> None:
        with pytest.raises(Invalid) as refused:
            excluding.exclude(given.staff("approver"), "other", "理由", **named)
        assert refused.value.field == field

    def test_who_won_and_did_not_pay_goes_on_the_list_for_three_years(self) -> None:
        listing_id, account_id, actor = a_sale(), given.an_account(), given.staff("approver")
        participation_id = given.a_participant(listing_id, account_id)
        with pytest.raises(WrongState):
            excluding.exclude_defaulter(participation_id, actor)
        with transaction():
            ending.forfeit(listing_id, account_id)
        entered = get(Exclusion, excluding.exclude_defaulter(participation_id, actor))
        assert (entered.ground, entered.account_id, entered.until is not None) == (Ground.DEFAULTED, account_id, True)
        with pytest.raises(WrongState):
            excluding.exclude_defaulter(participation_id, actor)
        with pretending(now() + timedelta(days=3 * 365 + 1)):
            assert excluding.in_force(account_id) is False

    def test_for_whom_it_is_over_the_list_says_nothing_of_this_sale(self) -> None:
        """Who did not pay loses the deposit: no letter may say that it goes back."""
        listing_id, (defaulter, loser) = a_sale(), (given.an_account(), given.an_account())
        people = [given.a_participant(listing_id, account_id) for account_id in (defaulter, loser)]
        with transaction():
            ending.forfeit(listing_id, defaulter)
            ending.let_go(listing_id)
        excluding.exclude_defaulter(people[0], given.staff("approver"))
        excluding.exclude(given.staff("approver"), "other", "理由", email=get(Account, loser).email)
        keeping.drain()
        assert [row(one).state for one in people] == [ADMITTED, ADMITTED]
        assert "admission_refused" not in letters()
        for one in people:
            with pytest.raises(WrongState):
                deciding.refuse(one, given.staff("approver"), "条件に合いません")
