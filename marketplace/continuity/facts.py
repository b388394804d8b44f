"""What of the town's tables is public, as JSON. Addresses and codes; of persons nothing: there is no join to them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from marketplace.auctions.approved import former_texts, may_be_read, text_of
from marketplace.auctions.logs import bids_of
from marketplace.auctions.models import MAXIMA_PUBLIC, Auction
from marketplace.chain import contract, dating, register
from marketplace.fund import publishing
from marketplace.fund.statements import summary
from marketplace.kit.clock import jst
from marketplace.kit.db import db, in_portions
from marketplace.kit.published import Record
from marketplace.listings.models import ANNOUNCED, Listing
from marketplace.lotteries.bundles import draw_of
from marketplace.lotteries.models import Draw, Lottery
from marketplace.metadata.models import Pin
from marketplace.resale.models import Trade
from marketplace.rights.models import Right
from marketplace.settings import settings
from marketplace.tokens.models import Token
from marketplace.waiting.models import Room
from marketplace.waiting.standing import published

AT_ONCE = 500


def listings() -> list[Record]:
    """What was announced, with its right in full."""
    query = sa.select(Listing).where(ANNOUNCED).order_by(Listing.id)
    names = ("code", "price_yen", "quantity", "per_person_limit", "text_hash")
    moments = ("published_at", "opens_at", "closes_at", "draw_at")
    return [
        {name: getattr(row, name) for name in names}
        | {name: _text(getattr(row, name)) for name in moments}
        | {"mode": str(row.mode), "state": str(row.state), "right": right(row.right)}
        for row in db.session.scalars(query)
    ]


def approved() -> Iterator[tuple[str, bytes]]:
    """(path, what was approved of a sale, as it was hashed), and what before each amendment; without those whose
    reserve is still secret."""
    query = sa.select(Listing).where(ANNOUNCED, Listing.text_hash.is_not(None)).order_by(Listing.id)
    for row in db.session.scalars(query):
        if may_be_read(row):
            yield f"sales/{row.code}.json", text_of(row)
            for number, text in sorted(former_texts(row).items()):
                yield f"sales/{row.code}/before-{number}.json", text


def right(row: Right) -> Record:
    names = (
        *("code", "series_id", "title_ja", "title_en", "lead_ja", "lead_en", "body_ja", "body_en", "perks", "terms"),
        *("perk_plans", "resale_rule_ja", "resale_rule_en", "transferable", "royalty_bps"),
        *("term_months", "uses_per_token"),
        *("text_hash", "terms_cid", "metadata_uri", "document_uri", "metadata_edition"),
    )
    found: Record = {name: getattr(row, name) for name in names}
    return found | {"kind": str(row.kind), "kind_ja": row.kind.ja, "tradable_from": _text(row.tradable_from)}


def tokens() -> Iterator[Record]:
    """What was issued, and the address that holds it."""
    query = sa.select(Token).where(Token.minted_at.is_not(None)).options(joinedload(Token.right))
    for row in db.session.scalars(in_portions(query.order_by(Token.token_id), AT_ONCE)):
        yield {
            "contract": row.contract,
            "token_id": row.token_id,
            "right": row.right.code,
            "listing": row.listing_code,
            "serial": row.serial,
            "state": str(row.state),
            "holder": row.holder_address,
            "metadata_uri": row.metadata_uri,
            "mint_tx": row.mint_tx,
            "minted_at": _text(row.minted_at),
        }


def holders(issued: list[Record]) -> list[Record]:
    """Each address with the tokens that it holds."""
    found: dict[str, list[int]] = {}
    for token in issued:
        if token["holder"]:
            found.setdefault(token["holder"], []).append(token["token_id"])
    return [{"address": address, "tokens": held} for address, held in sorted(found.items())]


def resales() -> list[Record]:
    names = (
        "contract",
        "token_id",
        "seller",
        "buyer",
        "price_yen",
        "royalty_yen",
        "marketplace",
        "tx_hash",
        "log_index",
    )
    rows = db.session.scalars(sa.select(Trade).order_by(Trade.block_number, Trade.log_index))
    return [
        {name: getattr(row, name) for name in names} | {"block": row.block_number, "at": _text(row.at)} for row in rows
    ]


def fund() -> Record:
    return {"name": settings().fund_name, **summary()}


def fund_proof() -> Record:
    """The figures with every price that they are made of."""
    return publishing.published()


def contracts() -> Record:
    """Where the contracts are, and how far we had read the chain."""
    return {"chain_id": settings().chain_id, "addresses": register.contracts(), **register.status()}


def abi(name: str) -> list[Any]:
    return list(contract.artifact(name).abi)


def pins() -> list[Record]:
    """Every edition of the documents of what was announced."""
    shown = Pin.right_id.in_(sa.select(Listing.right_id).where(ANNOUNCED))
    rows = db.session.scalars(sa.select(Pin).where(shown).options(joinedload(Pin.right)).order_by(Pin.id))
    return [
        {
            "right": row.right.code,
            "edition": row.edition,
            "root": row.root,
            "current": row.is_current,
            "car_sha256": row.car_sha256,
            "published_at": _text(row.published_at),
        }
        for row in rows
    ]


def draws() -> Iterator[tuple[str, Record]]:
    """The bundle of each draw, with its result: one for each group of a lottery."""
    drawn = sa.select(Lottery.code, Draw.group).join(Draw, Draw.lottery_id == Lottery.id)
    for code, group in list(db.session.execute(drawn.where(Draw.seed.is_not(None)).order_by(Draw.id))):
        if (bundle := draw_of(code, group)) is not None:
            yield f"{code}-{group}".rstrip("-"), bundle


def waiting_rooms() -> Iterator[tuple[str, Record]]:
    """The order of each waiting room that was opened."""
    for room in db.session.scalars(sa.select(Room).where(Room.seed.is_not(None)).order_by(Room.id)):
        yield room.code, published(room)


def auctions() -> Iterator[tuple[str, Record]]:
    """The log of each auction that was decided, with its result."""
    decided = sa.select(Auction.code).where(Auction.state.in_(MAXIMA_PUBLIC)).order_by(Auction.id)
    for code in list(db.session.scalars(decided)):
        if (log := bids_of(code)) is not None:
            yield code, log


def journal_days() -> Record:
    """The seal over all that was ever done; the rows themselves are for auditors."""
    return dating.published()


def _text(moment: datetime | None) -> str | None:
    """As the API says it: in Japan, with the offset."""
    return jst(moment).isoformat(timespec="seconds") if moment else None
