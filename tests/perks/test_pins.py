"""Wrong PINs: who is locked out by whom, and who lets them in again."""

from datetime import timedelta

import pytest
from flask.testing import FlaskClient

from marketplace.kit.clock import now, pretending
from marketplace.kit.db import get
from marketplace.outbox import keeping
from marketplace.perks import partnering, signing_in
from marketplace.perks.models import Partner
from marketplace.staff import sheets
from tests import given
from tests.pages import read, send, submit
from tests.perks.stage import (
    BY,
    Desk,
)


def test_a_wrong_pin_ten_times_locks_the_counter_and_tells_the_office(client: FlaskClient, desk: Desk) -> None:
    wrong = "000000" if desk.pin != "000000" else "111111"
    for left in range(9, 0, -1):
        answer = submit(client, "/counter/", {"partner": desk.code, "pin": wrong})
        assert (answer.status_code, f"あと{left}回" in answer.text) == (422, True)
    answer = submit(client, "/counter/", {"partner": desk.code, "pin": wrong})
    assert (answer.status_code, "役場に連絡がいきました" in answer.text) == (409, True)
    assert submit(client, "/counter/", {"partner": desk.code, "pin": desk.pin}).status_code == 409
    keeping.drain()
    tasks = sheets.today(given.staff("drafter"))
    assert [task.what for task in tasks if task.badge == "窓口"] == [
        "水沢温泉館 の窓口が、まちがった暗証番号で止まりました"
    ]
    pin = partnering.renew_pin(desk.partner_id, BY)
    assert submit(client, "/counter/", {"partner": desk.code, "pin": pin}).status_code == 303
    assert get(Partner, desk.partner_id).wrong_pins == 0


def wrong_ten_times(client: FlaskClient, desk: Desk) -> None:
    wrong = "000000" if desk.pin != "000000" else "111111"
    for _ in range(signing_in.WRONG_PINS):
        last = submit(client, "/counter/", {"partner": desk.code, "pin": wrong})
    assert (last.status_code, "この端末では止めています" in last.text) == (409, True)


@pytest.mark.parametrize("how", ["signed out", "after three days"])
def test_who_knows_only_the_address_does_not_lock_out_a_tablet_that_was_a_counter_before(
    tablet: FlaskClient, desk: Desk, how: str
) -> None:
    wrong_ten_times(tablet.application.test_client(), desk)
    assert tablet.get("/counter/desk").status_code == 200
    if how == "signed out":
        submit(tablet, "/counter/desk", action="/counter/sign-out")
    with pretending(now() + (timedelta(0) if how == "signed out" else signing_in.LASTS + timedelta(minutes=1))):
        assert tablet.get("/counter/desk").location == "/counter/"
        back = submit(tablet, "/counter/", {"partner": desk.code, "pin": desk.pin})
        assert back.location == "/counter/desk"
        new = submit(tablet.application.test_client(), "/counter/", {"partner": desk.code, "pin": desk.pin})
        assert new.status_code == 409  # the right one does not help where ten were wrong: nobody finds it by trying on


def test_a_tablet_of_its_own_is_given_ten_tries_as_well_and_stops_no_other(tablet: FlaskClient, desk: Desk) -> None:
    second = tablet.application.test_client()
    submit(second, "/counter/", {"partner": desk.code, "pin": desk.pin})
    submit(tablet, "/counter/desk", action="/counter/sign-out")
    wrong_ten_times(tablet, desk)
    stopped = submit(tablet, "/counter/", {"partner": desk.code, "pin": desk.pin})
    others = "前に窓口をひらいたことのある、ほかの端末では、ひらけます。"
    assert (stopped.status_code, others in stopped.text) == (409, True)
    assert second.get("/counter/desk").status_code == 200
    stranger = tablet.application.test_client()
    assert submit(stranger, "/counter/", {"partner": desk.code, "pin": desk.pin}).location == "/counter/desk"
    (task,) = [task for task in sheets.today(given.staff("drafter")) if task.badge == "窓口"]
    assert task.more == "これまで使っていた端末で、10回続きました"


def test_a_tablet_of_another_partner_is_a_stranger_here(tablet: FlaskClient, desk: Desk) -> None:
    other_id, pin = partnering.take_in("駅前カフェ", BY)
    other = get(Partner, other_id)
    wrong_ten_times(tablet.application.test_client(), Desk(other_id, pin))
    submit(tablet, "/counter/desk", action="/counter/sign-out")
    assert submit(tablet, "/counter/", {"partner": other.code, "pin": pin}).status_code == 409


def test_the_office_lets_new_tablets_in_again_without_a_new_pin(tablet: FlaskClient, desk: Desk) -> None:
    wrong_ten_times(tablet.application.test_client(), desk)
    clerk = given.signed_in(tablet.application.test_client(), given.staff("drafter"))
    unlock = f"/staff/partners/{desk.code}/unlock"
    form = read(clerk.get("/staff/partners")).form(unlock)
    assert send(clerk, form).location == "/staff/partners"
    new = tablet.application.test_client()
    assert submit(new, "/counter/", {"partner": desk.code, "pin": desk.pin}).location == "/counter/desk"
    assert tablet.get("/counter/desk").status_code == 200
    again = send(clerk, form)  # by a second window
    assert again.location == "/staff/partners"
    assert unlock not in [each.action for each in read(clerk.get("/staff/partners")).forms]


def test_a_right_pin_forgets_the_wrong_ones(client: FlaskClient, desk: Desk) -> None:
    wrong = "000000" if desk.pin != "000000" else "111111"
    submit(client, "/counter/", {"partner": desk.code, "pin": wrong})
    assert get(Partner, desk.partner_id).wrong_pins == 1
    typed = desk.pin.translate(str.maketrans("0123456789", "０１２３４５６７８９"))
    assert submit(client, "/counter/", {"partner": desk.code, "pin": typed}).status_code == 303
    assert get(Partner, desk.partner_id).wrong_pins == 0


def test_a_pin_of_another_form_is_no_guess(client: FlaskClient, desk: Desk) -> None:
    answer = submit(client, "/counter/", {"partner": desk.code, "pin": "いろは"})
    assert read(answer).form("/counter/").errors == {"pin": "暗証番号は6けたの数字です。"}
    assert get(Partner, desk.partner_id).wrong_pins == 0
