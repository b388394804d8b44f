"""How events say no, and until when a free seat is kept for somebody. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta

from marketplace.kit.languages import _
from marketplace.kit.refusals import Invalid, NotAllowed, Refused

MOST_SEATS = 2_000
MOST_TOGETHER = 10


class NotInvited(NotAllowed):
    code = "not_invited"
    message = "この催しは、決まった権利をお持ちの方のためのものです。"


class TooLateToAsk(Refused):
    code = "too_late_to_ask"
    message = "申し込みの受付は終わりました。"


class CalledOff(Refused):
    code = "gathering_called_off"
    message = "この催しは中止になりました。"


class HasBegun(Refused):
    code = "gathering_has_begun"
    message = "催しが始まったため、変えられません。役場にご連絡ください。"


class OfferOver(Refused):
    code = "seat_offer_over"
    message = "お返事の期限が過ぎたため、席はつぎの方にご案内しました。もう一度、空席待ちに申し込めます。"


class SeatsTaken(Invalid):
    code = "seats_taken"


class TooManyTogether(Invalid):
    code = "too_many_together"

    def __init__(self, most: int) -> None:
        super().__init__(_("1回の予約は%(most)s人までです。", most=most), field="together")


class NoSeatForMore(Refused):
    code = "no_seat_for_more"

    def __init__(self, free: int) -> None:
        super().__init__(
            _("のこりは%(free)s席です。それより多くは、ふやせません。", free=free)
            if free
            else "満席のため、人数をふやせません。",
            field="together",
        )


class MoreWait(Refused):
    code = "more_wait_anew"
    message = "お待ちのあいだは、人数をふやせません。取り消して申し込み直すと、順番はうしろになります。"


class NoBooking(Refused):
    code = "no_booking"
    message = "この方の予約はありません。席が残っていれば、ご本人の画面から申し込めます。"


class StampedAlready(Refused):
    code = "stamped_already"
    message = "もう受付がすんでいます。"


class NotToday(Refused):
    code = "not_at_the_door_yet"
    message = "受付は、催しの当日だけできます。"


def answer_until(at: datetime, hours: int, begins_at: datetime) -> datetime:
    """Until when somebody can say yes to a seat that became free `at`: some hours, but not after the beginning."""
    return min(at + timedelta(hours=hours), begins_at)
