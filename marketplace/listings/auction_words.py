"""The rules of an auction in words, for those who bid and for those who approve them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from marketplace.kit.dates import when
from marketplace.kit.money import yen
from marketplace.listings.auction_rules import AuctionRules, TakingPart, Verification, rules_of
from marketplace.listings.models import Listing, Mode

Pairs = list[tuple[str, str]]


def in_words(listing: Listing) -> Pairs:
    """[(what, how), …] of an auction or a sealed sale, in the order in which people meet it; [] for other sales."""
    if listing.mode not in (Mode.ASCENDING, Mode.SEALED):
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
        return (
            "入札形式。1人1回だけ入札し、金額には封をします。開札は、終了のあと、立会人2人の前で行います。"
            f"最低の金額は {yen(listing.price_yen)} です。"
        )
    return (
        f"せり売形式。{yen(listing.price_yen)} から始まり、入札のたびに価格が上がります。"
        "上限を決めておくと、そこまで必要な分だけ自動で入札します。上限は終了まで公開しません。"
    )


def steps(rules: AuctionRules) -> str:
    """The table of increments: 'いまの価格が 1,000円より下は 10円、…、それより上は 1,000円'."""
    if len(rules.increments) == 1:
        return f"いつも {yen(rules.increments[0][1] or 0)}"
    *bands, (_, last) = rules.increments
    return "いまの価格が " + "、".join([*_bands(bands), f"それより上は {yen(last or 0)}"])


def _bands(bands: list[list[int | None]]) -> Iterator[str]:
    for limit, step in bands:
        yield f"{yen(limit or 0)}より下は {yen(step or 0)}"


def soft_close(rules: AuctionRules) -> str:
    soft = rules.soft_close
    if soft is None:
        return "のばしません。決めた時刻に終わります。"
    window, extend, cap = ((soft.get(name) or 0) // 60 for name in ("window", "extend", "cap"))
    limit = f"のばすのは、はじめの終了時刻から{cap}分までです。" if soft.get("cap") is not None else ""
    return (
        f"終了の{window}分前からの入札で価格か最高額の方が変わると、終了がその入札の{extend}分後までのびます。{limit}"
    )


def outage(rule: Mapping[str, int]) -> str:
    window, cap = rule["window"] // 60, rule["cap"] // 3600
    return (
        f"終了までの{window}分のうち{rule['least']}秒以上、システムの都合で入札を受け付けられなかったときは、"
        f"終了が、受け付けられるようになってから{window}分後まで、自動でのびます（はじめの終了時刻から{cap}時間まで）。"
    )


def reserve(listing: Listing, rules: AuctionRules) -> str:
    """The amount only where it is public. Secret: not even whether there is one is hidden, but how much is."""
    if listing.reserve_yen is None:
        return "ありません。"
    unsold = "届かないときは、落札者なしで終わります。"
    if rules.reserve_public:
        return f"{yen(listing.reserve_yen)}。{unsold}"
    when_told = "開札のあとに" if listing.mode is Mode.SEALED else "いまの価格が達したかどうかだけを"
    return f"あります。金額は終了まで公開しません（{when_told}お知らせします）。{unsold}"


def _end(listing: Listing) -> str:
    if listing.mode is Mode.SEALED:
        return "いちばん高い金額の方が、その金額で落札します。同じ金額のときは、立会人の前でさいころをふって決めます。"
    return "終了のときに最高額の方が、そのときの価格で落札します。"


def _default(listing: Listing, rules: AuctionRules) -> str:
    until = f"落札から{listing.pay_hours}時間以内にお支払いがないと、資格を失います。"
    if not rules.second_offer:
        return until + "次順位の方へのご案内はせず、不調とします。"
    hours = rules.second_offer_hours or listing.pay_hours
    return (
        until + f"次に高い方に、その方ご自身の入札額で1回だけご案内します（期限は{hours}時間）。"
        "それでも決まらなければ不調とし、あらためて出品することがあります。"
    )


def _taking_part(part: TakingPart | None) -> str:
    if part is None:
        return "必要ありません。ログインした方はどなたでも入札できます。"
    said = "必要です。役場が審査し、番号をお渡しした方だけが入札できます。"
    if part.until is not None:
        said += f"申し込みは {when(part.until)} までです。"
    if part.documents:
        said += "本人確認などの書類を送っていただきます。"
    if part.verification is Verification.DEPOSIT:
        said += (
            f"保証金 {yen(part.deposit_yen or 0)} のカードの枠をおさえます。落札しなければお金は動きません。"
            "落札して払わないときは、町のものになります。"
        ) + deposit_of_the_winner(part)
    elif part.verification is Verification.CARD:
        said += "カードの登録が必要です。"
    return said


def deposit_of_the_winner(part: TakingPart) -> str:
    if part.deposit_counts:
        return (
            "落札した方の保証金は、すぐに収納して代金の一部にあてます。お支払いは残りの金額です"
            "（代金との差が50円に満たないときは、あてずに、全額のお支払いのあと枠をお返しします）。"
        )
    return "落札した方の保証金の枠は、代金を全額お支払いいただいたあとにお返しします。"
