"""議会報告: what was sold in a period, to how many, what came of the money, and how anybody can check it."""

from __future__ import annotations

import sqlalchemy as sa

from marketplace.auctions.models import Auction, AuctionState
from marketplace.fund.models import Account, Posting, PostingLine
from marketplace.kit.dates import era_day
from marketplace.kit.db import db
from marketplace.kit.money import yen
from marketplace.listings.models import Listing
from marketplace.lotteries.models import Draw
from marketplace.orders.models import Order
from marketplace.reports.document import Document, Part, count
from marketplace.reports.periods import Period
from marketplace.resale.models import Trade
from marketplace.settings import settings


def council(period: Period) -> Document:
    return Document(
        "まちの権利ひろば 実績報告",
        period.ja,
        [_sales(period), _persons(period), _money(period), *_draws(period), _auctions(period), _resale(period)],
        note="金額は税込の円です。個人が分かる情報はふくみません。",
    )


def _sales(period: Period) -> Part:
    sold = (
        sa.select(Listing, sa.func.count(), sa.func.count(sa.distinct(Order.buyer_id)), sa.func.sum(Order.yen))
        .join(Order, Order.listing_id == Listing.id)
        .where(Order.paid_at.is_not(None), period.covers(Order.paid_at))
        .group_by(Listing.id)
        .order_by(Listing.opens_at, Listing.id)
    )
    found = [(listing, units, people, int(total)) for listing, units, people, total in db.session.execute(sold)]
    rows = [
        [
            *(listing.right.title_ja, listing.right.kind.ja, listing.mode.ja),
            *(f"{units:,} / {listing.quantity:,}", f"{people:,}", f"{total:,}"),
        ]
        for listing, units, people, total in found
    ]
    return Part(
        "売れた権利",
        facts=[
            ("出品", count(len(found), "件")),
            ("売れた数", count(sum(units for _, units, _, _ in found), "点")),
            ("代金の合計", yen(sum(total for *_, total in found))),
        ],
        header=("品名", "種類", "売り方", "売れた数 / 数", "買った人", "代金（円）"),
        rows=rows,
        numbers=(3, 4, 5),
        widths=(0.32, 0.16, 0.12, 0.14, 0.1, 0.16),
        nothing="この期間に支払いのすんだ権利はありません。",
        note="支払いの日で数えています。あとで返金したものもふくみます。",
    )


def _persons(period: Period) -> Part:
    per_person = (
        sa.select(sa.func.count().label("orders"))
        .where(Order.paid_at.is_not(None), period.covers(Order.paid_at))
        .group_by(Order.buyer_id)
        .subquery()
    )
    people, again = db.session.execute(
        sa.select(sa.func.count(), sa.func.count().filter(per_person.c.orders > 1)).select_from(per_person)
    ).one()
    facts = [("買った人", count(people, "名")), ("うち、この期間に2回以上買った人", count(again, "名"))]
    return Part("人", facts=facts, note="人数と、応募の口数と、売れた数は、べつべつに数えています。")


MONEY = (
    ("収納（代金として受け取った額）", Account.COLLECTED, -1),
    ("決済手数料", Account.FEES, 1),
    ("返金", Account.REFUNDS, 1),
    ("カード会社からの異議で減った額", Account.DISPUTES, 1),
    ("歳入にした額", Account.REVENUE, -1),
    ("基金への積立にした額", Account.SET_ASIDE, -1),
    ("基金に入れた額", Account.FUND, -1),
)
"""(word, account, on which side it grows): of 収納 and what follows, what came onto it, not what went on from there."""


def _money(period: Period) -> Part:
    facts = []
    for word, account, side in MONEY:
        total = sa.select(sa.func.coalesce(sa.func.sum(PostingLine.yen), 0)).join(Posting)
        total = total.where(PostingLine.account == account, period.covers(Posting.at))
        if side < 0:
            total = total.where(PostingLine.yen < 0)
        facts.append((word, yen(side * int(db.session.scalar(total) or 0))))
    note = "町の帳簿から。総額で、差し引きせずに書いています（地方自治法210条）。保証金のお預かりはふくみません。"
    return Part("お金", facts=facts, note=note)


def _draws(period: Period) -> list[Part]:
    drawn = (
        sa.select(Draw, Listing)
        .join(Listing, Listing.code == sa.func.substr(Draw.listing, 1, sa.func.length(Listing.code)))
        .where(Draw.drawn_at.is_not(None), period.covers(Draw.drawn_at))
        .order_by(Draw.drawn_at, Draw.id)
    )
    parts = []
    for draw, listing in db.session.execute(drawn):
        how = "立会人の前でふったサイコロ" if draw.chain == "dice" else f"公開されている乱数 drand 第{draw.round:,}回"
        parts.append(
            Part(
                f"抽選　{listing.right.title_ja}{f'（{draw.group}）' if draw.group else ''}",
                facts=[
                    ("抽選の日", era_day(draw.drawn_at or draw.closed_at)),
                    ("応募した人", count(draw.n, "名")),
                    ("数", count(draw.units, "点")),
                    ("乱数", how),
                    ("応募の一覧の指紋", draw.root),
                    ("抽選のたね", draw.seed or ""),
                    ("だれでも検算できるページ", f"{settings().base_url}/listings/{listing.code}/draw"),
                ],
            )
        )
    return parts or [Part("抽選", nothing="この期間に抽選はありません。")]


def _auctions(period: Period) -> Part:
    over = (
        sa.select(Auction, Listing)
        .join(Listing, Listing.id == Auction.listing_id)
        .where(Auction.closed_at.is_not(None), period.ends(Auction.closes_at))
        .order_by(Auction.closes_at, Auction.id)
    )
    rows = []
    for auction, listing in db.session.execute(over):
        won = auction.state in (AuctionState.AWARDED, AuctionState.SOLD)
        price = f"{auction.winner_yen:,}" if won and auction.winner_yen is not None else "－"
        rows.append(
            [
                *(listing.right.title_ja, listing.mode.ja, f"{auction.bidder_count:,}", f"{auction.bid_count:,}"),
                *(price, auction.state.ja),
            ]
        )
    return Part(
        "オークション・入札",
        header=("品名", "売り方", "参加（名）", "入札（件）", "落札額（円）", "状態"),
        rows=rows,
        numbers=(2, 3, 4),
        widths=(0.34, 0.15, 0.12, 0.12, 0.15, 0.12),
        nothing="この期間に終わったオークション・入札はありません。",
    )


def _resale(period: Period) -> Part:
    counted = sa.func.count().filter(Trade.flag.is_(None))
    volume = sa.func.coalesce(sa.func.sum(Trade.price_yen).filter(Trade.flag.is_(None)), 0)
    royalty, left_out = (
        sa.func.coalesce(sa.func.sum(Trade.royalty_yen), 0),
        sa.func.count().filter(Trade.flag.is_not(None)),
    )
    trades, total, received, excluded = db.session.execute(
        sa.select(counted, volume, royalty, left_out).where(period.covers(Trade.at))
    ).one()
    return Part(
        "ゆずり渡し（二次流通）",
        facts=[
            ("取引", count(int(trades), "件")),
            ("取引額", yen(int(total))),
            ("基金への還元金", yen(int(received))),
            ("値段の参考にならないとして除いた取引", count(int(excluded), "件")),
        ],
        note="買う人と売る人のあいだの取引です。町の収入は還元金だけです。還元金は、除いた取引の分もふくみます。",
    )
