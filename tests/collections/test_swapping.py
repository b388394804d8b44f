"""Two cards are exchanged in one call: offered, accepted by one, moved together, and told once to each."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from marketplace.accounts.models import Account
from marketplace.collections import handlers, swapping
from marketplace.collections.models import Swap, SwapState
from marketplace.holders import giving
from marketplace.kit.clock import now, pretending
from marketplace.kit.db import db, get, transaction
from marketplace.outbox import keeping
from marketplace.outbox.models import Message
from marketplace.resale import offering
from tests import given
from tests.chainlogs import Chain
from tests.collections.stage import Cards, an_offer, exchanged, mined, swap
from tests.crashing import PowerCut, rolled_back
from tests.holders.stage import mails, refusal
from tests.racing import at_once
from tests.resale.stage import calls, custody, heard, held_token, token


def test_nothing_moves_until_somebody_accepts_and_then_both_cards_do(
    chain: Chain, cards: Cards, hana: int, ken: int
) -> None:
    offered = an_offer(cards, hana)
    assert (swap(offered).state, calls("swap:")) == (SwapState.OFFERED, [])
    swapping.accept(offered, ken, cards.his)
    swapping.accept(offered, ken, cards.his)
    one, other = (f"0x{get(Account, who).custody_id}" for who in (hana, ken))
    asked = [one, cards.hers, other, cards.his]
    assert calls("swap:") == [(swap(offered).call_key, "custodian", "custodySwap", asked)]
    exchanged(chain, offered)
    assert (token(cards.hers).holder_id, token(cards.his).holder_id) == (ken, hana)
    assert swap(offered).state == SwapState.SWAPPED
    assert [mails(f"{who}@example.jp") for who in ("hana", "ken")] == [["swap_accepted", "swap_done"]] * 2


def test_news_of_a_movement_heard_again_changes_nothing(chain: Chain, cards: Cards, hana: int, ken: int) -> None:
    offered = an_offer(cards, hana)
    swapping.accept(offered, ken, cards.his)
    exchanged(chain, offered)
    bodies = list(db.session.scalars(sa.select(Message.body).where(Message.topic == "token.changed_hands")))
    for body in bodies:
        handlers.on_movement(**body)
    keeping.drain()
    assert mails("hana@example.jp") == ["swap_accepted", "swap_done"]


def test_one_card_alone_does_not_make_an_exchange(chain: Chain, cards: Cards, hana: int, ken: int) -> None:
    offered = an_offer(cards, hana)
    swapping.accept(offered, ken, cards.his)
    chain.transfer(cards.hers, custody(hana), custody(ken), 5, 0, tx="another transaction")
    chain.transfer(cards.his, custody(ken), custody(hana), 5, 1, tx="and one more")
    heard(chain, cards.hers, cards.his)
    keeping.drain()
    assert swap(offered).state == SwapState.ACCEPTED


def test_both_stay_bound_until_the_chain_has_taken_it_and_are_free_then(
    chain: Chain, cards: Cards, hana: int, ken: int
) -> None:
    offered = an_offer(cards, hana)
    swapping.accept(offered, ken, cards.his)
    for act in (
        lambda: giving.give(cards.hers, hana, "mio@example.jp"),
        lambda: offering.offer(cards.his, ken, 1_000),
        lambda: swapping.offer(cards.his, ken, cards.first, None, None, 7),
    ):
        assert refusal(act) == "swap_under_way"
    exchanged(chain, offered)
    assert refusal(lambda: giving.give(cards.hers, ken, "mio@example.jp")) == "swap_under_way"
    mined(offered)
    giving.give(cards.hers, ken, "mio@example.jp")


def test_a_chain_that_takes_the_exchange_back_keeps_both_bound_and_tells_it_once(
    chain: Chain, cards: Cards, hana: int, ken: int
) -> None:
    offered = an_offer(cards, hana)
    swapping.accept(offered, ken, cards.his)
    exchanged(chain, offered)
    chain.take_back(5)
    heard(chain, cards.hers, cards.his)
    assert (token(cards.hers).holder_id, token(cards.his).holder_id) == (hana, ken)
    assert refusal(lambda: giving.give(cards.hers, hana, "mio@example.jp")) == "swap_under_way"
    exchanged(chain, offered, block=6)
    assert (token(cards.hers).holder_id, token(cards.his).holder_id) == (ken, hana)
    assert mails("hana@example.jp") == ["swap_accepted", "swap_done"]


def test_only_what_was_asked_for_is_taken(chain: Chain, cards: Cards, hana: int, ken: int) -> None:
    offered = an_offer(cards, hana, serial=2)
    assert refusal(lambda: swapping.accept(offered, ken, cards.his)) == "card_not_wanted"
    swapping.accept(offered, ken, cards.another)
    assert swap(offered).take_token_id == cards.another


def test_an_offer_to_one_person_is_for_nobody_else_and_forgets_the_address(
    chain: Chain, cards: Cards, hana: int, ken: int
) -> None:
    stranger = given.an_account("mio@example.jp")
    theirs = held_token(chain, stranger, cards.second_listing, 3)
    offered = an_offer(cards, hana, email="　Ken＠Example.jp")
    assert mails("ken@example.jp") == ["swap_offered"]
    assert refusal(lambda: swapping.accept(offered, stranger, theirs)) == "swap_not_for_you"
    assert refusal(lambda: swapping.decline(offered, stranger)) == "swap_not_for_you"
    swapping.decline(offered, ken)
    swapping.decline(offered, ken)
    assert (swap(offered).state, swap(offered).to_email) == (SwapState.DECLINED, None)
    assert mails("hana@example.jp") == ["swap_ended"]


def test_who_declines_what_was_taken_back_before_is_told_so(chain: Chain, cards: Cards, hana: int, ken: int) -> None:
    """It said that they had declined, and that the other one was told."""
    offered = an_offer(cards, hana, email="ken@example.jp")
    swapping.withdraw(offered, hana)
    assert refusal(lambda: swapping.decline(offered, ken)) == "swap_over"
    assert swap(offered).state == SwapState.WITHDRAWN


def test_a_giver_thinks_better_of_it_and_an_offer_ends_by_itself(
    chain: Chain, cards: Cards, hana: int, ken: int
) -> None:
    first = an_offer(cards, hana)
    assert refusal(lambda: swapping.withdraw(first, ken)) == "not_yours"
    swapping.withdraw(first, hana)
    swapping.withdraw(first, hana)
    second = an_offer(cards, hana)
    with pretending(now() + timedelta(days=14, minutes=1)):
        assert refusal(lambda: swapping.accept(second, ken, cards.his)) == "swap_over"
        swapping.expire_due()
        swapping.expire_due()
    assert [swap(each).state for each in (first, second)] == [SwapState.WITHDRAWN, SwapState.EXPIRED]
    assert refusal(lambda: swapping.accept(first, ken, cards.his)) == "swap_over"
    third = an_offer(cards, hana)
    swapping.accept(third, ken, cards.his)
    assert refusal(lambda: swapping.withdraw(third, hana)) == "swap_over"


def test_what_cannot_be_offered(chain: Chain, cards: Cards, hana: int, ken: int) -> None:
    resident = held_token(chain, hana)
    right_id = token(resident).right_id
    assert [
        refusal(lambda: swapping.offer(resident, hana, cards.second, None, None, 7)),
        refusal(lambda: swapping.offer(cards.hers, hana, right_id, None, None, 7)),
        refusal(lambda: swapping.offer(cards.his, hana, cards.first, None, None, 7)),
        refusal(lambda: swapping.offer(cards.hers, hana, cards.first, None, None, 7)),
        refusal(lambda: swapping.offer(cards.hers, hana, cards.second, 9, None, 7)),
        refusal(lambda: swapping.offer(cards.hers, hana, cards.second, None, "hana@example.jp", 7)),
        refusal(lambda: swapping.accept(an_offer(cards, hana), hana, cards.hers)),
    ] == [
        *("not_a_card", "not_a_card", "not_yours", "swap_for_itself", "no_such_card"),
        *("swap_with_oneself", "swap_with_oneself"),
    ]


def test_of_many_who_accept_at_once_one_does(app: Flask, chain: Chain, cards: Cards, hana: int) -> None:
    people = [given.an_account() for _ in range(4)]
    theirs = [held_token(chain, who, cards.second_listing, 4 + n) for n, who in enumerate(people)]
    offered = an_offer(cards, hana)
    outcomes = at_once(app, 4, lambda n: swapping.accept(offered, people[n], theirs[n]))
    assert sorted(getattr(each, "code", "done") for each in outcomes) == ["done", *["swap_over"] * 3]
    assert len(calls("swap:")) == 1


def test_two_who_accept_each_others_offer_at_once_do_not_wait_for_each_other(
    app: Flask, chain: Chain, cards: Cards, hana: int, ken: int
) -> None:
    hers = an_offer(cards, hana)
    his = swapping.offer(cards.his, ken, cards.first, None, None, 14)
    asked = [(hers, ken, cards.his), (his, hana, cards.hers)]
    outcomes = at_once(app, 2, lambda n: swapping.accept(*asked[n]))
    assert [getattr(each, "code", "done") for each in outcomes] == ["swap_under_way"] * 2


def test_a_power_cut_in_the_middle_of_accepting_leaves_nothing(cards: Cards, hana: int, ken: int) -> None:
    offered = an_offer(cards, hana)
    with rolled_back(PowerCut):
        swapping.accept(offered, ken, cards.his)
    assert (swap(offered).state, calls("swap:")) == (SwapState.OFFERED, [])


def test_the_database_knows_that_a_card_is_promised_once(cards: Cards, hana: int, ken: int) -> None:
    offered = an_offer(cards, hana)
    found = swap(offered)
    same = {name: getattr(found, name) for name in ("giver_id", "give_token_id", "want_right_id", "for_one")}
    again = Swap(**same, state=SwapState.OFFERED, offered_at=now(), expires_at=now() + timedelta(days=7))
    with pytest.raises(sa.exc.IntegrityError), transaction() as session:
        session.add(again)


def test_an_exchange_offered_to_the_former_address_is_for_the_same_person(cards: Cards, hana: int, ken: int) -> None:
    offered = an_offer(cards, hana, email="ken@example.jp")
    given.readdressed(ken, "ken@new.example.jp")
    swapping.accept(offered, ken, cards.his)
    assert swap(offered).state == SwapState.ACCEPTED


def test_offices_that_hear_of_a_second_change_of_address_first_lose_no_exchange(
    cards: Cards, hana: int, ken: int
) -> None:
    offered = an_offer(cards, hana, email="ken@example.jp")
    changes = [given.moved(ken, f"ken@{where}.example.jp") for where in ("one", "two")]
    for change_id in reversed(changes):
        handlers.on_new_address(change_id)
    swapping.accept(offered, ken, cards.his)
    assert swap(offered).state == SwapState.ACCEPTED


def test_what_is_offered_to_a_mailbox_that_somebody_left_before_is_not_for_them(
    cards: Cards, hana: int, ken: int
) -> None:
    change = given.moved(ken, "ken@new.example.jp")
    offered = an_offer(cards, hana, email="ken@example.jp")
    handlers.on_new_address(change)
    assert swap(offered).to_email == "ken@example.jp"
    assert refusal(lambda: swapping.accept(offered, ken, cards.his)) == "swap_not_for_you"
