"""The pages of names: of the first buyer, the public and the desk; faults beside their field; who may open what."""

from __future__ import annotations

from datetime import datetime, time, timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient

from marketplace.kit.clock import JST, pretending
from marketplace.kit.db import db
from marketplace.kit.sheets import SHEETS, run_one
from marketplace.naming import agreeing, places, proposing, revoking, screening
from marketplace.naming.models import NamingState
from marketplace.naming.rules import Check, Wish
from marketplace.outbox import keeping
from tests import given
from tests.chainlogs import Chain
from tests.naming.stage import (
    BY,
    FELICIA,
    SPRING,
    a_naming,
    agreed,
    announced,
    chosen,
    minutes,
    naming,
    proposed,
    sold_on,
    today,
)
from tests.pages import read, send, submit


@pytest.fixture
def visitor(client: FlaskClient, hana: int) -> FlaskClient:
    return given.signed_in(client, hana)


def mine(naming_id: int) -> str:
    return f"/mypage/namings/{naming(naming_id).code}"


def at_desk(naming_id: int) -> str:
    return f"/staff/namings/{naming(naming_id).code}"


def asked(naming_id: int) -> int:
    """The revocation that waits for a second person."""
    revocation = revoking.asked_for(naming_id)
    assert revocation is not None
    return revocation.id


NAMES = {"name_1": "フェリシア公園", "reading_1": "ふぇりしあこうえん", "meaning_1": "しあわせの集まる場所に。"}


def test_the_first_buyer_is_led_from_my_page_to_the_names(chain: Chain, visitor: FlaskClient, hana: int) -> None:
    naming_id = a_naming(chain, hana)
    assert mine(naming_id) in read(visitor.get("/mypage")).links
    answer = submit(visitor, mine(naming_id), NAMES, action=f"{mine(naming_id)}/names")
    assert (answer.status_code, answer.location) == (303, mine(naming_id))
    assert naming(naming_id).state == NamingState.PROPOSED
    assert "フェリシア公園" in read(visitor.get(mine(naming_id))).words


@pytest.mark.parametrize(
    ("name", "why"),
    [("あ" * 200, "愛称は40文字までです（いま200文字）。"), ("ひろ\u200dば", "目に見えない文字（改行や制御文字）")],
)
def test_a_bad_name_is_told_beside_its_field_and_what_was_typed_stays(
    chain: Chain, visitor: FlaskClient, hana: int, name: str, why: str
) -> None:
    naming_id = a_naming(chain, hana)
    answer = submit(visitor, mine(naming_id), {**NAMES, "name_1": name}, action=f"{mine(naming_id)}/names")
    form = read(answer).form(f"{mine(naming_id)}/names")
    assert (answer.status_code, list(form.errors)) == (422, ["name_1"])
    assert why in form.errors["name_1"]
    assert (form.value("name_1"), form.value("meaning_1").strip()) == (name, NAMES["meaning_1"])
    assert naming(naming_id).state == NamingState.INVITED


def test_a_second_holder_sees_the_page_but_no_form_and_is_refused(
    app: Flask, chain: Chain, visitor: FlaskClient, hana: int, taro: int
) -> None:
    naming_id = a_naming(chain, hana)
    form = read(visitor.get(mine(naming_id))).form(f"{mine(naming_id)}/names")
    sold_on(chain, naming_id, hana, taro)
    second = given.signed_in(app.test_client(), taro)
    assert mine(naming_id) in read(second.get("/mypage")).links
    page = read(second.get(mine(naming_id)))
    assert "愛称を決められるのは、はじめに買った方だけです" in page.words
    assert [each.action for each in page.forms] == [f"{mine(naming_id)}/shown"]
    (token,) = page.forms[0].values["csrf_token"]
    answer = second.post(form.action, data={**NAMES, "csrf_token": token})
    assert (answer.status_code, "はじめに買った方だけです" in answer.text) == (403, True)
    assert given.signed_in(app.test_client(), given.an_account()).get(mine(naming_id)).status_code == 404


def test_the_desk_writes_the_minutes_down_and_faults_keep_what_was_typed(
    chain: Chain, desk: FlaskClient, hana: int
) -> None:
    naming_id = proposed(chain, hana)
    action = f"{at_desk(naming_id)}/decide"
    assert at_desk(naming_id) in read(desk.get("/staff")).links
    typed = {"members": "副町長\n教育長", "minutes": "確かめた。", "public_minutes": "町に合う。"}
    nothing = submit(desk, at_desk(naming_id), typed, action=action)
    assert (nothing.status_code, list(read(nothing).form(action).errors)) == (422, ["chosen"])
    half = submit(
        desk,
        at_desk(naming_id),
        {**typed, "chosen": "1", "begins_on": (today() + timedelta(days=1)).isoformat(), "reason_2": "似ています。"},
        action=action,
    )
    assert half.status_code == 422
    assert "すべての項目を確かめてください" in half.text
    assert read(half).form(action).value("members").strip() == "副町長\n教育長"
    whole = {**typed, "chosen": "1", "checks_1": [str(check) for check in Check], "reason_2": "似ています。"}
    whole["begins_on"] = (today() + timedelta(days=1)).isoformat()
    assert submit(desk, at_desk(naming_id), whole, action=action).status_code == 303
    assert naming(naming_id).state == NamingState.CHOSEN


def test_the_buyer_agrees_on_the_screen_and_another_person_concludes(
    chain: Chain, visitor: FlaskClient, desk: FlaskClient, approver: FlaskClient, hana: int
) -> None:
    naming_id = chosen(chain, hana)
    assert submit(visitor, mine(naming_id), action=f"{mine(naming_id)}/agree").status_code == 303
    place = {"name": "湧水公園", "x": "300", "y": "500", "right": str(naming(naming_id).token.right_id)}
    assert submit(desk, "/staff/places", place).status_code == 303
    assert at_desk(naming_id) not in [each.action for each in read(desk.get(at_desk(naming_id))).forms]
    assert submit(approver, at_desk(naming_id), action=f"{at_desk(naming_id)}/conclude").status_code == 303
    assert naming(naming_id).state == NamingState.IN_FORCE


def test_an_announced_name_is_on_the_map_its_page_its_papers_and_the_page_of_its_token(
    chain: Chain, client: FlaskClient, approver: FlaskClient, hana: int
) -> None:
    naming_id = announced(chain, hana)
    path = naming(naming_id).path
    assert path in read(client.get("/namings")).links
    page = read(client.get(path)).words
    assert [word in page for word in ("フェリシア公園", "ふぇりしあこうえん", "保有者番号", "湧水公園の愛称")] == [
        True
    ] * 4
    assert "1案ずつ確かめた" not in page  # the minutes for the office
    assert path in read(client.get(naming(naming_id).token.path or "")).links
    assert "愛称「フェリシア公園」が決まった" in read(client.get(naming(naming_id).token.path or "")).words
    for pdf in (f"{path}/notice.pdf", f"{at_desk(naming_id)}/sign.pdf"):
        paper = approver.get(pdf)
        assert (paper.mimetype, paper.data[:5]) == ("application/pdf", b"%PDF-")
    assert client.get(f"{at_desk(naming_id)}/sign.pdf").status_code == 303


def section(client: FlaskClient, heading: str) -> str:
    """What /namings says under a heading; '' where there is none."""
    text = client.get("/namings").text
    return text.partition(f">{heading}</h2>")[2].partition("</section>")[0]


def test_a_name_stands_on_the_map_from_its_first_day_to_its_last(chain: Chain, client: FlaskClient, hana: int) -> None:
    row = naming(announced(chain, hana))
    assert row.begins_on is not None
    assert row.ends_on is not None
    found = []
    for day in (row.begins_on - timedelta(days=1), row.begins_on, row.ends_on, row.ends_on + timedelta(days=1)):
        with pretending(datetime.combine(day, time(0, 0, 1), JST)):
            run_one(SHEETS["naming.terms"])
            headings = ("これから始まる愛称", "いまの愛称", "期間の終わった愛称")
            found.append([each for each in headings if row.path in section(client, each)])
    assert found == [["これから始まる愛称"], ["いまの愛称"], ["いまの愛称"], ["期間の終わった愛称"]]


def test_the_next_right_to_a_place_takes_nothing_from_the_name_that_stands_there(
    app: Flask, chain: Chain, client: FlaskClient, hana: int, taro: int
) -> None:
    row = naming(announced(chain, hana))
    place = agreeing.place_of(row)
    assert place is not None
    assert row.ends_on is not None
    place_id, code, ends_on = place.id, row.code, row.ends_on
    with pretending(datetime.combine(ends_on - timedelta(days=30), time(12), JST)):
        following = proposed(
            chain, taro, Wish("しあわせ広場", "しあわせひろば", "町の人と。"), title_ja="湧水公園 命名権"
        )
        screening.decide(following, given.staff("drafter"), minutes(names=1, begins_on=ends_on + timedelta(days=1)))
        agreeing.agree(following, taro, begins_on=ends_on + timedelta(days=1))
        desk = given.signed_in(app.test_client(), given.staff("drafter"))
        choices = desk.get(f"/staff/places/{place.code}").text
        assert all(f" {naming(each).token.right.code}）" in choices for each in (row.id, following))
        places.put(BY, "湧水公園", 300, 500, naming(following).token.right_id, place_id)
        agreeing.conclude(following, given.staff("approver"))
        keeping.drain()
        told = [section(client, heading) for heading in ("いまの愛称", "これから始まる愛称")]
        assert [("フェリシア公園" in each, "しあわせ広場" in each) for each in told] == [(True, False), (False, True)]
        assert "湧水公園の愛称" in read(client.get(f"/namings/{code}")).words
    with pretending(datetime.combine(ends_on + timedelta(days=1), time(0, 0, 1), JST)):
        run_one(SHEETS["naming.terms"])
        told = [section(client, heading) for heading in ("いまの愛称", "期間の終わった愛称")]
        assert [("しあわせ広場" in each, "フェリシア公園" in each) for each in told] == [(True, False), (False, True)]
        assert "湧水公園、" in told[1]
        assert "湧水公園の愛称" in read(client.get(f"/namings/{code}")).words


def test_a_name_that_is_not_announced_is_nobody_elses_affair(chain: Chain, client: FlaskClient, hana: int) -> None:
    naming_id = agreed(chain, hana)
    path = naming(naming_id).path
    assert [client.get(each).status_code for each in (path, f"{path}/notice.pdf", mine(naming_id))] == [404, 404, 303]
    assert "フェリシア" not in client.get("/namings").text


def test_the_present_holder_is_a_number_until_they_want_their_name_shown(
    app: Flask, chain: Chain, client: FlaskClient, hana: int, taro: int
) -> None:
    naming_id = announced(chain, hana)
    visitor = given.signed_in(app.test_client(), hana)
    submit(visitor, mine(naming_id), {"shown": "株式会社フェリシア"}, action=f"{mine(naming_id)}/shown")
    path = naming(naming_id).path
    assert "株式会社フェリシア" in client.get(path).text
    sold_on(chain, naming_id, hana, taro)
    assert "株式会社フェリシア" not in client.get(path).text
    assert client.get(path).text.count("保有者番号") == 3  # the present one, and both in the row of hands
    assert submit_shown(visitor, mine(naming_id)) == 422
    second = given.signed_in(app.test_client(), taro)
    bad = submit(second, mine(naming_id), {"shown": "た\u200dろう"}, action=f"{mine(naming_id)}/shown")
    assert (bad.status_code, "お名前に、目に見えない文字" in bad.text) == (422, True)
    submit(second, mine(naming_id), {"shown": "たろう"}, action=f"{mine(naming_id)}/shown")
    assert "たろう" in client.get(path).text
    submit(second, mine(naming_id), {"shown": ""}, action=f"{mine(naming_id)}/shown")
    assert "たろう" not in client.get(path).text


def submit_shown(visitor: FlaskClient, path: str) -> int:
    """Who sold the right has no such form any more, and is refused where they send one."""
    page = read(visitor.get(path))
    assert f"{path}/shown" not in [form.action for form in page.forms]
    token = next(form.value("csrf_token") for form in read(visitor.get("/mypage")).forms)
    answer = visitor.post(f"{path}/shown", data={"shown": "まだわたし", "csrf_token": token})
    return answer.status_code


def test_a_drafter_can_not_conclude_or_confirm(chain: Chain, desk: FlaskClient, hana: int) -> None:
    naming_id = agreed(chain, hana)
    revoking.ask(naming_id, given.staff("approver"), "協定第8条による。")
    page = read(desk.get(at_desk(naming_id)))
    token = page.forms[0].value("csrf_token")
    for act in ("conclude", "send-back", f"revocation/{asked(naming_id)}/confirm"):
        assert desk.post(f"{at_desk(naming_id)}/{act}", data={"csrf_token": token}).status_code == 403
    db.session.rollback()
    assert naming(naming_id).state == NamingState.AGREED


def test_places_are_put_right_and_faults_stand_beside_their_field(chain: Chain, desk: FlaskClient, hana: int) -> None:
    submit(desk, "/staff/places", {"name": "カヌーセンター", "x": "800", "y": "700"})
    wrong = submit(desk, "/staff/places", {"name": "カヌーセンター", "x": "1200", "y": ""})
    assert (wrong.status_code, read(wrong).form("/staff/places").errors) == (
        422,
        {"x": "0から1,000までの数字で入力してください。"},
    )
    twice = submit(desk, "/staff/places", {"name": "カヌーセンター"})
    assert read(twice).form("/staff/places").errors == {"name": "同じ名前の場所があります。"}


def test_what_waits_is_on_todays_sheet_of_who_may_do_it(
    chain: Chain, desk: FlaskClient, approver: FlaskClient, hana: int
) -> None:
    naming_id = agreed(chain, hana)
    assert at_desk(naming_id) in read(approver.get("/staff")).links
    assert at_desk(naming_id) not in read(desk.get("/staff")).links
    assert proposing.naming_of(naming(naming_id).code).id == naming_id


def test_what_was_taken_back_stands_in_the_form_to_be_mended(
    chain: Chain, app: Flask, visitor: FlaskClient, hana: int
) -> None:
    naming_id = proposed(chain, hana)
    clerk = given.signed_in(app.test_client(), given.staff("drafter"))
    stale = read(clerk.get(at_desk(naming_id))).form(f"{at_desk(naming_id)}/decide")
    assert submit(visitor, mine(naming_id), action=f"{mine(naming_id)}/take-back").location == mine(naming_id)
    page = read(visitor.get(mine(naming_id)))
    assert "愛称の案を取り下げました。" in page.words
    form = page.form(f"{mine(naming_id)}/names")
    assert [form.values[f"name_{n}"] for n in (1, 2, 3)] == [[FELICIA.name], [SPRING.name], [""]]
    assert send(visitor, form, {"name_1": "花のひろば", "reading_1": "はなのひろば"}).location == mine(naming_id)
    filled = {"chosen": "none", "held_on": today().isoformat(), "members": "副町長\n教育長", "minutes": "確かめた。"}
    reasons = {"reason_1": "似ています。", "reason_2": "似ています。", "public_minutes": "似ています。"}
    answer = send(clerk, stale, filled | reasons)
    assert (answer.status_code, "別の案が出し直されています" in answer.text) == (409, True)
    assert naming(naming_id).state == NamingState.PROPOSED
    with pretending(naming(naming_id).answer_by + timedelta(minutes=1)):
        assert "取り下げ" not in visitor.get(mine(naming_id)).text
