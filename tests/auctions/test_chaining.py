from __future__ import annotations

import copy
from contextlib import suppress
from hashlib import sha256

import pytest
from flask import Flask

from marketplace.auctions import chaining, closing
from marketplace.auctions.bidding import place_bid
from marketplace.auctions.logs import bids_of, leaves, log_of
from marketplace.auctions.refusals import BelowMinimum
from marketplace.auctions.replay import replay
from marketplace.kit.clock import pretending
from marketplace.kit.db import db
from marketplace.kit.published import Malformed
from tests import given
from tests.auctions.endings import unsealed
from tests.auctions.given import an_auction


def test_the_chain_is_as_the_document_says() -> None:
    bid = {"t": 30, "bidder": "01", "max": 1204, "salt": "00" * 16}
    assert chaining.line(False, 30, "01", 1, 1204, "00" * 16) == bid
    begin = sha256(b"bids-v1LST-7K3M9Q").digest()
    leaf = sha256(b'\0{"bidder":"01","max":1204,"salt":"' + b"00" * 16 + b'","t":30}').digest()
    assert chaining.head_of("LST-7K3M9Q", []) == begin
    assert chaining.head_of("LST-7K3M9Q", [bid]) == sha256(b"\2" + begin + leaf).digest()


@pytest.mark.parametrize("mode", ["ascending", "sealed"])
def test_the_end_of_the_chain_that_was_public_is_the_one_of_the_published_log(app: Flask, mode: str) -> None:
    auction = an_auction(mode)
    heads = [auction.head]
    for yen in (5000, 9000, 999, 20_000):
        with suppress(BelowMinimum):  # it is in the chain too
            place_bid(auction.id, given.an_account(), yen)
        public = bids_of(auction.code)
        assert public is not None
        heads.append(public["head"])
        assert public["arrivals"] == len(heads) - 1
    with pretending(auction.closes_at):
        closing.close_due()
        if mode == "sealed":
            unsealed(auction)
        db.session.refresh(auction)
        log = log_of(auction)
    assert heads == [chaining.head_of(auction.code, log["bids"][:n]).hex() for n in range(5)]
    assert log["head"] == heads[-1]
    assert leaves(auction) == [chaining.leaf(bid) for bid in log["bids"]]


def test_a_log_in_which_anything_was_changed_is_refused(app: Flask) -> None:
    auction = an_auction()
    for yen in (5000, 9000, 20_000):
        place_bid(auction.id, given.an_account(), yen)
    with pretending(auction.closes_at):
        closing.close_due()
        db.session.refresh(auction)
        log = log_of(auction)
    assert replay(log)["price"] == 9250
    changed = [copy.deepcopy(log) for _ in range(5)]
    changed[0]["bids"][1]["max"] = 9001
    changed[1]["bids"].pop()
    changed[2]["bids"][0]["salt"] = "00" * 16
    changed[3]["bids"].reverse()
    changed[4]["listing"] = "LST-OTHER1"
    for each in changed:
        with pytest.raises(Malformed, match="head is not the end of the chain of these bids"):
            replay(each)
