"""A holder whose tokens the town keeps offers one for resale, or takes it back. The custodian does it on chain."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta

import sqlalchemy as sa

from marketplace.accounts.models import Account
from marketplace.chain.contract import MARKET, RIGHTS
from marketplace.chain.register import contracts
from marketplace.chain.sending import forget_held_back, promise
from marketplace.journal.writing import SYSTEM, move, note
from marketplace.kit.clock import now
from marketplace.kit.db import db, get, let_go, transaction
from marketplace.kit.money import Yen
from marketplace.kit.refusals import Refused
from marketplace.resale.models import Offer, OfferRequest, OfferState, RequestState
from marketplace.resale.rules import AlreadyOffered, MarketNotReady, NotOffered, NotTheHolder, check_offer
from marketplace.tokens import ending
from marketplace.tokens.binding import binds, check_free
from marketplace.tokens.freezing import frozen
from marketplace.tokens.models import Token

CUSTODIAN = "custodian"
OFFER = "resale.offer"
LIFE = timedelta(days=365)
"""An offer that nobody takes back ends by itself."""
_OPEN = OfferRequest.state.in_((RequestState.ASKED, RequestState.LISTED))


def offer(token_id: int, account_id: int, price_yen: Yen) -> int:
    """Ask for a token to be offered at a price; the request's id. A refusal of rules.check_offer, or MarketNotReady."""
    with transaction() as session:
        token = _locked(token_id)
        check(token, account_id, price_yen)
        market = contracts().get(MARKET)
        if market is None:
            raise MarketNotReady
        account = get(Account, account_id)
        request = OfferRequest(
            token_id=token_id,
            account_id=account_id,
            price_yen=price_yen,
            expires_at=_last_moment(token),
            state=RequestState.ASKED,
            asked_at=now(),
        )
        session.add(request)
        session.flush()
        key, custody = f"offer:{request.id}", _bytes32(account)
        approval = [custody, market, token_id]
        terms = [custody, token_id, price_yen, int(request.expires_at.timestamp())]
        promise(f"{key}:approve", CUSTODIAN, RIGHTS, "custodyApprove", approval)
        promise(f"{key}:list", CUSTODIAN, MARKET, "listFor", terms)
        note(token.subject, "offer", by=f"buyer:{account.code}", request=request.id, yen=price_yen)
        return request.id


def check(token: Token, account_id: int, price_yen: Yen) -> None:
    """What offer() would refuse now, for the page that asks for confirmation."""
    check_offer(
        holds=token.holder_id == account_id,
        transferable=token.right.transferable,
        tradable_from=token.right.tradable_from,
        offered=is_offered(token.token_id),
        price_yen=price_yen,
        at=now(),
    )
    if (ended := ending.over(token)) is not None:
        raise ended
    check_free(token, but=OFFER)


def withdraw_offer(token_id: int, account_id: int) -> None:
    """Ask for the account's offer of a token to be taken back. Asked again, it changes nothing.

    NotTheHolder for somebody else's, NotOffered where there is none.
    """
    with transaction():
        token = _locked(token_id)
        if token.holder_id != account_id:
            raise NotTheHolder
        request = open_request(token_id)
        if request is None or request.account_id != account_id:
            raise NotOffered
        _take_back(token, request, by=f"buyer:{get(Account, account_id).code}")


def take_back_frozen(order_code: str) -> None:
    """What came of this order and is frozen now is not for sale any more, where the town put it up for its holder.

    A bank's objection takes days, an offer on chain asks nobody: unless it is taken back, who paid with somebody
    else's card sells what the town loses the money for. And who buys what is to be revoked would lose it. Asked again,
    it changes nothing.
    """
    ids = list(db.session.scalars(sa.select(Token.token_id).where(Token.order_code == order_code)))
    let_go()
    for token_id in ids:
        with transaction():
            token, request = _locked(token_id), open_request(token_id)
            if request is not None and (refusal := frozen(token)) is not None:
                _take_back(token, request, why=refusal.code)


def _take_back(token: Token, request: OfferRequest, *, by: str = SYSTEM, why: str = "") -> None:
    """Inside a transaction that holds the token: once for each request."""
    if request.withdrawn_at is not None:
        return
    request.withdrawn_at = now()
    note(token.subject, "withdraw_offer", by=by, why=why, request=request.id)
    if forget_held_back(f"offer:{request.id}:list"):  # the chain would find nothing to take back, and then offer it
        move(request, "end")
        return
    owner = _bytes32(get(Account, request.account_id))
    promise(f"offer:{request.id}:cancel", CUSTODIAN, MARKET, "cancelFor", [owner, token.token_id])


def fail(request_id: int, why: str) -> None:
    """The chain would not have the offer: the holder may ask again."""
    with transaction():
        token_id = get(OfferRequest, request_id).token_id
        _locked(token_id)
        request = get(OfferRequest, request_id)
        db.session.refresh(request)
        if request.state == RequestState.ASKED:
            move(request, "fail", why=why)


def open_request(token_id: int) -> OfferRequest | None:
    """What the holder asked for and has not ended."""
    return db.session.scalar(sa.select(OfferRequest).where(OfferRequest.token_id == token_id, _OPEN))


def live_offer(token_id: int) -> Offer | None:
    """The offer that could be bought now."""
    live = sa.select(Offer).where(Offer.token_id == token_id, *_live())
    return db.session.scalar(live.order_by(Offer.id.desc()).limit(1))


def _live() -> tuple[sa.ColumnElement[bool], ...]:
    return (Offer.state == OfferState.LIVE, Offer.expires_at > now())


def is_offered(token_id: int) -> bool:
    return open_request(token_id) is not None or live_offer(token_id) is not None


@binds(OFFER)
def _offered(tokens: Collection[Token]) -> dict[int, Refused]:
    ids = [token.token_id for token in tokens]
    asked = db.session.scalars(sa.select(OfferRequest.token_id).where(OfferRequest.token_id.in_(ids), _OPEN))
    live = db.session.scalars(sa.select(Offer.token_id).where(Offer.token_id.in_(ids), *_live()))
    why = AlreadyOffered("この権利は売りに出ています。ほかのことをするときは、先に取り下げてください。")
    return dict.fromkeys([*asked, *live], why)


def _locked(token_id: int) -> Token:
    """The token's row, fresh and held: whoever offers, takes back or records it waits here. LookupError for none."""
    row = sa.select(Token).where(Token.token_id == token_id).with_for_update(of=Token)
    token = db.session.scalar(row.execution_options(populate_existing=True))
    if token is None:
        raise LookupError(f"token {token_id}")
    return token


def _last_moment(token: Token) -> datetime:
    """LIFE from now and not after the right's own term, in whole seconds, and another than that of any former request:
    it tells them apart."""
    wanted, end = (now() + LIFE).replace(microsecond=0), ending.ends_at(token)
    step = timedelta(seconds=1)
    if end is not None:
        wanted, step = min(wanted, end), -step
    former = set(db.session.scalars(sa.select(OfferRequest.expires_at).where(OfferRequest.token_id == token.token_id)))
    while wanted in former:
        wanted += step
    return wanted


def _bytes32(account: Account) -> str:
    return "0x" + account.custody_id
