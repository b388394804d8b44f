"""No query for each row: a whole page asks the database as often as a page of three."""

from __future__ import annotations

import re

import pytest
from flask import Flask
from flask.testing import FlaskClient

from marketplace.settings import Settings
from tests import given
from tests.apps import another
from tests.growing import MOST, World, counts
from tests.statements import counted

pytestmark = pytest.mark.on_sqlite
FEW = 3
SUMS = re.compile(r"count\(DISTINCT .*holder_address|FROM transfers", re.DOTALL)
LISTS = (
    *("/", "/listings", "/listings?state=ended", "/law", "/results", "/gatherings", "/polls", "/namings", "/relation"),
    *("/market", "/market.atom", "/fund", "/fund/entries", "/journal", "/status", "/album", "/swaps"),
    *("/api/v1/listings", "/api/v1/tokens", "/api/v1/resales", "/api/v1/market"),
)
HOLDERS = ("/mypage", "/album")


def test_a_whole_page_asks_as_often_as_a_page_of_three(app: Flask, client: FlaskClient) -> None:
    world = World()
    world.grow(FEW)
    signed_in = given.signed_in(app.test_client(), world.holder)
    few, held = counts(client, LISTS), counts(signed_in, HOLDERS)
    for address in ("/listings", "/listings?state=ended"):
        few[address] += 1  # a page that is the last one, as that of a few is, counts itself
    world.grow(MOST)
    assert (counts(client, LISTS), counts(signed_in, HOLDERS)) == (few, held)


@pytest.mark.parametrize("address", ["/", "/market", "/relation", "/api/v1/market"])
def test_what_is_added_up_over_all_tokens_is_not_added_up_again_for_the_next_visitor(
    settings: Settings, address: str
) -> None:
    with another(settings.model_copy(update={"figures_kept_s": 60})) as app:
        client = app.test_client()
        asked = []
        for _visitor in range(2):
            with counted() as seen:
                client.get(address)
            asked.append(any(SUMS.search(each) for each in seen))
        assert asked == [True, False]


def test_a_page_from_the_shelf_asks_nothing(settings: Settings) -> None:
    with another(settings.model_copy(update={"pages_kept_s": 60})) as app:
        client = app.test_client()
        first = client.get("/listings")
        with counted() as seen:
            again = client.get("/listings")
        assert (again.data, seen) == (first.data, [])
