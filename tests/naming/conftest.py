import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests import given


@pytest.fixture
def hana(app: Flask) -> int:
    """The first buyer."""
    return given.an_account("hana@example.jp")


@pytest.fixture
def taro(app: Flask) -> int:
    """Who buys the right later."""
    return given.an_account("taro@example.jp")


@pytest.fixture
def desk(app: Flask) -> FlaskClient:
    return given.signed_in(app.test_client(), given.staff("drafter"))


@pytest.fixture
def approver(app: Flask) -> FlaskClient:
    return given.signed_in(app.test_client(), given.staff("approver"))
