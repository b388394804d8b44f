"""No query for each row: a page of thirty asks the database as often as a page of three."""

from __future__ import annotations

from datetime import UTC, datetime

from flask import Flask
from flask.testing import FlaskClient

from marketplace.settings import Settings
from tests import given
from tests.apps import another
from tests.chainlogs import Chain, deploy, somebody
from tests.gatherings.stage import a_gathering
from tests.resale.stage import custody, heard, held_token
from tests.statements import counted

FEW, MANY = 3, 30
MODES = ("fixed", "lottery", "ascending")
LISTS = (
    *("/", "/listings", "/listings?state=ended", "/law", "/results", "/gatherings", "/polls", "/namings", "/relation"),
    *("/market", "/market.atom", "/fund", "/fund/entries", "/journal", "/status", "/album", "/swaps"),
    *("/api/v1/listings", "/api/v1/tokens", "/api/v1/resales", "/api/v1/market"),
)
HOLDERS = ("/mypage", "/album")


def counts(client: FlaskClient, paths: tuple[str, ...]) -> dict[str, int]:
    """How many statements each page takes, once nothing is new to it any more."""
    found = {}
    for path in paths:
        assert client.get(path).status_code == 200, path
        with counted() as seen:
            client.get(path)
        found[path] = len(seen)
    return found


class World:
    """A town that grows by rows of every kind that its lists show."""

    def __init__(self) -> None:
        deploy()
        self.chain, self.rows = Chain(), 0
        self.holder, self.seller = given.an_account(), given.an_account()
        self.sale = given.a_listing(quantity=2 * MANY)

    def grow(self, rows: int) -> None:
        for n in range(self.rows, rows):
            given.a_listing(MODES[n % 3], title_ja=f"権利{n}")
            given.a_listing("lottery" if n % 2 else "fixed", state="closed", title_ja=f"終わった権利{n}")
            a_gathering(title=f"集い{n}")
            held_token(self.chain, self.holder, kind="card", title_ja=f"札{n}", quantity=5)
            self.trade(n)
        self.rows = rows

    def trade(self, n: int) -> None:
        """A token is sold on the market, and another one is on offer."""
        block = 100 + 10 * n
        sold, offered = (held_token(self.chain, self.seller, self.sale, serial=2 * n + place) for place in (1, 2))
        until = datetime(2099, 1, 1, tzinfo=UTC)
        for number, token_id in ((2 * n, sold), (2 * n + 1, offered)):
            self.chain.listed(token_id, custody(self.seller), 4_000, block + number % 2, number=number, expires=until)
        self.chain.sold(sold, custody(self.seller), somebody(f"buyer {n}"), 4_000, block + 5, number=2 * n)
        heard(self.chain, sold, offered)


def test_a_list_of_thirty_asks_as_often_as_a_list_of_three(app: Flask, client: FlaskClient) -> None:
    world = World()
    world.grow(FEW)
    signed_in = given.signed_in(app.test_client(), world.holder)
    few, held = counts(client, LISTS), counts(signed_in, HOLDERS)
    for address in ("/listings", "/listings?state=ended"):
        few[address] += 1  # a page that is the last one, as that of a few is, counts itself
    world.grow(MANY)
    assert (counts(client, LISTS), counts(signed_in, HOLDERS)) == (few, held)


def test_a_page_from_the_shelf_asks_nothing(settings: Settings) -> None:
    with another(settings.model_copy(update={"pages_kept_s": 60})) as app:
        client = app.test_client()
        first = client.get("/listings")
        with counted() as seen:
            again = client.get("/listings")
        assert (again.data, seen) == (first.data, [])
