"""doctor, backup and restore, as a person or a timer calls them."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path

from pydantic import ValidationError

from marketplace.chain import lanes
from marketplace.kit import schema
from marketplace.kit.logs import scrubbed
from marketplace.kit.published import Malformed
from marketplace.kit.refusals import Refused, Unavailable
from marketplace.operating import backing_up, beginning, failed, restoring
from marketplace.operating.archive import Archive
from marketplace.operating.examining import Report, examine
from marketplace.operating.faults import found
from marketplace.operating.retaining import thin_out
from marketplace.settings import settings

Told = Callable[[str], None]


def doctor(deep: bool, as_json: bool) -> int:
    """Look at every part and tell each fault with its remedy. 0: all is well, 1: something needs care, 2: a fault."""
    reports = []
    for report in examine(deep):
        reports.append(report)
        if not as_json:
            sys.stdout.write(told(report))
            sys.stdout.flush()
    if as_json:
        sys.stdout.write(json.dumps([as_record(report) for report in reports], ensure_ascii=False, indent=1) + "\n")
    return max((report.grade.weight for report in reports), default=0)


def wrong_settings(wrong: ValidationError, as_json: bool) -> int:
    """Settings with which nothing starts: which, and why, but never what stands there."""
    findings = [
        found("settings.invalid", knob="_".join(map(str, each["loc"])).upper() or "settings", why=each["msg"])
        for each in wrong.errors(include_input=False, include_url=False, include_context=False)
    ]
    report = Report("settings", tuple(findings))
    sys.stdout.write(json.dumps([as_record(report)], indent=1) + "\n" if as_json else told(report))
    return report.grade.weight


def told(report: Report) -> str:
    """One line for the part, and two for each fault of it."""
    words = {"good": "ok", "warn": "care", "bad": "FAULT"}
    lines = [f"{words[report.grade]:<6}{report.part}"]
    for finding in report.findings:
        lines += [f"      {finding.fault.code}: {finding.what}", f"        → {finding.remedy}"]
    return "\n".join(lines) + "\n"


def as_record(report: Report) -> dict[str, object]:
    return {
        "part": report.part,
        "grade": str(report.grade),
        "findings": [
            {"code": each.fault.code, "grade": str(each.fault.grade), "what": each.what, "remedy": each.remedy}
            for each in report.findings
        ],
    }


def backup(directory: Path | None, secrets: bool, keep: tuple[int, int, int] | None, progress: Told) -> int:
    """`keep`: how many days, weeks and months; None keeps everything. 1: one was made, without what is lost, or beside
    an old one that can't be removed; 2: none was, and trying again may help."""
    place = directory or settings().backups
    beginning.see_that_it_is_there()
    try:
        beginning.see_that_it_answers()
        made = backing_up.back_up(place, secrets, progress)
    except (beginning.CannotBegin, Refused, OSError) as trouble:
        failed.write_down(place, str(trouble))
        return _no(str(trouble))
    except Exception as fault:
        failed.write_down(place, scrubbed(f"{type(fault).__name__}: {fault}"))
        raise
    failed.strike_out(place)
    size = sum(file.stat().st_size for file in made.place.rglob("*") if file.is_file())
    sys.stdout.write(f"{made.place}: {size / 1024**2:,.1f} MB\n")
    thinned = keep is None or _thin_out(place, *keep)
    if missing := made.manifest()["missing"]:
        _no("lost in the bucket, and so not in the backup:\n" + "\n".join(missing))
    return 1 if missing or not thinned else 0


def _thin_out(place: Path, days: int, weeks: int, months: int) -> bool:
    """Whether it could be done. Where not, trying again would make another backup each time."""
    try:
        for archive in thin_out(place, days, weeks, months):
            sys.stdout.write(f"removed {archive.place.name}\n")
    except OSError as trouble:
        _no(f"what is to go can't be removed: {trouble}")
        return False
    return True


def restore(archive: Archive, data: Path, progress: Told) -> int:
    """The files of `archive` into `data`, then the database of the settings."""
    try:
        restoring.see_the_database(archive)
        restoring.restore_files(archive, data)
        wrong = restoring.restore_database(archive, progress)
    except (Refused, Unavailable, Malformed, OSError) as trouble:
        return _no(str(trouble))
    if wrong:
        return _no("what stands here is not what was copied:\n" + "\n".join(wrong))
    lanes.leave_open()
    as_it_was = "every table is as it was"
    if archive.manifest()["schema"] != schema.head():
        as_it_was = "no row is missing, and its tables were brought to the schema of this program"
    sys.stdout.write(f"restored from {archive.place.name}: {as_it_was}\n")
    return 0


def _no(why: str) -> int:
    sys.stderr.write(f"{why}\n")
    return 2
