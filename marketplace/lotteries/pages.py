"""What the pages of a lottery share: which lottery, whose entry, what is said about both."""

from __future__ import annotations

import sqlalchemy as sa
from flask import abort

from marketplace.accounts.session import visitor_id
from marketplace.kit.clock import now
from marketplace.kit.db import db
from marketplace.kit.web import or_404
from marketplace.listings.finding import announced
from marketplace.listings.models import Listing
from marketplace.lotteries import bundles, counting
from marketplace.lotteries.closing import of_listing
from marketplace.lotteries.models import Lottery
from marketplace.lotteries.states import LotteryState


def my_id() -> int:
    """Whoever signed_in() let in."""
    account_id = visitor_id()
    assert account_id is not None, "signed_in lets nobody else in"
    return account_id


def opened(code: str) -> Lottery:
    """The lottery alone, which is there once its listing has opened; else 404."""
    return or_404(db.session.scalar(sa.select(Lottery).where(Lottery.code == code)))


def find(code: str) -> tuple[Listing, Lottery]:
    listing = announced(code)
    lottery = of_listing(listing.id) if listing else None
    if listing is None or lottery is None:
        abort(404)
    return listing, lottery


def about(lottery: Lottery | None) -> dict[str, object]:
    return {
        "lottery": lottery,
        "fixed": bundles.fixed_of(lottery) if lottery else None,
        "odds": counting.odds(lottery) if lottery and lottery.groups else [],
        "count": bundles.count(lottery.id) if lottery else 0,
        "takes_entries": lottery is not None and takes_entries(lottery),
    }


def takes_entries(lottery: Lottery) -> bool:
    return lottery.state == LotteryState.OPEN and lottery.opens_at <= now() < lottery.closes_at
