"""The page on which a person says which letters to send."""

from __future__ import annotations

from flask import Blueprint, abort, flash, redirect, render_template
from flask.typing import ResponseReturnValue

from marketplace.accounts import letters
from marketplace.accounts.forms import LettersForm
from marketplace.accounts.letters import ALWAYS, LetterKind
from marketplace.accounts.session import current_account, signed_in

bp = Blueprint("letter_choices", __name__, url_prefix="/account/letters")


@bp.get("")
@signed_in
def show() -> ResponseReturnValue:
    account = current_account() or abort(403)
    form = LettersForm(formdata=None, kinds=sorted(letters.wanted(account.id)))
    return render_template("accounts/letters.html", form=form, always=ALWAYS, email=account.email)


@bp.post("")
@signed_in
def save() -> ResponseReturnValue:
    account, form = current_account() or abort(403), LettersForm()
    if not form.validate():
        abort(400)
    letters.choose(account.id, [LetterKind(kind) for kind in form.kinds.data or []])
    flash("お知らせの選び方を保存しました。")
    return redirect("/account/letters", 303)
