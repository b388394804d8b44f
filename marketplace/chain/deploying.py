"""Put the contracts on the chain, once, and give each key its role."""

from __future__ import annotations

from eth_hash.auto import keccak

from marketplace.chain import collection, contract, identity, keys, lanes, register, sending
from marketplace.chain.awaiting import until_mined
from marketplace.chain.contract import ANCHORS, DEPLOY, MARKET, NAMES, RIGHTS, USES, YEN, artifact
from marketplace.chain.node import node
from marketplace.kit.db import let_go, transaction
from marketplace.kit.refusals import Rejected
from marketplace.settings import settings

NOT_DEPLOYED = "the contracts are not deployed"
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
    with transaction():
        _deploy(RIGHTS, collection.name(), collection.SYMBOL, town, delay, treasury, collection.uri())
        _deploy(YEN, town)
        _deploy(ANCHORS, town, delay)
    until_mined(NOT_DEPLOYED, f"deploy:{chain}:")
    with transaction():
        _deploy(USES, register.address_of(RIGHTS), town, delay)
    until_mined(NOT_DEPLOYED, f"deploy:{chain}:")
    with transaction():
        _deploy(MARKET, *map(register.address_of, (RIGHTS, USES, YEN)), town, delay)
        for where, role, who in ROLES:
            args = [role_id(role), signers[who]]
            sending.promise(f"grant:{chain}:{where}:{role}", "town", where, "grantRole", args)
    until_mined(NOT_DEPLOYED, f"deploy:{chain}:", f"grant:{chain}:")
    _see_that_it_is_ours()
    return register.contracts()


def role_id(role: str) -> str:
    """How the contracts call a role: "ISSUER_ROLE" as 32 bytes."""
    return "0x" + keccak(role.encode()).hex()


def may(address: str, name: str, role: str) -> bool:
    """Whether the address has this role, as the contract itself says. Raises Unavailable."""
    where = register.address_of(name)
    let_go()
    answer = node().call(address, where, contract.call(name, "hasRole", [role_id(role), address]))
    return bool(contract.result(name, "hasRole", answer)[0])


def _deploy(name: str, *args: object) -> None:
    sending.promise(f"deploy:{settings().chain_id}:{name}", "town", name, DEPLOY, args)


def _see_that_it_is_ours() -> None:
    for name, address in register.contracts().items():
        if name in NAMES and not artifact(name).has_code(node().code(address)):
            raise Rejected(f"the code at {address} is not our {name}: is CHAIN_URL another chain than before?")
