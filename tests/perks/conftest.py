from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from flask import Flask
from flask.testing import FlaskClient

from marketplace.kit.clock import pretending
from tests import given
from tests.chainlogs import Chain
from tests.pages import submit
from tests.perks.stage import Desk, a_desk


@pytest.fixture(autouse=True)
def noon() -> Iterator[None]:
    """It is noon in Japan: what is counted by the day does not fall into two."""
    with pretending(datetime(2027, 6, 1, 3, 0, 10, tzinfo=UTC)):
        yield


@pytest.fixture
def taro(app: Flask) -> int:
    return given.an_account("taro@example.jp")


@pytest.fixture
def desk(chain: Chain) -> Desk:
    return a_desk()


@pytest.fixture
def tablet(client: FlaskClient, desk: Desk) -> FlaskClient:
    signed = submit(client, "/counter/", {"partner": desk.code, "pin": desk.pin})
    assert signed.headers["Location"] == "/counter/desk"
    return client
