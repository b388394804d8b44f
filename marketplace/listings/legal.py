"""根拠: by which rule the town makes the contract, and whether that rule fits the way of selling.

Sources: 地方自治法 234条, 地方自治法施行令 167条, 167条の2, 167条の3.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import Any

from marketplace.rights.models import Kind


class Basis(StrEnum):
    OPEN_BID = "open_bid"
    NOMINATED_BID = "nominated_bid"
    AUCTION = "auction"
    SMALL = "small"
    UNSUITED = "unsuited"
    NO_BIDDER = "no_bidder"
    ORDINANCE = "ordinance"

    @property
    def ja(self) -> str:
        return BASIS_JA[self]


BASIS_JA = {
    Basis.OPEN_BID: "一般競争入札（地方自治法 234条1項）",
    Basis.NOMINATED_BID: "指名競争入札（地方自治法施行令 167条）",
    Basis.AUCTION: "せり売り（地方自治法施行令 167条の3）",
    Basis.SMALL: "随意契約 少額（地方自治法施行令 167条の2 1項1号）",
    Basis.UNSUITED: "随意契約 競争入札に適しない（地方自治法施行令 167条の2 1項2号）",
    Basis.NO_BIDDER: "随意契約 入札者・落札者がない（地方自治法施行令 167条の2 1項8号）",
    Basis.ORDINANCE: "町の条例・規則・要綱による",
}
BIDS = (Basis.OPEN_BID, Basis.NOMINATED_BID)
NEED_A_REASON = (Basis.SMALL, Basis.UNSUITED, Basis.NO_BIDDER, Basis.ORDINANCE)
FITTING: dict[str, tuple[Basis, ...]] = {
    "fixed": (Basis.SMALL, Basis.UNSUITED, Basis.NO_BIDDER, Basis.ORDINANCE),
    "lottery": (Basis.SMALL, Basis.UNSUITED, Basis.ORDINANCE),
    "ascending": (Basis.AUCTION, Basis.UNSUITED, Basis.NO_BIDDER),
    "sealed": BIDS,
    "grant": (Basis.ORDINANCE, Basis.UNSUITED),
}
"""By which bases each way of selling can stand."""


def doubts(values: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """(field, sentence) of what an approver has to weigh about the basis; `values` as drafting.draft() takes."""
    if not values.get("legal_basis"):
        yield "legal_basis", "契約の根拠が選ばれていません。"
        return
    basis = Basis(values["legal_basis"])
    if basis not in FITTING[str(values["mode"])]:
        yield "legal_basis", f"この売り方と合わないことがあります: {basis.ja}"
    if basis is Basis.AUCTION and values.get("kind") != Kind.CARD:
        yield (
            "legal_basis",
            "せり売りができるのは動産の売払いだけです。命名権などは動産ではありません（施行令 167条の3）。",
        )
    if basis in BIDS and values.get("reserve_yen") is None:
        yield (
            "reserve_yen",
            "競争入札では、予定価格を定め、その範囲で最高の価格の方と契約します（地方自治法 234条3項）。",
        )
    if basis in NEED_A_REASON and not str(values.get("basis_note") or "").strip():
        yield "basis_note", "この根拠にあたる理由を書いてください。"
