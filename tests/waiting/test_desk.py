"""The office's pages of a waiting room."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from marketplace.accounts.models import Account
from marketplace.kit.clock import now, pretending
from marketplace.kit.db import db
from marketplace.listings.scheduling import cancel
from marketplace.outbox import keeping
from marketplace.waiting.joining import join
from marketplace.waiting.models import Place, Room
from tests import given
from tests.pages import read, send, submit
from tests.waiting.stage import a_room, turn


@pytest.fixture
def clerk(app: Flask, client: FlaskClient) -> FlaskClient:
    return given.signed_in(client, given.staff("counter"))


@pytest.fixture
def room(app: Flask) -> Room:
    return a_room(2, quantity=1)[0]


def test_the_office_sees_how_many_wait(clerk: FlaskClient, room: Room) -> None:
    assert f"/staff/waiting/{room.code}" in read(clerk.get("/staff/waiting")).links
    assert "お待ちの方2人" in "".join(read(clerk.get(f"/staff/waiting/{room.code}")).words.split())


def test_a_caller_gets_a_number_to_write_down(clerk: FlaskClient, room: Room) -> None:
    there = f"/staff/waiting/{room.code}"
    answer = submit(clerk, there, action=f"{there}/callers")
    assert (answer.status_code, answer.location) == (303, there)
    assert "整理券の受付番号は 3 です。" in clerk.get(there).text


def test_a_broken_address_is_told_beside_it_and_stays(clerk: FlaskClient, room: Room) -> None:
    there = f"/staff/waiting/{room.code}"
    answer = submit(clerk, there, {"email": "hanako＠example"}, action=f"{there}/callers")
    form = read(answer).form(f"{there}/callers")
    assert (answer.status_code, form.value("email")) == (422, "hanako＠example")
    assert form.errors == {"email": "メールアドレスの形をお確かめください（例 hanako@example.jp）。"}


def test_an_address_in_wide_letters_is_read(clerk: FlaskClient, room: Room) -> None:
    there = f"/staff/waiting/{room.code}"
    answer = submit(clerk, there, {"email": "Ｈａｎａｋｏ＠ｅｘａｍｐｌｅ．ｊｐ"}, action=f"{there}/callers")
    assert answer.status_code == 303
    assert db.session.scalar(sa.select(Place.via).join(Account).where(Account.email == "hanako@example.jp")) == "desk"


def test_for_a_caller_whose_turn_it_is_one_is_reserved(clerk: FlaskClient) -> None:
    room, _ = a_room(0, state="open", quantity=1)
    there = f"/staff/waiting/{room.code}"
    submit(clerk, there, {"email": "ken@example.jp"}, action=f"{there}/callers")
    page = read(clerk.get(there))
    answer = send(clerk, page.form(f"{there}/callers/1/reserve"))
    assert (answer.status_code, answer.location) == (303, there)
    assert "1点取り置きました。" in clerk.get(there).text
    assert "取り置き）" in clerk.get(there).text


def test_a_second_ticket_for_the_same_address_is_the_same(clerk: FlaskClient, room: Room) -> None:
    there = f"/staff/waiting/{room.code}"
    for _ in range(2):
        submit(clerk, there, {"email": "ken@example.jp"}, action=f"{there}/callers")
        assert "整理券の受付番号は 3 です。" in clerk.get(there).text


def test_nothing_is_reserved_for_who_is_not_called_or_came_by_themselves(clerk: FlaskClient) -> None:
    room, _ = a_room(1, state="open", quantity=1)
    turn()
    there = f"/staff/waiting/{room.code}"
    submit(clerk, there, action=f"{there}/callers")
    token = read(clerk.get(there)).form(f"{there}/callers").value("csrf_token")
    assert clerk.post(f"{there}/callers/1/reserve", data={"csrf_token": token}).status_code == 404
    clerk.post(f"{there}/callers/2/reserve", data={"csrf_token": token})
    assert "待合室で順番にご案内しています" in clerk.get(there).text


def test_after_the_end_no_tickets_are_given(clerk: FlaskClient, room: Room) -> None:
    there = f"/staff/waiting/{room.code}"
    form = read(clerk.get(there)).form(f"{there}/callers")
    cancel(room.listing_id, "staff:ACC-TEST", "雪のため")
    keeping.drain()
    refused = send(clerk, form)
    assert (refused.status_code, "待合室は、いま開いていません。" in refused.text) == (422, True)
    assert read(clerk.get(there)).forms == []


def test_the_waves_are_told_and_who_was_called_alone_by_one_number(clerk: FlaskClient) -> None:
    room, _ = a_room(2, state="open", quantity=3)
    with pretending(now() + timedelta(minutes=1)):
        turn()
        join(room.id, given.an_account())
        page = clerk.get(f"/staff/waiting/{room.code}").text
    assert re.findall("<td>([^<]*番[^<]*)</td>", page) == ["3番", "1番から2番"]
