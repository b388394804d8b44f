"""How an auction says no.

BidRefused               a bid that the rules refuse; it stands in the log with its reason (422, beside the sum)
├── NotOpenYet           not_open
├── AuctionClosed        closed
├── NotAboveOwnMaximum   not_above_own_max
├── BelowMinimum         below_minimum
└── SecondEnvelope       second_bid (sealed)
NothingToDraw            there is no tie, or it has been drawn
"""

from __future__ import annotations

from marketplace.kit.money import yen
from marketplace.kit.refusals import Refused, WrongState


class BidRefused(Refused):
    code = "bid_refused"
    status = 422

    def __init__(self, message: str | None = None) -> None:
        super().__init__(message, field="max_yen")


class NotOpenYet(BidRefused):
    code = "not_open"
    message = "まだ受付が始まっていません。開始までお待ちください。"


class AuctionClosed(BidRefused):
    code = "closed"
    message = "受付は終わりました。この入札は受け付けられませんでした。"


class NotAboveOwnMaximum(BidRefused):
    code = "not_above_own_max"
    message = "いまはあなたが最高額です。上限を上げるときは、前に決めた上限より高い金額を入力してください。"


class BelowMinimum(BidRefused):
    code = "below_minimum"

    def __init__(self, minimum: int) -> None:
        super().__init__(f"{yen(minimum)}以上の金額を入力してください。")


class SecondEnvelope(BidRefused):
    code = "second_bid"
    message = "入札は1人1回です。前の入札はすでに受け付けています。"


class NothingToDraw(WrongState):
    code = "nothing_to_draw"
    message = "くじ引きの必要な入札ではありません。"
