"""Calendars that any program reads (RFC 5545)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from flask import Response

from marketplace.kit.clock import jst
from marketplace.kit.dates import last

A_MINUTE = timedelta(minutes=1)


@dataclass(frozen=True)
class Happening:
    """One entry. `at` is a moment, or a day; `uid` stays the same when it changes, `version` grows then, and `stamp` is
    when it did. What is `cancelled` is struck out by calendars that have it, and reminds nobody. What `ends` at 午前0時
    stands on the day that is over: calendars have no 24時, and show 0:00 of the day on which it is too late."""

    uid: str
    at: datetime | date
    title: str
    stamp: datetime
    more: str = ""
    url: str = ""
    version: int = 0
    remind: timedelta | None = None
    cancelled: bool = False
    ends: bool = False


def calendar(maker: str, happenings: Iterable[Happening], *, name: str = "") -> Response:
    """The file. `maker` names the part that made it, e.g. "Auctions"; `name` is how a calendar program calls it."""
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", f"PRODID:-//Hiroba//{maker}//JA"]
    lines += [f"NAME:{_text(name)}", f"X-WR-CALNAME:{_text(name)}"] if name else []
    for each in happenings:
        lines += _event(each)
    lines.append("END:VCALENDAR")
    body = "".join(f"{_folded(line)}\r\n" for line in lines)
    return Response(body, content_type="text/calendar; charset=utf-8")


def _event(each: Happening) -> list[str]:
    lines = ["BEGIN:VEVENT", f"UID:{each.uid}", f"SEQUENCE:{each.version}", f"DTSTAMP:{_stamp(each.stamp)}"]
    if isinstance(each.at, datetime) and each.ends and last(each.at)[0] != jst(each.at).date():
        lines += [f"DTSTART:{_stamp(each.at - A_MINUTE)}", f"DTEND:{_stamp(each.at)}"]
    elif isinstance(each.at, datetime):
        lines.append(f"DTSTART:{_stamp(each.at)}")
    else:
        lines.append(f"DTSTART;VALUE=DATE:{each.at:%Y%m%d}")
    lines.append(f"SUMMARY:{_text(each.title)}")
    lines += [f"DESCRIPTION:{_text(each.more)}"] if each.more else []
    lines += [f"URL:{each.url}"] if each.url else []
    lines += ["STATUS:CANCELLED"] if each.cancelled else []
    if each.remind is not None and not each.cancelled:
        minutes = each.remind // timedelta(minutes=1)
        trigger = f"-PT{minutes // 60}H" if minutes % 60 == 0 else f"-PT{minutes}M"
        lines += ["BEGIN:VALARM", "ACTION:DISPLAY", f"DESCRIPTION:{_text(each.title)}", f"TRIGGER:{trigger}"]
        lines.append("END:VALARM")
    return [*lines, "END:VEVENT"]


def _stamp(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y%m%dT%H%M%SZ}"


def _text(words: str) -> str:
    """RFC 5545 §3.3.11."""
    for mark in ("\\", ";", ","):
        words = words.replace(mark, f"\\{mark}")
    return words.replace("\r\n", "\n").replace("\r", "\n").replace("\n", "\\n")


def _folded(line: str) -> str:
    """Lines of 75 octets at most, none broken within a letter (RFC 5545 §3.1)."""
    parts, size = [""], 0
    for letter in line:
        octets = len(letter.encode())
        if size + octets > 74:
            parts.append("")
            size = 0
        parts[-1] += letter
        size += octets
    return "\r\n ".join(parts)
