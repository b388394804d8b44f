"""Who works here and may do what: roles are given and taken by an administrator; weighty ones need a second person.

Who begins to work here begins without a key, and nobody keeps one who works here no more: a mailbox of the office may
be the next one's.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable

import sqlalchemy as sa

from marketplace.accounts import recovering
from marketplace.accounts.holding import hold
from marketplace.accounts.locking_out import lock_out
from marketplace.accounts.models import WEIGHTY, Account, ChangeState, Role, RoleChange, StaffRole
from marketplace.accounts.names import call, names_given
from marketplace.accounts.signing_in import account_of
from marketplace.journal.writing import SYSTEM, move, note
from marketplace.kit.clock import now
from marketplace.kit.db import db, get, insert_once, lock, transaction, writing
from marketplace.kit.names import plain
from marketplace.kit.refusals import Invalid, NotAllowed, Refused, TooLong
from marketplace.notices.sending import send

MAY_CONFIRM = WEIGHTY
"""Whose own role two persons gave. In an office of three the head of section appoints, and the treasury confirms."""


class LastAdmin(Refused):
    code = "last_admin"
    message = "管理の権限を持つ職員がいなくなってしまいます。先に、ほかの職員に管理の権限を渡してください。"


class AuditorsDoNothingElse(Invalid):
    """An auditor of a town may not be one of its employees: 地方自治法196条3項."""

    code = "auditors_do_nothing_else"
    message = "監査は、ほかの権限と兼ねられません（地方自治法196条3項の考え方によります）。"


class NotTheSamePerson(Refused):
    code = "not_the_same_person"
    message = "申し出た人と、権限を受け取る本人は、確認できません。ほかの職員にお願いしてください。"


class AnotherName(Invalid):
    """What is written down of an account stays with its address: who approved, who asked."""

    code = "another_name"

    def __init__(self, name: str) -> None:
        super().__init__(
            f"このアドレスでは、前に「{name}」さんが働いていました。同じ方なら、その名前で加えてから変えてください。"
            "前の方から引きついだアドレスなら、その方だけのアドレスにしてください。"
            "だれが承認したかの記録が、混ざってしまいます。",
            field="name",
        )


class HasRole(Invalid):
    code = "has_role"
    message = "この権限は、すでに渡してあるか、確認を待っています。"


def appoint(email: str, name: str, roles: Iterable[Role | str]) -> int:
    """Staff from outside the site, by whoever runs the server: the first persons of an office. The account's id.

    Who works here keeps the name that they have. NotAnAddress, AnotherName, NameOfAnother, Invalid.
    """
    called = _short(name)
    with transaction():
        account_id = account_of(email)
        account = lock(Account, account_id)
        _call(account, "" if _held(account_id) else called)
        for role in sorted(map(Role, roles)):
            _check_auditor(_held(account_id) - {role}, role)
            _give(account, role, SYSTEM)
        return account_id


def take_on(email: str, name: str, role: Role, actor_id: int) -> int:
    """An administrator makes somebody staff with a first role, see give(). The account's id.

    NotAnAddress, AnotherName, NameOfAnother, Invalid.
    """
    called = _checked(name)
    with transaction():
        account_id = account_of(email)
        _call(hold(account_id, actor_id), called)
        give(account_id, role, actor_id)
        return account_id


def _call(account: Account, name: str) -> None:
    """Whoever comes back is who they were, and may find another who is called so by now. AnotherName, NameOfAnother."""
    before = names_given(account.id)
    if before and name and plain(before[-1].name) != plain(name):
        raise AnotherName(before[-1].name)
    account.name = account.name or name
    if now_called := before[-1].name if before else name or account.name:
        call(account.id, now_called)


def rename(account_id: int, name: str, actor_id: int) -> None:
    """Somebody is called otherwise from now on, by marriage or by office; what they were called stays to be read.

    NameOfAnother, NotAllowed, Invalid.
    """
    called = _checked(name)
    with transaction():
        account, by = hold(account_id, actor_id), _actor(actor_id, Role.ADMIN)
        if not _held(account_id):
            raise NotAllowed
        if call(account_id, called):
            note(f"account:{account.code}", "rename_staff", by=by)


def _checked(name: str) -> str:
    """As it is kept. Invalid for none."""
    called = _short(name)
    if not called:
        raise Invalid("名前を入力してください。", field="name")
    return called


def _short(name: str) -> str:
    called = unicodedata.normalize("NFC", name).strip()
    if len(called) > 80:
        raise TooLong(80, field="name")
    return called


def give(account_id: int, role: Role, actor_id: int) -> bool:
    """Give a role at once, or propose it, and it waits for confirm(). True where it was given.

    Proposed is a weighty one, any that somebody gives themselves, and any that an approver gives: else who approves
    could be the one who drafts, too, under another address. HasRole, AuditorsDoNothingElse, NotAllowed.
    """
    with transaction() as session:
        account, by = hold(account_id, actor_id), _actor(actor_id, Role.ADMIN)
        have = _held(account_id)
        open_ = sa.select(RoleChange.role).where(
            RoleChange.account_id == account_id, RoleChange.state == ChangeState.PROPOSED
        )
        waiting = set(session.scalars(open_))
        if role in have | waiting:
            raise HasRole(field="role")
        _check_auditor(have | waiting, role)
        if role not in WEIGHTY and account_id != actor_id and Role.APPROVER not in _held(actor_id):
            _give(account, role, by)
            return True
        session.add(
            RoleChange(
                account_id=account_id, role=role, state=ChangeState.PROPOSED, proposed_by=actor_id, proposed_at=now()
            )
        )
        note(f"account:{account.code}", "propose_role", by=by, role=str(role))
        return False


def confirm(change_id: int, actor_id: int) -> None:
    """A second person has looked: the proposed role is given. NotTheSamePerson, NotAllowed, WrongState."""
    with transaction():
        change, account, by = _decide(change_id, actor_id)
        _check_auditor(_held(account.id), change.role)
        _settle(change, "confirm_role", actor_id, by)
        _give(account, change.role, by)


def refuse(change_id: int, actor_id: int) -> None:
    """The role is not given after all. NotTheSamePerson, NotAllowed, WrongState."""
    with transaction():
        change, _account, by = _decide(change_id, actor_id)
        _settle(change, "refuse_role", actor_id, by)


def take(account_id: int, role: Role, actor_id: int) -> None:
    """Take a role away: what the person opens next is refused, and with the last one go keys and sign-ins; with that of
    an administrator what they proposed. Taking twice is taking once. LastAdmin, NotAllowed."""
    with transaction():
        account, by = hold(account_id, actor_id), _actor(actor_id, Role.ADMIN)
        if role is Role.ADMIN:
            _check_another_admin(account_id)
            _withdraw(RoleChange.proposed_by == account_id, actor_id, by)
        if _drop(account, {role}, by) and not _held(account_id):
            _lock_out(account, by)


def leave(account_id: int, actor_id: int) -> None:
    """Somebody leaves the office: without roles, keys and sign-ins at once, everywhere. LastAdmin, NotAllowed."""
    with transaction():
        account, by = hold(account_id, actor_id), _actor(actor_id, Role.ADMIN)
        _check_another_admin(account_id)
        _drop(account, set(Role), by)
        _withdraw(sa.or_(RoleChange.account_id == account_id, RoleChange.proposed_by == account_id), actor_id, by)
        _lock_out(account, by)
        note(f"account:{account.code}", "leave_office", by=by)


def waiting() -> list[RoleChange]:
    """Roles that wait for a second person, the oldest first."""
    open_ = sa.select(RoleChange).where(RoleChange.state == ChangeState.PROPOSED)
    return list(db.session.scalars(open_.order_by(RoleChange.id)))


def may_confirm(change: RoleChange, account_id: int, have: set[Role]) -> bool:
    return bool(have & MAY_CONFIRM) and account_id not in (change.proposed_by, change.account_id)


def _decide(change_id: int, actor_id: int) -> tuple[RoleChange, Account, str]:
    """Both held, the account first, as everywhere; and who decides."""
    account = hold(get(RoleChange, change_id).account_id, actor_id)
    change = lock(RoleChange, change_id)
    if actor_id in (change.proposed_by, change.account_id):
        raise NotTheSamePerson
    return change, account, _actor(actor_id, *MAY_CONFIRM)


def _withdraw(which: sa.ColumnElement[bool], actor_id: int, by: str) -> None:
    """What still waits for a second person is not to be given any more."""
    waits = sa.select(RoleChange).where(which, RoleChange.state == ChangeState.PROPOSED).order_by(RoleChange.id)
    for change in db.session.scalars(waits.with_for_update()):
        _settle(change, "withdraw_role", actor_id, by)


def _settle(change: RoleChange, event: str, actor_id: int, by: str) -> None:
    change.decided_by, change.decided_at = actor_id, now()
    move(change, event, by=by, role=str(change.role))


def _give(account: Account, role: Role, by: str) -> None:
    assert writing()
    if not _held(account.id):
        _lock_out(account, by)
    if insert_once(StaffRole, {"account_id": account.id, "role": role}) is None:
        return
    note(f"account:{account.code}", "give_role", by=by, role=str(role))
    if by != SYSTEM:
        _tell(account, role, "渡されました")


def _lock_out(account: Account, by: str) -> None:
    """No sign-in, key or link to make one is left of whoever had the mailbox until now."""
    lock_out(account, by=by)
    recovering.drop(account.id, by=by)


def _drop(account: Account, roles: set[Role], by: str) -> list[Role]:
    gone = sa.delete(StaffRole).where(StaffRole.account_id == account.id, StaffRole.role.in_(roles))
    dropped = sorted(db.session.scalars(gone.returning(StaffRole.role)))
    for role in dropped:
        note(f"account:{account.code}", "take_role", by=by, role=str(role))
        _tell(account, role, "なくなりました")
    return dropped


def _tell(account: Account, role: Role, what: str) -> None:
    key = f"role:{account.code}:{role}:{what}:{now().timestamp()}"
    send("role_changed", account.email, key=key, role=role, what=what)


def _held(account_id: int) -> set[Role]:
    return set(db.session.scalars(sa.select(StaffRole.role).where(StaffRole.account_id == account_id)))


def _actor(actor_id: int, *roles: Role) -> str:
    """How the journal calls the actor, who has one of these roles at this moment. NotAllowed."""
    if not _held(actor_id) & set(roles):
        raise NotAllowed
    return f"staff:{get(Account, actor_id).code}"


def _check_another_admin(account_id: int) -> None:
    """LastAdmin, where nobody else could give roles. Two who take each other's leave one: the rows are held."""
    admins = sa.select(StaffRole.account_id).where(StaffRole.role == Role.ADMIN).order_by(StaffRole.id)
    held = list(db.session.scalars(admins.with_for_update()))
    if account_id in held and len(held) == 1:
        raise LastAdmin


def _check_auditor(have: set[Role], role: Role) -> None:
    if (role is Role.AUDITOR and have) or (role is not Role.AUDITOR and Role.AUDITOR in have):
        raise AuditorsDoNothingElse(field="role")
