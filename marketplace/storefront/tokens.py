"""The page of one token: what it is, whose it is, through whose hands it went, and how to buy it."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, request
from flask.typing import ResponseReturnValue

from marketplace.accounts.session import current_account
from marketplace.appointments.counting import left as uses_left
from marketplace.chain.register import contracts
from marketplace.holders.leaving import open_gift, open_withdrawal
from marketplace.holders.wallets import wallets_of
from marketplace.kit.clock import now
from marketplace.kit.languages import _, said
from marketplace.kit.web import conditional
from marketplace.metadata.amending import corrections
from marketplace.metadata.replicating import standing
from marketplace.naming.pages import announced_of
from marketplace.perks.standing import standings
from marketplace.resale import calls, rules
from marketplace.resale.models import Offer
from marketplace.resale.offering import live_offer, open_request
from marketplace.resale.statements import STEP_JA, history
from marketplace.storefront.provenance import ribbon
from marketplace.tokens import ending
from marketplace.tokens.finding import token_at
from marketplace.tokens.freezing import frozen
from marketplace.tokens.models import NOBODY, Token, TokenState

bp = Blueprint("tokens", __name__)


@bp.app_template_filter("holder")
def holder(address: str | None) -> str:
    """A short name for an address: '持ち主 0aa3'. The whole address is in the API and on chain."""
    if not address:
        return said("まだいません")
    return said("町") if address == NOBODY else _("持ち主 %(address)s", address=address[-4:].lower())


@bp.get("/tokens/<contract>/<int:token_id>")
def token(contract: str, token_id: int) -> ResponseReturnValue:
    row = token_at(contract, token_id)
    if row.path is None:
        raise LookupError(f"token {token_id} has no place on chain yet")
    if row.path != request.path:  # one address for one token, whatever the capitals of the contract's
        return redirect(row.path, 301)
    me, offer, market = current_account(), live_offer(token_id), calls.market()
    mine, ended = me is not None and row.holder_id == me.id, ending.over(row)
    page = render_template(
        "storefront/token.html",
        token=row,
        right=row.right,
        steps=history(token_id),
        marks=ribbon(row),
        step_words=STEP_JA,
        offer=offer,
        asked=open_request(token_id) if mine else None,
        mine=mine,
        stopped=frozen(row) if mine else None,
        in_own_wallet=me is not None and row.holder_address in {wallet.address for wallet in wallets_of(me.id)},
        gift=open_gift(token_id) if mine else None,
        withdrawal=open_withdrawal(token_id) if mine else None,
        lost=row.holder_address in contracts().values(),
        locked_until=locked_until(row),
        ends_on=ending.last_day(row),
        ended=ended,
        market=market,
        purchase=calls.purchase(market, offer) if market and offer else None,
        sale=calls.sale(market, row) if market and not ended and can_be_sold(row) else None,
        share=share(row, offer),
        kept=standing(row.right_id),
        corrections=corrections(row.right),
        standings=standings(row),
        seen_at=now().replace(second=0, microsecond=0),
        naming=announced_of(token_id),
        left=uses_left(row) if row.right.uses_per_token and row.state == TokenState.HELD else None,
    )
    return conditional(page, max_age=1, private=me is not None)


def locked_until(token: Token) -> object:
    """The announced date before which the contract moves nothing; None once it is past, or where there is none."""
    date = token.right.tradable_from
    return date if token.right.transferable and date is not None and date > now() else None


def can_be_sold(token: Token) -> bool:
    """By a wallet of somebody's own: what the town keeps is offered from マイページ."""
    outside = token.state == TokenState.HELD and token.holder_id is None
    return outside and token.right.transferable and locked_until(token) is None


def share(token: Token, offer: Offer | None) -> int | None:
    """What of the price goes to the fund."""
    return rules.royalty(offer.price_yen, token.right.royalty_bps) if offer else None
