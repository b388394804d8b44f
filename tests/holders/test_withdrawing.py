"""A right leaves our custody for a proved wallet after a time to think; and comes back when it is sent back."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from marketplace.accounts.models import Account
from marketplace.holders import giving, withdrawing
from marketplace.holders.models import WithdrawalState
from marketplace.kit.clock import now, pretending
from marketplace.kit.db import get
from marketplace.kit.refusals import Refused
from marketplace.resale import offering
from marketplace.settings import Settings
from marketplace.tokens.models import NOBODY
from tests import given
from tests.chainlogs import Chain
from tests.crashing import PowerCut, rolled_back
from tests.holders.stage import arrived, mails, moved, paid_and, proved, refusal, withdrawal
from tests.racing import at_once
from tests.resale.stage import calls, custody, held_token, token
from tests.wallets import OwnWallet

HANA = OwnWallet("hana")
LATER = timedelta(hours=25)


@pytest.fixture
def wallet(chain: Chain, hana: int) -> int:
    return proved(hana, HANA)


def test_nothing_moves_before_the_time_is_over(chain: Chain, hana: int, wallet: int) -> None:
    withdrawal_id = withdrawing.ask(held_token(chain, hana), hana, wallet)
    withdrawing.release_due()
    assert (withdrawal(withdrawal_id).state, calls("withdrawal:")) == (WithdrawalState.COOLING, [])
    assert mails("hana@example.jp") == ["wallet_proved", "withdrawal_asked"]


def test_then_the_custodian_moves_it_once(chain: Chain, hana: int, wallet: int) -> None:
    token_id = held_token(chain, hana)
    asked = withdrawal(withdrawing.ask(token_id, hana, wallet))
    with pretending(now() + LATER):
        for _ in range(3):
            withdrawing.release_due()
    own = "0x" + get(Account, hana).custody_id
    assert calls("withdrawal:") == [
        (asked.call_key, "custodian", "custodyTransfer", [own, HANA.address, token_id]),
    ]
    arrived(chain, token_id, hana, HANA.address)
    row = token(token_id)
    assert (withdrawal(asked.id).state, row.holder_address, row.holder_id) == (WithdrawalState.DONE, HANA.address, None)
    assert mails("hana@example.jp") == ["wallet_proved", "withdrawal_asked", "withdrawal_done"]


def test_sent_back_to_the_custody_it_is_kept_by_the_town_again(chain: Chain, hana: int, wallet: int) -> None:
    token_id = held_token(chain, hana)
    withdrawing.ask(token_id, hana, wallet)
    with pretending(now() + LATER):
        withdrawing.release_due()
    arrived(chain, token_id, hana, HANA.address)
    moved(chain, token_id, HANA.address, custody(hana), block=6)
    assert token(token_id).holder_id == hana
    offering.offer(token_id, hana, 5_000)


def test_it_can_be_cancelled_until_then_and_not_after(chain: Chain, hana: int, wallet: int) -> None:
    token_id = held_token(chain, hana)
    first = withdrawing.ask(token_id, hana, wallet)
    for _ in range(2):
        withdrawing.cancel(token_id, hana)
    assert withdrawal(first).state == WithdrawalState.CANCELLED
    withdrawing.ask(token_id, hana, wallet)
    with pretending(now() + LATER):
        withdrawing.release_due()
        assert refusal(lambda: withdrawing.cancel(token_id, hana)) == "withdrawal_too_late"


def test_somebody_elses_is_neither_asked_nor_cancelled(chain: Chain, hana: int, ken: int, wallet: int) -> None:
    token_id = held_token(chain, hana)
    assert refusal(lambda: withdrawing.ask(token_id, ken, wallet)) == "not_yours"
    withdrawing.ask(token_id, hana, wallet)
    assert refusal(lambda: withdrawing.cancel(token_id, ken)) == "not_yours"


def test_only_a_wallet_that_one_proved_oneself_will_do(chain: Chain, hana: int, ken: int) -> None:
    of_ken = proved(ken, OwnWallet("ken"))
    token_id = held_token(chain, hana)
    assert [refusal(lambda id_=id_: withdrawing.ask(token_id, hana, id_)) for id_ in (of_ken, 0)] == [  # type: ignore[misc]
        "wallet_not_proved"
    ] * 2


def test_while_listed_given_or_asked_for_before_it_is_refused(chain: Chain, hana: int, wallet: int) -> None:
    listed, given_away, twice = (held_token(chain, hana) for _ in range(3))
    offering.offer(listed, hana, 5_000)
    giving.give(given_away, hana, "taro@example.jp")
    withdrawing.ask(twice, hana, wallet)
    assert [refusal(lambda id_=id_: withdrawing.ask(id_, hana, wallet)) for id_ in (listed, given_away, twice)] == [  # type: ignore[misc]
        "already_offered",
        "gift_under_way",
        "withdrawal_under_way",
    ]
    assert refusal(lambda: offering.offer(twice, hana, 5_000)) == "withdrawal_under_way"
    assert refusal(lambda: giving.give(twice, hana, "taro@example.jp")) == "withdrawal_under_way"


@pytest.mark.parametrize(
    ("right", "code"),
    [
        ({"kind": "certificate"}, "not_transferable"),
        ({"tradable_from": given.in_days(30)}, "not_yet_transferable"),
    ],
    ids=["certificate", "locked until the date"],
)
def test_the_rights_own_rule_is_kept(chain: Chain, hana: int, wallet: int, right: dict[str, Any], code: str) -> None:
    token_id = held_token(chain, hana, **right)
    assert refusal(lambda: withdrawing.ask(token_id, hana, wallet)) == code


def test_a_dispute_keeps_it_here_and_also_one_that_comes_while_it_waits(chain: Chain, hana: int, wallet: int) -> None:
    disputed, waiting = held_token(chain, hana), held_token(chain, hana)
    paid_and(disputed, dispute="needs_response")
    assert refusal(lambda: withdrawing.ask(disputed, hana, wallet)) == "payment_disputed"
    withdrawal_id = withdrawing.ask(waiting, hana, wallet)
    paid_and(waiting, dispute="needs_response")
    with pretending(now() + LATER):
        withdrawing.release_due()
    assert (withdrawal(withdrawal_id).state, calls("withdrawal:")) == (WithdrawalState.COOLING, [])


def test_a_revoked_right_goes_nowhere(chain: Chain, hana: int, wallet: int) -> None:
    token_id = held_token(chain, hana)
    withdrawal_id = withdrawing.ask(token_id, hana, wallet)
    moved(chain, token_id, custody(hana), NOBODY, block=4)
    assert withdrawal(withdrawal_id).state == WithdrawalState.VOID


def test_released_by_several_workers_at_once_it_moves_once(app: Flask, chain: Chain, hana: int, wallet: int) -> None:
    withdrawal_id = withdrawing.ask(held_token(chain, hana), hana, wallet)

    with pretending(now() + LATER):
        ends = at_once(app, 3, lambda _: withdrawing.release(withdrawal_id))
    assert (ends, len(calls("withdrawal:"))) == ([None] * 3, 1)


def test_a_cancellation_and_the_release_at_once_end_in_one(app: Flask, chain: Chain, hana: int, wallet: int) -> None:
    token_id = held_token(chain, hana)
    withdrawal_id = withdrawing.ask(token_id, hana, wallet)

    def act(number: int) -> None:
        withdrawing.release(withdrawal_id) if number else withdrawing.cancel(token_id, hana)

    with pretending(now() + LATER):
        found = at_once(app, 2, act)
    late = [each for each in found if isinstance(each, Refused)]
    assert (withdrawal(withdrawal_id).state, len(late), len(calls("withdrawal:"))) in [
        (WithdrawalState.CANCELLED, 0, 0),
        (WithdrawalState.MOVING, 1, 1),
    ]


def test_a_death_before_the_end_leaves_nothing_half_done(chain: Chain, hana: int, wallet: int) -> None:
    withdrawal_id = withdrawing.ask(held_token(chain, hana), hana, wallet)
    with pretending(now() + LATER):
        with rolled_back(PowerCut):
            withdrawing.release(withdrawal_id)
        assert (withdrawal(withdrawal_id).state, calls("withdrawal:")) == (WithdrawalState.COOLING, [])
        withdrawing.release(withdrawal_id)
    assert len(calls("withdrawal:")) == 1


class TestWithoutWaiting:
    """A town may decide that nobody has to wait."""

    @pytest.fixture
    def settings(self, settings: Settings) -> Settings:
        return settings.model_copy(update={"withdrawal_cooling_hours": 0})

    def test_it_is_released_at_once(self, chain: Chain, hana: int, wallet: int) -> None:
        withdrawal_id = withdrawing.ask(held_token(chain, hana), hana, wallet)
        withdrawing.release_due()
        assert withdrawal(withdrawal_id).state == WithdrawalState.MOVING
