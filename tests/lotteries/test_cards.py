"""A card saved at application: without it nobody is in the draw, with it the place pays for itself."""

from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from marketplace.accounts.models import Account
from marketplace.kit.clock import pretending
from marketplace.kit.db import db, get, transaction
from marketplace.kit.refusals import Unavailable
from marketplace.kit.sheets import SHEETS, run_one
from marketplace.listings import scheduling
from marketplace.lotteries import cards, entering
from marketplace.lotteries.applicants import Channel, VoidReason
from marketplace.lotteries.closing import close
from marketplace.lotteries.drawing import draw_with_dice
from marketplace.lotteries.models import Draw, Entry, Lottery
from marketplace.lotteries.refusals import EntriesClosed
from marketplace.lotteries.rules import Application
from marketplace.lotteries.states import EntryState, LotteryState
from marketplace.notices.models import Notice
from marketplace.orders.models import Order, OrderState
from marketplace.outbox import keeping
from marketplace.payments import saving
from marketplace.payments.models import CardState
from marketplace.settings import Settings
from tests import given
from tests.local_stripe import LocalStripe
from tests.lotteries.applied import DICE, WITNESSES, a_lottery, after_the_close, asking, somebody
from tests.pages import read, submit
from tests.payments.till import kept, pay_through


@pytest.fixture
def settings(settings: Settings, stripe: LocalStripe) -> Settings:
    return stripe.settings(settings)


@pytest.fixture(autouse=True)
def _app(app: Flask) -> None:
    """Every test here has a town."""


@pytest.fixture
def lottery(app: Flask) -> Lottery:
    return a_lottery(quantity=1, **asking(card=True))


def entered(lottery: Lottery, channel: Channel = Channel.SELF) -> int:
    """Somebody applied, and has the receipt."""
    entry_id = entering.enter(lottery.id, given.an_account(), Application(channel=channel)).entry_id
    keeping.drain()
    return entry_id


def with_card(stripe: LocalStripe, lottery: Lottery, card: str = "pm_card_visa") -> int:
    """Applied with a card; the news of it is on its way."""
    entry_id = entered(lottery)
    assert pay_through(stripe, cards.page_for(entry_id), card) == 303
    return entry_id


def heard(entry_id: int) -> None:
    card = saving.saved_card(entry(entry_id).subject)
    assert card is not None
    saving.sync_card(card.id)
    keeping.drain()


def entry(entry_id: int) -> Entry:
    db.session.rollback()
    return get(Entry, entry_id)


def state(entry_id: int) -> tuple[EntryState, VoidReason | None]:
    found = entry(entry_id)
    return found.state, found.void_reason


def order(entry_id: int) -> Order:
    return get(Order, entry(entry_id).order_id)


def letters(entry_id: int) -> list[str]:
    """The kinds of letters that the applicant got, in their order."""
    to = get(Account, entry(entry_id).account_id).email
    return [
        key.partition(":")[0]
        for key in db.session.scalars(sa.select(Notice.key).where(Notice.to_email == to).order_by(Notice.id))
    ]


def draw(lottery: Lottery) -> None:
    draw_with_dice(lottery.id, DICE, WITNESSES, given.staff("approver"))
    keeping.drain()


def test_without_a_card_an_entry_does_not_count_at_the_close(stripe: LocalStripe, lottery: Lottery) -> None:
    with_it, without = with_card(stripe, lottery), entered(lottery)
    heard(with_it)
    at_the_counter = entering.take_down(
        lottery.id, given.staff("counter"), somebody(channel=Channel.COUNTER, phone="0237-12-3456")
    ).entry_id
    with after_the_close(lottery):
        assert state(with_it) == (EntryState.APPLIED, None)
        assert state(without) == (EntryState.VOID, VoidReason.NO_CARD)
        assert state(at_the_counter) == (EntryState.APPLIED, None)
        assert db.session.scalars(sa.select(Draw)).one().n == 2
        assert letters(without) == ["entry_received", "entry_void"]


def test_a_card_whose_webhook_was_lost_counts(stripe: LocalStripe, lottery: Lottery) -> None:
    unheard = with_card(stripe, lottery)
    with after_the_close(lottery):
        assert state(unheard) == (EntryState.APPLIED, None)
        assert entry(unheard).card_key is not None


def test_a_page_that_was_open_at_the_close_saves_nothing_afterwards(stripe: LocalStripe, lottery: Lottery) -> None:
    late = entered(lottery)
    url = cards.page_for(late)
    with after_the_close(lottery):
        assert stripe.pay(url).status == 410
        assert state(late) == (EntryState.VOID, VoidReason.NO_CARD)
        with pytest.raises(EntriesClosed):
            cards.page_for(late)


def test_while_stripe_is_away_nobody_is_left_out(stripe: LocalStripe, lottery: Lottery) -> None:
    unheard = with_card(stripe, lottery)
    listing_id, closes_at = lottery.listing_id, lottery.closes_at
    stripe.sim("faults", fail_next=2)
    with pretending(closes_at + timedelta(seconds=1)):
        with pytest.raises(Unavailable):
            cards.before_close(listing_id)
        assert state(unheard) == (EntryState.APPLIED, None)
        cards.before_close(listing_id)
        close(listing_id)
        close(listing_id)  # hearing twice changes nothing
    assert db.session.scalars(sa.select(Draw)).one().n == 1


def test_before_the_close_of_one_lottery_nothing_is_asked_of_another(stripe: LocalStripe) -> None:
    other, one = (a_lottery(quantity=1, **asking(card=True)) for _ in range(2))
    theirs, unheard, left_open = with_card(stripe, other), with_card(stripe, one), entered(one)
    cards.page_for(left_open)
    with pretending(one.closes_at + timedelta(seconds=1)):
        cards.before_close(one.listing_id)
    found = [saving.saved_card(entry(each).subject) for each in (theirs, unheard, left_open)]
    assert [each and each.state for each in found] == [CardState.OPEN, CardState.SAVED, CardState.FAILED]
    assert [entry(each).card_key is None for each in (theirs, unheard)] == [True, False]


def test_a_clerk_who_closes_by_hand_asks_stripe_first(
    stripe: LocalStripe, lottery: Lottery, client: FlaskClient
) -> None:
    unheard, page = with_card(stripe, lottery), f"/staff/lotteries/{lottery.code}"
    with pretending(lottery.closes_at + timedelta(seconds=1)):
        clerk = given.signed_in(client, given.staff("approver"))
        stripe.sim("faults", fail_next=2)
        away = submit(clerk, page, action=f"{page}/close")
        assert (away.status_code, get(Lottery, lottery.id).state) == (503, LotteryState.OPEN)
        assert "いま決済会社（Stripe）に確かめられません。" in read(away).words
        assert submit(clerk, page, action=f"{page}/close").status_code == 303
    assert state(unheard) == (EntryState.APPLIED, None)
    assert db.session.scalars(sa.select(Draw)).one().n == 1


def test_of_two_entries_with_one_card_the_first_counts(stripe: LocalStripe, lottery: Lottery) -> None:
    first, second = with_card(stripe, lottery), with_card(stripe, lottery)
    other = with_card(stripe, lottery, "pm_card_mastercard")
    for each in (second, first, other):  # whoever is heard first
        heard(each)
    assert state(first) == state(other) == (EntryState.APPLIED, None)
    assert state(second) == (EntryState.VOID, VoidReason.SAME_CARD)
    assert entry(second).first_no == entry(first).no


def test_two_entries_with_one_card_and_no_webhook_are_found_at_the_close(stripe: LocalStripe, lottery: Lottery) -> None:
    first, second = with_card(stripe, lottery), with_card(stripe, lottery)
    with after_the_close(lottery):
        assert state(first) == (EntryState.APPLIED, None)
        assert state(second) == (EntryState.VOID, VoidReason.SAME_CARD)


def test_the_winner_pays_by_card_and_losers_cards_are_forgotten(stripe: LocalStripe) -> None:
    lottery = a_lottery(quantity=1, **asking(card=True))
    people = [with_card(stripe, lottery, token) for token in ("pm_card_visa", "pm_card_mastercard", "pm_card_jcb")]
    gone = with_card(stripe, lottery, "pm_card_amex")
    heard(gone)
    entering.withdraw(gone, int(entry(gone).account_id or 0))
    run_one(SHEETS["lotteries.let_cards_go"])
    keeping.drain()
    assert kept(stripe) == ["0000", "4242", "4444"]
    with after_the_close(lottery):
        draw(lottery)
        (winner,) = [each for each in people if entry(each).order_id]
        assert order(winner).state in (OrderState.PAID, OrderState.ISSUED)
        assert state(winner)[0] == EntryState.PAID
        assert [one.amount for one in stripe.client().payment_intents.list().data] == [3_000]
        assert letters(winner)[:3] == ["entry_received", "pay-by-card", "paid"]
        run_one(SHEETS["lotteries.let_cards_go"])
        keeping.drain()
        assert kept(stripe) == []
        assert {saving.saved_card(entry(each).subject).state for each in people} == {CardState.DETACHED}  # type: ignore[union-attr]


@pytest.mark.parametrize("token", ["pm_card_chargeCustomerFail", "pm_card_authenticationRequired"])
def test_a_refused_card_leaves_the_pay_link_and_its_time(stripe: LocalStripe, token: str) -> None:
    lottery = a_lottery(quantity=1, **asking(card=True))
    winner = with_card(stripe, lottery, token)
    with after_the_close(lottery):
        draw(lottery)
        assert state(winner)[0] == EntryState.PAY_DUE
        assert order(winner).state == OrderState.AWAITING_PAYMENT
        assert letters(winner) == ["entry_received", "pay-by-card", "card_declined"]
        assert kept(stripe) == []


def test_who_waits_keeps_the_card_and_pays_with_it_when_promoted(stripe: LocalStripe) -> None:
    lottery = a_lottery(quantity=1, pay_hours=24, **asking(card=True))
    people = [with_card(stripe, lottery, token) for token in ("pm_card_visa", "pm_card_mastercard")]
    with after_the_close(lottery):
        first = _drawn_with_a_bad_winner(stripe, lottery, people)
        waiting = next(each for each in people if each != first)
        run_one(SHEETS["lotteries.let_cards_go"])
        keeping.drain()
        assert len(kept(stripe)) == 1
        with pretending(order(first).pay_by + timedelta(minutes=1)):
            run_one(SHEETS["orders.expire_unpaid"])
            keeping.drain()
            run_one(SHEETS["orders.expire_unpaid"])
            keeping.drain()
            assert state(first)[0] == EntryState.FORFEITED
            assert state(waiting)[0] == EntryState.PAID


def _drawn_with_a_bad_winner(stripe: LocalStripe, lottery: Lottery, people: list[int]) -> int:
    """The draw; the winner's card is gone at Stripe, so that the town can't charge it."""
    draw_with_dice(lottery.id, DICE, WITNESSES, given.staff("approver"))
    winner = next(each for each in people if state(each)[0] == EntryState.WON)
    card = saving.saved_card(entry(winner).subject)
    assert card is not None
    stripe.client().payment_methods.detach(str(card.method_id))
    db.session.rollback()
    keeping.drain()
    assert state(winner)[0] == EntryState.PAY_DUE
    return winner


def test_a_cancelled_lottery_keeps_no_card(stripe: LocalStripe, lottery: Lottery) -> None:
    heard(with_card(stripe, lottery))
    with transaction():
        scheduling.cancel(lottery.listing_id, "staff:ACC-1", "大雪のため")
    keeping.drain()
    run_one(SHEETS["lotteries.let_cards_go"])
    keeping.drain()
    assert kept(stripe) == []
