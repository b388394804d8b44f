"""The draw console: what staff see before, during and after a draw, and what their forms do."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import ClassVar

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from marketplace.accounts.models import Account
from marketplace.chain.models import Call, CallState
from marketplace.journal import models as journal
from marketplace.kit.clock import now, pretending
from marketplace.kit.db import db, get, transaction
from marketplace.listings import amending, suspending
from marketplace.listings.models import Listing, ListingState
from marketplace.lotteries.drawing import draw_with_dice
from marketplace.lotteries.entering import withdraw
from marketplace.lotteries.models import Entry, Lottery
from marketplace.lotteries.preflight import preflight
from marketplace.lotteries.refusals import ListChanged, NotDrawn, SameHand
from marketplace.lotteries.signing_off import sign_off
from marketplace.lotteries.states import LotteryState
from marketplace.notices.sending import send
from marketplace.outbox import keeping
from marketplace.outbox.models import Message
from marketplace.staff import works_tasks
from tests import given
from tests.lotteries.applied import DICE, WITNESSES, a_lottery, after_the_close, drawn, with_entries

FORM = {"digits": "０４７１９ 28364 01928 37465", "witnesses": "月山 一郎", "second": "最上 花子"}
CONFIRMED = FORM | {"digits": DICE, "confirmed": DICE}


@pytest.fixture(autouse=True)
def _app(app: Flask) -> None:
    """Every test here has a town."""
    app.config["WTF_CSRF_ENABLED"] = False


@pytest.fixture
def staff(client: FlaskClient) -> FlaskClient:
    return given.signed_in(client, given.staff("approver"))


def words(html: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html))


def checks(lottery: Lottery) -> dict[str, bool | None]:
    db.session.rollback()
    db.session.refresh(lottery)
    return {
        check.word.partition("（")[0]: check.fine for check in preflight(lottery, get(Account, given.staff("approver")))
    }


def state(lottery: Lottery) -> LotteryState:
    db.session.rollback()
    db.session.refresh(lottery)
    return lottery.state


def test_letters_that_wait_for_a_mail_server_are_waited_for_and_only_what_has_a_button_is_a_fault(app: Flask) -> None:
    lottery = a_lottery()
    keeping.drain()
    assert checks(lottery)["お知らせの準備"] is True
    with transaction() as session:
        send("sign_in", "hanako@example.jp", "letter", code="012345", link="x", minutes=15)
        session.execute(sa.update(Message).where(Message.done_at.is_(None)).values(error="Unavailable", attempts=99))
    assert (checks(lottery)["お知らせの準備"], works_tasks.parked()) == (None, [])
    with transaction() as session:
        session.execute(sa.update(Message).where(Message.done_at.is_(None)).values(parked_at=now()))
    assert (checks(lottery)["お知らせの準備"], len(works_tasks.parked())) == (False, 1)


class TestPreflight:
    def test_before_the_close_all_is_a_matter_of_waiting(self) -> None:
        given.staff("drafter")
        assert checks(a_lottery()) == {
            "受付の終了": None,
            "乱数": True,
            "お知らせの準備": True,
            "確かめる職員": True,
            "抽選の日時": None,
        }

    def test_when_the_hour_has_come_all_is_well_but_the_chain_which_may_be_late(self) -> None:
        lottery, _received, _accounts = with_entries(3)
        with after_the_close(lottery):
            found = checks(lottery)
            with transaction():
                db.session.execute(sa.update(Call).where(Call.function == "anchor").values(state=CallState.QUEUED))
        assert found == {
            "受付の終了": True,
            "応募の一覧": True,
            "台帳": None,
            "渡す権利の数": True,
            "乱数": True,
            "お知らせの準備": True,
            "確かめる職員": True,
            "抽選の日時": True,
        }

    def test_a_list_that_was_changed_is_found(self) -> None:
        lottery, received, _accounts = with_entries(3)
        with after_the_close(lottery):
            with transaction():
                db.session.execute(sa.update(Entry).where(Entry.no == received[0].no).values(lots=2))
            assert checks(lottery)["応募の一覧"] is False
            with pytest.raises(ListChanged):
                draw_with_dice(lottery.id, DICE, WITNESSES, given.staff("approver"))
        assert state(lottery) == LotteryState.CLOSED

    def test_a_beacon_that_nobody_asks_is_told_with_its_remedy(self, staff: FlaskClient) -> None:
        lottery = a_lottery(auction_rules={"draw": "drand"})
        assert checks(lottery)["乱数"] is False
        page = words(staff.get(f"/staff/lotteries/{lottery.code}").text)
        assert "設定 BEACON_URL に番地を入れるか" in page
        assert "まで取れないときは、公告のとおり、さいころに替わります。" in page


class TestClosing:
    def test_staff_do_what_a_sleeping_worker_did_not(self, staff: FlaskClient) -> None:
        lottery, _received, _accounts = with_entries(2)
        url = f"/staff/lotteries/{lottery.code}"
        assert "/close" not in staff.get(url).text
        with pretending(lottery.closes_at):
            given.signed_in(staff, given.staff("approver"))
            assert f"{url}/close" in staff.get(url).text
            answers = [staff.post(f"{url}/close").status_code for _ in range(2)]
        assert (answers, state(lottery)) == ([303, 303], LotteryState.CLOSED)

    def test_nobody_closes_what_was_given_more_time_though_the_worker_has_not_heard_of_it(
        self, staff: FlaskClient
    ) -> None:
        lottery, _received, _accounts = with_entries(2)
        later = {"closes_at": lottery.closes_at + timedelta(hours=2), "draw_at": lottery.draw_at + timedelta(hours=2)}
        row = amending.propose(lottery.listing_id, given.staff("drafter"), later, "大雪のため")
        amending.approve(row, given.staff("approver"))
        with pretending(lottery.closes_at):
            given.signed_in(staff, given.staff("approver"))
            assert staff.post(f"/staff/lotteries/{lottery.code}/close").status_code == 303
        assert (state(lottery), get(Listing, lottery.listing_id).state) == (LotteryState.OPEN, ListingState.OPEN)

    def test_the_hour_of_a_sale_that_is_stopped_waits(self, staff: FlaskClient) -> None:
        lottery, _received, _accounts = with_entries(2)
        suspending.suspend(lottery.listing_id, given.staff("approver"), "点検のため")
        url = f"/staff/lotteries/{lottery.code}"
        with pretending(lottery.closes_at):
            given.signed_in(staff, given.staff("approver"))
            assert f"{url}/close" not in staff.get(url).text
            assert staff.post(f"{url}/close").status_code == 303
        assert (state(lottery), get(Listing, lottery.listing_id).state) == (LotteryState.OPEN, ListingState.SUSPENDED)

    def test_nobody_closes_early(self, staff: FlaskClient) -> None:
        lottery = a_lottery()
        assert staff.post(f"/staff/lotteries/{lottery.code}/close").status_code == 303
        assert state(lottery) == LotteryState.OPEN


class TestDice:
    def test_the_digits_are_read_back_and_then_draw_once(self, staff: FlaskClient) -> None:
        lottery, _received, _accounts = with_entries(3)
        url = f"/staff/lotteries/{lottery.code}"
        assert 'name="digits"' not in staff.get(url).text
        with after_the_close(lottery):
            given.signed_in(staff, given.staff("approver"))
            wrong = staff.post(f"{url}/dice", data=FORM | {"digits": "12"})
            back = staff.post(f"{url}/dice", data=FORM)
            assert state(lottery) == LotteryState.CLOSED
            done = staff.post(f"{url}/dice", data=CONFIRMED)
            again = staff.post(f"{url}/dice", data=CONFIRMED)
            page = words(staff.get(url).text)
        assert [wrong.status_code, back.status_code, done.status_code, again.status_code] == [422, 200, 303, 409]
        assert "さいころの目は、数字20けたで入力してください。" in wrong.text
        assert 'value="12"' in wrong.text
        assert "04719 28364 01928 37465" in words(back.text)
        assert state(lottery) == LotteryState.DRAWN
        assert "月山 一郎、最上 花子" in page

    def test_digits_other_than_those_that_were_read_back_do_not_draw(self, staff: FlaskClient) -> None:
        lottery, _received, _accounts = with_entries(3)
        with after_the_close(lottery):
            given.signed_in(staff, given.staff("approver"))
            sent = staff.post(f"/staff/lotteries/{lottery.code}/dice", data=CONFIRMED | {"digits": "1" * 20})
        assert (sent.status_code, state(lottery)) == (200, LotteryState.CLOSED)
        assert "11111 11111 11111 11111" in words(sent.text)

    def test_one_witness_who_is_written_twice_is_too_few(self, staff: FlaskClient) -> None:
        lottery, _received, _accounts = with_entries(2)
        with after_the_close(lottery):
            given.signed_in(staff, given.staff("approver"))
            twice = staff.post(f"/staff/lotteries/{lottery.code}/dice", data=CONFIRMED | {"second": "月山　一郎"})
        assert (twice.status_code, state(lottery)) == (422, LotteryState.CLOSED)

    def test_one_witness_is_too_few(self, staff: FlaskClient) -> None:
        lottery, _received, _accounts = with_entries(3)
        with after_the_close(lottery):
            given.signed_in(staff, given.staff("approver"))
            sent = staff.post(f"/staff/lotteries/{lottery.code}/dice", data=FORM | {"second": "月山 一郎"})
        assert sent.status_code == 422
        assert "べつべつの名前" in sent.text


class TestBeacon:
    def test_a_signature_that_is_not_the_rounds_is_refused(self, staff: FlaskClient) -> None:
        lottery, _received, _accounts = with_entries(3, auction_rules={"draw": "drand"})
        url = f"/staff/lotteries/{lottery.code}"
        with after_the_close(lottery):
            given.signed_in(staff, given.staff("approver"))
            page = staff.get(url).text
            response = staff.post(f"{url}/beacon", data={"signature": "00" * 48})
        assert ('name="signature"' in page, 'name="digits"' in page) == (True, False)
        assert response.status_code == 422
        assert "この署名は、公告で決めた回の公開乱数のものではありません。" in response.text

    def test_after_a_day_of_silence_the_dice_form_stands_there_instead(self, staff: FlaskClient) -> None:
        lottery, _received, _accounts = with_entries(3, auction_rules={"draw": "drand"})
        with after_the_close(lottery):
            pass
        with pretending(lottery.draw_at + timedelta(hours=24)):
            given.signed_in(staff, given.staff("approver"))
            page = staff.get(f"/staff/lotteries/{lottery.code}").text
        assert ('name="signature"' in page, 'name="digits"' in page) == (False, True)


class TestSignOff:
    BOX: ClassVar = {"compared": "y"}

    def test_another_person_signs_off_once(self, app: Flask) -> None:
        lottery, _received, _accounts = drawn(4)  # by the approver
        url = f"/staff/lotteries/{lottery.code}"
        drew = given.signed_in(app.test_client(), given.staff("approver"))
        other = given.signed_in(app.test_client(), given.staff("drafter"))
        assert "/sign-off" not in drew.get(url).text
        assert f"{url}/sign-off" in other.get(url).text
        answers = [
            drew.post(f"{url}/sign-off", data=self.BOX).status_code,
            other.post(f"{url}/sign-off").status_code,
            other.post(f"{url}/sign-off", data=self.BOX).status_code,
            other.post(f"{url}/sign-off", data=self.BOX).status_code,
        ]
        assert answers == [403, 422, 303, 303]
        db.session.rollback()
        db.session.refresh(lottery)
        assert lottery.signed_off_by == given.staff("drafter")
        signed = db.session.scalars(sa.select(journal.Entry.by).where(journal.Entry.event == "sign_off")).all()
        assert signed == [f"staff:{get(Account, given.staff('drafter')).code}"]
        assert "職員の確認" in other.get(f"/listings/{lottery.code}/draw").text

    def test_there_must_be_something_to_sign(self) -> None:
        with pytest.raises(NotDrawn):
            sign_off(a_lottery().id, given.staff("drafter"))

    def test_who_drew_does_not_sign_whatever_form_is_sent(self) -> None:
        lottery, _received, _accounts = drawn(1)
        with pytest.raises(SameHand):
            sign_off(lottery.id, given.staff("approver"))

    def test_a_register_that_is_not_what_was_drawn_is_not_signed(self) -> None:
        lottery, received, _accounts = drawn(3)
        with transaction():
            db.session.execute(sa.update(Entry).where(Entry.no == received[0].no).values(lots=2))
        with pytest.raises(ListChanged):
            sign_off(lottery.id, given.staff("drafter"))


def test_others_may_not(client: FlaskClient) -> None:
    lottery = a_lottery()
    given.signed_in(client, given.an_account())
    url = f"/staff/lotteries/{lottery.code}"
    answers = [client.get(url), *(client.post(f"{url}/{act}") for act in ("close", "dice", "beacon", "sign-off"))]
    assert [answer.status_code for answer in answers] == [403] * 5


def test_entries_are_counted_by_their_state_and_not_those_of_another_lottery(staff: FlaskClient) -> None:
    lottery, received, accounts = with_entries(3)
    with_entries(5)
    withdraw(received[0].entry_id, accounts[0])
    shown = words(staff.get(f"/staff/lotteries/{lottery.code}").text)
    assert re.findall(r"(申込ずみ|取り下げ) (\d)名", shown) == [("申込ずみ", "2"), ("取り下げ", "1")]
