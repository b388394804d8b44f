"""Why something that the chain was asked for takes longer than it does by itself: for the pages of whoever waits."""

from __future__ import annotations

from collections.abc import Collection
from enum import StrEnum

import sqlalchemy as sa

from marketplace.chain.models import Alarm, Call, CallState, Trouble
from marketplace.chain.register import held_back
from marketplace.kit.db import db


class Delay(StrEnum):
    """What is waited for. templates/_delay.html says the rest of it."""

    PARKED = "parked"
    """The chain would not have it after several tries: staff see it on their sheet of today and send it again."""
    PAUSED = "paused"
    """The town has paused the contract: it goes out by itself when that goes on."""
    AWAY = "away"
    """The chain has not answered for so long that staff know: it goes its way by itself when the chain is back."""

    @property
    def ja(self) -> str:
        return DELAY_JA[self]


DELAY_JA = {
    Delay.PARKED: "役場の確認を待っています",
    Delay.PAUSED: "記録の再開を待っています",
    Delay.AWAY: "記録の再開を待っています",
}
AWAY = sa.exists().where(Alarm.trouble.in_((Trouble.IDENTITY, Trouble.READING, Trouble.SENDING)))


def delays(keys: Collection[str]) -> dict[str, Delay]:
    """Of what was promised under these keys, what does not go its way by itself now."""
    held = held_back().label("held")
    waits = sa.or_(Call.state == CallState.PARKED, sa.and_(Call.state == CallState.QUEUED, held), AWAY)
    found = db.session.execute(sa.select(Call.key, Call.state, held).where(Call.key.in_(keys), waits)) if keys else ()
    return {key: _why(state, held) for key, state, held in found}


def _why(state: CallState, held: bool) -> Delay:
    if state == CallState.PARKED:
        return Delay.PARKED
    return Delay.PAUSED if held and state == CallState.QUEUED else Delay.AWAY


def delay(key: str) -> Delay | None:
    return delays([key]).get(key)
