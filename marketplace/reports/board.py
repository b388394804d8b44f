"""The board: how it goes, in plots that say their numbers in a table too."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue
from markupsafe import Markup

from marketplace.accounts.session import staff
from marketplace.kit.dates import era_day
from marketplace.kit.money import yen
from marketplace.kit.plots import both, columns, lying
from marketplace.reports import figures
from marketplace.reports.document import Document, Part, count, pdf, share
from marketplace.reports.periods import today

bp = Blueprint("board", __name__)


@dataclass(frozen=True)
class Plot:
    """`part` says the same as the drawing; None where there is nothing to draw."""

    part: Part
    chart: Markup | None


@bp.get("/staff/reports/board")
@staff("drafter", "approver", "treasury", "auditor")
def show() -> ResponseReturnValue:
    return render_template("reports/board.html", facts=facts(), plots=plots())


@bp.get("/staff/reports/board.pdf")
@staff("drafter", "approver", "treasury", "auditor")
def paper() -> ResponseReturnValue:
    told = [(word, f"{figure}{unit}（{under}）") for word, figure, unit, under in facts()]
    parts = [Part("いまの数字", facts=told), *(plot.part for plot in plots())]
    return pdf(Document("数字のまとめ", f"{era_day(today())} 現在", parts), f"board-{today()}")


def facts() -> list[tuple[str, str, str, str]]:
    """(word, figure, unit, under it)."""
    buyers, acts = figures.buyers(), figures.staff_acts()
    return [
        ("買った人", f"{buyers.people:,}", "名", "これまで"),
        ("2回以上買った人", f"{buyers.again:,}", "名", share(buyers.again, buyers.people)),
        ("職員の操作", f"{acts:,}", "回", f"この{figures.STAFF_DAYS}日"),
    ]


def plots() -> list[Plot]:
    return [_weeks(), _applicants(), _unpaid(), _resales(), _royalties(), _prefectures()]


def _drawn(draw: Callable[..., Markup], rows: Sequence[Any], name: str, title: str, **more: str) -> Markup | None:
    return both(partial(draw, title=title, **more), rows, name) if rows else None


def _weeks() -> Plot:
    weeks = [(f"{monday.month}/{monday.day}", yen) for monday, yen in figures.by_week()]
    rows = [[f"{label} の週", f"{yen:,}"] for label, yen in reversed(weeks)]
    part = Part("週ごとの売上", header=("週（月曜から）", "代金（円）"), rows=rows, numbers=(1,), widths=(0.6, 0.4))
    return Plot(part, _drawn(columns, weeks, "weeks", "週ごとの売上", unit="円"))


def _applicants() -> Plot:
    drawn = figures.lotteries()
    rows = [
        [each.listing.right.title_ja, f"{each.people:,}", f"{each.units:,}", f"{each.per_unit:.1f}"] for each in drawn
    ]
    bars = [(each.listing.right.title_ja, each.per_unit, f"{each.per_unit:.1f}人") for each in drawn]
    return Plot(
        Part(
            "1点あたりの応募",
            header=("抽選", "応募した人", "数", "1点あたり"),
            rows=rows,
            numbers=(1, 2, 3),
            widths=(0.49, 0.17, 0.17, 0.17),
            nothing="抽選のすんだ売り出しは、まだありません。",
        ),
        _drawn(lying, bars, "applicants", "1点あたりの応募"),
    )


def _unpaid() -> Plot:
    over = [(each, each.unpaid) for each in figures.lotteries() if each.unpaid is not None]
    bars = [(each.listing.right.title_ja, unpaid, f"{100 * unpaid:.1f}％") for each, unpaid in over]
    rows = [
        [each.listing.right.title_ja, f"{each.paid:,}", f"{each.forfeited:,}", f"{100 * unpaid:.1f}％"]
        for each, unpaid in over
    ]
    return Plot(
        Part(
            "払わなかった当選者の割合",
            header=("抽選", "払った人", "払わなかった人", "割合"),
            rows=rows,
            numbers=(1, 2, 3),
            widths=(0.49, 0.17, 0.17, 0.17),
            nothing="支払いの期限が過ぎた抽選は、まだありません。",
        ),
        _drawn(lying, bars, "unpaid", "払わなかった当選者の割合"),
    )


def _resales() -> Plot:
    found = figures.resales()
    rows = [
        [
            right.title_ja,
            *(f"{price:,}" if price else "－", f"{its.floor:,}" if its.floor is not None else "－"),
            *(f"{its.median:,}" if its.median is not None else "－", f"{its.count:,}"),
        ]
        for right, its, price in found
    ]
    bars = [
        (right.title_ja, its.median / price, f"{its.median / price:.2f}倍")
        for right, its, price in found
        if its.median is not None and price
    ]
    return Plot(
        Part(
            "ゆずり渡しの値段",
            header=("権利", "町の価格", "いちばん安い売り値", "中央値", "取引（件）"),
            rows=rows,
            numbers=(1, 2, 3, 4),
            widths=(0.36, 0.16, 0.18, 0.16, 0.14),
            nothing="ゆずり渡しは、まだありません。",
            note=("図は、町の価格に対する取引の中央値です。" if bars else "")
            + "これまでの記録で、これからの値段を約束するものではありません。",
        ),
        _drawn(lying, bars, "resales", "町の価格に対する取引の中央値"),
    )


def _royalties() -> Plot:
    months = [(f"{month.month}月", yen) for month, yen in figures.royalties_by_month()]
    rows = [[f"{month.year}年{month.month}月", yen(total)] for month, total in reversed(figures.royalties_by_month())]
    part = Part("基金への還元金", header=("月", "還元金"), rows=rows, numbers=(1,), widths=(0.6, 0.4))
    return Plot(part, _drawn(columns, months, "royalties", "基金への還元金", unit="円"))


def _prefectures() -> Plot:
    found = figures.prefectures()
    words = [(name, number or 0, count(number, "人") if number is not None else "5人未満") for name, number in found]
    return Plot(
        Part(
            "買った人の都道府県",
            header=("都道府県", "人数"),
            rows=[[name, word] for name, _, word in words],
            numbers=(1,),
            widths=(0.6, 0.4),
            nothing="都道府県を登録した方は、まだいません。",
            note="ご本人が登録した分だけです。5人に満たない数は示していません。",
        ),
        _drawn(lying, words, "prefectures", "買った人の都道府県"),
    )
