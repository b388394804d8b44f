"""前払式支払手段: is a right with counted uses a prepaid payment instrument, and what follows?

Sources: 資金決済法 3条 (what it is; 自家型, 第三者型), 4条2号 and 施行令 4条2項 (six months), 4条3号 (issued by a local
government), 5条 and 施行令 6条 (more than 10,000,000 yen unused on 31 March or 30 September), 7条, 14条 (half of it is
deposited). A help for staff; the finance bureau has the last word.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import sqlalchemy as sa

from marketplace.kit.db import db
from marketplace.kit.money import yen
from marketplace.listings.models import ANNOUNCED, Listing, ListingState
from marketplace.rights.models import Right

UNUSED_LIMIT_YEN = 10_000_000
SHORT_MONTHS = 6


class Instrument(StrEnum):
    NONE = "none"
    TOWN = "town"
    SHORT = "short"
    OWN = "own"
    THIRD_PARTY = "third_party"

    @property
    def ja(self) -> str:
        return INSTRUMENT_JA[self]


INSTRUMENT_JA = {
    Instrument.NONE: "当たりません",
    Instrument.TOWN: "適用除外（町の発行）",
    Instrument.SHORT: "適用除外（6か月以内）",
    Instrument.OWN: "自家型",
    Instrument.THIRD_PARTY: "第三者型",
}


@dataclass(frozen=True, slots=True)
class Finding:
    instrument: Instrument
    why: str
    to_do: str = ""
    """What the issuer has to do; empty: nothing."""


def finding(values: Mapping[str, Any], others_yen: int = 0) -> Finding:
    """Which it is. `others_yen`: what of the same issuer's other instruments may be unused at most."""
    if not values.get("uses_per_token") or not values.get("price_yen"):
        return Finding(Instrument.NONE, "使っても減らない権利か、代金をいただかない権利です。")
    if not str(values.get("issuer") or "").strip():
        return Finding(Instrument.TOWN, "町が発行するものは、資金決済法の前払式支払手段の定めの外です（4条3号）。")
    term = values.get("term_months")
    if term is not None and term <= SHORT_MONTHS:
        return Finding(
            Instrument.SHORT, "使える期間が発行の日から6か月以内のものは、定めの外です（4条2号、施行令 4条2項）。"
        )
    if values.get("used_elsewhere"):
        return Finding(
            Instrument.THIRD_PARTY,
            "発行者のほかの店や施設でも使えます（3条5項）。",
            "発行の前に、財務局の登録が必要です（7条）。"
            "3月31日か9月30日に未使用の残高が1,000万円を超えたら、その半分以上の発行保証金を供託します（14条）。",
        )
    most = values["price_yen"] * (values.get("quantity") or 1) + others_yen
    if most <= UNUSED_LIMIT_YEN:
        return Finding(
            Instrument.OWN,
            f"発行者だけで使えます（3条4項）。未使用の残高は、最大でも{yen(most)}で、1,000万円を超えません。",
        )
    return Finding(
        Instrument.OWN,
        f"発行者だけで使えます（3条4項）。未使用の残高は、最大で{yen(most)}になります。",
        "3月31日か9月30日に1,000万円を超えたら、2か月以内に財務局へ届け出て（5条）、"
        "その半分以上の発行保証金を供託します（14条）。",
    )


def unused_at_most(issuer: str, without: int | None = None) -> int:
    """Yen that all counted rights of `issuer` on sale or sold could have unused, if nobody had used any."""
    total = sa.select(sa.func.sum(Listing.price_yen * Listing.quantity)).join(Right, Right.id == Listing.right_id)
    total = total.where(
        Listing.issuer == issuer.strip(),
        Right.uses_per_token.is_not(None),
        ANNOUNCED,
        Listing.state != ListingState.CANCELLED,
    )
    if without is not None:
        total = total.where(Listing.id != without)
    return int(db.session.scalar(total) or 0)
