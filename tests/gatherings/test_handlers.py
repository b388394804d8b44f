"""Whoever closed their account takes up no seat, gets no letter, and is in no register."""

from __future__ import annotations

from marketplace.accounts.introducing import introduce
from marketplace.gatherings import booking, circulating
from marketplace.gatherings.letters import CopyState
from marketplace.gatherings.models import RsvpState
from marketplace.outbox import keeping
from marketplace.privacy import forgetting
from marketplace.relations import registering
from tests import given
from tests.chainlogs import Chain, somebody
from tests.gatherings.stage import BY, a_gathering, state
from tests.holders.stage import moved
from tests.resale.stage import custody, held_token, token


def test_a_closed_account_leaves_its_seat_and_its_agreement(hana: int, ken: int) -> None:
    event = a_gathering(seats=1)
    booking.ask(event, hana)
    booking.ask(event, ken)
    introduce(hana, "月山 花", "", "東京都")
    registering.agree(hana)
    forgetting.forget(hana)
    keeping.drain()
    assert (state(event, hana), state(event, ken)) == (RsvpState.WITHDRAWN, RsvpState.OFFERED)
    assert registering.agreed(hana) is None


def test_a_letter_that_waits_is_not_written_to_who_left(chain: Chain, hana: int) -> None:

    token_id = held_token(chain, hana)
    letter = circulating.draft("便り", "本文", [token(token_id).right_id], BY)
    circulating.send(letter, given.staff("approver"))
    moved(chain, token_id, custody(hana), somebody("friend"), 5)
    forgetting.forget(hana)
    keeping.drain()
    circulating.send_batches()
    assert circulating.log_of(letter) == {CopyState.QUEUED: 0, CopyState.PROMISED: 0, CopyState.SKIPPED: 1}
