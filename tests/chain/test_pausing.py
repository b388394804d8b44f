"""The contracts are stopped and started again: what waits meanwhile needs nobody."""

from collections.abc import Callable

import pytest
import sqlalchemy as sa
from flask import Flask

from marketplace.chain import contract, lanes, pausing, register, sending
from marketplace.chain.models import Call, CallState, Contract, Lane
from marketplace.journal.models import Entry
from marketplace.kit.clock import now
from marketplace.kit.db import db, transaction
from marketplace.settings import Settings
from tests.chain import given
from tests.chain.typed import command
from tests.racing import at_once

MINED, QUEUED, SENT = CallState.MINED, CallState.QUEUED, CallState.SENT
ALL = ["ResaleMarket", "RightsToken", "UsageRegistry"]


def done(act: Callable[[pausing.Told], None]) -> list[str]:
    """What is told meanwhile."""
    said: list[str] = []
    act(said.append)
    return said


def paused() -> list[str]:
    """By the contracts' own word."""
    return sorted(name for name in contract.STOPPED if pausing.is_paused(name))


def test_all_three_stop_and_go_on_as_often_as_one_likes(deployed: Flask) -> None:
    for _ in range(2):
        assert done(pausing.pause) == [f"{name}: paused" for name in contract.STOPPED]
        assert (paused(), register.paused()) == (ALL, ALL)
        assert done(pausing.unpause) == [f"{name}: goes on" for name in contract.STOPPED]
        assert (paused(), register.paused()) == ([], [])
    events = sa.select(Entry.event).where(Entry.subject == "chain:contracts").order_by(Entry.id)
    assert list(db.session.scalars(events)) == ["pause_contracts", "unpause_contracts"] * 2


def test_both_are_typed(deployed: Flask, settings: Settings) -> None:
    for word, said in (("pause", "paused"), ("unpause", "goes on")):
        with command(settings, word) as typed:
            told, wrong = typed.communicate(timeout=120)
        assert (typed.returncode, told.splitlines(), wrong) == (0, [f"{name}: {said}" for name in contract.STOPPED], "")


def test_done_twice_it_is_as_done_once(deployed: Flask) -> None:
    for act in (pausing.pause, pausing.pause, pausing.unpause, pausing.unpause):
        done(act)
    keys = sa.select(Call.key).where(Call.key.contains("pause:")).order_by(Call.id)
    assert [key.split(":")[0] for key in db.session.scalars(keys)] == ["pause"] * 3 + ["unpause"] * 3
    assert paused() == []


def test_two_who_stop_them_at_once_stop_them_once(deployed: Flask) -> None:
    assert at_once(deployed, 2, lambda _: done(pausing.pause)) == [[f"{name}: paused" for name in contract.STOPPED]] * 2
    keys = sa.select(Call.key).where(Call.key.startswith("pause:"))
    assert (paused(), len(db.session.scalars(keys).all())) == (ALL, 3)


def test_what_would_be_refused_waits_without_an_attempt_and_goes_out_by_itself(deployed: Flask) -> None:
    given.a_series()
    sending.work()
    done(pausing.pause)
    given.an_issue(1)
    given.a_series(2)
    for _ in range(4):
        sending.work()
    assert given.calls() == {"series:1": MINED, "issue:1:1": QUEUED, "series:2": MINED}
    assert db.session.scalar(sa.select(Call.attempts).where(Call.key == "issue:1:1")) == 0
    done(pausing.unpause)
    given.all_settled()
    assert (given.issued(), register.parked()) == ([1], [])


def test_what_was_on_its_way_is_refused_once_and_waits_too(deployed: Flask) -> None:
    given.a_series()
    sending.work()
    given.an_issue(1)
    with lanes.held(60) as held:
        sending._sign(held)
    with transaction() as session:  # what was signed before reaches the chain after the pause
        session.execute(sa.update(Lane).where(Lane.role == "issuer").values(lease_by="slow", lease_until=9e9))
    done(pausing.pause)
    with transaction() as session:
        session.execute(sa.update(Lane).values(lease_by=None, lease_until=None))
    for _ in range(4):
        sending.work()
    query = sa.select(Call.state, Call.attempts, Call.error).where(Call.key == "issue:1:1")
    assert db.session.execute(query).one() == (QUEUED, 1, "EnforcedPause()")
    done(pausing.unpause)
    with transaction() as session:
        session.execute(sa.update(Call).values(wait_until=None))
    given.all_settled()
    assert given.issued() == [1]


@pytest.mark.parametrize("act", [pausing.pause, pausing.unpause])
def test_who_died_before_it_was_done_goes_on(deployed: Flask, act: Callable[[pausing.Told], None]) -> None:
    """What was promised, and is not mined, is waited for; what was held back for it goes on with it."""
    wanted = act is pausing.pause
    if not wanted:
        done(pausing.pause)
    with transaction() as session:
        session.execute(sa.update(Contract).values(paused_at=now()))
        for name in contract.STOPPED:
            key = pausing._key(act.__name__, name)
            sending.promise(key, "pauser" if wanted else "town", name, act.__name__, [])
    done(act)
    assert (paused() == ALL, register.paused() != []) == (wanted, wanted)
    assert db.session.scalar(sa.select(sa.func.count()).where(Call.function == act.__name__)) == 3


def test_what_is_held_back_are_functions_of_the_contracts() -> None:
    for name, acts in contract.STOPPED.items():
        assert set(acts) - contract.artifact(name).functions.keys() == set()
        assert {"pause", "unpause", "paused"} - contract.artifact(name).functions.keys() == set()
