"""Bring offers and trades in line with the market's logs: all of a token's, anew each time, in whatever order."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from marketplace.chain import seaport
from marketplace.chain.contract import MARKET, RIGHTS, USES, YEN
from marketplace.chain.models import Call, CallState, Log
from marketplace.chain.register import contracts, reading_anew
from marketplace.journal.writing import move
from marketplace.kit.clock import now
from marketplace.kit.db import db, let_go, transaction
from marketplace.kit.refusals import Unavailable
from marketplace.kit.sheets import sheet
from marketplace.outbox.promising import say
from marketplace.resale import flagging, rules
from marketplace.resale.models import Offer, OfferRequest, OfferState, RequestState, Trade
from marketplace.resale.offering import fail
from marketplace.resale.rules import Told
from marketplace.tokens.custody import accounts_at
from marketplace.tokens.models import NOBODY, Token

AT_ONCE = 100
"""Tokens in one transaction: few enough that nobody waits long for its locks."""
Place = tuple[str, int]
"""Of a log: its block's hash, its number there."""


def recompute(token_ids: Iterable[int]) -> None:
    """Offers, trades and requests of these tokens as the logs tell them ⇢ resale.sold (once a sale).

    Raises Unavailable while logs are being read anew.
    """
    if reading_anew():
        raise Unavailable("chain: all logs are being read anew")
    wanted = sorted(set(token_ids))
    for start in range(0, len(wanted), AT_ONCE):
        _recompute(wanted[start : start + AT_ONCE])


@sheet(every=60, name="resale.expire_due")
def expire_due() -> None:
    """An offer's last day passes without a log."""
    due = sa.select(Offer.token_id).where(Offer.state == OfferState.LIVE, Offer.expires_at <= now())
    token_ids = list(db.session.scalars(due))
    anew = reading_anew()
    let_go()
    if not anew:
        recompute(token_ids)


@sheet(every=10, name="resale.fail_parked")
def fail_parked() -> None:
    """What the chain would not have (a right that moved meanwhile) must not look as if it were still coming."""
    asked = sa.select(OfferRequest.id).where(OfferRequest.state == RequestState.ASKED)
    keys = {f"offer:{request_id}:list": request_id for request_id in db.session.scalars(asked)}
    parked = sa.select(Call.key, Call.error).where(Call.key.in_(keys), Call.state == CallState.PARKED)
    found = list(db.session.execute(parked))
    let_go()
    for key, why in found:
        fail(keys[key], why or "")


def _recompute(token_ids: Sequence[int]) -> None:
    with transaction() as session:
        # the token's row is the lock: logs are read after it, so the last one to write saw the most
        wanted = sa.select(Token).where(Token.token_id.in_(token_ids)).order_by(Token.token_id)
        ours = list(session.scalars(wanted.with_for_update(of=Token)))
        ids = [token.token_id for token in ours]
        told, offers, trades = _told(ids), _rows(Offer, ids), _rows(Trade, ids)
        in_yen = contracts().get(YEN), _treasury()
        asked = sa.select(OfferRequest).where(OfferRequest.token_id.in_(ids)).order_by(OfferRequest.id)
        requests = list(session.scalars(asked))
        sellers = accounts_at(log.args["seller"] for logs in told.values() for log in logs if "seller" in log.args)
        for token in ours:
            id_, logs = token.token_id, told.get(token.token_id, [])
            live = _write_offers(id_, logs, offers.get(id_, {}))
            _write_trades(token, logs, trades.get(id_, {}), sellers, in_yen)
            _settle_requests([request for request in requests if request.token_id == id_], live, sellers)
        flagging.mark(told)


def _told(token_ids: Sequence[int]) -> dict[int, list[Told]]:
    """{token: what the market said of it, its movements after the issue, and its uses}."""
    at = contracts()
    said = sa.or_(
        sa.and_(Log.address == at.get(MARKET), Log.name.in_(("Listed", "Cancelled", "Sold"))),
        sa.and_(Log.address == at.get(RIGHTS), Log.name == "Transfer"),
        sa.and_(Log.address == at.get(USES), Log.name.in_(("Redeemed", "RedemptionUndone"))),
        Log.name == seaport.NAME,
    )
    logs = db.session.scalars(sa.select(Log).where(said, Log.token_id.in_(token_ids)))
    found: dict[int, list[Told]] = {}
    for log in logs:
        assert log.token_id is not None, "these logs name their token"
        if log.name == "Transfer" and log.args["from"] == NOBODY:
            continue
        place = (log.tx_hash, log.log_index, log.block_number, log.block_hash, log.at)
        found.setdefault(log.token_id, []).append(Told(log.name, log.args, *place))
    return found


def _write_offers(token_id: int, logs: Sequence[Told], rows: dict[Place, Offer]) -> list[Offer]:
    offers = []
    for log, state in rules.offers(logs, now()):
        row = rows.pop((log.block_hash, log.log_index), None)
        if row is None:
            row = Offer(
                token_id=token_id,
                market_listing=int(log.args["listingId"]),
                seller=log.args["seller"],
                price_yen=int(log.args["price"]),
                expires_at=rules.expiry(log),
                state=state,
                **_place(log),
            )
            db.session.add(row)
        row.state = state
        offers.append(row)
    _forget(rows.values())
    return offers


def _write_trades(
    token: Token,
    logs: Sequence[Told],
    rows: dict[Place, Trade],
    sellers: Mapping[str, int],
    in_yen: tuple[str | None, str | None],
) -> None:
    """Each sale is said in the transaction that writes it down."""
    for sale in rules.sales(logs, *in_yen):
        log = sale.log
        if rows.pop((log.block_hash, log.log_index), None) is not None:
            continue
        assert token.contract is not None, "what was sold was issued"
        money = {"price_yen": sale.price, "royalty_yen": sale.royalty}
        parties = {"seller": log.args["seller"], "buyer": log.args["buyer"], "marketplace": sale.marketplace}
        db.session.add(Trade(contract=token.contract, token_id=token.token_id, **parties, **money, **_place(log)))
        say(
            "resale.sold",
            key=f"{log.tx_hash}:{sale.number}",
            token_id=token.token_id,
            seller_id=sellers.get(log.args["seller"]),
            tx_hash=log.tx_hash,
            price_yen=money["price_yen"],
            royalty_yen=money["royalty_yen"],
        )
    _forget(rows.values())


def _treasury() -> str | None:
    """The address of the town's fund, as the collection names it now."""
    named = sa.select(Log.args).where(Log.address == contracts().get(RIGHTS), Log.name == "TreasuryChanged")
    args = db.session.scalar(named.order_by(Log.block_number.desc(), Log.log_index.desc()).limit(1))
    return args["treasury"] if args else None


def _settle_requests(requests: Sequence[OfferRequest], offers: Sequence[Offer], sellers: Mapping[str, int]) -> None:
    """What we were asked to offer for a token ends when the offer that came of it does."""
    found = {(offer.price_yen, offer.expires_at, sellers.get(offer.seller)): offer.state for offer in offers}
    for request in requests:
        state = found.get((request.price_yen, request.expires_at, request.account_id))
        if state is None and request.state == RequestState.LISTED:
            move(request, "unsettle")
        elif state is not None and state != OfferState.LIVE and request.state != RequestState.ENDED:
            move(request, "end")
    if requests:
        db.session.flush()  # what ends is written before what opens: only one may be open
    # an end that the chain took back comes again by itself: it reopens nothing while a newer request is open
    for request in requests:
        state = found.get((request.price_yen, request.expires_at, request.account_id))
        others = any(other is not request and other.is_open for other in requests)
        if state == OfferState.LIVE and request.state != RequestState.LISTED and not others:
            move(request, "list")


def _rows(kind: Any, token_ids: Sequence[int]) -> dict[int, dict[Place, Any]]:
    """{token: its rows by the log that each came from}."""
    found: dict[int, dict[Place, Any]] = {}
    for row in db.session.scalars(sa.select(kind).where(kind.token_id.in_(token_ids))):
        found.setdefault(row.token_id, {})[row.block_hash, row.log_index] = row
    return found


def _place(log: Told) -> dict[str, Any]:
    names = ("tx_hash", "log_index", "block_number", "block_hash", "at")
    return {name: getattr(log, name) for name in names}


def _forget(rows: Iterable[Any]) -> None:
    for row in rows:
        db.session.delete(row)
