"""The counter's pages: the PIN, the word that is read across the desk, the forms that need no JavaScript."""

from datetime import timedelta
from io import BytesIO
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from pypdf import PdfReader

from marketplace.kit.clock import jst, now, pretending
from marketplace.kit.db import db, get, transaction
from marketplace.perks import carding, partnering, signing_in, slips
from marketplace.perks.models import Card, Counter, Flag, Slip
from marketplace.staff import sheets
from tests import given
from tests.chainlogs import Chain
from tests.pages import Page, read, send, submit
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
    undo_entry,
)
from tests.resale.stage import token


def verdict(page: Page) -> str:
    return " ".join(page.words.split("受付", 2)[-1].split())


def post(tablet: FlaskClient, path: str, body: Any) -> Any:
    csrf = tablet.get("/counter/state").get_json()["csrf"]
    return tablet.post(f"/counter/{path}", json=body, headers={"X-CSRFToken": csrf})


def number(token_id: int) -> str:
    return f"{token(token_id).right_id}-{token(token_id).serial}"


def test_the_counter_is_for_tablets_that_are_signed_in(client: FlaskClient, tablet: FlaskClient, desk: Desk) -> None:
    stranger = client.application.test_client()
    assert stranger.get("/counter/desk").headers["Location"] == "/counter/"
    assert stranger.get("/counter/state").status_code == 401
    with pretending(now() + signing_in.LASTS + timedelta(minutes=1)):
        assert tablet.get("/counter/desk").status_code == 303
    partnering.renew_pin(desk.partner_id, BY)
    assert tablet.get("/counter/state").status_code == 401


def test_one_press_lets_the_guest_in_and_says_so_large(
    tablet: FlaskClient, chain: Chain, desk: Desk, hana: int
) -> None:
    token_id = a_token(chain, hana, bath(desk))
    phone = Telephone(token_id, hana)
    typed = {"number": number(token_id), "code": phone.digits()}
    answer = submit(tablet, "/counter/desk", typed)
    assert "OK 本日1回目" in verdict(read(answer))
    with pretending(now() + timedelta(seconds=30)):
        again = submit(tablet, "/counter/desk", {"number": phone.shows()})
    assert "使えません：本日すでに利用" in verdict(read(again))
    assert "hana" not in (answer.text + again.text)


def test_a_form_that_was_sent_twice_is_one_use(tablet: FlaskClient, chain: Chain, desk: Desk, hana: int) -> None:
    token_id = a_token(chain, hana, bath(desk, limit=5))
    form = read(tablet.get("/counter/desk")).form("/counter/desk")
    typed = {"number": number(token_id), "code": Telephone(token_id, hana).digits()}
    assert [send(tablet, form, typed).status_code for _ in range(2)] == [200, 200]
    assert [used for _, used, _ in counts(token_id)] == [1]


def test_a_mistake_is_taken_back_from_the_same_page(tablet: FlaskClient, chain: Chain, desk: Desk, hana: int) -> None:
    token_id = a_token(chain, hana, bath(desk))
    typed = {"number": number(token_id), "code": Telephone(token_id, hana).digits()}
    page = read(submit(tablet, "/counter/desk", typed))
    undone = send(tablet, page.form("/counter/desk/undo"))
    assert "取り消しました" in undone.text
    assert [used for _, used, _ in counts(token_id)] == [0]
    assert "もう取り消してあります" in send(tablet, page.form("/counter/desk/undo")).text


def test_of_several_perks_one_is_chosen(tablet: FlaskClient, chain: Chain, desk: Desk, hana: int) -> None:
    token_id = a_token(chain, hana, bath(desk), lectures(desk, 3), kind="lecture", uses_per_token=3)
    typed = {"number": number(token_id), "code": Telephone(token_id, hana).digits()}
    asked = submit(tablet, "/counter/desk", typed)
    assert "どの特典を使いますか" in asked.text
    form = next(form for form in read(asked).forms if "number" in form.values and "csrf_token" in form.values)
    answer = send(tablet, form, {"plan": "p2"})
    assert "OK 1回目" in answer.text
    assert "のこり 2回" in answer.text
    assert counts(token_id, "p2") == [("ever", 1, 0)]


def test_what_is_wrong_stands_beside_the_field(tablet: FlaskClient, chain: Chain, desk: Desk, hana: int) -> None:
    answer = submit(tablet, "/counter/desk", {"number": "きのう", "code": "1"})
    form = read(answer).form("/counter/desk")
    assert (answer.status_code, form.errors) == (
        422,
        {"number": "番号は「3-427」のように、数字2つで入力してください。"},
    )
    assert form.value("number") == "きのう"


def test_a_card_on_paper_has_a_pin_and_no_name(tablet: FlaskClient, chain: Chain, desk: Desk, hana: int) -> None:
    token_id = a_token(chain, hana, bath(desk, limit=3))
    guessed = submit(tablet, "/counter/desk", {"number": number(token_id), "code": "0000"})
    assert guessed.status_code == 422
    pin = printed_pin(token_id, hana)
    answer = submit(tablet, "/counter/desk", {"number": number(token_id), "code": pin})
    assert "OK 本日1回目" in answer.text
    newer = printed_pin(token_id, hana)
    if newer != pin:
        assert submit(tablet, "/counter/desk", {"number": number(token_id), "code": pin}).status_code == 422
    assert submit(tablet, "/counter/desk", {"number": number(token_id), "code": newer}).status_code == 200


def printed_pin(token_id: int, account_id: int) -> str:
    """The four digits as they stand on the card."""
    paper = carding.print_card(token_id, account_id, BY)
    words = PdfReader(BytesIO(paper)).pages[0].extract_text()
    found = [line.strip() for line in words.splitlines() if line.strip().isdigit() and len(line.strip()) == 4]
    (pin,) = found
    return pin


def test_a_card_whose_pin_is_guessed_ends(app: Flask, chain: Chain, desk: Desk, hana: int) -> None:
    token_id = a_token(chain, hana, bath(desk))
    pin = printed_pin(token_id, hana)
    wrong = "0000" if pin != "0000" else "1111"
    for _ in range(carding.WRONG_PINS):
        with transaction():
            assert not carding.card_opens(token(token_id), wrong)
    with transaction():
        assert not carding.card_opens(token(token_id), pin)
    assert db.session.scalars(sa.select(Card)).one().ended_at is not None


def test_the_tablet_is_told_what_it_needs_and_no_more(tablet: FlaskClient, chain: Chain, desk: Desk, hana: int) -> None:
    token_id = a_token(chain, hana, bath(desk))
    post(tablet, "use", entry(Telephone(token_id, hana).shows()))
    state = tablet.get("/counter/state").get_json()
    assert sorted(state) == ["code", "csrf", "ended", "keys", "now", "partner", "plans", "used"]
    assert state["used"] == [[token_id, "p1", jst(now()).date().isoformat(), 1]]
    assert [plan["allowed"] for plan in state["plans"][str(token(token_id).right_id)]] == [1]


def test_answers_to_the_tablet(tablet: FlaskClient, chain: Chain, desk: Desk, hana: int) -> None:
    token_id = a_token(chain, hana, bath(desk))
    phone, once = Telephone(token_id, hana), ref()
    good = post(tablet, "use", {"ref": once, "pass": phone.shows()}).get_json()
    assert (good["ok"], good["headline"], good["left"]) == (True, "OK 本日1回目", "本日のこり 0回")
    bad = post(tablet, "use", {"ref": ref(), "pass": "HP1:"}).get_json()
    assert (bad["ok"], bad["code"]) == (False, "not_a_pass")
    wrong: list[object] = [[], {"ref": "x"}, "", {"ref": ref(), "pass": None, "number": {"a": 1}}]
    for body in wrong:
        assert post(tablet, "use", body).get_json()["ok"] is False
    undone = post(tablet, "undo", {"ref": ref(), "use": once}).get_json()
    day = jst(now()).date().isoformat()
    assert undone == {"ok": True, "headline": "取り消しました", "used": [token_id, "p1", day, 0]}
    assert post(tablet, "undo", {"ref": ref(), "use": ref()}).get_json()["ok"] is False
    late = [entry(phone.shows(now() - timedelta(hours=1))), undo_entry(once)]
    answers = post(tablet, "sync", {"entries": late}).get_json()["answers"]
    assert [answer["code"] for answer in answers] == ["", "undone_already"]
    assert post(tablet, "sync", {"entries": "all"}).status_code == 422


def test_an_answer_needs_the_pages_own_token(tablet: FlaskClient) -> None:
    assert tablet.post("/counter/use", json={"ref": ref()}).status_code == 400


def test_a_slip_is_typed_with_its_day(tablet: FlaskClient, chain: Chain, desk: Desk, hana: int) -> None:
    token_id = a_token(chain, hana, bath(desk))
    slips.print_slips(desk.partner_id, 1, BY)
    typed = {
        "code": get(Slip, 1).code,
        "number": number(token_id),
        "on": jst(now()).date().isoformat(),
        "plan": f"{token(token_id).right_id}:p1",
    }
    wrong = submit(tablet, "/counter/slip", typed | {"on": "2020-01-01"})
    assert read(wrong).form("/counter/slip").errors == {"on": "きょうまでの2か月のあいだの日を入力してください。"}
    assert "記録しました" in submit(tablet, "/counter/slip", typed).text
    again = submit(tablet, "/counter/slip", typed)
    assert "もう入力してあります" in read(again).form("/counter/slip").errors["code"]
    assert len(lines()) == 1


def test_the_office_sees_flags_statements_and_slips(
    client: FlaskClient, chain: Chain, desk: Desk, hana: int, tablet: FlaskClient
) -> None:
    token_id = a_token(chain, hana, bath(desk))
    phone = Telephone(token_id, hana)
    kept = [entry(phone.shows(now() - timedelta(minutes=n))) for n in (20, 10)]
    post(tablet, "sync", {"entries": kept})
    clerk = given.signed_in(client.application.test_client(), given.staff("drafter"))
    task = next(task for task in sheets.today(given.staff("drafter")) if "回数をこえた" in task.what)
    page = read(clerk.get(task.href))
    assert "お客さまと窓口の誤りではありません" in page.words
    flagged = next(line for line in lines() if line.flag == Flag.DOUBLE)
    looked = page.form(f"/staff/partners/uses/{flagged.id}/look")
    for bad, words in (("", "どう確かめたかを書いてください。"), ("電話 " * 101, "300文字まで")):
        answer = send(clerk, looked, {"note": bad})
        again = read(answer).form(f"/staff/partners/uses/{flagged.id}/look")
        assert (answer.status_code, again.value("note"), words in read(answer).words) == (422, bad, True)
    send(clerk, looked, {"note": "電話で確かめた"})
    assert [task for task in sheets.today(given.staff("drafter")) if "回数をこえた" in task.what] == []
    month = jst(now()).strftime("%Y-%m")
    table = clerk.get(f"/staff/partners/{desk.code}/{month}.csv").data.decode("utf-8-sig").splitlines()
    assert [row.split(",")[1:3] + row.split(",")[5:7] for row in table[1:]] == [
        ["温泉の入浴", "利用", "", "300"],
        ["温泉の入浴", "利用", "回数をこえた利用（圏外の窓口）", "300"],
    ]
    assert clerk.get(f"/staff/partners/{desk.code}/{month}.pdf").data.startswith(b"%PDF")
    assert clerk.get(f"/staff/partners/{desk.code}/2020-01.csv").status_code == 404
    pad = submit(clerk, f"/staff/partners/{desk.code}", {"count": "3"}, action=f"/staff/partners/{desk.code}/slips.pdf")
    assert pad.data.startswith(b"%PDF")


def test_a_partner_that_is_closed_opens_no_counter(client: FlaskClient, desk: Desk) -> None:
    other = a_desk("道の駅")
    partnering.close(desk.partner_id, BY)
    assert desk.code not in client.get("/counter/").text
    assert other.code in client.get("/counter/").text
    with pytest.raises(LookupError):
        signing_in.sign_in(desk.code, desk.pin)
    assert db.session.scalars(sa.select(Counter)).all() == []
