"""The desk's page of the people who work here: what each may do, and the way back for who lost a passkey."""

from __future__ import annotations

from collections.abc import Callable

import sqlalchemy as sa
from flask import Blueprint, abort, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from marketplace.accounts import appointing, passkeys, recovering, signing_out
from marketplace.accounts.addresses import MistypedAddress, check_spelling
from marketplace.accounts.forms import NameForm, PersonForm, PressForm, RoleForm
from marketplace.accounts.models import WEIGHTY, Account, ChangeState, Recovery, Role, RoleChange, StaffRole
from marketplace.accounts.names import called, names_given
from marketplace.accounts.rules import normalised
from marketplace.accounts.session import me, roles_of, staff
from marketplace.accounts.since import given
from marketplace.kit.db import db, get
from marketplace.kit.refusals import Refused
from marketplace.kit.web import or_404

bp = Blueprint("people", __name__, url_prefix="/staff/people")
WHOLE_OFFICE = ("drafter", "approver", "treasury", "admin")
"""Who may vouch for a colleague, and so sees who the colleagues are."""


@bp.get("")
@staff(*WHOLE_OFFICE)
def index() -> ResponseReturnValue:
    return listed(PersonForm(formdata=None))


@bp.post("")
@staff("admin")
def take_on() -> ResponseReturnValue:
    form = PersonForm()
    if not form.validate():
        return listed(form), 422
    try:
        address = normalised(form.email.data)
        check_spelling(address, sure=form.sure.data or "")
        account_id = appointing.take_on(address, form.name.data, Role(form.role.data), me().id)
    except MistypedAddress as refusal:
        form.sure.data = normalised(form.email.data)
        form.refuse(refusal)
        return listed(form), 422
    except Refused as refusal:
        form.refuse(refusal)
        return listed(form), refusal.status
    flash(given_words(Role(form.role.data), account_id))
    return redirect(url_for("people.show", code=get(Account, account_id).code), 303)


@bp.get("/<code>")
@staff(*WHOLE_OFFICE)
def show(code: str) -> ResponseReturnValue:
    return page(find(code), RoleForm(formdata=None))


@bp.post("/<code>/roles")
@staff("admin")
def give(code: str) -> ResponseReturnValue:
    person, form = find(code), RoleForm()
    if not form.validate():
        return page(person, form), 422
    try:
        appointing.give(person.id, Role(form.role.data), me().id)
    except Refused as refusal:
        form.refuse(refusal)
        return page(find(code), form), refusal.status
    flash(given_words(Role(form.role.data), person.id))
    return redirect(url_for("people.show", code=code), 303)


@bp.post("/<code>/name")
@staff("admin")
def rename(code: str) -> ResponseReturnValue:
    person, form = find(code), NameForm()
    if not form.validate():
        return page(person, RoleForm(formdata=None), form), 422
    try:
        appointing.rename(person.id, form.name.data, me().id)
    except Refused as refusal:
        form.refuse(refusal)
        return page(find(code), RoleForm(formdata=None), form), refusal.status
    flash("名前を変えました。")
    return redirect(url_for("people.show", code=code), 303)


@bp.post("/<code>/roles/<any(drafter, approver, treasury, counter, auditor, admin):role>/take")
@staff("admin")
def take(code: str, role: str) -> ResponseReturnValue:
    person = find(code)
    return press(lambda: appointing.take(person.id, Role(role), me().id), "権限をなくしました。", code)


@bp.post("/<code>/sign-out")
@staff("admin")
def sign_out(code: str) -> ResponseReturnValue:
    person, by = find(code), f"staff:{me().code}"
    return press(lambda: signing_out.end_all(person.id, by=by), "すべての端末をログアウトさせました。", code)


@bp.post("/<code>/leave")
@staff("admin")
def leave(code: str) -> ResponseReturnValue:
    person = find(code)
    done = "権限とパスキーをなくし、すべての端末をログアウトさせました。"
    return press(lambda: appointing.leave(person.id, me().id), done)


@bp.post("/changes/<int:change_id>/<any(confirm, refuse):act>")
@staff("admin", "approver", "treasury")
def decide(change_id: int, act: str) -> ResponseReturnValue:
    code = get(RoleChange, change_id).account.code
    acts = {"confirm": (appointing.confirm, "権限を渡しました。"), "refuse": (appointing.refuse, "渡しませんでした。")}
    command, done = acts[act]
    return press(lambda: command(change_id, me().id), done, code)


@bp.post("/<code>/recovery")
@staff(*WHOLE_OFFICE)
def ask_recovery(code: str) -> ResponseReturnValue:
    person = find(code)
    done = "申し出を記録しました。もうひとりの職員が確かめると、本人にリンクが届きます。"
    return press(lambda: recovering.ask(person.id, me().id), done, code)


@bp.post("/recoveries/<int:recovery_id>/<any(confirm, withdraw):act>")
@staff(*WHOLE_OFFICE)
def vouch(recovery_id: int, act: str) -> ResponseReturnValue:
    code = get(Recovery, recovery_id).account.code
    acts = {
        "confirm": (recovering.confirm, "確かめました。本人のアドレスに、登録のリンクを送りました。"),
        "withdraw": (recovering.withdraw, "取りやめました。"),
    }
    command, done = acts[act]
    return press(lambda: command(recovery_id, me().id), done, code)


def press(act: Callable[[], object], done: str, code: str | None = None) -> ResponseReturnValue:
    """Do what the button says; a refusal stands above the page that it belongs to."""
    if not PressForm().validate():
        abort(400)
    try:
        act()
    except Refused as refusal:
        flash(str(refusal), "warn")
        if refusal.status == 403:
            raise
    else:
        flash(done)
    here = code is not None and known(code) is not None
    return redirect(url_for("people.show", code=code) if here else url_for("people.index"), 303)


def find(code: str) -> Account:
    """404 for who does not work here."""
    return or_404(known(code))


def known(code: str) -> Account | None:
    """Somebody who works here, or is about to."""
    about_to = sa.select(RoleChange.account_id).where(RoleChange.state == ChangeState.PROPOSED)
    works = sa.or_(Account.id.in_(sa.select(StaffRole.account_id)), Account.id.in_(about_to))
    return db.session.scalar(sa.select(Account).where(Account.code == code, works))


def given_words(role: Role, account_id: int) -> str:
    if role not in roles_of(account_id):
        return (
            f"「{role.ja}」の権限を申し出ました。承認・会計・管理のどれかの権限を持つ別の職員が確かめると、渡されます。"
        )
    return f"「{role.ja}」の権限を渡しました。"


def listed(form: PersonForm) -> str:
    people = sa.select(Account, StaffRole.role).join(StaffRole, StaffRole.account_id == Account.id)
    held: dict[Account, list[Role]] = {}
    for person, role in db.session.execute(people.order_by(Account.id, StaffRole.id)):
        held.setdefault(person, []).append(role)
    have = roles_of(me().id)
    return render_template(
        "accounts/people.html",
        people=held,
        since=given(held),
        form=form,
        admin=Role.ADMIN in have,
        changes=[(change, appointing.may_confirm(change, me().id, have)) for change in appointing.waiting()],
        recoveries=[(row, me().id not in (row.account_id, row.asked_by)) for row in recovering.waiting()],
        names=names(),
        weighty=WEIGHTY,
    )


def page(person: Account, form: RoleForm, name_form: NameForm | None = None) -> str:
    have = roles_of(me().id)
    recovery = recovering.open_for(person.id)
    return render_template(
        "accounts/person.html",
        person=person,
        form=form,
        roles=sorted(roles_of(person.id), key=list(Role).index),
        since=given([person]),
        admin=Role.ADMIN in have,
        vouches=bool(have & recovering.VOUCH) and person.id != me().id,
        changes=[
            (change, appointing.may_confirm(change, me().id, have))
            for change in appointing.waiting()
            if change.account_id == person.id
        ],
        keys=len(passkeys.passkeys_of(person.id)),
        sign_ins=len(signing_out.sign_ins_of(person.id)),
        recovery=recovery,
        second=recovery is not None and me().id not in (recovery.account_id, recovery.asked_by),
        names=names(),
        name_form=name_form or NameForm(formdata=None, name=names()[person.id]),
        before=names_given(person.id)[:-1],
        weighty=WEIGHTY,
    )


def names() -> dict[int, str]:
    """{account id: name} of who works here, or is to; who wanted a role given, or vouches for somebody."""
    here = sa.union(
        sa.select(StaffRole.account_id),
        *(sa.select(column) for column in (RoleChange.account_id, RoleChange.proposed_by)),
        *(sa.select(column) for column in (Recovery.account_id, Recovery.asked_by)),
    )
    return called(db.session.scalars(sa.select(Account).where(Account.id.in_(here.scalar_subquery()))))
