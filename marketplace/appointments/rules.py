"""When somebody can be met, and what can be asked. Pure: moments in, refusals out."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from datetime import datetime, time, timedelta
from types import MappingProxyType

from marketplace.kit.clock import jst
from marketplace.kit.holidays import closed
from marketplace.kit.languages import _
from marketplace.kit.refusals import Invalid, NotAllowed, Refused
from marketplace.kit.shown import full_day, when

LEAD = timedelta(days=7)
"""Between the wish and the earliest date."""
FURTHEST = timedelta(days=180)
OPENS, CLOSES = time(9), time(17)
MOST_DATES = 3
MOST_MOVES = 2
"""How often each side may move a date that was fixed."""
FREE_UNTIL = timedelta(hours=24)
"""Before its beginning, the holder may still cancel or move an appointment; then they call."""
LONGEST_TOPIC, LONGEST_PLACE, LONGEST_ENTRANCE = 500, 200, 300
PAST = "過ぎた日時です。これからの日時を選んでください。"
MOST_USES = 4
"""In one appointment."""


class NotTheHolder(NotAllowed):
    code = "not_the_holder"
    message = "この権利の、いまの持ち主だけができます。"


class Taken(Refused):
    code = "lecturer_taken"
    message = "その時間には、もう別の予定が入っています。ほかの日時を選んでください。"


class NotEnoughLeft(Refused):
    code = "not_enough_left"
    message = "のこりの回数が足りません。"


class NoLecturer(Refused):
    code = "no_lecturer"
    message = "この権利の日程の受付は、まだ準備中です。役場にお問い合わせください。"


class MovedTooOften(Refused):
    code = "moved_too_often"
    message = "決まった日程を変えられるのは%(most)s回までです。役場にお電話ください。"
    facts = MappingProxyType({"most": MOST_MOVES})


class TooLateToChange(Refused):
    code = "too_late_to_change"
    message = "始まりの24時間前を過ぎたため、画面からは変えられません。役場にお電話ください。"


class NotYetHeld(Refused):
    code = "not_yet_held"
    message = "まだ始まっていません。"


def why_not(starts_at: datetime, lasts: timedelta, at: datetime, *, by_town: bool = False) -> str:
    """Why an appointment can't begin then, as seen at `at`; '' where it can. The town itself needs no lead time."""
    start, end = jst(starts_at), jst(starts_at + lasts)
    if starts_at <= at:
        return PAST
    if starts_at < at + LEAD and not by_town:
        return _("準備のため、%(lead)sからあとの日時を選んでください。", lead=when(at + LEAD))
    if starts_at > at + FURTHEST:
        return _("%(furthest)sまでの日時を選んでください。", furthest=full_day(at + FURTHEST))
    if why := closed(start.date()):
        return _("%(start)sは%(why)sで、役場が休みです。平日を選んでください。", start=full_day(start), why=why)
    if start.minute % 30 or start.second or start.microsecond:
        return "00分か30分からの時刻を選んでください。"
    if start.time() < OPENS or end.date() != start.date() or end.time() > CLOSES:
        return _(
            "平日の午前9時から午後5時までに終わる時刻を選んでください（%(minutes)s分かかります）。",
            minutes=lasts // timedelta(minutes=1),
        )
    return ""


def check_dates(starts: Sequence[datetime | None], lasts: timedelta, at: datetime, *, by_town: bool = False) -> None:
    """One to three dates, each possible. Invalid names its field: 'starts_1', …"""
    given = [(number, start) for number, start in enumerate(starts, 1) if start is not None]
    if not given:
        raise Invalid("日時を1つ以上入れてください。", field="starts_1")
    if len(given) > MOST_DATES:
        raise Invalid(_("日時は%(most_dates)sつまでです。", most_dates=MOST_DATES), field="starts_1")
    for number, start in given:
        if why := why_not(start, lasts, at, by_town=by_town):
            raise Invalid(why, field=f"starts_{number}")
        if start in [other for before, other in given if before < number]:
            raise Invalid("同じ日時が2つあります。", field=f"starts_{number}")


def topic(typed: str) -> str:
    return text(typed, LONGEST_TOPIC, "話してほしいことを入力してください。", "topic")


def text(typed: str, longest: int, missing: str, field: str) -> str:
    """Some lines in NFC. Invalid where there are none, too many signs, or hidden ones."""
    said = unicodedata.normalize("NFC", typed.replace("\r\n", "\n")).strip()
    if not said:
        raise Invalid(missing, field=field)
    if len(said) > longest:
        raise Invalid(
            _("%(longest)s文字までで入力してください（いま%(said)s文字）。", longest=longest, said=len(said)),
            field=field,
        )
    if any(unicodedata.category(sign) in ("Cc", "Cs", "Cn", "Co") and sign != "\n" for sign in said):
        raise Invalid("目に見えない文字（制御文字）が入っています。消して、入力し直してください。", field=field)
    return said
