"""The same figures as everybody may see them: no number so small that it points at somebody, none that tells one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from marketplace.kit.small_counts import few, part_said, said
from marketplace.relations.figures import Edition, Group, Month

Said = int | None


@dataclass(frozen=True)
class Table:
    """A table as it is shown and downloaded; None in a row is a number that is not said. `total` closes it.

    `codes` stand at the end of the rows of the file, under `code`, for programs: labels are for people.
    """

    header: Sequence[str]
    rows: Sequence[tuple[str, Sequence[Said]]]
    total: Sequence[Said] | None = None
    code: str = ""
    codes: Sequence[str] = ()


MONTH_HEADER = (
    *("月", "持っている人", "来町スタンプ", "来町した人"),
    *("うち2回目以上の人", "特典の利用", "催し", "催しの参加者"),
)
GROUP_HEADER = ("都道府県", "持っている人", "来町した人", "催しの参加者")
EDITION_HEADER = ("権利", "持っている人", "来町した人", "催しの参加者", "特典の利用")
MONTH_CODE, EDITION_CODE = "month", "right"


def months(rows: Sequence[Month], *, exact: bool) -> Table:
    """By month. Stamps go with the people who got them: of a month whose visitors are not said, neither are they."""
    said_of = _exact_month if exact else _said_month
    codes = [row.code for row in rows]
    return Table(MONTH_HEADER, [(row.label, said_of(row)) for row in rows], code=MONTH_CODE, codes=codes)


def prefectures(rows: Sequence[Group], *, exact: bool) -> Table:
    """By prefecture, with the sums: each person is in one row, so what is left out must not follow from the others."""
    columns = [[row.holders for row in rows], [row.visitors for row in rows], [row.attended for row in rows]]
    return _grouped(GROUP_HEADER, [row.label for row in rows], columns, exact=exact, total=True)


def editions(rows: Sequence[Edition], *, exact: bool) -> Table:
    """By edition. A person may be in several rows: there is no sum."""
    columns = [
        [row.holders for row in rows],
        [row.visitors for row in rows],
        [row.attended for row in rows],
        [row.uses for row in rows],
    ]
    table = _grouped(EDITION_HEADER, [row.label for row in rows], columns, exact=exact, total=False)
    return replace(table, code=EDITION_CODE, codes=[row.code for row in rows])


def _grouped(
    header: Sequence[str], labels: Sequence[str], columns: Sequence[Sequence[int]], *, exact: bool, total: bool
) -> Table:
    shown = [(list(column), sum(column)) if exact else said(column) for column in columns]
    rows = [(label, [numbers[at] for numbers, _ in shown]) for at, label in enumerate(labels)]
    return Table(header, rows, [whole for _, whole in shown] if total else None)


def _exact_month(row: Month) -> list[Said]:
    return [row.holders, row.visits, row.visitors, row.returning, row.uses, row.events, row.attended]


def _said_month(row: Month) -> list[Said]:
    visitors = _one(row.visitors)
    visits = row.visits if visitors is not None and not few(row.visits - row.visitors) else None
    returning = part_said(row.returning, row.visitors) if visitors is not None else None
    return [_one(row.holders), visits, visitors, returning, _one(row.uses), row.events, _one(row.attended)]


def _one(count: int) -> Said:
    return None if few(count) else count
