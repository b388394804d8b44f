"""What a listing says about its auction, beside price and dates: how it climbs, ends, and who may take part.

Listing.auction_rules holds it as JSON; everything that is missing there has its usual value here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from marketplace.kit.money import LARGEST_CHARGE, SMALLEST_CHARGE
from marketplace.kit.refusals import Invalid
from marketplace.listings.models import Listing

INCREMENTS: list[list[int | None]] = [[1000, 10], [5000, 100], [10000, 250], [50000, 500], [None, 1000]]
"""Below a price of [limit] yen the next bid is [step] yen higher: the table used where a listing names none."""
SOFT_CLOSE: dict[str, int | None] = {"window": 300, "extend": 300, "cap": 7200}
OUTAGE: dict[str, int] = {"window": 600, "least": 30, "cap": 86_400}
"""Bids could not be accepted for `least` seconds of the last `window`: the close moves. See docs/auction-v1.md."""
MOST_BANDS = 20


class Verification(StrEnum):
    """What a person does, beside being approved, before the first bid."""

    NONE = "none"
    CARD = "card"
    DEPOSIT = "deposit"

    @property
    def ja(self) -> str:
        return VERIFICATION_JA[self]


VERIFICATION_JA = {
    Verification.NONE: "なし",
    Verification.CARD: "カードの登録",
    Verification.DEPOSIT: "保証金（カードの与信枠）",
}


@dataclass(frozen=True)
class TakingPart:
    """参加申込: only those whom the office admitted may bid."""

    verification: Verification = Verification.NONE
    deposit_yen: int | None = None
    deposit_counts: bool = False
    """The winner's deposit is a part of the price (充当); else it goes back when the price has been paid in full."""
    documents: bool = False
    """At least one document has to be sent with the application."""
    until: datetime | None = None
    """The last moment to apply; None: the close."""


@dataclass(frozen=True)
class AuctionRules:
    """`soft_close` is {"window", "extend", "cap"} in seconds or None: the close never moves. `increments` are
    [[limit, step], …] in yen."""

    soft_close: Mapping[str, int | None] | None = field(default_factory=lambda: SOFT_CLOSE)
    increments: list[list[int | None]] = field(default_factory=lambda: INCREMENTS)
    outage: Mapping[str, int] | None = field(default_factory=lambda: OUTAGE)
    """{"window", "least", "cap"} in seconds; None: no outage moves the close."""
    reserve_public: bool = False
    """The reserve is said before the close. Secret: only whether it is reached."""
    taking_part: TakingPart | None = None
    second_offer: bool = True
    """A winner who does not pay loses it to the next bidder, at that one's own bid."""
    second_offer_hours: int | None = None
    """How long the next bidder may take to pay; None: as long as the winner."""


def rules_of(listing: Listing) -> AuctionRules:
    return read(listing.auction_rules or {})


def read(kept: Mapping[str, Any]) -> AuctionRules:
    """From the JSON of a listing."""
    usual = AuctionRules()
    part = kept.get("taking_part")
    return AuctionRules(
        soft_close=kept.get("soft_close", usual.soft_close),
        increments=kept.get("increments") or usual.increments,
        outage=kept.get("outage", usual.outage),
        reserve_public=kept.get("reserve_public", False),
        taking_part=_taking_part(part) if part is not None else None,
        second_offer=kept.get("second_offer", True),
        second_offer_hours=kept.get("second_offer_hours"),
    )


def _taking_part(kept: Mapping[str, Any]) -> TakingPart:
    until = kept.get("until")
    return TakingPart(
        verification=Verification(kept.get("verification", "none")),
        deposit_yen=kept.get("deposit_yen"),
        deposit_counts=kept.get("deposit_counts", False),
        documents=kept.get("documents", False),
        until=datetime.fromisoformat(until) if until else None,
    )


def faults(kept: Mapping[str, Any], values: Mapping[str, Any]) -> Iterator[Invalid]:
    """What is wrong with the rules of an auction; `values` are those of the whole sale."""
    rules = read(kept)
    yield from _step_faults(rules.increments)
    yield from _soft_close_faults(rules.soft_close)
    if rules.reserve_public and values.get("reserve_yen") is None:
        yield Invalid("公開する予定価格を入力してください。", field="reserve_yen")
    if rules.second_offer_hours is not None and not 1 <= rules.second_offer_hours <= 720:
        yield Invalid("次順位の方の支払い期限は、1時間から720時間までです。", field="second_offer_hours")
    if rules.taking_part is not None:
        yield from _taking_part_faults(rules.taking_part, values)


def _step_faults(increments: list[list[int | None]]) -> Iterator[Invalid]:
    below = 0
    if len(increments) > MOST_BANDS:
        yield Invalid(f"きざみの段は{MOST_BANDS}段までです。", field="increments")
        return
    for n, (limit, step) in enumerate(increments, 1):
        if step is None or not 1 <= step <= LARGEST_CHARGE:
            yield Invalid(f"{n}行目のきざみは1円以上にしてください。", field="increments")
        elif limit is None and n < len(increments):
            yield Invalid("「それ以上」は、最後の行だけに書いてください。", field="increments")
        elif limit is not None and limit <= below:
            yield Invalid(f"{n}行目の値段は、前の行より高くしてください。", field="increments")
        else:
            below = limit or below
            continue
        return


def _soft_close_faults(soft_close: Mapping[str, int | None] | None) -> Iterator[Invalid]:
    if soft_close is None:
        return
    for name, longest in (("window", 3_600), ("extend", 3_600), ("cap", 86_400)):
        seconds = soft_close.get(name)
        if seconds is None and name == "cap":
            continue
        if seconds is None or not 60 <= seconds <= longest:
            yield Invalid(f"1分から{longest // 60:,}分までで入力してください。", field=f"soft_{name}")


def _taking_part_faults(part: TakingPart, values: Mapping[str, Any]) -> Iterator[Invalid]:
    if part.verification is Verification.DEPOSIT:
        if part.deposit_yen is None:
            yield Invalid("保証金の金額を入力してください。", field="deposit_yen")
        elif not SMALLEST_CHARGE <= part.deposit_yen <= LARGEST_CHARGE:
            yield Invalid(f"保証金は{SMALLEST_CHARGE}円から{LARGEST_CHARGE:,}円までです。", field="deposit_yen")
    closes, publish = values.get("closes_at"), values.get("publish_at")
    if part.until is not None and closes is not None and part.until > closes:
        yield Invalid("参加申込の締切は、受付の終了より前にしてください。", field="apply_until")
    if part.until is not None and publish is not None and part.until <= publish:
        yield Invalid("参加申込の締切は、公開より後にしてください。", field="apply_until")
