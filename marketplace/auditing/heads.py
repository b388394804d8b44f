"""The heads of the journal's days for everybody: keep them, and nobody can rewrite what came before."""

from __future__ import annotations

import json

from flask import Blueprint, Response, render_template
from flask.typing import ResponseReturnValue

from marketplace.accounts.session import current_account
from marketplace.chain import dating, register
from marketplace.chain.contract import ANCHORS
from marketplace.journal.models import Head
from marketplace.kit.db import db
from marketplace.kit.tables import csv_file
from marketplace.kit.web import conditional

bp = Blueprint("heads", __name__)

COLUMNS = ("日", "行", "おわりの印", "帳面での名前", "帳面での番号", "取引", "ブロック")
SHOWN = 60
"""Days on the page; all of them are in the files."""


@bp.get("/journal")
def show() -> ResponseReturnValue:
    days = dating.anchored_days()
    page = render_template(
        "auditing/heads.html",
        days=days[:SHOWN],
        count=len(days),
        head=db.session.get(Head, 1),
        contract=register.contracts().get(ANCHORS),
    )
    return conditional(page, max_age=1, private=current_account() is not None)


@bp.get("/journal.json")
def record() -> ResponseReturnValue:
    """The form of docs/journal-v1.md."""
    return conditional(Response(json.dumps(dating.published()) + "\n", mimetype="application/json"), max_age=60)


@bp.get("/journal.csv")
def table() -> ResponseReturnValue:
    """The same days, oldest first."""
    names = ("day", "seq", "hash", "name", "subject", "tx", "block")
    rows = ([day[name] for name in names] for day in dating.published()["days"])
    return conditional(csv_file("journal-days.csv", COLUMNS, rows), max_age=60)
