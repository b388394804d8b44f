from collections.abc import Callable, Iterator
from copy import deepcopy
from datetime import UTC, datetime

import pytest
from flask import Flask

from marketplace.kit.clock import pretending
from tests import given
from tests.appointments.stage import Talks, mayors_talks
from tests.chainlogs import Chain, deploy
from tests.lived import Told

NOON = datetime(2027, 6, 1, 3, tzinfo=UTC)


@pytest.fixture(autouse=True)
def noon() -> Iterator[None]:
    """It is noon in Japan, on Tuesday 1 June 2027."""
    with pretending(NOON):
        yield


@pytest.fixture
def hana(app: Flask) -> int:
    return given.an_account("hana@example.jp")


@pytest.fixture
def taro(app: Flask) -> int:
    return given.an_account("taro@example.jp")


@pytest.fixture(scope="module")
def past() -> Callable[[], tuple[Chain, Talks]]:
    """Hana holds twelve hours of the mayor, counted by a plan of the perks."""

    def live() -> tuple[Chain, Talks]:
        deploy()
        chain = Chain()
        with pretending(NOON):
            return chain, mayors_talks(chain, given.an_account("hana@example.jp"))

    return live


@pytest.fixture
def chain(app: Flask, told: Told[tuple[Chain, Talks]]) -> Chain:
    return deepcopy(told.what[0])


@pytest.fixture
def talks(app: Flask, told: Told[tuple[Chain, Talks]]) -> Talks:
    return told.what[1]
