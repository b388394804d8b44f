"""The waiting room as a visitor sees it, without JavaScript."""

from __future__ import annotations

import json
import re
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient

from marketplace.kit.clock import now, pretending
from marketplace.listings import scheduling
from marketplace.listings.suspending import suspend
from marketplace.outbox import keeping
from marketplace.waiting import shuffle
from marketplace.waiting.joining import join
from marketplace.waiting.models import Room
from tests import given
from tests.pages import Page, read, send
from tests.waiting.stage import a_room, fresh, open_it, turn

SOON = timedelta(seconds=20)
HTMX = {"HX-Request": "true"}


@pytest.fixture
def hana(app: Flask, client: FlaskClient) -> FlaskClient:
    return given.signed_in(client, given.an_account("hana@example.jp"))


def of(room: Room) -> str:
    return f"/listings/{room.code}/waiting"


def take(client: FlaskClient, room: Room) -> Page:
    """Press the button of the waiting room."""
    answer = send(client, read(client.get(of(room))).form(of(room)))
    assert (answer.status_code, answer.location) == (303, of(room))
    return read(client.get(of(room)))


def words(page: Page) -> str:
    return re.sub(r"\s+", " ", page.words)


def test_the_listing_leads_to_the_room_and_has_no_button_to_buy(app: Flask, client: FlaskClient) -> None:
    room, _ = a_room()
    page = read(client.get(f"/listings/{room.code}"))
    assert (of(room) in page.links, page.forms) == (True, [])
    assert "早い者勝ちではありません。" in page.words
    open_it(room)
    page = read(client.get(f"/listings/{room.code}"))
    assert (of(room) in page.links, page.forms) == (True, [])


def test_who_is_not_signed_in_signs_in_and_comes_back(app: Flask, client: FlaskClient) -> None:
    room, _ = a_room()
    answer = send(client, read(client.get(of(room))).form(of(room)))
    assert (answer.status_code, answer.location) == (303, f"/signin?next={of(room)}")


def test_a_ticket_before_the_opening_says_that_its_number_is_no_order(hana: FlaskClient) -> None:
    room, _ = a_room(2)
    assert "整理券を受け取りました。受付番号は 3 です。" in take(hana, room).words
    assert "受付番号の順ではありません。" in hana.get(of(room)).text


def test_while_chance_decides_the_page_asks_again(hana: FlaskClient) -> None:
    room, _ = a_room(2)
    take(hana, room)
    open_it(room)
    page = hana.get(of(room)).text
    assert "いま、順番を抽選で決めています。" in page
    assert (page.count('<noscript><meta http-equiv="refresh" content="5"></noscript>'), page.count("every 5s")) == (
        1,
        1,
    )


def test_in_the_line_stands_the_own_number_and_how_far_it_has_come(hana: FlaskClient) -> None:
    room, (first,) = a_room(1, state="open", quantity=1)
    turn()
    join(room.id, given.an_account())
    page = take(hana, room)
    assert "あなたの順番 3番 いま 1番 までご案内しました。 のこり 1点（全1点）" in words(page)
    assert first


def test_what_is_asked_again_is_the_place_alone_and_nothing_where_nothing_changed(hana: FlaskClient) -> None:
    room, _ = a_room(2, quantity=1)
    take(hana, room)
    part = hana.get(of(room), headers=HTMX)
    assert part.text.startswith('<div id="place"')
    same = hana.get(of(room), headers=HTMX | {"If-None-Match": part.headers["ETag"]})
    assert (same.status_code, same.headers["Cache-Control"]) == (304, "private, max-age=0")


def test_the_turn_is_a_button_that_orders(hana: FlaskClient) -> None:
    room, _ = a_room(0, state="open", quantity=1)
    page = take(hana, room)
    assert "あなたの順番です。どうぞ。" in page.words
    ordered = send(hana, page.form(f"/listings/{room.code}/order"))
    assert (ordered.status_code, ordered.location.endswith("/confirm")) == (303, True)
    assert ordered.location in read(hana.get(of(room))).links
    assert "あなたのために1点取り置いています。" in hana.get(f"/listings/{room.code}").text


def test_without_a_turn_the_order_is_refused_politely(hana: FlaskClient) -> None:
    room, _ = a_room(1, state="open", quantity=1)
    turn()
    token = read(hana.get(of(room))).form(of(room)).value("csrf_token")
    refused = hana.post(f"/listings/{room.code}/order", data={"csrf_token": token})
    assert (refused.status_code, "待合室で順番にご案内しています" in refused.text) == (409, True)


def test_a_turn_that_passed_can_be_taken_again(hana: FlaskClient) -> None:
    room, _ = a_room(0, state="open", quantity=1)
    take(hana, room)
    with pretending(now() + timedelta(minutes=11)):
        assert "ご案内の時間が過ぎました。" in hana.get(of(room)).text
        assert "あなたの順番です。どうぞ。" in take(hana, room).words


def test_a_place_is_given_back_on_the_page(hana: FlaskClient) -> None:
    room, _ = a_room(1, quantity=1)
    page = take(hana, room)
    left = send(hana, page.form(f"{of(room)}/leave"))
    assert left.status_code == 303
    assert "整理券を受け取る" in hana.get(of(room)).text


def test_nothing_asks_again_once_it_is_over(hana: FlaskClient) -> None:
    room, _ = a_room(1, state="open", quantity=1)
    turn()
    take(hana, room)
    scheduling.close_sale(room.listing_id)
    keeping.drain()
    page = hana.get(of(room)).text
    assert ("受付は終わりました。" in page, "every" in page, "http-equiv" in page) == (True, False, False)


def test_a_stop_is_told_and_the_place_stays(hana: FlaskClient) -> None:
    room, _ = a_room(1, state="open", quantity=1)
    turn()
    take(hana, room)
    suspend(room.listing_id, given.staff("approver"), "決済の点検のため")
    page = words(read(hana.get(of(room))))
    assert ("順番はそのままです。" in page, "決済の点検のため" in page, "あなたの順番 2番" in page) == (
        True,
        True,
        True,
    )


def test_the_file_proves_the_order_and_tells_no_secret_before(app: Flask, client: FlaskClient) -> None:
    room, _ = a_room(4)
    before = client.get(f"{of(room)}.json").text
    told = json.loads(before)
    assert (told["secret"], told["order"], room.secret in before) == (None, None, False)
    open_it(room)
    assert room.secret not in client.get(f"{of(room)}.json").text
    with pretending(now() + SOON):
        turn()
    after = client.get(f"{of(room)}.json").text
    told = json.loads(after)
    assert shuffle.check(told)["order"] == told["order"]
    assert (len(told["order"]), "@" in after) == (4, False)
    assert str(fresh(room).seed) in client.get(of(room)).text


def test_a_sale_without_a_room_has_no_such_page(app: Flask, client: FlaskClient) -> None:
    code = given.a_listing(), "LST-NONE00"
    assert client.get(f"/listings/{code[1]}/waiting").status_code == 404
