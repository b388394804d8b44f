"""Stamps of visits: what a guest opens with the telephone, what a partner's screen shows, what the office prints."""

from __future__ import annotations

from calendar import monthrange
from datetime import timedelta

import segno
import sqlalchemy as sa
from flask import Blueprint, Response, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from markupsafe import Markup

from marketplace.accounts.session import me, signed_in, staff
from marketplace.gatherings import visiting
from marketplace.gatherings.desk import by
from marketplace.gatherings.forms import ClickForm, StampForm
from marketplace.gatherings.visits import StampPoint, Visit
from marketplace.kit.clock import jst, now
from marketplace.kit.dates import day, era_day
from marketplace.kit.db import db
from marketplace.kit.languages import _
from marketplace.kit.limits import each_account, limiter
from marketplace.kit.refusals import Refused
from marketplace.kit.shown import month
from marketplace.kit.tables import attached
from marketplace.papers.paper import Paper
from marketplace.perks.partnering import open_partners, partner_of
from marketplace.settings import settings

bp = Blueprint("visits", __name__)
desk = Blueprint("visits_desk", __name__, url_prefix="/staff/visits")
AGAIN_S = 20
"""When a screen asks for its page again: twice and more while a code is the newest."""


@bp.route("/visits/<code>", methods=["GET", "POST"])
@limiter.limit("20/hour", methods=["POST"], key_func=each_account)
@signed_in
def stamp(code: str) -> ResponseReturnValue:
    """Where the printed code and the one on a screen lead. Opening it stamps nothing; the button does."""
    partner, _point = visiting.point_of(code)
    form = StampForm()
    if not form.is_submitted():
        form.code.data = request.args.get("c", "")
        return render_template("gatherings/stamp.html", partner=partner, form=form)
    if form.validate():
        try:
            number, screen = form.number.data or "", form.code.data or ""
            count, new = visiting.stamp(me().id, code, number=number, code=screen)
        except Refused as refusal:
            form.refuse(refusal)
            return render_template("gatherings/stamp.html", partner=partner, form=form), refusal.status
        flash(
            _("スタンプを押しました（%(count)s個目）。", count=count)
            if new
            else "きょうのスタンプは、もう押してあります。"
        )
        return redirect("/mypage/stamps", 303)
    return render_template("gatherings/stamp.html", partner=partner, form=form), 422


@bp.get("/mypage/stamps")
@signed_in
def stamps() -> ResponseReturnValue:
    return render_template("gatherings/stamps.html", rows=visiting.stamps_of(me().id))


@bp.get("/stamp-screen/<key>")
def screen(key: str) -> ResponseReturnValue:
    """For a tablet at the partner's: the code of this minute. The page asks for itself again."""
    partner, point = visiting.point_by_screen(key)
    address = f"{settings().base_url}/visits/{partner.code}?c={visiting.screen_codes(point, now())[0]}"
    page = render_template("gatherings/screen.html", partner=partner, code=_drawn(address))
    return page, 200, {"Cache-Control": "no-store", "Refresh": str(AGAIN_S)}


@desk.get("")
@staff("drafter", "approver", "counter")
def index() -> ResponseReturnValue:
    first = jst(now()).date().replace(day=1)
    counted = sa.select(Visit.partner_id, sa.func.count()).where(Visit.day >= first).group_by(Visit.partner_id)
    counts = {partner_id: count for partner_id, count in db.session.execute(counted)}  # noqa: C416 -- a Row is no pair
    points = {point.partner_id: point for point in db.session.scalars(sa.select(StampPoint))}
    rows = [(partner, points.get(partner.id), counts.get(partner.id, 0)) for partner in open_partners()]
    return render_template("gatherings/visits_desk.html", rows=rows)


@desk.post("/<code>/<act>")
@staff("drafter", "approver")
def act(code: str, act: str) -> ResponseReturnValue:
    acts = {"open": visiting.open_point, "renew": visiting.renew_point}
    if act not in acts:
        abort(404)
    if not ClickForm().validate():
        abort(400)
    acts[act](partner_of(code).id, by())
    flash("来町スタンプを用意しました。ポスターと番号の表を印刷してください。")
    return redirect(url_for("visits_desk.index"), 303)


@desk.get("/<code>/poster.pdf")
@staff("drafter", "approver", "counter")
def poster(code: str) -> Response:
    """To be hung up: the code, and what to do with it. The number of the day is not on it."""
    partner, _point = visiting.point_of(code)
    town = settings()
    paper = Paper("来町スタンプ", issuer=town.town_name, reference=partner.code)
    paper.addressee(partner.name)
    paper.large("ようこそ。スマートフォンで、下の模様を読み取ってください。")
    paper.code(f"{town.base_url}/visits/{partner.code}", f"{town.base_url}/visits/{partner.code}")
    paper.text("受付にある「きょうの番号」（4けた）を入力すると、スタンプがたまります。1日1回です。")
    return attached(f"{partner.code}-poster.pdf", paper.pdf(), "application/pdf")


@desk.get("/<code>/numbers.pdf")
@staff("drafter", "approver")
def numbers(code: str) -> Response:
    """The numbers of this month, for the partner's desk: one is shown to guests each day, the sheet is not.

    With `next`, those of the next one: a bath is open at New Year, and the office that prints them is not.
    """
    partner, point = visiting.point_of(code)
    first = jst(now()).date().replace(day=1)
    if "next" in request.args:
        first += timedelta(days=monthrange(first.year, first.month)[1])
    days = [first.replace(day=n) for n in range(1, monthrange(first.year, first.month)[1] + 1)]
    paper = Paper(
        _("きょうの番号（%(month)s）", month=month(first.year, first.month)),
        issuer=settings().town_name,
        reference=partner.code,
        dated=era_day(now()),
    )
    paper.addressee(partner.name)
    paper.text(
        "その日の番号だけを、受付でお客さまに見せてください。この表は、お客さまの目にふれないところに置いてください。"
    )
    rows = [[day(each), visiting.number_of(point, each)] for each in days]
    paper.table(("日", "番号"), rows, widths=(0.6, 0.4))
    return attached(f"{partner.code}-{first:%Y-%m}.pdf", paper.pdf(), "application/pdf")


def _drawn(address: str) -> Markup:
    """The code as SVG, without style of its own."""
    made = segno.make(address, error="m", micro=False)
    return Markup(made.svg_inline(scale=8, border=4, omitsize=True, svgclass="qr", lineclass=None))  # noqa: S704 -- ours
