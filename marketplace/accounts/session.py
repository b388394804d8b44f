"""Who is signed in, and what they may open. The cookie holds a random key; the row that it names is asked each time."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Set
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import wraps
from typing import NamedTuple, ParamSpec
from urllib.parse import urlsplit

import sqlalchemy as sa
from flask import Response, after_this_request, current_app, flash, redirect, request, session, url_for
from flask.typing import ResponseReturnValue

from marketplace.accounts.again import again
from marketplace.accounts.introducing import prefer
from marketplace.accounts.models import Account, Passkey, Role, SignIn, StaffRole, Way
from marketplace.accounts.rules import device_of
from marketplace.accounts.signing_out import LASTS
from marketplace.journal.writing import note
from marketplace.kit import languages
from marketplace.kit.clock import now
from marketplace.kit.codes import secret
from marketplace.kit.db import db, get, transaction
from marketplace.kit.languages import _, said
from marketplace.kit.refusals import NotAllowed, Refused
from marketplace.kit.web import came_from
from marketplace.settings import settings

log = logging.getLogger(__name__)
P = ParamSpec("P")
View = Callable[P, ResponseReturnValue]
STAFF_SESSION = timedelta(hours=10)
"""A working day: a tablet left at the counter does not stay signed in overnight."""
SEEN_EACH = timedelta(hours=1)
"""How exactly the last visit of a browser is known."""
HERE, ROLES = "hiroba.visit", "hiroba.roles"
READS = {"GET", "HEAD", "OPTIONS"}


@dataclass(frozen=True)
class Visit:
    """The sign-in behind this request."""

    sign_in_id: int
    account_id: int
    way: Way
    began_at: datetime
    seen_at: datetime
    account: Account = field(repr=False)
    """Held, so that the database session need not look again."""


_SEEN = (SignIn.id, SignIn.account_id, SignIn.way, SignIn.began_at, SignIn.seen_at)
"""As the fields of Visit stand, before the account."""
_ALIVE = sa.select(*_SEEN, Account).join(Account)
_ALIVE = _ALIVE.where(SignIn.key_hash == sa.bindparam("key_hash"), SignIn.began_at > sa.bindparam("since"))
"""Built once, since every page of somebody signed in begins with it."""


class Claim(NamedTuple):
    """Whom the signed cookie names. Only a SignIn of this `key_hash` that began after `since` makes it true."""

    account_id: int
    key_hash: str
    since: datetime


class SignedOut(Refused):
    """The cookie names a sign-in that has ended."""

    code = "signed_out"
    status = 401
    message = "ログインの期限が切れました。もう一度ログインしてください。"


class WrongRole(NotAllowed):
    """Somebody of staff, at a page or an act of others: whose it is, so that they know whom to ask."""

    code = "wrong_role"

    def __init__(self, wanted: Set[Role]) -> None:
        roles = " / ".join(said(role.ja) for role in Role if role in wanted)
        super().__init__(_("%(roles)sの権限を持つ職員だけができます。権限は、管理の職員が渡します。", roles=roles))


def sign_in(account_id: int, way: Way = Way.CODE) -> None:
    """Give this browser a key of its own; what it was before is forgotten."""
    sign_out()
    device = device_of(request.user_agent.string)
    with transaction():
        cookie = open_sign_in(account_id, way, device)
        if roles_of(account_id):
            code = get(Account, account_id).code
            note(f"account:{code}", "sign_in", by=f"staff:{code}", way=str(way), device=device)
    session.update(cookie)
    session.permanent = True
    _agree_on_language(account_id)


def _agree_on_language(account_id: int) -> None:
    """What this browser chose counts, for letters too; where it has chosen none, what the person chose elsewhere."""
    wish = languages.chosen()
    if wish is not None:
        prefer(account_id, wish)
    else:
        preferred = get(Account, account_id).language
        after_this_request(lambda response: languages.keep(response, preferred))


def open_sign_in(account_id: int, way: Way = Way.CODE, device: str = "") -> dict[str, object]:
    """A new sign-in; what the cookie that means it must hold."""
    key, at = secret(), now()
    with transaction() as rows:
        rows.add(
            SignIn(
                key_hash=_hash(key),
                account_id=account_id,
                way=way,
                device=device,
                began_at=at,
                seen_at=_hour(at),
            )
        )
    return {"key": key, "account_id": account_id}


def sign_out() -> None:
    """This browser's sign-in ends on the server too: a copy of its cookie is worth nothing."""
    now_here = visit()
    if now_here is not None:
        with transaction() as rows:
            rows.execute(sa.delete(SignIn).where(SignIn.id == now_here.sign_in_id))
    session.clear()
    request.environ.pop(HERE, None)
    request.environ.pop(ROLES, None)


def visit() -> Visit | None:
    """The sign-in that the cookie names, if it still counts: one look by a unique index, which brings the account too,
    once for each request."""
    if HERE not in request.environ:
        request.environ[HERE] = _find(session["key"]) if "key" in session else None
    found: Visit | None = request.environ[HERE]
    return found


def _find(key: str) -> Visit | None:
    row = db.session.execute(_ALIVE, {"key_hash": _hash(key), "since": now() - LASTS}).first()
    return None if row is None else Visit(*row)


def claim() -> Claim | None:
    """For an act that asks for the sign-in in a statement of its own; everything else asks visitor_id()."""
    return Claim(session["account_id"], _hash(session["key"]), now() - LASTS) if "key" in session else None


def visitor_id() -> int | None:
    """The account id of whoever is signed in, or None."""
    here = visit()
    return here.account_id if here else None


def current_account() -> Account | None:
    """The person signed in, or None."""
    account_id = visitor_id()
    return db.session.get(Account, account_id) if account_id else None


def me() -> Account:
    """Whom signed_in() or staff() let in."""
    account = current_account()
    assert account is not None, "the door lets nobody else in"
    return account


def remember_visit(response: Response) -> Response:
    """Write the hour of this visit down, once an hour. A visit is no reason to fail."""
    here: Visit | None = request.environ.get(HERE)
    if here is not None and now() - here.seen_at >= SEEN_EACH:
        try:
            with transaction() as rows:
                rows.execute(sa.update(SignIn).where(SignIn.id == here.sign_in_id).values(seen_at=_hour(now())))
        except sa.exc.OperationalError:
            log.warning("the hour of a visit could not be written")
    return response


def roles_of(account_id: int) -> set[Role]:
    return set(db.session.scalars(sa.select(StaffRole.role).where(StaffRole.account_id == account_id)))


def my_roles() -> set[Role]:
    """Of whoever is signed in, looked up once for each request: a page of the desk asks for each link and button."""
    if ROLES not in request.environ:
        account_id = visitor_id()
        request.environ[ROLES] = roles_of(account_id) if account_id else set()
    found: set[Role] = request.environ[ROLES]
    return found


def _standing(account_id: int) -> tuple[set[Role], bool]:
    """The roles of who is signed in, and whether they have a passkey, in one look."""
    has_passkey = sa.exists().where(Passkey.account_id == account_id)
    rows = db.session.execute(sa.select(StaffRole.role, has_passkey).where(StaffRole.account_id == account_id)).all()
    have = request.environ[ROLES] = {row[0] for row in rows}
    return have, any(row[1] for row in rows)


def signed_in(view: View[P]) -> View[P]:
    """A page for people who signed in; others are sent to sign in and come back."""

    @wraps(view)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> ResponseReturnValue:
        if visit() is None:
            back = request.full_path.rstrip("?") if request.method == "GET" else (request.form.get("back") or "/mypage")
            door = url_for("accounts.ask", next=back)
            was_signed_in = request.method not in READS and "key" in session
            return (again(401, door=door) if was_signed_in else None) or redirect(door, 303)
        return view(*args, **kwargs)

    guarded.inside = True  # type: ignore[attr-defined]
    return guarded


def staff(*roles: str) -> Callable[[View[P]], View[P]]:
    """A page for staff who have one of `roles` (any role where none is named). Auditors open each, and change nothing:
    what is sent, not read, is for those who are named."""

    def guard(view: View[P]) -> View[P]:
        @wraps(view)
        def guarded(*args: P.args, **kwargs: P.kwargs) -> ResponseReturnValue:
            here = visit()
            if here is None or now() - here.began_at >= STAFF_SESSION:
                return _to_the_door()
            have, has_passkey = _standing(here.account_id)
            if not opens(guarded, have, request.method):
                raise WrongRole(_wanted(guarded)) if have else NotAllowed
            if here.way == Way.OUTSIDE:
                return _to_the_door()
            if has_passkey and here.way != Way.PASSKEY:
                return _to_the_door(passkey=1)
            if not has_passkey and (settings().staff_passkeys == "required" or here.way == Way.RECOVERY):
                return redirect(url_for("passkeys.index"), 303)
            return view(*args, **kwargs)

        guarded.inside = True  # type: ignore[attr-defined]
        guarded.roles = frozenset(Role(role) for role in roles)  # type: ignore[attr-defined]
        return guarded

    return guard


def _to_the_door(passkey: int | None = None) -> ResponseReturnValue:
    """To sign in and come back: to the page that was asked for, or to that from which something was sent, which is not
    done. A form that was opened in the morning is sent at night."""
    if request.method in READS:
        return redirect(url_for("accounts.ask", next=request.full_path.rstrip("?"), passkey=passkey), 303)
    door = url_for("accounts.ask", next=came_from("/staff"), passkey=passkey)
    if (page := again(401, door=door)) is not None:
        return page
    flash("ログインの期限が切れていたため、送ったものは保存していません。ログインして、もう一度お送りください。")
    return redirect(door, 303)


def the_door() -> str | None:
    """Where to sign in, for who is signed out at an address for those who signed in; else None."""
    view = current_app.view_functions.get(request.endpoint or "")
    inside = getattr(view, "inside", False) and visit() is None
    return url_for("accounts.ask", next=came_from("/mypage")) if inside else None


def opens(view: Callable[..., object], have: Set[Role], method: str = "GET") -> bool:
    """Whether somebody with the roles `have` may use a view that staff() guards."""
    if method in READS and Role.AUDITOR in have:
        return True
    return bool(have & _wanted(view))


def _wanted(view: Callable[..., object]) -> Set[Role]:
    roles: frozenset[Role] = view.roles  # type: ignore[attr-defined]
    return roles or set(Role) - {Role.AUDITOR}


def may_open(address: str, have: Set[Role], method: str = "GET") -> bool:
    """Whether what the desk has at `address` is for these roles: what a menu shows. True for what is unguarded."""
    endpoint, _ = current_app.url_map.bind("localhost").match(urlsplit(address).path, method)
    view = current_app.view_functions[endpoint]
    return not hasattr(view, "roles") or opens(view, have, method)


def _hash(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()


def _hour(moment: datetime) -> datetime:
    return moment.replace(minute=0, second=0, microsecond=0)
