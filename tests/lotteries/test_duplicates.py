from __future__ import annotations

import pytest
import sqlalchemy as sa
from flask import Flask

from marketplace.accounts.models import Account
from marketplace.accounts.second_person import OwnCase
from marketplace.journal import models as journal
from marketplace.kit.db import db, get, transaction
from marketplace.kit.refusals import Invalid, WrongState
from marketplace.lotteries import bundles
from marketplace.lotteries.applicants import Channel, VoidReason
from marketplace.lotteries.duplicates import card_saved, restore, void
from marketplace.lotteries.entering import Received, change, enter, withdraw
from marketplace.lotteries.handlers import send_receipt
from marketplace.lotteries.models import Entry, Lottery
from marketplace.lotteries.refusals import AlreadyEntered, EntriesClosed
from marketplace.lotteries.rules import Application
from marketplace.lotteries.states import EntryState
from marketplace.notices.models import Notice
from marketplace.outbox import keeping
from marketplace.outbox.models import Message
from tests import given
from tests.lotteries.applied import a_lottery, after_the_close, asking, somebody, with_entries
from tests.racing import at_once


@pytest.fixture(autouse=True)
def _app(app: Flask) -> None:
    """Every test here has a town."""


@pytest.fixture
def lottery() -> Lottery:
    return a_lottery(**asking(address=True))


def told(received: Received) -> tuple[EntryState, VoidReason | None, str | None]:
    entry = get(Entry, received.entry_id)
    return entry.state, entry.void_reason, entry.first_no


def letters() -> list[tuple[str, str]]:
    """(template, to whom), in the order of writing."""
    keeping.drain()
    return list(map(tuple, db.session.execute(sa.select(Notice.template, Notice.to_email).order_by(Notice.id))))  # type: ignore[arg-type]


def test_the_same_person_from_a_second_address_is_void_and_told_why(lottery: Lottery) -> None:
    first = enter(lottery.id, given.an_account("one@example.jp"), somebody())
    second = enter(
        lottery.id, given.an_account("two@example.jp"), somebody("ヤマダ　ハナコ", "山形県月見沢町海野五百十番地")
    )
    assert (first.counts, second.counts) == (True, False)
    assert told(second) == (EntryState.VOID, VoidReason.SAME_PERSON, first.no)
    assert letters() == [("entry_received", "one@example.jp"), ("entry_void", "two@example.jp")]
    assert bundles.count(lottery.id) == 1


def test_nobody_has_their_own_entry_count_again(lottery: Lottery) -> None:
    drafter = given.staff("drafter")
    enter(lottery.id, given.an_account(), somebody())
    second = enter(lottery.id, drafter, somebody())
    with pytest.raises(OwnCase):
        restore(second.entry_id, drafter, "別の人です")
    restore(second.entry_id, given.staff("approver"), "別の人です")
    assert told(second)[0] == EntryState.APPLIED


def test_others_in_the_same_house_and_namesakes_elsewhere_count(lottery: Lottery) -> None:
    enter(lottery.id, given.an_account(), somebody())
    for other in (somebody("やまだ たろう"), somebody(address="月見沢町海野511")):
        assert enter(lottery.id, given.an_account(), other).counts


def test_a_void_entry_is_not_under_the_root(lottery: Lottery) -> None:
    first, second = (enter(lottery.id, given.an_account(), somebody()) for _ in range(2))
    with after_the_close(lottery):
        fixed = bundles.fixed_of(get(Lottery, lottery.id))
        assert fixed is not None
        assert (fixed.n, [entry["no"] for entry in bundles.bundle_of(fixed)["entries"]]) == (1, [first.no])
        assert bundles.proof_of(lottery, second.no) is None


def test_of_ten_at_once_one_counts(app: Flask, lottery: Lottery) -> None:
    lottery_id, accounts = lottery.id, [given.an_account() for _ in range(10)]
    outcomes = at_once(app, 10, lambda n: enter(lottery_id, accounts[n], somebody()))
    assert sorted(outcome.counts for outcome in outcomes if isinstance(outcome, Received)) == [False] * 9 + [True]


def test_a_change_into_somebody_elses_name_is_void_and_back_it_counts(lottery: Lottery) -> None:
    early, late = given.an_account(), given.an_account()
    mine = enter(lottery.id, early, somebody("さとう じろう"))
    theirs = enter(lottery.id, late, somebody())
    change(mine.entry_id, early, somebody())  # though earlier, it must not put the other out
    assert told(mine) == (EntryState.VOID, VoidReason.SAME_PERSON, theirs.no)
    assert told(theirs) == (EntryState.APPLIED, None, None)
    change(mine.entry_id, early, somebody("さとう じろう"))
    assert told(mine) == (EntryState.APPLIED, None, None)


def test_when_the_first_is_withdrawn_the_second_may_ask_again(lottery: Lottery) -> None:
    accounts = [given.an_account() for _ in range(2)]
    first, second = (enter(lottery.id, account, somebody()) for account in accounts)
    withdraw(first.entry_id, accounts[0])
    assert told(second)[0] == EntryState.VOID
    change(second.entry_id, accounts[1], somebody())
    assert told(second) == (EntryState.APPLIED, None, None)


def test_a_void_entry_may_be_withdrawn(lottery: Lottery) -> None:
    accounts = [given.an_account() for _ in range(2)]
    _first, second = (enter(lottery.id, account, somebody()) for account in accounts)
    with pytest.raises(AlreadyEntered):
        enter(lottery.id, accounts[1], somebody("べつの ひと"))
    withdraw(second.entry_id, accounts[1])
    assert enter(lottery.id, accounts[1], somebody("べつの ひと")).counts


def test_staff_find_that_it_is_another_person_after_all(lottery: Lottery) -> None:
    staff = given.staff("drafter")
    first, second = (enter(lottery.id, given.an_account(), somebody()) for _ in range(2))
    with pytest.raises(Invalid):
        restore(second.entry_id, staff, " ")
    restore(second.entry_id, staff, "同姓同名の父と娘。電話で確認")
    assert told(second) == (EntryState.APPLIED, None, first.no)
    with pytest.raises(WrongState):
        restore(second.entry_id, staff, "二度目")
    rows = sa.select(journal.Entry.event, journal.Entry.by, journal.Entry.why)
    rows = rows.where(journal.Entry.subject == f"entry:{second.no}").order_by(journal.Entry.id)
    by = f"staff:{get(Account, staff).code}"
    assert db.session.execute(rows).all()[-1] == ("restore", by, "同姓同名の父と娘。電話で確認")


def test_staff_take_an_entry_out_with_a_reason_and_no_change_brings_it_back(lottery: Lottery) -> None:
    account = given.an_account("robot@example.jp")
    received = enter(lottery.id, account, somebody())
    void(received.entry_id, given.staff("drafter"), "架空の住所")
    assert told(received) == (EntryState.VOID, VoidReason.BY_STAFF, None)
    change(received.entry_id, account, somebody(address="月見沢町海野1"))
    assert told(received)[0] == EntryState.VOID
    assert letters() == [("entry_void", "robot@example.jp")]


def test_from_the_close_on_staff_change_nothing(lottery: Lottery) -> None:
    first, second = (enter(lottery.id, given.an_account(), somebody()) for _ in range(2))
    with after_the_close(lottery):
        with pytest.raises(EntriesClosed):
            void(first.entry_id, given.staff("drafter"), "架空の住所")
        with pytest.raises(EntriesClosed):
            restore(second.entry_id, given.staff("drafter"), "別の方")
    assert [told(each)[0] for each in (first, second)] == [EntryState.APPLIED, EntryState.VOID]


def test_one_card_in_two_accounts_counts_once_whichever_is_heard_first() -> None:
    _lottery, (first, second, third), _accounts = with_entries(3)
    card_saved(second.entry_id, "card-a")
    card_saved(third.entry_id, "card-b")
    card_saved(first.entry_id, "card-a")
    card_saved(first.entry_id, "card-a")
    assert told(first) == (EntryState.APPLIED, None, None)
    assert told(second) == (EntryState.VOID, VoidReason.SAME_CARD, first.no)
    assert told(third) == (EntryState.APPLIED, None, None)


def test_one_card_may_pay_for_a_family(lottery: Lottery) -> None:
    account = given.an_account()
    mother = somebody("やまだ ふみ", channel=Channel.FAMILY, relation="母")
    entries = [enter(lottery.id, account, application) for application in (somebody(), mother)]
    for entry in entries:
        card_saved(entry.entry_id, "card-a")
    assert [told(entry)[0] for entry in entries] == [EntryState.APPLIED] * 2


def test_a_card_that_is_heard_of_after_the_close_changes_nothing() -> None:
    lottery, (first, second), _accounts = with_entries(2)
    card_saved(first.entry_id, "card-a")
    with after_the_close(lottery):
        card_saved(second.entry_id, "card-a")
    assert told(second)[0] == EntryState.APPLIED


def test_one_telephone_one_entry() -> None:
    lottery = a_lottery(**asking(sms=True))
    accounts = [given.an_account() for _ in range(2)]
    with transaction():
        for account in accounts:
            get(Account, account).phone = "09012345678"
    first, second = (enter(lottery.id, account) for account in accounts)
    assert told(second) == (EntryState.VOID, VoidReason.SAME_PHONE, first.no)


def test_keys_do_not_carry_the_name_into_the_journal_or_the_outbox(lottery: Lottery) -> None:
    enter(lottery.id, given.an_account(), somebody())
    written = [
        *db.session.scalars(sa.select(sa.cast(journal.Entry.details, sa.Text))),
        *db.session.scalars(sa.select(sa.cast(Message.body, sa.Text))),
    ]
    assert len(written) > 5
    assert not [text for text in written if "海野510" in text or "はなこ" in text or "花子" in text]


class TestStaffDecide:
    """What they found out holds: the applicant hears of each decision, and nothing undoes it behind their backs."""

    def test_each_decision_has_its_own_letter(self, lottery: Lottery) -> None:
        staff = given.staff("drafter")
        received = enter(lottery.id, given.an_account("one@example.jp"), somebody())
        written = ["entry_received"]
        assert [name for name, _to in letters()] == written
        for act, template in ((void, "entry_void"), (restore, "entry_received")) * 2:
            act(received.entry_id, staff, "電話で確認")
            written.append(template)
            assert [name for name, _to in letters()] == written

    def test_a_decision_that_was_heard_twice_is_told_once(self, lottery: Lottery) -> None:
        received = enter(lottery.id, given.an_account("one@example.jp"), somebody())
        void(received.entry_id, given.staff("drafter"), "架空の住所")
        keeping.drain()
        for _ in range(2):
            send_receipt(received.entry_id)
        assert [name for name, _to in letters()] == ["entry_void"]

    def test_who_was_told_apart_may_change_the_rest_of_the_application(self, lottery: Lottery) -> None:
        early, late = given.an_account(), given.an_account()
        first, second = enter(lottery.id, early, somebody()), enter(lottery.id, late, somebody())
        restore(second.entry_id, given.staff("drafter"), "同姓同名の父と娘。電話で確認")
        change(second.entry_id, late, somebody())
        assert told(second) == (EntryState.APPLIED, None, first.no)
        change(first.entry_id, early, somebody())
        assert told(first) == (EntryState.APPLIED, None, None)

    def test_who_was_told_apart_from_one_is_not_from_another(self, lottery: Lottery) -> None:
        accounts = [given.an_account() for _ in range(3)]
        _first, second = (enter(lottery.id, account, somebody()) for account in accounts[:2])
        third = enter(lottery.id, accounts[2], somebody("さとう じろう"))
        restore(second.entry_id, given.staff("drafter"), "同姓同名の父と娘。電話で確認")
        change(second.entry_id, accounts[1], somebody("さとう じろう"))
        assert told(second) == (EntryState.VOID, VoidReason.SAME_PERSON, third.no)

    def test_who_shares_a_card_with_leave_of_the_office_counts_also_when_it_is_heard_of_again(self) -> None:
        _lottery, (first, second), accounts = with_entries(2)
        for entry in (first, second):
            card_saved(entry.entry_id, "card-a")
        restore(second.entry_id, given.staff("drafter"), "夫婦で1枚のカード。電話で確認")
        for entry in (second, first):
            card_saved(entry.entry_id, "card-a")
        assert [told(entry)[0] for entry in (first, second)] == [EntryState.APPLIED] * 2
        change(second.entry_id, accounts[1], Application())
        assert told(second)[0] == EntryState.APPLIED


def test_a_change_does_not_bring_back_who_has_the_card_of_another() -> None:
    _lottery, (first, second), accounts = with_entries(2)
    for entry in (first, second):
        card_saved(entry.entry_id, "card-a")
    change(second.entry_id, accounts[1], Application())
    assert told(second) == (EntryState.VOID, VoidReason.SAME_CARD, first.no)


def test_one_card_puts_out_all_that_came_later(lottery: Lottery) -> None:
    early, family = given.an_account(), given.an_account()
    first = enter(lottery.id, early, somebody("さとう じろう"))
    mother = somebody("やまだ ふみ", channel=Channel.FAMILY, relation="母")
    later = [enter(lottery.id, family, application) for application in (somebody(), mother)]
    for entry in (*later, first):
        card_saved(entry.entry_id, "card-a")
    assert told(first) == (EntryState.APPLIED, None, None)
    assert [told(entry) for entry in later] == [(EntryState.VOID, VoidReason.SAME_CARD, first.no)] * 2
