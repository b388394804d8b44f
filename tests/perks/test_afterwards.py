"""What is put right at a counter, or comes to it late: mistakes with slips, rights that ended, an issue read anew."""

from __future__ import annotations

from datetime import datetime, time, timedelta

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from marketplace.kit.clock import JST, jst, now, pretending
from marketplace.kit.db import db
from marketplace.perks import slips, syncing, using
from marketplace.perks.models import Flag, Slip
from marketplace.perks.refusals import SlipEntered
from marketplace.tokens.models import NOBODY, TokenState
from tests.chainlogs import Chain
from tests.pages import read, send
from tests.perks.stage import (
    BY,
    Desk,
    Telephone,
    a_desk,
    a_token,
    bath,
    counts,
    entry,
    lectures,
    lines,
    ref,
    scan,
    undo_entry,
)
from tests.perks.test_counter import printed_pin
from tests.resale.stage import custody, heard, token


def today() -> str:
    return jst(now()).date().isoformat()


def number(token_id: int) -> str:
    return f"{token(token_id).right_id}-{token(token_id).serial}"


def a_slip(desk: Desk) -> str:
    slips.print_slips(desk.partner_id, 1, BY)
    return db.session.scalars(sa.select(Slip.code).order_by(Slip.id.desc())).first() or ""


def test_a_slip_that_was_entered_for_the_wrong_guest_is_taken_back_and_entered_for_the_right_one(
    chain: Chain, desk: Desk, hana: int, taro: int
) -> None:
    """It was spent: the place was never paid for the guest who had come."""
    wrong, right = (a_token(chain, account_id, bath(desk)) for account_id in (hana, taro))
    written, day = a_slip(desk), jst(now()).date()
    for token_id in (wrong, right, right):
        done = slips.enter(written, number(token_id), day, "p1", desk.partner_id, None)
        with pytest.raises(SlipEntered):
            slips.enter(written, number(right), day, "p1", desk.partner_id, None)
        if token_id == wrong or len(lines()) == 3:
            using.undo(done.ref, ref(), now(), desk.partner_id)
    assert (counts(wrong), counts(right)) == ([(today(), 0, 0)], [(today(), 1, 0)])
    assert sum(line.pay_yen * (-1 if line.undoes else 1) for line in lines()) == 300


def test_a_use_of_a_right_that_has_ended_since_is_written_down_and_flagged(chain: Chain, desk: Desk, hana: int) -> None:
    """The counter had no network, or a slip lay there for a day: the guest was in the bath, and the place is paid."""
    token_id = a_token(chain, hana, bath(desk), lectures(desk))
    phone, tablet = Telephone(token_id, hana), desk.tablet()
    kept = [entry(phone.shows()), entry(phone.shows(), "p2")]
    chain.transfer(token_id, custody(hana), NOBODY, block=2)
    heard(chain, token_id)
    assert token(token_id).state == TokenState.REVOKED
    answers = syncing.sync(tablet, kept)
    assert [(answer.settled, answer.code) for answer in answers] == [(True, "outside")] * 2
    done = slips.enter(a_slip(desk), number(token_id), jst(now()).date(), "p1", desk.partner_id, None)
    assert done.flag == Flag.OUTSIDE
    assert [(line.flag, line.pay_yen) for line in lines()] == [(Flag.OUTSIDE, pay) for pay in (300, 0, 300)]
    assert (counts(token_id), counts(token_id, "p2")) == ([], [])


def test_a_tablet_keeps_a_use_while_the_issue_of_its_right_is_read_anew(chain: Chain, desk: Desk, hana: int) -> None:
    """The chain took the block of the issue back for a moment, and the tablet threw the use away."""
    token_id = a_token(chain, hana, bath(desk))
    tablet, kept = desk.tablet(), [entry(Telephone(token_id, hana).shows())]
    minted = list(chain.said)
    chain.take_back(1)
    heard(chain, token_id)
    assert token(token_id).state == TokenState.ISSUING
    assert [(answer.settled, answer.code) for answer in syncing.sync(tablet, kept)] == [(False, "not_held")]
    chain.said = minted
    heard(chain, token_id)
    assert [(answer.settled, answer.code) for answer in syncing.sync(tablet, kept)] == [(True, "")]
    assert counts(token_id) == [(today(), 1, 0)]


def test_a_counter_says_how_many_came_today_and_takes_back_what_another_tablet_let_in(
    tablet: FlaskClient, chain: Chain, desk: Desk, hana: int, taro: int
) -> None:
    one, other = (a_token(chain, account_id, bath(desk)) for account_id in (hana, taro))
    elsewhere = a_desk("道の駅")
    at_both = a_token(chain, hana, bath(elsewhere))
    scan(elsewhere.tablet(), Telephone(at_both, hana).shows())
    assert "きょうの利用は、まだありません。" in read(tablet.get("/counter/today")).words
    for token_id, account_id in ((one, hana), (other, taro)):
        scan(desk.tablet(), Telephone(token_id, account_id).shows())
    page = read(tablet.get("/counter/today"))
    assert "合計2回取り消しを引いた数温泉の入浴2回" in page.words
    first, second = lines()[1:]
    form = next(form for form in page.forms if form.values.get("use") == [second.ref])
    assert "取り消しました" in send(tablet, form).text
    page = read(tablet.get("/counter/today"))
    assert "合計1回" in page.words
    undo = [form.values["use"] for form in page.forms if "use" in form.values]
    assert (page.words.count("取り消しずみ"), undo) == (1, [[first.ref]])


def test_a_slip_of_another_day_is_taken_back_on_the_page_of_today_too(
    tablet: FlaskClient, chain: Chain, desk: Desk, hana: int
) -> None:
    """What is entered is mostly of the day before, and the page that takes it back left that out."""
    token_id, yesterday = a_token(chain, hana, bath(desk)), jst(now()).date() - timedelta(days=1)
    done = slips.enter(a_slip(desk), number(token_id), yesterday, "p1", desk.partner_id, None)
    page = read(tablet.get("/counter/today"))
    assert "合計0回" in page.words
    form = next(form for form in page.forms if form.values.get("use") == [done.ref])
    assert "取り消しました" in send(tablet, form).text
    assert counts(token_id) == [(yesterday.isoformat(), 0, 0)]
    page = read(tablet.get("/counter/today"))
    assert ([form for form in page.forms if "use" in form.values], "取り消しずみ" in page.words) == ([], False)


def test_what_was_let_in_just_before_midnight_is_taken_back_just_after_it(
    tablet: FlaskClient, chain: Chain, desk: Desk, hana: int
) -> None:
    token_id = a_token(chain, hana, bath(desk))
    midnight = datetime.combine(jst(now()).date() + timedelta(days=1), time(0), JST)
    with pretending(midnight - timedelta(minutes=2)):
        done = scan(desk.tablet(), Telephone(token_id, hana).shows())
    with pretending(midnight + timedelta(minutes=2)):
        forms = read(tablet.get("/counter/today")).forms
        assert [form.values["use"] for form in forms if "use" in form.values] == [[done.ref]]
    with pretending(midnight + timedelta(minutes=4)):
        page = read(tablet.get("/counter/today"))
        assert "きょうの利用は、まだありません。" in page.words


def test_a_use_that_is_kept_for_later_keeps_its_undo(chain: Chain, desk: Desk, hana: int) -> None:
    """The tablet was told to forget the undo of a use that was not written down yet, and the use came alone."""
    token_id = a_token(chain, hana, bath(desk))
    used = entry(Telephone(token_id, hana).shows())
    tablet, kept = desk.tablet(), [used, undo_entry(used["ref"])]
    minted = list(chain.said)
    chain.take_back(1)
    heard(chain, token_id)
    assert [(answer.settled, answer.code) for answer in syncing.sync(tablet, kept)] == [(False, "not_held")] * 2
    chain.said = minted
    heard(chain, token_id)
    assert [(answer.settled, answer.code) for answer in syncing.sync(tablet, kept)] == [(True, "")] * 2
    assert counts(token_id) == [(today(), 0, 0)]


def test_a_form_that_is_sent_twice_is_one_use_though_there_was_another_perk_to_choose(
    tablet: FlaskClient, chain: Chain, desk: Desk, hana: int
) -> None:
    """One perk could be used, and was: sent once more, the form asked for the other one and was refused."""
    token_id = a_token(chain, hana, lectures(desk, 1, id="p0", name="手ぬぐい"), bath(desk))
    scan(desk.tablet(), Telephone(token_id, hana).shows(), "p0")
    typed = {"number": number(token_id), "code": printed_pin(token_id, hana)}
    form = read(tablet.get("/counter/desk")).form("/counter/desk")
    answers = [send(tablet, form, typed) for _ in range(2)]
    assert ["OK 本日1回目" in answer.text for answer in answers] == [True, True]
    assert counts(token_id) == [(today(), 1, 0)]
