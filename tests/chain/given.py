"""Promises to the chain, made briefly."""

from typing import Any

import sqlalchemy as sa

from marketplace.chain import contract, following, register, rekeying, sending
from marketplace.chain.contract import NAMES
from marketplace.chain.deploying import ROLES, role_id
from marketplace.chain.models import Call, CallState, Lane, LaneState, Log, Tx, TxState
from marketplace.chain.node import node
from marketplace.kit.db import db, transaction

TERMS: dict[str, Any] = {
    "maxSupply": 10_000,
    "usesPerToken": 0,
    "royaltyBps": 500,
    "validUntil": 0,
    "tradableFrom": 0,
    "kind": 0,
    "transferable": True,
    "revocable": False,
    "termsHash": "0x" + "11" * 32,
}

OF_DEPLOYMENT = len(NAMES) + len(ROLES)
"""Transactions that ensure_contracts() sends: each contract, each role."""


def a_series(series: int = 1, **terms: Any) -> str:
    key = f"series:{series}"
    args = [series, {**TERMS, **terms}, "ipfs://series/"]
    with transaction():
        sending.promise(key, "issuer", "RightsToken", "createSeries", args)
    return key


def an_issue(serial: int, series: int = 1, to: str | None = None) -> str:
    """One right, by default into the custody of an account of its own."""
    key = f"issue:{series}:{serial}"
    to = to or register.custody_address(custody_id(serial))
    item = {"to": to, "serial": serial, "ref": "0x" + f"{serial:064x}"}
    with transaction():
        sending.promise(key, "issuer", "RightsToken", "issueBatch", [series], group=f"series:{series}", item=item)
    return key


def custody_id(number: int) -> str:
    return f"{number:064x}"


def calls() -> dict[str, CallState]:
    """Key to state, without those of the deployment, of new keys and of pauses."""
    db.session.rollback()
    ours = (~Call.key.startswith(prefix) for prefix in ("deploy:", "grant:", "rekey:", "pause:", "unpause:"))
    here = sa.select(Call.key, Call.state).where(*ours)
    return dict(db.session.execute(here.order_by(Call.id)).all())


def txs() -> list[TxState]:
    """States, without those of the deployment."""
    db.session.rollback()
    return list(db.session.scalars(sa.select(Tx.state).order_by(Tx.id)))[OF_DEPLOYMENT:]


def logs(name: str) -> list[dict[str, Any]]:
    """What the followed logs of one kind say, in the order of the chain."""
    db.session.rollback()
    query = sa.select(Log.args).where(Log.name == name).order_by(Log.block_number, Log.log_index)
    return list(db.session.scalars(query))


def owner(token_id: int) -> str:
    """What the chain itself says."""
    data = contract.call("RightsToken", "ownerOf", [token_id])
    answer = node().call("0x" + "00" * 20, register.address_of("RightsToken"), data)
    return "0x" + answer[12:].hex()


def rekey(role: str) -> list[str]:
    """What is told meanwhile."""
    said: list[str] = []
    rekeying.rekey(role, said.append)
    return said


def lanes_of(role: str) -> list[tuple[LaneState, str]]:
    db.session.rollback()
    query = sa.select(Lane.state, Lane.signer).where(Lane.role == role).order_by(Lane.id)
    return [(state, signer) for state, signer in db.session.execute(query)]


def who_may(role: str) -> set[tuple[str, str, str]]:
    """Contract, role and address, of all that ever signed for `role`, as the chain itself says."""
    signers = [signer for _, signer in lanes_of(role)]
    return {
        (name, power, signer)
        for name, power, who in ROLES
        for signer in signers
        if who == role and has(name, power, signer)
    }


def has(name: str, power: str, address: str) -> bool:
    data = contract.call(name, "hasRole", [role_id(power), address])
    [may] = contract.result(name, "hasRole", node().call(address, register.address_of(name), data))
    return bool(may)


def all_settled() -> None:
    """All that waits is sent and mined, and read."""
    while sending.work() or register.waiting():
        db.session.rollback()
    following.follow_once()


def issued() -> list[int]:
    return sorted(log["tokenId"] - 1_000_000 for log in logs("RightIssued"))
