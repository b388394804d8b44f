"""カードの異議: what the bank objects to, what we can show, and the one answer that it reads."""

from __future__ import annotations

import sqlalchemy as sa
from flask import Blueprint, Response, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import joinedload

from marketplace.accounts.looking import look_at
from marketplace.accounts.models import Role
from marketplace.accounts.session import me, roles_of, staff
from marketplace.journal.writing import note
from marketplace.kit.db import db, let_go, transaction
from marketplace.kit.forms import Form
from marketplace.kit.refusals import Refused, Unavailable
from marketplace.kit.web import or_404
from marketplace.listings.drafting import staff_name
from marketplace.orders import evidence
from marketplace.orders.models import code_of
from marketplace.payments import disputing
from marketplace.payments.stripe_models import Dispute
from marketplace.staff.forms import SubmitForm
from marketplace.staff.money import READERS
from marketplace.tokens.freezing import frozen

bp = Blueprint("disputes", __name__, url_prefix="/staff/disputes")

STATUS_JA = {
    "warning_needs_response": ("問い合わせ（答えられます）", "warn"),
    "warning_under_review": ("問い合わせを確認中", "warn"),
    "warning_closed": ("問い合わせの終わり", "good"),
    "needs_response": ("答えを待っています", "bad"),
    "under_review": ("カード会社が確認中", "warn"),
    "won": ("町の言い分が通りました", "good"),
    "lost": ("お金は戻りません", "bad"),
    "prevented": ("自動で払った方に返されました", "bad"),
    "blocked": ("異議になる前に止まりました", "good"),
}
REASON_JA = {
    "fraudulent": "本人は買った覚えがない",
    "product_not_received": "受け取っていない",
    "product_unacceptable": "説明と違う",
    "duplicate": "二重に請求された",
    "credit_not_processed": "返金されていない",
    "unrecognized": "請求に心当たりがない",
    "subscription_canceled": "解約したはず",
    "general": "その他",
}


@bp.get("")
@staff(*READERS)
def index() -> ResponseReturnValue:
    newest = sa.select(Dispute).options(joinedload(Dispute.payment)).order_by(Dispute.opened_at.desc(), Dispute.id)
    found = list(db.session.scalars(newest))
    codes = {each.id: code_of(each.payment.subject) for each in found}
    return render_template("staff/disputes.html", disputes=found, codes=codes, statuses=STATUS_JA, reasons=REASON_JA)


@bp.get("/<id_>")
@staff(*READERS)
def show(id_: str) -> ResponseReturnValue:
    return page(dispute_of(id_), SubmitForm(formdata=None))


@bp.get("/<id_>/evidence.zip")
@staff("treasury")
def download(id_: str) -> ResponseReturnValue:
    """Who took it is written down: it holds the buyer's name and letters."""
    found = evidence.gather(dispute_of(id_).id)
    packed, subject = evidence.pack(found), found.order.subject
    with transaction():
        note(subject, "dispute.download", by=staff_name(me().id), dispute=id_)
    response = Response(packed, mimetype="application/zip")
    response.headers["Content-Disposition"] = f'attachment; filename="{id_}.zip"'
    response.headers["Cache-Control"] = "private, no-store"
    return response


@bp.post("/<id_>/answer")
@staff("treasury")
def answer(id_: str) -> ResponseReturnValue:
    form = SubmitForm()
    found = evidence.gather(dispute_of(id_).id)
    actor, texts, paper = me().id, evidence.texts(found), evidence.paper(found)
    let_go()
    try:
        disputing.answer(id_, actor, texts, paper)
    except Refused as refusal:
        form.refuse(refusal)
        return page(dispute_of(id_), form), refusal.status
    except Unavailable:
        form.form_errors.append("決済会社につながりません。何も出していません。少し待って、もう一度お試しください。")
        return page(dispute_of(id_), form), 503
    flash("資料を出しました。カード会社の答えが届くまで、2か月ほどかかることがあります。")
    return redirect(url_for("disputes.show", id_=id_), 303)


def dispute_of(id_: str) -> Dispute:
    return or_404(db.session.get(Dispute, id_))


def page(dispute: Dispute, form: Form) -> str:
    order = evidence.order_of(dispute)
    if order is not None:
        look_at(order.subject)
    found = evidence.gather(dispute.id) if order is not None else None
    return render_template(
        "staff/dispute.html",
        dispute=dispute,
        order=order,
        found=found,
        frozen=frozen(found.token) if found is not None and found.token is not None else None,
        status=STATUS_JA.get(dispute.status, (dispute.status, "plain")),
        reason=REASON_JA.get(dispute.reason, dispute.reason),
        form=form,
        may_answer=Role.TREASURY in roles_of(me().id) and found is not None,
    )
