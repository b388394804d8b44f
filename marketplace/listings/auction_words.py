"""The rules of an auction in words, for those who bid and for those who approve them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from marketplace.kit.languages import _
from marketplace.kit.shown import until, yen
from marketplace.listings.auction_rules import AuctionRules, TakingPart, Verification, rules_of
from marketplace.listings.models import BY_BIDS, Listing, Mode

Pairs = list[tuple[str, str]]


def in_words(listing: Listing) -> Pairs:
    """[(what, how), …] of an auction or a sealed sale, in the order in which people meet it; [] for other sales."""
    if listing.mode not in BY_BIDS:
        return []
    rules = rules_of(listing)
    said = [("参加申込", _taking_part(rules.taking_part)), ("売り方", _form(listing))]
    if listing.mode is Mode.ASCENDING:
        said += [("入札のきざみ", steps(rules)), ("終了まぎわの入札", soft_close(rules))]
    if rules.outage is not None:
        said.append(("入札できなくなったとき", outage(rules.outage)))
    said += [("予定価格", reserve(listing, rules)), ("決まり方", _end(listing))]
    return [*said, ("落札した方が払わないとき", _default(listing, rules))]


def _form(listing: Listing) -> str:
    if listing.mode is Mode.SEALED:
        return _("入札形式。1人1回だけ入札し、金額には封をします。開札は、終了のあと、立会人2人の前で行います。") + _(
            "最低の金額は %(price)s です。", price=yen(listing.price_yen)
        )
    return _(
        "せり売形式。%(price)s から始まり、入札のたびに価格が上がります。"
        "上限を決めておくと、そこまで必要な分だけ自動で入札します。上限は終了まで公開しません。",
        price=yen(listing.price_yen),
    )


def steps(rules: AuctionRules) -> str:
    """The table of increments: 'いまの価格が 1,000円より下は 10円、…、それより上は 1,000円'."""
    if len(rules.increments) == 1:
        return _("いつも %(step)s", step=yen(rules.increments[0][1] or 0))
    *bands, (_limit, last) = rules.increments
    above = _("それより上は %(step)s", step=yen(last or 0))
    return _("いまの価格が %(bands)s", bands=_("、").join([*_bands(bands), above]))


def _bands(bands: list[list[int | None]]) -> Iterator[str]:
    for limit, step in bands:
        yield _("%(limit)sより下は %(step)s", limit=yen(limit or 0), step=yen(step or 0))


def soft_close(rules: AuctionRules) -> str:
    soft = rules.soft_close
    if soft is None:
        return _("のばしません。決めた時刻に終わります。")
    window, extend, cap = ((soft.get(name) or 0) // 60 for name in ("window", "extend", "cap"))
    put_off = _(
        "終了の%(window)s分前からの入札で価格か最高額の方が変わると、終了がその入札の%(extend)s分後までのびます。",
        window=window,
        extend=extend,
    )
    if soft.get("cap") is None:
        return put_off
    return put_off + _("のばすのは、はじめの終了時刻から%(cap)s分までです。", cap=cap)


def outage(rule: Mapping[str, int]) -> str:
    window, cap = rule["window"] // 60, rule["cap"] // 3600
    return _(
        "終了までの%(window)s分のうち%(least)s秒以上、システムの都合で入札を受け付けられなかったときは、"
        "終了が、受け付けられるようになってから%(window)s分後まで、自動でのびます"
        "（はじめの終了時刻から%(cap)s時間まで）。",
        window=window,
        least=rule["least"],
        cap=cap,
    )


def reserve(listing: Listing, rules: AuctionRules) -> str:
    """The amount only where it is public. Secret: not even whether there is one is hidden, but how much is."""
    if listing.reserve_yen is None:
        return _("ありません。")
    unsold = _("届かないときは、落札者なしで終わります。")
    if rules.reserve_public:
        return _("%(reserve)s。", reserve=yen(listing.reserve_yen)) + unsold
    if listing.mode is Mode.SEALED:
        return _("あります。金額は終了まで公開しません（開札のあとにお知らせします）。") + unsold
    secret = _("あります。金額は終了まで公開しません（いまの価格が達したかどうかだけをお知らせします）。")
    return secret + unsold


def _end(listing: Listing) -> str:
    if listing.mode is Mode.SEALED:
        return _(
            "いちばん高い金額の方が、その金額で落札します。同じ金額のときは、立会人の前でさいころをふって決めます。"
        )
    return _("終了のときに最高額の方が、そのときの価格で落札します。")


def _default(listing: Listing, rules: AuctionRules) -> str:
    lost = _("落札から%(hours)s時間以内にお支払いがないと、資格を失います。", hours=listing.pay_hours)
    if not rules.second_offer:
        return lost + _("次順位の方へのご案内はせず、不調とします。")
    hours = rules.second_offer_hours or listing.pay_hours
    return lost + _(
        "次に高い方に、その方ご自身の入札額で1回だけご案内します（期限は%(hours)s時間）。"
        "それでも決まらなければ不調とし、あらためて出品することがあります。",
        hours=hours,
    )


def _taking_part(part: TakingPart | None) -> str:
    if part is None:
        return _("必要ありません。ログインした方はどなたでも入札できます。")
    said = _("必要です。役場が審査し、番号をお渡しした方だけが入札できます。")
    if part.until is not None:
        said += _("申し込みは %(until)s までです。", until=until(part.until))
    if part.documents:
        said += _("本人確認などの書類を送っていただきます。")
    if part.verification is Verification.DEPOSIT:
        said += _(
            "保証金 %(deposit)s のカードの枠をおさえます。落札しなければお金は動きません。"
            "落札して払わないときは、町のものになります。",
            deposit=yen(part.deposit_yen or 0),
        ) + deposit_of_the_winner(part)
    elif part.verification is Verification.CARD:
        said += _("カードの登録が必要です。")
    return said


def deposit_of_the_winner(part: TakingPart) -> str:
    if part.deposit_counts:
        return _(
            "落札した方の保証金は、すぐに収納して代金の一部にあてます。お支払いは残りの金額です"
            "（代金との差が50円に満たないときは、あてずに、全額のお支払いのあと枠をお返しします）。"
        )
    return _("落札した方の保証金の枠は、代金を全額お支払いいただいたあとにお返しします。")
