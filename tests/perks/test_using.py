"""A counter that is online: what it lets in, what it refuses, what it takes back."""

from datetime import date, timedelta

import pytest
from flask import Flask
from sqlalchemy.exc import IntegrityError

from marketplace.kit.clock import jst, now, pretending
from marketplace.kit.db import get, transaction
from marketplace.kit.refusals import Invalid, Refused
from marketplace.outbox import keeping
from marketplace.perks import chaining, knowing, passes, using
from marketplace.perks.knowing import by_number, by_pass
from marketplace.perks.models import Channel, Counter
from marketplace.perks.refusals import (
    ChangedHands,
    FirstHolderOnly,
    NeedsABooking,
    NoSuchNumber,
    NotHere,
    NotNow,
    ReadAgain,
    TooLateToUndo,
    UndoneAlready,
    UsedUp,
)
from marketplace.perks.standing import standings
from marketplace.perks.using import Asked
from marketplace.rights.plans import Plan, PlanKind
from marketplace.tokens.custody import custody_of
from tests.chainlogs import Chain
from tests.perks.stage import (
    Desk,
    Telephone,
    a_desk,
    a_token,
    bath,
    confirm,
    counts,
    first_only,
    lectures,
    lines,
    ref,
    scan,
)
from tests.racing import at_once
from tests.resale.stage import calls, custody, heard, token


def today() -> str:
    return jst(now()).date().isoformat()


def given_away(chain: Chain, token_id: int, giver: int, taker: int, block: int = 5) -> None:
    chain.transfer(token_id, custody_of(giver), custody_of(taker), block=block)
    heard(chain, token_id)
    keeping.drain()


def test_a_pass_is_let_in_once_a_day(chain: Chain, desk: Desk, hana: int) -> None:
    token_id = a_token(chain, hana, bath(desk))
    phone, tablet = Telephone(token_id, hana), desk.tablet()
    done = scan(tablet, phone.shows())
    assert (done.nth, done.left, done.flag) == (1, 0, None)
    with pytest.raises(UsedUp, match="本日すでに利用されています"):
        scan(tablet, phone.shows(now() + timedelta(seconds=60)))
    with pretending(now() + timedelta(days=1)):
        assert scan(tablet, phone.shows()).nth == 1
    assert [(used, over) for _, used, over in counts(token_id)] == [(1, 0), (1, 0)]


def test_the_same_request_twice_is_one_use(chain: Chain, desk: Desk, hana: int) -> None:
    token_id = a_token(chain, hana, bath(desk, limit=5))
    tablet, code, once = desk.tablet(), Telephone(token_id, hana).shows(), ref()
    first, second = scan(tablet, code, ref_=once), scan(tablet, code, ref_=once)
    assert (first, counts(token_id)) == (second, [(today(), 1, 0)])
    other = a_token(chain, hana, bath(desk))
    with pytest.raises(Invalid):
        using.use(Asked(once, other, "p1", Channel.SCAN, now()))


def test_the_same_screen_is_not_taken_twice(chain: Chain, desk: Desk, hana: int) -> None:
    token_id = a_token(chain, hana, bath(desk, limit=5))
    code = Telephone(token_id, hana).shows()
    scan(desk.tablet(), code)
    with pytest.raises(ReadAgain):
        scan(desk.tablet(), code)
    assert counts(token_id) == [(today(), 1, 0)]


def test_a_photograph_of_an_old_screen_and_the_code_of_yesterday_are_refused(
    chain: Chain, desk: Desk, hana: int
) -> None:
    phone = Telephone(a_token(chain, hana, bath(desk)), hana)
    for age in (timedelta(minutes=3), timedelta(days=1)):
        with pytest.raises(passes.Stale):
            by_pass(phone.shows(now() - age))
    with pytest.raises(passes.ClockWrong):
        by_pass(phone.shows(now() + timedelta(minutes=3)))
    for shift in (timedelta(seconds=-120), timedelta(seconds=120)):
        assert by_pass(phone.shows(now() + shift)).channel == Channel.SCAN


def test_a_certificate_ends_after_a_week(chain: Chain, desk: Desk, hana: int) -> None:
    phone = Telephone(a_token(chain, hana, bath(desk)), hana)
    with pretending(now() + timedelta(days=7, minutes=1)), pytest.raises(passes.CertificateOver):
        by_pass(phone.shows())


def test_a_token_sold_between_the_scan_and_the_confirmation_is_refused(
    chain: Chain, desk: Desk, hana: int, taro: int
) -> None:
    token_id = a_token(chain, hana, bath(desk))
    phone, tablet = Telephone(token_id, hana), desk.tablet()
    known = by_pass(phone.shows())
    given_away(chain, token_id, hana, taro)
    with pytest.raises(ChangedHands):
        confirm(tablet, known)
    with pytest.raises(ChangedHands):
        by_pass(phone.shows())
    assert scan(tablet, Telephone(token_id, taro).shows()).nth == 1


def test_what_was_used_stays_used_for_the_next_holder(chain: Chain, desk: Desk, hana: int, taro: int) -> None:
    token_id = a_token(chain, hana, bath(desk), lectures(desk, 3), kind="lecture", uses_per_token=3)
    phone, tablet = Telephone(token_id, hana), desk.tablet()
    scan(tablet, phone.shows(), "p1")
    scan(tablet, phone.shows(), "p2")
    given_away(chain, token_id, hana, taro)
    new = Telephone(token_id, taro)
    with pytest.raises(UsedUp):
        scan(tablet, new.shows(), "p1")
    assert scan(tablet, new.shows(), "p2").left == 1
    assert [each.said for each in standings(token(token_id))] == ["本日は利用ずみ", "のこり 1回（全3回）"]


def test_the_perk_of_the_first_holder_does_not_pass_on(chain: Chain, desk: Desk, hana: int, taro: int) -> None:
    token_id = a_token(chain, hana, first_only(desk))
    given_away(chain, token_id, hana, taro)
    tablet = desk.tablet()
    with pytest.raises(FirstHolderOnly):
        scan(tablet, Telephone(token_id, taro).shows(), "p3")
    given_away(chain, token_id, taro, hana, block=6)
    assert scan(tablet, Telephone(token_id, hana).shows(), "p3").left == 0
    with pytest.raises(UsedUp, match="すべて使い終わっています"):
        scan(tablet, Telephone(token_id, hana).shows(), "p3")


def test_a_member_comes_as_often_as_they_like(chain: Chain, desk: Desk, hana: int) -> None:
    token_id = a_token(chain, hana, bath(desk, kind=PlanKind.MEMBERSHIP, limit=None, per=None))
    phone, tablet = Telephone(token_id, hana), desk.tablet()
    seen = [scan(tablet, phone.shows(now() + timedelta(seconds=30 * n))) for n in range(3)]
    assert [(done.nth, done.left) for done in seen] == [(1, None), (2, None), (3, None)]


def test_days_on_which_it_is_closed_and_other_places_are_refused(chain: Chain, desk: Desk, hana: int) -> None:
    closed = bath(desk, closed=((date(2027, 6, 1), date(2027, 6, 1)),), ends=date(2027, 6, 2))
    token_id = a_token(chain, hana, closed)
    other = a_desk("道の駅").tablet()
    with pytest.raises(NotHere):
        scan(other, Telephone(token_id, hana).shows())
    for days, says in ((0, "使えない日"), (2, "終わりました")):
        with pretending(now() + timedelta(days=days)):
            tablet = desk.tablet()
            with pytest.raises(NotNow, match=says):
                scan(tablet, Telephone(token_id, hana).shows())


def test_what_needs_a_booking_is_used_by_the_office_that_keeps_the_seats(chain: Chain, desk: Desk, hana: int) -> None:
    talk = Plan("p4", "町長との語り合い", PlanKind.RSVP)
    token_id = a_token(chain, hana, talk)
    asked = Asked("event:EVT-1:1", token_id, "p4", Channel.OFFICE, now(), occasion="EVT-1")
    assert using.use(asked).left == 0
    assert using.use(asked).nth == 1
    with pytest.raises(UsedUp):
        using.use(Asked("event:EVT-1:2", token_id, "p4", Channel.OFFICE, now(), occasion="EVT-1"))
    using.use(Asked("event:EVT-2:1", token_id, "p4", Channel.OFFICE, now(), occasion="EVT-2"))
    with pytest.raises(NeedsABooking):
        using.use(Asked(ref(), token_id, "p4", Channel.OFFICE, now()))
    assert counts(token_id, "p4") == [("EVT-1", 1, 0), ("EVT-2", 1, 0)]


def test_a_use_is_taken_back_within_five_minutes_and_once(chain: Chain, desk: Desk, hana: int) -> None:
    token_id = a_token(chain, hana, bath(desk))
    phone, tablet, once, undo = Telephone(token_id, hana), desk.tablet(), ref(), ref()
    scan(tablet, phone.shows(), ref_=once)
    other = a_desk("道の駅")
    with pytest.raises(LookupError):
        using.undo(once, ref(), now(), other.partner_id)
    with pretending(now() + timedelta(minutes=6)), pytest.raises(TooLateToUndo):
        using.undo(once, ref(), now(), desk.partner_id)
    for _ in range(2):
        assert using.undo(once, undo, now(), desk.partner_id).left == 1
    with pytest.raises(UndoneAlready):
        using.undo(once, ref(), now(), desk.partner_id)
    assert counts(token_id) == [(today(), 0, 0)]
    assert scan(tablet, phone.shows(now() + timedelta(seconds=30))).nth == 1
    assert [(line.act, line.pay_yen) for line in lines()] == [("use", 300), ("undo", 300), ("use", 300)]


def test_a_number_is_said_with_six_digits_or_four(chain: Chain, desk: Desk, hana: int) -> None:
    token_id = a_token(chain, hana, bath(desk, limit=5))
    phone, tablet = Telephone(token_id, hana), desk.tablet()
    number = f"{token(token_id).right_id}－１"
    digits = phone.digits()
    known = by_number(number, f"{digits[:3]} {digits[3:]}", tablet.id)
    assert (known.token_id, known.channel) == (token_id, Channel.CODE)
    confirm(tablet, known)
    with pytest.raises(ReadAgain):
        confirm(tablet, by_number(number, digits, tablet.id))
    with pytest.raises(NoSuchNumber):
        by_number(number, phone.digits(now() - timedelta(minutes=5)), tablet.id)
    with pytest.raises(NoSuchNumber):
        by_number("99-1", digits, tablet.id)
    with pytest.raises(NoSuchNumber, match="数字2つ"):
        by_number("町民", digits, tablet.id)


def test_whoever_guesses_digits_has_to_type_the_pin_again(chain: Chain, desk: Desk, hana: int) -> None:
    token_id = a_token(chain, hana, bath(desk))
    number, tablet = f"{token(token_id).right_id}-1", desk.tablet()
    for _ in range(knowing.WRONG_CODES):
        with pytest.raises(NoSuchNumber):
            by_number(number, "abcdef", tablet.id)
    with pytest.raises(knowing.SignInAgain):
        by_number(number, Telephone(token_id, hana).digits(), tablet.id)


def test_counted_uses_are_written_on_the_chain_once_and_taken_back(chain: Chain, desk: Desk, hana: int) -> None:
    token_id = a_token(chain, hana, lectures(desk, 2), kind="lecture", uses_per_token=2)
    phone, tablet, once = Telephone(token_id, hana), desk.tablet(), ref()
    for _ in range(2):
        scan(tablet, phone.shows(), "p2", ref_=once)
    using.undo(once, ref(), now(), desk.partner_id)
    chain_ref = lines()[0].chain_ref
    assert calls("use:") == [
        (f"use:{chain_ref}", "redeemer", "redeem", [token_id, chain_ref, custody(hana)]),
        (f"use:{chain_ref}:undo", "redeemer", "undo", [chain_ref]),
    ]
    assert chaining.unresolved() == []


def test_the_town_does_not_promise_more_than_the_chain_knows(chain: Chain, desk: Desk, hana: int) -> None:
    token_id = a_token(chain, hana, lectures(desk, 1), kind="lecture", uses_per_token=1)
    chain.redeemed(token_id, custody(hana), used=1, left=0, block=2)
    heard(chain, token_id)
    with pytest.raises(Refused, match="すべて使い終わっています"):
        scan(desk.tablet(), Telephone(token_id, hana).shows(), "p2")
    assert lines() == []


def test_a_guest_does_not_wait_for_the_chain_to_take_back_a_mistake(chain: Chain, desk: Desk, hana: int) -> None:
    token_id = a_token(chain, hana, lectures(desk, 1), kind="lecture", uses_per_token=1)
    phone, tablet, mistaken = Telephone(token_id, hana), desk.tablet(), ref()
    scan(tablet, phone.shows(), "p2", mistaken)
    chain.redeemed(token_id, custody(hana), used=1, left=0, block=2)
    heard(chain, token_id)
    using.undo(mistaken, ref(), now(), desk.partner_id)
    assert scan(tablet, phone.shows(now() + timedelta(seconds=30)), "p2").left == 0
    first, _undo, second = lines()
    assert [key for key, *_ in calls("use:")] == [f"use:{first.chain_ref}", f"use:{first.chain_ref}:undo"]
    chain.undone(token_id, str(first.chain_ref), used=0, left=1, block=3)
    heard(chain, token_id)
    chaining.write_down_late()
    assert [key for key, *_ in calls("use:")][2:] == [f"use:{second.chain_ref}"]


def test_two_counters_at_the_same_moment_let_one_in(app: Flask, chain: Chain, desk: Desk, hana: int) -> None:
    token_id = a_token(chain, hana, bath(desk))
    phone = Telephone(token_id, hana)
    tablets = [desk.tablet().id for _ in range(4)]
    shown = [phone.shows(now() + timedelta(seconds=30 * n)) for n in range(4)]

    def let_in(n: int) -> int:
        return scan(get(Counter, tablets[n]), shown[n]).nth

    outcomes = at_once(app, 4, let_in)
    assert sorted(str(outcome) for outcome in outcomes) == ["1", *["本日すでに利用されています。"] * 3]
    assert counts(token_id) == [(today(), 1, 0)]


def test_the_database_knows_no_use_beyond_the_plan(chain: Chain, desk: Desk, hana: int) -> None:
    token_id = a_token(chain, hana, bath(desk))
    scan(desk.tablet(), Telephone(token_id, hana).shows())
    with pytest.raises(IntegrityError, match="never_more_than_allowed"), transaction():
        using.allowance(token_id, bath(desk), today()).used = 2
