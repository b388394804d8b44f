"""Take a right out of the town's custody to a wallet of one's own: asked, a time to think better of it, then moved.

The time is for a person whose mail was stolen, or who misread a warning: nothing on chain can be taken back.
"""

from __future__ import annotations

import logging
from datetime import timedelta

import sqlalchemy as sa

from marketplace.accounts.models import Account
from marketplace.holders.leaving import WITHDRAWAL, locked, may_leave, move_out, open_withdrawal
from marketplace.holders.models import Wallet, Withdrawal, WithdrawalState
from marketplace.holders.rules import NotYours
from marketplace.holders.wallets import wallet_of
from marketplace.journal.writing import move, note
from marketplace.kit.clock import now
from marketplace.kit.db import db, get, let_go, lock, transaction
from marketplace.kit.refusals import Invalid, Refused
from marketplace.kit.sheets import sheet
from marketplace.notices.sending import send
from marketplace.settings import settings

log = logging.getLogger(__name__)


class WalletNotProved(Invalid):
    code = "wallet_not_proved"
    message = "先に、ご自分のウォレットであることを署名で確かめてください。"


class TooLate(Refused):
    code = "withdrawal_too_late"
    message = "ウォレットへ移す手続きが始まっているため、取り消せません。"


def cooling() -> timedelta:
    return timedelta(hours=settings().withdrawal_cooling_hours)


def ask(token_id: int, account_id: int, wallet_id: int) -> int:
    """Have a token moved to a proved wallet when the time is over; the withdrawal's id.

    Refusals of rules.py, or WalletNotProved.
    """
    with transaction() as session:
        token = may_leave(token_id, account_id)
        wallet = wallet_of(wallet_id, account_id)
        if wallet is None:
            raise WalletNotProved(field="wallet")
        account = get(Account, account_id)
        withdrawal = Withdrawal(
            token_id=token_id,
            account_id=account_id,
            wallet_id=wallet.id,
            state=WithdrawalState.COOLING,
            asked_at=now(),
            due_at=now() + cooling(),
        )
        session.add(withdrawal)
        session.flush()
        note(token.subject, "withdraw_token", by=f"buyer:{account.code}", withdrawal=withdrawal.code)
        send(
            "withdrawal_asked",
            account.email,
            key=f"withdrawal-asked:{withdrawal.code}",
            right=token.right,
            token=token,
            wallet=wallet.address,
            due_at=withdrawal.due_at,
            link=f"{settings().base_url}{token.path}/withdraw",
        )
        return withdrawal.id


def cancel(token_id: int, account_id: int) -> None:
    """The holder thinks better of it. Asked again, it changes nothing. TooLate once it is on its way."""
    with transaction():
        locked(token_id)
        withdrawal = open_withdrawal(token_id)
        if withdrawal is None:
            return
        if withdrawal.account_id != account_id:
            raise NotYours
        if withdrawal.state != WithdrawalState.COOLING:
            raise TooLate
        move(withdrawal, "withdraw", by=f"buyer:{get(Account, account_id).code}")


def release(withdrawal_id: int) -> None:
    """Ask the chain for it, if its time has come. What has come to bind the token meanwhile keeps it here."""
    with transaction():
        locked(get(Withdrawal, withdrawal_id).token_id)
        withdrawal = lock(Withdrawal, withdrawal_id)
        if withdrawal.state != WithdrawalState.COOLING or withdrawal.due_at > now():
            return
        may_leave(withdrawal.token_id, withdrawal.account_id, but=WITHDRAWAL)
        to = get(Wallet, withdrawal.wallet_id).address
        move(withdrawal, "release")
        move_out(withdrawal.call_key, withdrawal.account_id, to, withdrawal.token_id)


@sheet(every=5, name="holders.release_due")
def release_due() -> None:
    due = sa.select(Withdrawal.id).where(Withdrawal.state == WithdrawalState.COOLING, Withdrawal.due_at <= now())
    withdrawals = list(db.session.scalars(due.order_by(Withdrawal.id)))
    let_go()
    for withdrawal_id in withdrawals:
        try:
            release(withdrawal_id)
        except Refused as refusal:  # a dispute: it stays, the page says why, and the next turn asks again
            log.info("withdrawal %s waits: %s", withdrawal_id, refusal.code)


def wallet_address(withdrawal: Withdrawal) -> str:
    return get(Wallet, withdrawal.wallet_id).address
