"""What the OpenAPI document says of parameters and fields, in Japanese for the page of the API. The document itself
speaks English, as those who write programs anywhere expect it."""

from __future__ import annotations

JA = {
    # parameters
    "words that are all in it; width, case and kana do not count": (
        "さがす言葉。どれもふくむものを返します。全角と半角、大文字と小文字、ひらがなとカタカナは区別しません"
    ),
    "only this kind": "この種類だけ",
    "only this mode": "この売り方だけ",
    "only this state": "この状態だけ",
    "items in a page": "1ページの件数",
    "`next` of the page before": "前のページの next の値",
    "of the listing, such as LST-7K3M9Q": "販売の番号（例 LST-7K3M9Q）",
    "code of a listing": "販売の番号",
    "address of the present holder": "いまお持ちの方の住所",
    "address of the collection": "権利の契約（コントラクト）の住所",
    "its number": "権利の番号",
    "only of this token": "この番号の権利だけ",
    # lists, sums and days
    "give it as `cursor` to get what follows; null at the end": "続きを読むときに cursor に入れる値。終わりでは null",
    "whole yen": "円（整数）",
    "with the capitals of EIP-55": "住所。大文字と小文字は EIP-55 のとおり",
    "in Japan": "日本の月",
    "in Japan, ISO 8601": "日本の日付（ISO 8601）",
    # a sale
    "tax included; the start price of an auction; 0 for a grant": "税込。オークションでは開始価格、交付では0",
    "units that nobody bought and nobody holds at this moment": "いま、だれも買わず、取り置いてもいない数",
    "units that somebody is paying for at this moment": "いま、お支払いの手続き中の数",
    "of the sale; while bids alone are stopped, their own `state` says so": (
        "販売の状態。オークションの一時停止は、bids の state にあります"
    ),
    "when it was announced": "公告した日時",
    "as announced; null: no end; what moves an auction's is in its bids": (
        "公告した受付の終了。null は期限なし。オークションの延長は bids の closes_at にあります"
    ),
    "share of a resale price for the fund, in 1/10,000": "ゆずり渡しの値段のうち、基金へ入る割合（1万分のいくつか）",
    "directory; token n of the series is <n>.json in it": "内容の控えのフォルダ。n番の権利は、その中の <n>.json",
    "the document itself, where there is only one token": "内容の控えそのもの。権利が1つだけのとき",
    "SHA-256 of the approved text of the sale": "承認した文章の SHA-256",
    "seconds from the opening": "受付の開始からの秒数",
    "for programs: bad_cursor, bad_filter, bad_limit, too_often, or the status": (
        "プログラム用。bad_cursor、bad_filter、bad_limit、too_often のどれか。ほかは status と同じ"
    ),
    "until the decision": "結果が決まるまで",
    "until the decision; bids near the end move it": "結果が決まるまで。終了まぎわの入札でのびます",
    "until the decision: bids that came, refused ones too": "結果が決まるまで。届いた入札の数（断ったものも）",
    "the end of the chain of bids, of `arrivals` of them": "入札の鎖の終わり。arrivals 件分",
    "until the decision, of an open auction; null before a bid": "結果が決まるまで、オークションだけ。入札の前は null",
    "the least that the next bid must name; null after the last": "次の入札に必要な額。次がないときは null",
    "entries: one for each person": "申し込みの数。お一人につき1つ",
    "where groups are drawn apart, each is asked for as `group`": "枠ごとに抽選するときの枠の名前。group に入れます",
    "one of `groups`; without it the first": "groups のどれか。なければ最初の枠",
    # a token and its sales
    "null where the right was revoked": "権利を取り消したときは null",
    "kept by the town for an account without a wallet": "ウォレットのない方の分を、町がおあずかりしているか",
    "as the contract's tokenURI answers": "契約の tokenURI が答えるもの",
    "what it can be bought for now, from any wallet": "いま、どのウォレットからでも買える売り出し",
    "names the offer in ResaleMarket.buy": "ResaleMarket.buy に渡す、売り出しの番号",
    "hiroba: our own contract; seaport: elsewhere": "hiroba は町の契約、seaport はほかの場所",
    "why the figures leave the sale out": "数字から除いた理由",
    # figures
    "the lowest price that is on offer": "いま売りに出ている、いちばん安い値段",
    "what all sales really brought the fund": "すべての取引から、実際に基金へ入った額",
    "what the rights' own rate asks of all sales": "すべての取引に、権利の決まりの率をかけた額",
    "sales left out, by reason": "除いた取引の件数（理由ごと）",
    "the block up to which sales are counted": "取引を数え終えたブロック",
    # the fund
    "debit positive": "借方がプラス",
    "what payers' banks took back, less what they gave back": "支払った方の銀行が取り戻した額（返した額を引く）",
    "from 1 April to 31 March": "4月1日から3月31日まで",
    "収納: paid by buyers": "収納。買った方が支払った額",
    "kept by the card company": "カード会社の手数料",
    "collected less fees, refunds and disputes": "収納から、手数料・返金・異議を引いた額",
    "歳入: of this, recognised as the town's revenue": "歳入。このうち、町の収入とした額",
    "積立: of this, budgeted for the fund": "積立。このうち、基金への積立を予算で決めた額",
    "基金: of this, paid in": "基金。このうち、払い込んだ額",
    "支出: of this, spent for the purposes below": "支出。このうち、下の目的に使った額",
    "what is in the fund now": "いま基金にある額",
    "違約金: of what was collected, deposits that fell to the town": "違約金。収納のうち、町のものになった保証金",
    "保管金: bidders' deposits in custody, apart from all the rest": (
        "保管金。おあずかりしている保証金。ほかの額とは分けています"
    ),
    "deposits that only the bidders' banks hold, off the book": "銀行が枠を押さえているだけの保証金の数（帳簿の外）",
    # the works
    "given only where the chain is our own, on this machine": "チェーンがこの機械の中にあるときだけ",
    # perks
    "within its right": "その権利の中での番号",
    "partners where it can be used": "使える提携先",
    "who owes the service": "約束を守る人",
    "uses in one period; null where there is no end to them": "1つの期間に使える回数。限りがなければ null",
    "the period; null where it never begins anew": "期間。くり返さなければ null",
    "how long it can be used, from the day of issue": "お渡しの日から使える月数",
    "what the next holder gets: the rest, or nothing": "次にお持ちの方に残るもの。のこりの回数か、何もないか",
    "of `allowed`; null where there is no end, or it is not public": (
        "allowed のうちの、のこり。限りがないときと、公開していないときは null"
    ),
    "in Japanese; empty where it can be used today": "使えない理由（日本語）。きょう使えるときは空",
    "whether a buyer of the token would get anything of it": "権利を買った方に、特典が残るか",
    "as the chain counts too; null for rights without": "のこりの回数。チェーンの数と同じ。回数のない権利では null",
}
"""The words of the document → those of the page."""


def in_japanese(words: str) -> str:
    """As the page says it; nothing where the document says nothing."""
    return JA[words] if words else ""
