"""Whoever works here no more has no way in, and whoever begins has none from before."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from flask import Flask

from marketplace.accounts import recovering
from marketplace.accounts.appointing import confirm, give, leave, take, take_on
from marketplace.accounts.models import Passkey, Recovery, RecoveryState, Role, SignIn
from marketplace.accounts.session import open_sign_in, roles_of
from marketplace.accounts.signing_in import account_of
from marketplace.kit.clock import now
from marketplace.kit.db import db, get, transaction
from tests import given
from tests.accounts.appointed import HANAKO, office, proposed


def a_passkey(account_id: int, credential_id: str = "AA") -> None:
    key = {"credential_id": credential_id, "public_key": b"", "name": "端末", "registered_at": now()}
    with transaction() as session:
        session.add(Passkey(account_id=account_id, sign_count=0, **key))


def ways_in(account_id: int) -> list[int]:
    """How many sign-ins and passkeys there are of an account."""
    of_it = [sa.select(sa.func.count()).where(table.account_id == account_id) for table in (SignIn, Passkey)]
    return [db.session.scalar(each) or 0 for each in of_it]


def test_the_last_role_takes_the_keys_along(app: Flask) -> None:
    admin, _ = office()
    clerk = given.staff("drafter", "counter")
    a_passkey(clerk)
    open_sign_in(clerk)
    take(clerk, Role.COUNTER, admin)
    assert ways_in(clerk) == [1, 1]
    take(clerk, Role.DRAFTER, admin)
    assert ways_in(clerk) == [0, 0]


@pytest.mark.parametrize("role", [Role.DRAFTER, Role.TREASURY])
def test_whoever_had_the_mailbox_until_yesterday_has_no_way_in_today(app: Flask, role: Role) -> None:
    """The clerk who left signed in once more in the evening, with the mailbox that is her successor's tomorrow."""
    admin, approver = office()
    successor = account_of(HANAKO)
    a_passkey(successor)
    open_sign_in(successor)
    take_on(HANAKO, "小林 二郎", role, admin)
    if role is Role.TREASURY:
        assert ways_in(successor) == [1, 1]
        confirm(proposed(successor), approver)
    assert (roles_of(successor), ways_in(successor)) == ({role}, [0, 0])
    open_sign_in(successor)
    give(successor, Role.COUNTER, admin)
    assert ways_in(successor) == [1, 0]


def test_a_link_for_a_new_key_is_worth_nothing_to_who_left(app: Flask) -> None:
    admin, approver = office()
    clerk = given.staff("drafter")
    recovery = recovering.ask(clerk, admin)
    recovering.confirm(recovery, approver)
    leave(clerk, admin)
    assert get(Recovery, recovery).state == RecoveryState.WITHDRAWN
