"""The office's pages of creators: who they are, what they allow, what is theirs."""

from __future__ import annotations

from datetime import date

import sqlalchemy as sa
from flask import Blueprint, Response, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from marketplace.accounts.session import me, staff
from marketplace.collections import crediting
from marketplace.collections.forms import AddressForm, ClickForm, CreatorForm, LicenceForm, PeriodForm
from marketplace.collections.models import Creator, Licence
from marketplace.kit.clock import jst, now
from marketplace.kit.dates import era_day, fiscal_year, full_day
from marketplace.kit.db import db
from marketplace.kit.money import yen
from marketplace.kit.refusals import Invalid, Refused
from marketplace.kit.tables import attached, csv_file
from marketplace.listings.drafting import staff_name
from marketplace.papers.paper import Paper
from marketplace.rights.apart import titles
from marketplace.rights.models import Right, RightState
from marketplace.settings import settings

bp = Blueprint("creators_desk", __name__, url_prefix="/staff/creators")
HEADER = ("権利", "作品", "取引の件数", "基金に入った還元金（円）", "割合（%）", "クリエイターの分（円）")


@bp.get("")
@staff("drafter", "approver", "treasury")
def index() -> ResponseReturnValue:
    return _listed(CreatorForm(formdata=None))


@bp.post("")
@staff("drafter", "approver")
def take_in() -> ResponseReturnValue:
    form = CreatorForm()
    if form.validate():
        try:
            crediting.take_in(form.name.data or "", form.email.data or "", _by())
        except Refused as refusal:
            form.refuse(refusal)
        else:
            flash("登録しました。")
            return redirect(url_for("creators_desk.index"), 303)
    return _listed(form), 422


@bp.get("/<code>")
@staff("drafter", "approver", "treasury")
def show(code: str) -> ResponseReturnValue:
    """With `licence`, the number of one of theirs, its form: it was written down wrong."""
    creator, form = crediting.creator_of(code), _licence_form()
    form.begins_on.data = jst(now()).date()
    if (wrong := crediting.licence_of(creator.id, request.args.get("licence", None, int))) is not None:
        form.of.data, form.share.data = str(wrong.id), f"{wrong.share_bps / 100:g}"
        form.right.data, form.work.data, form.terms.data = wrong.right_id, wrong.work, wrong.terms
        form.begins_on.data, form.ends_on.data = wrong.begins_on, wrong.ends_on
    return _page(creator, form)


@bp.post("/<code>/licences")
@staff("drafter", "approver")
def license_work(code: str) -> ResponseReturnValue:
    creator, form = crediting.creator_of(code), _licence_form()
    if form.validate():
        try:
            words = ((form.work.data or "").strip(), (form.terms.data or "").strip())
            days = (form.begins_on.data, form.ends_on.data)
            agreed = crediting.Agreed(form.right.data, *words, form.share_bps, *days)
            crediting.license_work(creator.id, agreed, _by(), form.put_right)
        except Refused as refusal:
            form.refuse(refusal)
        else:
            flash("利用の許諾を保存しました。")
            return redirect(url_for("creators_desk.show", code=code), 303)
    return _page(crediting.creator_of(code), form), 422


@bp.post("/<code>/certificate")
@staff("approver")
def certify(code: str) -> ResponseReturnValue:
    creator = crediting.creator_of(code)
    if not ClickForm().validate():
        abort(400)
    crediting.certify(creator.id, _by())
    flash("証明書を渡す手続きを始めました。")
    return redirect(url_for("creators_desk.show", code=code), 303)


@bp.post("/<code>/account")
@staff("drafter", "approver")
def connect(code: str) -> ResponseReturnValue:
    """Whose account it is, of one who was taken in before they had any."""
    creator, form = crediting.creator_of(code), AddressForm()
    if form.validate():
        try:
            crediting.connect(creator.id, form.email.data or "", _by())
        except Invalid as refusal:
            form.refuse(refusal)
        else:
            flash("ご本人のメールアドレスを登録しました。")
            return redirect(url_for("creators_desk.show", code=code), 303)
    licence = LicenceForm(formdata=None)
    return _page(crediting.creator_of(code), _offered(licence), form), 422


@bp.get("/<code>/statement.csv")
@staff("treasury", "approver", "drafter")
def table(code: str) -> ResponseReturnValue:
    creator = crediting.creator_of(code)
    first, last = _period()
    return csv_file(f"{creator.code}-{first}-{last}.csv", HEADER, _rows(crediting.statement(creator.id, first, last)))


@bp.get("/<code>/statement.pdf")
@staff("treasury", "approver", "drafter")
def paper(code: str) -> Response:
    creator = crediting.creator_of(code)
    first, last = _period()
    lines, town = crediting.statement(creator.id, first, last), settings()
    page = Paper("還元金の明細書", issuer=town.town_name, reference=creator.code, dated=era_day(now()))
    page.addressee(f"{creator.name} 様")
    page.text(
        f"{full_day(first)}から{full_day(last)}までに{town.fund_name}に入った還元金のうち、次の額があなたの分です。"
    )
    page.large(yen(sum(line.share_yen for line in lines)))
    rows = [[str(cell) for cell in row] for row in _rows(lines)]
    page.table(HEADER, rows, widths=(0.24, 0.24, 0.1, 0.16, 0.1, 0.16), numbers=(2, 3, 4, 5))
    page.note("還元金は、実際に基金に届いた額です。割合をかけた額の1円未満は、権利ごとに切り捨てます。")
    return attached(f"{creator.code}-{first}-{last}.pdf", page.pdf(), "application/pdf")


def _rows(lines: list[crediting.Line]) -> list[list[str | int]]:
    return [
        [
            *(line.licence.right.title_ja, line.licence.work, line.sales, line.royalties_yen),
            *(f"{line.licence.share_bps / 100:g}", line.share_yen),
        ]
        for line in lines
    ]


def _period() -> tuple[date, date]:
    """What was asked for, or this fiscal year."""
    form, year = PeriodForm(request.args), fiscal_year(now())
    if request.args and form.validate() and form.first.data <= form.last.data:
        return form.first.data, form.last.data
    return date(year, 4, 1), date(year + 1, 3, 31)


def _by() -> str:
    return staff_name(me().id)


def _licence_form() -> LicenceForm:
    return _offered(LicenceForm())


def _offered(form: LicenceForm) -> LicenceForm:
    """With the rights to choose from."""
    approved = sa.select(Right).where(Right.state == RightState.APPROVED).order_by(Right.id)
    form.right.choices = list(titles(list(db.session.scalars(approved))).items())
    return form


def _listed(form: CreatorForm) -> str:
    rows = list(db.session.scalars(sa.select(Creator).order_by(Creator.id)))
    return render_template("collections/creators.html", creators=rows, form=form)


def _page(creator: Creator, form: LicenceForm, address: AddressForm | None = None) -> str:
    first, last = _period()
    licences = sa.select(Licence).where(Licence.creator_id == creator.id)
    licences = licences.order_by(Licence.right_id, Licence.begins_on.desc())
    return render_template(
        "collections/creator.html",
        creator=creator,
        licences=list(db.session.scalars(licences)),
        lines=crediting.statement(creator.id, first, last),
        first=first,
        last=last,
        form=form,
        address=address or AddressForm(formdata=None),
        certificates=crediting.certificates(),
    )
