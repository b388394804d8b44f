from __future__ import annotations

from datetime import datetime, timedelta
from threading import Event
from typing import Any

import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from marketplace.auctions.bidding import place_bid
from marketplace.auctions.closing import close
from marketplace.auctions.models import Auction
from marketplace.auctions.unsealing import open_envelopes
from marketplace.chain import alarms
from marketplace.chain.models import Call, CallState, Trouble
from marketplace.kit.clock import JST, now, pretending
from marketplace.kit.db import db, get, transaction
from marketplace.kit.refusals import Unavailable
from marketplace.listings import approving, scheduling
from marketplace.listings.models import Listing
from marketplace.lotteries import entering
from marketplace.lotteries.models import Lottery
from marketplace.notices.sending import send
from marketplace.orders.placing import award
from marketplace.outbox import keeping
from marketplace.outbox.aside import carry
from marketplace.outbox.models import Message
from marketplace.outbox.promising import say
from marketplace.staff import sale_tasks, sheets, works_tasks
from tests import given
from tests.chain.given import a_series
from tests.notices.post_office import post_office
from tests.outbox.hearing import hearing
from tests.pages import read, submit

NOON = datetime(2026, 12, 1, 12, 0, tzinfo=JST)
HOUR = timedelta(hours=1)


def badges(account_id: int) -> list[tuple[str, str]]:
    return [(task.badge, task.what) for task in sheets.today(account_id)]


def test_an_empty_desk_says_so(app: Flask, client: FlaskClient) -> None:
    given.signed_in(client, given.staff("auditor"))
    assert "いま、手をかけることはありません" in read(client.get("/staff")).words


def test_the_first_link_of_the_desk_leads_past_its_menu(app: Flask, client: FlaskClient) -> None:
    """For who walks with the keyboard, page after page (WCAG 2.4.1)."""
    given.signed_in(client, given.staff("drafter"))
    before, menu, after = client.get("/staff").text.partition('aria-label="職員メニュー"')
    target = before.partition('class="skip" href="#')[2].partition('"')[0]
    assert [f'id="{target}"' in part for part in (before, menu, after)] == [False, False, True]


def test_what_opens_and_closes_today_in_japan_is_told_in_its_order_and_asked_of_nobody(app: Flask) -> None:
    reader = given.staff("auditor")
    with pretending(NOON):
        times: list[dict[str, Any]] = [
            {"title_ja": "けさ開始", "opens_at": NOON - 11 * HOUR, "closes_at": NOON + 48 * HOUR},
            {"title_ja": "きのう開始", "opens_at": NOON - 13 * HOUR, "closes_at": NOON + 12 * HOUR},
            {"title_ja": "今夜終了", "opens_at": NOON - 48 * HOUR, "closes_at": NOON + 11 * HOUR},
        ]
        for each in times:
            given.a_listing(state="approved", publish_at=NOON - 49 * HOUR, **each)
        assert [(event.word, event.title, event.at) for event in sheets.by_itself(NOON)] == [
            ("受付開始", "けさ開始", NOON - 11 * HOUR),
            ("受付終了", "今夜終了", NOON + 11 * HOUR),
            ("受付終了", "きのう開始", NOON + 12 * HOUR),  # at 24時
        ]
        assert badges(reader) == []


def test_a_submitted_listing_waits_for_everyone_but_its_drafter(app: Flask) -> None:
    given.a_listing(state="submitted", opens_at=given.in_days(9), closes_at=given.in_days(10))
    title = given.values()["title_ja"]
    assert badges(given.staff("approver")) == [("承認待ち", title)]
    assert badges(given.staff("drafter")) == []


def test_a_draft_and_a_returned_draft_wait_for_their_drafter(app: Flask) -> None:
    later: dict[str, Any] = {"opens_at": given.in_days(9), "closes_at": given.in_days(10)}
    given.a_listing(state="draft", title_ja="書きかけ", **later)
    listing_id = given.a_listing(state="submitted", title_ja="差し戻し", **later)
    approving.send_back(listing_id, given.staff("approver"), "根拠を")
    assert badges(given.staff("drafter")) == [("下書き", "書きかけ"), ("差し戻し", "差し戻し")]
    assert badges(given.staff("approver")) == []


def test_a_winner_whose_time_is_nearly_over_is_on_the_sheet(app: Flask) -> None:
    listing_id = given.a_listing("lottery", opens_at=given.in_days(-2), publish_at=given.in_days(-3), quantity=3)
    with transaction():
        for hours in (5, 20, 30):
            award(given.an_account(), listing_id, 3_000, now() + hours * HOUR, "lottery")
    (task,) = sheets.today(given.staff("auditor"))
    assert (task.what, task.href) == ("支払い期限が近い当選・落札 2件", "/staff/orders?state=awaiting_payment")


def fail() -> None:
    raise OSError("壊れています")


def away() -> None:
    raise Unavailable("no water")


def parked() -> int:
    """A promise that failed as often as it takes to be parked."""
    with transaction() as session:
        say("tea.ready", key="monday")
        message_id = session.scalars(sa.select(Message.id).where(Message.topic == "tea.ready")).one()
    for _ in range(keeping.ATTEMPTS):
        with pretending(get(Message, message_id).due_at):
            keeping.deliver(message_id)
    return message_id


def test_a_parked_promise_is_tried_again_by_one_button(app: Flask, client: FlaskClient) -> None:
    given.signed_in(client, given.staff("treasury"))
    with hearing("tea.ready", fail):
        message_id = parked()
    page = read(client.get("/staff"))
    assert "自動の処理が止まっています（tea.ready　1件）" in page.words
    done: list[str] = []
    with hearing("tea.ready", lambda: done.append("tea")):
        answer = submit(client, "/staff", action=f"/staff/outbox/{message_id}/retry")
        assert (answer.status_code, answer.location) == (303, "/staff/outbox")
        assert keeping.drain() == 1
    assert (done, works_tasks.parked()) == (["tea"], [])


def test_a_promise_that_waits_is_seen_with_its_reason(app: Flask, client: FlaskClient) -> None:
    given.signed_in(client, given.staff("auditor"))
    with hearing("tea.ready", fail):
        with transaction():
            say("tea.ready", key="monday")
        keeping.drain()
        words = read(client.get("/staff/outbox")).words
    assert ("OSError: 壊れています" in words, "また試します" in words, works_tasks.parked()) == (True, True, [])


def test_a_promise_that_waits_for_somebody_outside_for_hours_is_on_the_sheet(app: Flask) -> None:
    with hearing("tea.ready", away):
        message_id = parked()
    assert get(Message, message_id).parked_at is None
    (task,) = works_tasks.parked()
    assert (task.what, task.more) == (
        "自動の処理がくり返しても終わりません（tea.ready　1件）",
        "Unavailable: no water",
    )


def test_letters_that_wait_are_one_line_and_no_fault_of_the_worker(app: Flask, client: FlaskClient) -> None:
    given.signed_in(client, given.staff("approver"))
    with post_office() as office:
        app.extensions["hiroba.ports"].mail = office.counter
        office.taking = False
        with transaction():
            for number in range(20):
                send("sign_in", f"{number}@example.jp", f"letter:{number}", code="1", link="x", minutes=1)
        carry(Event())
        with pretending(now() + timedelta(minutes=16)):
            (late,) = works_tasks.letters_late()
            assert (late.what, works_tasks.standing_still()) == ("メール20通が、送られるのを待っています", [])
            assert "そのうち3通は、いちど断られました" in late.more
            page = read(client.get("/staff/outbox")).words
            assert ("notice.promised" in page, page.count("SMTPDataError")) == (True, 1)


def test_whose_mailbox_takes_no_letters_is_named_at_the_desk(app: Flask, client: FlaskClient) -> None:
    given.signed_in(client, given.staff("approver"))
    with post_office() as office:
        app.extensions["hiroba.ports"].mail = office.counter
        office.strangers = {"gone@example.jp"}
        with transaction():
            for who in ("gone", "there"):
                send("sign_in", f"{who}@example.jp", f"letter:{who}", code="123456", link="x", minutes=1)
        for _ in range(keeping.ATTEMPTS):
            with pretending(now() + timedelta(hours=1)):
                carry(Event())
                with transaction() as session:
                    session.execute(sa.update(Message).values(due_at=now() - timedelta(hours=2)))
    page = read(client.get("/staff/outbox")).words
    assert ("gone@example.jp" in page, "there@example.jp" in page) == (True, False)
    assert [task.what for task in works_tasks.parked()] == ["自動の処理が止まっています（notice.promised　1件）"]


def test_an_auditor_looks_and_touches_nothing(app: Flask, client: FlaskClient) -> None:
    given.signed_in(client, given.staff("auditor"))
    with hearing("tea.ready", fail):
        message_id = parked()
    retry = f"/staff/outbox/{message_id}/retry"
    assert [form.action for form in read(client.get("/staff/outbox")).forms if form.action == retry] == []
    answer = client.post(retry, data=read(client.get("/account")).form("/account").values)
    assert (answer.status_code, get(Message, message_id).parked_at is None) == (403, False)


def test_a_parked_record_of_the_chain_is_tried_again_by_one_button(app: Flask, client: FlaskClient) -> None:
    given.signed_in(client, given.staff("approver"))
    a_series()
    with transaction() as session:
        session.execute(sa.update(Call).values(state=CallState.PARKED, error="execution reverted", attempts=5))
    call = get(Call, 1)
    assert ("execution reverted" in read(client.get("/staff/outbox")).words, sheets.waiting()["works"]) == (True, 1)
    submit(client, "/staff", action=f"/staff/chain/{call.id}/retry")
    assert (get(Call, call.id).state, get(Call, call.id).attempts, works_tasks.parked_calls()) == (
        CallState.QUEUED,
        0,
        [],
    )


def test_trouble_with_the_chain_is_on_the_sheet_while_it_lasts(app: Flask, client: FlaskClient) -> None:
    given.signed_in(client, given.staff("approver"))
    alarms.sound(Trouble.READING, "chain: eth_getLogs: ConnectionError")
    told = ("ブロックチェーンの読み取りが止まっています", "chain: eth_getLogs: ConnectionError")
    for page in ("/staff", "/staff/outbox"):
        words = read(client.get(page)).words
        assert [each in words for each in told] == [True, True]
    assert sheets.waiting()["works"] == 1
    alarms.over(Trouble.READING)
    assert (works_tasks.chain_alarms(), sheets.waiting()["works"]) == ([], 0)


def test_a_closed_lottery_is_drawn_from_the_sheet(app: Flask, client: FlaskClient) -> None:
    reader = given.staff("approver")
    listing_id = given.a_listing("lottery", closes_at=given.in_days(1))
    entering.enter(lottery_of(listing_id), given.an_account())
    with pretending(given.in_days(2)):
        scheduling.close_due()
        keeping.drain()
        (before,) = sale_tasks.draws()
    with pretending(given.in_days(9)):
        (due,) = sheets.today(reader)
    code = get(Listing, listing_id).code
    assert [(task.tone, task.href) for task in (before, due)] == [
        ("plain", f"/staff/lotteries/{code}"),
        ("warn", f"/staff/lotteries/{code}"),
    ]
    given.signed_in(client, reader)
    assert client.get(due.href).status_code == 200


def lottery_of(listing_id: int) -> int:
    return db.session.scalars(sa.select(Lottery.id).where(Lottery.listing_id == listing_id)).one()


def test_equal_highest_sealed_bids_are_drawn_from_the_sheet(app: Flask, client: FlaskClient) -> None:
    reader = given.staff("approver")
    listing_id = given.a_listing("sealed", "naming", closes_at=given.in_days(1))
    auction_id = db.session.scalars(sa.select(Auction.id).where(Auction.listing_id == listing_id)).one()
    for _ in range(2):
        place_bid(auction_id, given.an_account(), 5_000)
    with pretending(given.in_days(2)):
        close(auction_id)
        (opening,) = sale_tasks.auctions()
        open_envelopes(auction_id, ["月山 一郎", "最上 花子"], reader)
        (task,) = sale_tasks.auctions()
    assert (opening.badge, opening.href, task.badge) == ("開札", task.href, "くじ")
    assert task.href == f"/staff/auctions/{get(Listing, listing_id).code}"
    given.signed_in(client, reader)
    assert client.get(task.href).status_code == 200


def test_the_figures_count_since_april(app: Flask) -> None:
    given.a_listing()
    assert sheets.figures() == {"open": 1, "orders": 0, "paid_yen": 0, "paid": 0}
