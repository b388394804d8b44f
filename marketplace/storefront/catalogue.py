"""The catalogue: what is for sale or was, searched, narrowed and put in order by what stands in the address."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

import sqlalchemy as sa
from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from marketplace.accounts.session import current_account
from marketplace.auctions.models import Auction
from marketplace.kit.db import db
from marketplace.kit.folding import terms
from marketplace.kit.paging import asked_page, page_of
from marketplace.kit.web import conditional
from marketplace.listings.models import ANNOUNCED, SALE_JA, Listing, ListingState
from marketplace.listings.searching import matching, misses
from marketplace.rights.models import KIND_JA, Right
from marketplace.storefront.cards import SHOWN, about

bp = Blueprint("catalogue", __name__)

ON_SALE = (ListingState.OPEN, ListingState.SUSPENDED, ListingState.PUBLISHED)
ENDED = (ListingState.CLOSED, ListingState.COMPLETED, ListingState.CANCELLED)
PER_PAGE = 24
LONGEST = 100
SORTS = {"": "締め切りの近い順", "new": "新しい順", "low": "価格の低い順", "high": "価格の高い順"}


@dataclass(frozen=True)
class Asked:
    """What the address asks for; what it can't mean is taken for nothing asked."""

    q: str = ""
    kind: str = ""
    mode: str = ""
    state: str = ""
    sort: str = ""
    page: int = 1

    @property
    def ended(self) -> bool:
        return self.state == "ended"

    @property
    def states(self) -> tuple[ListingState, ...]:
        return ENDED if self.ended else ON_SALE

    def link(self, **other: str | int) -> str:
        """The address of this search with something else in it: from its first page, unless `page` is given."""
        parts = {**vars(self), "page": 1, **other}
        said = urlencode([(name, value) for name, value in parts.items() if value not in ("", 1)])
        return f"/listings?{said}" if said else "/listings"


@bp.get("/listings")
def catalogue() -> ResponseReturnValue:
    asked = read()
    listings, total = found(asked)
    number, pages = page_of(asked.page, total, PER_PAGE)
    if number != asked.page:  # an old link: fewer are there now
        asked = replace(asked, page=number)
        listings, total = found(asked)
    elsewhere = replace(asked, state="" if asked.ended else "ended", page=1)
    page = render_template(
        "storefront/search.html",
        asked=asked,
        listings=listings,
        about=about(listings),
        total=total,
        pages=pages,
        elsewhere=elsewhere,
        there=count(narrowed(elsewhere)) if not total else 0,
        kinds=KIND_JA,
        modes=SALE_JA,
        sorts=SORTS,
    )
    return conditional(page, max_age=1, private=current_account() is not None)


def read() -> Asked:
    """The search of this request."""
    given = request.args
    choices: dict[str, Collection[str]] = {"kind": KIND_JA, "mode": SALE_JA, "state": ["ended"], "sort": SORTS}
    kept = {name: given[name] for name, values in choices.items() if given.get(name) in values}
    return Asked(q=given.get("q", "").strip()[:LONGEST], page=asked_page(), **kept)


def found(asked: Asked) -> tuple[list[Listing], int]:
    """The listings on the page that is asked for, and how many there are on all of them."""
    query, before = narrowed(asked), (asked.page - 1) * PER_PAGE
    listings = list(db.session.scalars(query.options(*SHOWN).limit(PER_PAGE).offset(before)))
    is_last = len(listings) < PER_PAGE and (listings or not before)
    return listings, before + len(listings) if is_last else count(query)


def narrowed(asked: Asked) -> sa.Select[Listing]:
    """The listings that are asked for, in their order. Of a search, those that are named so come first."""
    words = terms(asked.q)
    query = public(asked.states)
    if words:
        query = query.where(matching(words))
    if asked.kind:
        query = query.where(Right.kind == asked.kind)
    if asked.mode:
        query = query.where(Listing.mode == asked.mode)
    if asked.sort == "new":
        return query.order_by(Listing.published_at.desc(), Listing.id.desc())
    if asked.sort:
        return _by_price(query, asked.sort)
    if words:
        query = query.order_by(misses(words))
    return query.order_by(*soonest(asked.states))


def _by_price(query: sa.Select[Listing], sort: str) -> sa.Select[Listing]:
    """As the card shows the price: that of an auction is where its bids stand, unless they are sealed."""
    stands = sa.case((Auction.sealed, None), else_=Auction.price_yen)
    price = sa.func.coalesce(Auction.winner_yen, stands, Listing.price_yen)
    query = query.outerjoin(Auction, Auction.listing_id == Listing.id)
    return query.order_by(price.asc() if sort == "low" else price.desc(), Listing.id)


def listed(states: tuple[ListingState, ...]) -> sa.Select[Listing]:
    """Public listings in one of `states`: open ones first, those that end soon before the others."""
    return public(states).order_by(*soonest(states))


def public(states: tuple[ListingState, ...]) -> sa.Select[Listing]:
    sales = sa.select(Listing).join(Right, Right.id == Listing.right_id)
    return sales.where(Listing.state.in_(states), ANNOUNCED, Listing.mode.in_(SALE_JA))


def soonest(states: tuple[ListingState, ...]) -> tuple[sa.ColumnElement[Any], ...]:
    ending = sa.func.coalesce(Listing.closes_at, Listing.opens_at)
    first = sa.case((Listing.state == ListingState.OPEN, 0), else_=1)
    return first, ending.desc() if states == ENDED else ending.asc(), Listing.id.asc()


def count(found: sa.Select[Listing]) -> int:
    return db.session.scalar(found.order_by(None).with_only_columns(sa.func.count())) or 0
