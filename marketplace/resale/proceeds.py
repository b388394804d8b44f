"""What sellers with custody earned: it waits in the market contract until they name a wallet to draw it to.

The town never holds it (地方自治法235条の4: cash that is not the town's may be kept only where a law says so).
"""

from __future__ import annotations

import sqlalchemy as sa

from marketplace.accounts.models import Account
from marketplace.chain.contract import MARKET
from marketplace.chain.models import Log
from marketplace.chain.register import contracts
from marketplace.chain.sending import promise
from marketplace.journal.writing import note
from marketplace.kit.db import db, lock, transaction
from marketplace.kit.money import Yen
from marketplace.kit.refusals import Refused
from marketplace.resale.addresses import read_address
from marketplace.resale.models import Market, Trade
from marketplace.tokens.models import Custody

CUSTODIAN = "custodian"


class NothingToDraw(Refused):
    code = "nothing_to_draw"
    message = "受け取りを待っている代金は、いまありません。"


def owed(account_id: int) -> Yen:
    """What waits for the account in our market: its sales less royalties, less what it has drawn."""
    own = sa.select(Custody.address).where(Custody.account_id == account_id)
    earned = db.session.scalar(
        sa.select(sa.func.coalesce(sa.func.sum(Trade.price_yen - Trade.royalty_yen), 0)).where(
            Trade.seller.in_(own), Trade.marketplace == Market.HIROBA
        )
    )
    return int(earned or 0) - sum(_drawn(account_id))


def draw(account_id: int, wallet: str) -> None:
    """Have all of it sent to a wallet. BadAddress, or NothingToDraw. Asked again before it is mined: nothing new."""
    to = read_address(wallet)
    with transaction():
        account = lock(Account, account_id)
        if owed(account_id) <= 0:
            raise NothingToDraw
        times = len(_drawn(account_id))
        key = f"draw:{account.code}:{times}"
        promise(key, CUSTODIAN, MARKET, "withdrawFor", ["0x" + account.custody_id, to])
        note(f"account:{account.code}", "draw_proceeds", by=f"buyer:{account.code}")


def _drawn(account_id: int) -> list[Yen]:
    """The amounts that the chain says the account has drawn."""
    own = set(db.session.scalars(sa.select(Custody.address).where(Custody.account_id == account_id)))
    logs = sa.select(Log.args).where(Log.address == contracts().get(MARKET), Log.name == "Withdrawn")
    return [int(args["amount"]) for args in db.session.scalars(logs) if args["account"] in own]
