"""Which letters a person wants. Those that law, money or safety need always come, and cannot be chosen here."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from marketplace.kit.clock import now
from marketplace.kit.db import Base, db, insert_once, state_column, transaction


class LetterKind(StrEnum):
    NEWS = "news"
    OUTBID = "outbid"
    TIME_LEFT = "time_left"
    TOMORROW = "tomorrow"

    @property
    def ja(self) -> str:
        return LETTER_JA[self][0]

    @property
    def more_ja(self) -> str:
        return LETTER_JA[self][1]


LETTER_JA = {
    LetterKind.NEWS: ("町からの便り", "催しや季節のお知らせ。権利をお持ちの方にお送りしています。"),
    LetterKind.OUTBID: ("入札で、ほかの方がより高い入札をしたとき", "止めると、入札のページでだけ分かります。"),
    LetterKind.TIME_LEFT: ("入札の終わりが近いとき", "終わりの1日前と1時間前にお送りしています。"),
    LetterKind.TOMORROW: ("催しの予約や、講演・相談の日程の前の日", "始まりの24時間前に、日時と場所をお知らせします。"),
}
ALWAYS = (
    "ログインの番号、パスキーやウォレットの変更",
    "抽選・入札の結果、お支払いの期限",
    "お支払い、返金、領収書、権利のお届け",
    "販売の変更・中止、催しの予約と中止",
    "贈り物、交換、日程、愛称などの、あなたへのお返事",
    "販売のページで申し込まれた、始まる前のお知らせ",
)
"""What always comes, in a few words."""


class LetterOptOut(Base):
    """Somebody who does not want one kind of letter."""

    __tablename__ = "letter_opt_outs"
    __table_args__ = (sa.UniqueConstraint("account_id", "kind", name="uq_letter_opt_outs_once"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(sa.ForeignKey("accounts.id"))
    kind: Mapped[LetterKind] = state_column(LetterKind, name="kind")
    since: Mapped[datetime]


def wanted(account_id: int) -> set[LetterKind]:
    """The kinds that this person gets."""
    stopped = db.session.scalars(sa.select(LetterOptOut.kind).where(LetterOptOut.account_id == account_id))
    return set(LetterKind) - set(stopped)


def stopped(kind: LetterKind) -> sa.Select[int]:
    """The accounts that do not want this kind, as a query to be put into another."""
    return sa.select(LetterOptOut.account_id).where(LetterOptOut.kind == kind)


def choose(account_id: int, kinds: Collection[LetterKind]) -> None:
    """These and no others from now on, letters that still wait included. Said again, it changes nothing."""
    with transaction() as session:
        session.execute(
            sa.delete(LetterOptOut).where(LetterOptOut.account_id == account_id, LetterOptOut.kind.in_(list(kinds)))
        )
        for kind in LetterKind:
            if kind not in kinds:
                insert_once(LetterOptOut, {"account_id": account_id, "kind": kind, "since": now()})
