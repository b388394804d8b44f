"""Put the contracts on the chain, once, and give each key its role."""

from __future__ import annotations

import time

import sqlalchemy as sa
from eth_hash.auto import keccak

from marketplace.chain import identity, keys, lanes, register, sending
from marketplace.chain.contract import ANCHORS, DEPLOY, MARKET, NAMES, RIGHTS, USES, YEN, artifact
from marketplace.chain.models import Call, CallState
from marketplace.chain.node import node
from marketplace.kit.db import db, let_go, transaction
from marketplace.kit.refusals import Rejected, Unavailable
from marketplace.settings import settings

SECONDS = 60.0
HANDOVER_SECONDS = 3 * 24 * 3600
"""How long a change of the town's key on a real chain can be seen coming."""

ROLES = (
    (RIGHTS, "ISSUER_ROLE", "issuer"),
    (RIGHTS, "METADATA_ROLE", "issuer"),
    (RIGHTS, "CUSTODIAN_ROLE", "custodian"),
    (RIGHTS, "PAUSER_ROLE", "pauser"),
    (USES, "REDEEMER_ROLE", "redeemer"),
    (USES, "PAUSER_ROLE", "pauser"),
    (MARKET, "CUSTODIAN_ROLE", "custodian"),
    (MARKET, "PAUSER_ROLE", "pauser"),
    (ANCHORS, "ANCHOR_ROLE", "anchorer"),
)
"""Contract, role in it, whose key has it. The town's key deploys and is the admin of all.

Each acts with a key of its own, so that one that leaks does no more than its role: who issues cannot move what is in
custody, who writes down uses cannot issue, and who stops everything cannot start it again.
"""


def ensure_contracts() -> dict[str, str]:
    """Deploy what is not deployed, and see that what is there is ours. Name to address.

    Run it as often as you like. Raises Unavailable when the chain does not answer, Rejected when it is another chain
    than the settings name, or has other code at our addresses.
    """
    chain = settings().chain_id
    try:
        identity.confirm()
    except identity.WrongChain as wrong:
        raise Rejected(str(wrong)) from wrong
    town, treasury = lanes.open_lane("town"), keys.signer("fund").address
    signers = {who: lanes.open_lane(who) for _, _, who in ROLES}
    delay = 0 if settings().chain_embedded else HANDOVER_SECONDS
    name = f"{settings().town_name_en} Public Rights"
    with transaction():
        _deploy(RIGHTS, name, "RIGHTS", town, delay, treasury, "")
        _deploy(YEN, town)
        _deploy(ANCHORS, town, delay)
    _until_mined(f"deploy:{chain}:")
    with transaction():
        _deploy(USES, register.address_of(RIGHTS), town, delay)
    _until_mined(f"deploy:{chain}:")
    with transaction():
        _deploy(MARKET, *map(register.address_of, (RIGHTS, USES, YEN)), town, delay)
        for contract, role, who in ROLES:
            args = ["0x" + keccak(role.encode()).hex(), signers[who]]
            sending.promise(f"grant:{chain}:{contract}:{role}", "town", contract, "grantRole", args)
    _until_mined(f"deploy:{chain}:", f"grant:{chain}:")
    _see_that_it_is_ours()
    return register.contracts()


def _deploy(name: str, *args: object) -> None:
    sending.promise(f"deploy:{settings().chain_id}:{name}", "town", name, DEPLOY, args)


def _until_mined(*prefixes: str) -> None:
    until = time.monotonic() + SECONDS
    these = sa.or_(*(Call.key.startswith(prefix) for prefix in prefixes))
    while True:
        sending.work()
        states = set(db.session.scalars(sa.select(Call.state).where(these)))
        let_go()
        if states == {CallState.MINED}:
            return
        if CallState.PARKED in states:
            reasons = db.session.scalars(sa.select(Call.error).where(these, Call.state == CallState.PARKED))
            raise Rejected(f"the contracts cannot be deployed: {'; '.join(map(str, reasons))}")
        if time.monotonic() > until:
            raise Unavailable("the contracts are not deployed yet: the chain does not mine them")
        time.sleep(0.02)


def _see_that_it_is_ours() -> None:
    for name, address in register.contracts().items():
        if name in NAMES and not artifact(name).has_code(node().code(address)):
            raise Rejected(f"the code at {address} is not our {name}: is CHAIN_URL another chain than before?")
