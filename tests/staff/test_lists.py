"""What there is more of each year is found at the desk however much of it there is: long lists have pages."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from flask import Flask
from flask.testing import FlaskClient

from marketplace.admissions import deciding
from marketplace.admissions import desk as admissions_desk
from marketplace.appointments import arranging
from marketplace.appointments import desk as appointments_desk
from marketplace.auctions import desk as auctions_desk
from marketplace.gatherings import circulating, letter_pages, poll_pages
from marketplace.kit.clock import pretending
from marketplace.staff import drafting, metadata
from tests import given
from tests.appointments.stage import asked, mayors_talks
from tests.chainlogs import Chain
from tests.gatherings.test_polling import a_poll
from tests.pages import read
from tests.perks.stage import BY

PLACES = (drafting, metadata, admissions_desk, auctions_desk, appointments_desk, letter_pages, poll_pages)
LISTS = (
    *("/staff/listings", "/staff/metadata", "/staff/admissions", "/staff/auctions", "/staff/appointments"),
    *("/staff/circulars", "/staff/polls", "/polls"),
)
NAMES = ["カエデの橋", "ブナの橋"]


@pytest.mark.on_sqlite
def test_long_lists_are_read_a_page_at_a_time_and_lose_nothing(
    app: Flask, client: FlaskClient, chain: Chain, monkeypatch: pytest.MonkeyPatch
) -> None:
    for place in PLACES:
        monkeypatch.setattr(place, "PAGE", 1)
    with pretending(datetime(2027, 6, 1, 3, 0, tzinfo=UTC)):
        drafter, approver, holder = given.staff("drafter"), given.staff("approver"), given.an_account()
        for n, name in enumerate(NAMES, 1):
            auction = given.a_listing("ascending", "naming", title_ja=name, auction_rules={"taking_part": {}})
            deciding.refuse(given.an_applicant(auction), approver, "期限のあとの申し込みです")
            arranging.refuse(asked(mayors_talks(chain, holder, serial=n, title_ja=name)), drafter, "出張中です")
            circulating.draft(name, "山菜の季節です。", [], BY)
            a_poll(title=name)
        given.signed_in(client, approver)
        found = {path: [set(names_on(client, page)) for page in pages_of(client, path)] for path in LISTS}
    assert {path: (max(map(len, pages)), set().union(*pages)) for path, pages in found.items()} == dict.fromkeys(
        LISTS, (1, set(NAMES))
    )


def pages_of(client: FlaskClient, path: str) -> list[str]:
    pages = [path]
    while following := [link for link in read(client.get(pages[-1])).links if f"page={len(pages) + 1}" in link]:
        pages.append(following[0])
    return pages


def names_on(client: FlaskClient, page: str) -> list[str]:
    words = read(client.get(page)).words
    return [name for name in NAMES if name in words]
