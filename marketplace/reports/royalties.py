"""還元金の明細: what resales brought, by right and sale by sale.

Every royalty goes to the fund's address (ERC-2981); the rate is the one that was approved with the right.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from marketplace.kit.dates import full_day
from marketplace.kit.db import db
from marketplace.kit.money import yen
from marketplace.reports.document import Document, Part, count
from marketplace.reports.periods import Period
from marketplace.resale.models import Trade
from marketplace.rights.models import Right
from marketplace.settings import settings
from marketplace.tokens.models import Token

MOST = 2_000
"""Sales that one statement lists; more belong into the open data. Its sums are of all."""


def royalties(period: Period) -> Document:
    expected_of_one = Trade.price_yen * Right.royalty_bps // 10_000  # as due()
    sums = (sa.func.coalesce(sa.func.sum(each), 0) for each in (Trade.price_yen, Trade.royalty_yen, expected_of_one))
    number, volume, received, expected = map(int, db.session.execute(_within(period, sa.func.count(), *sums)).one())
    query = _within(period, Trade, Token, Right).order_by(Right.id, Trade.block_number, Trade.log_index)
    by_right: dict[int, list[tuple[Trade, Token, Right]]] = {}
    for trade, token, right in db.session.execute(query.limit(MOST)):
        by_right.setdefault(right.id, []).append((trade, token, right))
    whole = Part(
        "合計",
        facts=[
            ("受け取る先", settings().fund_name),
            ("取引", count(number, "件")),
            ("取引額", yen(volume)),
            ("受け取った還元金", yen(received)),
            ("決まりの率で計算した額", yen(expected)),
            ("差", yen(expected - received) if expected >= received else f"＋{yen(received - expected)}"),
        ],
        note="ほかの市場での売買では、還元金の支払いを強制できません（ERC-2981）。差はそのためです。",
    )
    more = f"明細は、はじめの{MOST:,}件です。合計は、すべての取引のものです。" if number > MOST else ""
    return Document(
        "還元金の明細",
        period.ja,
        [whole, *(_of_right(rows) for rows in by_right.values())],
        note=f"{more}自分の住所どうしの売買など、値段の参考にならない取引も、還元金はここに入ります。",
    )


def _within(period: Period, *what: Any) -> sa.Select[*tuple[Any, ...]]:
    sales = sa.select(*what).select_from(Trade).join(Token, Token.token_id == Trade.token_id)
    return sales.join(Right, Right.id == Token.right_id).where(period.covers(Trade.at))


def due(trade: Trade, right: Right) -> int:
    """What the right's own rate asks of the sale, less than a yen dropped as the contract does."""
    return trade.price_yen * right.royalty_bps // 10_000


def _of_right(rows: list[tuple[Trade, Token, Right]]) -> Part:
    right = rows[0][2]
    lines = [
        [
            *(full_day(trade.at), f"No.{token.serial}", f"{trade.price_yen:,}"),
            *(f"{trade.royalty_yen:,}", f"{due(trade, right):,}", f"{trade.tx_hash[:18]}…"),
        ]
        for trade, token, _ in rows
    ]
    return Part(
        f"{right.title_ja}（{right.royalty_bps / 100:g}％）",
        header=("日", "番号", "値段（円）", "還元金（円）", "決まりの額（円）", "記録"),
        rows=lines,
        numbers=(2, 3, 4),
        widths=(0.22, 0.1, 0.14, 0.14, 0.15, 0.25),
    )
