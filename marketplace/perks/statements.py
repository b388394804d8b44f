"""月ごとの明細: what a partner's counters wrote down in a month, and what the town pays for it.

A line belongs to the month in which it was written down, so that a month that is over does not change any more; what
came late, and what was taken back late, stands in the month of its coming.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import sqlalchemy as sa

from marketplace.kit.clock import JST, jst, now
from marketplace.kit.dates import when_seen_from
from marketplace.kit.db import db
from marketplace.kit.erasures import papers_before
from marketplace.kit.money import yen
from marketplace.kit.tables import csv_lines
from marketplace.papers.paper import Paper
from marketplace.perks.models import Act, Partner, Use
from marketplace.settings import settings

HEADER = ("日時", "特典", "区分", "受付", "番号", "確認", "補填（円）", "記録した日時")


@dataclass(frozen=True)
class Sum:
    """Uses of one perk at one price: `uses` made, `undone` taken back, `flagged` among what is left."""

    plan_name: str
    each_yen: int
    uses: int
    undone: int
    flagged: int

    @property
    def net(self) -> int:
        return self.uses - self.undone

    @property
    def yen(self) -> int:
        return self.net * self.each_yen


@dataclass(frozen=True)
class Statement:
    partner: Partner
    month: str
    lines: list[Use]
    sums: list[Sum]

    @property
    def total(self) -> int:
        return sum(each.yen for each in self.sums)


def bounds(month: str) -> tuple[datetime, datetime]:
    """'2026-11' in Japan: its first moment, and that of the next. ValueError where it is no month."""
    year, _, number = month.partition("-")
    start = datetime(int(year), int(number), 1, tzinfo=JST)
    following = (
        start.replace(year=start.year + 1, month=1) if start.month == 12 else start.replace(month=start.month + 1)
    )
    return start.astimezone(UTC), following.astimezone(UTC)


def statement(partner: Partner, month: str) -> Statement:
    first, last = bounds(month)
    query = sa.select(Use).where(Use.partner_id == partner.id, Use.recorded_at >= first, Use.recorded_at < last)
    lines = list(db.session.scalars(query.order_by(Use.recorded_at, Use.id)))
    return Statement(partner, month, lines, _sums(lines))


def months(partner_id: int) -> list[str]:
    """Those in which something was written down, newest first. Of years whose papers go, a part of the lines is gone:
    what is left would add up to another sum than the partner was paid."""
    whole = Use.recorded_at >= papers_before(now(), settings().accounting_kept_years)
    first, last = db.session.execute(
        sa.select(sa.func.min(Use.recorded_at), sa.func.max(Use.recorded_at)).where(Use.partner_id == partner_id, whole)
    ).one()
    if first is None:
        return []
    start, end = (moment.year * 12 + moment.month - 1 for moment in (jst(first), jst(last)))
    return [f"{number // 12}-{number % 12 + 1:02}" for number in range(end, start - 1, -1)]


def _sums(lines: Sequence[Use]) -> list[Sum]:
    found: dict[tuple[str, int], list[int]] = {}
    for line in lines:
        counts = found.setdefault((line.plan_name, line.pay_yen), [0, 0, 0])
        undo = line.act == Act.UNDO
        counts[1 if undo else 0] += 1
        if line.flag is not None:
            counts[2] += -1 if undo else 1
    return [Sum(name, each, *counts) for (name, each), counts in sorted(found.items())]


def _what(line: Use) -> tuple[str, str, str, str]:
    """Which perk, used or taken back, by which way, of which right."""
    series, serial = divmod(line.token_id, 1_000_000)
    act = "取り消し" if line.act == Act.UNDO else "利用"
    return line.plan_name, act, line.channel.ja, f"{series}-{serial}"


def _pay(line: Use) -> int:
    """In yen; what was taken back is taken off."""
    return -line.pay_yen if line.act == Act.UNDO else line.pay_yen


def as_csv(made: Statement) -> bytes:
    """UTF-8 with BOM, for the town's spreadsheets."""
    rows = (
        (line.used_at, *_what(line), line.flag.ja if line.flag else "", _pay(line), line.recorded_at)
        for line in made.lines
    )
    return "".join(csv_lines(HEADER, rows)).encode()


def as_pdf(made: Statement) -> bytes:
    town, (year, _, number) = settings(), made.month.partition("-")
    paper = Paper(
        f"特典利用 明細書　{int(year)}年{int(number)}月",
        issuer=town.town_name,
        reference=f"{made.partner.name} {made.month}",
    )
    paper.addressee(f"{made.partner.name} 御中")
    paper.large(f"補填額　{yen(made.total)}")
    paper.table(
        ("特典", "利用", "取り消し", "差引", "1回", "補填"),
        [
            (each.plan_name, f"{each.uses}回", f"{each.undone}回", f"{each.net}回", yen(each.each_yen), yen(each.yen))
            for each in made.sums
        ],
        widths=(0.32, 0.12, 0.14, 0.12, 0.14, 0.16),
        numbers=(1, 2, 3, 4, 5),
    )
    flagged = sum(each.flagged for each in made.sums)
    if flagged:
        paper.note(
            f"うち{flagged}回は、電波のない窓口で受け付けた利用で、町が確かめます。窓口とお客さまの誤りではありません。"
        )
    paper.heading("内訳")
    paper.table(
        ("日時", "特典", "区分", "受付", "番号", "補填"),
        [(when_seen_from(line.used_at, line.recorded_at), *_what(line), yen(_pay(line))) for line in made.lines],
        widths=(0.30, 0.24, 0.11, 0.13, 0.11, 0.11),
        numbers=(5,),
    )
    paper.note(f"この月に記録したものの明細です。{town.town_office}　電話 {town.town_phone}（{town.town_hours}）")
    return paper.pdf()
