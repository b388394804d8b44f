"""How exchanges say no, and how many kinds of card there are."""

from __future__ import annotations

from marketplace.kit.refusals import Invalid, NotAllowed, Refused


class SwapUnderWay(Refused):
    code = "swap_under_way"
    message = "このカードは交換に出ています。ほかのことをするときは、先に交換を取り下げてください。"


class NotACard(Refused):
    code = "not_a_card"
    message = "交換できるのは、キャラクタートレカだけです。"


class SwapOver(Refused):
    code = "swap_over"
    message = "この交換は、もう受けられません。期限が過ぎたか、ほかの方と決まったか、取り下げられました。"


class NotForYou(NotAllowed):
    code = "swap_not_for_you"
    message = "この交換は、別の方へのお申し出です。"


class WithOneself(Invalid):
    code = "swap_with_oneself"
    message = "ご自分とは交換できません。"


class NotWanted(Invalid):
    code = "card_not_wanted"
    message = "お相手がほしいカードではありません。"


class NothingNew(Invalid):
    code = "swap_for_itself"
    message = "同じカードとは交換できません。"


class NoSuchNumber(Invalid):
    code = "no_such_card"
    message = "その番号のカードはありません。"


class TooManySwaps(Refused):
    code = "too_many_swaps"
    status = 429
    message = "1日に出せる交換の数をこえました。明日、もう一度お試しください。"
