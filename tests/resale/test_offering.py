"""Who may offer what at which price, and what the chain is asked to do for them."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from marketplace.accounts.models import Account
from marketplace.chain import contract
from marketplace.chain.models import Call, CallState
from marketplace.journal.models import Entry
from marketplace.kit.clock import JST, now, pretending
from marketplace.kit.db import db, get, transaction
from marketplace.kit.refusals import Refused
from marketplace.resale import offering, recording
from marketplace.resale.models import OfferRequest, RequestState
from marketplace.resale.rules import (
    AlreadyOffered,
    BadPrice,
    MarketNotReady,
    NeverTransferable,
    NotOffered,
    NotTheHolder,
    NotYetTradable,
    royalty,
)
from tests import given
from tests.chainlogs import Chain, somebody
from tests.racing import at_once
from tests.resale.stage import calls, custody, heard, held_token, request, token


@pytest.fixture
def seller(app: Flask) -> int:
    return given.an_account("seller@example.jp")


def refusal(token_id: int, account_id: int, price: int = 5_000) -> Refused:
    with pytest.raises(Refused) as caught:
        offering.offer(token_id, account_id, price)
    return caught.value


def test_an_offer_asks_the_custodian_to_approve_and_to_list(chain: Chain, seller: int) -> None:
    token_id = held_token(chain, seller)
    request_id = offering.offer(token_id, seller, 5_000)
    account_id = "0x" + get(Account, seller).custody_id
    market = db.session.scalar(sa.text("SELECT address FROM chain_contracts WHERE name = 'ResaleMarket'"))
    until = int(request(request_id).expires_at.timestamp())
    asked = calls("offer:")
    assert asked == [
        (f"offer:{request_id}:approve", "custodian", "custodyApprove", [account_id, market, token_id]),
        (f"offer:{request_id}:list", "custodian", "listFor", [account_id, token_id, 5_000, until]),
    ]
    assert contract.data("ResaleMarket", "listFor", asked[1][3])[:4] == contract.selector(
        contract.artifact("ResaleMarket").functions["listFor"]
    )


def test_only_the_holder_may_offer(chain: Chain, seller: int) -> None:
    found = refusal(held_token(chain, seller), given.an_account())
    assert (type(found), found.status) == (NotTheHolder, 403)


def test_what_left_our_custody_is_offered_elsewhere(chain: Chain, seller: int) -> None:
    token_id = held_token(chain, seller)
    chain.transfer(token_id, custody(seller), somebody("own wallet"), block=2)
    heard(chain, token_id)
    assert type(refusal(token_id, seller)) is NotTheHolder


def test_a_certificate_stays_with_its_holder(chain: Chain, seller: int) -> None:
    token_id = held_token(chain, seller, kind="certificate", mode="grant")
    assert type(refusal(token_id, seller)) is NeverTransferable


def test_before_its_date_nothing_is_offered_and_the_date_is_named(chain: Chain, seller: int) -> None:
    tradable = datetime(2026, 12, 1, 10, tzinfo=JST)
    with pretending(datetime(2026, 11, 25, tzinfo=JST)):
        token_id = held_token(chain, seller, tradable_from=tradable)
        found = refusal(token_id, seller)
    assert (type(found), str(found)) == (
        NotYetTradable,
        "この権利を売りに出せるのは、12月1日(火) 午前10時00分からです。",
    )
    with pretending(tradable):
        assert request(offering.offer(token_id, seller, 5_000)).state == RequestState.ASKED


@pytest.mark.parametrize(
    ("price", "words"), [(49, "価格は50円以上にしてください。"), (10**8, "価格は99,999,999円以下にしてください。")]
)
def test_a_price_out_of_range_is_refused_beside_its_field(chain: Chain, seller: int, price: int, words: str) -> None:
    found = refusal(held_token(chain, seller), seller, price)
    assert (type(found), str(found), found.field, found.status) == (BadPrice, words, "price_yen", 422)


@pytest.mark.parametrize("price", [50, 99_999_999])
def test_the_limits_of_a_price_may_be_asked(chain: Chain, seller: int, price: int) -> None:
    assert request(offering.offer(held_token(chain, seller), seller, price)).price_yen == price


def test_what_is_offered_is_not_offered_again(chain: Chain, seller: int) -> None:
    token_id = held_token(chain, seller)
    offering.offer(token_id, seller, 5_000)
    assert type(refusal(token_id, seller, 4_000)) is AlreadyOffered


def test_without_a_market_contract_nothing_is_offered(chain: Chain, seller: int) -> None:
    token_id = held_token(chain, seller)
    with transaction() as session:
        session.execute(sa.text("DELETE FROM chain_contracts WHERE name = 'ResaleMarket'"))
    assert type(refusal(token_id, seller)) is MarketNotReady


def test_of_two_clicks_at_once_one_offers(app: Flask, chain: Chain, seller: int) -> None:
    token_id = held_token(chain, seller)
    outcomes = at_once(app, 4, lambda number: offering.offer(token_id, seller, 5_000 + number))
    kinds = sorted(type(outcome).__name__ for outcome in outcomes)
    assert (kinds, len(calls("offer:"))) == (["AlreadyOffered"] * 3 + ["int"], 2)


def test_the_chains_answer_puts_the_offer_up(chain: Chain, seller: int) -> None:
    token_id = held_token(chain, seller)
    asked = request(offering.offer(token_id, seller, 5_000))
    chain.listed(token_id, custody(seller), 5_000, block=2, number=1, expires=asked.expires_at)
    heard(chain, token_id)
    assert request(asked.id).state == RequestState.LISTED


def test_a_strangers_offer_of_the_same_price_is_not_taken_for_ours(chain: Chain, seller: int) -> None:
    token_id = held_token(chain, seller)
    asked = request(offering.offer(token_id, seller, 5_000))
    chain.listed(token_id, somebody("stranger"), 5_000, block=2, number=1, expires=asked.expires_at)
    heard(chain, token_id)
    assert request(asked.id).state == RequestState.ASKED


def test_taking_back_asks_once_and_ends_with_the_chains_answer(chain: Chain, seller: int) -> None:
    token_id = held_token(chain, seller)
    asked = request(offering.offer(token_id, seller, 5_000))
    chain.listed(token_id, custody(seller), 5_000, block=2, number=1, expires=asked.expires_at)
    heard(chain, token_id)
    offering.withdraw_offer(token_id, seller)
    offering.withdraw_offer(token_id, seller)
    account_id = "0x" + get(Account, seller).custody_id
    cancel = (f"offer:{asked.id}:cancel", "custodian", "cancelFor", [account_id, token_id])
    assert calls(f"offer:{asked.id}:cancel") == [cancel]
    notes = sa.select(sa.func.count()).where(Entry.subject == token(token_id).subject, Entry.event == "withdraw_offer")
    assert db.session.scalar(notes) == 1
    chain.cancelled(token_id, block=3, number=1)
    heard(chain, token_id)
    assert request(asked.id).state == RequestState.ENDED


def test_after_taking_back_a_new_price_can_be_asked(chain: Chain, seller: int) -> None:
    token_id = held_token(chain, seller)
    first = request(offering.offer(token_id, seller, 5_000))
    chain.listed(token_id, custody(seller), 5_000, block=2, number=1, expires=first.expires_at)
    chain.cancelled(token_id, block=3, number=1)
    heard(chain, token_id)
    second = request(offering.offer(token_id, seller, 5_000))
    assert (second.expires_at > first.expires_at, second.state) == (True, RequestState.ASKED)


def test_taking_back_what_is_not_offered_is_refused(chain: Chain, seller: int) -> None:
    token_id = held_token(chain, seller)
    with pytest.raises(NotOffered):
        offering.withdraw_offer(token_id, seller)
    offering.offer(token_id, seller, 5_000)
    with pytest.raises(NotTheHolder):
        offering.withdraw_offer(token_id, given.an_account())


def test_an_offer_that_the_chain_would_not_have_can_be_asked_again(chain: Chain, seller: int) -> None:
    token_id = held_token(chain, seller)
    first = offering.offer(token_id, seller, 5_000)
    with transaction() as session:
        session.execute(
            sa.update(Call).where(Call.key == f"offer:{first}:list").values(state=CallState.PARKED, error="Paused()")
        )
    recording.fail_parked()
    recording.fail_parked()
    second = offering.offer(token_id, seller, 5_000)
    assert (request(first).state, request(second).state) == (RequestState.FAILED, RequestState.ASKED)


def test_an_offer_ends_by_itself_after_a_year(chain: Chain, seller: int) -> None:
    token_id = held_token(chain, seller)
    asked = request(offering.offer(token_id, seller, 5_000))
    chain.listed(token_id, custody(seller), 5_000, block=2, number=1, expires=asked.expires_at)
    heard(chain, token_id)
    recording.expire_due()
    before = request(asked.id).state
    with pretending(now() + timedelta(days=365, seconds=1)):
        recording.expire_due()
    assert (before, request(asked.id).state) == (RequestState.LISTED, RequestState.ENDED)


def test_a_rollback_of_the_end_waits_while_a_newer_request_is_open(chain: Chain, seller: int) -> None:
    token_id = held_token(chain, seller)
    first = request(offering.offer(token_id, seller, 5_000))
    chain.listed(token_id, custody(seller), 5_000, block=2, number=1, expires=first.expires_at)
    chain.cancelled(token_id, block=3, number=1)
    heard(chain, token_id)
    second = offering.offer(token_id, seller, 6_000)
    chain.take_back(3)
    heard(chain, token_id)
    states = {row.id: row.state for row in db.session.scalars(sa.select(OfferRequest))}
    assert states == {first.id: RequestState.ENDED, second: RequestState.ASKED}


def test_an_offer_that_the_chain_took_back_is_on_its_way_again(chain: Chain, seller: int) -> None:
    token_id = held_token(chain, seller)
    asked = request(offering.offer(token_id, seller, 5_000))
    chain.listed(token_id, custody(seller), 5_000, block=2, number=1, expires=asked.expires_at)
    heard(chain, token_id)
    chain.take_back(2)
    heard(chain, token_id)
    assert (request(asked.id).state, offering.live_offer(token_id)) == (RequestState.ASKED, None)


@pytest.mark.parametrize(("price", "share"), [(5_000, 250), (50, 2), (99, 4), (0, 0)])
def test_the_royalty_is_rounded_down_as_in_the_contract(price: int, share: int) -> None:
    assert royalty(price, 500) == share


def test_the_token_is_still_the_sellers_while_it_is_offered(chain: Chain, seller: int) -> None:
    token_id = held_token(chain, seller)
    offering.offer(token_id, seller, 5_000)
    assert token(token_id).holder_id == seller
