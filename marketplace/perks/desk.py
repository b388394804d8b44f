"""The office's pages of partners: who they are, their PINs, what their counters wrote down."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import sqlalchemy as sa
from flask import Blueprint, Response, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from marketplace.accounts.session import me, staff
from marketplace.kit.db import db, get
from marketplace.kit.refusals import Refused
from marketplace.listings.drafting import staff_name
from marketplace.perks import flagging, partnering, slips, statements
from marketplace.perks.forms import ClickForm, LookForm, PartnerForm, SlipsForm
from marketplace.perks.models import Partner, Use

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


@bp.get("/<code>")
@staff("drafter", "approver", "treasury", "auditor")
def show(code: str) -> ResponseReturnValue:
    partner = partnering.partner_of(code)
    return _page(partner, request.args.get("month", ""), SlipsForm(formdata=None))


@bp.get("/<code>/<month>.<kind>")
@staff("drafter", "approver", "treasury", "auditor")
def statement(code: str, month: str, kind: str) -> ResponseReturnValue:
    """The month as CSV or PDF."""
    partner = partnering.partner_of(code)
    makers = {"csv": (statements.as_csv, "text/csv; charset=utf-8"), "pdf": (statements.as_pdf, "application/pdf")}
    if month not in statements.months(partner.id) or kind not in makers:
        abort(404)
    make, media = makers[kind]
    response = Response(make(statements.statement(partner, month)), content_type=media)
    response.headers["Content-Disposition"] = f'attachment; filename="{code}-{month}.{kind}"'
    response.headers["Cache-Control"] = "private, no-store"
    return response


@bp.post("/<code>/slips.pdf")
@staff("drafter", "approver")
def print_slips(code: str) -> ResponseReturnValue:
    partner, form = partnering.partner_of(code), SlipsForm()
    if not form.validate():
        return _page(partner, "", form), 422
    paper = slips.print_slips(partner.id, form.count.data or 0, _by())
    headers = {"Content-Disposition": f'inline; filename="{code}-slips.pdf"', "Cache-Control": "private, no-store"}
    return Response(paper, content_type="application/pdf", headers=headers)


@bp.post("/uses/<int:use_id>/look")
@staff("drafter", "approver", "treasury")
def look(use_id: int) -> ResponseReturnValue:
    """The office looked at a flagged use. The ledger stays as it is."""
    form, line = LookForm().of(use_id), get(Use, use_id)
    partner = get(Partner, line.partner_id) if line.partner_id else None
    if not form.validate():
        return (_page(partner, "", SlipsForm(formdata=None), {use_id: form}), 422) if partner else abort(400)
    flagging.look(use_id, me().id, form.note.data or "")
    flash("確認ずみにしました。")
    return redirect(
        url_for("partners_desk.show", code=partner.code) if partner else url_for("partners_desk.index"), 303
    )


@bp.post("/<code>/pin")
@staff("drafter", "approver")
def renew(code: str) -> ResponseReturnValue:
    partner_id = partnering.partner_of(code).id
    if not ClickForm().validate():
        abort(400)
    return _pin_page(partner_id, partnering.renew_pin(partner_id, _by()))


@bp.post("/<code>/unlock")
@staff("drafter", "approver")
def unlock(code: str) -> ResponseReturnValue:
    partner_id = partnering.partner_of(code).id
    if not ClickForm().validate():
        abort(400)
    try:
        partnering.unlock(partner_id, _by())
    except Refused as refusal:
        flash(str(refusal), "warn")
    else:
        flash("もう一度、同じ暗証番号で窓口をひらけます。")
    return redirect(url_for("partners_desk.index"), 303)


@bp.post("/<code>/close")
@staff("approver")
def close(code: str) -> ResponseReturnValue:
    partner_id = partnering.partner_of(code).id
    if not ClickForm().validate():
        abort(400)
    partnering.close(partner_id, _by())
    flash("提携を終わりにしました。これまでの記録は残ります。")
    return redirect(url_for("partners_desk.index"), 303)


@bp.post("/<code>/reopen")
@staff("approver")
def reopen(code: str) -> ResponseReturnValue:
    partner_id = partnering.partner_of(code).id
    if not ClickForm().validate():
        abort(400)
    return _pin_page(partner_id, partnering.reopen(partner_id, _by()))


def _by() -> str:
    return staff_name(me().id)


def _page(partner: Partner, month: str, form: SlipsForm, looks: Mapping[int, LookForm] = MappingProxyType({})) -> str:
    """`looks`: what was written of a use, and is not well."""
    months = statements.months(partner.id)
    chosen = month if month in months else next(iter(months), "")
    return render_template(
        "perks/partner.html",
        partner=partner,
        months=months,
        made=statements.statement(partner, chosen) if chosen else None,
        open_flags=[
            (line, looks.get(line.id) or LookForm(formdata=None).of(line.id))
            for line in flagging.open_flags(partner.id)
        ],
        failed=next(iter(looks.values()), form),
        form=form,
    )


def _pin_page(partner_id: int, pin: str) -> str:
    return render_template("perks/pin.html", partner=get(Partner, partner_id), pin=pin)


def _listed(form: PartnerForm) -> str:
    rows = db.session.scalars(sa.select(Partner).order_by(Partner.closed_at.is_not(None), Partner.id))
    locked = flagging.locked_partners()
    tablets = {partner.id: partnering.locked_tablets(partner.id) for partner in locked}
    return render_template("perks/partners.html", partners=list(rows), locked=locked, tablets=tablets, form=form)
