"""Of two hands that press at the same moment one moves a gift, and a death on the way leaves nothing half done."""

from __future__ import annotations

import sqlalchemy as sa
from flask import Flask

from marketplace.accounts.models import Account
from marketplace.holders import giving
from marketplace.holders.models import GiftState
from marketplace.kit.db import db
from marketplace.kit.refusals import Refused
from marketplace.outbox import keeping
from marketplace.resale import offering
from tests.chainlogs import Chain
from tests.crashing import PowerCut, rolled_back
from tests.holders.stage import TARO, gift, mails, the_link
from tests.racing import at_once
from tests.resale.stage import calls, held_token


def test_two_hands_that_accept_at_once_move_it_once(app: Flask, chain: Chain, hana: int, ken: int) -> None:
    gift_id = giving.give(held_token(chain, hana), hana, "ken@example.jp")
    assert at_once(app, 4, lambda _: giving.accept(gift_id, ken)) == [None] * 4
    assert len(calls("gift:")) == 1


def test_of_a_newcomers_presses_at_once_one_makes_the_account(app: Flask, chain: Chain, hana: int) -> None:
    giving.give(held_token(chain, hana), hana, TARO)
    link = the_link()
    found = at_once(app, 4, lambda _: giving.accept_by_link(link))
    codes = sorted(outcome.code if isinstance(outcome, Refused) else "accepted" for outcome in found)
    accounts = db.session.scalar(sa.select(sa.func.count()).select_from(Account).where(Account.email == TARO))
    assert (codes, accounts, len(calls("gift:"))) == (["accepted", *["gift_over"] * 3], 1, 1)


def test_an_answer_and_its_undoing_at_once_end_in_one_of_them(app: Flask, chain: Chain, hana: int, ken: int) -> None:
    token_id = held_token(chain, hana)
    gift_id = giving.give(token_id, hana, "ken@example.jp")
    acts = (lambda: giving.accept(gift_id, ken), lambda: giving.withdraw(token_id, hana))
    found = at_once(app, 2, lambda number: acts[number]())
    state = gift(gift_id).state
    assert [getattr(each, "code", None) for each in found].count("gift_over") == 1
    assert (state, len(calls("gift:"))) in [(GiftState.ACCEPTED, 1), (GiftState.WITHDRAWN, 0)]


def test_of_a_gift_and_an_offer_at_once_one_is_refused(app: Flask, chain: Chain, hana: int) -> None:
    token_id = held_token(chain, hana)
    acts = (lambda: giving.give(token_id, hana, TARO), lambda: offering.offer(token_id, hana, 5_000))
    found = at_once(app, 2, lambda number: acts[number]())
    refused = [each.code for each in found if isinstance(each, Refused)]
    assert (len(refused), set(refused) <= {"already_offered", "gift_under_way"}) == (1, True)


def test_a_death_before_the_end_leaves_nothing_half_done(chain: Chain, hana: int, ken: int) -> None:
    gift_id = giving.give(held_token(chain, hana), hana, "ken@example.jp")
    with rolled_back(PowerCut):
        giving.accept(gift_id, ken)
    keeping.drain()
    assert (gift(gift_id).state, calls("gift:"), mails("hana@example.jp")) == (GiftState.OFFERED, [], [])
    giving.accept(gift_id, ken)
    assert len(calls("gift:")) == 1
