"""Letters to holders: where the office writes and sends them, and where a reader stops them."""

from __future__ import annotations

import sqlalchemy as sa
from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from marketplace.accounts.letters import LetterKind, choose, wanted
from marketplace.accounts.session import me, staff
from marketplace.gatherings import circulating
from marketplace.gatherings.desk import by
from marketplace.gatherings.forms import CircularForm, ClickForm
from marketplace.gatherings.letters import Circular
from marketplace.holders.owned import people
from marketplace.kit.db import get
from marketplace.kit.limits import limiter
from marketplace.kit.paging import leaf
from marketplace.kit.refusals import Refused

bp = Blueprint("letters", __name__)
desk = Blueprint("letters_desk", __name__, url_prefix="/staff/circulars")
PAGE = 50


@bp.get("/letters/stop/<link>")
@limiter.limit("30/minute")
def ask_to_stop(link: str) -> ResponseReturnValue:
    """The mailed link. Opening it changes nothing, as programs that scan mails open links."""
    account = circulating.reader_of(link)
    wants = LetterKind.NEWS in wanted(account.id)
    return render_template("gatherings/letters.html", wanted=wants, action=f"/letters/stop/{link}")


@bp.post("/letters/stop/<link>")
@limiter.limit("30/minute")
def stop(link: str) -> ResponseReturnValue:
    """No news from now on, or news again, as the button said: clicked twice it does the same. Other letters stay."""
    account = circulating.reader_of(link)
    if ClickForm().validate():
        again = request.form.get("wanted") == "yes"
        others = wanted(account.id) - {LetterKind.NEWS}
        choose(account.id, others | {LetterKind.NEWS} if again else others)
        flash("町からの便りをお送りします。" if again else "町からの便りを止めました。")
    return redirect(f"/letters/stop/{link}", 303)


@desk.get("")
@staff("drafter", "approver")
def index() -> ResponseReturnValue:
    found = leaf(sa.select(Circular).order_by(Circular.id.desc()), PAGE)
    logs = circulating.logs_of([row.id for row in found.rows])
    return render_template("gatherings/circulars.html", leaf=found, logs=logs)


@desk.route("/new", methods=["GET", "POST"])
@staff("drafter")
def new() -> ResponseReturnValue:
    form = CircularForm()
    if not form.is_submitted():
        return render_template("gatherings/circular_edit.html", form=form, circular=None)
    if form.validate():
        try:
            circular_id = circulating.draft(form.title.data, form.body.data, form.right_ids.data or (), by())
        except Refused as refusal:
            form.refuse(refusal)
        else:
            return redirect(url_for("letters_desk.show", code=get(Circular, circular_id).code), 303)
    return render_template("gatherings/circular_edit.html", form=form, circular=None), 422


@desk.route("/<code>/edit", methods=["GET", "POST"])
@staff("drafter")
def edit(code: str) -> ResponseReturnValue:
    circular = circulating.circular_of(code)
    form = CircularForm(data={name: getattr(circular, name) for name in ("title", "body", "right_ids")})
    if not form.is_submitted():
        return render_template("gatherings/circular_edit.html", form=form, circular=circular)
    if form.validate():
        try:
            circulating.revise(circular.id, form.title.data, form.body.data, form.right_ids.data or (), by())
        except Refused as refusal:
            form.refuse(refusal)
        else:
            return redirect(url_for("letters_desk.show", code=code), 303)
    return render_template("gatherings/circular_edit.html", form=form, circular=circular), 422


@desk.get("/<code>")
@staff("drafter", "approver")
def show(code: str) -> ResponseReturnValue:
    """The letter as it will be read, to whom it goes, and what became of it."""
    circular = circulating.circular_of(code)
    reader = me()
    facts = circulating.facts(circular, reader) | {"stop": "（読む方ごとのリンク）"}
    text = render_template("notices/circular.txt", **facts).lstrip().partition("\n")[2].strip()
    return render_template(
        "gatherings/circular.html",
        circular=circular,
        text=text,
        readers=len(people(circular.right_ids)),
        most_alone=circulating.MOST_ALONE,
        asker=circular.asked_by is not None and circular.asked_by == reader.id,
        titles=facts["titles"],
        seen=circulating.seen(circular),
        log=circulating.log_of(circular.id),
    )


@desk.post("/<code>/send")
@staff("drafter", "approver")
def send(code: str) -> ResponseReturnValue:
    circular = circulating.circular_of(code)
    if not ClickForm().validate():
        abort(400)
    try:
        count = circulating.send(circular.id, me().id, request.form.get("seen", ""))
    except Refused as refusal:
        flash(str(refusal), "warn")
    else:
        flash(f"{count:,}人に送り始めました。")
    return redirect(url_for("letters_desk.show", code=code), 303)


@desk.post("/<code>/ask")
@staff("drafter", "approver")
def ask(code: str) -> ResponseReturnValue:
    circular = circulating.circular_of(code)
    if not ClickForm().validate():
        abort(400)
    try:
        circulating.ask(circular.id, me().id, request.form.get("seen", ""))
    except Refused as refusal:
        flash(str(refusal), "warn")
    else:
        flash("別の職員に、確認をたのみました。その職員の「きょうの仕事」に出ます。")
    return redirect(url_for("letters_desk.show", code=code), 303)
