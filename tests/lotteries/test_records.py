"""The public side of a draw: its page, its files, and the box that checks any receipt."""

from __future__ import annotations

import json
import re
from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from marketplace.kit.clock import pretending
from marketplace.kit.db import db
from marketplace.lotteries import bundles, receipts
from marketplace.lotteries.entering import withdraw
from marketplace.lotteries.models import Entry
from marketplace.lotteries.promoting import promote
from marketplace.orders.models import Order
from tests import given
from tests.ended import open_orders, paid, unpaid
from tests.lotteries.applied import DICE, a_lottery, after_the_close, drawn, ranked, with_entries


@pytest.fixture(autouse=True)
def _app(app: Flask) -> None:
    """Every test here has a town."""
    app.config["WTF_CSRF_ENABLED"] = False


def words(html: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html))


class TestPage:
    def test_it_follows_the_draw_from_the_opening_to_the_winners(self, client: FlaskClient) -> None:
        lottery, _received, _accounts = with_entries(4)
        url = f"/listings/{lottery.code}/draw"
        heard = []

        def look(polls: str) -> None:
            page = client.get(url).text
            heading = re.search(r'id="live-heading"[^>]*>([^<]+)', page)
            assert heading is not None
            heard.append(heading[1])
            assert (f'hx-trigger="{polls}"' in page) == bool(polls)
            part = client.get(url, headers={"HX-Request": "true"}).text
            assert part.lstrip().startswith('<section id="live"')

        look("every 10s")
        with after_the_close(lottery), pretending(lottery.draw_at - timedelta(minutes=5)):
            look("every 2s")
        with pretending(lottery.draw_at + timedelta(minutes=5)):
            look("every 2s")
        assert heard == ["受付中です", "抽選を待っています", "いま抽選しています"]

    def test_after_the_draw_it_shows_dice_and_winners_and_stops_asking(self, client: FlaskClient) -> None:
        lottery, _received, _accounts = drawn(4)
        page = client.get(f"/listings/{lottery.code}/draw").text
        assert "hx-trigger" not in page
        fixed = bundles.fixed_of(lottery)
        assert fixed is not None
        for value in (fixed.root, fixed.seed, fixed.cutoff, fixed.digits, fixed.rules):
            assert str(value) in page
        roll = page.partition('class="roll"')[2].partition("</ol>")[0]
        assert re.findall(r'<b class="code">([^<]+)</b>', roll) == [entry.no for entry in ranked()[:2]]
        assert re.findall(r'class="die"[^>]*>(\d)<', page) == list(DICE)

    def test_of_many_winners_it_shows_the_first_and_leads_to_where_one_finds_oneself(self, client: FlaskClient) -> None:
        lottery, _received, _accounts = drawn(35, quantity=33)
        page = client.get(f"/listings/{lottery.code}/draw").text
        roll = page.partition('class="roll"')[2].partition("</section>")[0]
        assert roll.count("<li") == 30
        assert ('href="#find"' in roll, 'id="find"' in page) == (True, True)

    def test_six_numbers_are_counted_apart(self, client: FlaskClient) -> None:
        lottery, _received, _accounts = drawn(5, quantity=3)
        first, second, _third = open_orders(lottery.listing_id)
        paid(first.id)
        unpaid(second.id)
        page = words(client.get(f"/listings/{lottery.code}/draw").text)
        assert "応募した人 5 名 希望の口数 5 口 当選は1人1つまで 売りに出した数 3 " in page
        assert "当選した人 4 名 うち繰り上げ 1名" in page
        assert "お支払いずみ 1 名 発行ずみ 0" in page

    def test_entries_are_counted_by_the_hour(self, client: FlaskClient) -> None:
        lottery, _received, _accounts = with_entries(3)
        page = words(client.get(f"/listings/{lottery.code}/draw").text)
        assert re.search(r"1時間ごとの応募の数 .* から 3 ", page)

    def test_and_drawn_with_words_for_those_who_do_not_see(self, client: FlaskClient) -> None:
        lottery, _received, _accounts = with_entries(3)
        page = client.get(f"/listings/{lottery.code}/draw").text
        assert len(re.findall(r'<title id="inflow-(?:wide|narrow)-t">応募の数</title>', page)) == 2
        assert len(re.findall(r">\d+:00の3名が最も多い。</desc>", page)) == 2

    @pytest.mark.parametrize(("people", "says"), [(0, "当選した方はいません"), (1, "小さい順に 1 名が当選しました")])
    def test_nobody_or_fewer_than_units(self, client: FlaskClient, people: int, says: str) -> None:
        lottery, _received, _accounts = drawn(people, quantity=3)
        page = client.get(f"/listings/{lottery.code}/draw")
        assert page.status_code == 200
        assert says in words(page.text)

    def test_how_it_works_is_explained_in_two_languages(self, client: FlaskClient) -> None:
        page = client.get("/draws/explained").text
        assert "町の職員も、だれも、当選する人を選べません。" in page
        assert "日時を変えるときは、理由とともに公告します。締め切りのあとは変えられません。" in page
        page = client.get("/draws/explained?lang=en").text
        assert "Nobody can choose who is selected, not even staff." in page
        with client.get("/static/check_draw.py") as program:
            assert program.status_code == 200


BEYOND = [
    ("ja", "落選（補欠ではありません）", "補欠は 2番までです。この受付番号はその後のため、"),
    ("easy", "はずれ（待つ順番（じゅんばん）はありません）", "補欠（ほけつ：待つ人）は 2番までです。"),
    (
        "en",
        "Not selected (not on the waiting list)",
        "The waiting list ends at No. 2. This application comes after it and will not move up.",
    ),
]


class TestBox:
    def asked(self, client: FlaskClient, code: str, **form: str) -> tuple[int, str]:
        answer = client.post(f"/listings/{code}/draw", data=form)
        return answer.status_code, words(answer.text)

    def test_it_answers_for_any_number(self, client: FlaskClient) -> None:
        lottery, _received, _accounts = drawn(4)
        nos = [entry.no for entry in ranked()]
        for no, word in zip(nos, ["当選", "当選", "補欠 1番", "補欠 2番"], strict=True):
            assert f"{no}: {word}" in words(client.get(f"/listings/{lottery.code}/draw?no={no.lower()}").text)
            assert f"{no}: {word}" in self.asked(client, lottery.code, no=f" {no} ")[1]
            wide = "".join(chr(ord(sign) + 0xFEE0) for sign in no.lower()).replace("－", " ー ")
            assert f"{no}: {word}" in self.asked(client, lottery.code, no=wide)[1]

    def test_the_number_of_an_order_is_not_called_a_forged_receipt(self, client: FlaskClient) -> None:
        lottery, _received, accounts = drawn(1)
        order = db.session.scalars(sa.select(Order.code).where(Order.buyer_id == accounts[0])).one()
        page = self.asked(client, lottery.code, no=order)[1]
        assert f"{order} は、ご注文の番号です。" in page
        assert "本物ではありません" not in page

    @pytest.mark.parametrize(("language", "word", "means"), BEYOND)
    def test_it_says_that_a_number_beyond_the_waiting_list_waits_for_nothing(
        self, client: FlaskClient, language: str, word: str, means: str
    ) -> None:
        lottery, _received, _accounts = drawn(5, auction_rules={"waiting": 2})
        last = ranked()[-1].no
        page = words(client.get(f"/listings/{lottery.code}/draw?no={last}&lang={language}").text)
        assert f"{last}: {word} {means}" in page

    def test_without_a_waiting_list_nobody_moves_up(self, client: FlaskClient) -> None:
        lottery, _received, _accounts = drawn(3, auction_rules={"waiting": 0})
        last = ranked()[-1].no
        page = words(client.get(f"/listings/{lottery.code}/draw?no={last}").text)
        assert f"{last}: 落選（補欠ではありません） この抽選に補欠はないため、繰り上がることはありません。" in page

    def test_when_nobody_is_promoted_any_more_it_says_so_to_who_waited(self, client: FlaskClient) -> None:
        lottery, _received, _accounts = drawn(4, auction_rules={"waiting": 1})
        nos = [entry.no for entry in ranked()]
        for order in open_orders(lottery.listing_id):
            paid(order.id)
        with pretending(lottery.promote_until):
            promote(lottery.id)
        said = [words(client.get(f"/listings/{lottery.code}/draw?no={no}").text) for no in nos]
        assert f"{nos[2]}: 落選（補欠 1番） 補欠の繰り上げは終わりました。" in said[2]
        assert f"{nos[3]}: 落選（補欠ではありません） 補欠は 1番までです。" in said[3]

    def test_the_secret_proves_the_receipt(self, client: FlaskClient) -> None:
        lottery, received, _accounts = drawn(2)
        own = received[0]
        for secret in (own.secret.lower(), own.secret.replace("-", ""), own.secret.replace("-", "―")):
            status, page = self.asked(client, lottery.code, no=own.no, secret=secret)
            assert (status, "ひみつの番号も合っています。本物の受付票です。" in page) == (200, True), secret

    def test_a_forged_receipt_is_called_one(self, client: FlaskClient) -> None:
        lottery, received, _accounts = drawn(2)
        other = a_lottery()
        unknown = self.asked(client, lottery.code, no="ABCDEF-000001")
        wrong = self.asked(client, lottery.code, no=received[0].no, secret=received[1].secret)
        elsewhere = self.asked(client, lottery.code, no=f"{other.code.removeprefix('LST-')}-000001")
        assert "ABCDEF-000001 という受付番号は、この抽選にはありません。" in unknown[1]
        assert f"{received[0].no} のひみつの番号が合いません。" in wrong[1]
        assert "この抽選にはありません" in elsewhere[1]
        assert [answer[0] for answer in (unknown, wrong, elsewhere)] == [200] * 3
        assert "本物の受付票です" not in unknown[1] + wrong[1] + elsewhere[1]

    def test_a_signed_receipt_is_the_towns_and_a_changed_one_is_not(self, client: FlaskClient) -> None:
        lottery, received, _accounts = drawn(2)
        own = db.session.get(Entry, received[0].entry_id)
        assert own is not None
        receipt = receipts.signed(own, lottery.code)
        fine = self.asked(client, lottery.code, no=own.no, receipt=json.dumps(receipt))
        forged = [receipt | {"lots": 9}, receipt | {"signature": "00" * 64}, receipt | {"key": "00" * 32}, {}, "x"]
        others = [self.asked(client, lottery.code, no=own.no, receipt=json.dumps(each))[1] for each in forged]
        others.append(self.asked(client, lottery.code, no=received[1].no, receipt=json.dumps(receipt))[1])
        assert "町の署名のある、本物の控えです。" in fine[1]
        assert [("出したものではありません。" in page, "本物の控えです" in page) for page in others] == [
            (True, False)
        ] * 6

    def test_nothing_and_nonsense_are_answered_beside_the_field(self, client: FlaskClient) -> None:
        lottery, _received, _accounts = drawn(1)
        status, page = self.asked(client, lottery.code, no="")
        assert (status, "受付番号を入力してください。" in page) == (422, True)
        status, page = self.asked(client, lottery.code, no="<script>" * 9)
        assert (status, "長すぎます。" in page) == (422, True)

    def test_a_withdrawn_entry_is_not_in_the_draw(self, client: FlaskClient) -> None:

        lottery, received, accounts = with_entries(2)
        withdraw(received[0].entry_id, accounts[0])
        with after_the_close(lottery):
            assert "抽選に入らない申し込みです" in self.asked(client, lottery.code, no=received[0].no)[1]
            assert "応募の一覧に入っています" in self.asked(client, lottery.code, no=received[1].no)[1]


def test_receipts_lead_their_owners_to_the_result(app: Flask) -> None:
    lottery, _received, _accounts = drawn(3)
    own = ranked()[2]
    assert own.account_id is not None
    page = given.signed_in(app.test_client(), own.account_id).get(f"/listings/{lottery.code}/entry").text
    assert "3名のうち 3位" in words(page)
    assert f'data-proof="/listings/{lottery.code}/proof/{own.no}.json"' in page
