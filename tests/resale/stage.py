"""What the tests of the resale office start from: a token in somebody's hands."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from typing import Any

import sqlalchemy as sa

from marketplace.accounts.models import Account
from marketplace.chain.models import Call, CallState, Contract, Lane
from marketplace.chain.register import custody_address
from marketplace.kit.clock import now
from marketplace.kit.db import db, get, transaction
from marketplace.listings.models import Listing
from marketplace.resale import recording
from marketplace.resale.models import OfferRequest
from marketplace.rights.models import SERIAL_SPACE
from marketplace.tokens import holding
from marketplace.tokens.issuing import promise_token
from marketplace.tokens.models import Token
from tests import given
from tests.chainlogs import Chain, somebody

_orders = count(1)


def custody(account_id: int) -> str:
    return custody_address(get(Account, account_id).custody_id)


def held_token(chain: Chain, account_id: int, listing_id: int | None = None, serial: int = 1, **right: Any) -> int:
    """A token that was issued to the account's custody in block 1; its id on chain."""
    listing = get(Listing, listing_id or given.a_listing(**right))
    with transaction():
        token_id = promise_token(
            listing.right_id, serial, listing.code, f"ORD-{next(_orders)}", account_id, listing.quantity
        )
    series, number = divmod(token_id, SERIAL_SPACE)
    chain.mint(token_id, custody(account_id), block=1, index=(series - 1) * 1_000 + number)
    heard(chain, token_id)
    return token_id


def heard(chain: Chain, *token_ids: int) -> None:
    """The chain's logs have been read, and both offices have heard of them."""
    chain.tell()
    holding.recompute(token_ids)
    recording.recompute(token_ids)


def token(token_id: int) -> Token:
    db.session.rollback()
    return db.session.scalars(sa.select(Token).where(Token.token_id == token_id)).one()


def request(request_id: int) -> OfferRequest:
    db.session.rollback()
    return get(OfferRequest, request_id)


def calls(prefix: str) -> list[tuple[str, str, str, list[Any]]]:
    """(key, role, function, arguments) of what the chain was asked, in order."""
    rows = sa.select(Call).where(Call.key.startswith(prefix)).order_by(Call.id)
    return [(call.key, call.role, call.function, call.args) for call in db.session.scalars(rows)]


def park(key: str) -> None:
    """The chain would not have what was promised under this key, however often it was tried."""
    with transaction() as session:
        ours = sa.update(Call).where(Call.key == key).values(state=CallState.PARKED, error="Paused()")
        assert session.scalars(ours.returning(Call.id)).all() != []


@contextmanager
def paused() -> Iterator[None]:
    """The town has paused its contracts, as far as our own tables tell."""
    for since in (now(), None):
        with transaction() as session:
            session.execute(sa.update(Contract).values(paused_at=since))
        if since is not None:
            yield


def open_lane() -> str:
    """The sender has opened the wallet's lane; its address."""
    address = somebody("demo wallet")
    with transaction() as session:
        session.add(Lane(chain_id=706_123, role="wallet:demo", signer=address, next_nonce=0))
    return address
