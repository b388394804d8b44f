"""The album, and the board on which people exchange cards."""

from __future__ import annotations

import sqlalchemy as sa
from flask import Blueprint, flash, redirect, render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import joinedload

from marketplace.accounts.session import current_account, me, signed_in
from marketplace.collections import albums, crediting, desk, swapping
from marketplace.collections.forms import AcceptForm, ClickForm, OfferForm
from marketplace.collections.models import Swap, SwapState
from marketplace.collections.rules import NotForYou, SwapOver
from marketplace.collections.telling import token_of
from marketplace.holders.leaving import obstacle
from marketplace.kit.clock import now
from marketplace.kit.db import db, get
from marketplace.kit.languages import _
from marketplace.kit.limits import each_account, limiter
from marketplace.kit.paging import asked_page
from marketplace.kit.refusals import Refused
from marketplace.kit.web import conditional
from marketplace.rights.models import Kind
from marketplace.tokens.delays import delay
from marketplace.tokens.models import Token, TokenState

bp = Blueprint("collections", __name__)
BLUEPRINTS = (bp, desk.bp)
SHOWN = 100


@bp.get("/album")
def album() -> ResponseReturnValue:
    me = current_account()
    series = albums.album(me.id if me else None)
    page = render_template("collections/album.html", series=series, have=sum(bool(each.mine) for each in series))
    return conditional(page, max_age=0, private=True)


@bp.get("/album/<code>")
def one_series(code: str) -> ResponseReturnValue:
    me, right = current_account(), albums.card_right(code)
    slots, number, pages = albums.slots(right, me.id if me else None, asked_page())
    page = render_template(
        "collections/series.html",
        right=right,
        slots=slots,
        page=number,
        pages=pages,
        licences=crediting.creators_of(right.id),
        swaps=_board(Swap.give_token_id.in_(sa.select(Token.token_id).where(Token.right_id == right.id))),
    )
    return conditional(page, max_age=0, private=True)


@bp.get("/swaps")
def board() -> ResponseReturnValue:
    """What anybody may accept; and what concerns the visitor."""
    me = current_account()
    mine, asked = [], []
    if me is not None:
        theirs = sa.or_(Swap.giver_id == me.id, Swap.taker_id == me.id)
        mine = _with_cards(sa.select(Swap).where(theirs).order_by(Swap.id.desc()).limit(SHOWN))
        asked = albums.offered_to(me)
    page = render_template("collections/board.html", swaps=_board(sa.true()), mine=mine, asked=asked)
    return conditional(page, max_age=0, private=True)


@bp.route("/swaps/new", methods=["GET", "POST"])
@limiter.limit("30/minute", methods=["POST"], key_func=each_account)
@signed_in
def new() -> ResponseReturnValue:
    form = OfferForm()
    mine = my_cards()
    form.give.choices = [
        (token.token_id, _("%(title)s（%(serial)s番）", title=token.right.title, serial=token.serial)) for token in mine
    ]
    form.want.choices = [(right.id, right.title) for right in albums.card_rights()]
    if not form.is_submitted():
        form.give.data = request.args.get("give", type=int) or (mine[0].token_id if mine else None)
        form.want.data, form.serial.data = request.args.get("want", type=int), request.args.get("serial", type=int)
        return render_template("collections/offer.html", form=form, mine=mine)
    if form.validate():
        try:
            swap_id = swapping.offer(
                *(form.give.data, me().id, form.want.data, form.serial.data),
                *((form.email.data or "").strip() or None, form.days.data),
            )
        except Refused as refusal:
            form.refuse(refusal)
        else:
            flash("交換に出しました。お相手が決まると、メールでお知らせします。")
            return redirect(f"/swaps/{get(Swap, swap_id).code}", 303)
    return render_template("collections/offer.html", form=form, mine=mine), 422


@bp.get("/swaps/<code>")
def show(code: str) -> ResponseReturnValue:
    return _page(seen(code), AcceptForm(formdata=None))


@bp.post("/swaps/<code>/accept")
@limiter.limit("30/minute", key_func=each_account)
@signed_in
def accept(code: str) -> ResponseReturnValue:
    swap, form = seen(code), AcceptForm()
    form.card.choices = [(token.token_id, "") for token in fitting(swap)]
    if form.validate():
        try:
            swapping.accept(swap.id, me().id, form.card.data)
        except Refused as refusal:
            form.refuse(refusal)
            return _page(seen(code), form), refusal.status
        flash("交換が決まりました。2枚の持ち主は、同時に書きかわります。")
        return redirect(f"/swaps/{code}", 303)
    return _page(swap, form), 422


@bp.post("/swaps/<code>/withdraw")
@limiter.limit("30/minute", key_func=each_account)
@signed_in
def withdraw(code: str) -> ResponseReturnValue:
    if ClickForm().validate():
        swapping.withdraw(seen(code).id, me().id)
        flash("取り下げました。カードはあなたのもののままです。")
    return redirect("/swaps", 303)


@bp.post("/swaps/<code>/decline")
@limiter.limit("30/minute", key_func=each_account)
@signed_in
def decline(code: str) -> ResponseReturnValue:
    if ClickForm().validate():
        swapping.decline(swap_of(code).id, me().id)
        flash("辞退しました。お申し出の方にお知らせします。")
    return redirect("/swaps", 303)


def swap_of(code: str) -> Swap:
    """LookupError for none."""
    swap = db.session.scalar(sa.select(Swap).where(Swap.code == code))
    if swap is None:
        raise LookupError(f"swap {code}")
    return swap


def seen(code: str) -> Swap:
    """A swap that this visitor may see: an open one, or one of theirs. NotForYou; LookupError for none.

    SwapOver once one that was offered to one person has ended: whose it was is forgotten, and their letter leads here.
    """
    swap = swap_of(code)
    account = current_account()
    theirs = account is not None and (account.id in (swap.giver_id, swap.taker_id) or swap.to_email == account.email)
    if swap.for_one and not theirs:
        raise NotForYou if swap.state == SwapState.OFFERED else SwapOver
    return swap


def fitting(swap: Swap) -> list[Token]:
    """The visitor's cards that the giver would take."""
    return [token for token in my_cards() if swapping.fits(swap, token)]


def my_cards() -> list[Token]:
    """Cards that the town keeps for the visitor; those in a wallet can't be exchanged here."""
    account = current_account()
    if account is None:
        return []
    held = sa.select(Token).where(Token.holder_id == account.id, Token.state == TokenState.HELD)
    return [token for token in db.session.scalars(held.order_by(Token.token_id)) if token.right.kind == Kind.CARD]


def _page(swap: Swap, form: AcceptForm) -> str:
    account = current_account()
    cards = [(token, obstacle(token, account.id)) for token in fitting(swap)] if account else []
    form.card.choices = [
        (token.token_id, _("%(serial)s番", serial=token.serial)) for token, why in cards if why is None
    ]
    return render_template(
        "collections/swap.html",
        swap=swap,
        waits=delay(swap.call_key) if swap.state == SwapState.ACCEPTED else None,
        give=token_of(swap.give_token_id),
        take=token_of(swap.take_token_id) if swap.take_token_id else None,
        form=form,
        cards=cards,
        giver=account is not None and account.id == swap.giver_id,
        over=swap.state == SwapState.OFFERED and swap.expires_at <= now(),
    )


def _board(where: sa.ColumnElement[bool]) -> list[tuple[Swap, Token]]:
    found = sa.select(Swap).where(*albums.open_to_all(), where)
    return _with_cards(found.order_by(Swap.id.desc()).limit(SHOWN))


def _with_cards(query: sa.Select[Swap]) -> list[tuple[Swap, Token]]:
    swaps = list(db.session.scalars(query.options(joinedload(Swap.want))))
    ids = [swap.give_token_id for swap in swaps]
    tokens = {token.token_id: token for token in db.session.scalars(sa.select(Token).where(Token.token_id.in_(ids)))}
    return [(swap, tokens[swap.give_token_id]) for swap in swaps]
