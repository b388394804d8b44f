"""The lists that the accounting system takes in: what was due, what came, what went back, and the book's entries.

Each column says what it holds; docs/exports.md is printed from these tables. Sums are whole yen, tax included.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from marketplace.kit.batches import batched
from marketplace.kit.db import db
from marketplace.kit.tables import Row
from marketplace.reports import listed
from marketplace.reports.periods import Period

AT_ONCE = 5_000
"""Rows of a list whose orders are asked for in one statement."""


@dataclass(frozen=True)
class Export:
    """A list: its name in the address, its title, what a row is, and [(column, what it holds), …].

    `found` is what the database has for it, each a row; `told` makes the rows of some of them.
    """

    name: str
    title: str
    about: str
    columns: tuple[tuple[str, str], ...]
    found: Callable[[Period], sa.Select[*tuple[Any, ...]]]
    told: Callable[[Sequence[Any]], Iterator[Row]]

    @property
    def header(self) -> list[str]:
        return [column for column, _ in self.columns]

    def rows(self, period: Period) -> Iterator[Row]:
        for some in batched(db.session.execute(self.found(period)).all(), AT_ONCE):
            yield from self.told(some)

    def sample(self, period: Period, most: int) -> tuple[int, list[Row]]:
        """(how many rows there are, the first of them)."""
        query = self.found(period)
        count = sa.select(sa.func.count()).select_from(query.order_by(None).subquery())
        return db.session.scalar(count) or 0, list(self.told(db.session.execute(query.limit(most)).all()))


OF_SALE = (
    ("会計", "代金が入る会計の名前"),
    ("受付番号", "注文の番号（ORD-…）"),
    ("出品番号", "出品の番号（LST-…）"),
    ("品名", "権利の名前"),
)

EXPORTS = (
    Export(
        "dues",
        "調定一覧",
        "町に入ることが決まった代金。1行が1つの注文です。調定額 ＝ 減額 ＋ 収納額 ＋ 未納額。",
        (
            ("調定日", "抽選・入札は当選・落札の日時。定額は支払いの日時（事後調定）"),
            ("年度", "調定日の会計年度（4月から3月）"),
            *OF_SALE,
            ("売り方", "定額・抽選・オークション・入札"),
            ("税区分", "消費税の区分"),
            ("調定額", "代金（税込、円）"),
            ("うち消費税", "調定額にふくまれる消費税（税率が10％なら110分の10、円未満切り捨て）"),
            ("減額", "支払いがなく、取り消された額"),
            ("収納額", "支払われた額。あとの返金は引いていません（返金一覧を見てください）"),
            ("未納額", "まだ支払われていない額"),
            ("収納日", "支払いの日時。なければ空欄"),
            ("状態", "いまの注文の状態"),
        ),
        listed.dues,
        listed.due_rows,
    ),
    Export(
        "receipts",
        "収納一覧",
        "町の帳簿で収納に記帳されたお金。1行が1つの入金です。保証金のお預かりは、収納になったものだけが入ります。",
        (
            ("収納日", "記帳の日時（カードの支払いの日時）"),
            ("年度", "収納が属する会計年度（帳簿のとおり。4月・5月の収納は、前の年度の調定の分のことがあります）"),
            *OF_SALE,
            ("区分", "代金、保証金の充当、保証金の没収、二重払い（返金します）"),
            ("収納額", "総額（円）。手数料を引く前"),
            ("決済手数料", "決済代行が引いた手数料（円）"),
            ("差引額", "収納額から決済手数料を引いた額"),
            ("取引番号", "決済代行の取引番号（txn_…）。充当と没収は帳簿の番号"),
            ("領収書番号", "領収書を出した注文だけ"),
        ),
        listed.receipts,
        listed.receipt_rows,
    ),
    Export(
        "refunds",
        "返金一覧",
        "返すことを決めたお金。1行が1つの返金です。",
        (
            ("手続き日", "返金を決めた日時"),
            ("年度", "帳簿で返金が属する会計年度。記帳の前は、手続き日の会計年度"),
            *OF_SALE,
            ("区分", "代金、または歳入歳出外現金の保証金"),
            ("返金額", "返す額（円）"),
            (
                "状態",
                "手続き中、返金ずみ、返金できず、やり直し、銀行から返金ずみ、異議により返金ずみ、返さないことにした",
            ),
            ("理由", "職員が書いた理由、または自動の理由"),
            ("返金番号", "決済代行の返金の番号（re_…）"),
            ("取引番号", "決済代行の取引番号（txn_…）"),
            ("返還インボイス番号", "返金の書類を出したものだけ"),
            ("決めた人", "返金を決めた職員。発行のあとは、申し出た人と承認した人。決まりによる返金は「自動」"),
        ),
        listed.refunds,
        listed.refund_rows,
    ),
    Export(
        "entries",
        "仕訳",
        "帳簿のすべての行。借方の合計と貸方の合計は、どの期間でも同じです。",
        (
            ("日時", "記帳の日時"),
            ("年度", "帳簿で属する会計年度（4月・5月の仕訳は、前の年度のことがあります）"),
            ("仕訳番号", "1つの取引に1つ"),
            ("行", "取引の中の順番"),
            ("種別", "charge（入金）、refund（返金）、payout（振込）、recognise（歳入）などの英語の名前"),
            ("科目コード", "勘定科目の英語の名前"),
            ("科目", "勘定科目"),
            ("借方", "円。貸方の行では0"),
            ("貸方", "円。借方の行では0"),
            ("取引番号", "同じ番号は2回記帳されません"),
            ("参照", "もとになった注文など（order:ORD-…）"),
            ("摘要", "決定の番号や理由"),
        ),
        listed.entries,
        listed.entry_rows,
    ),
)
BY_NAME = {export.name: export for export in EXPORTS}
