"""Prove that a wallet is one's own."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request
from flask.typing import ResponseReturnValue

from marketplace.accounts.session import me, signed_in
from marketplace.holders import wallets
from marketplace.holders.forms import ProofForm, WalletForm
from marketplace.kit.limits import each_account, limiter
from marketplace.kit.refusals import Refused, Unavailable
from marketplace.kit.web import safe_next
from marketplace.tokens.custody import custody_of

bp = Blueprint("wallets", __name__, url_prefix="/mypage/wallets")

ASK_LATER = "いま、この署名を帳面（ブロックチェーン）で確かめられません。少し待ってから、もう一度お試しください。"


@bp.get("")
@signed_in
def own_wallets() -> ResponseReturnValue:
    return wallets_page(WalletForm())


@bp.post("")
@limiter.limit("30/minute", key_func=each_account)
@signed_in
def ask_for_proof() -> ResponseReturnValue:
    """The text to sign."""
    form = WalletForm()
    if not form.validate():
        return wallets_page(form), 422
    try:
        text = wallets.ask(me().id, form.address.data)
    except Refused as refusal:
        form.refuse(refusal)
        return wallets_page(form), refusal.status
    return proof_page(ProofForm(formdata=None, data={"message": text}))


@bp.post("/proof")
@limiter.limit("30/minute", key_func=each_account)
@signed_in
def prove() -> ResponseReturnValue:
    form = ProofForm()
    if not form.validate():
        return proof_page(form), 422
    try:
        wallets.prove(me().id, form.message.data, form.signature.data)
    except Refused as refusal:
        form.refuse(refusal)
        return proof_page(form), refusal.status
    except Unavailable:
        form.signature.errors = [ASK_LATER]
        return proof_page(form), 503
    flash("あなたのウォレットであることを確かめました。")
    return redirect(after(), 303)


def wallets_page(form: WalletForm) -> str:
    try:
        custody = custody_of(me().id)
    except Unavailable:  # the chain is not there yet, nor anything to send back
        custody = None
    return render_template(
        "holders/wallets.html", form=form, wallets=wallets.wallets_of(me().id), custody=custody, next=after()
    )


def proof_page(form: ProofForm) -> str:
    return render_template("holders/proof.html", form=form, next=after(), minutes=wallets.MINUTES)


def after() -> str:
    return safe_next(request.values.get("next"), "/mypage/wallets")
