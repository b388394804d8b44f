"""Sales of our rights on other marketplaces that use Seaport, read from the receipts of rights that moved.

OrderFulfilled has no topic for the collection, and on a public chain there is one every few seconds. So nobody's sales
are asked for: where a right changed hands, its transaction's own logs are.

Source: https://github.com/ProjectOpenSea/seaport/blob/main/docs/SeaportDocumentation.md
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from eth_abi.abi import decode
from eth_hash.auto import keccak

from marketplace.chain.contract import RIGHTS
from marketplace.chain.events import Event, RawLog
from marketplace.chain.node import node
from marketplace.chain.register import contracts
from marketplace.kit.addresses import checksum
from marketplace.kit.db import let_go
from marketplace.settings import settings

NAME = "OrderFulfilled"
_ITEM = "uint8,address,uint256,uint256"
"""What is given: kind, contract, number, amount; what is received has its receiver as a fifth."""
_DATA = ("bytes32", "address", f"({_ITEM})[]", f"({_ITEM},address)[]")
TOPIC = "0x" + keccak(f"{NAME}(bytes32,address,address,address,({_ITEM})[],({_ITEM},address)[])".encode()).hex()
MONEY = (0, 1)
"""Kinds of item: the chain's coin, an ERC-20."""
THING = 2
"""An ERC-721."""
NOBODY = "0x" + "0" * 40


class Item(NamedTuple):
    kind: int
    contract: str
    number: int
    amount: int
    to: str = NOBODY


def sales(found: Sequence[Event]) -> list[Event]:
    """The Seaport sales among the transactions in which rights changed hands. Raises Unavailable.

    The event's args: orderHash, seller, buyer, currency (an address, zero for the chain's coin; None where no price
    can be told), price (in the currency's smallest unit), paid: [[receiver, amount] …] out of it.
    """
    markets = {checksum(each) for each in settings().seaport_addresses.replace(",", " ").split()}
    if not markets:
        return []
    ours = contracts().get(RIGHTS)
    let_go()
    moved = {
        (event.tx_hash, event.token_id): event
        for event in found
        if event.name == "Transfer" and event.address == ours and event.args["from"] != NOBODY
    }
    logs = [log for part in node().receipt_logs(sorted({tx for tx, _ in moved})) for log in part]
    wanted = [log for log in logs if log["topics"][:1] == [TOPIC] and checksum(log["address"]) in markets]
    told = [sale for log in wanted if (sale := _sale(log, moved, str(ours)))]
    # two orders that were matched with each other both tell of their one sale
    return list({(one.tx_hash, one.token_id, one.args["seller"], one.args["buyer"]): one for one in told}.values())


def _sale(log: RawLog, moved: Mapping[tuple[str, int | None], Event], ours: str) -> Event | None:
    """The sale of one right of ours that the log tells of, if it does."""
    order, recipient, given, received = decode(_DATA, bytes.fromhex(log["data"][2:]))
    offer, consideration = [_item(each) for each in given], [_item(each) for each in received]
    sold = [each for each in offer if (each.kind, each.contract) == (THING, ours)]
    bought = [each for each in consideration if (each.kind, each.contract) == (THING, ours)]
    if len(sold) + len(bought) != 1:
        return None  # nothing of ours; or a bundle, of which no single price can be told
    token_id = (sold or bought)[0].number
    if (move := moved.get((log["transactionHash"], token_id))) is None:
        return None
    if sold:  # somebody took an offer to sell
        seller, buyer, price = checksum(log["topics"][1][26:]), checksum(recipient), _sum(consideration)
    else:  # somebody took an offer to buy
        seller, buyer, price = checksum(recipient), bought[0].to, _sum(offer)
    currency, amount = price or (None, 0)
    args: dict[str, Any] = {
        "orderHash": "0x" + order.hex(),
        "tokenId": token_id,
        # of orders that are matched with others, Seaport names no recipient
        "seller": move.args["from"] if seller == NOBODY else seller,
        "buyer": move.args["to"] if buyer == NOBODY else buyer,
        "currency": currency,
        "price": amount,
        "paid": [[each.to, each.amount] for each in consideration if each.kind in MONEY],
    }
    return move._replace(
        block_number=int(log["blockNumber"], 16),
        block_hash=log["blockHash"],
        log_index=int(log["logIndex"], 16),
        address=checksum(log["address"]),
        name=NAME,
        args=args,
    )


def _item(given: Sequence[Any]) -> Item:
    kind, contract, number, amount, *to = given
    return Item(kind, checksum(contract), number, amount, checksum(to[0]) if to else NOBODY)


def _sum(items: Sequence[Item]) -> tuple[str, int] | None:
    """(currency, amount), where all of it is money of one kind."""
    currencies = {each.contract for each in items}
    if len(currencies) != 1 or any(each.kind not in MONEY for each in items):
        return None
    return currencies.pop(), sum(each.amount for each in items)
