"""A visitor's Chromium, and what its pages must not do: complain, break the policy, look outside this machine."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

from flask import current_app
from playwright.sync_api import (
    Browser,
    BrowserContext,
    BrowserType,
    ConsoleMessage,
    Page,
    Request,
    Response,
    sync_playwright,
)

from marketplace.kit.db import db
from tests import given

PARTS_OF_A_PAGE = {"stylesheet", "script", "image", "font"}
HERE = ("127.0.0.1", "localhost")
NO_OUTSIDE = f"--host-resolver-rules=MAP * ~NOTFOUND, {', '.join(f'EXCLUDE {name}' for name in HERE)}"
QUIET = ["--disable-gpu", "--disable-quic", "--disable-background-networking", "--disable-component-update"]
NO_SPARE = "--renderer-process-limit=1"
"""A visitor's pages are drawn by one process, and no second one is started in case another were needed: there were two
for each visitor, and to start one costs as much as to show a page."""
UNTUNED = "--js-flags=--no-turbofan,--no-maglev"
"""A script runs as it is first compiled: a page is closed before it could gain what tuning its scripts has cost."""

BY_FILES = ["--disable-dev-shm-usage"]
"""Playwright has Chromium's processes hand their pictures to each other in files on a disk, since in many a container
there is little memory that processes may share: https://playwright.dev/python/docs/docker"""


def _has_memory_to_share() -> bool:
    try:
        shared = os.statvfs("/dev/shm")
    except OSError:
        return False
    return shared.f_bavail * shared.f_frsize >= 2**30


def program() -> str | None:
    """The machine's own Chromium (Playwright's download of one is not needed): CHROMIUM, else one on PATH.

    The shell is the same engine without the windows, menus and side panels that a browser draws around each visitor's
    page though nobody sees them: a journey takes less than half of the machine's time with it.
    """
    names = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
    return os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, names)), None)


@contextmanager
def chromium(executable: str) -> Iterator[Browser]:
    with sync_playwright() as playwright, launched(playwright.chromium, executable) as browser:
        yield browser


@contextmanager
def launched(kind: BrowserType, executable: str, *more: str) -> Iterator[Browser]:
    """One more of a kind that runs already, with `more` arguments: a camera, say."""
    browser = kind.launch(
        executable_path=executable,
        args=[*QUIET, NO_SPARE, UNTUNED, NO_OUTSIDE, *more],
        chromium_sandbox=os.geteuid() != 0,
        ignore_default_args=BY_FILES if _has_memory_to_share() else None,
    )
    yield browser
    browser.close()


@contextmanager
def visiting(browser: Browser, address: str, **options: Any) -> Iterator[Page]:
    """A tab of a visitor in Japan at `address`. AssertionError at the end if its pages did what they must not.

    `options` are those of Playwright's new_context(), such as a viewport or java_script_enabled.
    """
    japan = {"locale": "ja-JP", "timezone_id": "Asia/Tokyo", "reduced_motion": "reduce", "base_url": address}
    context = browser.new_context(**{**japan, **options})
    complaints = _overheard(context)
    try:
        yield context.new_page()
    finally:
        context.close()
    if complaints:
        raise AssertionError("; ".join(complaints))


def signed_in(page: Page, account_id: int, address: str = "http://127.0.0.1") -> None:
    """The tab is one in which this person has signed in, at the site of that address: on any of its ports."""
    cookie = given.a_cookie(current_app, account_id)
    db.session.rollback()  # what was read for it holds nobody up
    page.context.add_cookies([{"name": "hiroba", "value": cookie, "url": address}])


def _overheard(context: BrowserContext) -> list[str]:
    """A list that grows with each thing that a page of this context must not do."""
    complaints: list[str] = []

    def said(message: ConsoleMessage) -> None:
        # A refusal (422) is logged as a failed resource too; which ones matter, answered() tells better.
        if message.type == "error" and not message.text.startswith("Failed to load resource"):
            complaints.append(message.text)

    def answered(response: Response) -> None:
        part = response.request.resource_type in PARTS_OF_A_PAGE
        if response.status >= 500 or (part and response.status >= 400):
            complaints.append(f"{response.status} {response.url}")

    def asked(request: Request) -> None:
        if urlsplit(request.url).hostname not in (None, *HERE):
            complaints.append(f"outside: {request.url}")

    context.on("console", said)
    context.on("weberror", lambda error: complaints.append(str(error.error)))
    context.on("response", answered)
    context.on("request", asked)
    return complaints
