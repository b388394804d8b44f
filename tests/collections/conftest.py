"""The chain as this office sees it, and people with cards."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy

import pytest
from flask import Flask

from marketplace.kit.db import get
from marketplace.listings.models import Listing
from tests import given
from tests.chainlogs import Chain, deploy
from tests.collections.stage import Cards
from tests.lived import Told
from tests.resale.stage import held_token


@pytest.fixture
def hana(app: Flask) -> int:
    return given.an_account("hana@example.jp")


@pytest.fixture
def ken(app: Flask) -> int:
    return given.an_account("ken@example.jp")


@pytest.fixture(scope="module")
def past() -> Callable[[], tuple[Chain, Cards]]:
    """Two kinds of card: Hana has one of the first, Ken two of the second."""

    def live() -> tuple[Chain, Cards]:
        deploy()
        chain, hana, ken = Chain(), given.an_account("hana@example.jp"), given.an_account("ken@example.jp")
        first, second = (given.a_listing(kind="card", title_ja=name) for name in ("わらび", "うど"))
        one, other = (get(Listing, each).right_id for each in (first, second))
        hers = held_token(chain, hana, first, 1)
        his, another = (held_token(chain, ken, second, serial) for serial in (1, 2))
        return chain, Cards(first, second, one, other, hers, his, another)

    return live


@pytest.fixture
def chain(app: Flask, told: Told[tuple[Chain, Cards]]) -> Chain:
    return deepcopy(told.what[0])


@pytest.fixture
def cards(app: Flask, told: Told[tuple[Chain, Cards]]) -> Cards:
    return told.what[1]
