"""入札のうごき as a plot: how the price rose from the opening to the close."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from functools import partial

import sqlalchemy as sa
from markupsafe import Markup

from marketplace.auctions.models import Auction, AuctionState, Bid
from marketplace.kit import shown
from marketplace.kit.clock import jst
from marketplace.kit.db import db, get
from marketplace.kit.kept import kept
from marketplace.kit.languages import _
from marketplace.kit.plots import BOTTOM, DOTS, LEFT, RIGHT, TOP, both, ceiling, frame, grid

Step = tuple[int, int]
"""(seconds from the opening, the price in yen from then on)."""
MIDNIGHT_IS_OF = timedelta(seconds=1)
"""An auction that ends at 24時 ends on the day before."""
LEAST = 2
"""Changes below which a small drawing shows nothing that the page does not say."""
MOMENTS = 120
"""Into so many parts the time of an auction is cut where its page has a small drawing: each has one step."""
UNDECIDED = frozenset({AuctionState.OPEN, AuctionState.SUSPENDED})


def course(auction: Auction, steps: Sequence[Step]) -> Markup | None:
    """For a desk and for a phone; None where no bid made a price, as sealed bids never do."""
    return both(partial(drawn, auction), steps, "course") if steps else None


def small(auction: Auction) -> Markup | None:
    """The same for the page on which one bids: coarse, without dots, up to half a minute old. None before the price has
    risen."""
    return None if auction.sealed else kept(_small, auction.id, auction.state, auction.closes_at)


def _small(auction_id: int, _state: AuctionState, _closes_at: datetime) -> Markup | None:
    """One question however much was bid; at 3,000 bids it takes a tenth of the page, so it is kept."""
    auction = get(Auction, auction_id)
    part = (sa.cast(Bid.t, sa.BigInteger) * MOMENTS) // max(1, auction.seconds(auction.closes_at))
    edges = sa.select(
        *(sa.func.min(Bid.t), sa.func.min(Bid.price_yen), sa.func.max(Bid.t), sa.func.max(Bid.price_yen)),
        sa.func.count(),
    )
    seen = edges.where(Bid.auction_id == auction.id, Bid.changed, Bid.price_yen.is_not(None))
    parts = db.session.execute(seen.group_by(part).order_by(part)).all()
    changes = sum(count for *_edge, count in parts)
    if changes < LEAST:
        return None
    steps = [(parts[0][0], parts[0][1]), *((last_t, last_yen) for _t, _yen, last_t, last_yen, _count in parts)]
    return both(partial(drawn, auction, changes=changes), steps, "course")


def drawn(
    auction: Auction, steps: Sequence[Step], size: tuple[float, float], name: str, changes: int | None = None
) -> Markup:
    """A stair with a dot where a bid changed it, over the whole time of the auction; the last price stands at its end.

    The stair ends at the last bid while others may come, at the close once none can. `changes`: how many bids changed
    it, where not each of them is a step; then there are no dots.
    """
    width, height = size
    whole, top = max(1, auction.seconds(auction.closes_at)), ceiling(max(yen for _, yen in steps))

    def x(seconds: int) -> float:
        return LEFT + 8 + (width - LEFT - RIGHT - 16) * min(1.0, seconds / whole)

    def y(yen: float) -> float:
        return height - BOTTOM - (height - TOP - BOTTOM) * yen / top

    corners, level = [], steps[0][1]
    for seconds, yen in _told_apart(steps, x):
        corners += [(seconds, level), (seconds, yen)]
        level = yen
    if auction.state not in UNDECIDED:
        corners.append((whole, level))
    points = " ".join(f"{x(seconds):.1f},{y(yen):.1f}" for seconds, yen in corners)
    dotted = steps[-DOTS:] if changes is None else ()
    dots = [f'<circle class="fill-2" cx="{x(seconds):.1f}" cy="{y(yen):.1f}" r="4"/>' for seconds, yen in dotted]
    end = x(corners[-1][0])
    anchor, beside = ("end", end - 10) if end > (LEFT + width - RIGHT) / 2 else ("start", end + 10)
    last = f'<text class="chart__strong" x="{beside:.1f}" y="{max(TOP, y(level) - 8):.1f}" text-anchor="{anchor}">'
    ends = ((auction.opens_at, LEFT, "start"), (auction.closes_at - MIDNIGHT_IS_OF, width - RIGHT, "end"))
    days = "".join(
        f'<text x="{place:.0f}" y="{height - 10:.0f}" text-anchor="{side}">{shown.month_day(jst(moment).date())}</text>'
        for moment, place, side in ends
    )
    told = _(
        "%(count)s回の変化で、%(first)s円から%(last)s円になりました。",
        count=len(steps) if changes is None else changes,
        first=f"{steps[0][1]:,}",
        last=f"{level:,}",
    )
    line = f'<polyline class="line-1" points="{points}"/>'
    body = [grid(width, top, y, shown.yen), line, *dots, f"{last}{shown.yen(level)}</text>", days]
    return frame(size, name, _("価格のうごき"), told, "".join(body))


def _told_apart(steps: Sequence[Step], x: Callable[[int], float]) -> list[Step]:
    """Without those that would be drawn over each other: of a rush in one minute the last alone is seen."""
    return list({round(x(seconds)): (seconds, yen) for seconds, yen in steps}.values())
