"""A holder gives a right up: asked once, revoked by the chain, and nothing else can be done with it meanwhile."""

from __future__ import annotations

import pytest

from marketplace.holders import giving, giving_up
from marketplace.kit.refusals import Refused
from marketplace.tokens.models import NOBODY, TokenState
from tests.chainlogs import Chain
from tests.holders.stage import refusal
from tests.racing import at_once
from tests.resale.stage import calls, custody, heard, held_token, token


def test_the_town_revokes_it_once(chain: Chain, hana: int) -> None:
    token_id = held_token(chain, hana)
    giving_up.give_up(token_id, hana)
    assert refusal(lambda: giving_up.give_up(token_id, hana)) == "giving_up"
    assert calls("give-up:") == [(f"give-up:{token_id}", "issuer", "revoke", [token_id, giving_up.WHY])]
    assert len(giving_up.WHY) == 66
    assert [each.token_id for each in giving_up.held_for(hana)] == [token_id]


def test_when_the_chain_has_done_it_nothing_is_held_any_more(chain: Chain, hana: int) -> None:
    token_id = held_token(chain, hana)
    giving_up.give_up(token_id, hana)
    chain.transfer(token_id, custody(hana), NOBODY, block=2)
    heard(chain, token_id)
    assert (token(token_id).state, giving_up.held_for(hana)) == (TokenState.REVOKED, [])


def test_of_another_or_bound_to_something_else_it_stays(chain: Chain, hana: int, ken: int) -> None:
    token_id = held_token(chain, hana)
    assert refusal(lambda: giving_up.give_up(token_id, ken)) == "not_yours"
    giving.give(token_id, hana, "ken@example.jp")
    assert refusal(lambda: giving_up.give_up(token_id, hana)) == "gift_under_way"
    assert calls("give-up:") == []


def test_what_is_given_up_goes_to_nobody_else(chain: Chain, hana: int) -> None:
    token_id = held_token(chain, hana)
    giving_up.give_up(token_id, hana)
    assert refusal(lambda: giving.give(token_id, hana, "ken@example.jp")) == "giving_up"


def test_pressed_twice_at_once_it_is_asked_once(chain: Chain, hana: int, app: object) -> None:
    token_id = held_token(chain, hana)
    outcomes = at_once(app, 3, lambda _: giving_up.give_up(token_id, hana))  # type: ignore[arg-type]
    assert sum(isinstance(each, Refused) for each in outcomes) == 2
    assert len(calls("give-up:")) == 1


@pytest.mark.parametrize("transferable", [True, False])
def test_what_can_never_be_passed_on_can_be_given_up(chain: Chain, hana: int, transferable: bool) -> None:
    token_id = held_token(chain, hana, transferable=transferable)
    giving_up.give_up(token_id, hana)
    assert len(calls("give-up:")) == 1
