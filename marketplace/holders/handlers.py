"""A token moved: a gift has arrived, a wallet has it, or neither can be any more."""

from __future__ import annotations

from marketplace.accounts.models import Account
from marketplace.accounts.readdressing import bring_along
from marketplace.holders.leaving import locked, open_gift, open_withdrawal
from marketplace.holders.models import Gift, GiftState, Wallet, Withdrawal, WithdrawalState
from marketplace.journal.writing import move
from marketplace.kit.db import get, transaction
from marketplace.notices.sending import send
from marketplace.outbox.promising import handles
from marketplace.settings import settings
from marketplace.tokens.custody import custody_of
from marketplace.tokens.models import Token, TokenState


@handles("token.changed_hands")
def on_movement(token_id: int, from_address: str, to_address: str, tx_hash: str, **_more: object) -> None:
    with transaction():
        token = locked(token_id)
        gift, withdrawal = open_gift(token_id), open_withdrawal(token_id)
        if gift is not None and gift.recipient_id is not None:
            _gift_arrived(token, gift, gift.recipient_id, (from_address, to_address))
        if withdrawal is not None:
            _withdrawal_arrived(token, withdrawal, (from_address, to_address), tx_hash)


@handles("account.readdressed")
def on_new_address(change_id: int) -> None:
    """What was offered to the old mailbox before is still for the same person."""
    bring_along(change_id, Gift.to_email, Gift.offered_at)


@handles("token.revoked")
def on_revocation(token_id: int, **_more: object) -> None:
    """What is no more goes nowhere."""
    with transaction():
        token = locked(token_id)
        if token.state != TokenState.REVOKED:  # the chain took it back
            return
        for row in (open_gift(token_id), open_withdrawal(token_id)):
            if isinstance(row, Gift):
                row.to_email = None
            if row is not None:
                move(row, "void")


def _gift_arrived(token: Token, gift: Gift, recipient_id: int, step: tuple[str, str]) -> None:
    if gift.state != GiftState.ACCEPTED or step != (custody_of(gift.giver_id), custody_of(recipient_id)):
        return
    move(gift, "deliver")
    page = f"{settings().base_url}{token.path}"
    email = get(Account, recipient_id).email
    send("gift_arrived", email, key=f"gift-arrived:{gift.code}", right=token.right, token=token, page=page)


def _withdrawal_arrived(token: Token, withdrawal: Withdrawal, step: tuple[str, str], tx_hash: str) -> None:
    wallet, account = get(Wallet, withdrawal.wallet_id).address, get(Account, withdrawal.account_id)
    if withdrawal.state != WithdrawalState.MOVING or step != (custody_of(account.id), wallet):
        return
    move(withdrawal, "deliver", tx=tx_hash)
    key = f"withdrawal-done:{withdrawal.code}"
    page = f"{settings().base_url}{token.path}"
    send("withdrawal_done", account.email, key=key, right=token.right, token=token, wallet=wallet, page=page)
