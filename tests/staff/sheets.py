"""Spreadsheets of listings as a clerk fills them in."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence

from marketplace.kit.workbooks import Sheet, workbook
from marketplace.staff import importing

GOOD = {
    "種類": "デジタル住民票",
    "名前": "デジタル住民票 第3弾",
    "ひとことの説明": "町の外から町を応援する証です。",
    "利用の条件": "法律上の住民票ではありません。\n値上がりを約束するものではありません。 | No rise is promised.",
    "売り方": "定額",
    "受付の開始": "2030-04-01 10:00",
    "価格（税込）": "3,000",
    "数": "100",
    "絵の説明": "雪の月と杉の町並み",
}
"""A row without a fault, by the titles of its columns."""


def row(key: str, **more: str) -> dict[str, str]:
    return {"管理番号": key, **GOOD, **more}


def as_csv(rows: Sequence[Mapping[str, str]], encoding: str = "utf-8-sig") -> bytes:
    titles = list(dict.fromkeys(title for each in rows for title in each))
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(titles)
    writer.writerows([each.get(title, "") for title in titles] for each in rows)
    return text.getvalue().encode(encoding)


def as_xlsx(rows: Sequence[Mapping[str, str]]) -> bytes:
    titles = list(dict.fromkeys(title for each in rows for title in each))
    return workbook([Sheet("入力", titles, [[each.get(title, "") for title in titles] for each in rows])])


def with_37_faults() -> list[dict[str, str]]:
    """2,000 rows; 37 cells of 36 of them are wrong."""
    rows = [row(f"A-{n:04}", 名前=f"四季のカード {n}番") for n in range(2_000)]
    for n in range(0, 1_800, 50):
        rows[n]["価格（税込）"] = "さんぜん円"
    rows[1_750]["受付の開始"] = "あした"
    return rows


def titles() -> list[str]:
    return [column.title for column in importing.Checker().columns]
