"""A town that grows, to see whether a page asks more of the database where there is more to show."""

from __future__ import annotations

from datetime import UTC, datetime

from flask.testing import FlaskClient

from tests import given
from tests.chainlogs import Chain, deploy, somebody
from tests.gatherings.stage import a_gathering
from tests.resale.stage import custody, heard, held_token
from tests.statements import counted

MODES = ("fixed", "lottery", "ascending")
MOST = 24
"""So large a town becomes: a whole page of the catalogue."""


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
        self.sale = given.a_listing(quantity=2 * MOST)

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
