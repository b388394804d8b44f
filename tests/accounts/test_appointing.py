from __future__ import annotations

from collections.abc import Callable
from types import NoneType

import pytest
import sqlalchemy as sa
from flask import Flask

from marketplace.accounts import appointing, recovering
from marketplace.accounts.appointing import appoint, confirm, give, leave, refuse, take, take_on
from marketplace.accounts.models import Account, Passkey, Role, RoleChange, SignIn
from marketplace.accounts.session import open_sign_in, roles_of
from marketplace.kit.clock import now
from marketplace.kit.db import db, get, transaction
from marketplace.kit.refusals import Invalid, NotAllowed, Refused, WrongState
from marketplace.notices.models import Notice
from tests import given
from tests.accounts.appointed import HANAKO, code, name_of, office, proposed, written
from tests.racing import at_once


def test_the_first_persons_of_an_office_are_appointed_from_outside(app: Flask) -> None:
    first = appoint(HANAKO, "山本 花子（主任）", ["drafter", "admin"])
    assert (get(Account, first).name, roles_of(first)) == ("山本 花子（主任）", {Role.DRAFTER, Role.ADMIN})
    assert appoint(HANAKO, "別の名前", ["admin"]) == first
    assert (get(Account, first).name, name_of(first)) == ("山本 花子（主任）", "山本 花子（主任）")
    assert written(first) == [
        ("give_role", "system", {"role": "admin"}),
        ("give_role", "system", {"role": "drafter"}),
    ]


@pytest.mark.parametrize("role", ["drafter", "counter", "auditor"])
def test_a_light_role_is_given_at_once(app: Flask, role: str) -> None:
    admin, _ = office()
    clerk = take_on(HANAKO, "山本 花子", Role(role), admin)
    assert roles_of(clerk) == {Role(role)}
    assert written(clerk) == [("give_role", code(admin), {"role": role})]
    letter = db.session.scalars(sa.select(Notice).where(Notice.to_email == HANAKO)).one()
    assert letter.subject == f"職員用の権限が変わりました（{Role(role).ja}）"


@pytest.mark.parametrize("role", ["approver", "treasury", "admin"])
def test_a_weighty_role_waits_for_a_second_person(app: Flask, role: str) -> None:
    admin, approver = office()
    clerk = take_on(HANAKO, "山本 花子", Role(role), admin)
    assert roles_of(clerk) == set()
    confirm(proposed(clerk), approver)
    assert roles_of(clerk) == {Role(role)}
    assert written(clerk) == [
        ("propose_role", code(admin), {"role": role}),
        ("give_role", code(approver), {"role": role}),
    ]


def test_neither_who_proposed_it_nor_who_gets_it_is_the_second_person(app: Flask) -> None:
    admin, approver = office()
    give(approver, Role.TREASURY, admin)
    for actor in (admin, approver):
        with pytest.raises(appointing.NotTheSamePerson):
            confirm(proposed(approver), actor)
    with pytest.raises(NotAllowed):
        confirm(proposed(approver), given.staff("drafter"))
    assert roles_of(approver) == {Role.APPROVER}


def test_the_database_wants_two_persons_too(app: Flask) -> None:
    admin, approver = office()
    give(approver, Role.TREASURY, admin)
    for alone in (admin, approver):
        with pytest.raises(sa.exc.IntegrityError):
            given_by(alone)


def given_by(alone: int) -> None:
    """As a mistake in our code would write it."""
    with transaction() as session:
        session.execute(sa.update(RoleChange).values(state="given", decided_by=alone, decided_at=now()))


def test_what_was_refused_is_not_given_later(app: Flask) -> None:
    admin, approver = office()
    clerk = take_on(HANAKO, "山本 花子", Role.TREASURY, admin)
    refuse(proposed(clerk), approver)
    with pytest.raises(WrongState):
        confirm(proposed(clerk), approver)
    assert roles_of(clerk) == set()
    assert give(clerk, Role.TREASURY, admin) is False


@pytest.mark.parametrize("act", ["give", "take", "leave"])
def test_only_an_administrator_gives_and_takes(app: Flask, act: str) -> None:
    _, approver = office()
    clerk = given.staff("drafter")
    acts: dict[str, Callable[[], object]] = {
        "give": lambda: give(clerk, Role.COUNTER, approver),
        "take": lambda: take(clerk, Role.DRAFTER, approver),
        "leave": lambda: leave(clerk, approver),
    }
    with pytest.raises(NotAllowed):
        acts[act]()
    assert roles_of(clerk) == {Role.DRAFTER}


def test_a_role_that_is_there_or_on_its_way_is_not_given_again(app: Flask) -> None:
    admin, _ = office()
    clerk = take_on(HANAKO, "山本 花子", Role.DRAFTER, admin)
    give(clerk, Role.APPROVER, admin)
    for role in (Role.DRAFTER, Role.APPROVER):
        with pytest.raises(appointing.HasRole):
            give(clerk, role, admin)


def test_an_auditor_has_no_other_role(app: Flask) -> None:
    admin, approver = office()
    clerk = take_on(HANAKO, "山本 花子", Role.APPROVER, admin)
    with pytest.raises(appointing.AuditorsDoNothingElse):
        give(clerk, Role.AUDITOR, admin)
    confirm(proposed(clerk), approver)
    with pytest.raises(appointing.AuditorsDoNothingElse):
        give(clerk, Role.AUDITOR, admin)
    with pytest.raises(appointing.AuditorsDoNothingElse):
        appoint(HANAKO, "", ["auditor"])
    with pytest.raises(appointing.AuditorsDoNothingElse):
        give(given.staff("auditor"), Role.DRAFTER, admin)


@pytest.mark.parametrize("name", ["", "　", "は" * 81])
def test_staff_have_a_name(app: Flask, name: str) -> None:
    admin, _ = office()
    with pytest.raises(Invalid) as refusal:
        take_on(HANAKO, name, Role.DRAFTER, admin)
    assert refusal.value.field == "name"


def test_the_last_administrator_stays(app: Flask) -> None:
    admin, _ = office()
    with pytest.raises(appointing.LastAdmin):
        take(admin, Role.ADMIN, admin)
    with pytest.raises(appointing.LastAdmin):
        leave(admin, admin)
    other = given.staff("admin", email=HANAKO)
    take(admin, Role.ADMIN, other)
    assert (roles_of(admin), roles_of(other)) == (set(), {Role.ADMIN})


def test_of_two_administrators_who_take_each_others_role_one_stays(app: Flask) -> None:
    first, second = given.staff("admin"), given.staff("admin", email=HANAKO)
    pairs = ((first, second), (second, first))

    def taking(number: int) -> None:
        actor, other = pairs[number]
        take(other, Role.ADMIN, actor)

    outcomes = at_once(app, 2, taking)
    assert sorted(type(each).__name__ for each in outcomes if isinstance(each, Refused)) in (
        ["LastAdmin"],
        ["NotAllowed"],
    )
    assert len(roles_of(first) | roles_of(second)) == 1


@pytest.mark.parametrize("act", ["give", "confirm", "recover"])
def test_two_who_act_on_each_other_at_once_do_not_wait_for_each_other(app: Flask, act: str) -> None:
    for n in range(4):
        first, second = (given.staff("admin", "approver", email=f"{n}-{who}@town.example.jp") for who in ("a", "b"))
        pairs = ((first, second), (second, first))
        changes = {}
        if act == "confirm":
            for account in (first, second):
                give(account, Role.TREASURY, office()[0])
                changes[account] = proposed(account)

        def acting(number: int, pairs: tuple[tuple[int, int], ...] = pairs, changes: dict[int, int] = changes) -> None:
            actor, other = pairs[number]
            match act:
                case "give":
                    give(other, Role.TREASURY, actor)
                case "confirm":
                    confirm(changes[other], actor)
                case "recover":
                    recovering.ask(other, actor)

        assert {type(each) for each in at_once(app, 2, acting)} <= {bool, int, NoneType}


def test_two_second_persons_at_once_give_the_role_once(app: Flask) -> None:
    admin, approver = office()
    another = given.staff("approver", email="another@town.example.jp")
    clerk = take_on(HANAKO, "山本 花子", Role.TREASURY, admin)
    change = proposed(clerk)

    def confirming(number: int) -> None:
        confirm(change, (approver, another)[number])

    outcomes = at_once(app, 2, confirming)
    assert sum(isinstance(each, WrongState) for each in outcomes) == 1
    assert [event for event, _, _ in written(clerk)] == ["propose_role", "give_role"]


def test_who_leaves_has_nothing_left_at_once(app: Flask) -> None:
    admin, approver = office()
    clerk = given.staff("drafter", "treasury")
    give(clerk, Role.APPROVER, admin)
    for _ in range(3):
        open_sign_in(clerk)
    with transaction() as session:
        key = {"credential_id": "AA", "public_key": b"", "name": "端末", "registered_at": now()}
        session.add(Passkey(account_id=clerk, sign_count=0, **key))
    leave(clerk, admin)
    assert roles_of(clerk) == set()
    assert [db.session.scalar(sa.select(sa.func.count()).select_from(table)) for table in (SignIn, Passkey)] == [0, 0]
    with pytest.raises(WrongState):
        confirm(proposed(clerk), approver)
    assert [event for event, _, _ in written(clerk)] == [
        "propose_role",
        "take_role",
        "take_role",
        "end_sign_ins",
        "remove_passkey",
        "leave_office",
    ]


def test_nobody_gives_themselves_a_role_alone(app: Flask) -> None:
    admin, approver = office()
    assert give(admin, Role.COUNTER, admin) is False
    assert roles_of(admin) == {Role.ADMIN}
    with pytest.raises(appointing.NotTheSamePerson):
        confirm(proposed(admin), admin)
    confirm(proposed(admin), approver)
    assert roles_of(admin) == {Role.ADMIN, Role.COUNTER}


def test_who_approves_makes_no_drafter_alone(app: Flask) -> None:
    """Else the one person is two: the drafter has an address of their own, and the same hands."""
    both, other = given.staff("admin", "approver"), given.staff("admin")
    clerk = take_on(HANAKO, "山本 花子", Role.DRAFTER, both)
    assert roles_of(clerk) == set()
    confirm(proposed(clerk), other)
    assert roles_of(clerk) == {Role.DRAFTER}
    give(clerk, Role.COUNTER, both)
    confirm(proposed(clerk), given.staff("treasury"))  # the third of an office of three
    assert roles_of(clerk) == {Role.DRAFTER, Role.COUNTER}


def test_what_an_administrator_proposed_goes_with_the_role(app: Flask) -> None:
    """Whoever was one for an hour leaves nothing behind that a colleague confirms unawares."""
    admin, approver = office()
    for_an_hour = given.staff("admin", "counter")
    clerk = take_on(HANAKO, "山本 花子", Role.TREASURY, for_an_hour)
    take(for_an_hour, Role.ADMIN, admin)
    with pytest.raises(WrongState):
        confirm(proposed(clerk), approver)
    assert roles_of(clerk) == set()


def test_who_loses_the_last_role_is_signed_out_and_taking_twice_is_taking_once(app: Flask) -> None:
    admin, _ = office()
    clerk = given.staff("drafter", "counter")
    open_sign_in(clerk)
    take(clerk, Role.COUNTER, admin)
    assert db.session.scalar(sa.select(sa.func.count()).select_from(SignIn)) == 1
    take(clerk, Role.DRAFTER, admin)
    take(clerk, Role.DRAFTER, admin)
    assert db.session.scalar(sa.select(sa.func.count()).select_from(SignIn)) == 0
    assert [event for event, _, _ in written(clerk)] == ["take_role", "take_role", "end_sign_ins"]
