from __future__ import annotations

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from marketplace.auctions import beating
from marketplace.auctions.watchbook import Watch
from marketplace.kit.db import db


@pytest.fixture(autouse=True)
def _app(app: Flask) -> None:
    """Every test here has a town."""


def signs() -> int:
    db.session.rollback()
    return db.session.execute(sa.select(sa.func.count()).select_from(Watch)).scalar_one()


def test_a_sign_goes_over_the_network_into_the_database(live_server: str) -> None:
    assert (beating.send(), signs()) == (True, 1)


def test_a_site_that_does_not_answer_gets_no_sign_through(caplog: pytest.LogCaptureFixture) -> None:
    """The port is ours, but nobody serves it."""
    before, beating.PATIENCE_S = beating.PATIENCE_S, 1
    try:
        assert (beating.send(), signs()) == (False, 0)
    finally:
        beating.PATIENCE_S = before
    assert "no sign came through" in caplog.text


def test_a_sign_that_is_not_ours_is_refused(client: FlaskClient) -> None:
    for sign in ("", "forged", "IjEi.aaaa.bbbb"):
        assert client.post("/auctions/watch", headers={"X-Sign": sign}).status_code == 403
    assert signs() == 0
