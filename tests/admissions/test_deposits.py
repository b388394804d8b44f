"""The deposit of a bidder: there before the first bid, back as soon as nothing is asked any more, taken on default."""

from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from marketplace.admissions import deciding, deposits, ending
from marketplace.admissions.models import Participation, ParticipationState
from marketplace.auctions import closing
from marketplace.auctions.bidding import place_bid
from marketplace.auctions.opening import of_listing
from marketplace.fund.statements import balances
from marketplace.journal.models import Entry
from marketplace.kit.clock import now, pretending
from marketplace.kit.db import db, get, transaction
from marketplace.kit.refusals import Unavailable, WrongState
from marketplace.kit.sheets import SHEETS, run_one
from marketplace.listings.models import Listing
from marketplace.notices.models import Notice
from marketplace.orders.models import Order
from marketplace.outbox import keeping
from marketplace.payments import holding
from marketplace.payments.models import Payment, PaymentState
from marketplace.payments.reconciling import catch_up, look_at_open_payments
from marketplace.settings import Settings
from marketplace.staff import money_tasks
from tests import given
from tests.local_stripe import LocalStripe
from tests.pages import read
from tests.payments.till import kept
from tests.racing import at_once

DAY = 24 * 60 * 60
APPROVED, ADMITTED = ParticipationState.APPROVED, ParticipationState.ADMITTED


@pytest.fixture
def settings(settings: Settings, stripe: LocalStripe) -> Settings:
    return stripe.settings(settings)


@pytest.fixture(autouse=True)
def _app(app: Flask) -> None:
    """Every test here has a town."""


def a_sale(verification: str = "deposit") -> int:
    part = {"verification": verification, "deposit_yen": 10_000 if verification == "deposit" else None}
    return given.a_listing("ascending", "naming", auction_rules={"taking_part": part}, closes_at=given.in_days(20))


def approved(listing_id: int, account_id: int | None = None) -> int:
    participation_id = given.an_applicant(listing_id, account_id)
    deciding.approve(participation_id, given.staff("approver"))
    keeping.drain()
    return participation_id


def admitted(stripe: LocalStripe, listing_id: int, card: str = "pm_card_visa") -> int:
    """Approved, and the deposit is held."""
    participation_id = approved(listing_id)
    assert stripe.pay(deposits.page_for(participation_id), card).status == 303
    catch_up()
    keeping.drain()
    return participation_id


def row(participation_id: int) -> Participation:
    db.session.rollback()
    return get(Participation, participation_id)


def states(participation_id: int) -> list[PaymentState]:
    """Of all its deposits, the oldest first."""
    subject = row(participation_id).subject
    return list(db.session.scalars(sa.select(Payment.state).where(Payment.subject == subject).order_by(Payment.id)))


def over(participation_id: int, how: str) -> None:
    """The auction says that nothing more is asked of them, or that they won and did not pay."""
    found = row(participation_id)
    listing_id, account_id = found.listing_id, found.account_id
    of_sale = sa.select(Participation.account_id).where(Participation.listing_id == listing_id)
    others = set(db.session.scalars(of_sale)) - {account_id}
    with transaction():
        if how == "released":
            ending.let_go(listing_id, keep=others)
        else:
            ending.forfeit(listing_id, account_id)


def letters() -> list[str]:
    db.session.rollback()
    return list(db.session.scalars(sa.select(Notice.template).order_by(Notice.id)))


def test_the_admission_is_final_when_the_deposit_is_held(stripe: LocalStripe) -> None:
    participation_id = approved(a_sale())
    assert row(participation_id).state == APPROVED
    stripe.pay(deposits.page_for(participation_id))
    catch_up()
    keeping.drain()
    assert (row(participation_id).state, row(participation_id).no) == (ADMITTED, "01")
    assert states(participation_id) == [PaymentState.HELD]
    assert letters() == ["admission_received", "admission_approved", "admission_final"]
    assert balances()["stripe"] == 0
    with pytest.raises(WrongState):
        deposits.page_for(participation_id)


def test_a_card_makes_it_final_too(stripe: LocalStripe) -> None:
    participation_id = approved(a_sale("card"))
    stripe.pay(deposits.page_for(participation_id))
    catch_up()
    keeping.drain()
    assert row(participation_id).state == ADMITTED
    over(participation_id, "released")
    keeping.drain()
    assert kept(stripe) == []


def test_nobody_is_asked_before_the_office_has_looked(stripe: LocalStripe) -> None:
    participation_id = given.an_applicant(a_sale())
    with pytest.raises(WrongState):
        deposits.page_for(participation_id)


def test_a_loser_has_it_back_at_once_and_others_keep_theirs(stripe: LocalStripe) -> None:
    listing_id = a_sale()
    loser, winner = admitted(stripe, listing_id), admitted(stripe, listing_id)
    over(loser, "released")
    keeping.drain()
    assert (states(loser), states(winner)) == ([PaymentState.RELEASED], [PaymentState.HELD])


def test_who_is_refused_afterwards_has_it_back(stripe: LocalStripe) -> None:
    participation_id = admitted(stripe, a_sale())
    deciding.refuse(participation_id, given.staff("approver"), "書類に不備があったため")
    keeping.drain()
    assert states(participation_id) == [PaymentState.RELEASED]


def test_a_deposit_that_comes_when_it_is_over_goes_back_at_once(stripe: LocalStripe) -> None:
    participation_id = approved(a_sale())
    url = deposits.page_for(participation_id)
    assert stripe.pay(url).status == 303
    over(participation_id, "released")
    keeping.drain()
    catch_up()
    keeping.drain()
    assert states(participation_id) == [PaymentState.RELEASED]
    assert row(participation_id).state == APPROVED


def test_who_won_and_did_not_pay_loses_it_to_the_town(app: Flask, stripe: LocalStripe) -> None:
    participation_id = admitted(stripe, a_sale())
    over(participation_id, "forfeited")
    assert at_once(app, 3, lambda _: deposits.forfeit(participation_id)) == [None] * 3
    keeping.drain()
    assert states(participation_id) == [PaymentState.CAPTURED]
    assert balances() | {"stripe": 9_640, "fees": 360, "deposits": 0, "collected": -10_000} == balances()


def test_stripe_away_at_the_default_takes_it_later_and_once(stripe: LocalStripe) -> None:
    participation_id = admitted(stripe, a_sale())
    over(participation_id, "forfeited")
    deposits.forfeit(participation_id)
    payment = holding.held(row(participation_id).subject)
    assert payment is not None
    payment_id = payment.id
    stripe.sim("faults", fail_next=2)
    with pytest.raises(Unavailable):
        holding.carry_out(payment_id)
    keeping.drain()
    assert states(participation_id) == [PaymentState.CAPTURED]
    assert balances()["collected"] == -10_000


def test_a_card_that_holds_for_a_week_is_asked_again_in_time(stripe: LocalStripe) -> None:
    participation_id = admitted(stripe, a_sale(), "pm_card_amex")
    stripe.sim("advance", seconds=6 * DAY)
    with pretending(now() + timedelta(days=6)):
        assert [task.href for task in money_tasks.deposits_ending()] == ["/staff/deposits"]
        holding.warn()
        holding.warn()
        keeping.drain()
        assert letters()[-1] == "deposit_renew"
        assert letters().count("deposit_renew") == 1
        stripe.pay(deposits.page_for(participation_id))
        catch_up()
        keeping.drain()
        assert states(participation_id) == [PaymentState.RELEASED, PaymentState.HELD]
        assert row(participation_id).state == ADMITTED


def test_a_hold_that_was_not_renewed_stops_the_next_bid_and_is_never_taken(stripe: LocalStripe) -> None:
    participation_id = admitted(stripe, a_sale(), "pm_card_amex")
    stripe.sim("advance", seconds=8 * DAY)
    with pretending(now() + timedelta(days=8)):
        look_at_open_payments()
        keeping.drain()
        assert states(participation_id) == [PaymentState.LOST]
        assert (row(participation_id).state, letters()[-1]) == (APPROVED, "admission_lapsed")
        assert deposits.to_do(row(participation_id))


def test_a_default_after_the_hold_ended_is_written_down_for_staff(stripe: LocalStripe) -> None:
    participation_id = admitted(stripe, a_sale(), "pm_card_amex")
    over(participation_id, "forfeited")
    with pretending(now() + timedelta(days=8)):
        deposits.forfeit(participation_id)
    db.session.rollback()
    events = db.session.scalars(sa.select(Entry.event).where(Entry.subject == row(participation_id).subject))
    assert "deposit.missed" in set(events)
    assert holding.held(row(participation_id).subject) is not None


def test_a_hold_that_the_bank_ends_before_a_default_is_carried_out_is_written_down_once(stripe: LocalStripe) -> None:
    participation_id = admitted(stripe, a_sale(), "pm_card_amex")
    over(participation_id, "forfeited")
    payment = db.session.scalars(sa.select(Payment).where(Payment.subject == row(participation_id).subject)).one()
    payment_id = payment.id
    stripe.sim("advance", seconds=8 * DAY)
    with pretending(now() + timedelta(days=8)):
        look_at_open_payments()
        deposits.gone(participation_id, payment_id)
    assert states(participation_id) == [PaymentState.LOST]
    events = db.session.scalars(sa.select(Entry.event).where(Entry.subject == row(participation_id).subject))
    assert (list(events).count("deposit.missed"), row(participation_id).verified_at is None) == (1, False)


def test_from_the_close_to_the_default_of_both(stripe: LocalStripe) -> None:
    """The third is let go at the close; the winner does not pay and loses it, and so does who took over the place."""
    listing_id = a_sale()
    third, second, winner = (admitted(stripe, listing_id) for _ in range(3))
    auction = of_listing(listing_id)
    assert auction is not None
    auction_id, closes_at = auction.id, auction.closes_at
    for participation_id, yen in ((third, 4_000), (second, 6_000), (winner, 9_000)):
        place_bid(auction_id, row(participation_id).account_id, yen)
    with pretending(closes_at + timedelta(seconds=1)):
        assert closing.close(auction_id)
        keeping.drain()
        held, back = [PaymentState.HELD], [PaymentState.RELEASED]
        assert [states(one) for one in (third, second, winner)] == [back, held, held]
        pay_by = db.session.scalars(sa.select(Order.pay_by)).one()
    with pretending(pay_by + timedelta(minutes=1)):
        for _ in range(2):
            run_one(SHEETS["orders.expire_unpaid"])
            keeping.drain()
        assert [states(one) for one in (second, winner)] == [held, [PaymentState.CAPTURED]]
        assert (balances()["deposits"], balances()["collected"]) == (0, -10_000)
        offer = db.session.scalars(sa.select(Order.pay_by).order_by(Order.id.desc()).limit(1)).one()
    with pretending(offer + timedelta(minutes=1)):
        for _ in range(2):
            run_one(SHEETS["orders.expire_unpaid"])
            keeping.drain()
        assert states(second) == [PaymentState.CAPTURED]


@pytest.mark.parametrize("counts", [True, False])
def test_whoever_applies_reads_what_becomes_of_the_winner_s_deposit(
    stripe: LocalStripe, client: FlaskClient, counts: bool
) -> None:
    part = {"verification": "deposit", "deposit_yen": 10_000, "deposit_counts": counts}
    listing_id, account = (
        given.a_listing("ascending", "naming", auction_rules={"taking_part": part}),
        given.an_account(),
    )
    visitor, code = given.signed_in(client, account), get(Listing, listing_id).code
    way = f"/listings/{code}/taking-part"
    assert ("落札すると収納し、代金の一部にあてます。" in read(visitor.get(way)).words) is counts
    page = deposits.page_for(approved(listing_id, account))
    assert ("落札すると収納し、代金の一部にあてます。" in read(visitor.get(way)).words) is counts
    stripe.pay(page)
    catch_up()
    keeping.drain()
    assert ("代金の一部にあてます。お支払いは残りの金額です。" in read(visitor.get(way)).words) is counts
