"""What sellers with custody earned: it waits in the market contract until they name a wallet to draw it to.

The town never holds it (地方自治法235条の4: cash that is not the town's may be kept only where a law says so).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from marketplace.accounts.models import Account
from marketplace.chain.contract import MARKET
from marketplace.chain.models import Call, CallState, Log
from marketplace.chain.register import contracts, states_of
from marketplace.chain.sending import promise
from marketplace.journal.writing import note
from marketplace.kit.db import db, lock, transaction
from marketplace.kit.money import Yen
from marketplace.kit.refusals import Refused
from marketplace.resale.addresses import read_address
from marketplace.resale.models import Market, Trade
from marketplace.tokens.delays import Delay, delay
from marketplace.tokens.models import Custody, Token

CUSTODIAN = "custodian"


class NothingToDraw(Refused):
    code = "nothing_to_draw"
    message = "受け取りを待っている代金は、いまありません。"


class BeingDrawn(Refused):
    code = "being_drawn"
    message = "代金は、先に決めた別のウォレットへ送る手続きの途中です。送り先は、もう変えられません。"


@dataclass(frozen=True)
class Drawn:
    """What an account had sent to a wallet, as the chain tells it."""

    at: datetime
    to: str
    yen: Yen


def owed(account_id: int) -> Yen:
    """What waits for the account in our market: its sales less royalties, less what it has drawn."""
    summed = sa.select(sa.func.sum(Trade.price_yen - Trade.royalty_yen))
    earned = int(db.session.scalar(_sold(summed, account_id)) or 0)
    return earned - sum(each.yen for each in drawn(account_id)) if earned else 0


def sales(account_id: int) -> list[tuple[Trade, Token]]:
    """What the account's custody sold in our market, the newest first."""
    query = sa.select(Trade, Token).join(Token, Token.token_id == Trade.token_id)
    newest = _sold(query, account_id).order_by(Trade.block_number.desc(), Trade.log_index.desc())
    return [(trade, token) for trade, token in db.session.execute(newest)]


def drawn(account_id: int) -> list[Drawn]:
    """What the chain says the account has drawn, the newest first."""
    logs = sa.select(Log.at, Log.args).where(Log.address == contracts().get(MARKET), Log.name == "Withdrawn")
    own = logs.where(Log.args["account"].as_string().in_(_addresses(account_id)))
    newest = db.session.execute(own.order_by(Log.block_number.desc(), Log.log_index.desc()))
    return [Drawn(at, args["recipient"], int(args["amount"])) for at, args in newest]


def being_drawn(account: Account) -> CallState | None:
    """How far what the account asked for is, where the chain has not told of it yet; None: nothing was asked for."""
    key = _key(account)
    return states_of([key]).get(key)


def delayed(account: Account) -> Delay | None:
    """Why that takes longer than it does by itself."""
    return delay(_key(account))


def draw(account_id: int, wallet: str) -> None:
    """Have all of it sent to a wallet. BadAddress, or NothingToDraw. Asked again before it is mined: nothing new, or
    BeingDrawn where that is another wallet."""
    to = read_address(wallet)
    with transaction():
        account = lock(Account, account_id)
        if owed(account_id) <= 0:
            raise NothingToDraw
        key, asked = _key(account), ["0x" + account.custody_id, to]
        if (before := db.session.scalar(sa.select(Call.args).where(Call.key == key))) is not None:
            if before != asked:
                raise BeingDrawn
            return
        promise(key, CUSTODIAN, MARKET, "withdrawFor", asked)
        note(f"account:{account.code}", "draw_proceeds", by=f"buyer:{account.code}")


def _sold(query: sa.Select[*tuple[Any, ...]], account_id: int) -> sa.Select[*tuple[Any, ...]]:
    return query.where(Trade.seller.in_(_addresses(account_id)), Trade.marketplace == Market.HIROBA)


def _addresses(account_id: int) -> sa.Select[str]:
    return sa.select(Custody.address).where(Custody.account_id == account_id)


def _key(account: Account) -> str:
    """Of the next draw: one for each number of draws that the chain has told of."""
    return f"draw:{account.code}:{len(drawn(account.id))}"
