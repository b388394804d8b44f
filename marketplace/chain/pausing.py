"""Stop the contracts that can be stopped, and start them again: all of them together, since a right that cannot be
issued or moved should neither be used nor offered.

The pauser's key stops, and only the town's starts again. What waits meanwhile is held back before it is signed
(drafts.py), from the moment in which the pause is promised; a call that was already on its way is refused by the
contract once, and then waits as well. Nothing of it needs a person when all goes on.
"""

from __future__ import annotations

from collections.abc import Callable

import sqlalchemy as sa

from marketplace.chain import awaiting, contract, identity, register, sending
from marketplace.chain.contract import STOPPED
from marketplace.chain.models import Call, CallState, Contract
from marketplace.chain.node import node
from marketplace.journal.writing import note
from marketplace.kit.clock import now
from marketplace.kit.db import db, let_go, transaction
from marketplace.kit.refusals import Rejected
from marketplace.settings import settings

Told = Callable[[str], None]


def pause(tell: Told) -> None:
    """Nothing is issued, moved, used or offered from now on. Again after whatever stopped it. Raises Unavailable,
    Rejected where the pauser's key may not, or somebody else starts them again."""
    _call("pause", "pauser", wanted=True)
    for name in STOPPED:
        tell(f"{name}: paused")


def unpause(tell: Told) -> None:
    """Everything goes on, and what was held back goes out. Raises as pause()."""
    _call("unpause", "town", wanted=False)
    with transaction() as session:
        let_on = sa.update(Contract).where(Contract.chain_id == settings().chain_id, Contract.paused_at.is_not(None))
        if session.scalars(let_on.values(paused_at=None).returning(Contract.name)).all():
            note("chain:contracts", "unpause_contracts")
    for name in STOPPED:
        tell(f"{name}: goes on")


def is_paused(name: str) -> bool:
    """What the contract itself says. Raises Unavailable."""
    address = register.address_of(name)
    let_go()
    answer = node().call(address, address, contract.call(name, "paused", []))
    return bool(contract.result(name, "paused", answer)[0])


def _call(function: str, role: str, *, wanted: bool) -> None:
    identity.confirm()
    others = [name for name in STOPPED if is_paused(name) is not wanted]
    with transaction() as session:
        if wanted:
            held = sa.update(Contract).where(Contract.chain_id == settings().chain_id, Contract.paused_at.is_(None))
            stopped = held.where(Contract.name.in_(STOPPED)).values(paused_at=now()).returning(Contract.name)
            if session.scalars(stopped).all():
                note("chain:contracts", "pause_contracts")
        keys = [_key(function, name) for name in others]
        for name, key in zip(others, keys, strict=True):
            sending.promise(key, role, name, function, [])
    if keys:
        awaiting.until_mined(f"the contracts do not {function}", *keys)
    if wrong := [name for name in STOPPED if is_paused(name) is not wanted]:
        raise Rejected(
            f"{', '.join(wrong)}: {'not paused' if wanted else 'paused'} all the same: somebody else calls them"
        )


def _key(function: str, name: str) -> str:
    """The same until it is mined, and then another one: a contract is paused more than once in its life."""
    start = f"{function}:{settings().chain_id}:{name}:"
    done = sa.select(sa.func.count()).where(Call.key.startswith(start), Call.state == CallState.MINED)
    return f"{start}{db.session.scalar(done)}"
