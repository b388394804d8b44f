"""People prove that a wallet is theirs: the wallet signs a message that names it, this site and a number used once."""

from __future__ import annotations

import secrets
from datetime import timedelta
from urllib.parse import urlsplit

import sqlalchemy as sa

from marketplace.accounts.models import Account
from marketplace.chain.register import contracts
from marketplace.holders import contract_wallets
from marketplace.holders.models import Challenge, Wallet
from marketplace.holders.siwe import (
    OF_A_KEY,
    BadMessage,
    BadSignature,
    Message,
    digest,
    parse,
    read_signature,
    signer,
)
from marketplace.journal.writing import note
from marketplace.kit.addresses import checksum
from marketplace.kit.clock import now
from marketplace.kit.db import db, get, insert_once, let_go, lock, transaction
from marketplace.kit.refusals import Invalid, Refused
from marketplace.notices.sending import send
from marketplace.settings import settings
from marketplace.tokens.models import NOBODY, Custody

STATEMENT = "I want to take public rights out of the custody of the town into this wallet."
MINUTES = 30
"""For the signature: long enough to look for the telephone with the wallet in it."""


class BadAddress(Invalid):
    code = "bad_wallet_address"
    message = "ウォレットの住所は、0xで始まる42文字です。写しまちがいがないか、お確かめください。"


class NobodysWallet(Invalid):
    code = "nobodys_wallet"
    message = "この住所は、どなたのウォレットでもありません。ここに移すと、だれも動かせなくなります。"


class ProofExpired(Refused):
    code = "wallet_proof_expired"
    message = "署名の期限が過ぎたか、一度使われました。もう一度はじめからお願いします。"


class AnotherSigner(Invalid):
    code = "another_signer"
    message = "この署名は、別のウォレットのものです。移したいウォレットで署名してください。"


def ask(account_id: int, address: str) -> str:
    """The text that the wallet at `address` shall sign for the account. BadAddress, NobodysWallet."""
    wallet = read_address(address)
    site, at = urlsplit(settings().base_url), now()
    nonce = secrets.token_hex(12)
    message = Message(
        domain=site.netloc,
        address=wallet,
        statement=STATEMENT,
        uri=f"{settings().base_url}/mypage/wallets",
        chain_id=settings().chain_id,
        nonce=nonce,
        issued_at=at.replace(microsecond=0),
        expires_at=(at + timedelta(minutes=MINUTES)).replace(microsecond=0),
    )
    with transaction() as session:
        session.add(Challenge(nonce=nonce, account_id=account_id, expires_at=message.expires_at))
    return message.text()


def prove(account_id: int, text: str, signature: str) -> int:
    """The wallet that signed what it was asked to, kept as the account's; its id. Proved again, it is the same one.

    BadMessage for a text that is not for this site, chain and use; ProofExpired for a number that is not ours, not
    this account's, used or too old; BadSignature; AnotherSigner where the signature is not the named wallet's;
    Unavailable where only the chain can tell whose it is, and does not answer.
    """
    message = parse(text)
    meant = (urlsplit(settings().base_url).netloc, STATEMENT, f"{settings().base_url}/mypage/wallets")
    if (message.domain, message.statement, message.uri) != meant or message.chain_id != settings().chain_id:
        raise BadMessage(field="message")
    _see_who_signed(message, text, signature)
    with transaction():
        account = lock(Account, account_id)
        challenge = db.session.get(Challenge, message.nonce, with_for_update=True, populate_existing=True)
        if challenge is None or challenge.account_id != account_id or challenge.used_at is not None:
            raise ProofExpired
        if not message.issued_at <= now() < min(challenge.expires_at, message.expires_at):
            raise ProofExpired
        challenge.used_at = now()
        proof = {"message": text.replace("\r\n", "\n"), "signature": signature.strip()}
        row = {"account_id": account_id, "address": message.address, **proof, "proved_at": now()}
        made = insert_once(Wallet, row)
        if made is None:
            same = sa.select(Wallet.id).where(Wallet.account_id == account_id, Wallet.address == message.address)
            return db.session.scalars(same).one()
        note(f"account:{account.code}", "prove_wallet", by=f"buyer:{account.code}")
        send("wallet_proved", account.email, key=f"wallet-proved:{made}", wallet=message.address)
        return made


def _see_who_signed(message: Message, text: str, signature: str) -> None:
    """A key says so by itself; a wallet that is a contract is asked. BadSignature, AnotherSigner, Unavailable."""
    wrong: Invalid = AnotherSigner(field="signature")
    try:
        if signer(text, signature) == message.address:
            return
    except BadSignature as none_of_a_key:
        wrong = none_of_a_key
    made = read_signature(signature)
    if len(made) < OF_A_KEY:
        raise wrong
    let_go()
    theirs = contract_wallets.agrees(message.address, digest(text), made)
    if not theirs:
        raise wrong if theirs is None else AnotherSigner(field="signature")


def read_address(text: str) -> str:
    """The address in its checksummed form; what is none, mistyped (EIP-55), or has no key is refused."""
    typed = text.strip()
    digits = typed.removeprefix("0x")
    try:
        found = checksum(typed)
    except ValueError:
        raise BadAddress(field="address") from None
    if digits == typed or (digits not in (digits.lower(), digits.upper()) and found != typed):
        raise BadAddress(field="address")
    custody = db.session.scalar(sa.select(Custody.id).where(Custody.address == found))
    if found == NOBODY or found in contracts().values() or custody is not None:
        raise NobodysWallet(field="address")
    return found


def wallets_of(account_id: int) -> list[Wallet]:
    """Those that the account proved, the newest first."""
    mine = sa.select(Wallet).where(Wallet.account_id == account_id)
    return list(db.session.scalars(mine.order_by(Wallet.id.desc())))


def wallet_of(wallet_id: int, account_id: int) -> Wallet | None:
    """The wallet if it is the account's."""
    wallet = get(Wallet, wallet_id) if wallet_id else None
    return wallet if wallet is not None and wallet.account_id == account_id else None
