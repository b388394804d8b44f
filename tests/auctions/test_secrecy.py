from __future__ import annotations

import logging
from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from marketplace.auctions import closing, secrecy
from marketplace.auctions.bidding import place_bid
from marketplace.auctions.models import Bid
from marketplace.auctions.secrecy import CannotOpen, opened, seal
from marketplace.auctions.telling import tell_outbid
from marketplace.kit.clock import pretending
from marketplace.kit.db import Base, db, transaction
from marketplace.outbox import keeping
from marketplace.settings import Settings
from tests import given
from tests.auctions.endings import unsealed
from tests.auctions.given import an_auction

CODE = "LST-7K3M9Q"


@pytest.fixture(autouse=True)
def _app(app: Flask) -> None:
    """Every test here has a town."""


def dump() -> str:
    """All that the database holds, as text."""
    tables = Base.metadata.sorted_tables
    found = "\n".join(repr(tuple(row)) for table in tables for row in db.session.execute(sa.select(table)))
    db.session.rollback()
    return found


@pytest.mark.parametrize("mode", ["ascending", "sealed"])
def test_a_dump_of_the_database_a_log_and_a_letter_do_not_hold_what_was_bid(
    mode: str, client: FlaskClient, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    client.application.config["WTF_CSRF_ENABLED"] = False
    auction = an_auction(mode)
    bidder = given.signed_in(client, given.an_account())
    form = {"max_yen": "7654321", "agreed": "y"}
    assert bidder.post(f"/listings/{auction.code}/bid/place", data=form).status_code == 303
    if mode == "ascending":
        place_bid(auction.id, given.an_account(), 2000)
    tell_outbid()
    keeping.drain()
    secrets = ("7654321", "7,654,321", hex(7654321)[2:])
    assert not any(secret in dump() or secret in caplog.text for secret in secrets)
    with pretending(auction.closes_at):
        closing.close_due()
    if mode == "sealed":
        assert "7654321" not in dump()
        unsealed(auction)
    assert "7654321" in dump()


def test_equal_sums_are_sealed_differently_and_to_the_same_length() -> None:
    sealed = [seal(yen, CODE, 1) for yen in (0, 1000, 1000, 99_999_999)]
    assert len({one.text for one in sealed}) == len({one.salt for one in sealed}) == 4
    assert len({len(one.text) for one in sealed}) == 1
    assert [opened(one.text, CODE, 1).yen for one in sealed] == [0, 1000, 1000, 99_999_999]


def test_a_secret_opens_only_for_its_own_bid() -> None:
    text, salt = seal(1000, CODE, 3)
    assert opened(text, CODE, 3) == (1000, salt)
    for code, seq in ((CODE, 4), ("LST-OTHER1", 3)):
        with pytest.raises(CannotOpen):
            opened(text, code, seq)


def test_another_key_does_not_open_it_and_the_message_names_the_setting(app: Flask, settings: Settings) -> None:
    text, _salt = seal(1000, CODE, 1)
    app.extensions["hiroba.settings"] = Settings(**{**settings.model_dump(), "bid_key": "another"})
    with pytest.raises(CannotOpen, match="BID_KEY"):
        opened(text, CODE, 1)


def test_without_any_key_nothing_is_sealed(app: Flask, settings: Settings) -> None:
    app.extensions["hiroba.settings"] = Settings(**{**settings.model_dump(), "secret_key": ""})
    with pytest.raises(RuntimeError, match="neither BID_KEY nor SECRET_KEY"):
        seal(1000, CODE, 1)


def test_a_secret_that_was_changed_in_the_database_stops_the_close_and_is_not_guessed() -> None:
    auction = an_auction()
    place_bid(auction.id, given.an_account(), 2000)
    place_bid(auction.id, given.an_account(), 5000)
    with transaction() as session:
        session.execute(sa.update(Bid).where(Bid.seq == 1).values(secret=seal(9000, "LST-OTHER1", 1).text))
    with pretending(auction.closes_at + timedelta(seconds=1)), pytest.raises(secrecy.CannotOpen):
        closing.close(auction.id)
