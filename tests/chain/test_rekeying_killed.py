"""Whoever is killed while a key is replaced: it is run again and goes on, and each right is issued exactly once."""

import signal

import sqlalchemy as sa
from flask import Flask

from marketplace.chain import lanes, register, sending
from marketplace.chain.models import CallState, Lane, LaneState
from marketplace.kit.db import transaction
from marketplace.settings import Settings
from tests.chain import given
from tests.chain.mortal import Mortal
from tests.chain.typed import command

MINED = CallState.MINED


def states() -> list[LaneState]:
    return [state for state, _ in given.lanes_of("issuer")]


def test_killed_at_any_moment_and_run_again_it_goes_on(deployed: Flask, settings: Settings) -> None:
    given.a_series()
    sending.work()
    mortal = Mortal()
    moments, survived = 0, False
    while not survived:
        moments += 1
        given.an_issue(2 * moments)
        with lanes.held(60) as held:
            sending._sign(held)
        given.an_issue(2 * moments + 1)
        survived = mortal.survives(moments)
        with transaction() as session:  # the leases of the dead run out
            session.execute(sa.update(Lane).values(lease_until=0.0))
        done = [*[LaneState.RETIRED] * moments, LaneState.SERVING]
        if states() != done:
            given.rekey("issuer")
        assert states() == done
    given.all_settled()
    assert given.issued() == list(range(2, 2 * moments + 2))
    assert (set(given.calls().values()), register.parked()) == ({MINED}, [])
    signers = [signer for _, signer in given.lanes_of("issuer")]
    assert {signer for _, _, signer in given.who_may("issuer")} == {signers[-1]}
    assert len(list((settings.data_dir / "keys").glob("retired-issuer-*.json"))) == moments
    assert moments > 20  # or it has not died everywhere


def test_a_process_that_is_killed_is_followed_by_another_that_goes_on(deployed: Flask, settings: Settings) -> None:
    given.a_series()
    given.an_issue(1)
    with command(settings, "rekey", "issuer") as first:
        assert first.stdout is not None
        for line in first.stdout:
            if "signs from now on" in line:
                first.send_signal(signal.SIGKILL)
    assert (first.returncode, [state for state, _ in given.lanes_of("issuer")]) == (
        -signal.SIGKILL,
        [LaneState.LEAVING, LaneState.SERVING],
    )
    with command(settings, "rekey", "issuer") as second:
        said, wrong = second.communicate(timeout=120)
    [(_, old), (_, new)] = given.lanes_of("issuer")
    aside = settings.data_dir / "keys" / f"retired-issuer-{old}.json"
    assert (second.returncode, wrong, said.splitlines()[0], said.splitlines()[-1]) == (
        0,
        "",
        f"issuer: {new} signs from now on",
        f"issuer: done; the old key is kept at {aside}",
    )
    given.all_settled()
    assert (given.issued(), states()) == ([1], [LaneState.RETIRED, LaneState.SERVING])


def test_a_role_that_has_no_key_to_replace_is_refused_in_one_line(deployed: Flask, settings: Settings) -> None:
    with command(settings, "rekey", "town") as ended:
        said, wrong = ended.communicate(timeout=120)
    there_are = "anchorer, custodian, issuer, pauser, redeemer have one (docs/operate.md)"
    assert (ended.returncode, said, wrong) == (2, "", f"there is no key to replace for town: {there_are}\n")
