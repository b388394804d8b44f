from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from flask import Flask

from marketplace.kit.clock import pretending
from tests import given
from tests.appointments.stage import Talks, mayors_talks
from tests.chainlogs import Chain
from tests.lived import OnChain, Told

NOON = datetime(2027, 6, 1, 3, tzinfo=UTC)


@pytest.fixture(autouse=True)
def noon() -> Iterator[None]:
    """It is noon in Japan, on Tuesday 1 June 2027."""
    with pretending(NOON):
        yield


@pytest.fixture
def taro(app: Flask) -> int:
    return given.an_account("taro@example.jp")


@pytest.fixture(scope="module")
def past() -> OnChain[Talks]:
    """Hana holds twelve hours of the mayor, counted by a plan of the perks."""

    def live(chain: Chain) -> Talks:
        with pretending(NOON):
            return mayors_talks(chain, given.an_account("hana@example.jp"))

    return OnChain(live)


@pytest.fixture
def talks(app: Flask, told: Told[Talks]) -> Talks:
    return told.what
