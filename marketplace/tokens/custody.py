"""Which custody address belongs to which account. Nobody has a key to one; the custodian moves tokens by account."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

import sqlalchemy as sa

from marketplace.accounts.models import Account
from marketplace.chain.contract import RIGHTS
from marketplace.chain.models import Log
from marketplace.chain.register import address_of, custody_address
from marketplace.kit.db import db, get, insert_once, transaction
from marketplace.tokens.models import NOBODY, Custody, Token, Transfer


def custody_of(account_id: int) -> str:
    """The address of the account's custody, written down at the first question, so that holders can be told by it."""
    with transaction() as session:
        address = custody_address(get(Account, account_id).custody_id)
        row = {"account_id": account_id, "contract": address_of(RIGHTS), "address": address}
        if insert_once(Custody, row) is not None:
            session.execute(sa.update(Token).where(Token.holder_address == address).values(holder_id=account_id))
        return address


def accounts_at(addresses: Iterable[str]) -> dict[str, int]:
    """{address: account} for those that are custody addresses."""
    rows = db.session.execute(sa.select(Custody.address, Custody.account_id).where(Custody.address.in_(set(addresses))))
    return dict(rows.all())


def taken(since: datetime) -> list[int]:
    """The rights that somebody took out of custody since then to whom they had been lent (`custodyApprove`): neither
    given out by the custodian, nor exchanged, nor sold by our market, the only one that we lend them to.

    What stands on the chain tells it alone, and not our books. So what a database that was put back has forgotten is
    not taken for a theft; and a loan that a thief made with the custodian's key is seen when it is used, also long
    after that key was replaced.
    """
    same = (Log.block_number == Transfer.block_number, Log.tx_hash == Transfer.tx_hash)
    given_out = sa.exists().where(Log.token_id == Transfer.token_id, Log.name.in_(("CustodyReleased", "Sold")), *same)
    exchanged = sa.exists().where(Log.name == "Swapped", *same)
    left = (
        sa.select(Transfer.token_id)
        .join(Custody, Custody.address == Transfer.from_address)
        .where(Transfer.at >= since, Transfer.to_address != NOBODY, sa.not_(given_out), sa.not_(exchanged))
    )
    return list(db.session.scalars(left.distinct().order_by(Transfer.token_id)))
