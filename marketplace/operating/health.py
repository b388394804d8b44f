"""How a part of the house does: well, or with findings, each of a known fault with its remedy (faults.py)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from marketplace.kit.shown import when


class Grade(StrEnum):
    GOOD = "good"
    WARN = "warn"
    BAD = "bad"

    @property
    def ja(self) -> str:
        return GRADE_JA[self]

    @property
    def weight(self) -> int:
        """0, 1, 2: the exit code of `python -m marketplace doctor`."""
        return list(Grade).index(self)


GRADE_JA = {Grade.GOOD: "正常", Grade.WARN: "注意", Grade.BAD: "異常"}


@dataclass(frozen=True)
class Fault:
    """What can be wrong with a part, in both tongues: what it is, and what to do. `{…}` is filled by the finding."""

    part: str
    name: str
    grade: Grade
    what: str
    remedy: str
    what_ja: str
    remedy_ja: str

    @property
    def code(self) -> str:
        """'mail.no_answer': for machines, and for whoever looks it up in docs/operate.md."""
        return f"{self.part}.{self.name}"


@dataclass(frozen=True)
class Finding:
    """A fault as it was found. `seen` are figures, hosts and codes: never personal data, never a secret; "since" is a
    moment as ISO 8601 has it, which the desk writes as all its pages do."""

    fault: Fault
    seen: dict[str, str | int] = field(default_factory=dict)

    @property
    def what(self) -> str:
        return self.fault.what.format_map(_Shown(self.seen))

    @property
    def remedy(self) -> str:
        return self.fault.remedy.format_map(_Shown(self.seen))

    @property
    def what_ja(self) -> str:
        return self.fault.what_ja.format_map(_Shown(self._in_japanese()))

    @property
    def remedy_ja(self) -> str:
        return self.fault.remedy_ja.format_map(_Shown(self._in_japanese()))

    def _in_japanese(self) -> dict[str, str | int]:
        since = self.seen.get("since")
        return {**self.seen, "since": when(datetime.fromisoformat(str(since)))} if since else self.seen


class _Shown(dict[str, str | int]):
    """What is not known is shown as a dash: a report must not fail over a word."""

    def __missing__(self, key: str) -> str:
        return "—"


def worst(findings: Iterable[Finding]) -> Grade:
    return max((finding.fault.grade for finding in findings), key=lambda grade: grade.weight, default=Grade.GOOD)
