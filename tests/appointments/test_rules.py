"""When somebody can be met: pure rules of days and hours; and the calendar file, byte by byte."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, strategies

from marketplace.appointments import rules
from marketplace.appointments.ics import escaped, event, folded
from marketplace.kit.clock import JST
from marketplace.kit.refusals import Invalid

NOON = datetime(2027, 6, 1, 12, tzinfo=JST)
HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("start", "why"),
    [
        (datetime(2027, 5, 31, 10, tzinfo=JST), "過ぎた日時です"),
        (datetime(2027, 6, 2, 10, tzinfo=JST), "準備のため、6月8日(火) 午後0時00分から"),
        (datetime(2028, 6, 1, 10, tzinfo=JST), "2027年11月28日(日)まで"),
        (datetime(2027, 6, 12, 10, tzinfo=JST), "土曜日で、役場が休みです"),
        (datetime(2027, 7, 19, 10, tzinfo=JST), "海の日で、役場が休みです"),
        (datetime(2027, 6, 14, 10, 15, tzinfo=JST), "00分か30分から"),
        (datetime(2027, 6, 14, 8, 30, tzinfo=JST), "午前9時から午後5時まで"),
        (datetime(2027, 6, 14, 16, 30, tzinfo=JST), "午前9時から午後5時まで"),
        (datetime(2027, 6, 14, 9, tzinfo=JST), ""),
        (datetime(2027, 6, 14, 16, tzinfo=JST), ""),
    ],
)
def test_a_date_is_possible_or_says_what_to_mend(start: datetime, why: str) -> None:
    said = rules.why_not(start, HOUR, NOON)
    assert (why in said, bool(said)) == (True, bool(why))


def test_the_town_needs_no_lead_time_for_itself_but_the_past_is_over_for_all() -> None:
    tomorrow = datetime(2027, 6, 2, 10, tzinfo=JST)
    assert rules.why_not(tomorrow, HOUR, NOON, by_town=True) == ""
    assert "過ぎた日時" in rules.why_not(NOON - HOUR, HOUR, NOON, by_town=True)


def test_dates_are_one_to_three_and_each_fault_names_its_field() -> None:
    monday = datetime(2027, 6, 14, 10, tzinfo=JST)
    rules.check_dates([monday, None, monday + HOUR], HOUR, NOON)
    for starts, field in (
        ([None, None, None], "starts_1"),
        ([monday, None, NOON - HOUR], "starts_3"),
        ([monday, monday, None], "starts_2"),
        ([monday + HOUR * number for number in range(4)], "starts_1"),
    ):
        with pytest.raises(Invalid) as caught:
            rules.check_dates(starts, HOUR, NOON)
        assert caught.value.field == field


@pytest.mark.parametrize("typed", ["", " \n ", "あ" * 501, "鈴\x07", "\ud800"])
def test_a_topic_has_words_within_reason_and_none_that_are_hidden(typed: str) -> None:
    with pytest.raises(Invalid) as caught:
        rules.topic(typed)
    assert caught.value.field == "topic"
    assert rules.topic("1行目\r\n2行目 " + "あ" * 400) == "1行目\n2行目 " + "あ" * 400


def test_a_calendar_file_is_as_the_standard_says() -> None:
    start = datetime(2027, 6, 14, 10, tzinfo=JST)
    stamp = datetime(2027, 6, 1, 3, tzinfo=UTC)
    data = event("APT-1@town.example.jp", 2, start, HOUR, stamp, summary="町長の講演・相談", location="会場, 1階; 左")
    assert data.decode().split("\r\n") == [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//Hiroba//Appointments//JA",
        "CALSCALE:GREGORIAN",
        "METHOD:PUBLISH",
        "BEGIN:VEVENT",
        "UID:APT-1@town.example.jp",
        "SEQUENCE:2",
        "DTSTAMP:20270601T030000Z",
        "LAST-MODIFIED:20270601T030000Z",
        "DTSTART:20270614T010000Z",
        "DTEND:20270614T020000Z",
        "SUMMARY:町長の講演・相談",
        "LOCATION:会場\\, 1階\\; 左",
        "STATUS:CONFIRMED",
        "TRANSP:OPAQUE",
        "END:VEVENT",
        "END:VCALENDAR",
        "",
    ]
    gone = event("APT-1@town.example.jp", 3, start, HOUR, stamp, summary="町長", cancelled=True).decode()
    assert ("METHOD:CANCEL" in gone, "STATUS:CANCELLED" in gone) == (True, True)


@given(strategies.text(strategies.characters(blacklist_categories=["Cs", "Cc"]), max_size=400))
def test_folded_lines_are_short_and_say_the_same(text: str) -> None:
    rows = folded(f"DESCRIPTION:{escaped(text)}").split("\r\n")
    assert max(len(row.encode()) for row in rows) <= 75
    assert rows[0] + "".join(row.removeprefix(" ") for row in rows[1:]) == f"DESCRIPTION:{escaped(text)}"
