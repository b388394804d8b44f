import pytest
from flask import Flask

from tests import given
from tests.chainlogs import Chain, deploy


@pytest.fixture
def chain(app: Flask) -> Chain:
    deploy()
    return Chain()


@pytest.fixture
def hana(app: Flask) -> int:
    """The first buyer."""
    return given.an_account("hana@example.jp")


@pytest.fixture
def taro(app: Flask) -> int:
    """Who buys the right later."""
    return given.an_account("taro@example.jp")
