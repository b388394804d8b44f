"""通信販売の表示: what a buyer must be told of a sale, before applying and once more before paying.

Sources: 特定商取引法 11条 (the notice) and 12条の6 (the last screen: quantity, price, time and way of payment,
delivery, the period in which one can apply, withdrawal). Sales by a town itself are outside of them (26条1項3号), but
its buyers shall find what they find elsewhere; those of another issuer are not.
"""

from __future__ import annotations

from marketplace.kit.dates import when
from marketplace.kit.money import yen
from marketplace.listings.auction_rules import Verification, rules_of
from marketplace.listings.models import Listing, Mode

Pairs = list[tuple[str, str]]
BY_BIDS = (Mode.ASCENDING, Mode.SEALED)


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
    most = f"、お一人さま{listing.per_person_limit:,}{'口' if listing.mode is Mode.LOTTERY else '点'}まで"
    return f"全{listing.quantity:,}点{most if listing.quantity > 1 else ''}"


def price(listing: Listing) -> str:
    if listing.mode is Mode.GRANT:
        return "無料"
    from_there = " から。落札した金額が代金になります" if listing.mode in BY_BIDS else ""
    return f"{yen(listing.price_yen)}（税込）{from_there}。ほかに手数料や送料はかかりません"


def payment(listing: Listing) -> str:
    if listing.mode is Mode.GRANT:
        return "お支払いはありません"
    if listing.mode is Mode.FIXED:
        return f"ご注文から{listing.hold_minutes}分以内に、クレジットカードで"
    won = "落札" if listing.mode in BY_BIDS else "当選"
    return f"{won}のお知らせから{listing.pay_hours}時間以内に、クレジットカードで"


def delivery() -> str:
    return "お支払いの確認から、ふつう数分。マイページに届きます"


def period(listing: Listing) -> str:
    until = f" {when(listing.closes_at)} まで" if listing.closes_at else "、なくなるまで"
    return f"{when(listing.opens_at)} から{until}"


def withdrawal(listing: Listing) -> str:
    """Until when one can withdraw, what happens to who doesn't pay, and that nothing issued is taken back."""
    always = "権利の性質上、発行したあとの返品・返金はできません。町の都合でお渡しできないときは、全額をお返しします"
    if listing.mode is Mode.LOTTERY:
        return f"応募は、締め切りまで取り下げられます。当選しても、お支払いの前ならやめられます。{always}"
    if listing.mode in BY_BIDS:
        part = rules_of(listing).taking_part
        deposit = part is not None and part.verification is Verification.DEPOSIT
        lost = "落札の資格と保証金" if deposit else "落札の資格"
        return f"入札は取り消せません。落札して期限までにお支払いがないときは、{lost}を失います。{always}"
    return f"お支払いの前は、いつでも取り消せます。{always}"
