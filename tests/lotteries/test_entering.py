from __future__ import annotations

import re
from datetime import timedelta
from hashlib import sha256

import pytest
import sqlalchemy as sa
from flask import Flask

from marketplace.accounts.addresses import DisposableAddress
from marketplace.accounts.models import Account
from marketplace.journal import models as journal
from marketplace.kit.clock import jst, now, pretending
from marketplace.kit.db import db, get, transaction
from marketplace.lotteries.applicants import Applicant, Channel
from marketplace.lotteries.closing import close, of_listing, start
from marketplace.lotteries.drawing import draw_with_dice
from marketplace.lotteries.entering import Received, change, enter, own_entries, withdraw
from marketplace.lotteries.models import Entry, Lottery
from marketplace.lotteries.refusals import AlreadyEntered, CannotChange, CannotWithdraw, EntriesClosed, NoFamily
from marketplace.lotteries.rules import PLEDGE, Application, PledgeChanged, TooManyLots, UnderAge
from marketplace.lotteries.states import EntryState, LotteryState
from marketplace.notices.models import Notice
from marketplace.orders.models import Order, OrderState
from marketplace.outbox import keeping
from tests import given
from tests.crashing import PowerCut
from tests.lotteries.applied import DICE, WITNESSES, a_lottery, after_the_close, asking, somebody, with_entries
from tests.racing import at_once


@pytest.fixture(autouse=True)
def _app(app: Flask) -> None:
    """Every test here has a town."""


def numbers(lottery: Lottery, state: EntryState = EntryState.APPLIED) -> list[int]:
    found = sa.select(Entry.seq).where(Entry.lottery_id == lottery.id, Entry.state == state).order_by(Entry.seq)
    return list(db.session.scalars(found))


def test_a_lottery_starts_once_when_its_listing_opens() -> None:
    lottery = a_lottery()
    assert (lottery.state, lottery.chain, lottery.round) == (LotteryState.OPEN, "dice", 0)
    assert start(lottery.listing_id) is None
    assert of_listing(given.a_listing("fixed")) is None


def test_an_entry_gets_a_receipt_whose_secret_is_kept_as_a_hash_only() -> None:
    lottery = a_lottery()
    received = enter(lottery.id, given.an_account())
    entry = get(Entry, received.entry_id)
    assert received.no == entry.no == f"{lottery.code.removeprefix('LST-')}-000001"
    assert re.fullmatch(r"([2-9A-HJ-NP-Z]{4}-){3}[2-9A-HJ-NP-Z]{4}", received.secret)
    assert entry.ch == sha256(received.secret.encode()).hexdigest()
    row = db.session.execute(sa.select(sa.text("*")).select_from(Entry.__table__)).one()
    assert received.secret not in str(row)


def test_the_receipt_is_mailed_once_and_without_the_secret() -> None:
    lottery = a_lottery()
    account = given.an_account()
    received = enter(lottery.id, account)
    keeping.drain()
    keeping.drain()
    (letter,) = db.session.scalars(sa.select(Notice).where(Notice.template == "entry_received"))
    assert letter.to_email == get(Account, account).email
    assert received.no in letter.body
    assert received.secret not in letter.body


def test_one_entry_a_person() -> None:
    lottery, _received, (account,) = with_entries(1)
    with pytest.raises(AlreadyEntered):
        enter(lottery.id, account)
    assert numbers(lottery) == [1]


def test_twenty_clicks_at_once_are_one_entry(app: Flask) -> None:
    lottery = a_lottery()
    lottery_id, account = lottery.id, given.an_account()
    outcomes = at_once(app, 20, lambda _n: enter(lottery_id, account))
    assert sum(isinstance(outcome, Received) for outcome in outcomes) == 1
    assert sum(isinstance(outcome, AlreadyEntered) for outcome in outcomes) == 19
    assert numbers(lottery) == [1]
    assert get(Lottery, lottery_id).received == 1


def test_sixty_people_at_once_have_sixty_numbers_in_a_row(app: Flask) -> None:
    lottery = a_lottery()
    lottery_id, accounts = lottery.id, [given.an_account() for _ in range(60)]
    outcomes = at_once(app, 60, lambda n: enter(lottery_id, accounts[n]))
    assert all(isinstance(outcome, Received) for outcome in outcomes), outcomes
    assert numbers(lottery) == list(range(1, 61))


def test_the_hours_are_kept() -> None:
    lottery = a_lottery()
    account = given.an_account()
    for moment in (lottery.opens_at - timedelta(hours=1), lottery.closes_at, lottery.closes_at + timedelta(hours=1)):
        with pretending(moment), pytest.raises(EntriesClosed):
            enter(lottery.id, account)
    with pretending(lottery.closes_at - timedelta(seconds=30)):
        enter(lottery.id, account)
    assert numbers(lottery) == [1]


def test_a_number_given_to_an_entry_that_died_is_given_again() -> None:
    lottery = a_lottery()
    account = given.an_account()
    try:
        with transaction():
            enter(lottery.id, account)
            raise PowerCut
    except PowerCut:
        pass
    assert enter(lottery.id, account).no.endswith("-000001")


def test_withdrawn_one_may_enter_again_with_a_new_number() -> None:
    lottery, (first,), (account,) = with_entries(1)
    withdraw(first.entry_id, account)
    withdraw(first.entry_id, account)  # a second click
    assert enter(lottery.id, account).no.endswith("-000002")
    assert (numbers(lottery), numbers(lottery, EntryState.WITHDRAWN)) == ([2], [1])
    moves = (
        sa.select(journal.Entry.event).where(journal.Entry.subject == f"entry:{first.no}").order_by(journal.Entry.id)
    )
    assert list(db.session.scalars(moves)) == ["enter", "withdraw"]


def test_nobody_withdraws_for_somebody_else() -> None:
    _lottery, (first,), _accounts = with_entries(1)
    with pytest.raises(LookupError):
        withdraw(first.entry_id, given.an_account())


def test_from_the_close_on_nothing_is_withdrawn() -> None:
    lottery, (first,), (account,) = with_entries(1)
    with pretending(lottery.closes_at), pytest.raises(CannotWithdraw):
        withdraw(first.entry_id, account)
    with after_the_close(lottery), pytest.raises(CannotWithdraw):
        withdraw(first.entry_id, account)
    assert numbers(lottery) == [1]


def test_one_with_an_address_for_an_hour_is_told_to_bring_another() -> None:
    lottery = a_lottery()
    with pytest.raises(DisposableAddress):
        enter(lottery.id, given.an_account("somebody@mailinator.com"))
    assert numbers(lottery) == []


def test_more_lots_than_allowed_are_refused_and_take_no_number() -> None:
    lottery = a_lottery(per_person_limit=3)
    account = given.an_account()
    with pytest.raises(TooManyLots) as refused:
        enter(lottery.id, account, Application(lots=4))
    assert (refused.value.field, get(Lottery, lottery.id).received) == ("lots", 0)
    assert get(Entry, enter(lottery.id, account, Application(lots=3)).entry_id).lots == 3


def test_under_age_is_refused_and_the_date_of_birth_is_kept_nowhere() -> None:
    lottery = a_lottery(**asking(least_age=18, age_by="birth"))
    account, today = given.an_account(), jst(now()).date()
    born_on = today.replace(year=today.year - 18, day=1)
    with pytest.raises(UnderAge):
        enter(lottery.id, account, Application(born_on=today - timedelta(days=17 * 365)))
    entry_id = enter(lottery.id, account, Application(born_on=born_on)).entry_id
    assert db.session.get(Applicant, entry_id) is None
    assert not {"born_on", "age"} & {column.name for column in (*Entry.__table__.c, *Applicant.__table__.c)}


def test_the_version_of_the_pledge_is_kept() -> None:
    lottery, (first,), _accounts = with_entries(1)
    assert get(Entry, first.entry_id).pledge == PLEDGE
    with pytest.raises(PledgeChanged):
        enter(lottery.id, given.an_account(), Application(pledge="2020-1"))


def test_what_is_not_asked_is_not_kept() -> None:
    _lottery, (first,), _accounts = with_entries(1)
    assert db.session.get(Applicant, first.entry_id) is None
    assert get(Entry, first.entry_id).person_key is None


def test_a_change_keeps_the_number_and_makes_a_new_receipt() -> None:
    lottery = a_lottery(per_person_limit=3, **asking(address=True))
    account = given.an_account()
    first = enter(lottery.id, account, somebody())
    change(first.entry_id, account, somebody(address="月見沢町海野511", lots=2))
    entry = get(Entry, first.entry_id)
    assert (entry.no, entry.lots, entry.revision, entry.state) == (first.no, 2, 2, EntryState.APPLIED)
    assert get(Applicant, first.entry_id).address == "月見沢町海野511"
    with pytest.raises(TooManyLots):
        change(first.entry_id, account, somebody(lots=4))
    with pytest.raises(LookupError):
        change(first.entry_id, given.an_account(), somebody())
    keeping.drain()
    letters = sa.select(Notice.key).where(Notice.template == "entry_received").order_by(Notice.id)
    assert len(list(db.session.scalars(letters))) == 1  # both were heard after the change


def test_a_change_may_come_until_the_close() -> None:
    lottery = a_lottery(per_person_limit=3)
    account = given.an_account()
    first = enter(lottery.id, account)
    with pretending(lottery.closes_at - timedelta(seconds=1)):
        change(first.entry_id, account, Application(lots=2))
    with pretending(lottery.closes_at), pytest.raises(CannotChange):
        change(first.entry_id, account, Application(lots=3))
    with after_the_close(lottery), pytest.raises(CannotChange):
        change(first.entry_id, account, Application(lots=3))
    assert get(Entry, first.entry_id).lots == 2


def test_the_family_is_entered_by_one_of_them_once_each() -> None:
    lottery = a_lottery(**asking(address=True))
    account = given.an_account()
    own = enter(lottery.id, account, somebody())
    mother = somebody("やまだ ふみ", channel=Channel.FAMILY, relation="母")
    for_her = enter(lottery.id, account, mother)
    with pytest.raises(AlreadyEntered) as refused:
        enter(lottery.id, account, mother)
    assert refused.value.no == for_her.no
    with pytest.raises(AlreadyEntered):  # oneself is no family
        enter(lottery.id, account, somebody(channel=Channel.FAMILY, relation="私"))
    assert [each.no for each in own_entries(lottery.id, account)] == [own.no, for_her.no]
    assert numbers(lottery) == [1, 2]


def test_where_nobody_is_asked_who_they_are_nobody_enters_for_others() -> None:
    lottery = a_lottery()
    with pytest.raises(NoFamily):
        enter(lottery.id, given.an_account(), somebody(channel=Channel.FAMILY, relation="母"))


def test_two_of_one_family_may_both_win_and_pay() -> None:
    lottery = a_lottery(**asking(address=True))
    account = given.an_account()
    for application in (somebody(), somebody("やまだ ふみ", channel=Channel.FAMILY, relation="母")):
        enter(lottery.id, account, application)
    with after_the_close(lottery):
        draw_with_dice(lottery.id, DICE, WITNESSES, given.staff("approver"))
        keeping.drain()
    states = sa.select(Entry.state, Order.state).join(Order, Order.id == Entry.order_id)
    assert list(map(tuple, db.session.execute(states))) == [(EntryState.PAY_DUE, OrderState.AWAITING_PAYMENT)] * 2


def test_entries_and_the_close_at_once_agree_on_the_list(app: Flask) -> None:
    """Whoever got a receipt is under the root; whoever did not, is not."""
    from marketplace.lotteries.bundles import fixed_of  # noqa: PLC0415 - used here alone

    lottery = a_lottery()
    lottery_id, listing_id = lottery.id, lottery.listing_id
    accounts = [given.an_account() for _ in range(30)]
    outcomes = at_once(app, 31, lambda n: close(listing_id) if n == 15 else enter(lottery_id, accounts[n - (n > 15)]))
    received = sum(isinstance(outcome, Received) for outcome in outcomes)
    assert received + sum(isinstance(outcome, EntriesClosed) for outcome in outcomes) == 30
    fixed = fixed_of(get(Lottery, lottery_id))
    assert fixed is not None
    assert fixed.n == received == len(numbers(lottery))
