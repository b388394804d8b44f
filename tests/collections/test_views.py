"""Album, board and desk on their pages, without JavaScript."""

from __future__ import annotations

import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from marketplace.collections import swapping
from marketplace.collections.models import Creator, SwapState
from marketplace.kit.db import db, get
from marketplace.listings.models import Listing
from marketplace.resale import offering
from marketplace.rights.models import Right
from marketplace.staff import works_tasks
from tests import given
from tests.chainlogs import Chain
from tests.collections.stage import Cards, an_offer, exchanged, swap
from tests.growing import counts
from tests.pages import read, send, submit
from tests.resale.stage import park


def test_the_album_knows_what_is_owned_and_what_is_missing(
    app: Flask, client: FlaskClient, cards: Cards, hana: int
) -> None:
    assert "全2種類です。" in read(client.get("/album")).words
    words = read(given.signed_in(client, hana).get("/album")).words
    assert "全2種類のうち、1種類をお持ちです。" in words
    assert words.index("まだありません") > words.index("お持ちです")
    page = read(client.get(f"/album/{get(Right, cards.first).code}")).words
    assert page.count("お持ちです") == 1
    assert page.count("まだ世に出ていません") == 9
    assert client.get("/album/RGT-NONE").status_code == 404


def test_a_card_is_put_up_and_exchanged_on_the_pages(
    app: Flask, chain: Chain, cards: Cards, hana: int, ken: int
) -> None:
    hers, his = (given.signed_in(app.test_client(), who) for who in (hana, ken))
    wrong = submit(hers, "/swaps/new", {"give": str(cards.hers), "want": str(cards.second), "serial": "１２３"})
    assert read(wrong).form("/swaps/new").errors["serial"] == "その番号のカードはありません。"
    put_up = submit(hers, "/swaps/new", {"give": str(cards.hers), "want": str(cards.second)})
    path = put_up.headers["Location"]
    assert "わらび（1番）" in read(app.test_client().get("/swaps")).words
    assert "ログインして受ける" in read(app.test_client().get(path)).words
    send(his, read(his.get(path)).form(f"{path}/accept"), {"card": str(cards.another)})
    assert "2枚の持ち主を書きかえています" in read(hers.get(path)).words
    found = swap(1)
    assert (found.state, found.take_token_id) == (SwapState.ACCEPTED, cards.another)
    exchanged(chain, found.id)
    assert "交換が終わりました" in read(hers.get(path)).words


def test_the_board_asks_as_often_for_cards_of_two_kinds_as_for_one(
    client: FlaskClient, cards: Cards, hana: int, ken: int
) -> None:
    wanted = [get(Listing, given.a_listing(kind="card", title_ja=name)).right_id for name in ("うど", "ふき")]
    asked = []
    for giver, card, want in zip((hana, ken), (cards.hers, cards.his), wanted, strict=True):
        swapping.offer(card, giver, want, None, None, 14)
        db.session.expunge_all()
        asked.append(counts(client, ("/swaps",)))
    assert asked[0] == asked[1]


def test_an_exchange_that_the_chain_would_not_have_waits_for_the_town_until_staff_send_it_again(
    app: Flask, cards: Cards, hana: int, ken: int
) -> None:
    found = swap(an_offer(cards, hana))
    swapping.accept(found.id, ken, cards.his)
    both = [given.signed_in(app.test_client(), who) for who in (hana, ken)]

    def told() -> list[list[bool]]:
        sentences = (
            "2枚のカードはなくなっていません。いまの持ち主のところに、そのままあります。",
            "2枚の持ち主を書きかえています。",
        )
        pages = [read(client.get(f"/swaps/{found.code}")).words for client in both]
        return [[sentence in page for sentence in sentences] for page in pages]

    before = told()
    park(found.call_key)
    waiting, mine = told(), [read(client.get("/mypage")).words for client in both]
    assert [page.count("役場の確認を待っています") for page in mine] == [1, 1]
    (task,) = works_tasks.parked_calls()
    what = "ブロックチェーンへの記録が止まっています（交換する2枚のカードの名義を、同時に入れかえる）"
    assert (task.what, task.about) == (what, f"/staff/subjects/{found.subject}")
    submit(given.signed_in(app.test_client(), given.staff("approver")), "/staff", action=task.href)
    assert (before, waiting, told()) == ([[False, True]] * 2, [[True, False]] * 2, before)


def test_an_offer_to_one_person_is_seen_by_two(app: Flask, cards: Cards, hana: int, ken: int) -> None:
    path = f"/swaps/{swap(an_offer(cards, hana, email='ken@example.jp')).code}"
    stranger = given.signed_in(app.test_client(), given.an_account())
    assert [app.test_client().get(path).status_code, stranger.get(path).status_code] == [403, 403]
    assert "わらび" not in read(stranger.get("/swaps")).words
    his = given.signed_in(app.test_client(), ken)
    asked, offering = "あなたへのお申し出", "あなたの交換"
    theirs = read(his.get("/swaps")).words
    hers = read(given.signed_in(app.test_client(), hana).get("/swaps")).words
    assert (asked in theirs, offering in theirs) == (True, False)
    assert (asked in hers, offering in hers, "決まったお相手へ" in hers) == (False, True, True)
    form = read(his.get(path)).form(f"{path}/decline")
    assert [send(his, form).status_code for _twice in range(2)] == [303, 303]
    assert swap(1).state == SwapState.DECLINED
    gone = his.get(path)
    assert (gone.status_code, "もう受けられません" in read(gone).words) == (409, True)


def test_who_is_asked_reads_that_the_answer_is_theirs_and_why_a_card_cannot_go(
    app: Flask, cards: Cards, hana: int, ken: int
) -> None:
    path = f"/swaps/{swap(an_offer(cards, hana, email='ken@example.jp')).code}"
    hers, his = (given.signed_in(app.test_client(), who) for who in (hana, ken))
    asked, waiting, lacking = "お返事をお待ちしています", "お相手を待っています", "いまお持ちではありません"
    pages = [read(each.get(path)).words for each in (hers, his)]
    assert [(asked in page, waiting in page) for page in pages] == [(False, True), (True, False)]
    for card in (cards.his, cards.another):
        offering.offer(card, ken, 5_000)
    on_sale = read(his.get(path)).words
    assert (on_sale.count("この権利は売りに出ています"), lacking in on_sale) == (2, False)


def test_my_page_asks_for_an_answer_and_says_what_is_put_up(app: Flask, cards: Cards, hana: int, ken: int) -> None:
    path = f"/swaps/{swap(an_offer(cards, hana, email='ken@example.jp')).code}"
    hers, his = (read(given.signed_in(app.test_client(), each).get("/mypage")) for each in (hana, ken))
    assert (path in his.links, "交換に出しています" in his.words) == (True, False)
    assert (path in hers.links, "交換に出しています" in hers.words) == (False, True)


def test_who_put_it_up_takes_it_back(app: Flask, cards: Cards, hana: int) -> None:
    swap_id = swapping.offer(cards.hers, hana, cards.second, None, None, 7)
    path, hers = f"/swaps/{swap(swap_id).code}", given.signed_in(app.test_client(), hana)
    send(hers, read(hers.get(path)).form(f"{path}/withdraw"))
    assert swap(swap_id).state == SwapState.WITHDRAWN


def test_creators_at_the_desk(app: Flask, cards: Cards, hana: int) -> None:
    desk = given.signed_in(app.test_client(), given.staff("drafter"))
    submit(desk, "/staff/creators", {"name": "山菜えかき"})
    path = f"/staff/creators/{get_code('山菜えかき')}"
    filled = {"right": str(cards.first), "work": "原画", "terms": "町のトレカでの利用", "share": "２０．５％"}
    wrong = submit(desk, path, filled | {"share": "たくさん"}, action=f"{path}/licences")
    form = read(wrong).form(f"{path}/licences")
    assert (form.errors["share"], form.value("terms")) == ("割合は数字で入力してください。例 20", "町のトレカでの利用")
    assert submit(desk, path, filled, action=f"{path}/licences").status_code == 303
    assert "20.5%" in read(desk.get(path)).words
    assert desk.get(f"{path}/statement.csv").text.splitlines()[1].endswith(",0,0,20.5,0")
    assert desk.get(f"{path}/statement.pdf").data.startswith(b"%PDF")
    (licence,) = [link for link in read(desk.get(path)).links if "licence=" in link]
    mistaken = licence.partition("#")[0]
    assert read(desk.get(mistaken)).form(f"{path}/licences").value("share") == "20.5"
    assert submit(desk, mistaken, {"share": "30"}, action=f"{path}/licences").status_code == 303
    assert ("20.5%" in read(desk.get(path)).words, "30%" in read(desk.get(path)).words) == (False, True)
    assert desk.get(f"{path}?first=9999-12-31&last=9999-12-31").status_code == 200
    for odd in ("NaN", "1e999999999"):
        assert submit(desk, mistaken, {"share": odd}, action=f"{path}/licences").status_code == 422
    visitor = given.signed_in(app.test_client(), hana)
    assert [visitor.get(each).status_code for each in ("/staff/creators", path)] == [403, 403]
    assert "山菜えかき（公認クリエイター）" in read(visitor.get(f"/album/{get(Right, cards.first).code}")).words


def test_who_was_taken_in_before_they_had_an_account_gets_it_later(app: Flask, cards: Cards, hana: int) -> None:
    desk = given.signed_in(app.test_client(), given.staff("drafter"))
    submit(desk, "/staff/creators", {"name": "山菜えかき"})
    path = f"/staff/creators/{get_code('山菜えかき')}"
    wrong = submit(desk, path, {"email": "nobody@example.jp"}, action=f"{path}/account")
    assert (wrong.status_code, "一度ログインして" in read(wrong).form(f"{path}/account").errors["email"]) == (422, True)
    form = read(wrong).form(f"{path}/account")
    assert [send(desk, form, {"email": "Hana@example.jp"}).status_code for _twice in range(2)] == [303, 409]
    creator = db.session.scalars(sa.select(Creator)).one()
    assert (creator.account_id, "登録がないため" in read(desk.get(path)).words) == (hana, False)


def get_code(name: str) -> str:
    return db.session.scalars(sa.select(Creator.code).where(Creator.name == name)).one()
