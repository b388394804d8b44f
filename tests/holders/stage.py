"""What the tests of the holders' office say often."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from marketplace.chain.models import Call, CallState, Lane, Tx, TxState
from marketplace.holders import wallets
from marketplace.holders.models import Gift, Withdrawal
from marketplace.kit.clock import now
from marketplace.kit.db import db, get, transaction
from marketplace.kit.refusals import Refused
from marketplace.notices.models import Notice
from marketplace.outbox import keeping
from marketplace.payments.asking import ask
from marketplace.payments.models import Payment, PaymentState
from marketplace.payments.refunding import promise_refund
from tests.chainlogs import Chain, digest
from tests.resale.stage import custody, heard, token
from tests.wallets import OwnWallet


def refusal(act: Callable[[], object]) -> str:
    """The code of what an act is refused with."""
    with pytest.raises(Refused) as caught:
        act()
    return caught.value.code


def gift(gift_id: int) -> Gift:
    db.session.rollback()
    return get(Gift, gift_id)


def withdrawal(withdrawal_id: int) -> Withdrawal:
    db.session.rollback()
    return get(Withdrawal, withdrawal_id)


def mailed_link(email: str) -> str:
    """The path in the newest mail of a gift to `email`."""
    newest = sa.select(Notice.body).where(Notice.to_email == email, Notice.template == "gift_offered")
    body = db.session.scalars(newest.order_by(Notice.id.desc()).limit(1)).one()
    found = re.search(r"/gifts/link/\S+", body)
    assert found is not None
    return found.group()


def mails(email: str) -> list[str]:
    """The templates of all mails to `email`, in order, sign-in mails left out."""
    to = sa.select(Notice.template).where(Notice.to_email == email, Notice.template != "sign_in")
    return list(db.session.scalars(to.order_by(Notice.id)))


def proved(account_id: int, wallet: OwnWallet) -> int:
    """The wallet, proved to be the account's."""
    text = wallets.ask(account_id, wallet.address)
    return wallets.prove(account_id, text, wallet.sign(text))


def moved(chain: Chain, token_id: int, sender: str, to: str, block: int) -> None:
    """The token went from one address to another, and everybody has heard."""
    chain.transfer(token_id, sender, to, block=block, tx=f"move {block}")
    heard(chain, token_id)
    keeping.drain()


def arrived(chain: Chain, token_id: int, giver_id: int, to: str, block: int = 5) -> None:
    """What the custodian was asked for is mined, and its log has been read."""
    with transaction() as session:
        ours = sa.update(Call).where(Call.function == "custodyTransfer")
        session.execute(ours.values(state=CallState.MINED, tx_id=_a_transaction(session)))
    moved(chain, token_id, custody(giver_id), to, block)


def _a_transaction(session: Session) -> int:
    """One that was mined."""
    lane = Lane(chain_id=1, role="custodian", signer=digest("lane")[:42], next_nonce=1)
    session.add(lane)
    session.flush()
    fees = {"max_fee": 0, "tip": 0, "bid_at": 0.0}
    mined = {**fees, "state": TxState.MINED, "block_number": 5, "block_hash": digest("block")}
    tx = Tx(lane_id=lane.id, nonce=0, raw=b"", hash=digest("tx"), **mined)
    session.add(tx)
    session.flush()
    return tx.id


def paid_and(token_id: int, *, returned: bool = False, **facts: object) -> None:
    """The payment of the token's order, with what Stripe has said of it since; `returned`: it is to go back."""
    order = token(token_id).order_code
    pages = ("http://127.0.0.1/paid", "http://127.0.0.1/cancelled")
    payment_id = ask(f"order:{order}", 3_000, "A right", "hana@example.jp", *pages, now() + timedelta(hours=1))
    with transaction() as session:
        if facts:
            session.execute(sa.update(Payment).where(Payment.id == payment_id).values(**facts))
        if returned:
            session.execute(sa.update(Payment).values(state=PaymentState.SUCCEEDED, payment_intent_id="pi_test"))
            promise_refund(payment_id, 3_000, "開催できなくなったため", f"returned:{order}")


TARO = "taro@example.jp"


def the_link() -> str:
    return mailed_link(TARO).rpartition("/")[2]
