"""Give a right, and take it to a wallet of one's own."""

from __future__ import annotations

import sqlalchemy as sa
from flask import Blueprint, flash, redirect, render_template
from flask.typing import ResponseReturnValue

from marketplace.accounts.addresses import MistypedAddress, check_spelling
from marketplace.accounts.models import Account
from marketplace.accounts.session import current_account, me, sign_in, signed_in
from marketplace.holders import giving, wallet_pages, wallets, withdrawing
from marketplace.holders.forms import GiveForm, PressForm, WithdrawForm
from marketplace.holders.leaving import WITHDRAWAL, check, obstacle, open_gift, open_withdrawal
from marketplace.holders.models import Gift, GiftState, Wallet
from marketplace.holders.rules import NotYours
from marketplace.kit.clock import now
from marketplace.kit.db import db, get
from marketplace.kit.limits import each_account, limiter
from marketplace.kit.refusals import Refused
from marketplace.tokens.delays import delay
from marketplace.tokens.finding import token_at
from marketplace.tokens.models import Token

bp = Blueprint("holders", __name__)
BLUEPRINTS = (bp, wallet_pages.bp)

ACCEPTED = "「受け取る」とお返事しました。"
DECLINED = "辞退しました。贈った方にお知らせします。"


@bp.route("/tokens/<contract>/<int:token_id>/give", methods=["GET", "POST"])
@limiter.limit("30/minute", methods=["POST"], key_func=each_account)
@signed_in
def give(contract: str, token_id: int) -> ResponseReturnValue:
    """Ask to whom, show what comes of it, and only then offer."""
    token, form = kept(contract, token_id), GiveForm()
    if not form.is_submitted():
        return give_page(token, form)
    if not form.validate():
        return give_page(token, form), 422
    try:
        check(token, me().id)
        address = giving.check_address(me().id, form.email.data)
        if not form.sure.data:
            check_spelling(address, sure=form.spelt.data or "")
            return give_page(token, form, address)
        giving.give(token_id, me().id, form.email.data)
    except MistypedAddress as refusal:  # who reads that mailbox could keep the right
        form.spelt.data = address
        form.refuse(refusal)
        return give_page(token, form), refusal.status
    except Refused as refusal:
        form.refuse(refusal)
        return give_page(kept(contract, token_id), form), refusal.status
    flash("お知らせのメールをお送りしました。お相手が受け取るまでは、いつでも取り消せます。")
    return redirect(f"{token.path}/give", 303)


def give_page(token: Token, form: GiveForm, address: str | None = None) -> str:
    """The form; with an address its confirmation; or the gift that waits, or why there can be none."""
    gift = open_gift(token.token_id)
    return render_template(
        "holders/give.html",
        token=token,
        form=form,
        address=address,
        gift=gift,
        waits=delay(gift.call_key) if gift else None,
        obstacle=None if gift else obstacle(token, me().id),
        days=giving.LIFE.days,
    )


@bp.post("/tokens/<contract>/<int:token_id>/give/undo")
@limiter.limit("30/minute", key_func=each_account)
@signed_in
def undo(contract: str, token_id: int) -> ResponseReturnValue:
    token = kept(contract, token_id)
    if PressForm().validate():
        giving.withdraw(token_id, me().id)
        flash("贈り物を取り消しました。権利はあなたのもののままです。")
    return redirect(f"{token.path}", 303)


@bp.get("/gifts/link/<link>")
def unwrap(link: str) -> ResponseReturnValue:
    """The mailed link: who reads it decides. Opening it changes nothing, as programs that scan mails open links."""
    gift = giving.by_link(link)
    known = gift.to_email is None or giving.known(gift.to_email)
    return gift_page(gift, f"/gifts/link/{link}", newcomer=current_account() is None and not known)


@bp.post("/gifts/link/<link>/accept")
@limiter.limit("20/minute")
def accept_by_link(link: str) -> ResponseReturnValue:
    """A newcomer gets an account and the gift; whoever has an account already signs in to it first."""
    gift = giving.by_link(link)
    account = current_account()
    if not PressForm().validate():
        return redirect(f"/gifts/link/{link}", 303)
    if account is not None:
        giving.accept(gift.id, account.id)
    elif gift.to_email is not None and not giving.known(gift.to_email):
        sign_in(giving.accept_by_link(link))
    else:
        return redirect(f"/signin?next=/gifts/{gift.code}", 303)
    flash(ACCEPTED)
    return redirect(f"/gifts/{gift.code}", 303)


@bp.post("/gifts/link/<link>/decline")
@limiter.limit("20/minute")
def decline_by_link(link: str) -> ResponseReturnValue:
    if PressForm().validate():
        giving.decline(giving.by_link(link).id, None)
        flash(DECLINED)
    return redirect("/", 303)


@bp.get("/gifts/<code>")
@signed_in
def gift(code: str) -> ResponseReturnValue:
    return gift_page(mine(code), f"/gifts/{code}")


@bp.post("/gifts/<code>/accept")
@limiter.limit("20/minute", key_func=each_account)
@signed_in
def accept(code: str) -> ResponseReturnValue:
    if PressForm().validate():
        giving.accept(mine(code).id, me().id)
        flash(ACCEPTED)
    return redirect(f"/gifts/{code}", 303)


@bp.post("/gifts/<code>/decline")
@limiter.limit("20/minute", key_func=each_account)
@signed_in
def decline(code: str) -> ResponseReturnValue:
    if PressForm().validate():
        giving.decline(mine(code).id, me().id)
        flash(DECLINED)
    return redirect("/mypage", 303)


def gift_page(gift: Gift, action: str, *, newcomer: bool = False) -> str:
    account = current_account()
    return render_template(
        "holders/gift.html",
        gift=gift,
        waits=delay(gift.call_key),
        token=token_of(gift),
        giver=get(Account, gift.giver_id),
        action=action,
        newcomer=newcomer,
        over=gift.state == GiftState.OFFERED and gift.expires_at <= now(),
        taker=account is not None and gift.recipient_id == account.id,
        not_for=giving.NotAddressed() if account is not None and gift.to_email not in (None, account.email) else None,
    )


@bp.route("/tokens/<contract>/<int:token_id>/withdraw", methods=["GET", "POST"])
@limiter.limit("30/minute", methods=["POST"], key_func=each_account)
@signed_in
def withdraw(contract: str, token_id: int) -> ResponseReturnValue:
    """Choose a proved wallet, read what it means, and only then ask."""
    token, form = kept(contract, token_id), withdraw_form()
    if not form.is_submitted():
        return withdraw_page(token, form)
    if not form.validate():
        return withdraw_page(token, form), 422
    wallet = wallets.wallet_of(form.wallet.data, me().id)
    if wallet is None:
        form.refuse(withdrawing.WalletNotProved(field="wallet"))
        return withdraw_page(token, form), 422
    if not form.sure.data:
        return withdraw_page(token, form, wallet)
    if not form.read.data:
        form.read.errors = ["4つのことをお読みになり、しるしを付けてください。"]
        return withdraw_page(token, form, wallet), 422
    try:
        withdrawing.ask(token_id, me().id, wallet.id)
    except Refused as refusal:
        form.refuse(refusal)
        return withdraw_page(kept(contract, token_id), form), refusal.status
    flash("お申し込みを受け付けました。メールでもお知らせしました。")
    return redirect(f"{token.path}/withdraw", 303)


def withdraw_form() -> WithdrawForm:
    form = WithdrawForm()
    form.wallet.choices = [(wallet.id, wallet.address) for wallet in wallets.wallets_of(me().id)]
    return form


def withdraw_page(token: Token, form: WithdrawForm, wallet: Wallet | None = None) -> str:
    withdrawal = open_withdrawal(token.token_id)
    return render_template(
        "holders/withdraw.html",
        token=token,
        form=form,
        wallet=wallet,
        withdrawal=withdrawal,
        waits=delay(withdrawal.call_key) if withdrawal else None,
        address=withdrawing.wallet_address(withdrawal) if withdrawal else None,
        waits_for=obstacle(token, me().id, but=WITHDRAWAL) if withdrawal and withdrawal.due_at <= now() else None,
        obstacle=None if withdrawal else obstacle(token, me().id),
        cooling=withdrawing.cooling(),
    )


@bp.post("/tokens/<contract>/<int:token_id>/withdraw/cancel")
@limiter.limit("30/minute", key_func=each_account)
@signed_in
def cancel_withdrawal(contract: str, token_id: int) -> ResponseReturnValue:
    token = kept(contract, token_id)
    if PressForm().validate():
        withdrawing.cancel(token_id, me().id)
        flash("取り消しました。権利は町のおあずかりのままです。")
    return redirect(token.path or "/mypage", 303)


def token_of(gift: Gift) -> Token:
    return db.session.scalars(sa.select(Token).where(Token.token_id == gift.token_id)).one()


def kept(contract: str, token_id: int) -> Token:
    """A token that the town keeps for whoever is signed in. NotYours for another's; LookupError (404) for none."""
    token = token_at(contract, token_id)
    if token.holder_id != me().id:
        raise NotYours
    return token


def mine(code: str) -> Gift:
    """A gift that is this person's affair; NotAddressed for another's, LookupError (404) for none."""
    found = giving.by_code(code)
    if me().id not in (found.giver_id, found.recipient_id) and found.to_email != me().email:
        raise giving.NotAddressed
    return found
