"""How a counter says no. The words are for the guest and the person at the counter, who read them together."""

from __future__ import annotations

from marketplace.kit.refusals import Invalid, Refused


class UsedUp(Refused):
    code = "used_up"
    message = "すでに利用されています。"


class NotNow(Refused):
    code = "not_now"
    message = "いまは使えません。"


class NotHere(Refused):
    code = "not_here"
    message = "ここで使える特典ではありません。"


class ChangedHands(Refused):
    code = "changed_hands"
    message = "この権利は、ほかの方にゆずられました。いまの持ち主の特典パスをお願いします。"


class FirstHolderOnly(Refused):
    code = "first_holder_only"
    message = "はじめの持ち主だけの特典です。"


class NotHeld(Refused):
    code = "not_held"
    message = "この権利は、いま使えません。役場にお問い合わせください。"


class ReadAgain(Refused):
    code = "read_again"
    message = "さきほど読み取った画面です。30秒待って、新しい画面を読み取ってください。"


class NeedsABooking(Refused):
    code = "needs_a_booking"
    message = "予約して参加する特典です。窓口では使えません。"


class TooLateToUndo(Refused):
    code = "too_late_to_undo"
    message = "取り消せるのは5分以内です。役場にお知らせください。"


class UndoneAlready(Refused):
    code = "undone_already"
    message = "もう取り消してあります。"


class NoSuchNumber(Invalid):
    code = "no_such_number"
    message = "番号か暗証が合いません。もう一度お確かめください。"


class NoSuchSlip(Invalid):
    code = "no_such_slip"
    message = "このもぎり券の番号はありません。"


class SlipEntered(Refused):
    code = "slip_entered"
    message = "このもぎり券は、もう入力してあります。"
