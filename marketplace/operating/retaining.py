"""Which backups are kept: the newest of each of the last days, weeks and months."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable
from datetime import datetime
from pathlib import Path

from marketplace.kit.clock import jst
from marketplace.operating.archive import Archive, kept_in


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
        shutil.rmtree(doomed)
    return gone
