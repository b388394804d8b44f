"""Who may offer what, and what the market's logs add up to. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from marketplace.kit.languages import _
from marketplace.kit.money import LARGEST_CHARGE, SMALLEST_CHARGE, Yen
from marketplace.kit.refusals import Invalid, NotAllowed, Refused
from marketplace.kit.shown import when, yen
from marketplace.resale.models import Market, OfferState

UNPAYABLE = 10**15
"""Nobody has so many yen; offers from here on are jokes that would burst a column."""


class NotTheHolder(NotAllowed):
    code = "not_the_holder"
    message = "この権利をいまお持ちの方だけが、売りに出せます。"


class NeverTransferable(Refused):
    code = "not_transferable"
    message = "この権利は、ほかの方にゆずることができません。"


class NotYetTradable(Refused):
    code = "not_yet_tradable"

    def __init__(self, tradable_from: datetime) -> None:
        super().__init__(
            _("この権利を売りに出せるのは、%(tradable_from)sからです。", tradable_from=when(tradable_from))
        )


class AlreadyOffered(Refused):
    code = "already_offered"
    message = "この権利は、すでに売りに出ています。価格を変えるときは、先に取り下げてください。"


class NotOffered(Refused):
    code = "not_offered"
    message = "この権利は、いま売りに出ていません。"


class MarketNotReady(Refused):
    code = "market_not_ready"
    status = 503
    message = "ただいま売り買いの準備をしています。少し待ってから、もう一度お試しください。"


class BadPrice(Invalid):
    code = "bad_price"


def check_offer(
    *, holds: bool, transferable: bool, tradable_from: datetime | None, offered: bool, price_yen: Yen, at: datetime
) -> None:
    """Refused, in this order: not the holder, never transferable, too early, already offered, a price out of range."""
    if not holds:
        raise NotTheHolder
    if not transferable:
        raise NeverTransferable
    if tradable_from is not None and at < tradable_from:
        raise NotYetTradable(tradable_from)
    if offered:
        raise AlreadyOffered
    if price_yen < SMALLEST_CHARGE:
        raise BadPrice(
            _("価格は%(smallest_charge)s以上にしてください。", smallest_charge=yen(SMALLEST_CHARGE)), field="price_yen"
        )
    if price_yen > LARGEST_CHARGE:
        raise BadPrice(
            _("価格は%(largest_charge)s以下にしてください。", largest_charge=yen(LARGEST_CHARGE)), field="price_yen"
        )


def royalty(price_yen: Yen, royalty_bps: int) -> Yen:
    """What of a price goes to the fund: rounded down, in the seller's favour, as `royaltyInfo` does (ERC-2981)."""
    return price_yen * royalty_bps // 10_000


@dataclass(frozen=True)
class Told:
    """A log of one token; `args` by the names of the event."""

    name: str
    args: dict[str, Any]
    tx_hash: str
    log_index: int
    block_number: int
    block_hash: str
    at: datetime

    @property
    def place(self) -> tuple[int, int]:
        return self.block_number, self.log_index


def offers(logs: Collection[Told], at: datetime) -> list[tuple[Told, OfferState]]:
    """Each offer of a token with its state at `at`, oldest first."""
    ends = {int(log.args["listingId"]): log.name for log in logs if log.name in ("Sold", "Cancelled")}
    changed = [log.place for log in logs if log.name in ("Transfer", "Redeemed", "RedemptionUndone")]
    found = []
    for log in _in_order(log for log in logs if log.name == "Listed" and int(log.args["price"]) < UNPAYABLE):
        end = ends.get(int(log.args["listingId"]))
        if end == "Sold":
            state = OfferState.SOLD
        elif end == "Cancelled":
            state = OfferState.CANCELLED
        elif any(place > log.place for place in changed):
            state = OfferState.STALE
        elif expiry(log) <= at:
            state = OfferState.EXPIRED
        else:
            state = OfferState.LIVE
        found.append((log, state))
    return found


@dataclass(frozen=True)
class Sale:
    """What a sale was, wherever it was."""

    log: Told
    marketplace: Market
    number: str
    """Which sale of its transaction: our market's listing, Seaport's order."""
    price: Yen
    royalty: Yen


def sales(logs: Collection[Told], yen_token: str | None, treasury: str | None) -> list[Sale]:
    """Each sale of a token for yen, oldest first. Elsewhere the royalty is what the treasury was given of the price."""
    found = []
    for log in _in_order(log for log in logs if log.name in ("Sold", "OrderFulfilled")):
        price = int(log.args["price"])
        if log.name == "Sold":
            found.append(Sale(log, Market.HIROBA, str(log.args["listingId"]), price, int(log.args["royalty"])))
        elif log.args["currency"] == yen_token and yen_token and 0 < price < UNPAYABLE:
            given = sum(int(amount) for receiver, amount in log.args["paid"] if receiver == treasury)
            found.append(Sale(log, Market.SEAPORT, log.args["orderHash"], price, min(given, price)))
    return found


def expiry(listed: Told) -> datetime:
    return datetime.fromtimestamp(int(listed.args["expiresAt"]), UTC)


def _in_order(logs: Iterable[Told]) -> list[Told]:
    return sorted(logs, key=lambda log: log.place)
