"""What becomes of a lottery and of an entry in it; the moves between are in models.py."""

from __future__ import annotations

from enum import StrEnum


class LotteryState(StrEnum):
    OPEN = "open"
    CLOSED = "closed"
    DRAWN = "drawn"
    SETTLED = "settled"
    CANCELLED = "cancelled"

    @property
    def ja(self) -> str:
        return LOTTERY_JA[self]


LOTTERY_JA = {
    LotteryState.OPEN: "受付中",
    LotteryState.CLOSED: "抽選待ち",
    LotteryState.DRAWN: "当選者のお支払い待ち",
    LotteryState.SETTLED: "終了",
    LotteryState.CANCELLED: "中止",
}


class EntryState(StrEnum):
    APPLIED = "applied"
    WITHDRAWN = "withdrawn"
    VOID = "void"
    WON = "won"
    WAITING = "waiting"
    LOST = "lost"
    PAY_DUE = "pay_due"
    PAID = "paid"
    FORFEITED = "forfeited"

    @property
    def ja(self) -> str:
        return ENTRY_JA[self]


ENTRY_JA = {
    EntryState.APPLIED: "申込ずみ",
    EntryState.WITHDRAWN: "取り下げ",
    EntryState.VOID: "無効",
    EntryState.WON: "当選",
    EntryState.WAITING: "補欠",
    EntryState.LOST: "落選",
    EntryState.PAY_DUE: "当選（お支払い待ち）",
    EntryState.PAID: "当選（お支払いずみ）",
    EntryState.FORFEITED: "当選（期限切れ）",
}
