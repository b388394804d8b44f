"""The reception of the staff: applications by phone and at the counter, what is void and why, letters on paper."""

from __future__ import annotations

import sqlalchemy as sa
from flask import Blueprint, Response, abort, flash, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue

from marketplace.accounts.addresses import MistypedAddress, check_spelling
from marketplace.accounts.looking import look_at
from marketplace.accounts.models import Account
from marketplace.accounts.rules import normalised
from marketplace.accounts.session import me, staff
from marketplace.kit.db import db, get
from marketplace.kit.names import called, plain
from marketplace.kit.paging import asked_row
from marketplace.kit.refusals import Refused
from marketplace.lotteries import duplicates, entering, papermail
from marketplace.lotteries.applicants import Applicant, Channel
from marketplace.lotteries.applying import slip_of
from marketplace.lotteries.desk import find
from marketplace.lotteries.forms import ReasonForm, ReceptionForm
from marketplace.lotteries.models import Entry, Lottery
from marketplace.lotteries.pages import takes_entries
from marketplace.lotteries.refusals import AlreadyEntered
from marketplace.lotteries.rules import PLEDGE, PLEDGES
from marketplace.lotteries.states import EntryState

bp = Blueprint("reception", __name__)

PAGE = 100
SHOWN = {"void": (EntryState.VOID,), "withdrawn": (EntryState.WITHDRAWN,)}


@bp.get("/staff/lotteries/<code>/entries")
@staff("drafter", "approver", "counter")
def entries(code: str) -> ResponseReturnValue:
    """Newest first, by state, number or name; width, spaces and the shape of a kanji don't count."""
    lottery = find(code)
    which, wanted = request.args.get("state", ""), request.args.get("q", "").strip()
    query = sa.select(Entry, Applicant).outerjoin(Applicant, Applicant.entry_id == Entry.id)
    query = query.where(Entry.lottery_id == lottery.id)
    if which in SHOWN:
        query = query.where(Entry.state.in_(SHOWN[which]))
    if wanted:
        spelled = called(Applicant.name, wanted) | called(Applicant.kana, wanted)
        query = query.where((Entry.no == plain(wanted).upper()) | spelled)
    if before := asked_row("before"):
        query = query.where(Entry.seq < before)
    rows = db.session.execute(query.order_by(Entry.seq.desc()).limit(PAGE + 1)).all()
    look_at(*(entry.subject for entry, who in rows[:PAGE] if who))
    counted = sa.select(Entry.state, sa.func.count()).where(Entry.lottery_id == lottery.id).group_by(Entry.state)
    counts = {row[0]: row[1] for row in db.session.execute(counted)}
    return render_template(
        "lotteries/entries.html",
        lottery=lottery,
        rows=rows[:PAGE],
        older=rows[PAGE - 1][0].seq if len(rows) > PAGE else None,
        state=which,
        wanted=wanted,
        void=counts.get(EntryState.VOID, 0),
        withdrawn=counts.get(EntryState.WITHDRAWN, 0),
        whole=sum(counts.values()),
        letters=len(papermail.waiting(lottery.id)),
        takes_entries=takes_entries(lottery),
    )


@bp.get("/staff/lotteries/<code>/entries/new")
@staff("drafter", "counter")
def blank(code: str) -> ResponseReturnValue:
    lottery = find(code)
    return page(lottery, ReceptionForm.asking(lottery.terms, Channel.COUNTER, formdata=None))


@bp.post("/staff/lotteries/<code>/entries/new")
@staff("drafter", "counter")
def take_down(code: str) -> ResponseReturnValue:
    lottery = find(code)
    form = ReceptionForm.asking(lottery.terms, Channel.COUNTER)
    application = form.check(lottery.terms, form.spoken())
    if application is None:
        return page(lottery, form), 422
    email = (form.email.data or "").strip()
    try:
        if email:
            email = normalised(email)
            check_spelling(email, sure=form.sure.data or "")
        received = entering.take_down(lottery.id, me().id, application, email)
    except Refused as refusal:
        if isinstance(refusal, MistypedAddress):
            form.sure.data = email
        if isinstance(refusal, AlreadyEntered):
            refusal.field = "email"
        form.refuse(refusal)
        return page(find(code), form), refusal.status
    session["receipt"] = {"no": received.no, "secret": received.secret}
    return redirect(url_for("reception.entry", no=received.no), 303)


@bp.get("/staff/entries/<no>")
@staff("drafter", "approver", "counter")
def entry(no: str) -> ResponseReturnValue:
    """One entry, whose it is, and what staff may decide. The secret is shown once, to be printed for the applicant."""
    found = of_number(no)
    kept = session.pop("receipt", None)
    return show(found, ReasonForm(formdata=None), kept["secret"] if kept and kept["no"] == no else None)


@bp.post("/staff/entries/<no>/receipt.pdf")
@staff("drafter", "counter")
def paper(no: str) -> Response:
    found = of_number(no)
    lottery = get(Lottery, found.lottery_id)
    return slip_of(found, lottery, lottery.listing, request.form.get("secret", ""))


@bp.post("/staff/entries/<no>/<any(void, restore, withdraw):act>")
@staff("drafter", "approver")
def decide(no: str, act: str) -> ResponseReturnValue:
    found, form = of_number(no), ReasonForm()
    if not form.validate():
        return show(found, form), 422
    acts = {"void": duplicates.void, "restore": duplicates.restore, "withdraw": entering.withdraw_for}
    try:
        acts[act](found.id, me().id, form.why.data or "")
    except Refused as refusal:
        form.refuse(refusal)
        return show(of_number(no), form), refusal.status
    flash("記録しました。申し込んだ方に、お知らせを送ります。" if act != "withdraw" else "取り下げを記録しました。")
    return redirect(url_for("reception.entry", no=no), 303)


@bp.get("/staff/lotteries/<code>/letters")
@staff("drafter", "counter")
def letters(code: str) -> ResponseReturnValue:
    """Letters to people without mail, to be printed and posted."""
    lottery = find(code)
    letters = papermail.waiting(lottery.id)
    look_at(*(letter.entry.subject for letter in letters))
    return render_template("lotteries/letters.html", lottery=lottery, letters=letters)


@bp.post("/staff/lotteries/<code>/letters")
@staff("drafter", "counter")
def posted(code: str) -> ResponseReturnValue:
    count = papermail.posted([int(each) for each in request.form.getlist("letter") if each.isdecimal()], me().id)
    flash(f"{count}通を、送りずみにしました。")
    return redirect(url_for("reception.letters", code=find(code).code), 303)


def of_number(no: str) -> Entry:
    return entering.by_number(no) or abort(404)


def show(entry: Entry, form: ReasonForm, secret: str | None = None) -> str:
    look_at(entry.subject)
    lottery = get(Lottery, entry.lottery_id)
    account = db.session.get(Account, entry.account_id) if entry.account_id else None
    return render_template(
        "lotteries/reception.html",
        entry=entry,
        lottery=lottery,
        who=db.session.get(Applicant, entry.id),
        account=account,
        form=form,
        secret=secret,
        open=takes_entries(lottery),
    )


def page(lottery: Lottery, form: ReceptionForm) -> str:
    return render_template(
        "lotteries/take_down.html",
        lottery=lottery,
        form=form,
        pledge=PLEDGES[PLEDGE],
        takes_entries=takes_entries(lottery),
    )
