"""The terms in their versions, the policy on accessibility, and the feed of the sales."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import pytest
from flask import Flask
from flask.testing import FlaskClient
from jinja2 import ChoiceLoader, DictLoader

from marketplace.kit.clock import jst, pretending
from marketplace.kit.db import get
from marketplace.listings import scheduling
from marketplace.listings.models import Listing
from marketplace.privacy.register import VERSIONS
from marketplace.storefront import duties
from marketplace.storefront.duties import TERMS, Version
from tests import given
from tests.pages import read

ATOM = "{http://www.w3.org/2005/Atom}"
TEXTS = Path(__file__).parents[2] / "marketplace/storefront/templates/storefront/terms"


def test_each_version_of_the_terms_has_its_number_its_text_and_its_day(client: FlaskClient) -> None:
    assert [each.number for each in TERMS] == list(range(1, len(TERMS) + 1))
    assert sorted(each.since for each in TERMS) == [each.since for each in TERMS]
    assert {path.stem for path in TEXTS.glob("*.html")} == {str(each.number) for each in TERMS}
    for each in TERMS:
        assert f"第{each.number}版" in read(client.get(f"/terms/{each.number}")).words


def test_the_terms_in_force_lead_to_the_others(client: FlaskClient) -> None:
    page = read(client.get("/terms"))
    assert {f"/terms/{each.number}" for each in TERMS} <= set(page.links)
    assert client.get(f"/terms/{len(TERMS) + 1}").status_code == 404


def test_new_terms_are_read_before_their_day_and_in_force_from_it(
    app: Flask, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They promise thirty days."""
    coming = given.in_days(30)
    monkeypatch.setattr(duties, "TERMS", (TERMS[0], Version(2, jst(coming).date(), "")))
    assert app.jinja_env.loader is not None
    texts = ChoiceLoader([DictLoader({"storefront/terms/2.html": ""}), app.jinja_env.loader])
    monkeypatch.setattr(app.jinja_env, "loader", texts)
    notes = ("第2版になります", "これから始まる版です", "これは前の版です")

    def said() -> list[list[str]]:
        pages = ["".join(read(client.get(path)).words.split()) for path in ("/terms", "/terms/1", "/terms/2")]
        return [[note for note in notes if note in page] for page in pages]

    assert said() == [["第2版になります"], ["第2版になります"], ["これから始まる版です"]]
    with pretending(coming):
        assert said() == [[], ["これは前の版です"], []]


def test_the_policy_on_personal_data_has_its_versions_too(client: FlaskClient) -> None:
    assert [number for number, _since, _why in VERSIONS] == list(range(1, len(VERSIONS) + 1))
    words = read(client.get("/privacy")).words
    assert [number for number, _since, _why in VERSIONS if f"第{number}版（" not in words] == []


def test_the_policy_says_what_was_not_tested(client: FlaskClient) -> None:
    words = read(client.get("/accessibility")).words
    assert [said for said in ("JIS X 8341-3:2016", "まだ行っていません", "0237-00-0000") if said not in words] == []


def entries(client: FlaskClient) -> list[tuple[str | None, str | None]]:
    feed = ElementTree.fromstring(client.get("/listings.atom").data)  # noqa: S314 -- our own
    found = list(feed.iter(f"{ATOM}entry"))
    assert len({each.findtext(f"{ATOM}id") for each in found}) == len(found)
    return [(each.findtext(f"{ATOM}title"), link(each)) for each in found]


def link(entry: ElementTree.Element) -> str | None:
    found = entry.find(f"{ATOM}link")
    return None if found is None else found.get("href")


def test_a_sale_is_news_when_it_is_announced_and_when_it_is_over(
    app: Flask, client: FlaskClient, live_server: str
) -> None:
    listing_id = given.a_listing(
        "lottery", "card", title_ja="<山菜>", publish_at=given.in_days(-9), closes_at=given.in_days(1)
    )
    given.a_listing(state="approved")
    code = get(Listing, listing_id).code
    announced = ("公告: <山菜>（抽選）", f"{live_server}/listings/{code}")
    assert entries(client) == [announced]
    scheduling.close_sale(listing_id)
    assert entries(client) == [("受付終了: <山菜>（抽選）", f"{live_server}/listings/{code}/record"), announced]


def test_an_empty_feed_is_a_feed(client: FlaskClient) -> None:
    assert entries(client) == []


@pytest.mark.parametrize("path", ["/terms", "/accessibility", "/data", "/api", "/data/sales", "/records"])
def test_a_page_for_everybody_is_sent_once(client: FlaskClient, path: str) -> None:
    first = client.get(path)
    assert first.headers["Cache-Control"] == "public, max-age=1"
    assert client.get(path, headers={"If-None-Match": first.headers["ETag"]}).status_code == 304
