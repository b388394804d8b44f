"""What a bank objects to is not for sale, where the town put it up for sale for whoever paid."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask

from marketplace.accounts.models import Account
from marketplace.kit.clock import now
from marketplace.kit.db import get
from marketplace.outbox import keeping
from marketplace.payments import disputing
from marketplace.payments.asking import ask
from marketplace.payments.stripe import Objection
from marketplace.resale import offering
from marketplace.tokens.custody import custody_of
from tests import given
from tests.chainlogs import Chain
from tests.racing import at_once
from tests.resale.stage import calls, custody, heard, held_token, request, token


@pytest.fixture
def payer(app: Flask) -> int:
    return given.an_account("payer@example.jp")


def paid(token_id: int) -> int:
    pages = ("http://127.0.0.1/paid", "http://127.0.0.1/cancelled")
    order = token(token_id).order_code
    return ask(f"order:{order}", 3_000, "A right", "payer@example.jp", *pages, now() + timedelta(hours=1))


def objected(payment_id: int, status: str = "needs_response") -> None:
    """The bank objects, and everybody has heard."""
    at = int(now().timestamp())
    disputing.keep(payment_id, Objection("dp_1", status, "fraudulent", 3_000, at, at + 86_400, "pi_1"))
    keeping.drain()


def test_an_offer_is_taken_back_once_when_the_payment_is_disputed(chain: Chain, payer: int) -> None:
    token_id = held_token(chain, payer)
    payment_id, offer_id = paid(token_id), offering.offer(token_id, payer, 5_000)
    chain.listed(token_id, custody(payer), 5_000, block=2, number=1, expires=request(offer_id).expires_at)
    heard(chain, token_id)
    objected(payment_id)
    objected(payment_id, "under_review")
    account = "0x" + get(Account, payer).custody_id
    assert calls(f"offer:{offer_id}:cancel") == [
        (f"offer:{offer_id}:cancel", "custodian", "cancelFor", [account, token_id])
    ]
    assert request(offer_id).withdrawn_at is not None


def test_an_offer_that_is_still_on_its_way_is_taken_back_behind_it(chain: Chain, payer: int) -> None:
    token_id = held_token(chain, payer)
    payment_id, offer_id = paid(token_id), offering.offer(token_id, payer, 5_000)
    objected(payment_id)
    assert [function for _, _, function, _ in calls("offer:")] == ["custodyApprove", "listFor", "cancelFor"]
    assert request(offer_id).withdrawn_at is not None


def test_an_inquiry_that_was_closed_before_we_heard_of_it_takes_nothing_back(chain: Chain, payer: int) -> None:
    token_id = held_token(chain, payer)
    payment_id, offer_id = paid(token_id), offering.offer(token_id, payer, 5_000)
    objected(payment_id, "warning_closed")
    assert (calls(f"offer:{offer_id}:cancel"), request(offer_id).withdrawn_at) == ([], None)


def test_who_bought_it_in_good_faith_goes_on_selling_it(chain: Chain, payer: int) -> None:
    token_id, buyer = held_token(chain, payer), given.an_account("buyer@example.jp")
    payment_id = paid(token_id)
    custody_of_buyer = custody_of(buyer)
    chain.transfer(token_id, custody(payer), custody_of_buyer, block=2)
    heard(chain, token_id)
    offer_id = offering.offer(token_id, buyer, 5_000)
    objected(payment_id)
    assert (calls(f"offer:{offer_id}:cancel"), request(offer_id).withdrawn_at) == ([], None)


def test_of_an_offer_and_an_objection_at_once_nothing_stays_for_sale(app: Flask, chain: Chain, payer: int) -> None:
    token_id = held_token(chain, payer)
    payment_id = paid(token_id)

    def act(number: int) -> None:
        if number:
            objected(payment_id)
        else:
            offering.offer(token_id, payer, 5_000)

    at_once(app, 2, act)
    keeping.drain()
    asked = offering.open_request(token_id)
    assert asked is None or asked.withdrawn_at is not None
