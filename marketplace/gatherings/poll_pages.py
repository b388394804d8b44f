"""Polls: what people see and answer, and where the office asks."""

from __future__ import annotations

from datetime import timedelta

import sqlalchemy as sa
from flask import Blueprint, abort, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from marketplace.accounts.session import current_account, signed_in, staff
from marketplace.gatherings import for_whom, polling
from marketplace.gatherings.desk import by
from marketplace.gatherings.forms import ClickForm, PollForm, VoteForm
from marketplace.gatherings.votes import Poll, PollState
from marketplace.kit.clock import jst, now
from marketplace.kit.db import db
from marketplace.kit.languages import _
from marketplace.kit.limits import each_account, limiter
from marketplace.kit.paging import leaf
from marketplace.kit.refusals import Refused
from marketplace.kit.tables import csv_file
from marketplace.kit.web import conditional
from marketplace.tokens.models import Token

bp = Blueprint("polls", __name__, url_prefix="/polls")
desk = Blueprint("polls_desk", __name__, url_prefix="/staff/polls")
PAGE = 20


@bp.get("")
def index() -> ResponseReturnValue:
    found = leaf(polling.polls(PollState.OPEN, PollState.CLOSED), PAGE)
    page = render_template("gatherings/polls.html", leaf=found, at=now())
    return conditional(page, max_age=1, private=current_account() is not None)


@bp.get("/<code>")
def show(code: str) -> ResponseReturnValue:
    return _page(polling.poll_of(code), VoteForm(formdata=None))


@bp.post("/<code>")
@limiter.limit("30/minute", key_func=each_account)
@signed_in
def vote(code: str) -> ResponseReturnValue:
    """The choice, then the same form once more with `sure`: a vote can't be changed."""
    poll, account = polling.poll_of(code), current_account()
    assert account is not None, "the door asked"
    form = VoteForm()
    form.choice.choices = [(each.number, each.words) for each in polling.choices_of(poll.id)]
    if form.validate():
        if not form.sure.data:
            return _page(poll, form, chosen=form.choice.data)
        try:
            count = polling.vote(poll.id, account.id, form.choice.data)
        except Refused as refusal:
            form.refuse(refusal)
            return _page(poll, form), refusal.status
        flash(_("投票しました（%(count)s票）。ありがとうございます。", count=count))
        return redirect(f"/polls/{code}", 303)
    return _page(poll, form), 422


@bp.get("/<code>.csv")
def result(code: str) -> ResponseReturnValue:
    """After the end: how many for what; of an open poll also each token's choice."""
    poll = polling.poll_of(code)
    if poll.state != PollState.CLOSED:
        abort(404)
    words = {each.number: each.words for each in polling.choices_of(poll.id)}
    if poll.secret:
        rows = [(each.words, each.votes) for each in polling.choices_of(poll.id)]
        return csv_file(f"{poll.code}.csv", ("選んだもの", "票"), rows)
    given = polling.given_voices(poll.id)
    named = [(str(each.token_id), words[each.choice]) for each in given if each.choice is not None]
    return csv_file(f"{poll.code}.csv", ("トークンの番号", "選んだもの"), named)


def _page(poll: Poll, form: VoteForm, chosen: int | None = None) -> str:
    account = current_account()
    choices = polling.choices_of(poll.id)
    form.choice.choices = [(each.number, each.words) for each in choices]
    mine = polling.voices_of(poll.id, account.id) if account else []
    voices, given = polling.roll(poll.id)
    ids = [voice.token_id for voice in mine if not voice.given]
    return render_template(
        "gatherings/poll.html",
        poll=poll,
        form=form,
        choices=choices,
        chosen=next((each for each in choices if each.number == chosen), None),
        fresh=list(db.session.scalars(sa.select(Token).where(Token.token_id.in_(ids)).order_by(Token.token_id))),
        mine=mine,
        voices=voices,
        given=given,
        most=max((each.votes for each in choices), default=0),
        rights=for_whom.chosen(poll.right_ids),
        over=poll.state == PollState.CLOSED or poll.closes_at <= now(),
    )


@desk.get("")
@staff("drafter", "approver")
def all_polls() -> ResponseReturnValue:
    found = leaf(polling.polls(*PollState), PAGE)
    ids = [poll.id for poll in found.rows]
    choices, rolls = polling.choices_of_all(ids), polling.rolls(ids)
    return render_template("gatherings/polls_desk.html", leaf=found, choices=choices, rolls=rolls)


@desk.route("/new", methods=["GET", "POST"])
@staff("drafter")
def new() -> ResponseReturnValue:
    evening = jst(now() + timedelta(days=14)).replace(hour=20, minute=0, second=0, microsecond=0)
    form = PollForm(data={"closes_at": evening, "secret": "secret"})
    if not form.is_submitted():
        return render_template("gatherings/poll_edit.html", form=form)
    if form.validate():
        try:
            polling.draft(form.question(), by())
        except Refused as refusal:
            form.refuse(refusal)
        else:
            flash("下書きを保存しました。")
            return redirect(url_for("polls_desk.all_polls"), 303)
    return render_template("gatherings/poll_edit.html", form=form), 422


@desk.post("/<code>/<act>")
@staff("drafter", "approver")
def act(code: str, act: str) -> ResponseReturnValue:
    acts = {"open": (polling.open_poll, "投票を始めました。"), "drop": (polling.drop, "取りやめました。")}
    poll = polling.poll_of(code, drafts=True)
    if act not in acts:
        abort(404)
    if not ClickForm().validate():
        abort(400)
    do, words = acts[act]
    do(poll.id, by())
    flash(words)
    return redirect(url_for("polls_desk.all_polls"), 303)
