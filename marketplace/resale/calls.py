"""The calls that a wallet outside makes to buy or sell a right, written for it: the market is open to every wallet.

Texts of 0x-hex with a place for what only the wallet knows: "{me}", its address (40 digits), and "{price}" (64).
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta

from marketplace.chain.contract import MARKET, RIGHTS, YEN, artifact, call
from marketplace.chain.register import contracts
from marketplace.kit.clock import jst, now
from marketplace.resale.models import Offer
from marketplace.settings import settings
from marketplace.tokens import ending
from marketplace.tokens.models import Token

ME, PRICE = "0x" + "5e" * 20, 2**100 + 0x5EED
"""Stand in for what is not known, and are replaced by its name."""
REASONS = {
    "NotListed": "この売り出しは終わりました。ページを読みこみ直してください。",
    "PriceChanged": "値段が変わりました。ページを読みこみ直して、お確かめください。",
    "Expired": "この売り出しは、期限が過ぎました。",
    "Stale": "この権利は、ほかの方に移りました。",
    "NotTheHolder": "この権利を持っているウォレットではありません。",
    "NotApproved": "売る許可がまだありません。もう一度はじめからお試しください。",
    "NotTradable": "この権利は、まだ売り買いできません。",
    "NotTransferable": "この権利は、ほかの方にゆずることができません。",
    "NotTradableBefore": "この権利は、まだ売り買いできません。",
    "EnforcedPause": "取引は、いま一時的に止められています。",
    "ERC20InsufficientBalance": "このウォレットには、代金に足りる円トークンがありません。",
    "ERC20InsufficientAllowance": "代金を使う許可がまだありません。もう一度お試しください。",
}


@dataclass(frozen=True)
class Market:
    """Where to call, and on which chain; `rpc` only where the chain is this machine's own."""

    rights: str
    market: str
    yen: str
    chain_id: int
    rpc: str
    reasons: str

    @property
    def chain_hex(self) -> str:
        return hex(self.chain_id)


@dataclass(frozen=True)
class Purchase:
    balance: str
    allowance: str
    approve: str
    buy: str


@dataclass(frozen=True)
class Sale:
    approve: str
    list: str
    cancel: str


def market() -> Market | None:
    """None until the contracts are there."""
    at = contracts()
    if not {RIGHTS, MARKET, YEN} <= at.keys():
        return None
    rpc = settings().chain_url if settings().chain_embedded else ""
    return Market(at[RIGHTS], at[MARKET], at[YEN], settings().chain_id, rpc, _reasons())


def purchase(at: Market, offer: Offer) -> Purchase:
    """What buys the offer at its price, for the wallet that pays."""
    return Purchase(
        balance=_written(YEN, "balanceOf", [ME]),
        allowance=_written(YEN, "allowance", [ME, at.market]),
        approve=_written(YEN, "approve", [at.market, offer.price_yen]),
        buy=_written(MARKET, "buy", [offer.token_id, offer.market_listing, offer.price_yen, ME]),
    )


def sale(at: Market, token: Token) -> Sale:
    """What offers a token out of its holder's own wallet, within its term, and takes that back."""
    end = ending.ends_at(token)
    until = last_moment(now()) if end is None else min(last_moment(now()), end)
    return Sale(
        approve=_written(RIGHTS, "approve", [at.market, token.token_id]),
        list=_written(MARKET, "list", [token.token_id, PRICE, int(until.timestamp())]),
        cancel=_written(MARKET, "cancel", [token.token_id]),
    )


def last_moment(at: datetime) -> datetime:
    """A year on, at the end of the day in Japan: the same all day, so that a page stays the same, too."""
    day = jst(at).replace(hour=0, minute=0, second=0, microsecond=0)
    return day + timedelta(days=366)


def _written(contract: str, function: str, args: list[object]) -> str:
    text = "0x" + call(contract, function, args).hex()
    return text.replace(ME.removeprefix("0x"), "{me}").replace(f"{PRICE:064x}", "{price}")


def _reasons() -> str:
    """JSON: {selector of an error: words}."""
    parts = {**artifact(YEN).errors, **artifact(RIGHTS).errors, **artifact(MARKET).errors}
    return json.dumps(
        {f"0x{key.hex()}": REASONS[part["name"]] for key, part in parts.items() if part["name"] in REASONS}
    )
