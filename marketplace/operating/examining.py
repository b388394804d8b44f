"""The doctor's round: every part of the house, one after the other. A part that cannot be looked at is told, too."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from marketplace.kit.db import let_go
from marketplace.operating import (
    looking_at_files,
    looking_at_keys,
    looking_at_services,
    looking_here,
    looking_inside,
    looking_outside,
)
from marketplace.operating.faults import PARTS, found
from marketplace.operating.health import Finding, Grade, worst

log = logging.getLogger(__name__)

Look = Callable[[bool], Iterator[Finding]]

LOOKS: dict[str, tuple[Look, ...]] = {
    "settings": (looking_here.knobs,),
    "database": (looking_here.database,),
    "disk": (looking_here.disk,),
    "clock": (looking_here.clock, looking_outside.their_clock),
    "site": (looking_at_services.site,),
    "keys": (
        *(looking_here.signing_keys, looking_inside.sealing_key, looking_at_services.signer),
        looking_at_keys.on_the_chain,
    ),
    "worker": (looking_inside.worker,),
    "queue": (looking_at_services.queue,),
    "journal": (looking_inside.journal,),
    "fund": (looking_inside.fund,),
    "mail": (looking_outside.post_office,),
    "stripe": (looking_outside.stripe,),
    "chain": (looking_outside.blockchain,),
    "follower": (looking_inside.follower,),
    "ipfs": (looking_outside.replicas,),
    "beacon": (looking_at_services.beacon,),
    "sms": (looking_at_services.sms,),
    "accounts": (looking_at_services.accounts,),
    "files": (looking_at_files.files,),
    "backups": (looking_here.backups,),
}
assert list(LOOKS) == list(PARTS)
WITHOUT_TABLES = {"settings", "database", "disk", "backups"}
"""What can be looked at when the database cannot."""


@dataclass(frozen=True)
class Report:
    """One part, looked at. No findings: it is well."""

    part: str
    findings: tuple[Finding, ...]

    @property
    def grade(self) -> Grade:
        return worst(self.findings)


def examine(deep: bool = False) -> Iterator[Report]:
    """Every part, in order; a part that needs tables is left out where there are none.

    `deep` also does what takes long: each page of the database's file, each key opened. Never inside transaction().
    """
    tables = True
    for part, looks in LOOKS.items():
        if tables or part in WITHOUT_TABLES:
            report = Report(part, tuple(_findings(part, looks, deep)))
            yield report
            if part == "database":
                tables = not any(finding.fault.name in ("no_answer", "schema", "newer") for finding in report.findings)


def _findings(part: str, looks: tuple[Look, ...], deep: bool) -> Iterator[Finding]:
    for look in looks:
        try:
            yield from look(deep)
        except Exception as trouble:  # a doctor who faints helps nobody: it is told, and the round goes on
            log.exception("looking at %s", part)
            yield found(f"{part}.unchecked", why=type(trouble).__name__)
        finally:
            let_go()
