"""Starting and stopping the whole town: ready, stopped, found again; what dies comes back."""

import functools
import http.client
import os
import resource
import signal
import socket
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from marketplace.cli import main
from marketplace.supervising.premises import claimed
from tests.local_chain import free_port
from tests.processes import eventually, is_gone, living_in
from tests.town import ROOT, Town, pid_of, status, town

pytestmark = [pytest.mark.node, pytest.mark.skipif(sys.platform != "linux", reason="the processes are found in /proc")]


def test_it_says_when_it_is_ready_ends_when_told_and_finds_everything_again_however_it_ended(tmp_path: Path) -> None:
    """One town, started three times: each start takes some seconds of a processor, the first of them the most."""
    data, port = tmp_path / "town", free_port()
    with town(data, port) as first:
        assert first.until_said("Hiroba") == f"Hiroba is ready: http://127.0.0.1:{port}"
        assert status(port, "/readyz") == 200
        assert eventually(lambda: begun(data) == ["follower", "worker"])
        first.process.send_signal(signal.SIGTERM)
        assert first.ends() == 0
        assert living_in(data) == []
    kept = (data / "hiroba.env").read_text()
    with town(data, port) as second:
        second.until_said("Hiroba is ready")
        assert built(second) == []
        what_dies_comes_back(second)
        nothing_outlives_a_killed_supervisor(second)
    with town(data, port) as third:
        third.until_said("Hiroba is ready")
        assert built(third) == []
        third.process.send_signal(signal.SIGINT)
        assert third.ends() == 0
    assert (data / "hiroba.env").read_text() == kept


def begun(data: Path) -> list[str]:
    """Who has written down that they are at work, and from when on signs of them can be expected."""
    with closing(sqlite3.connect(data / "hiroba.db")) as books:
        return [name for (name,) in books.execute("SELECT name FROM program_starts ORDER BY name")]


def built(up: Town) -> list[str]:
    """What it said that it made, and did not find."""
    return [line for line in up.said if line.startswith(("the town was built", "deploy"))]


def what_dies_comes_back(up: Town) -> None:
    for name, words in (("worker", b"marketplace worker"), ("web", b"gunicorn"), ("chain", b"chain.embedded")):
        before = pid_of(up.data, words)
        os.kill(before, signal.SIGKILL)
        assert up.until_said(f"{name:<9}ended").endswith("started again in 0.5 s")
        assert eventually(lambda before=before, words=words: _comes_back(up.data, words, before))  # type: ignore[misc]
    assert eventually(lambda: _answers(up.port))


def nothing_outlives_a_killed_supervisor(up: Town) -> None:
    children = living_in(up.data)
    up.process.kill()
    assert eventually(lambda: all(map(is_gone, children)))


@pytest.mark.parametrize("before", [[], ["town"]], ids=["no directory", "an empty directory"])
def test_a_port_that_is_taken_is_one_line_with_the_remedy_and_leaves_nothing(tmp_path: Path, before: list[str]) -> None:
    for name in before:
        (tmp_path / name).mkdir()
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        command = [sys.executable, "-m", "marketplace", "up", "--data", str(tmp_path / "town"), "--port", str(port)]
        env = {**os.environ, "PYTHONPATH": str(ROOT)}
        refused = subprocess.run(command, env=env, capture_output=True, text=True)
    advice = f"stop what uses it, or choose another by --port {port + 1}."
    assert (refused.returncode, refused.stdout, refused.stderr) == (
        1,
        "",
        f"Port {port} can't be used (Address already in use): {advice}\n",
    )
    assert [str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*")] == before


WRONG = {
    "a setting": ([], {"TOWN_MAIL": "nobody"}, "Settings: Value error, TOWN_MAIL must be one address of mail"),
    "a number": ([], {"CHAIN_CONFIRMATIONS": "many"}, "CHAIN_CONFIRMATIONS: Input should be a valid integer"),
    "--fresh": (["--fresh"], {"DATABASE_URL": "postgresql://127.0.0.1:9/town"}, "--fresh forgets only "),
}


def refused_up(data: Path, options: list[str], env: dict[str, str]) -> tuple[int, str, str]:
    """`up` that ends at once: status, what it said, and its refusal, which is one line."""
    command = [sys.executable, "-m", "marketplace", "up", "--data", str(data), "--port", str(free_port()), *options]
    clean = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
    end = subprocess.run(command, env={**clean, "PYTHONPATH": str(ROOT), **env}, capture_output=True, text=True)
    assert end.stderr.count("\n") == 1
    return end.returncode, end.stdout, end.stderr


@pytest.mark.parametrize("wrong", WRONG)
def test_what_is_wrong_is_one_line_before_anything_is_made(tmp_path: Path, wrong: str) -> None:
    options, env, why = WRONG[wrong]
    status, said, line = refused_up(tmp_path / "towns" / "new", options, env)
    assert (status, said, line[: len(why)], list(tmp_path.iterdir())) == (1, "", why, [])


def test_where_nothing_can_be_written_is_said_in_a_line_and_tried_again_later(tmp_path: Path) -> None:
    """No file may have a byte, as on a full disk."""
    command = [sys.executable, "-m", "marketplace", "up", "--data", str(tmp_path / "town"), "--port", str(free_port())]
    env = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"}
    limit = functools.partial(resource.setrlimit, resource.RLIMIT_FSIZE, (0, 0))
    for _ in range(2):
        end = subprocess.run(command, env=env, capture_output=True, text=True, preexec_fn=limit)
        why = f"{tmp_path / 'town'} can't be written (File too large): name another by --data."
        assert (end.returncode, end.stdout, end.stderr.partition(" Only ")[0].rstrip()) == (1, "", why)


def test_what_fresh_would_forget_is_not_forgotten_for_a_town_that_cannot_begin(tmp_path: Path) -> None:
    """Nor is a first run that did not end thrown away."""
    with claimed(tmp_path, lambda _line: None) as premises:
        premises.prepare(fresh=False, say=lambda _line: None)
        premises.environment({}, 8000)
        (tmp_path / "hiroba.db").write_text("a town")
        kept = contents(tmp_path)
        premises.opened()
        opened = contents(tmp_path)
    why = "Settings: Value error, TOWN_MAIL must be one address of mail"
    fresh = refused_up(tmp_path, ["--fresh"], {"TOWN_MAIL": "nobody"})
    again = refused_up(tmp_path, [], {"TOWN_MAIL": "nobody"})
    assert [(end[0], end[2][: len(why)]) for end in (fresh, again)] == [(1, why)] * 2
    assert contents(tmp_path) == opened
    (tmp_path / "hiroba.town").write_text(kept["hiroba.town"])
    assert refused_up(tmp_path, [], {"TOWN_MAIL": "nobody"})[0] == 1
    assert contents(tmp_path) == kept


def contents(directory: Path) -> dict[str, str]:
    return {path.name: path.read_text() for path in sorted(directory.iterdir())}


@pytest.mark.parametrize("port", ["0", "65536", "99999", "-1", "8000a"])
def test_what_is_no_port_is_said_before_anything_is_started_or_written(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, port: str
) -> None:
    with pytest.raises(SystemExit) as refused:
        main(["up", "--data", str(tmp_path / "town"), "--port", port])
    told = capsys.readouterr().err.splitlines()[-1]
    assert (refused.value.code, told, (tmp_path / "town").exists()) == (
        2,
        f"python -m marketplace up: error: argument --port: {port} is no port: a number from 1 to 65535",
        False,
    )


def _comes_back(data: Path, words: bytes, before: int) -> bool:
    try:
        return pid_of(data, words) != before
    except (ValueError, FileNotFoundError):
        return False


def _answers(port: int) -> bool:
    try:
        return status(port, "/readyz") == 200
    except (OSError, http.client.HTTPException):
        return False
