"""What the doctor finds in one part of a town with these settings."""

from __future__ import annotations

from typing import Any

from marketplace.operating.examining import LOOKS, Report, examine
from marketplace.operating.health import Finding
from marketplace.settings import Settings
from tests.apps import another


def changed(settings: Settings, **knobs: Any) -> Settings:
    """Read anew, so that nothing computed of the old ones is left."""
    return Settings(**{**settings.model_dump(), **knobs})


def findings(part: str, deep: bool = False) -> list[Finding]:
    """In the running application. The other parts are not asked."""
    return [finding for look in LOOKS[part] for finding in look(deep)]


def codes(part: str, deep: bool = False) -> list[str]:
    return [finding.fault.code for finding in findings(part, deep)]


def codes_with(settings: Settings, part: str, deep: bool = False, **knobs: Any) -> list[str]:
    with another(changed(settings, **knobs)):
        return codes(part, deep)


def round_of(deep: bool = False) -> dict[str, Report]:
    return {report.part: report for report in examine(deep)}
