"""The node files: what start.sh says and does, with a program in Kubo's place that writes down how it is called."""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from ipfs import rpc

NODE = Path(rpc.__file__).parent / "node"
TOKEN = "a-long-random-word"


@pytest.fixture
def kubo(tmp_path: Path) -> Path:
    program = tmp_path / "kubo-0.43"
    program.write_text(
        f'#!/bin/sh\nfor word; do printf "%s\\t" "$word"; done >>{tmp_path}/calls\necho >>{tmp_path}/calls\n'
    )
    program.chmod(0o755)
    return program


@pytest.fixture
def tools(tmp_path: Path) -> Path:
    """A PATH without any Kubo on it."""
    tools = tmp_path / "tools"
    tools.mkdir()
    for tool in ("sh", "dirname", "basename", "mktemp", "ln", "rm"):
        (tools / tool).symlink_to(shutil.which(tool) or "")
    return tools


def start(tools: Path, *arguments: str, **env: str | Path) -> subprocess.CompletedProcess[str]:
    clean = {"PATH": str(tools), "HOME": os.environ.get("HOME", "/")}
    given = {**clean, **{name: str(value) for name, value in env.items()}}
    return subprocess.run(
        [NODE / "start.sh", *arguments], env=given, cwd=tools.parent, capture_output=True, text=True, check=False
    )


def calls(kubo: Path) -> list[list[str]]:
    return [line.split("\t")[:-1] for line in (kubo.parent / "calls").read_text().splitlines()]


def test_without_kubo_it_says_what_it_needs_and_that_the_default_needs_nothing(tools: Path) -> None:
    said = (
        "A node needs Kubo 0.40 or newer: put its program ipfs on PATH, or name it in KUBO_BINARY.\n"
        "The embedded mode, which is the default, needs no node: leave IPFS_RPC_URL empty and start nothing here.\n"
    )
    for env in ({}, {"KUBO_BINARY": "/nowhere/ipfs"}):
        done = start(tools, **env)
        assert (done.returncode, done.stdout, done.stderr) == (1, "", said)


def test_without_a_token_nothing_is_started(tools: Path, kubo: Path) -> None:
    done = start(tools, KUBO_BINARY=kubo)
    assert (done.returncode, done.stderr) == (
        1,
        "A node needs IPFS_RPC_TOKEN, a long random word that opens its RPC; the marketplace gets the same one.\n",
    )
    assert not (kubo.parent / "calls").exists()


@pytest.mark.parametrize("named", ["by KUBO_BINARY", "on PATH"])
def test_it_makes_the_repository_settles_it_and_starts_on_this_machine_only(
    tools: Path, kubo: Path, named: str
) -> None:
    if named == "on PATH":
        (tools / "ipfs").symlink_to(kubo)
        done = start(tools, "--offline", IPFS_RPC_TOKEN=TOKEN)
    else:
        done = start(tools, "--offline", IPFS_RPC_TOKEN=TOKEN, KUBO_BINARY=kubo)
    assert (done.returncode, done.stderr) == (0, "")
    made = calls(kubo)
    assert made[0] == ["init", "--empty-repo"]
    assert made[-1] == ["daemon", "--migrate=true", "--offline"]
    assert ["config", "profile", "apply", "unixfs-v1-2025"] in made
    addresses = {call[1]: call[2] for call in made if call[1].startswith("Addresses.")}
    assert addresses == {
        "Addresses.API": "/ip4/127.0.0.1/tcp/5001",
        "Addresses.Gateway": "/ip4/127.0.0.1/tcp/8080",
    }


def test_the_token_may_do_what_a_replica_does_and_nothing_else(tools: Path, kubo: Path) -> None:
    start(tools, IPFS_RPC_TOKEN=TOKEN, KUBO_BINARY=kubo)
    rule = next(json.loads(call[3]) for call in calls(kubo) if call[1:3] == ["--json", "API.Authorizations"])
    assert rule["town"]["AuthSecret"] == f"bearer:{TOKEN}"
    source = Path(rpc.__file__).read_text()
    used = set(re.findall(r"client\.((?:dag\.|pin\.|block\.)?[a-z]+)\(", source)) - {"close"}
    names = {f"/api/v0/{name.replace('.', '/').replace('imprt', 'import')}" for name in used}
    assert set(rule["town"]["AllowedPaths"]) == names


def test_a_second_start_keeps_the_repository(tools: Path, kubo: Path, tmp_path: Path) -> None:
    (tmp_path / "repo").mkdir()
    (tmp_path / "repo" / "config").write_text("{}")
    assert start(tools, IPFS_RPC_TOKEN=TOKEN, KUBO_BINARY=kubo, IPFS_PATH=tmp_path / "repo").returncode == 0
    assert "init" not in {call[0] for call in calls(kubo)}


def test_a_token_that_would_break_the_settings_is_refused(tools: Path, kubo: Path, tmp_path: Path) -> None:
    done = start(tools, IPFS_RPC_TOKEN='x", "AllowedPaths": ["/', KUBO_BINARY=kubo)
    assert (done.returncode, done.stderr) == (1, "IPFS_RPC_TOKEN may have letters, digits, - and _ only\n")
    assert [call[0] for call in calls(kubo)] == ["init"]


def test_the_container_is_pinned_and_publishes_on_the_loopback_only() -> None:
    compose = (NODE / "compose.yaml").read_text()
    ports = re.search(r"^    ports:\n((?:      - .*\n)+)", compose, re.MULTILINE)
    assert ports
    assert re.findall(r'- "(.*)"', ports[1]) == ["127.0.0.1:5001:5001"]
    assert compose.count("ports:") == 1
    assert "network_mode" not in compose
    assert re.findall(r"image: (.*)", compose) == ["ipfs/kubo:v0.43.1"]
