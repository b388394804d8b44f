"""What still has to be done stands on My page, with its last day: a letter is lost, or read too late."""

from __future__ import annotations

import re

import pytest
from flask import Flask
from flask.testing import FlaskClient

from marketplace.gatherings import booking
from marketplace.kit.clock import pretending
from marketplace.kit.db import get
from marketplace.kit.languages import Language
from marketplace.kit.shown import when
from marketplace.listings.models import Listing
from marketplace.lotteries import cards, entering
from marketplace.lotteries.models import Entry
from marketplace.naming import inviting
from marketplace.orders import expiring
from marketplace.orders.placing import place
from marketplace.resale.proceeds import draw
from marketplace.settings import Settings
from marketplace.storefront import mypage
from tests import given
from tests.chainlogs import Chain, deploy, somebody
from tests.gatherings.stage import a_gathering, gathering, rsvp
from tests.local_stripe import LocalStripe
from tests.lotteries.applied import a_lottery, asking
from tests.lotteries.test_cards import heard as heard_card
from tests.pages import Page, read
from tests.payments.till import pay_through
from tests.perks.stage import a_desk, a_listing, bath
from tests.resale.stage import custody, heard, held_token


@pytest.fixture
def settings(settings: Settings, stripe: LocalStripe) -> Settings:
    return stripe.settings(settings)


def test_passes_are_read_a_page_at_a_time(
    chain: Chain, client: FlaskClient, hana: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mypage, "A_PAGE", 2)
    listing = a_listing(bath(a_desk()), quantity=3)
    for nth in range(3):
        held_token(chain, hana, listing, nth + 1)
    given.signed_in(client, hana)
    first, second = (read(client.get(f"/mypage?passes={page}")) for page in (1, 2))
    opened = [[link for link in page.links if link.startswith("/passes/")] for page in (first, second)]
    assert ([len(each) for each in opened], len({*opened[0], *opened[1]})) == ([2, 1], 3)
    assert "/mypage?page=1&passes=2#passes" in first.links


def parts(client: FlaskClient, account_id: int) -> dict[str, str]:
    """{name of a part of the page: its words}."""
    html = given.signed_in(client, account_id).get("/mypage").text
    found = re.findall(r'<section aria-labelledby="([^"]+)">(.*?)</section>', html, re.DOTALL)
    return {name: " ".join(Page(part.replace("<", " <")).words.split()) for name, part in found}


def test_a_seat_that_became_free_is_answered_from_my_page_in_time(app: Flask, client: FlaskClient) -> None:
    """Beside it stood the day of the event only, which is after the one by which it had to be answered."""
    event, guest, waiting = a_gathering(seats=1), given.an_account(), given.an_account()
    for who in (guest, waiting):
        booking.ask(event, who)
    booking.give_up(event, guest)
    until, title = rsvp(event, waiting).answer_until, gathering(event).title
    assert until is not None
    page = parts(client, waiting)
    assert page["seats"] == f"催しの席があきました {title} {when(until)} までに、お返事ください 参加する・辞退する"
    assert "bookings" not in page
    booking.confirm(event, waiting)
    page = parts(client, waiting)
    assert page["bookings"] == f"催しの予約 {title} {when(gathering(event).begins_at)} 参加の予約ずみ"
    assert "seats" not in page


def test_for_how_many_is_said_in_the_language_of_the_reader(client: FlaskClient) -> None:
    """In English a bare number stood behind the name of the event."""
    event, guest = a_gathering(seats=2, most_together=2), given.an_account()
    booking.ask(event, guest, 2)
    told = {}
    for language in Language:
        client.set_cookie("language", str(language))
        told[language] = parts(client, guest)["bookings"]
    assert ["ご本人を含めて2人" in told[Language.JA], "2 people, you included" in told[Language.EN]] == [True, True]
    assert "あなたを入れて2人" in told[Language.EASY]


def test_an_application_says_on_my_page_when_it_is_drawn_and_that_a_card_is_missing(
    app: Flask, client: FlaskClient, stripe: LocalStripe
) -> None:
    lottery, me = a_lottery(**asking(card=True)), given.an_account()
    entry = get(Entry, entering.enter(lottery.id, me).entry_id)
    title = get(Listing, lottery.listing_id).right.title
    applied = f"申し込んだ抽選 {title} 受付番号 {entry.no} 抽選 {when(lottery.draw_at)} 申込ずみ"
    missing = f"{title} {when(lottery.closes_at)} までに登録がないと、この申し込みは無効になります"
    page = parts(client, me)
    assert page["without-card"] == f"あと1つ、カードの登録が必要です {missing} カードを登録する"
    assert page["entries"] == applied
    with pretending(lottery.closes_at):
        assert "without-card" not in parts(client, me)
    assert pay_through(stripe, cards.page_for(entry.id), "pm_card_visa") == 303
    heard_card(entry.id)
    page = parts(client, me)
    assert ("without-card" in page, page["entries"]) == (False, applied)


def test_what_sales_earned_waits_on_my_page_until_it_was_drawn(chain: Chain, client: FlaskClient) -> None:
    seller = given.an_account()
    wallet, token_id = somebody("hana"), held_token(chain, seller)
    seen = [parts(client, seller).get("owed")]
    chain.sold(token_id, custody(seller), wallet, 5_000, block=3, number=1)
    heard(chain, token_id)
    seen.append(parts(client, seller).get("owed"))
    draw(seller, wallet)
    seen.append(parts(client, seller).get("owed"))
    chain.drawn(custody(seller), wallet, 4_750, block=7)
    chain.tell()
    assert [*seen, parts(client, seller).get("owed")] == [
        None,
        "売れたお金 4,750円 あなたの受け取りを待っています お金を受け取る",
        "売れたお金 4,750円 お受け取りの手続き中です 状態を見る",
        None,
    ]


def test_an_order_that_waits_for_its_payment_stands_there_however_many_came_after(
    app: Flask, client: FlaskClient
) -> None:
    me, first, last = given.an_account(), given.a_listing(title_ja="池の名"), given.a_listing(quantity=60)
    place(me, first)
    for _ in range(50):
        expiring.cancel(place(me, last))
    assert "池の名" in parts(client, me)["todo"]


def test_who_holds_many_rights_reads_sixty_on_a_page_and_finds_what_is_below_them(
    app: Flask, client: FlaskClient
) -> None:
    deploy()
    chain, me, sale = Chain(), given.an_account(), given.a_listing(kind="card", quantity=61)
    held = [held_token(chain, me, sale, serial=n) for n in range(1, 62)]
    naming = held_token(chain, me, kind="naming")
    inviting.invite(naming)
    shown = []
    for n in (1, 2, 3):  # after the last comes the last
        html = given.signed_in(client, me).get(f"/mypage?page={n}").text
        shown.append([int(number) for number in re.findall(r'href="/tokens/[^"/]+/([0-9]+)"', html)])
        assert ('id="namings"' in html, f"{min(n, 2)} / 2 ページ" in html) == (True, True)
    assert [len(each) for each in shown] == [60, 2, 2]
    assert sorted([*shown[0], *shown[1]]) == sorted([*held, naming])
