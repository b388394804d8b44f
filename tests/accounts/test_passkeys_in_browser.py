"""Passkeys in a real browser, with an authenticator of its own (https://www.w3.org/TR/webauthn-3/ §11)."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask
from playwright.sync_api import Browser, CDPSession, Page, expect

from marketplace.accounts.models import Account
from marketplace.kit.db import get
from marketplace.settings import Settings
from tests import given
from tests.visiting import signed_in, visiting

pytestmark = pytest.mark.browser
HANAKO = "hanako@example.jp"
SITE = "http://localhost"


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """A name: browsers have no passkeys for an address of digits."""
    return settings.model_copy(update={"base_url": settings.base_url.replace("127.0.0.1", "localhost")})


@pytest.fixture
def page(browser: Browser, live_server: str) -> Iterator[Page]:
    with visiting(browser, live_server.replace("127.0.0.1", "localhost")) as page:
        yield page


def authenticator(page: Page, *, verified: bool = True) -> CDPSession:
    """Plug a device with passkeys into the browser."""
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": verified,
        "automaticPresenceSimulation": True,
    }
    session.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    return session


def test_a_device_is_registered_signs_in_and_is_named_and_removed(app: Flask, page: Page) -> None:
    authenticator(page)
    hanako = given.an_account(HANAKO)
    signed_in(page, hanako, SITE)
    page.goto("/account")
    page.get_by_role("link", name="パスキー（指紋や顔でのログイン）").click()
    page.get_by_label("このパスキーの名前").fill("じぶんの電話")
    page.get_by_role("button", name="パスキーを登録する").click()
    expect(page.locator("main")).to_contain_text("パスキーを登録しました")
    expect(page.get_by_role("list", name="登録したパスキー")).to_contain_text("じぶんの電話")

    page.context.clear_cookies()
    page.goto("/signin?next=/account")
    page.get_by_role("button", name="パスキーでログイン").click()
    page.wait_for_url("**/account")
    expect(page.locator("main")).to_contain_text(get(Account, hanako).code)

    page.goto("/account/passkeys")
    page.get_by_text("名前を変える・消す").click()
    page.get_by_label("このパスキーの名前").first.fill("いえの電話")
    page.get_by_role("button", name="名前を変える").click()
    expect(page.get_by_role("list", name="登録したパスキー")).to_contain_text("いえの電話")
    page.get_by_text("名前を変える・消す").click()
    page.get_by_role("button", name="このパスキーを消す").click()
    expect(page.locator("main")).to_contain_text("パスキーを消しました")
    page.context.clear_cookies()
    page.goto("/signin")
    page.get_by_role("button", name="パスキーでログイン").click()
    expect(page.locator("main")).to_contain_text("このパスキーでは確認できませんでした")


def test_a_person_whom_the_device_does_not_know_stays_outside_and_is_told(app: Flask, page: Page) -> None:
    authenticator(page, verified=False)
    signed_in(page, given.an_account(HANAKO), SITE)
    page.goto("/account/passkeys")
    page.get_by_role("button", name="パスキーを登録する").click()
    expect(page.locator("[data-passkey-trouble]")).to_contain_text("確認が取り消されたか、時間が過ぎました")


def test_pressed_twice_the_device_is_asked_once(app: Flask, page: Page) -> None:
    authenticator(page)
    signed_in(page, given.an_account(HANAKO), SITE)
    page.goto("/account/passkeys")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if request.method == "POST" else None)
    page.get_by_role("button", name="パスキーを登録する").evaluate("it => { it.click(); it.click() }")
    expect(page.locator("main")).to_contain_text("パスキーを登録しました")
    assert len(asked) == 2, asked  # what to ask, and what was answered


def test_without_a_script_the_mailed_code_is_still_there(browser: Browser, live_server: str) -> None:
    with visiting(browser, live_server.replace("127.0.0.1", "localhost"), java_script_enabled=False) as page:
        page.goto("/signin")
        expect(page.get_by_role("button", name="パスキーでログイン")).to_be_hidden()
        expect(page.get_by_role("button", name="番号をメールで受け取る")).to_be_visible()
