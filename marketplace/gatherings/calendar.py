"""An event as a file for calendars (RFC 5545): the same UID each time, a higher SEQUENCE after each change."""

from __future__ import annotations

from datetime import UTC, datetime

from marketplace.gatherings.models import Gathering
from marketplace.settings import settings

LONGEST = 75
"""Octets of a line, without its end (RFC 5545 §3.1)."""


def ics(gathering: Gathering) -> str:
    host = settings().base_url.rpartition("//")[2]
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//Hiroba//gatherings//JA",
        "BEGIN:VEVENT",
        f"UID:{gathering.code}@{host}",
        f"SEQUENCE:{gathering.version}",
        f"DTSTAMP:{_utc(gathering.changed_at)}",
        f"DTSTART:{_utc(gathering.begins_at)}",
        f"DTEND:{_utc(gathering.ends_at)}",
        f"SUMMARY:{_text(gathering.title)}",
        f"LOCATION:{_text(gathering.place)}",
        f"DESCRIPTION:{_text(gathering.body)}",
        f"URL:{settings().base_url}/gatherings/{gathering.code}",
        "STATUS:CANCELLED" if gathering.state == "cancelled" else "STATUS:CONFIRMED",
        "END:VEVENT",
        "END:VCALENDAR",
    ]
    return "".join(f"{_folded(line)}\r\n" for line in lines)


def _utc(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y%m%dT%H%M%SZ}"


def _text(words: str) -> str:
    """§3.3.11: backslash, semicolon, comma and line breaks are escaped."""
    plain = words.replace("\r\n", "\n").replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,")
    return plain.replace("\n", "\\n")


def _folded(line: str) -> str:
    """Long lines go on after a break and a space; no character is cut in two."""
    rows, room = [""], LONGEST
    for sign in line:
        size = len(sign.encode())
        if size > room:
            rows.append("")
            room = LONGEST - 1
        rows[-1] += sign
        room -= size
    return "\r\n ".join(rows)
