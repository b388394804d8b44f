"""People with cards."""

from __future__ import annotations

import pytest
from flask import Flask

from marketplace.kit.db import get
from marketplace.listings.models import Listing
from tests import given
from tests.chainlogs import Chain
from tests.collections.stage import Cards
from tests.lived import OnChain, Told
from tests.resale.stage import held_token


@pytest.fixture(scope="module")
def past() -> OnChain[Cards]:
    """Two kinds of card: Hana has one of the first, Ken two of the second."""

    def live(chain: Chain) -> Cards:
        hana, ken = given.an_account("hana@example.jp"), given.an_account("ken@example.jp")
        first, second = (given.a_listing(kind="card", title_ja=name) for name in ("わらび", "うど"))
        one, other = (get(Listing, each).right_id for each in (first, second))
        hers = held_token(chain, hana, first, 1)
        his, another = (held_token(chain, ken, second, serial) for serial in (1, 2))
        return Cards(first, second, one, other, hers, his, another)

    return OnChain(live)


@pytest.fixture
def cards(app: Flask, told: Told[Cards]) -> Cards:
    return told.what
