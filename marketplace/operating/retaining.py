"""Which backups are kept: the newest of each of the last days, weeks and months; and nothing of those that are none."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from marketplace.kit.clock import jst, now
from marketplace.operating.archive import Archive, kept_in

UNFINISHED = re.compile(r"\.hiroba-(\d{8}T\d{6})Z\.(\d+|old)")
LONGEST = timedelta(hours=12)
"""No backup takes so long, and no removal of one."""


def unfinished(place: Path) -> Path:
    """Where a backup is made that will be at `place`, by this process alone."""
    return place.with_name(f".{place.name}.{os.getpid()}")


def clear_away(directory: Path) -> None:
    """What is left of a backup whose process was killed, or of a removal: no name that anybody looks for, and maybe the
    whole database in it."""
    for path in directory.iterdir():
        match = UNFINISHED.fullmatch(path.name)
        if match and datetime.strptime(match[1], "%Y%m%dT%H%M%S").replace(tzinfo=UTC) < now() - LONGEST:
            shutil.rmtree(path, ignore_errors=True)


def kept(moments: Iterable[datetime], days: int, weeks: int, months: int) -> set[datetime]:
    """Of `moments` those to keep: the newest of each of the last `days` days that have one, and so on. Japan's days.

    The newest of all is always kept.
    """
    newest_first = sorted(moments, reverse=True)
    found = set(newest_first[:1])
    spans: list[tuple[int, Callable[[datetime], object]]] = [
        (days, lambda moment: jst(moment).date()),
        (weeks, lambda moment: jst(moment).isocalendar()[:2]),
        (months, lambda moment: (jst(moment).year, jst(moment).month)),
    ]
    for count, span in spans:
        first_of_each: dict[object, datetime] = {}
        for moment in newest_first:
            first_of_each.setdefault(span(moment), moment)
        found |= set(list(first_of_each.values())[:count])
    return found


def thin_out(directory: Path, days: int, weeks: int, months: int) -> list[Archive]:
    """Remove the whole backups that are not kept() any more; which those were."""
    there = kept_in(directory)
    stay = kept((archive.made_at for archive in there), days, weeks, months)
    gone = [archive for archive in there if archive.made_at not in stay]
    for archive in gone:
        # first its name, so that one that is half gone is not taken for a backup
        doomed = archive.place.rename(archive.place.with_name(f".{archive.place.name}.old"))
        shutil.rmtree(doomed, ignore_errors=True)  # what stays is cleared away another night
    return gone
