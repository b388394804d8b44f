"""The town in figures: who may read them, what they count, and that all web processes count together."""

from __future__ import annotations

import os
import threading
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from marketplace.chain.models import Cursor
from marketplace.kit.clock import now
from marketplace.kit.db import transaction
from marketplace.operating.backing_up import back_up
from marketplace.operating.faults import found
from marketplace.operating.measuring import BUCKETS, Requests
from marketplace.operating.watching import write
from marketplace.outbox.models import Message
from marketplace.settings import Settings
from tests import given
from tests.apps import another
from tests.chainlogs import Chain, deploy
from tests.operating.looked import changed
from tests.resale.stage import held_token

ELSEWHERE = {"REMOTE_ADDR": "203.0.113.7"}


def figures(client: FlaskClient) -> dict[str, float]:
    lines = client.get("/metrics").text.splitlines()
    return {name: float(value) for name, _, value in (line.rpartition(" ") for line in lines if line[0] != "#")}


def test_this_machine_reads_them_and_nobody_else_does(client: FlaskClient) -> None:
    assert client.get("/metrics").status_code == 200
    assert client.get("/metrics", environ_overrides=ELSEWHERE).status_code == 403


@pytest.mark.parametrize("header", ["X-Forwarded-For", "X-Real-IP", "Forwarded"])
def test_a_proxy_on_this_machine_does_not_make_its_visitors_local(client: FlaskClient, header: str) -> None:
    assert client.get("/metrics", headers={header: "127.0.0.1"}).status_code == 403


@pytest.mark.parametrize(
    ("shown", "status"), [("Bearer right", 200), ("Bearer wrong", 403), ("right", 403), ("", 403), ("Bearer é", 403)]
)
def test_with_a_token_only_who_has_it_reads_them(app: Flask, settings: Settings, shown: str, status: int) -> None:
    with another(changed(settings, metrics_token="right")) as guarded:
        answer = guarded.test_client().get(
            "/metrics", headers={"Authorization": shown.encode().decode("latin-1")}, environ_overrides=ELSEWHERE
        )
    assert answer.status_code == status


def test_the_figures_count_each_state(app: Flask, client: FlaskClient, settings: Settings) -> None:
    deploy()
    listing_id = given.a_listing()
    for serial in (1, 2, 3):
        held_token(Chain(), given.an_account(), listing_id, serial)
    at = now()
    with transaction() as session:
        session.add(Cursor(chain_id=706_123, block=7, head=9, read_at=at))
        session.execute(sa.delete(Message))
        for key, error, parked, done in (
            ("a", None, None, None),
            ("b", "late", None, None),
            ("c", "dead", at, None),
            ("d", None, None, at),
        ):
            moments = {"said_at": at, "due_at": at + timedelta(days=365), "parked_at": parked, "done_at": done}
            session.add(Message(topic="t", handler="h", key=key, body={}, attempts=0, error=error, **moments))
    write([found("disk.low"), found("chain.no_answer")])
    back_up(settings.backups)
    seen = figures(client)
    wanted = {
        'hiroba_listings{state="open"}': 1,
        'hiroba_tokens{state="held"}': 3,
        'hiroba_tokens{state="issuing"}': 0,
        'hiroba_orders{state="paid"}': 0,
        'hiroba_outbox{state="open"}': 2,
        'hiroba_outbox{state="late"}': 1,
        'hiroba_outbox{state="parked"}': 1,
        "hiroba_outbox_overdue_seconds": 0,
        "hiroba_chain_lag_blocks": 2,
        "hiroba_chain_head_block": 9,
        'hiroba_chain_calls{state="waiting"}': 4,
        'hiroba_chain_calls{state="parked"}': 0,
        'hiroba_troubles{grade="warn"}': 1,
        'hiroba_troubles{grade="bad"}': 1,
    }
    assert {name: seen[name] for name in wanted} == wanted
    assert 0 <= seen["hiroba_backup_age_seconds"] < 600
    assert 0 <= seen["hiroba_watch_seconds"] < 600


def test_they_are_in_prometheus_form(client: FlaskClient) -> None:
    client.get("/")
    answer = client.get("/metrics")
    lines = answer.text.splitlines()
    kinds = dict(line.split()[2:4] for line in lines if line.startswith("# TYPE"))
    named = {line.split("{")[0].split()[0] for line in lines if not line.startswith("#")}
    histograms = {
        f"{name}{end}" for name, kind in kinds.items() if kind == "histogram" for end in ("_bucket", "_sum", "_count")
    }
    plain = {name for name, kind in kinds.items() if kind != "histogram"}
    assert (answer.content_type, named) == ("text/plain; version=0.0.4; charset=utf-8", plain | histograms)


def test_requests_are_counted_by_the_office_that_answered(client: FlaskClient) -> None:
    for path in ("/", "/", "/nothing/here", "/api/v1/status"):
        client.get(path)
    seen = figures(client)
    counted = {name: value for name, value in seen.items() if name.startswith("hiroba_requests_total") and value}
    assert counted == {
        'hiroba_requests_total{office="storefront",status="2xx"}': 2,
        'hiroba_requests_total{office="none",status="4xx"}': 1,
        'hiroba_requests_total{office="api",status="2xx"}': 1,
    }
    assert seen['hiroba_request_seconds_bucket{office="storefront",le="+Inf"}'] == 2
    assert 0 < seen['hiroba_request_seconds_sum{office="storefront"}'] < 60


class TestCounting:
    @pytest.fixture
    def place(self, tmp_path: Path) -> Path:
        return tmp_path / "measures"

    def test_the_buckets_are_cumulative(self, place: Path) -> None:
        requests = Requests(place, ["a", "b"])
        for seconds in (0.001, 0.005, 0.03, 0.03, 7.0, 100.0):
            requests.answered("b", 200, seconds)
        (buckets, total, statuses) = requests.found()["b"]
        assert (dict(zip(BUCKETS, buckets, strict=True))[0.005], buckets[-1]) == (2, 5)
        assert (round(total, 3), statuses["2xx"], list(requests.found())) == (107.066, 6, ["b"])
        assert buckets == sorted(buckets)

    def test_threads_lose_nothing(self, place: Path) -> None:
        requests = Requests(place, ["a"])

        def answer() -> None:
            for _ in range(2_000):
                requests.answered("a", 200, 0.1)

        threads = [threading.Thread(target=answer) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert requests.found()["a"][2]["2xx"] == 16_000

    def test_processes_count_together_and_what_the_dead_counted_stays(self, place: Path) -> None:
        """Forked as gunicorn forks its workers from a process that has counted already; killed as the kernel kills."""
        requests = Requests(place, ["a"])
        requests.answered("a", 200, 0.1)
        for generation in (1, 2, 3):
            children = []
            for _ in range(4):
                pid = os.fork()
                if pid == 0:
                    for _ in range(250):
                        requests.answered("a", 500, 0.1)
                    os.kill(os.getpid(), 9)
                children.append(pid)
            for pid in children:
                os.waitpid(pid, 0)
            assert requests.found()["a"][2] == {"1xx": 0, "2xx": 1, "3xx": 0, "4xx": 0, "5xx": 1_000 * generation}
            assert len(list(place.glob("*/*"))) <= 5

    def test_another_layout_begins_anew(self, place: Path) -> None:
        Requests(place, ["a"]).answered("a", 200, 0.1)
        assert Requests(place, ["a", "b"]).found() == {}

    def test_without_a_place_to_write_requests_are_answered_all_the_same(self, tmp_path: Path) -> None:
        (tmp_path / "taken").write_text("a file, where a directory should be")
        requests = Requests(tmp_path / "taken", ["a"])
        requests.answered("a", 200, 0.1)
        assert requests.found() == {}
