"""How a lottery says no.

AlreadyEntered      one entry a person (409)
NoFamily            this lottery does not ask who somebody is, so that nobody can apply for others (409)
PhoneNotConfirmed   a mobile number must be confirmed first (409)
EntriesClosed       not open (any more), or not yet (409)
CannotChange        the entry is in the draw already (409)
CannotWithdraw      the entry is in the draw already (409)
TooEarly            the time of the draw has not come (409)
NotClosed           there is nothing to draw: not closed, drawn already, cancelled (409)
WrongSource         the notice names another source of chance (409)
ListChanged         the entries are not those whose root was published (409)
NotDrawn            there is nothing to sign off yet (409)
SameHand            who drew can't sign off (403)
"""

from __future__ import annotations

from marketplace.kit.refusals import NotAllowed, Refused, WrongState


class AlreadyEntered(Refused):
    code = "already_entered"
    message = "もうお申し込みずみです。お申し込みは、お1人さま1回までです。"

    def __init__(self, message: str | None = None, *, no: str = "") -> None:
        """`no`: the receipt of the entry that is there already, where it is known."""
        super().__init__(message)
        self.no = no


class NoFamily(Refused):
    code = "no_family"
    message = "この抽選では、ご家族の分の申し込みを受け付けていません。ご本人の登録から申し込んでください。"


class PhoneNotConfirmed(Refused):
    code = "phone_not_confirmed"
    message = "この抽選では、先に携帯電話番号の確認が必要です。"


class CannotChange(Refused):
    code = "cannot_change"
    message = "受付が終わったため、変更することはできません。"


class EntriesClosed(Refused):
    code = "entries_closed"
    message = "いまは申し込みを受け付けていません。"


class CannotWithdraw(Refused):
    code = "cannot_withdraw"
    message = (
        "受付が終わったため、取り下げることはできません。当選しても、お支払いにならなければ権利は次の方に移ります。"
    )


class TooEarly(Refused):
    code = "too_early"
    message = "抽選の日時になっていません。"


class NotClosed(WrongState):
    code = "not_closed"
    message = "この抽選は、いま行うことができません。受付中か、もう抽選がすんでいます。"


class WrongSource(Refused):
    code = "wrong_source"
    message = (
        "公告で決めた方法と違います。公開乱数の抽選では、抽選の日時から24時間までは公開乱数、"
        "それを過ぎたらさいころを使います。"
    )


class ListChanged(Refused):
    code = "list_changed"
    message = "応募の一覧が、締め切りのときに公開したものと違います。抽選をせずに、システムの管理者に連絡してください。"


class NotDrawn(WrongState):
    code = "not_drawn"
    message = "まだ抽選をしていません。"


class SameHand(NotAllowed):
    code = "same_hand"
    message = "抽選の目を入力した人とは別の職員が、確かめてください。"
