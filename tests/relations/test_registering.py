"""Only those who agreed are in the register, and each export is in the journal with its purpose."""

from __future__ import annotations

import csv
import io

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from marketplace.accounts.introducing import introduce
from marketplace.accounts.models import Account
from marketplace.gatherings import booking, stamping
from marketplace.gatherings.models import Rsvp, RsvpState
from marketplace.journal.models import Entry
from marketplace.kit.clock import jst, now, pretending
from marketplace.kit.db import db, get
from marketplace.kit.refusals import Invalid
from marketplace.kit.workbooks import read_rows
from marketplace.relations import figures, registering
from tests import given
from tests.chainlogs import Chain
from tests.gatherings.stage import a_gathering, gathering, rsvp
from tests.holders.stage import refusal
from tests.pages import read, send, submit
from tests.relations.stage import a_bath, came, took_part
from tests.resale.stage import held_token, token

BY = "staff:ACC-TEST"


def test_who_agreed_is_in_it_and_who_took_it_back_is_not(chain: Chain, hana: int, ken: int) -> None:
    assert refusal(lambda: registering.agree(hana)) == "not_introduced"
    for who, name in ((hana, "月山 花"), (ken, "月山 健")):
        introduce(who, name, "", "東京都")
        registering.agree(who)
        registering.agree(who)
    registering.take_back(ken)
    registering.take_back(ken)
    token_id = held_token(chain, hana)
    bath = a_bath()
    came(bath, hana)
    came(bath, hana, days=-3)
    took_part(hana)
    (found,) = registering.export("ふるさと住民登録", BY)
    title = token(token_id).right.title_ja
    today, minted = jst(now()).date(), token(token_id).minted_at
    assert minted is not None
    assert found.row == (
        *(get(Account, hana).code, "月山 花", "hana@example.jp", "東京都", today, f"{title} 1番", jst(minted).date()),
        *(2, today, 0, 1),
    )


def test_who_brings_a_family_to_an_event_came_to_one(hana: int) -> None:
    introduce(hana, "月山 花", "", "東京都")
    registering.agree(hana)
    event = a_gathering(seats=3, most_together=3)
    booking.ask(event, hana, 3)
    with pretending(gathering(event).begins_at):
        stamping.stamp_party(event, rsvp(event, hana).code, BY)
        (found,) = registering.export("ふるさと住民登録", BY)
    assert (found.events, booking.counts(event)[RsvpState.ATTENDED]) == (1, 3)


def test_who_sent_a_companion_and_stayed_away_did_not_take_part(chain: Chain, hana: int) -> None:
    introduce(hana, "月山 花", "", "東京都")
    registering.agree(hana)
    held_token(chain, hana)
    event = a_gathering(seats=2, most_together=2)
    booking.ask(event, hana, 2)
    companion = db.session.scalars(sa.select(Rsvp.code).where(Rsvp.companion == 1)).one()
    since = jst(now()).date()
    with pretending(gathering(event).begins_at):
        stamping.stamp(event, companion, BY)
        (found,) = registering.export("ふるさと住民登録", BY)
    (group,), (edition,) = figures.by_prefecture(since), figures.by_edition(since)
    assert (found.events, group.attended, edition.attended) == (0, 0, 0)


def test_an_export_wants_a_purpose_and_is_written_down_without_a_name(hana: int) -> None:
    introduce(hana, "月山 花", "", "東京都")
    registering.agree(hana)
    with pytest.raises(Invalid, match="目的"):
        registering.export(" ", BY)
    registering.export("登録の資料", BY)
    entry = db.session.scalars(sa.select(Entry).where(Entry.event == "export_register")).one()
    assert (entry.by, entry.why, entry.details) == (BY, "登録の資料", {"people": 1})


def test_agreeing_and_the_files_on_the_pages(app: Flask, client: FlaskClient, hana: int) -> None:
    guest = given.signed_in(client, hana)
    assert "先に、お名前と都道府県を登録してください。" in read(guest.get("/mypage/relation")).words
    introduce(hana, "月山 花", "", "東京都")
    submit(guest, "/mypage/relation")
    assert "同意をいただいています" in read(guest.get("/mypage/relation")).words
    desk = given.signed_in(app.test_client(), given.staff("approver"))
    form = read(desk.get("/staff/relations")).form("/staff/relations/register")
    wrong = send(desk, form, {"purpose": " "})
    assert (wrong.status_code, "月山" in wrong.text) == (422, False)
    table = send(desk, form, {"purpose": "登録の資料", "shape": "csv"})
    rows = list(csv.reader(io.StringIO(table.text.removeprefix("\ufeff"))))
    assert (tuple(rows[0]), rows[1][1], len(rows)) == (registering.HEADER, "月山 花", 2)
    book = send(desk, form, {"purpose": "登録の資料", "shape": "xlsx"})
    assert read_rows(book.data, 10)[1][1] == "月山 花"
    submit(guest, "/mypage/relation", action="/mypage/relation/take-back")
    assert registering.agreed(hana) is None


def test_a_button_pressed_twice_does_it_once(app: Flask, client: FlaskClient, hana: int) -> None:
    introduce(hana, "月山 花", "", "東京都")
    guest = given.signed_in(client, hana)
    for action, agreed in (("/mypage/relation", True), ("/mypage/relation/take-back", False)):
        form = read(guest.get("/mypage/relation")).form(action)
        assert [(send(guest, form).status_code, registering.agreed(hana) is not None) for _ in range(2)] == [
            (303, agreed)
        ] * 2


def test_only_an_approver_exports_names(app: Flask, hana: int) -> None:
    for role in ("drafter", "treasury", "counter", "auditor"):
        desk = given.signed_in(app.test_client(), given.staff(role))
        page = read(desk.get("/staff/relations"))
        assert [form for form in page.forms if form.action == "/staff/relations/register"] == []
        token = read(desk.get("/account")).form("/account").value("csrf_token")
        answer = desk.post("/staff/relations/register", data={"purpose": "x", "shape": "csv", "csrf_token": token})
        assert answer.status_code == 403
