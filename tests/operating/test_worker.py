"""The worker's threads: who waits for somebody outside, and who does not wait with them."""

from __future__ import annotations

import threading

import pytest
from flask import Flask

from marketplace import worker
from marketplace.kit import sheets
from marketplace.kit.db import transaction
from marketplace.outbox.promising import say
from tests.outbox.hearing import hearing
from tests.processes import eventually


def test_the_clock_goes_on_while_a_promise_waits_for_somebody_outside(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    turns: list[int] = []
    monkeypatch.setattr(sheets, "SHEETS", {"turn": sheets.Sheet("turn", 0.0, lambda: turns.append(1))})
    began, answered, stop = threading.Event(), threading.Event(), threading.Event()

    def ask() -> None:
        began.set()
        answered.wait()

    with hearing("tea.ready", ask):
        with transaction():
            say("tea.ready", key="monday")
        threads = [threading.Thread(target=each, args=(app, stop)) for each in (worker.tick, worker.sweep)]
        for thread in threads:
            thread.start()
        try:
            assert began.wait(timeout=60)
            before = len(turns)
            assert eventually(lambda: len(turns) >= before + 2)
        finally:
            answered.set()
            stop.set()
            for thread in threads:
                thread.join(timeout=60)
