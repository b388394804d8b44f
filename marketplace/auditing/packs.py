"""The evidence of a sale on the desk: asked for, watched, and taken home."""

from __future__ import annotations

import io

import sqlalchemy as sa
from flask import Blueprint, abort, render_template, request, send_file, session
from flask.typing import ResponseReturnValue
from werkzeug.utils import redirect

from marketplace.accounts.session import staff
from marketplace.auditing import collecting
from marketplace.auditing.models import Evidence, EvidenceFile, EvidenceState
from marketplace.kit.db import db, get
from marketplace.kit.web import wants_fragment
from marketplace.listings.models import Listing

bp = Blueprint("packs", __name__, url_prefix="/staff")


@bp.get("/evidence")
@staff("auditor", "approver", "treasury")
def index() -> ResponseReturnValue:
    """Every sale that was approved, the newest first, with what was put together of it."""
    rows = sa.select(Listing, Evidence).outerjoin(Evidence, Evidence.listing_id == Listing.id)
    rows = rows.where(Listing.text_hash.is_not(None)).order_by(Listing.id.desc())
    return render_template("auditing/packs.html", rows=list(db.session.execute(rows)))


@bp.get("/evidence/<code>")
@staff("auditor", "approver", "treasury")
def show(code: str) -> ResponseReturnValue:
    listing = _listing(code)
    row = db.session.scalar(sa.select(Evidence).where(Evidence.listing_id == listing.id))
    template = "auditing/_pack.html" if wants_fragment() else "auditing/pack.html"
    return render_template(template, listing=listing, row=row)


@bp.post("/evidence/<code>")
@staff("auditor", "approver", "treasury")
def ask(code: str) -> ResponseReturnValue:
    collecting.ask(_listing(code).id, session["account_id"])
    return redirect(request.path, 303)


@bp.get("/evidence/<code>.zip")
@staff("auditor", "approver", "treasury")
def take(code: str) -> ResponseReturnValue:
    listing = _listing(code)
    row = db.session.scalar(sa.select(Evidence).where(Evidence.listing_id == listing.id))
    if row is None or row.state != EvidenceState.READY:
        abort(404)
    data = io.BytesIO(get(EvidenceFile, row.id).data)
    return send_file(data, "application/zip", as_attachment=True, download_name=f"{code}-evidence.zip")


def _listing(code: str) -> Listing:
    return db.session.scalars(sa.select(Listing).where(Listing.code == code)).one_or_none() or abort(404)
