"""アルバム: which cards somebody has and which are missing. There is no prize for having all of them (景品表示法:
カード合わせ), and no way to buy one without seeing it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from marketplace.accounts.models import Account
from marketplace.collections.models import Swap, SwapState
from marketplace.holders.owned import owned
from marketplace.kit.clock import now
from marketplace.kit.db import db
from marketplace.kit.languages import _
from marketplace.kit.paging import page_of
from marketplace.listings.models import Listing, ListingState
from marketplace.metadata.pictures import own_url
from marketplace.rights.models import Kind, Right
from marketplace.tokens.models import Token, TokenState

A_PAGE = 60
"""Numbers of a series on one page."""


@dataclass(frozen=True)
class Series:
    """One kind of card. `mine` are the owner's tokens of it; `issued` how many people's there are; `listing` is where
    it is on sale now; `offers` how many exchanges offer one."""

    right: Right
    mine: Sequence[Token]
    issued: int
    listing: Listing | None
    offers: int

    @property
    def numbers(self) -> str:
        """'3番、8番', '1番、2番、3番、4番、5番 ほか2枚'."""
        first = _("、").join(_("%(serial)s番", serial=token.serial) for token in self.mine[:5])
        return first + (_(" ほか%(mine)s枚", mine=len(self.mine) - 5) if len(self.mine) > 5 else "")

    @property
    def picture(self) -> str | None:
        """Of the owner's first one, where each has its own."""
        return own_url(self.right, self.mine[0].serial) if self.mine else None

    @property
    def facts(self) -> list[tuple[str, bool]]:
        """(words, does it pass soon?), as on the cards of the shop."""
        found = [(_("世に出た数 %(issued)s枚", issued=f"{self.issued:,}"), False)]
        if self.listing is not None:
            found.append(("販売中", True))
        if self.offers:
            found.append((_("交換に%(offers)s枚", offers=self.offers), False))
        return found


@dataclass(frozen=True)
class Slot:
    """One number of a series: the token if it was issued, and whether it is the owner's."""

    serial: int
    token: Token | None
    mine: bool


def card_rights() -> list[Right]:
    """Kinds of card of which there is at least one, oldest first."""
    issued = sa.select(Token.right_id).where(Token.state == TokenState.HELD)
    found = sa.select(Right).where(Right.kind == Kind.CARD, Right.id.in_(issued)).order_by(Right.id)
    return list(db.session.scalars(found))


def album(account_id: int | None) -> list[Series]:
    """All kinds of card, as this person (None: nobody) has them."""
    rights = card_rights()
    ids = [right.id for right in rights]
    mine: dict[int, list[Token]] = {}
    for token in owned(account_id) if account_id is not None else ():
        mine.setdefault(token.right_id, []).append(token)
    held = sa.select(Token.right_id, sa.func.count()).where(Token.state == TokenState.HELD, Token.right_id.in_(ids))
    issued = {right_id: count for right_id, count in db.session.execute(held.group_by(Token.right_id))}  # noqa: C416
    on_sale = sa.select(Listing).where(Listing.right_id.in_(ids), Listing.state == ListingState.OPEN)
    listings = {listing.right_id: listing for listing in db.session.scalars(on_sale)}
    given = sa.select(Token.right_id, sa.func.count()).join(Swap, Swap.give_token_id == Token.token_id)
    given = given.where(Token.right_id.in_(ids), *open_to_all()).group_by(Token.right_id)
    offers = {right_id: count for right_id, count in db.session.execute(given)}  # noqa: C416 -- a Row is no pair
    return [
        Series(right, mine.get(right.id, ()), issued.get(right.id, 0), listings.get(right.id), offers.get(right.id, 0))
        for right in rights
    ]


def slots(right: Right, account_id: int | None, wanted: int) -> tuple[list[Slot], int, int]:
    """The numbers of one series on the page `wanted` (from 1) or the last one, which it is, and how many there are."""
    last = db.session.scalar(sa.select(sa.func.max(Token.max_supply)).where(Token.right_id == right.id)) or 0
    page, pages = page_of(wanted, last, A_PAGE)
    first = (page - 1) * A_PAGE + 1
    serials = range(first, min(first + A_PAGE, last + 1))
    rows = sa.select(Token).where(Token.right_id == right.id, Token.serial.in_(serials), Token.state == TokenState.HELD)
    tokens = {token.serial: token for token in db.session.scalars(rows)}
    mine = {token.token_id for token in owned(account_id)} if account_id is not None else set()
    found = [
        Slot(serial, token := tokens.get(serial), token is not None and token.token_id in mine) for serial in serials
    ]
    return found, page, pages


def card_right(code: str) -> Right:
    """LookupError for none, and for a right that is no card."""
    found = db.session.scalar(sa.select(Right).where(Right.code == code, Right.kind == Kind.CARD))
    if found is None or (found.document_uri is None and found.metadata_uri is None):
        raise LookupError(f"card {code}")
    return found


def open_to_all() -> tuple[sa.ColumnElement[bool], ...]:
    """Swaps that anybody may accept now."""
    return (Swap.state == SwapState.OFFERED, Swap.for_one.is_(False), Swap.expires_at > now())


def offered_to(account: Account) -> list[tuple[Swap, Token]]:
    """Swaps that wait for this person's answer alone, and the card that each would bring; the newest first."""
    theirs = (Swap.to_email == account.email, Swap.state == SwapState.OFFERED, Swap.expires_at > now())
    rows = sa.select(Swap, Token).join(Token, Token.token_id == Swap.give_token_id).where(*theirs)
    return [(swap, token) for swap, token in db.session.execute(rows.order_by(Swap.id.desc()))]
