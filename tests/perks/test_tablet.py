"""A day of the tablet at the counter: bad networks, lost answers, old browsers, one tablet for two places."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import sqlalchemy as sa
from flask import Flask
from playwright.sync_api import Browser, Page, Route, expect

from marketplace.kit.clock import jst, now
from marketplace.kit.db import transaction
from marketplace.perks import carding, partnering, pins
from marketplace.perks.models import Card
from tests.chainlogs import Chain
from tests.perks.stage import BY, Desk, Telephone, a_desk, a_token, bath, counts, lines
from tests.perks.test_browser import TABLET, open_counter, read_code
from tests.resale.stage import token
from tests.visiting import visiting

pytestmark = pytest.mark.browser


@pytest.fixture(autouse=True)
def noon() -> None:
    """The browsers' clocks are real, and so is the town's here."""


def today() -> str:
    return jst(now()).date().isoformat()


def gone(page: Page, path: str = "*") -> None:
    """The network is away, and the browser knows at once."""
    page.route(f"**/counter/{path}", lambda route: route.abort())


@contextmanager
def vanishing(page: Page, path: str) -> Iterator[None]:
    """What is sent vanishes, and nothing says so."""
    sent: list[Route] = []
    page.route(f"**/counter/{path}", lambda route: sent.append(route))
    yield
    for route in sent:
        route.abort()
    page.unroute_all()


def a_card(token_id: int, account_id: int, pin: str = "2468") -> str:
    """The number on its card, whose PIN is `pin`."""
    carding.print_card(token_id, account_id, BY)
    with transaction() as session:
        pin_hash, salt = pins.sealed(pin)
        session.execute(sa.update(Card).where(Card.token_id == token_id).values(pin_hash=pin_hash, pin_salt=salt))
    return f"{token(token_id).right_id}-{token(token_id).serial}"


def test_a_guest_does_not_wait_for_what_the_tablet_does_of_itself(
    app: Flask, browser: Browser, live_server: str, chain: Chain, desk: Desk, hana: int, taro: int
) -> None:
    """Where packets vanish it was busy with itself for five of each five seconds: what was read meanwhile came to
    nothing, below the OK of the guest before."""
    first, second = a_token(chain, hana, bath(desk)), a_token(chain, taro, bath(desk))
    with visiting(browser, live_server, viewport=TABLET) as page:
        open_counter(page, desk)
        gone(page)
        read_code(page, Telephone(first, hana).shows())
        expect(page.locator("[data-offline]")).to_have_text("圏外 1件保管中")
        page.unroute_all()
        with vanishing(page, "state"):
            gone(page, "use")
            with page.expect_request("**/counter/state"):
                pass  # it tries to send of itself, and nobody answers
            read_code(page, Telephone(second, taro).shows())
            expect(page.locator("[data-offline]")).to_have_text("圏外 2件保管中", timeout=3_000)
        page.wait_for_selector("[data-counter][data-waiting='0']", state="attached")
    assert [counts(token_id) for token_id in (first, second)] == [[(today(), 1, 0)]] * 2


def test_while_a_guest_is_asked_about_nothing_stands_of_the_one_before(
    app: Flask, browser: Browser, live_server: str, chain: Chain, desk: Desk, hana: int, taro: int
) -> None:
    first, second = a_token(chain, hana, bath(desk)), a_token(chain, taro, bath(desk))
    with visiting(browser, live_server, viewport=TABLET) as page:
        open_counter(page, desk)
        read_code(page, Telephone(first, hana).shows())
        expect(page.locator("[data-headline]")).to_have_text("OK 本日1回目")
        with vanishing(page, "use"):
            read_code(page, Telephone(second, taro).shows())
            expect(page.locator("[data-headline]")).to_have_text("確かめています")
            expect(page.locator("[data-mark]")).to_have_text("")


def test_what_is_typed_again_because_no_answer_came_is_the_same_use(
    app: Flask, browser: Browser, live_server: str, chain: Chain, desk: Desk, hana: int
) -> None:
    """The digits of a card are the same each time: of twelve uses the guest lost two."""
    token_id = a_token(chain, hana, bath(desk, limit=3))
    number = a_card(token_id, hana)

    def answer_is_lost(route: Route) -> None:
        route.fetch()
        route.abort()

    with visiting(browser, live_server, viewport=TABLET) as page:
        open_counter(page, desk)
        page.route("**/counter/use", answer_is_lost)
        page.fill("#code", "2468")
        read_code(page, number)
        expect(page.locator("[data-name]")).to_contain_text("電波がないため、番号では確かめられません")
        page.unroute_all()
        page.get_by_role("button", name="確かめて使う").click()
        expect(page.locator("[data-headline]")).to_have_text("OK 本日1回目")
        page.fill("#code", "2468")
        read_code(page, number)
        expect(page.locator("[data-headline]")).to_have_text("OK 本日2回目")
    assert counts(token_id) == [(today(), 2, 0)]


def test_a_network_that_is_back_is_told_of_though_no_guest_came(
    app: Flask, browser: Browser, live_server: str, chain: Chain, desk: Desk
) -> None:
    with visiting(browser, live_server, viewport=TABLET) as page:
        page.clock.install()
        open_counter(page, desk)
        away = page.locator("[data-offline]")
        gone(page, "state")
        page.clock.fast_forward(60_000)
        expect(away).to_have_text("圏外 0件保管中")
        page.unroute_all()
        page.clock.fast_forward(60_000)
        expect(away).to_be_hidden()


def test_what_one_place_let_in_is_not_sent_as_anothers(
    app: Flask, browser: Browser, live_server: str, chain: Chain, desk: Desk, hana: int
) -> None:
    """A tablet that the station opened next gave the bath's guest to the station, which takes no baths: the use was
    thrown away."""
    token_id = a_token(chain, hana, bath(desk))
    station = a_desk("道の駅")
    with visiting(browser, live_server, viewport=TABLET) as page:
        open_counter(page, desk)
        gone(page)
        read_code(page, Telephone(token_id, hana).shows())
        expect(page.locator("[data-offline]")).to_have_text("圏外 1件保管中")
        pin = partnering.renew_pin(desk.partner_id, BY)
        page.unroute_all()
        page.get_by_role("link", name="窓口の暗証番号を入力する").click()
        page.wait_for_url("**/counter/")
        open_counter(page, station)
        expect(page.locator("[data-counter]")).to_have_attribute("data-waiting", "0")
        assert lines() == []
        page.get_by_role("button", name="窓口をとじる").click()
        open_counter(page, Desk(desk.partner_id, pin))
        page.wait_for_selector("[data-counter][data-waiting='0']", state="attached")
    (line,) = lines()
    assert (line.partner_id, line.flag) == (desk.partner_id, None)


def test_a_page_of_another_place_sends_nothing(
    app: Flask, browser: Browser, live_server: str, chain: Chain, desk: Desk, hana: int
) -> None:
    """Two pages of one tablet: the second was opened for the station."""
    token_id = a_token(chain, hana, bath(desk))
    station = a_desk("道の駅")
    with visiting(browser, live_server, viewport=TABLET) as page:
        open_counter(page, desk)
        gone(page)
        read_code(page, Telephone(token_id, hana).shows())
        expect(page.locator("[data-offline]")).to_have_text("圏外 1件保管中")
        page.unroute_all()
        other = page.context.new_page()
        page.context.clear_cookies(name="counter")
        open_counter(other, station)
        other.close()
        expect(page.locator("[data-name]")).to_contain_text("ほかの窓口としてひらかれています")
        expect(page.locator("[data-offline]")).to_have_text("圏外 1件保管中")
    assert lines() == []


def test_an_old_tablet_says_that_it_cannot_check_without_network(
    app: Flask, browser: Browser, live_server: str, chain: Chain, desk: Desk, hana: int
) -> None:
    """It has no Ed25519 (Chrome before 137, iPadOS before 17), and no AbortSignal.timeout (iPadOS 15): with the network
    it works; without, it said nothing at all, and the OK of before stood there."""
    token_id = a_token(chain, hana, bath(desk, limit=2))
    phone = Telephone(token_id, hana)
    with visiting(browser, live_server, viewport=TABLET) as page:
        page.add_init_script(
            "delete AbortSignal.timeout; delete AbortSignal.any;"
            "crypto.subtle.importKey = async () => { throw new DOMException('', 'NotSupportedError'); };"
        )
        open_counter(page, desk)
        read_code(page, phone.shows())
        expect(page.locator("[data-headline]")).to_have_text("OK 本日1回目")
        gone(page)
        read_code(page, phone.shows())
        expect(page.locator("[data-name]")).to_have_text(
            "この端末は、電波がないと確かめられません。もぎり券をお使いください。"
        )
    assert counts(token_id) == [(today(), 1, 0)]
