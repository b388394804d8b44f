"""The documents by which strangers check: the site has them, they lead to each other, and pages lead to them."""

from __future__ import annotations

import re

import pytest
from flask.testing import FlaskClient

from marketplace.continuity.formats import DOCS, FORMATS, Format
from tests.auctions.endings import ended
from tests.lotteries.applied import drawn

LINK = re.compile(r"\]\(([^)#:]+)\)")


@pytest.mark.parametrize("document", FORMATS, ids=lambda each: each.name)
def test_a_document_is_read_as_it_stands_and_the_page_of_the_data_leads_to_it(
    client: FlaskClient, document: Format
) -> None:
    path = f"/data/formats/{document.name}.md"
    answer = client.get(path)
    assert (answer.content_type, answer.data) == (
        "text/plain; charset=utf-8",
        (DOCS / f"{document.name}.md").read_bytes(),
    )
    assert f'href="{path}"' in client.get("/data").text


def test_every_format_of_a_version_is_among_them() -> None:
    versioned = {path.stem for path in DOCS.glob("*-v[0-9].md")} | {path.stem for path in DOCS.glob("*-proof.md")}
    assert {each.name for each in FORMATS} == versioned


def test_a_link_from_one_document_leads_to_another_on_the_site_and_in_the_kit() -> None:
    links = {each.name: set(LINK.findall(each.text().decode())) for each in FORMATS}
    of_the_kit = {each.file for each in FORMATS if each.in_kit}
    assert set().union(*links.values()) - {each.file for each in FORMATS} == set()
    assert {file for each in FORMATS if each.in_kit for file in links[each.name]} - of_the_kit == set()


def test_another_name_is_no_document(client: FlaskClient) -> None:
    assert [client.get(f"/data/formats/{name}.md").status_code for name in ("security", "../README", "")] == [404] * 3


def test_records_lead_to_the_document_that_they_follow(client: FlaskClient) -> None:
    lottery, (auction, *_bidders) = drawn(3)[0], ended("ascending", 2_000, 3_000)
    pages = {
        f"/listings/{lottery.code}/draw": "draw-v1",
        f"/listings/{auction.code}/bids": "auction-v1",
        "/journal": "journal-v1",
    }
    assert [f"/data/formats/{name}.md" in client.get(path).text for path, name in pages.items()] == [True] * 3
