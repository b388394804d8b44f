"""The office's pages of partners: who they are, their PINs, what their counters wrote down."""

from __future__ import annotations

import sqlalchemy as sa
from flask import Blueprint, abort, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from marketplace.accounts.session import current_account, staff
from marketplace.kit.db import db, get
from marketplace.kit.refusals import Refused
from marketplace.listings.drafting import staff_name
from marketplace.perks import partnering
from marketplace.perks.forms import ClickForm, PartnerForm
from marketplace.perks.models import Partner

bp = Blueprint("partners_desk", __name__, url_prefix="/staff/partners")


@bp.get("")
@staff("drafter", "approver", "treasury")
def index() -> ResponseReturnValue:
    return _listed(PartnerForm(formdata=None))


@bp.post("")
@staff("drafter", "approver")
def take_in() -> ResponseReturnValue:
    """The PIN is shown on the answer to this one request, and nowhere again."""
    form = PartnerForm()
    if form.validate():
        try:
            partner_id, pin = partnering.take_in(form.name.data or "", _by())
        except Refused as refusal:
            form.refuse(refusal)
        else:
            return _pin_page(partner_id, pin)
    return _listed(form), 422


@bp.post("/<code>/pin")
@staff("drafter", "approver")
def renew(code: str) -> ResponseReturnValue:
    partner_id = partnering.partner_of(code).id
    if not ClickForm().validate():
        abort(400)
    return _pin_page(partner_id, partnering.renew_pin(partner_id, _by()))


@bp.post("/<code>/close")
@staff("approver")
def close(code: str) -> ResponseReturnValue:
    partner_id = partnering.partner_of(code).id
    if not ClickForm().validate():
        abort(400)
    partnering.close(partner_id, _by())
    flash("提携を終わりにしました。これまでの記録は残ります。")
    return redirect(url_for("partners_desk.index"), 303)


def _by() -> str:
    account = current_account()
    assert account is not None, "staff() lets nobody else in"
    return staff_name(account.id)


def _pin_page(partner_id: int, pin: str) -> str:
    return render_template("perks/pin.html", partner=get(Partner, partner_id), pin=pin)


def _listed(form: PartnerForm) -> str:
    rows = db.session.scalars(sa.select(Partner).order_by(Partner.closed_at.is_not(None), Partner.id))
    return render_template("perks/partners.html", partners=list(rows), form=form)
