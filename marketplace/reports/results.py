"""落札結果・抽選結果の公表: every draw and every auction that ended in a period, on one page and one paper."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime

import sqlalchemy as sa

from marketplace.auctions import outcomes
from marketplace.auctions.models import Auction
from marketplace.kit.db import db
from marketplace.kit.languages import _, said
from marketplace.kit.shown import when
from marketplace.listings.models import ANNOUNCED, Listing
from marketplace.lotteries import counting
from marketplace.lotteries.counting import Counts
from marketplace.lotteries.models import Draw, Entry, Lottery
from marketplace.reports.document import Document, Part
from marketplace.reports.periods import Period
from marketplace.settings import settings

NUMBERS = 200
"""Winning numbers that are printed; more are looked up on the page of the draw."""


def results(period: Period) -> Document:
    parts = [*_draws(period), *_auctions(period)]
    return Document(
        "抽選・落札の結果について",
        period.ja,
        parts or [Part(_("結果"), nothing=_("この期間に決まった抽選・オークション・入札はありません。"))],
        note=_(
            "お名前は、ご本人の同意がないかぎり公開しません。受付番号と入札者の番号は、その売り出しだけのものです。"
        ),
    )


def _draws(period: Period) -> list[Part]:
    drawn = (
        sa.select(Lottery, Listing)
        .join(Listing, Listing.id == Lottery.listing_id)
        .where(Lottery.id.in_(sa.select(Draw.lottery_id).where(period.covers(Draw.drawn_at))), ANNOUNCED)
        .order_by(Lottery.draw_at, Lottery.id)
    )
    found = [(lottery, listing) for lottery, listing in db.session.execute(drawn)]
    lotteries = [lottery for lottery, _listing in found]
    counts, moments, winners = counting.counts(lotteries), _moments(lotteries), _winners(lotteries)
    return [_draw(listing, counts[each.id], moments[each.id], winners[each.id]) for each, listing in found]


def _moments(lotteries: list[Lottery]) -> dict[int, list[datetime]]:
    """{lottery: when each of its groups was drawn}"""
    found = defaultdict[int, list[datetime]](list)
    query = sa.select(Draw.lottery_id, Draw.drawn_at).where(Draw.lottery_id.in_([each.id for each in lotteries]))
    for lottery_id, at in db.session.execute(query.order_by(Draw.id)):
        if at is not None:
            found[lottery_id].append(at)
    return found


def _winners(lotteries: list[Lottery]) -> dict[int, list[str]]:
    """{lottery: its winning numbers, in order}: one more than are printed where there are more."""
    found = defaultdict[int, list[str]](list)
    nth = sa.func.row_number().over(partition_by=Entry.lottery_id, order_by=Entry.no)
    won = sa.select(Entry.lottery_id, Entry.no, nth.label("nth"))
    won = won.where(Entry.lottery_id.in_([each.id for each in lotteries]), Entry.wave.is_not(None))
    first = won.subquery()
    query = sa.select(first.c.lottery_id, first.c.no).where(first.c.nth <= NUMBERS + 1).order_by(first.c.no)
    for lottery_id, no in db.session.execute(query):
        found[lottery_id].append(no)
    return found


def _draw(listing: Listing, counts: Counts, moments: list[datetime], numbers: list[str]) -> Part:
    facts = [
        (_("番号"), listing.code),
        (_("抽選した日時"), _("、").join(map(when, moments))),
        (_("応募した人"), _("%(n)s名", n=f"{counts.persons:,}")),
        (_("希望の口数"), _("%(n)s口", n=f"{counts.wanted:,}")),
        (_("数"), _("%(n)s点", n=f"{counts.units:,}")),
        (_("当選した人"), _("%(n)s名（うち繰り上げ %(up)s名）", n=f"{counts.winners:,}", up=f"{counts.promoted:,}")),
        (_("お支払いずみ"), _("%(n)s名", n=f"{counts.paid:,}")),
        (_("抽選の記録"), f"{settings().base_url}/listings/{listing.code}/draw"),
    ]
    told = "　".join(numbers)
    if len(numbers) > NUMBERS:
        told = _("%(n)s件あります。抽選の記録のページで、受付番号を入れて確かめてください。", n=f"{counts.winners:,}")
    return Part(_heading(listing), facts=[*facts, (_("当選した受付番号"), told or _("なし"))])


def _auctions(period: Period) -> list[Part]:
    over = (
        sa.select(Auction, Listing)
        .join(Listing, Listing.id == Auction.listing_id)
        .where(Auction.closed_at.is_not(None), period.ends(Auction.closes_at), ANNOUNCED)
        .order_by(Auction.closes_at, Auction.id)
    )
    return [
        Part(
            _heading(listing),
            facts=[
                *outcomes.facts(listing, auction)[1:],
                (_("入札の記録"), f"{settings().base_url}/listings/{listing.code}/bids"),
            ],
        )
        for auction, listing in db.session.execute(over)
        if outcomes.final(auction)
    ]


def _heading(listing: Listing) -> str:
    return _("%(mode)sの結果　%(title)s", mode=said(listing.mode.ja), title=listing.right.title)
