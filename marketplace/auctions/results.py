"""落札結果: how an auction ended, on a page and on paper."""

from __future__ import annotations

import sqlalchemy as sa
from flask import Blueprint, Response, abort, render_template
from flask.typing import ResponseReturnValue

from marketplace.auctions.awarding import UNSOLD_JA
from marketplace.auctions.models import MAXIMA_PUBLIC, Auction, AuctionState
from marketplace.kit.dates import full_day, when
from marketplace.kit.db import db
from marketplace.kit.money import yen, yen_words
from marketplace.kit.web import conditional
from marketplace.listings.auction_rules import rules_of
from marketplace.listings.models import PUBLIC, Listing
from marketplace.papers.paper import Paper
from marketplace.settings import settings

bp = Blueprint("auction_results", __name__)
Pairs = list[tuple[str, str]]


@bp.get("/listings/<code>/result")
def show(code: str) -> ResponseReturnValue:
    listing, auction = find(code)
    page = render_template(
        "auctions/result.html", listing=listing, auction=auction, facts=facts(listing, auction), whole=final(auction)
    )
    return conditional(page, max_age=0, private=True)


@bp.get("/listings/<code>/result.pdf")
def paper(code: str) -> ResponseReturnValue:
    """The notice to be put up at the town hall, with the way to the log."""
    listing, auction = find(code)
    if not final(auction):
        abort(404)
    response = Response(notice(listing, auction), mimetype="application/pdf")
    response.headers["Content-Disposition"] = f'inline; filename="{code}-result.pdf"'
    return conditional(response, max_age=60)


def notice(listing: Listing, auction: Auction) -> bytes:
    town = settings()
    dated = full_day(auction.closed_at or auction.closes_at)
    sheet = Paper("入札の結果について", issuer=town.town_name, reference=listing.code, dated=dated)
    sheet.text(f"「{listing.right.title_ja}」の{listing.mode.ja}の結果は、次のとおりです。")
    sheet.facts(facts(listing, auction))
    sheet.note("落札した方のお名前は、ご本人の同意がないかぎり公開しません。番号は、この入札だけのものです。")
    address = f"{town.base_url}/listings/{listing.code}/bids"
    sheet.code(address, f"入札の記録は、どなたでも確かめられます。 {address}")
    sheet.text(f"{town.town_office}\n電話 {town.town_phone}（{town.town_hours}）")
    return sheet.pdf()


def facts(listing: Listing, auction: Auction) -> Pairs:
    """[(what, how), …]: what the public may know at this moment."""
    said = [
        ("件名", listing.right.title_ja),
        ("番号", listing.code),
        ("売り方", "入札形式" if auction.sealed else "せり売形式"),
        ("受付", f"{when(auction.opens_at)} から {when(auction.closes_at)} まで"),
        ("参加", f"{auction.bidder_count}名、入札 {auction.bid_count}件"),
    ]
    if listing.cancelled_reason:
        return [*said, ("結果", "中止"), ("理由", listing.cancelled_reason)]
    if auction.opened_at is not None:
        said.append(("開札", f"{when(auction.opened_at)} 立会人 {'、'.join(auction.witnesses)}"))
    if auction.tie_digits:
        said.append(("くじ", f"さいころの目 {auction.tie_digits} 立会人 {'、'.join(auction.tie_witnesses)}"))
    if final(auction) and auction.reserve_yen is not None:
        said.append(("予定価格", _reserve(listing, auction)))
    return [*said, *_outcome(auction)]


def _reserve(listing: Listing, auction: Auction) -> str:
    reached = "達した" if auction.winner_yen is not None or auction.why_unsold == "not paid in time" else "達しなかった"
    return f"{yen(auction.reserve_yen or 0)}（{reached}）" if rules_of(listing).reserve_public else reached


def _outcome(auction: Auction) -> Pairs:
    match auction.state:
        case AuctionState.AWARDED | AuctionState.SOLD:
            sold = auction.state is AuctionState.SOLD
            winner = f"{auction.winner_no}番{'（次順位）' if auction.offers > 1 else ''}"
            sum_yen = auction.winner_yen or 0
            paid = "お支払いずみ" if sold else "お支払いを待っています"
            return [
                ("落札者", winner),
                ("落札金額", f"{yen(sum_yen)}（{yen_words(sum_yen)}、税込）"),
                ("お支払い", paid),
            ]
        case AuctionState.UNSOLD:
            return [("結果", f"不調（落札者なし）。{UNSOLD_JA[auction.why_unsold]}")]
        case AuctionState.TO_OPEN:
            return [("結果", "開札を待っています。金額はまだだれにも見えません。")]
        case AuctionState.TIED:
            return [("結果", "最高額の方が2人以上いるため、くじ引きを待っています。")]
        case AuctionState.SUSPENDED:
            return [("結果", f"受付を一時止めています。{auction.suspended_reason}")]
        case _:
            return [("結果", "受付中です。")]


def final(auction: Auction) -> bool:
    return auction.state in MAXIMA_PUBLIC


def find(code: str) -> tuple[Listing, Auction]:
    found = sa.select(Listing, Auction).join(Auction, Auction.listing_id == Listing.id)
    row = db.session.execute(found.where(Listing.code == code, Listing.state.in_(PUBLIC))).first()
    return (row[0], row[1]) if row is not None else abort(404)
