"""What the public may know of how an auction ended, in the language of the reader."""

from __future__ import annotations

from marketplace.auctions.awarding import GIVEN_BACK, NOT_PAID, UNSOLD_JA
from marketplace.auctions.models import MAXIMA_PUBLIC, Auction, AuctionState
from marketplace.kit.languages import _, said
from marketplace.kit.shown import period, when, yen, yen_words
from marketplace.listings.auction_rules import rules_of
from marketplace.listings.models import Listing

Pairs = list[tuple[str, str]]


def facts(listing: Listing, auction: Auction) -> Pairs:
    """[(what, how), …]: what the public may know at this moment."""
    counted = _("%(bidders)s名、入札 %(bids)s件", bidders=auction.bidder_count, bids=auction.bid_count)
    told = [
        (_("件名"), listing.right.title),
        (_("番号"), listing.code),
        (_("売り方"), _("入札形式") if auction.sealed else _("せり売形式")),
        (_("受付"), period(auction.opens_at, auction.closes_at)),
        (_("参加"), counted),
    ]
    if listing.cancelled_reason:
        return [*told, (_("結果"), _("中止")), (_("理由"), listing.cancelled_reason)]
    if auction.opened_at is not None:
        told.append((_("開札"), _witnessed(when(auction.opened_at), auction.witnesses)))
    if auction.tie_digits:
        dice = _("さいころの目 %(digits)s", digits=auction.tie_digits)
        told.append((_("くじ"), _witnessed(dice, auction.tie_witnesses)))
    if final(auction) and auction.reserve_yen is not None:
        told.append((_("予定価格"), _reserve(listing, auction)))
    return [*told, *_outcome(auction)]


def final(auction: Auction) -> bool:
    return auction.state in MAXIMA_PUBLIC


def _witnessed(what: str, witnesses: list[str]) -> str:
    return _("%(what)s 立会人 %(names)s", what=what, names=_("、").join(witnesses))


def _reserve(listing: Listing, auction: Auction) -> str:
    was_reached = auction.winner_yen is not None or auction.why_unsold in (NOT_PAID, GIVEN_BACK)
    if not rules_of(listing).reserve_public:
        return _("達した") if was_reached else _("達しなかった")
    price = yen(auction.reserve_yen or 0)
    return _("%(sum)s（達した）", sum=price) if was_reached else _("%(sum)s（達しなかった）", sum=price)


def _outcome(auction: Auction) -> Pairs:
    match auction.state:
        case AuctionState.AWARDED | AuctionState.SOLD:
            winner = _("%(bidder_no)s番", bidder_no=auction.winner_no)
            if auction.offers > 1:
                winner = _("%(winner)s（次順位）", winner=winner)
            sum_yen = auction.winner_yen or 0
            price = _("%(sum)s（%(words)s、税込）", sum=yen(sum_yen), words=yen_words(sum_yen))
            paid = _("お支払いずみ") if auction.state is AuctionState.SOLD else _("お支払いを待っています")
            return [(_("落札者"), winner), (_("落札金額"), price), (_("お支払い"), paid)]
        case AuctionState.UNSOLD:
            return [(_("結果"), _("不調（落札者なし）。") + said(UNSOLD_JA[auction.why_unsold]))]
        case AuctionState.TO_OPEN:
            return [(_("結果"), _("開札を待っています。金額はまだだれにも見えません。"))]
        case AuctionState.TIED:
            return [(_("結果"), _("最高額の方が2人以上いるため、くじ引きを待っています。"))]
        case AuctionState.SUSPENDED:
            return [(_("結果"), _("受付を一時止めています。") + auction.suspended_reason)]
        case _:
            return [(_("結果"), _("受付中です。"))]
