"""/dev/mail: the mails of the demo town, to be read in the browser. On a real site there is no such page."""

from __future__ import annotations

import sqlalchemy as sa
from flask import Blueprint, abort, render_template
from flask.typing import ResponseReturnValue

from marketplace.kit.db import db, get
from marketplace.notices.models import Notice
from marketplace.settings import settings

bp = Blueprint("notices", __name__, url_prefix="/dev/mail")

NEWEST = 50


@bp.before_request
def demo_only() -> None:
    if not settings().demo:
        abort(404)


@bp.get("")
def box() -> ResponseReturnValue:
    notices = list(db.session.scalars(sa.select(Notice).order_by(Notice.id.desc()).limit(NEWEST)))
    return render_template("notices/box.html", notices=notices)


@bp.get("/<int:notice_id>")
def read(notice_id: int) -> ResponseReturnValue:
    return render_template("notices/read.html", notice=get(Notice, notice_id))
