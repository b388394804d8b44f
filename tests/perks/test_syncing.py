"""Counters without network: what they kept is written down once, and what does not fit is for the office to see."""

from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from marketplace.kit.clock import jst, now, pretending
from marketplace.kit.db import get, transaction
from marketplace.outbox import keeping
from marketplace.perks import passes, slips, syncing, using
from marketplace.perks.chaining import unresolved, write_down_late
from marketplace.perks.models import Allowance, Channel, Counter, Flag, Slip
from marketplace.perks.refusals import NoSuchNumber, NoSuchSlip, SlipEntered, UsedUp
from marketplace.perks.standing import unexplained
from marketplace.staff import sheets
from marketplace.tokens.custody import custody_of
from tests import given
from tests.chainlogs import GENESIS, Chain
from tests.perks.stage import (
    BY,
    Desk,
    Telephone,
    a_token,
    bath,
    counts,
    entry,
    first_only,
    lectures,
    lines,
    ref,
    scan,
    undo_entry,
)
from tests.perks.test_passes import OTHER_TOWN, code
from tests.racing import at_once, meanwhile
from tests.resale.stage import calls, custody, heard, token


def today() -> str:
    return jst(now()).date().isoformat()


def given_away(chain: Chain, token_id: int, giver: int, taker: int, block: int) -> None:
    chain.transfer(token_id, custody_of(giver), custody_of(taker), block=block)
    heard(chain, token_id)
    keeping.drain()


def test_a_counter_that_was_offline_for_a_day_sends_what_it_kept(chain: Chain, desk: Desk, hana: int) -> None:
    token_id = a_token(chain, hana, bath(desk))
    phone, tablet = Telephone(token_id, hana), desk.tablet()
    yesterday = now() - timedelta(days=1)
    kept = [entry(phone.shows(yesterday)), entry(phone.shows())]
    answers = syncing.sync(tablet, kept)
    assert [(answer.settled, answer.code, answer.left) for answer in answers] == [(True, "", 0)] * 2
    assert syncing.sync(tablet, kept) == answers  # the answer was lost on the way, and the tablet asks again
    assert [used for _, used, _ in counts(token_id)] == [1, 1]
    moments = [datetime.fromtimestamp(passes.read(each["pass"]).begins, UTC) for each in kept]
    assert [line.used_at for line in lines()] == moments


def test_two_tablets_that_read_the_same_pass_write_one_use(chain: Chain, desk: Desk, hana: int) -> None:
    token_id = a_token(chain, hana, bath(desk))
    one, two = desk.tablet(), desk.tablet()
    shown = Telephone(token_id, hana).shows()
    assert [syncing.sync(tablet, [entry(shown)])[0].code for tablet in (one, two)] == ["", ""]
    assert (counts(token_id), len(lines())) == ([(today(), 1, 0)], 1)


def test_two_tablets_that_sync_at_the_same_moment_write_one_use(
    app: Flask, chain: Chain, desk: Desk, hana: int
) -> None:
    token_id = a_token(chain, hana, bath(desk))
    shown, tablets = Telephone(token_id, hana).shows(), [desk.tablet().id for _ in range(4)]

    def send(n: int) -> str:
        (answer,) = syncing.sync(get(Counter, tablets[n]), [entry(shown)])
        return answer.code

    assert at_once(app, 4, send) == [""] * 4
    assert (counts(token_id), len(lines())) == ([(today(), 1, 0)], 1)


def test_a_count_that_was_changed_by_hand_is_noticed(chain: Chain, desk: Desk, hana: int) -> None:
    token_id = a_token(chain, hana, bath(desk, limit=5))
    scan(desk.tablet(), Telephone(token_id, hana).shows())
    assert unexplained() == []
    with transaction() as session:
        session.execute(sa.update(Allowance).values(used=2))
    assert unexplained() == [(token_id, "p1", today())]
    with transaction() as session:
        session.execute(sa.delete(Allowance))
    assert unexplained() == [(token_id, "p1", today())]
    (task,) = [task for task in sheets.today(given.staff("drafter")) if "合いません" in task.what]
    assert task.more == f"番号 {token(token_id).right_id}-1"


def test_a_double_use_at_two_desks_goes_to_the_office_and_is_paid(chain: Chain, desk: Desk, hana: int) -> None:
    token_id = a_token(chain, hana, bath(desk))
    phone = Telephone(token_id, hana)
    first = syncing.sync(desk.tablet(), [entry(phone.shows())])
    second = syncing.sync(desk.tablet(), [entry(phone.shows(now() - timedelta(minutes=10)))])
    assert [answer.code for answer in (*first, *second)] == ["", "double"]
    assert "役場に知らせました" in second[0].words
    assert counts(token_id) == [(today(), 1, 1)]
    assert [(line.flag, line.pay_yen) for line in lines()] == [(None, 300), (Flag.DOUBLE, 300)]


def test_when_the_first_of_two_is_taken_back_the_second_takes_its_place(chain: Chain, desk: Desk, hana: int) -> None:
    token_id = a_token(chain, hana, bath(desk))
    phone, tablet, first = Telephone(token_id, hana), desk.tablet(), ref()
    syncing.sync(tablet, [entry(phone.shows(), ref_=first), entry(phone.shows(now() - timedelta(minutes=2)))])
    assert counts(token_id) == [(today(), 1, 1)]
    (answer,) = syncing.sync(tablet, [undo_entry(first)])
    assert (answer.code, counts(token_id)) == ("", [(today(), 1, 0)])
    with pytest.raises(UsedUp):
        scan(tablet, phone.shows(now() + timedelta(seconds=60)))


def test_an_undo_without_network_is_believed_within_its_five_minutes(chain: Chain, desk: Desk, hana: int) -> None:
    token_id = a_token(chain, hana, bath(desk))
    phone, tablet, used = Telephone(token_id, hana), desk.tablet(), ref()
    morning = now() - timedelta(hours=8)
    late, in_time = undo_entry(used, morning + timedelta(minutes=9)), undo_entry(used, morning + timedelta(minutes=3))
    kept = [entry(phone.shows(morning), ref_=used), late, in_time, in_time]
    assert [answer.code for answer in syncing.sync(tablet, kept)] == ["", "too_late_to_undo", "", ""]
    assert [used for _, used, _ in counts(token_id)] == [0]


def test_what_no_counter_of_this_town_can_have_seen_is_refused(chain: Chain, desk: Desk, hana: int) -> None:
    token_id = a_token(chain, hana, bath(desk))
    phone, tablet = Telephone(token_id, hana), desk.tablet()
    kept = [
        entry(code(town=OTHER_TOWN)),
        entry("HP1:NOTHING"),
        entry(phone.shows(now() + timedelta(hours=1))),
        entry(phone.shows(now() - timedelta(days=40))),
        entry(phone.shows(), plan="p9"),
        entry(phone.shows()) | {"ref": "short"},
        {"do": "use"},
        undo_entry(ref()),
        {"do": "undo", "ref": ref(), "use": ref(), "at": 10**30},
    ]
    answers = syncing.sync(tablet, kept)
    assert [answer.code for answer in answers] == [
        *("another_town", "not_a_pass", "clock_wrong", "too_old", "unreadable", "invalid"),
        *("unreadable", "unreadable", "unreadable"),
    ]
    assert all(answer.settled for answer in answers)
    assert lines() == []


def test_a_use_before_the_sale_counts_for_that_day_and_one_after_it_is_flagged(
    chain: Chain, desk: Desk, hana: int, taro: int
) -> None:
    token_id = a_token(chain, hana, bath(desk))
    with pretending(GENESIS + timedelta(hours=1)):
        phone, tablet = Telephone(token_id, hana), desk.tablet()
        before, after = phone.shows(), phone.shows(now() + timedelta(minutes=60))
        given_away(chain, token_id, hana, taro, block=90)  # minute 90
    with pretending(GENESIS + timedelta(hours=3)):
        answers = syncing.sync(tablet, [entry(before), entry(after)])
        assert [answer.code for answer in answers] == ["", "sold"]
        assert counts(token_id) == [("2026-04-20", 1, 0)]
        with pytest.raises(UsedUp):
            scan(tablet, Telephone(token_id, taro).shows())


def test_a_use_in_the_minute_of_the_purchase_is_nobodys_fault(chain: Chain, desk: Desk, hana: int) -> None:
    token_id = a_token(chain, hana, bath(desk))
    with pretending(GENESIS + timedelta(seconds=65)):  # issued at second 60, in the half minute that began then
        phone, tablet = Telephone(token_id, hana), desk.tablet()
        shown = phone.shows(GENESIS + timedelta(seconds=59))
        assert [answer.code for answer in syncing.sync(tablet, [entry(shown)])] == [""]


def test_a_use_that_is_taken_back_while_it_waits_for_the_chain_is_not_written_on_it(
    app: Flask, chain: Chain, desk: Desk, hana: int
) -> None:
    token_id = a_token(chain, hana, lectures(desk, 1), kind="lecture", uses_per_token=1)
    phone, tablet, first, second = Telephone(token_id, hana), desk.tablet(), ref(), ref()
    kept = [entry(phone.shows(now() - timedelta(minutes=n)), "p2", name) for n, name in ((2, first), (1, second))]
    syncing.sync(tablet, kept)
    one, _two = (line.chain_ref for line in lines())
    chain.redeemed(token_id, custody(hana), used=1, left=0, block=2)
    heard(chain, token_id)
    syncing.sync(tablet, [undo_entry(first)])
    chain.undone(token_id, str(one), used=0, left=1, block=3)
    heard(chain, token_id)
    with meanwhile(app, write_down_late):
        using.undo(second, ref(), now(), desk.partner_id)
    assert [key for key, *_ in calls("use:")] == [f"use:{one}", f"use:{one}:undo"]


def test_a_count_that_was_sold_with_a_number_keeps_that_number(chain: Chain, desk: Desk, hana: int, taro: int) -> None:
    token_id = a_token(chain, hana, lectures(desk, 3), kind="lecture", uses_per_token=3)
    phone, tablet = Telephone(token_id, hana), desk.tablet()
    shown = phone.shows()
    given_away(chain, token_id, hana, taro, block=5)
    assert syncing.sync(tablet, [entry(shown, "p2")])[0].code == "sold"
    assert (counts(token_id, "p2"), calls("use:")) == ([], [])
    assert scan(tablet, Telephone(token_id, taro).shows(), "p2").left == 2


def test_days_on_which_it_could_not_be_used_are_flagged(chain: Chain, desk: Desk, hana: int) -> None:
    day = jst(now()).date()
    token_id = a_token(chain, hana, bath(desk, closed=((day, day),)), first_only(desk))
    (answer,) = syncing.sync(desk.tablet(), [entry(Telephone(token_id, hana).shows())])
    assert (answer.code, counts(token_id)) == ("outside", [])


def test_counted_uses_from_two_tablets_fill_the_chain_and_the_rest_waits_for_room(
    chain: Chain, desk: Desk, hana: int
) -> None:
    token_id = a_token(chain, hana, lectures(desk, 1), kind="lecture", uses_per_token=1)
    phone, tablet, first = Telephone(token_id, hana), desk.tablet(), ref()
    kept = [entry(phone.shows(now() - timedelta(minutes=n)), "p2", first if n == 2 else None) for n in (2, 1)]
    assert [answer.code for answer in syncing.sync(tablet, kept)] == ["", "double"]
    one, two = (line.chain_ref for line in lines())
    assert [key for key, *_ in calls("use:")] == [f"use:{one}"]
    chain.redeemed(token_id, custody(hana), used=1, left=0, block=2)
    heard(chain, token_id)
    syncing.sync(tablet, [undo_entry(first)])
    write_down_late()
    assert [key for key, *_ in calls("use:")] == [f"use:{one}", f"use:{one}:undo"]  # the chain has no room yet
    with pretending(now() + timedelta(minutes=11)):
        assert [line.chain_ref for line in unresolved()] == [two]
    chain.undone(token_id, str(one), used=0, left=1, block=3)
    heard(chain, token_id)
    write_down_late()
    write_down_late()
    assert [key for key, *_ in calls("use:")] == [f"use:{one}", f"use:{one}:undo", f"use:{two}"]
    with pretending(now() + timedelta(minutes=11)):
        assert unresolved() == []
    assert counts(token_id, "p2") == [("ever", 1, 0)]


def test_a_slip_of_paper_is_entered_once(chain: Chain, desk: Desk, hana: int) -> None:
    token_id = a_token(chain, hana, bath(desk))
    assert slips.print_slips(desk.partner_id, 3, BY).startswith(b"%PDF")
    with transaction() as session:
        slip = session.get(Slip, 1)
        assert slip is not None
        written = slip.code
    number, day = f"{token(token_id).right_id}-1", jst(now()).date()
    with pytest.raises(NoSuchSlip):
        slips.enter("TS-NOTHING", number, day, "p1", desk.partner_id, None)
    with pytest.raises(NoSuchNumber):
        slips.enter(written, "?", day, "p1", desk.partner_id, None)
    wide = "".join(chr(ord(sign) + 0xFEE0) for sign in written.lower())
    done = slips.enter(wide, number, day, "p1", desk.partner_id, None)
    assert (done.flag, counts(token_id)) == (None, [(today(), 1, 0)])
    with pytest.raises(SlipEntered):
        slips.enter(written, number, day, "p1", desk.partner_id, None)
    (line,) = lines()
    assert (line.channel, line.pay_yen, line.ref) == (Channel.PAPER, 300, f"slip:{written}")


def test_a_slip_for_a_guest_who_was_let_in_already_is_flagged(chain: Chain, desk: Desk, hana: int) -> None:
    token_id = a_token(chain, hana, bath(desk))
    scan(desk.tablet(), Telephone(token_id, hana).shows())
    slips.print_slips(desk.partner_id, 1, BY)
    number, day = f"{token(token_id).right_id}-1", jst(now()).date()
    done = slips.enter(get(Slip, 1).code, number, day, "p1", desk.partner_id, None)
    assert (done.flag, counts(token_id)) == (Flag.DOUBLE, [(today(), 1, 1)])


def test_the_ledger_is_never_written_by_a_refusal(chain: Chain, desk: Desk, hana: int) -> None:
    token_id = a_token(chain, hana, bath(desk))
    phone, tablet = Telephone(token_id, hana), desk.tablet()
    scan(tablet, phone.shows())
    for _ in range(3):
        with pytest.raises(UsedUp):
            scan(tablet, phone.shows(now() + timedelta(seconds=60)))
    assert len(lines()) == 1
    assert using.line_of("nothing") is None
