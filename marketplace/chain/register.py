"""What our own tables say about the chain. Web pages ask here; nothing here speaks to a node."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

import sqlalchemy as sa

from marketplace.chain.addresses import custody_address_at
from marketplace.chain.contract import RIGHTS, STOPPED
from marketplace.chain.models import Call, CallState, Contract, Cursor, Lane, LaneState, Log
from marketplace.kit.db import db
from marketplace.kit.refusals import Unavailable
from marketplace.settings import settings

_CONTRACTS = sa.select(Contract.name, Contract.address).where(Contract.chain_id == sa.bindparam("chain"))
_STOPPED = sa.select(Contract.name).where(Contract.chain_id == sa.bindparam("chain"), Contract.paused_at.is_not(None))
_PAUSED = _STOPPED.order_by(Contract.name)


def contracts() -> dict[str, str]:
    """Name to address, of those that are deployed."""
    return dict(db.session.execute(_CONTRACTS, {"chain": _chain()}).all())


def address_of(name: str) -> str:
    """The address of a contract. Raises Unavailable until it is deployed."""
    found = contracts().get(name)
    if found is None:
        raise Unavailable(f"chain: {name} is not deployed yet")
    return found


def custody_address(custody_id: str) -> str:
    """Where the rights of an account are kept on chain: `Account.custody_id` to an address. Computed, not asked.

    Raises Unavailable until RightsToken is deployed.
    """
    return custody_address_at(custody_id, _chain(), address_of(RIGHTS))


def paused() -> list[str]:
    """The contracts to which nothing is sent that they would refuse while they are paused."""
    return list(db.session.scalars(_PAUSED, {"chain": _chain()}))


def held_back() -> sa.ColumnElement[bool]:
    """Of a call: its contract is paused and would refuse it, so that it is not sent meanwhile."""
    refused = sa.or_(*(sa.and_(Call.contract == name, Call.function.in_(acts)) for name, acts in STOPPED.items()))
    return sa.and_(refused, Call.contract.in_(_STOPPED.params(chain=_chain())))


def signer_of(role: str) -> str | None:
    """The address that signs for a role (a demo wallet's is "wallet:<name>"); None before its lane is open."""
    serving = sa.select(Lane.signer).where(Lane.role == role, Lane.state == LaneState.SERVING)
    return db.session.scalar(serving.where(Lane.chain_id == _chain()))


def who_has(name: str, role: str) -> set[str]:
    """The addresses that have a role (32 bytes, hex) in a contract, by the logs that were read."""
    ours = (Log.address == contracts().get(name), Log.name.in_(("RoleGranted", "RoleRevoked")))
    told = sa.select(Log.name, Log.args).where(*ours)
    found: set[str] = set()
    for event, args in db.session.execute(told.order_by(Log.block_number, Log.log_index)):
        if args["role"] == role:
            (found.add if event == "RoleGranted" else found.discard)(args["account"])
    return found


def status() -> dict[str, int]:
    """How far the follower is: {"followed_block", "head_block"}, -1 before the first reading."""
    cursor = db.session.get(Cursor, _chain())
    return {"followed_block": cursor.block if cursor else -1, "head_block": cursor.head if cursor else -1}


def read_at() -> datetime | None:
    """When the follower last stood at the chain's head, to half a minute; None before the first reading."""
    cursor = db.session.get(Cursor, _chain())
    return cursor.read_at if cursor else None


def reading_anew() -> bool:
    """Whether logs are missing because all of them are being read again: nothing may be computed from them now."""
    return bool(db.session.scalar(sa.select(Cursor.replaying).where(Cursor.chain_id == _chain())))


def parked(limit: int = 100) -> list[Call]:
    """Calls that were given up after several tries, for staff to look at."""
    query = sa.select(Call).where(Call.state == CallState.PARKED).order_by(Call.id).limit(limit)
    return list(db.session.scalars(query))


def states_of(keys: Collection[str]) -> dict[str, CallState]:
    """How far what was promised under these keys is. PARKED waits for staff, who see it on their sheet of today."""
    found = sa.select(Call.key, Call.state).where(Call.key.in_(keys))
    return dict(db.session.execute(found).all()) if keys else {}


def waiting() -> int:
    """Calls that are promised and not mined."""
    states = (CallState.QUEUED, CallState.SIGNED, CallState.SENT)
    return db.session.scalar(sa.select(sa.func.count()).select_from(Call).where(Call.state.in_(states))) or 0


def _chain() -> int:
    return settings().chain_id
