"""The name that a holder lets be shown is theirs to choose, and the town's to stop."""

from __future__ import annotations

from flask import Flask
from flask.testing import FlaskClient

from tests import given
from tests.chainlogs import Chain
from tests.holders.stage import mails
from tests.naming.stage import announced, naming, sold_on
from tests.pages import read, send, submit


def mine(naming_id: int) -> str:
    return f"/mypage/namings/{naming(naming_id).code}"


def test_a_name_that_must_not_stand_there_is_stopped_by_the_office_and_stays_so(
    app: Flask, chain: Chain, client: FlaskClient, hana: int, taro: int
) -> None:
    """Whoever bought the right put any word at once onto the page that the town's sign leads to, and nobody could take
    it away but themselves."""
    naming_id = announced(chain, hana)
    path, own = naming(naming_id).path, mine(naming_id)
    holder, desk = (given.signed_in(app.test_client(), who) for who in (hana, given.staff("drafter")))
    submit(holder, own, {"shown": "ひどいことば"}, action=f"{own}/shown")
    where = f"/staff/namings/{naming(naming_id).code}"
    stop = read(desk.get(where)).form(f"{where}/shown/stop")
    assert read(send(desk, stop, {"why": ""})).form(f"{where}/shown/stop").errors == {
        "why": "公開を止める理由を書いてください。持ち主が読みます。"
    }
    submit(holder, own, {"shown": "もっとひどいことば"}, action=f"{own}/shown")
    refused = send(desk, stop, {"why": "人を傷つける言葉"})
    assert refused.status_code == 409, "it was another name that was read"
    form = read(holder.get(own)).form(f"{own}/shown")
    assert send(desk, read(refused).form(f"{where}/shown/stop")).status_code == 303, "and now the new one was"
    assert "ひどいことば" not in client.get(path).text
    assert mails("hana@example.jp")[-1] == "naming_showing_stopped"
    assert "人を傷つける言葉" in read(holder.get(own)).words
    assert (send(holder, form, {"shown": "またことば"}).status_code, "またことば" in client.get(path).text) == (
        422,
        False,
    )
    again = read(desk.get(where)).form(f"{where}/shown/again")
    assert [send(desk, again).status_code for _ in range(2)] == [303, 303]
    submit(holder, own, {"shown": "はなこ"}, action=f"{own}/shown")
    assert "はなこ" in client.get(path).text
    sold_on(chain, naming_id, hana, taro)
    assert f"{where}/shown/stop" not in [form.action for form in read(desk.get(where)).forms]
