"""A family books in one go: each has a seat and a code, they wait and answer together, and one may stay away."""

from __future__ import annotations

import re
from datetime import timedelta
from functools import partial

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from marketplace.gatherings import booking, bringing, drafting, moving_up, stamping
from marketplace.gatherings.handlers import on_closed
from marketplace.gatherings.models import SEATED, Rsvp, RsvpState
from marketplace.gatherings.reminding import remind_due
from marketplace.kit.clock import now, pretending
from marketplace.kit.db import db, get
from marketplace.listings.models import Listing
from marketplace.notices.models import Notice
from marketplace.outbox import keeping
from marketplace.rights.plans import PlanKind
from tests import given
from tests.chainlogs import Chain
from tests.gatherings.stage import BY, a_gathering, gathering, mails, party, rsvp, values
from tests.holders.stage import refusal
from tests.pages import read, send
from tests.perks.stage import Telephone, a_desk, a_listing, bath, counts
from tests.racing import at_once
from tests.resale.stage import held_token
from tests.statements import counted

COMING, WAITING, OFFERED = RsvpState.COMING, RsvpState.WAITING, RsvpState.OFFERED
WITHDRAWN, ATTENDED = RsvpState.WITHDRAWN, RsvpState.ATTENDED


def codes(event: int, account_id: int) -> list[str]:
    rows = sa.select(Rsvp.code).filter_by(gathering_id=event, account_id=account_id).order_by(Rsvp.companion)
    return list(db.session.scalars(rows))


def newest(template: str) -> str:
    return (
        db.session.scalars(sa.select(Notice.body).filter_by(template=template).order_by(Notice.id.desc())).first() or ""
    )


def test_a_family_has_its_seats_at_once_and_one_letter_with_all_codes(hana: int) -> None:
    event = a_gathering(seats=6, most_together=4)
    assert [booking.ask(event, hana, 4), booking.ask(event, hana, 2)] == [COMING, COMING]
    assert party(event, hana) == [(COMING, 1), (COMING, 2), (COMING, 3), (COMING, 4)]
    keeping.drain()
    assert mails("hana@example.jp") == ["gathering_booked"]
    assert [code in newest("gathering_booked") for code in codes(event, hana)] == [True] * 4


def test_nobody_books_more_than_the_office_allows_or_than_there_are_seats(hana: int) -> None:
    small, alone = a_gathering(seats=2, most_together=4), a_gathering(seats=9)
    for event, many in ((small, 3), (alone, 2), (alone, 0)):
        assert refusal(partial(booking.ask, event, hana, many)) == "too_many_together"
    assert [party(event, hana) for event in (small, alone)] == [[], []]


def test_two_seats_are_not_given_to_four_and_do_not_stay_empty(hana: int, ken: int, mio: int) -> None:
    event = a_gathering(seats=4, most_together=4)
    booking.ask(event, hana, 2)
    assert booking.ask(event, ken, 4) == WAITING
    assert booking.ask(event, mio, 2) == COMING
    assert party(event, ken) == [(WAITING, None)] * 4
    booking.give_up(event, hana)
    assert party(event, ken) == [(WAITING, None)] * 4
    booking.give_up(event, mio)
    assert party(event, ken) == [(OFFERED, 1), (OFFERED, 2), (OFFERED, 3), (OFFERED, 4)]
    assert mails("ken@example.jp") == ["gathering_waiting", "gathering_seat_free"]
    booking.confirm(event, ken)
    assert [state for state, _seat in party(event, ken)] == [COMING] * 4


def test_seats_go_to_whoever_waited_longest_of_those_that_fit(hana: int, ken: int, mio: int) -> None:
    event = a_gathering(seats=3, most_together=3)
    for who, together in ((hana, 3), (ken, 3), (mio, 1)):
        booking.ask(event, who, together)
    bringing.bring(event, hana, 2)
    assert (party(event, ken), party(event, mio)) == ([(WAITING, None)] * 3, [(OFFERED, 3)])


def test_whoever_waits_for_many_becomes_fewer_and_keeps_the_place(hana: int, ken: int, mio: int) -> None:
    event = a_gathering(seats=3, most_together=3)
    booking.ask(event, hana, 2)
    booking.ask(event, ken, 3)
    place = rsvp(event, ken).place
    assert refusal(lambda: bringing.bring(event, ken, 4)) == "too_many_together"
    bringing.bring(event, ken, 1)
    assert party(event, ken) == [(OFFERED, 3), (WITHDRAWN, None), (WITHDRAWN, None)]
    assert rsvp(event, ken).place == place
    assert refusal(lambda: bringing.bring(event, ken, 2)) == "more_wait_anew"
    assert refusal(lambda: bringing.bring(event, mio, 1)) == "wrong_state"


def test_one_seat_is_taken_back_and_one_is_added_while_there_is_one(hana: int, ken: int) -> None:
    event = a_gathering(seats=4, most_together=4)
    booking.ask(event, hana, 3)
    bringing.bring(event, hana, 2)
    bringing.bring(event, hana, 2)
    assert party(event, hana) == [(COMING, 1), (COMING, 2), (WITHDRAWN, None)]
    booking.ask(event, ken)
    bringing.bring(event, hana, 3)
    assert party(event, hana) == [(COMING, 1), (COMING, 2), (COMING, 4)]
    assert refusal(lambda: bringing.bring(event, hana, 4)) == "no_seat_for_more"
    assert refusal(lambda: bringing.bring(event, hana, 0)) == "wrong_state"
    with pretending(gathering(event).ask_until):
        assert refusal(lambda: bringing.bring(event, hana, 4)) == "too_late_to_ask"
        bringing.bring(event, hana, 1)
    assert mails("hana@example.jp") == ["gathering_booked"] * 2


def test_no_answer_in_time_and_all_their_seats_go_on(hana: int, ken: int, mio: int) -> None:
    event = a_gathering(seats=2, most_together=2)
    for who in (hana, ken, mio):
        booking.ask(event, who, 2)
    booking.give_up(event, hana)
    with pretending(now() + timedelta(hours=49)):
        moving_up.lapse_due()
        assert [state for state, _seat in party(event, ken)] == [RsvpState.LAPSED] * 2
        assert [state for state, _seat in party(event, mio)] == [OFFERED] * 2
    assert mails("ken@example.jp") == ["gathering_waiting", "gathering_seat_free", "gathering_seat_lapsed"]


def test_a_party_has_one_reminder_and_one_letter_of_what_is_moved_or_called_off(hana: int) -> None:
    event = a_gathering(seats=2, most_together=2)
    booking.ask(event, hana, 2)
    moved = {name: getattr(gathering(event), name) for name in ("begins_at", "ends_at", "ask_until")}
    drafting.revise(event, values(**moved, place="公民館", most_together=2), BY)
    keeping.drain()
    with pretending(gathering(event).begins_at - timedelta(hours=20)):
        remind_due()
    drafting.call_off(event, "大雪のため", BY)
    keeping.drain()
    assert party(event, hana) == [(RsvpState.CALLED_OFF, None)] * 2
    told = ["gathering_booked", "gathering_moved", "gathering_tomorrow", "gathering_called_off"]
    assert mails("hana@example.jp") == told


def test_the_holder_uses_the_perk_once_and_companions_are_stamped_in_one_go(chain: Chain, hana: int) -> None:
    listing = a_listing(bath(a_desk(), id="p9", name="集いへの参加", kind=PlanKind.RSVP, limit=None, per=None))
    token_id = held_token(chain, hana, listing)
    event = a_gathering(seats=3, most_together=3, right_ids=[get(Listing, listing).right_id], perk="p9")
    booking.ask(event, hana, 3)
    own = codes(event, hana)[0]
    with pretending(gathering(event).begins_at):
        assert stamping.stamp_by_pass(event, Telephone(token_id, hana).shows(), BY).code == own
        assert [stamping.stamp_party(event, own, BY), stamping.stamp_party(event, own, BY)] == [2, 0]
        assert [state for state, _seat in party(event, hana)] == [ATTENDED] * 3
        assert (booking.counts(event)[ATTENDED], counts(token_id, "p9")) == (3, [(gathering(event).code, 1, 0)])
        stamping.unstamp(event, codes(event, hana)[2], BY)
    assert ([state for state, _seat in party(event, hana)], counts(token_id, "p9")) == (
        [ATTENDED, ATTENDED, COMING],
        [(gathering(event).code, 1, 0)],
    )


def test_one_of_an_offered_party_at_the_door_says_yes_for_all(hana: int, ken: int) -> None:
    event = a_gathering(seats=2, most_together=2)
    booking.ask(event, hana, 2)
    booking.ask(event, ken, 2)
    with pretending(gathering(event).begins_at - timedelta(hours=1)):
        booking.give_up(event, hana)
        stamping.stamp(event, codes(event, ken)[1], BY)
        assert party(event, ken) == [(COMING, 1), (ATTENDED, 2)]
        on_closed(ken)
        on_closed(ken)
    assert party(event, ken) == [(WITHDRAWN, None), (ATTENDED, 2)]


def test_the_list_at_the_door_keeps_a_party_together(hana: int, ken: int) -> None:
    event = a_gathering(seats=4, most_together=3)
    for who in (hana, ken):
        booking.ask(event, who)
    bringing.bring(event, hana, 3)
    shown = [(row.account_id, row.companion) for row in stamping.list_of(event)]
    assert shown == [(hana, 0), (hana, 1), (hana, 2), (ken, 0)]


def test_the_list_at_the_door_asks_as_often_for_many_as_for_few(app: Flask, client: FlaskClient) -> None:
    event = a_gathering(seats=9, most_together=3)
    given.signed_in(client, given.staff("counter", "drafter"))
    where = f"/staff/gatherings/{gathering(event).code}"
    asked: dict[str, list[int]] = {where: [], f"{where}.csv": []}
    for people in (1, 3):
        for _ in range(people):
            booking.ask(event, given.an_account(), 2)
        for path, counts_of in asked.items():
            client.get(path)
            with counted() as seen:
                assert client.get(path).status_code == 200
            counts_of.append(len(seen))
    assert [few - many for few, many in asked.values()] == [0, 0]


def test_families_who_ask_at_once_for_the_last_seats_have_all_or_none(app: Flask) -> None:
    event, people = a_gathering(seats=7, most_together=3), [given.an_account() for _ in range(9)]
    outcomes = at_once(app, 9, lambda n: booking.ask(event, people[n], 1 + n % 3))
    assert set(outcomes) == {COMING, WAITING}
    parties = [party(event, who) for who in people]
    assert [len(each) for each in parties] == [1 + n % 3 for n in range(9)]
    assert all(len({state for state, _seat in each}) == 1 for each in parties)
    taken = [seat for each in parties for _state, seat in each if seat is not None]
    assert len(set(taken)) == len(taken)
    assert all(len(each) > 7 - len(taken) for each in parties if each[0][0] == WAITING)


def test_becoming_fewer_and_more_at_once_ends_as_one_of_them_said(app: Flask, hana: int) -> None:
    event = a_gathering(seats=9, most_together=4)
    booking.ask(event, hana, 3)
    assert at_once(app, 4, lambda n: bringing.bring(event, hana, n + 1)) == [None] * 4
    assert sum(state in SEATED for state, _seat in party(event, hana)) in (1, 2, 3, 4)
    seats = [seat for _state, seat in party(event, hana) if seat]
    assert len(set(seats)) == len(seats)


def test_the_page_asks_how_many_says_what_is_wrong_and_changes_it(client: FlaskClient, hana: int) -> None:
    event = a_gathering(seats=3, most_together=3)
    path = f"/gatherings/{gathering(event).code}"
    guest = given.signed_in(client, hana)
    send(guest, read(guest.get(path)).form(f"{path}/ask"), {"together": "2"})
    page = read(guest.get(path))
    assert ("ご本人を含めて2人です。" in page.words, party(event, hana)) == (True, [(COMING, 1), (COMING, 2)])
    booking.ask(event, given.an_account())
    wrong = send(guest, page.form(f"{path}/bring"), {"together": "3"})
    assert (wrong.status_code, read(wrong).form(f"{path}/bring").errors["together"]) == (
        422,
        "満席のため、人数をふやせません。",
    )
    assert ("#together" in read(wrong).links, "<title>エラー: " in wrong.get_data(as_text=True)) == (True, True)
    send(guest, read(guest.get(path)).form(f"{path}/bring"), {"together": "1"})
    assert party(event, hana) == [(COMING, 1), (WITHDRAWN, None)]


def test_who_gives_up_while_a_companion_is_here_reads_the_number_of_the_companion(
    client: FlaskClient, hana: int
) -> None:
    event = a_gathering(seats=2, most_together=2)
    booking.ask(event, hana, 2)
    own, companion = codes(event, hana)
    with pretending(gathering(event).begins_at - timedelta(hours=1)):
        stamping.stamp(event, companion, BY)
        booking.give_up(event, hana)
        page = read(given.signed_in(client, hana).get(f"/gatherings/{gathering(event).code}"))
    assert ("参加しました" in page.words, companion in page.words, own in page.words) == (True, True, False)


def test_nobody_is_asked_to_leave_out_a_companion_who_is_here(client: FlaskClient, hana: int) -> None:
    """Whoever chose so few was told that the state is another one by now."""
    event = a_gathering(seats=3, most_together=3)
    booking.ask(event, hana, 3)
    path = f"/gatherings/{gathering(event).code}"
    given.signed_in(client, hana)
    with pretending(gathering(event).begins_at - timedelta(hours=1)):
        before = client.get(path).text
        stamping.stamp(event, codes(event, hana)[1], BY)
        after = client.get(path).text
    offered = [re.findall(r'<option[^>]* value="(\d+)"', page) for page in (before, after)]
    assert offered == [["1", "2", "3"], ["2", "3"]]


def test_the_door_shows_whom_else_to_expect(app: Flask, chain: Chain, hana: int) -> None:
    listing = a_listing(bath(a_desk(), id="p9", name="集いへの参加", kind=PlanKind.RSVP, limit=None, per=None))
    token_id = held_token(chain, hana, listing)
    event = a_gathering(seats=2, most_together=2)
    booking.ask(event, hana, 2)
    where = f"/staff/gatherings/{gathering(event).code}"
    with pretending(gathering(event).begins_at):
        desk = given.signed_in(app.test_client(), given.staff("counter"))
        shown = Telephone(token_id, hana).shows()
        came = send(desk, read(desk.get(where)).form(f"{where}/door"), {"shown": shown}).headers["Location"]
        send(desk, read(desk.get(came)).form(f"{where}/stamp/{codes(event, hana)[0]}/party"))
    assert [state for state, _seat in party(event, hana)] == [ATTENDED] * 2


def test_the_database_knows_one_row_for_each_companion(hana: int) -> None:
    event = a_gathering(seats=3, most_together=2)
    booking.ask(event, hana, 2)
    with pytest.raises(sa.exc.IntegrityError):
        db.session.execute(sa.update(Rsvp).values(companion=1))
    db.session.rollback()
