"""A backup from before a key was replaced is put back: the doctor says what to do, and what it says is enough."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask

from marketplace.chain import following, guarding, lanes, register, sending
from marketplace.chain.deploying import ROLES
from marketplace.chain.models import Call, CallState, LaneState
from marketplace.kit.db import db, transaction
from marketplace.operating import commands, restoring
from marketplace.operating.archive import Archive
from marketplace.operating.backing_up import back_up
from marketplace.settings import Settings
from tests.apps import another
from tests.chain import given
from tests.deployment import pointed
from tests.local_chain import LocalChain
from tests.operating.looked import findings

pytestmark = [pytest.mark.node, pytest.mark.usefixtures("deployed")]
WITHOUT = [("keys.no_role", who) for _, _, who in ROLES if who == "issuer"]
"""What is said of the issuer's key that has none of its roles any more."""
ANOTHER_HAS = [("keys.stray", role) for _, role in WITHOUT]
"""What is said of the key that came after it."""


@pytest.fixture
def chain(local_chain: LocalChain) -> LocalChain:
    return local_chain


@pytest.fixture
def settings(settings: Settings, chain: LocalChain) -> Settings:
    return pointed(settings, chain)


@pytest.fixture
def archive(app: Flask, settings: Settings, tmp_path: Path) -> Archive:
    """Of a town that has issued one right, has another on its way and a third one promised; keys and all. Afterwards
    all three are issued, the key is replaced, and a fourth is issued by the new one."""
    given.a_series()
    given.an_issue(1)
    given.all_settled()
    given.an_issue(2)
    with lanes.held(60) as held:
        sending._sign(held)
    given.an_issue(3)
    made = back_up(tmp_path / "backups", secrets=True)
    given.all_settled()
    given.rekey("issuer")
    given.an_issue(4)
    given.all_settled()
    db.session.remove()
    return made


def restored(archive: Archive, where: Settings) -> None:
    assert commands.restore(archive, where.data_dir, lambda _table: None) == 0


def told() -> list[tuple[str, str]]:
    """What is said of the keys, and of which role."""
    return [(each.fault.code, str(each.seen["role"])) for each in findings("keys", deep=True)]


def strays() -> set[str]:
    """Who has a role and is none of the keys in these books, by what was read of the chain."""
    return {str(each.seen["address"]) for each in findings("keys") if each.fault.code == "keys.stray"}


def who_serves() -> str:
    [signer] = [signer for state, signer in given.lanes_of("issuer") if state == LaneState.SERVING]
    return signer


def as_it_should_be(signers: set[str]) -> None:
    """Each right is there once, no call is open or given up, and the doctor has nothing to say."""
    given.all_settled()
    assert given.issued() == [1, 2, 3, 4]
    assert (set(given.calls().values()), register.parked()) == ({CallState.MINED}, [])
    assert (told(), guarding.misused()) == ([], [])
    assert {signer for _, _, signer in given.who_may("issuer")} == signers


def test_with_the_keys_of_today_the_new_key_is_taken_again(
    archive: Archive, settings: Settings, elsewhere: Settings
) -> None:
    new = who_serves()
    db.session.remove()
    with another(elsewhere):
        restored(archive, elsewhere)
        shutil.rmtree(elsewhere.data_dir / "keys")
        shutil.copytree(settings.data_dir / "keys", elsewhere.data_dir / "keys")
        following.follow_once()
        assert (told(), strays()) == ([("keys.missing", "issuer"), *ANOTHER_HAS, *WITHOUT], {new})
        given.rekey("issuer")
        assert who_serves() == new
        as_it_should_be({new})


def test_with_the_keys_of_then_another_one_is_made(archive: Archive, elsewhere: Settings) -> None:
    lost = who_serves()
    db.session.remove()
    with another(elsewhere):
        restored(archive, elsewhere)
        following.follow_once()
        assert (told(), strays()) == ([*ANOTHER_HAS, *WITHOUT], {lost})
        given.rekey("issuer")
        assert who_serves() != lost
        assert [given.has(name, power, lost) for name, power, who in ROLES if who == "issuer"] == [False, False]
        as_it_should_be({who_serves()})


def test_a_worker_that_was_started_too_soon_loses_nothing(archive: Archive, elsewhere: Settings) -> None:
    """What it asked for with the old key was refused, and waits for staff at /staff/outbox."""
    with another(elsewhere):
        restored(archive, elsewhere)
        while not register.parked():
            sending.work()
            with transaction() as session:
                session.execute(sa.update(Call).values(wait_until=None))
        assert {call.key for call in register.parked()} == {"issue:1:3"}
        following.follow_once()
        given.rekey("issuer")
        sending.retry("issue:1:3", "staff:ACC-1")
        as_it_should_be({who_serves()})


def test_without_a_replaced_key_nothing_needs_to_be_done(
    app: Flask, settings: Settings, tmp_path: Path, elsewhere: Settings
) -> None:
    given.a_series()
    given.an_issue(1)
    given.all_settled()
    made = back_up(tmp_path / "backups", secrets=True)
    for serial in (2, 3, 4):
        given.an_issue(serial)
        given.all_settled()
    db.session.remove()
    with another(elsewhere):
        restored(made, elsewhere)
        assert told() == []
        given.an_issue(5)
        given.all_settled()
        assert (given.issued(), register.parked(), guarding.misused()) == ([1, 2, 3, 4, 5], [], [])


def test_a_database_that_was_put_back_by_other_means_looks_stolen_from_until_somebody_vouches_for_it(
    archive: Archive, elsewhere: Settings
) -> None:
    with another(elsewhere):
        restoring.restore_files(archive, elsewhere.data_dir)
        assert restoring.restore_database(archive) == []
        assert told() == [("keys.misused", "issuer"), ("keys.misused", "town"), *WITHOUT]
        for role in ("issuer", "town"):
            guarding.vouch(role, lambda _line: None)
        assert told() == WITHOUT
        following.follow_once()
        given.rekey("issuer")
        as_it_should_be({who_serves()})
