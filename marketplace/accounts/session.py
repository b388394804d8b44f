"""Who is here: the signed cookie, and doors that ask for it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from typing import ParamSpec

import sqlalchemy as sa
from flask import g, redirect, request, session, url_for
from flask.typing import ResponseReturnValue

from marketplace.accounts.models import Account, Role, StaffRole
from marketplace.kit.clock import now
from marketplace.kit.db import db
from marketplace.kit.refusals import NotAllowed

P = ParamSpec("P")
STAFF_SESSION = timedelta(hours=10)
"""A working day: a tablet left at the counter does not stay signed in overnight."""


def sign_in(account_id: int) -> None:
    session.clear()
    session["account_id"] = account_id
    session["since"] = now().timestamp()
    session.permanent = True
    g.pop("account", None)


def sign_out() -> None:
    session.clear()
    g.pop("account", None)


def current_account() -> Account | None:
    """The person signed in, or None."""
    account_id = session.get("account_id")
    return db.session.get(Account, account_id) if account_id else None


def roles_of(account_id: int) -> set[Role]:
    return set(db.session.scalars(sa.select(StaffRole.role).where(StaffRole.account_id == account_id)))


def signed_in(view: Callable[P, ResponseReturnValue]) -> Callable[P, ResponseReturnValue]:
    """A page for people who signed in; others are sent to sign in and come back."""

    @wraps(view)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> ResponseReturnValue:
        if current_account() is None:
            back = request.full_path.rstrip("?") if request.method == "GET" else (request.form.get("back") or "/mypage")
            return redirect(url_for("accounts.ask", next=back), 303)
        return view(*args, **kwargs)

    return guarded


def staff(*roles: str) -> Callable[[Callable[P, ResponseReturnValue]], Callable[P, ResponseReturnValue]]:
    """A page for staff who have one of `roles` (any role where none is named)."""

    def guard(view: Callable[P, ResponseReturnValue]) -> Callable[P, ResponseReturnValue]:
        @wraps(view)
        def guarded(*args: P.args, **kwargs: P.kwargs) -> ResponseReturnValue:
            account = current_account()
            fresh = now().timestamp() - float(session.get("since", 0)) < STAFF_SESSION.total_seconds()
            if account is None or not fresh:
                return redirect(url_for("accounts.ask", next=request.full_path.rstrip("?")), 303)
            have = {str(role) for role in roles_of(account.id)}
            if not have or (roles and not have & set(roles)):
                raise NotAllowed
            return view(*args, **kwargs)

        return guarded

    return guard
