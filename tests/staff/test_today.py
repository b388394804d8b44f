"""Today's sheet: what presses comes first, each with its one button, for whoever can press it."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from marketplace.auctions import watch
from marketplace.auctions.bidding import place_bid
from marketplace.chain.dating import anchor_days
from marketplace.journal.writing import note
from marketplace.kit import beats
from marketplace.kit.clock import now, pretending
from marketplace.kit.db import get, transaction
from marketplace.kit.sheets import SHEETS, run_one
from marketplace.kit.shown import until
from marketplace.listings.models import Listing
from marketplace.orders.models import Origin
from marketplace.orders.placing import award
from marketplace.outbox import keeping
from marketplace.outbox.promising import say
from marketplace.staff import desk, sale_tasks, sheets, works_tasks
from marketplace.staff.tasks import Task
from tests import given
from tests.appointments.stage import asked, mayors_talks
from tests.auctions.given import an_auction
from tests.chainlogs import Chain
from tests.outbox.hearing import hearing
from tests.pages import read

MINUTE = timedelta(minutes=1)


def headings(client: FlaskClient, role: str) -> str:
    given.signed_in(client, given.staff(role))
    return read(client.get("/staff")).words


def test_what_presses_comes_first_and_groups_without_a_task_are_not_there(app: Flask) -> None:
    tasks = [Task("b", tone, tone, "", "/", "x") for tone in ("plain", "warn", "bad", "warn")]
    assert [(heading, [task.what for task in group]) for heading, group in sheets.grouped(tasks)] == [
        ("すぐに見てください", ["bad"]),
        ("あなたの手を待っています", ["warn", "warn"]),
        ("時間のあるときに", ["plain"]),
    ]


def test_a_task_is_on_the_sheet_of_whoever_has_its_button_and_told_to_the_others(
    app: Flask, client: FlaskClient
) -> None:
    given.a_listing(state="submitted", title_ja="楓の証", opens_at=given.in_days(9), closes_at=given.in_days(10))
    approver, auditor = headings(client, "approver"), headings(client, "auditor")
    assert ("あなたの手を待っています" in approver, "ほかの係の仕事" in approver) == (True, False)
    assert ("あなたの手を待っています" in auditor, "ほかの係の仕事（1件）" in auditor) == (False, True)


@pytest.mark.parametrize("role", ["drafter", "approver", "treasury", "counter", "auditor", "admin"])
def test_each_link_of_the_sheet_and_of_the_calendar_opens_for_its_reader(
    client: FlaskClient, chain: Chain, role: str
) -> None:
    with pretending(datetime(2027, 6, 1, 3, 0, tzinfo=UTC)):
        asked(mayors_talks(chain, given.an_account("hana@example.jp")))
        sold = given.a_listing("ascending", "naming", state="closed", title_ja="池の名")
        with transaction():
            award(given.an_account(), sold, 5_000, given.in_days(3), Origin.AUCTION)
        given.signed_in(client, given.staff(role))
        pages = [client.get(address) for address in ("/staff", "/staff/calendar")]
        links = {link for page in pages for link in read(page).links if link.startswith("/staff/")}
        assert {link: client.get(link).status_code for link in links} == dict.fromkeys(links, 200)
    assert ["支払い期限" in page.text for page in pages] == [True, True]
    assert ("返事をする" in pages[0].text) == (role in ("drafter", "approver"))


def test_of_many_tasks_the_first_are_shown_and_all_of_them_to_whoever_asks(
    app: Flask, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(desk, "AT_ONCE", 1)
    for title in ("楓の証", "橅の証"):
        given.a_listing(state="submitted", title_ja=title, opens_at=given.in_days(9), closes_at=given.in_days(10))
    for role in ("approver", "treasury"):  # whose task it is, and who is told of it
        given.signed_in(client, given.staff(role))
        first, everything = (read(client.get(f"/staff{more}")) for more in ("", "?all=yes"))
        assert [("橅の証" in page.words, "/staff?all=yes" in page.links) for page in (first, everything)] == [
            (False, True),
            (True, False),
        ]


def test_promises_that_nobody_keeps_are_on_the_sheet(app: Flask) -> None:
    with hearing("tea.ready", lambda: None):
        with transaction():
            say("tea.ready", key="monday")
        assert works_tasks.standing_still() == []
        with pretending(now() + 6 * MINUTE):
            (task,) = works_tasks.standing_still()
            assert task.what == "自動の処理が1件、遅れています"
            keeping.drain()
            assert works_tasks.standing_still() == []


def test_a_watch_that_stopped_is_on_the_sheet_while_an_auction_runs(app: Flask) -> None:
    watch.beat()
    with pretending(now() + 2 * MINUTE):
        assert works_tasks.watch_stopped() == []  # nothing is for sale by bids
    given.a_listing("ascending", "naming")
    assert works_tasks.watch_stopped() == []
    with pretending(now() + 2 * MINUTE):
        (task,) = works_tasks.watch_stopped()
        assert (task.tone, "確かめが止まっています" in task.what) == ("bad", True)
        watch.beat()
        assert works_tasks.watch_stopped() == []


def test_a_watch_that_never_began_is_on_the_sheet_too(app: Flask) -> None:
    given.a_listing("ascending", "naming")
    (task,) = works_tasks.watch_stopped()
    assert "まだ一度も確かめられていません" in task.more


@pytest.mark.parametrize("once", [False, True], ids=["a new town", "a town that was closed for a while"])
def test_a_watch_that_has_just_begun_is_not_missed_before_it_could_give_a_sign(app: Flask, once: bool) -> None:
    given.a_listing("ascending", "naming")
    morning = now() + 60 * MINUTE
    if once:
        watch.beat()
    with pretending(morning):
        assert len(works_tasks.watch_stopped()) == 1
        beats.begin(beats.WORKER, watch.last_seen())
        assert works_tasks.watch_stopped() == []
    with pretending(morning + 2 * MINUTE):
        assert len(works_tasks.watch_stopped()) == 1


def test_heads_that_are_not_on_chain_after_an_hour_are_on_the_sheet(app: Flask) -> None:
    with pretending(now() - timedelta(days=1)), transaction():
        note("test:row", "look")
    anchor_days()
    assert works_tasks.unanchored_days() == []
    with pretending(now() + 61 * MINUTE):
        (task,) = works_tasks.unanchored_days()
    assert (task.what, task.href) == ("おわりの印1日分が、帳面に書けていません", "/journal")


def test_the_week_to_come_is_below(app: Flask, client: FlaskClient) -> None:
    later: dict[str, Any] = {
        "publish_at": given.in_days(1),
        "opens_at": given.in_days(20),
        "closes_at": given.in_days(30),
    }
    given.a_listing(state="approved", title_ja="楓の証", **later)
    words = headings(client, "counter")
    assert words.index("この先の1週間") < words.index("公告") < words.index("楓の証")


@pytest.mark.parametrize("role", ["drafter", "approver", "treasury", "counter", "auditor"])
def test_everybody_has_a_sheet_that_can_be_printed(app: Flask, client: FlaskClient, role: str) -> None:
    given.signed_in(client, given.staff(role))
    page = client.get("/staff")
    assert (page.status_code, "data-print" in page.text) == (200, True)


def test_a_sale_that_is_over_is_to_be_reported_for_a_week(app: Flask, client: FlaskClient) -> None:
    listing = get(Listing, given.a_listing("ascending", "naming", state="closed", title_ja="池の名"))
    with pretending(listing.closes_at or now()):
        (task,) = sale_tasks.to_report()
    assert (task.what, task.href) == ("池の名の結果を報告してください", f"/staff/listings/{listing.code}/preview")
    given.signed_in(client, given.staff("approver"))
    links = read(client.get(task.href)).links
    assert {f"/listings/{listing.code}/result.pdf", f"/staff/evidence/{listing.code}"} <= set(links)
    with pretending((listing.closes_at or now()) + timedelta(days=8)):
        assert sale_tasks.to_report() == []


@pytest.mark.parametrize(("days", "sooner"), [(None, ""), (30, "　予定より早く終わりました")])
def test_a_sale_that_ended_sooner_is_to_be_reported_for_a_week_too(
    app: Flask, client: FlaskClient, days: int | None, sooner: str
) -> None:
    planned = given.in_days(days) if days else None
    listing = get(Listing, given.a_listing(state="closed", closes_at=planned, title_ja="池の名"))
    assert listing.closed_at is not None
    (task,) = sale_tasks.to_report()
    assert (task.what, task.more) == ("池の名の結果を報告してください", f"終了 {until(listing.closed_at)}{sooner}")
    with pretending(listing.closed_at + timedelta(days=8)):
        assert sale_tasks.to_report() == []


def test_an_auction_that_bids_prolonged_is_to_be_reported_with_the_hour_at_which_it_ended(
    app: Flask, client: FlaskClient
) -> None:
    auction = an_auction()
    planned = auction.closes_at
    with pretending(planned - MINUTE):
        place_bid(auction.id, given.an_account(), 5_000)
    with pretending(planned + 9 * MINUTE):
        run_one(SHEETS["auctions.close_due"])
        (task,) = sale_tasks.to_report()
        assert task.more == f"終了 {until(planned + 4 * MINUTE)}"


def lines(client: FlaskClient) -> list[tuple[str, ...]]:
    """(when, what, of which sale) of each line that asks for nothing, in the order of the page."""
    given.signed_in(client, given.staff("approver"))
    line = r"<li><time[^>]*>([^<]*)</time> <span[^>]*>([^<]*)</span> <span><a[^>]*>([^<]*)</a></span></li>"
    return re.findall(line, client.get("/staff").text)


@pytest.mark.parametrize(("count", "fold"), [(5, " open"), (6, "")])
def test_what_runs_by_itself_is_a_line_each_and_folded_where_it_is_long(
    app: Flask, client: FlaskClient, count: int, fold: str
) -> None:
    with pretending(datetime(2027, 6, 1, 0, 0, tzinfo=UTC)):
        times: dict[str, Any] = {"opens_at": given.in_days(-1), "closes_at": now() + 180 * MINUTE}
        titles = [f"{number}番の証" for number in range(count)]
        for title in titles:
            given.a_listing(state="approved", publish_at=given.in_days(-2), title_ja=title, **times)
        assert sorted(lines(client)) == [("午後0時00分", "受付終了", title) for title in titles]
        page = client.get("/staff")
    folds = re.findall(r"<details class=\"folded\"( open)?><summary><h2[^>]*>きょう、自動ですすむこと", page.text)
    assert (folds, f"きょう、自動ですすむこと {count}件" in read(page).words) == ([fold], True)


def test_a_draw_of_today_does_not_run_by_itself_and_nothing_is_told_twice(app: Flask, client: FlaskClient) -> None:
    with pretending(datetime(2027, 6, 1, 0, 0, tzinfo=UTC)):
        times: dict[str, Any] = {"opens_at": given.in_days(-1), "closes_at": now() + 60 * MINUTE}
        draw_at = now() + 120 * MINUTE
        given.a_listing(
            "lottery", state="approved", title_ja="楓の証", publish_at=given.in_days(-2), draw_at=draw_at, **times
        )
        assert [event.word for event in sheets.by_itself(now())] == ["受付終了"]
        assert lines(client) == [("午前10時00分", "受付終了", "楓の証"), ("午前11時00分", "抽選", "楓の証")]
