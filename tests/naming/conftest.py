import pytest
from flask import Flask

from tests import given


@pytest.fixture
def hana(app: Flask) -> int:
    """The first buyer."""
    return given.an_account("hana@example.jp")


@pytest.fixture
def taro(app: Flask) -> int:
    """Who buys the right later."""
    return given.an_account("taro@example.jp")
