"""Rows as the API shows them: a page of each kind in a few queries, however many rows."""

from __future__ import annotations

import re
from collections.abc import Sequence

import sqlalchemy as sa
from flask import request

from marketplace.api import schemas
from marketplace.api.paging import page
from marketplace.chain.contract import RIGHTS
from marketplace.chain.register import contracts
from marketplace.chain.register import status as chain_status
from marketplace.fund import statements
from marketplace.kit.db import db
from marketplace.kit.folding import terms
from marketplace.kit.refusals import Invalid
from marketplace.listings.finding import announced
from marketplace.listings.models import ANNOUNCED, PUBLIC, Listing, Mode, UnitState
from marketplace.listings.searching import matching
from marketplace.listings.taking import counts
from marketplace.metadata.models import Pin, Replica
from marketplace.resale.distribution import said
from marketplace.resale.models import Offer, Trade
from marketplace.resale.statements import (
    Figures,
    Step,
    figures_by_right_lately,
    figures_lately,
    histories,
    live_offers_of,
)
from marketplace.rights.models import Kind, Right
from marketplace.settings import settings
from marketplace.tokens.models import Token

LATEST = (Listing.published_at, Listing.id)
"""The order of listings: who reads until the first one that is known misses none, whichever was drafted before."""


class BadFilter(Invalid):
    code = "bad_filter"


def listings() -> schemas.Page[schemas.Listing]:
    """Public listings, the one that was announced last first; `q`, `kind`, `mode` and `state` narrow the list."""
    query = sa.select(Listing).where(ANNOUNCED, matching(terms(request.args.get("q", ""))))
    if (kind := chosen("kind", [str(each) for each in Kind])) is not None:
        query = query.join(Right).where(Right.kind == kind)
    if (mode := chosen("mode", [str(each) for each in Mode])) is not None:
        query = query.where(Listing.mode == mode)
    if (state := chosen("state", [str(each) for each in PUBLIC])) is not None:
        query = query.where(Listing.state == state)
    rows, following = page(query, LATEST, descending=True)
    return schemas.Page[schemas.Listing](items=_listings(rows), next=following)


def all_listings() -> list[schemas.Listing]:
    """Every public listing, the one that was announced last first."""
    latest = (key.desc() for key in LATEST)
    return _listings(list(db.session.scalars(sa.select(Listing).where(ANNOUNCED).order_by(*latest))))


def listing(code: str) -> schemas.Listing | None:
    row = announced(code)
    return _listings([row])[0] if row else None


def tokens() -> schemas.Page[schemas.Token]:
    """Tokens that were issued, by their number; `listing` and `owner` narrow the list."""
    query = sa.select(Token).where(Token.minted_at.is_not(None))
    if code := request.args.get("listing"):
        query = query.where(Token.listing_code == code)
    if owner := request.args.get("owner"):
        if not re.fullmatch(schemas.ADDRESS, owner):
            raise BadFilter("owner は 0x と40けたの16進数です。", field="owner")
        query = query.where(sa.func.lower(Token.holder_address) == owner.lower())
    rows, following = page(query, [Token.token_id])
    return schemas.Page[schemas.Token](items=_tokens(rows), next=following)


def token(contract: str, token_id: int) -> schemas.Token | None:
    same = (sa.func.lower(Token.contract) == contract.lower(), Token.token_id == token_id)
    row = db.session.scalar(sa.select(Token).where(*same, Token.minted_at.is_not(None)))
    return _tokens([row])[0] if row else None


def resales() -> schemas.Page[schemas.Resale]:
    """Sales between holders, the newest first; `token_id` narrows the list."""
    query = sa.select(Trade)
    if text := request.args.get("token_id"):
        if not (text.isascii() and text.isdigit() and len(text) <= 18):
            raise BadFilter("token_id は整数です。", field="token_id")
        query = query.where(Trade.token_id == int(text))
    rows, following = page(query, [Trade.block_number, Trade.log_index], descending=True)
    return schemas.Page[schemas.Resale](items=[resale(row) for row in rows], next=following)


def resale(row: Trade) -> schemas.Resale:
    return schemas.Resale(
        contract=row.contract,
        token_id=row.token_id,
        seller=row.seller,
        buyer=row.buyer,
        price_yen=row.price_yen,
        royalty_yen=row.royalty_yen,
        marketplace=row.marketplace,
        excluded=row.flag.value if row.flag else None,
        listed_at=row.listed_at,
        tx=row.tx_hash,
        log_index=row.log_index,
        block=row.block_number,
        at=row.at,
    )


def market() -> schemas.Market:
    """The figures of the town and of each series, as /market shows them."""
    return schemas.Market(
        chain=chain_status()["followed_block"],
        town=_figures(figures_lately()),
        series=[
            schemas.Series(
                right=right.code,
                series_id=right.series_id,
                title=schemas.Text(ja=right.title_ja, en=right.title_en),
                figures=_figures(found),
            )
            for right, found in figures_by_right_lately()
        ],
    )


def _figures(found: Figures) -> schemas.Figures:
    return schemas.Figures(
        sales=found.count,
        volume_yen=found.volume,
        median_yen=found.median,
        floor_yen=found.floor,
        offered=found.offered,
        issued=found.issued,
        holders=said(found.holders),
        royalties_yen=found.royalties,
        royalties_expected_yen=found.expected,
        excluded={flag.value: count for flag, count in found.excluded.items()},
    )


def fund() -> schemas.Fund:
    return schemas.Fund(name=settings().fund_name, **statements.summary())


def status() -> schemas.Status:
    """What is kept of a sale that nobody was told of has no name here: by its name, anybody could read it."""
    ours = {"rpc": settings().chain_url} if settings().chain_embedded else {}
    chain = schemas.Chain(
        **ours,
        chain_id=settings().chain_id,
        contracts=contracts(),
        **chain_status(),
    )
    told = Pin.right_id.in_(sa.select(Listing.right_id).where(ANNOUNCED))
    replicas = [
        schemas.Replica(node=row.node, root=row.pin.root, state=row.state.value, verified_at=row.verified_at)
        for row in db.session.scalars(sa.select(Replica).join(Pin).where(told).order_by(Replica.id))
    ]
    roots = db.session.scalars(sa.select(Pin.root).where(told).order_by(Pin.id))
    ipfs = schemas.Ipfs(roots=list(roots), replicas=replicas)
    return schemas.Status(chain=chain, ipfs=ipfs, ledger=schemas.Ledger(balanced=statements.balanced()))


def chosen(name: str, among: Sequence[str]) -> str | None:
    """The filter `name` of this request. BadFilter for a value that there is not."""
    value = request.args.get(name)
    if value is not None and value not in among:
        raise BadFilter(f"{name} は {'、'.join(among)} のどれかです。", field=name)
    return value


def _listings(rows: Sequence[Listing]) -> list[schemas.Listing]:
    units = counts([row.id for row in rows])
    contract = contracts().get(RIGHTS)
    return [
        schemas.Listing(
            code=row.code,
            kind=row.right.kind.value,
            mode=row.mode.value,
            state=row.state.value,
            title=schemas.Text(ja=row.right.title_ja, en=row.right.title_en),
            lead=schemas.Text(ja=row.right.lead_ja, en=row.right.lead_en),
            price_yen=row.price_yen,
            quantity=row.quantity,
            remaining=units.get(row.id, {}).get(UnitState.FREE, 0),
            held=units.get(row.id, {}).get(UnitState.HELD, 0),
            sold=units.get(row.id, {}).get(UnitState.SOLD, 0),
            per_person_limit=row.per_person_limit,
            published_at=row.published_at,
            opens_at=row.opens_at,
            closes_at=row.closes_at,
            draw_at=row.draw_at,
            transferable=row.right.transferable,
            tradable_from=row.right.tradable_from,
            royalty_bps=row.right.royalty_bps,
            metadata_uri=row.right.metadata_uri,
            document_uri=row.right.document_uri,
            text_hash=row.text_hash,
            series_id=row.right.series_id,
            contract=contract,
            chain_id=settings().chain_id,
            url=f"{settings().base_url}/listings/{row.code}",
        )
        for row in rows
    ]


def _tokens(rows: Sequence[Token]) -> list[schemas.Token]:
    ids = [row.token_id for row in rows]
    steps, offers = histories(ids), live_offers_of(ids)
    return [
        schemas.Token(
            contract=row.contract,
            token_id=row.token_id,
            series_id=row.right.series_id,
            serial=row.serial,
            state=row.state.value,
            owner=row.holder_address,
            in_custody=row.holder_id is not None,
            listing=row.listing_code,
            metadata_uri=row.metadata_uri,
            mint_tx=row.mint_tx,
            minted_at=row.minted_at,
            offer=_offer(offers.get(row.token_id)),
            transfers=[_transfer(step) for step in steps.get(row.token_id, [])],
        )
        for row in rows
    ]


def _offer(row: Offer | None) -> schemas.Offer | None:
    if row is None:
        return None
    named = {"listing_id": row.market_listing, "seller": row.seller}
    return schemas.Offer(**named, price_yen=row.price_yen, expires_at=row.expires_at)


def _transfer(step: Step) -> schemas.Transfer:
    return schemas.Transfer.model_validate(
        {
            "kind": step.kind,
            "from": step.from_address,
            "to": step.to_address,
            "price_yen": step.price_yen,
            "royalty_yen": step.royalty_yen,
            "tx": step.tx_hash,
            "log_index": step.log_index,
            "block": step.block_number,
            "at": step.at,
        }
    )
