"""An appointment as a calendar file (RFC 5545): the same UID each time, a higher SEQUENCE after each change. Pure."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta


def event(
    uid: str,
    sequence: int,
    starts_at: datetime,
    lasts: timedelta,
    stamp: datetime,
    *,
    summary: str,
    location: str = "",
    description: str = "",
    cancelled: bool = False,
) -> bytes:
    """One VEVENT in a VCALENDAR. Moments are written in UTC, so that no zone has to be described.

    Args:
        stamp: when what it says was last changed (DTSTAMP and LAST-MODIFIED).
        cancelled: a calendar that has the event strikes it out.
    """
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//Hiroba//Appointments//JA",
        "CALSCALE:GREGORIAN",
        f"METHOD:{'CANCEL' if cancelled else 'PUBLISH'}",
        "BEGIN:VEVENT",
        f"UID:{uid}",
        f"SEQUENCE:{sequence}",
        f"DTSTAMP:{_utc(stamp)}",
        f"LAST-MODIFIED:{_utc(stamp)}",
        f"DTSTART:{_utc(starts_at)}",
        f"DTEND:{_utc(starts_at + lasts)}",
        f"SUMMARY:{escaped(summary)}",
        *([f"LOCATION:{escaped(location)}"] if location else []),
        *([f"DESCRIPTION:{escaped(description)}"] if description else []),
        f"STATUS:{'CANCELLED' if cancelled else 'CONFIRMED'}",
        "TRANSP:OPAQUE",
        "END:VEVENT",
        "END:VCALENDAR",
    ]
    return "".join(f"{folded(line)}\r\n" for line in lines).encode()


def _utc(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y%m%dT%H%M%SZ}"


def escaped(text: str) -> str:
    """TEXT of §3.3.11: backslash, semicolon, comma and line break."""
    plain = text.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,")
    return plain.replace("\r\n", "\n").replace("\n", "\\n")


def folded(line: str) -> str:
    """Lines of at most 75 octets (§3.1), broken between signs; each further one begins with a space."""
    rows, row, size = [], "", 0
    for sign in line:
        octets = len(sign.encode())
        if size + octets > 75:
            rows.append(row)
            row, size = " ", 1
        row, size = row + sign, size + octets
    return "\r\n".join([*rows, row])
