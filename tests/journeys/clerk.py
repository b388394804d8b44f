"""A member of staff whom nobody told anything: goes only where a button on the screen leads, and is counted."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from playwright.sync_api import Browser, Locator, Page, expect

from tests.journeys.inside import signed_in
from tests.journeys.test_by_hand import DESK, SLOW
from tests.visiting import visiting


@dataclass
class Work:
    """What a part of the work took: presses of links, buttons and boxes, fields typed into, letters typed."""

    name: str
    who: str
    presses: int = 0
    fields: int = 0
    letters: int = 0


class Clerk:
    """A tab of somebody of the office, at today's sheet. From there on nothing but the screen opens a page."""

    def __init__(self, page: Page, work: Work) -> None:
        self.page, self.work = page, work
        page.goto("/staff")

    def press(self, name: str) -> None:
        """The link or button that says so, in the work and not in the menu."""
        self._first(self._work.get_by_role("link", name=name).or_(self._work.get_by_role("button", name=name))).click()
        self.work.presses += 1

    def tick(self, label: str) -> None:
        self._first(self._work.get_by_role("checkbox", name=label)).check()
        self.work.presses += 1

    def type(self, label: str, text: str) -> None:
        self._first(self._work.get_by_role("textbox", name=label)).fill(text)
        self.work.fields += 1
        self.work.letters += len(text)

    def save(self, name: str) -> bytes:
        """The file behind a link."""
        with self.page.expect_download(timeout=SLOW) as coming:
            self.press(name)
        return coming.value.path().read_bytes()

    def sees(self, words: str) -> None:
        expect(self._work).to_contain_text(words, timeout=SLOW)

    @property
    def _work(self) -> Locator:
        return self.page.locator(".desk__work")

    def _first(self, found: Locator) -> Locator:
        expect(found.first).to_be_visible(timeout=SLOW)
        return found.first


@contextmanager
def at_the_desk(browser: Browser, address: str, email: str, work: Work) -> Iterator[Clerk]:
    """Signed in; that is not counted, since it is done once a day and not for a sale."""
    with visiting(browser, address, viewport=DESK, accept_downloads=True) as page:
        signed_in(page, email)
        yield Clerk(page, work)


HEAD = """# 職員の手間 / what a sale asks of the staff

命名権を1件、起案から報告まで進めたときの手の数です。画面の言葉だけをたよりに進む人を、本物のブラウザで動かして数えています
（`STAFF_TIME=write scripts/test tests/journeys/test_newcomer.py` で書き直します。数が変わると、試験が失敗します）。

Counted by a browser that follows only what the screens say, from the draft of a naming right to the report of its
result. The test fails where a count here is not what it takes; the command above writes this page anew.

| すること / part | だれが / who | 押す / presses | 入れる欄 / fields | 文字 / letters |
|---|---|---:|---:|---:|
"""
TAIL = """
公告・受付の開始・終了・落札・お支払いの案内・入金の確認・発行は、時間になると自動で進み、手はかかりません。
読む時間、考える時間、決裁を待つ時間、ログイン（1日1回）は数えていません。
"""


def table(parts: list[Work]) -> str:
    """docs/staff-time.md."""
    total = Work("**合計 / total**", "")
    for part in parts:
        total.presses += part.presses
        total.fields += part.fields
        total.letters += part.letters
    rows = (f"| {p.name} | {p.who} | {p.presses} | {p.fields} | {p.letters} |\n" for p in [*parts, total])
    return HEAD + "".join(rows) + TAIL
