"""Another key for a role: when one has leaked, or when its time is over.

1. The new key is made, or named by the settings where a service signs; its lane is announced.
2. The town's key gives it the role, in each contract that has it. Until that is mined, nothing else changes.
3. In one transaction the new lane serves and the old one leaves: what waits, and what comes, is signed by the new key
   from now on. With it the old key's roles are promised to be taken.
4. Once they are, as deep in the chain as the town wants it, nothing that the old key signed can do anything any more.
   What of it was mined before counts; the calls of the rest wait again, for the new key. So no call is lost, and none
   is done twice: each is bound to one transaction until that has an end.
5. The old file is set aside, and its lane is retired.

Until step 3 the new key can be given up: it leaves instead of the old one, its roles are promised to be taken, and
steps 4 and 5 are its own. After step 3 the way out is another new key, for which neither of the two is needed.

Where it stands is in the books, so that whoever runs it again goes on where it was. A process that sends meanwhile
finds the lane that it signs for gone, stores nothing, and begins its round again with the new one.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import sqlalchemy as sa

from marketplace.chain import awaiting, identity, keys, register, sending, settling
from marketplace.chain.deploying import ROLES, may, role_id
from marketplace.chain.models import Call, CallState, Lane, LaneState
from marketplace.chain.node import node
from marketplace.journal.writing import move, note
from marketplace.kit.db import db, insert_once, let_go, lock, transaction, writing
from marketplace.kit.refusals import Rejected, Unavailable
from marketplace.settings import settings

WORKING = sorted({who for _, _, who in ROLES})
"""Roles whose key can be replaced. The town's own gives the roles, and changes hands by the contracts' rules alone."""

NEVER = 2**62
"""A nonce that no account comes to: what is signed with it can't be sent."""

Told = Callable[[str], None]


class Known(NamedTuple):
    id: int
    signer: str


def rekey(role: str, tell: Told) -> None:
    """Replace the key of `role`, or go on where that was left. `tell` hears a line for each step.

    Raises Unavailable, and Rejected: no such role, a key that does not sign or was used before, a town's key that may
    not give roles.
    """
    known = _replaceable(role)
    if LaneState.LEAVING not in known:
        new = known.get(LaneState.ANNOUNCED) or _announced(role, known[LaneState.SERVING])
        try:
            _see_that_it_signs(role, new.signer)
        except Rejected as mute:
            way_out = f"python -m marketplace rekey {role} --abandon"
            raise Rejected(f"{mute}. Where it can't be had any more, give this new key up: {way_out}") from mute
        tell(f"{role}: {new.signer} is the new key")
        if _is_poor(new.signer):
            tell(f"{role}: send {new.signer} some of the chain's coin now: without it, it can send nothing")
        _give_the_roles(role, new)
        _change_over(role)
    _take_the_roles(role, tell)


def abandon(role: str, tell: Told) -> None:
    """Give the new key of `role` up before it signs: it leaked itself, was lost, or is not the one that was meant. The
    old key goes on as if nothing had been. Or go on where that was left.

    Raises Unavailable, and Rejected: no such role, no new key, or one that signs already.
    """
    known = _replaceable(role)
    if (new := known.get(LaneState.ANNOUNCED)) is not None:
        _turn_away(role, new)
    elif LaneState.LEAVING not in known:
        raise Rejected(f"there is no new key of {role} to give up")
    elif not _was_abandoned(known):
        signer = known[LaneState.SERVING].signer
        raise Rejected(
            f"{signer} signs for {role} already: end it by python -m marketplace rekey {role}, "
            "and run that once more for yet another key"
        )
    _take_the_roles(role, tell)


def _replaceable(role: str) -> dict[LaneState, Known]:
    """The lanes of a role whose key can be replaced. Raises Unavailable, Rejected."""
    if role not in WORKING:
        raise Rejected(f"there is no key to replace for {role}: {', '.join(WORKING)} have one (docs/operate.md)")
    identity.confirm()
    for name, _ in _powers(role):
        register.address_of(name)
    known = _lanes(role)
    if LaneState.SERVING not in known:
        raise Rejected(f"{role} has no key yet: python -m marketplace deploy")
    return known


def _was_abandoned(known: dict[LaneState, Known]) -> bool:
    """Whether it is the newer of the two keys that leaves."""
    return known[LaneState.LEAVING].id > known[LaneState.SERVING].id


def _announced(role: str, old: Known) -> Known:
    """The lane of the new key, which nothing is signed for yet."""
    here = settings().chain_id
    spent = set(db.session.scalars(sa.select(Lane.signer)))
    turn = db.session.scalar(sa.select(sa.func.count()).where(Lane.chain_id == here, Lane.role == role)) or 0
    let_go()
    address = keys.successor(role, turn + 1, spent).address
    if address == old.signer:
        raise Rejected(f"SIGNER_ADDRESSES still names {address} for {role}: let it name the new key")
    if address in spent:
        raise Rejected(f"{address} is or was a key of this town: each role has a key of its own")
    _see_that_it_signs(role, address)
    row = {"chain_id": here, "role": role, "signer": address, "state": LaneState.ANNOUNCED}
    nonce = node().next_nonce(address)
    with transaction():
        if insert_once(Lane, row | {"next_nonce": nonce, "ours_from": nonce}):
            note(f"key:{role}", "key.announce", old=old.signer, new=address)
    if (announced := _lanes(role).get(LaneState.ANNOUNCED)) is None:
        raise Unavailable(f"another process replaces the key of {role} just now")
    return announced


def _give_the_roles(role: str, new: Known) -> None:
    with transaction():
        if lock(Lane, new.id).state not in (LaneState.ANNOUNCED, LaneState.SERVING):
            raise Unavailable(f"another process gives {new.signer} up just now")
        for name, power in _powers(role):
            args = [role_id(power), new.signer]
            sending.promise(_key(new.signer, "grant", name, power), "town", name, "grantRole", args)
    awaiting.until_mined(f"{new.signer} has not the roles of {role}", _key(new.signer, "grant"))


def _turn_away(role: str, new: Known) -> None:
    with transaction():
        lane = lock(Lane, new.id)
        if lane.state != LaneState.ANNOUNCED:
            return  # another process did it, or brought it to serve
        move(lane, "key.abandon", signer=lane.signer)
        _withdraw_grants(lane.signer)
        _promise_to_take(role, lane.signer, _lanes(role)[LaneState.SERVING].signer)


def _change_over(role: str) -> None:
    """The moment in which one key leaves and the other serves."""
    with transaction() as session:
        held = [lock(Lane, lane_id) for lane_id in sorted(known.id for known in _lanes(role).values())]
        by_state = {lane.state: lane for lane in held}
        if LaneState.ANNOUNCED not in by_state:
            return  # another process did it
        leaving, next_one = by_state[LaneState.SERVING], by_state[LaneState.ANNOUNCED]
        move(leaving, "key.leave", signer=leaving.signer)
        session.flush()  # at no moment do two serve
        move(next_one, "key.serve", signer=next_one.signer)
        _promise_to_take(role, leaving.signer, next_one.signer)


def _promise_to_take(role: str, old: str, keeps: str) -> None:
    """From the key that leaves, and from whomever else the logs name: a key of a replacement that a database which was
    put back has forgotten, or somebody whom a thief let in."""
    for name, power in _powers(role):
        id_ = role_id(power)
        for address in sorted({old, *register.who_has(name, id_)} - {keeps}):
            sending.promise(_key(old, "revoke", name, power, address), "town", name, "revokeRole", [id_, address])


def _withdraw_grants(signer: str) -> None:
    """What would give roles to a key that leaves, and has not been signed yet, is not promised any more."""
    unsigned = Call.state.in_((CallState.QUEUED, CallState.PARKED))
    db.session.execute(sa.delete(Call).where(Call.key.startswith(_key(signer, "grant")), unsigned))


def _see_that_none_is_given(signer: str) -> None:
    """What the chain had refused before might give it a role yet. Raises Unavailable."""
    with transaction() as session:
        _withdraw_grants(signer)
        on_its_way = Call.state.in_((CallState.SIGNED, CallState.SENT))
        if session.scalar(sa.select(Call.id).where(Call.key.startswith(_key(signer, "grant")), on_its_way).limit(1)):
            raise Unavailable(f"{signer} is just being given a role: run it again")


def _take_the_roles(role: str, tell: Told) -> None:
    known = _lanes(role)
    if LaneState.LEAVING not in known:
        return  # another process did it
    old, new = known[LaneState.LEAVING], known[LaneState.SERVING]
    tell(f"{role}: {new.signer} signs from now on")
    awaiting.until_settled(f"the roles of {role} are not taken from {old.signer}", _key(old.signer, "revoke"))
    _see_that_none_is_given(old.signer)
    if _was_abandoned(known):
        _see_who_may(role, {old.signer: False})  # the key that serves is as it was
    else:
        _see_who_may(role, {new.signer: True, old.signer: False})
    waiting = settling.close(old.id)
    tell(f"{role}: {old.signer} may do nothing any more; {waiting} calls that it had signed wait for the new key")
    aside = keys.set_aside(role, old.signer)
    with transaction():
        lane = lock(Lane, old.id)
        if lane.state == LaneState.LEAVING:
            move(lane, "key.retire", signer=lane.signer)
    tell(f"{role}: done" + (f"; the old key is kept at {aside}" if aside else ""))


def _see_that_it_signs(role: str, address: str) -> None:
    """Before anything depends on it. What it signs here can't be sent. Raises NoKey, Unavailable, Rejected."""
    fields = {"type": 2, "chainId": settings().chain_id, "nonce": NEVER, "gas": 21_000, "to": address}
    free = {"maxFeePerGas": 0, "maxPriorityFeePerGas": 0, "value": 0, "data": b""}
    keys.known(role, address).sign(fields | free)


def _see_who_may(role: str, wanted: dict[str, bool]) -> None:
    """What the contracts themselves say. Raises Rejected, Unavailable."""
    for name, power in _powers(role):
        for address, should in wanted.items():
            if may(address, name, power) is not should:
                has = "has not" if should else "has"
                raise Rejected(f"{address} {has} {power} in {name}: somebody else changed it")


def _is_poor(address: str) -> bool:
    return node().fees()[0] > 0 and node().balance(address) == 0


def _powers(role: str) -> list[tuple[str, str]]:
    """Contract and role in it."""
    return [(name, power) for name, power, who in ROLES if who == role]


def _lanes(role: str) -> dict[LaneState, Known]:
    """Those that are not retired: at most one in each state."""
    here = sa.select(Lane.state, Lane.id, Lane.signer).where(Lane.chain_id == settings().chain_id, Lane.role == role)
    rows = db.session.execute(here.where(Lane.state != LaneState.RETIRED)).all()
    if not writing():
        let_go()
    return {state: Known(lane_id, signer) for state, lane_id, signer in rows}


def _key(signer: str, *what: str) -> str:
    """How a call is known that gives or takes a role; with less of `what`, how several begin. A key comes once, and
    leaves once."""
    return ":".join(("rekey", str(settings().chain_id), signer, *what))
