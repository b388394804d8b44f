from __future__ import annotations

import pytest
import time_machine
from flask import Flask
from limits import parse

from marketplace.kit.limits import Limiter, Memory, Shared, TooOften
from tests.local_chain import free_port


def test_so_many_in_so_long_and_then_again_when_the_first_is_old_enough() -> None:
    memory, window = Memory(), parse("3/minute")
    with time_machine.travel(0, tick=False) as clock:
        assert [memory.hit(window, "bid", "a") for _ in range(4)] == [True, True, True, False]
        assert memory.hit(window, "bid", "b")
        assert memory.hit(window, "ask", "a")
        clock.shift(59)
        assert not memory.hit(window, "bid", "a")
        clock.shift(2)
        assert memory.hit(window, "bid", "a")


def test_only_the_newest_visitors_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Memory, "MOST", 2)
    memory, window = Memory(), parse("1/minute")
    assert [memory.hit(window, who) for who in "abc"] == [True, True, True]
    assert [memory.hit(window, who) for who in "bca"] == [False, False, True]


def test_while_the_server_that_counts_is_silent_each_process_counts_for_itself() -> None:
    """A sale does not stop for it, and nobody guesses in peace."""
    counted, window = Shared(f"redis://127.0.0.1:{free_port()}/0"), parse("3/minute")
    assert [counted.hit(window, "bid", "a") for _ in range(4)] == [True, True, True, False]


@pytest.fixture
def limited() -> Flask:
    app, limiter, person = Flask("limited"), Limiter(), ["a"]
    limiter.init_app(app, "memory://")
    app.register_error_handler(TooOften, lambda refusal: (str(refusal), refusal.status))
    app.config["person"] = person

    @app.route("/page", methods=["GET", "POST"])
    @limiter.limit(lambda: "2/minute", methods=["POST"], key_func=lambda: person[0])
    def page() -> str:
        return "here"

    return app


def test_a_view_is_limited_by_its_rate_for_each_who_asks(limited: Flask) -> None:
    client = limited.test_client()
    assert [client.post("/page").status_code for _ in range(3)] == [200, 200, 429]
    limited.config["person"][0] = "b"
    assert client.post("/page").status_code == 200


def test_methods_that_are_not_named_are_not_counted(limited: Flask) -> None:
    client = limited.test_client()
    assert {client.get("/page").status_code for _ in range(5)} == {200}


@pytest.mark.parametrize(("window", "told"), [("2/minute", "1分ほど"), ("20/hour", "1時間ほど")])
def test_who_is_stopped_reads_how_long_the_window_is(window: str, told: str) -> None:
    assert f"{told}待ってから" in str(TooOften(parse(window).get_expiry()))
