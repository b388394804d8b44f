"""The chain as this office sees it, and three people."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from flask import Flask

from marketplace.kit.clock import pretending
from tests import given


@pytest.fixture(autouse=True)
def noon() -> Iterator[None]:
    """It is noon in Japan: what is counted by the day does not fall into two."""
    with pretending(datetime(2027, 6, 1, 3, 0, 10, tzinfo=UTC)):
        yield


@pytest.fixture
def mio(app: Flask) -> int:
    return given.an_account("mio@example.jp")
