"""Everything is killed, again and again, and in the end each right was issued exactly once.

`python -m benchmarks crash` does the same with 4,000 rights, more than a hundred deaths of senders and 15 of the chain.
"""

import sys

import pytest
from flask import Flask

from benchmarks.crash import Plan, run
from benchmarks.serving import free_port
from marketplace.chain import register
from marketplace.settings import Settings
from tests.local_chain import need_anvil

PLAN = Plan(rights=60, together=1, senders=2, death=0.03, deaths=2, kills=2, between=(0.7, 1.4), seconds=120)


@pytest.fixture
def settings(settings: Settings) -> Settings:
    need_anvil()
    url = f"http://127.0.0.1:{free_port()}"
    return settings.model_copy(update={"chain_url": url, "chain_id": 4_243, "chain_embedded": True})


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux takes the chain down with its keeper")
def test_each_right_is_issued_exactly_once_whoever_is_killed(app: Flask, settings: Settings) -> None:
    found = run(settings, PLAN, seed=7)
    expected = list(range(1_000_001, 1_000_001 + PLAN.rights))
    assert (sorted(found.issued), sorted(found.moved), found.strangers) == (expected, expected, 0)
    assert found.exact(PLAN) is True
    assert (found.deaths >= PLAN.deaths, found.kills) == (True, PLAN.kills)
    assert register.waiting() == 0
