"""通信販売の表示: what a buyer must be told of a sale, before applying and once more before paying.

Sources: 特定商取引法 11条 (the notice) and 12条の6 (the last screen: quantity, price, time and way of payment,
delivery, the period in which one can apply, withdrawal). Sales by a town itself are outside of them (26条1項3号), but
its buyers shall find what they find elsewhere; those of another issuer are not.
"""

from __future__ import annotations

from marketplace.kit.languages import _
from marketplace.kit.shown import until, when, yen
from marketplace.listings.auction_rules import Verification, rules_of
from marketplace.listings.models import BY_BIDS, Listing, Mode

Pairs = list[tuple[str, str]]


def disclosed(listing: Listing) -> Pairs:
    """[(what, how), …] of a sale, in the order of the law."""
    return [
        ("分量", quantity(listing)),
        ("販売価格（対価）", price(listing)),
        ("支払いの時期と方法", payment(listing)),
        ("引き渡しの時期", delivery()),
        ("申し込みの期間", period(listing)),
        ("申し込みの取り消し・返金", withdrawal(listing)),
    ]


def quantity(listing: Listing) -> str:
    whole, most = f"{listing.quantity:,}", f"{listing.per_person_limit:,}"
    if listing.quantity == 1 or listing.mode is Mode.GRANT:
        return _("全%(whole)s点", whole=whole)
    if listing.mode is Mode.LOTTERY:
        return _("全%(whole)s点、お一人さま%(most)s口まで", whole=whole, most=most)
    return _("全%(whole)s点、お一人さま%(most)s点まで", whole=whole, most=most)


def price(listing: Listing) -> str:
    if listing.mode is Mode.GRANT:
        return _("無料")
    price = yen(listing.price_yen)
    if listing.mode in BY_BIDS:
        return _("%(price)s（税込） から。落札した金額が代金になります。ほかに手数料や送料はかかりません", price=price)
    return _("%(price)s（税込）。ほかに手数料や送料はかかりません", price=price)


def payment(listing: Listing) -> str:
    if listing.mode is Mode.GRANT:
        return _("お支払いはありません")
    if listing.mode is Mode.FIXED:
        return _("ご注文から%(hold_minutes)s分以内に、クレジットカードで", hold_minutes=listing.hold_minutes)
    if listing.mode in BY_BIDS:
        return _("落札のお知らせから%(hours)s時間以内に、クレジットカードで", hours=listing.pay_hours)
    return _("当選のお知らせから%(hours)s時間以内に、クレジットカードで", hours=listing.pay_hours)


def delivery() -> str:
    return _("お支払いの確認から、ふつう数分。マイページに届きます")


def period(listing: Listing) -> str:
    opens = when(listing.opens_at)
    if listing.closes_at is None:
        return _("%(opens)s から、なくなるまで", opens=opens)
    return _("%(opens)s から %(closes)s まで", opens=opens, closes=until(listing.closes_at))


def withdrawal(listing: Listing) -> str:
    """Until when one can withdraw, what happens to who doesn't pay, and that nothing issued is taken back."""
    if listing.mode is Mode.GRANT:
        return _("代金はいただきません。返金もありません")
    always = _("権利の性質上、発行したあとの返品・返金はできません。町の都合でお渡しできないときは、全額をお返しします")
    if listing.mode is Mode.LOTTERY:
        return _(
            "応募は、締め切りまで取り下げられます。当選しても、お支払いの前ならやめられます。%(always)s", always=always
        )
    if listing.mode in BY_BIDS:
        part = rules_of(listing).taking_part
        deposit = part is not None and part.verification is Verification.DEPOSIT
        lost = _("落札の資格と保証金") if deposit else _("落札の資格")
        return _(
            "入札は取り消せません。落札して期限までにお支払いがないときは、%(lost)sを失います。%(always)s",
            lost=lost,
            always=always,
        )
    return _("お支払いの前は、いつでも取り消せます。%(always)s", always=always)
