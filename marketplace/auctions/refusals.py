"""How an auction says no.

BidRefused               a bid that the rules refuse; it stands in the log with its reason (422, beside the sum)
├── NotOpenYet           not_open
├── AuctionClosed        closed
├── AuctionSuspended     suspended (leaves no line in the log)
├── NotAboveOwnMaximum   not_above_own_max
├── BelowMinimum         below_minimum
└── SecondEnvelope       second_bid (sealed)
TooMuch                  more than anybody can pay by card; not in the log
NothingToDraw            there is no tie, or it has been drawn
NothingToOpen            there are no sealed bids that wait for their opening
TooLateToResume          the close has passed, and no rule moves it
AwardedAlready           there is a winner: nothing can be stopped any more
"""

from __future__ import annotations

from marketplace.kit.languages import _
from marketplace.kit.money import LARGEST_CHARGE
from marketplace.kit.refusals import Invalid, Refused, WrongState
from marketplace.kit.shown import yen


class BidRefused(Refused):
    """`minimum` is the least sum that this person could bid now; None where no sum would do."""

    code = "bid_refused"
    status = 422

    def __init__(self, minimum: int | None = None) -> None:
        super().__init__(_(self.message, minimum=yen(minimum or 0)), field="max_yen")
        self.minimum = minimum


class NotOpenYet(BidRefused):
    code = "not_open"
    message = "まだ受付が始まっていません。開始までお待ちください。"


class AuctionClosed(BidRefused):
    code = "closed"
    message = "受付は終わりました。この入札は受け付けられませんでした。"


class AuctionSuspended(BidRefused):
    code = "suspended"
    message = "いま、役場が受付を止めています。再開までお待ちください。理由は出品のページにあります。"


class NotAboveOwnMaximum(BidRefused):
    code = "not_above_own_max"
    message = "いまはあなたが最高額です。上限を上げるときは、%(minimum)s以上の金額を入力してください。"


class BelowMinimum(BidRefused):
    code = "below_minimum"
    message = "%(minimum)s以上の金額を入力してください。"


class SecondEnvelope(BidRefused):
    code = "second_bid"
    message = "入札は1人1回です。前の入札はすでに受け付けています。"


class TooMuch(Invalid):
    code = "too_much"
    message = "%(most)s以下の金額を入力してください。"

    def __init__(self) -> None:
        super().__init__(_(self.message, most=yen(LARGEST_CHARGE)), field="max_yen")


class NothingToDraw(WrongState):
    code = "nothing_to_draw"
    message = "くじ引きの必要な入札ではありません。"


class NothingToOpen(WrongState):
    code = "nothing_to_open"
    message = "開札を待っている入札ではありません。"


class TooLateToResume(WrongState):
    code = "too_late_to_resume"
    message = "終了の時刻を過ぎたため、再開できません。中止にしてください。"


class AwardedAlready(WrongState):
    code = "awarded_already"
    message = "落札者が決まったあとは、この画面では中止できません。"


REASON_JA = {
    "not_open": "開始の前",
    "closed": "終了の後",
    "not_above_own_max": "自分の上限以下",
    "below_minimum": "最低の金額より下",
    "second_bid": "2回目の入札",
}
"""The reasons of the log, as the record tells them."""
