"""The way of one token, from the approval of its right to its latest holder: each step with what proves it.

Every source gives the steps that its office knows of; whatever an office adds to the life of a token is one more.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from marketplace.kit.db import db
from marketplace.kit.languages import _, said
from marketplace.kit.shown import yen
from marketplace.listings.models import MODE_JA, Listing
from marketplace.metadata.amending import corrections
from marketplace.metadata.models import Pin
from marketplace.naming.models import Naming, NamingState
from marketplace.resale.statements import STEP_JA, history
from marketplace.tokens.models import Token


@dataclass(frozen=True)
class Mark:
    """One step, as the macro `timeline` shows it. `proof` is a hash or an address that a stranger can look up; `where`
    says what it is."""

    at: datetime
    word: str
    proof: str = ""
    where: str = ""
    state: str = "done"

    @property
    def more(self) -> str:
        return f"{said(self.where)} {self.proof}" if self.proof else ""


def ribbon(token: Token) -> list[Mark]:
    """Oldest first."""
    return sorted((mark for source in SOURCES for mark in source(token)), key=lambda mark: mark.at)


def approved(token: Token) -> Iterable[Mark]:
    listing = db.session.scalar(sa.select(Listing).where(Listing.code == token.listing_code))
    if listing is None:
        return
    if listing.approved_at is not None:
        yield Mark(listing.approved_at, "町が内容を承認", token.right.text_hash or "", "承認された文章のしるし")
    if listing.published_at is not None:
        yield Mark(
            listing.published_at,
            _("販売を公告（%(mode)s）", mode=said(MODE_JA[listing.mode])),
            listing.code,
            "出品番号",
        )


def kept(token: Token) -> Iterable[Mark]:
    first = sa.select(Pin).where(Pin.right_id == token.right_id, Pin.edition == 1)
    for pin in db.session.scalars(first):
        if pin.published_at is not None:
            yield Mark(pin.published_at, "内容の控えを保管", f"ipfs://{pin.root}", "控えの住所")
    for correction in corrections(token.right):
        yield Mark(correction.at, "内容の控えを訂正", f"ipfs://{correction.root}", "控えの住所")


def promised(token: Token) -> Iterable[Mark]:
    yield Mark(token.promised_at, "お渡しする方が決まり、発行を約束")


def moved(token: Token) -> Iterable[Mark]:
    for step in history(token.token_id):
        price = "" if step.price_yen is None else _("（") + yen(step.price_yen) + _("）")
        yield Mark(step.at, f"{said(STEP_JA[step.kind])}{price}", step.tx_hash, "帳面の記録")


def named(token: Token) -> Iterable[Mark]:
    row = db.session.scalar(sa.select(Naming).where(Naming.token_id == token.token_id))
    if row is None:
        return
    if row.concluded_at is not None:
        name = "" if row.state == NamingState.REVOKED else _("「%(name)s」", name=row.name)
        yield Mark(row.concluded_at, _("愛称%(name)sが決まった", name=name), row.path, "愛称のページ")
    if row.ended_at is not None:
        word = "命名権を取り消し" if row.state == NamingState.REVOKED else "愛称の期間が終わった"
        yield Mark(row.ended_at, word, state="failed" if row.state == NamingState.REVOKED else "done")


SOURCES: Sequence[Callable[[Token], Iterable[Mark]]] = (approved, kept, promised, moved, named)
