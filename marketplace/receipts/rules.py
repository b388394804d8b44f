"""What a receipt says, and when there is one. Pure."""

from __future__ import annotations

from enum import StrEnum

from marketplace.kit import letters
from marketplace.kit.languages import _
from marketplace.kit.money import Yen
from marketplace.kit.refusals import Invalid, Refused
from marketplace.listings.models import Tax
from marketplace.papers.paper import unprintable

LONGEST = 60
SMALL_RETURN: Yen = 10_000
"""Below this a return invoice need not be given (消費税法 57条の4第3項ただし書, 施行令 70条の9第3項2号); one may."""


class NothingReceived(Refused):
    code = "nothing_received"
    message = "お支払いのすんだ注文だけ、領収書を出せます。"


class GoingBack(Refused):
    code = "going_back"
    message = "返金の手続きに入った注文には、あらたに領収書を出せません。"


class NotGivenBack(Refused):
    code = "not_given_back"
    message = "返金がすんでから出せます。"


class NeverGivenBack(Refused):
    code = "never_given_back"
    message = "この返金は、行われませんでした。前にお出しした書類は、使わないでください。"


class TakenByTheBank(Refused):
    code = "taken_by_the_bank"
    message = "代金はカード会社の異議によって戻りました。町がお返ししたものではないため、この書類は出しません。"


class PrintedMeanwhile(Refused):
    code = "printed_meanwhile"
    message = "この画面を開いたあとで、別の控えが出されました。下の一覧を確かめてから、もう一度お出しください。"


class NoBudget(Refused):
    code = "no_budget"
    message = "この代金が入る会計の設定がありません。役場にお知らせください。"


class Honorific(StrEnum):
    PERSON = "様"
    COMPANY = "御中"
    NONE = ""


def included_tax(yen: Yen, tax: Tax) -> Yen:
    """The consumption tax that is in a sum with tax included, at 10 % 10/110 of it, less than a yen dropped.

    One rounding for each document and rate (消費税法施行令 70条の10); down, as the town's rule has it.
    """
    return yen * tax.percent // (100 + tax.percent)


def addressee(typed: str, honorific: Honorific) -> str:
    """'月山 花子', 様 → '月山 花子 様'. Invalid where it can't stand on a paper."""
    name = " ".join(letters.typed(typed).split())
    if not name:
        raise Invalid("宛名を入力してください。", field="addressee")
    if len(name) > LONGEST:
        raise Invalid(_("宛名は%(longest)s文字までで入力してください。", longest=LONGEST), field="addressee")
    if wrong := unprintable(name):
        raise Invalid(
            _("次の文字は紙に印刷できません。ほかの字で入力してください: %(wrong)s", wrong=wrong), field="addressee"
        )
    return f"{name} {honorific}".rstrip()
