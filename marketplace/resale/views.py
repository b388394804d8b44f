"""Offer a token for resale, take the offer back, draw what was earned; and the demo town's outside wallet."""

from __future__ import annotations

from contextlib import suppress

from flask import Blueprint, abort, flash, jsonify, redirect, render_template
from flask.typing import ResponseReturnValue

from marketplace.accounts.session import current_account, me, signed_in
from marketplace.chain.contract import NAMES, artifact
from marketplace.chain.register import custody_address, signer_of
from marketplace.kit.limits import each_account, limiter
from marketplace.kit.money import SMALLEST_CHARGE
from marketplace.kit.refusals import Refused, Unavailable
from marketplace.kit.web import conditional
from marketplace.resale import offering, proceeds, rules, statements, wallet
from marketplace.resale.addresses import read_address
from marketplace.resale.forms import DrawForm, OfferForm, PressForm, WalletForm
from marketplace.settings import settings
from marketplace.tokens.custody import custody_of
from marketplace.tokens.delays import delay, delays
from marketplace.tokens.finding import token_at
from marketplace.tokens.models import Token

bp = Blueprint("resale", __name__)


@bp.route("/tokens/<contract>/<int:token_id>/offer", methods=["GET", "POST"])
@limiter.limit("30/minute", methods=["POST"], key_func=each_account)
@signed_in
def offer(contract: str, token_id: int) -> ResponseReturnValue:
    """Ask the price, show what comes of it, and only then offer."""
    token, form = held(contract, token_id), OfferForm()
    if not form.is_submitted():
        return offer_page(token, form)
    if not form.validate():
        return offer_page(token, form), 422
    price = form.price_yen.data
    assert price is not None, "the field wants one"
    try:
        offering.check(token, me().id, price)
        if not form.sure.data:
            return offer_page(token, form, price)
        offering.offer(token_id, me().id, price)
    except Refused as refusal:
        form.refuse(refusal)
        return offer_page(held(contract, token_id), form), refusal.status
    flash("売りに出す手続きを始めました。")
    return redirect(f"/tokens/{contract}/{token_id}", 303)


def offer_page(token: Token, form: OfferForm, price: int | None = None) -> str:
    """The form; with a price its confirmation; or why there is nothing to fill in."""
    obstacle, asked = None, offering.open_request(token.token_id)
    try:
        offering.check(token, me().id, SMALLEST_CHARGE)
    except Refused as refusal:
        obstacle = refusal
    return render_template(
        "resale/offer.html",
        token=token,
        form=form,
        press=PressForm(),
        price=price,
        share=rules.royalty(price, token.right.royalty_bps) if price is not None else None,
        obstacle=obstacle,
        asked=asked,
        waits=delay(asked.call_key) if asked else None,
    )


@bp.post("/tokens/<contract>/<int:token_id>/offer/withdraw")
@limiter.limit("30/minute", key_func=each_account)
@signed_in
def withdraw(contract: str, token_id: int) -> ResponseReturnValue:
    token = held(contract, token_id)
    if PressForm().validate():
        offering.withdraw_offer(token.token_id, me().id)
        flash("取り下げをうけたまわりました。")
    return redirect(f"/tokens/{contract}/{token_id}", 303)


@bp.route("/mypage/proceeds", methods=["GET", "POST"])
@limiter.limit("10/minute", methods=["POST"], key_func=each_account)
@signed_in
def draw() -> ResponseReturnValue:
    """Name a wallet for what one's sales earned, read it once more, and only then have it sent."""
    form, status, to = DrawForm(), 200, None
    if form.is_submitted():
        try:
            if form.validate() and not form.sure.data:
                to = read_address(form.to.data)
            elif form.validate():
                proceeds.draw(me().id, form.to.data)
                flash("お受け取りの手続きを始めました。")
                return redirect("/mypage/proceeds", 303)
            status = 200 if to else 422
        except Refused as refusal:
            form.refuse(refusal)
            status = refusal.status
    return render_template(
        "resale/proceeds.html",
        form=form,
        to=to,
        owed=proceeds.owed(me().id),
        under_way=proceeds.being_drawn(me()),
        waits=proceeds.delayed(me()),
        sales=proceeds.sales(me().id),
        drawn=proceeds.drawn(me().id),
    ), status


@bp.get("/abi/<name>.json")
def abi(name: str) -> ResponseReturnValue:
    """The interface of a contract, for wallets and explorers. https://docs.soliditylang.org/en/latest/abi-spec.html"""
    if name not in NAMES:
        abort(404)
    return conditional(jsonify(artifact(name).abi), max_age=3600)


@bp.get("/dev/wallet")
def demo_wallet() -> ResponseReturnValue:
    only_in_the_demo()
    return wallet_page(WalletForm())


@bp.post("/dev/wallet/buy/<int:offer_id>")
def demo_buy(offer_id: int) -> ResponseReturnValue:
    only_in_the_demo()
    if PressForm().validate():
        wallet.buy(offer_id)
        flash("買う手続きを始めました。")
    return redirect("/dev/wallet", 303)


@bp.post("/dev/wallet/send/<int:token_id>")
def demo_send(token_id: int) -> ResponseReturnValue:
    only_in_the_demo()
    form = WalletForm()
    try:
        if not form.validate():
            return wallet_page(form, token_id), 422
        if (account := current_account()) is not None:
            custody_of(account.id)  # what is sent back to the person is then known as theirs
        wallet.send(token_id, form.to.data)
    except Refused as refusal:
        form.refuse(refusal)
        return wallet_page(form, token_id), refusal.status
    flash("送る手続きを始めました。")
    return redirect("/dev/wallet", 303)


def wallet_page(form: WalletForm, sending: int | None = None) -> str:
    """`sending`: the token whose form came back."""
    account, steps = current_account(), wallet.steps_open()
    if account is not None and not form.is_submitted():
        with suppress(Unavailable):
            form.to.data = custody_address(account.custody_id)
    return render_template(
        "resale/wallet.html",
        address=signer_of(wallet.WALLET),
        offers=statements.live_offers(),
        holdings=wallet.holdings(),
        steps=steps,
        delays=delays([step.key for step in steps]),
        form=form,
        sending=sending,
    )


def only_in_the_demo() -> None:
    if not settings().demo:
        abort(404)


def held(contract: str, token_id: int) -> Token:
    """A token that the signed-in person holds with us; NotTheHolder for another's, LookupError (404) for none."""
    token = token_at(contract, token_id)
    if token.holder_id != me().id:
        raise rules.NotTheHolder
    return token
