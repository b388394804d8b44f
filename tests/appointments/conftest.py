from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from flask import Flask

from marketplace.kit.clock import pretending
from tests import given
from tests.appointments.stage import Talks, mayors_talks
from tests.chainlogs import Chain


@pytest.fixture(autouse=True)
def noon() -> Iterator[None]:
    """It is noon in Japan, on Tuesday 1 June 2027."""
    with pretending(datetime(2027, 6, 1, 3, 0, tzinfo=UTC)):
        yield


@pytest.fixture
def hana(app: Flask) -> int:
    return given.an_account("hana@example.jp")


@pytest.fixture
def taro(app: Flask) -> int:
    return given.an_account("taro@example.jp")


@pytest.fixture
def talks(chain: Chain, hana: int) -> Talks:
    """Hana holds twelve hours of the mayor, counted by a plan of the perks."""
    return mayors_talks(chain, hana)
