"""waiting-v1: pure, and for strangers."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given as supposing
from hypothesis import strategies as st

from marketplace.kit.published import Malformed, Record
from marketplace.lotteries import beacon
from marketplace.waiting import shuffle
from tests.lotteries import local_drand

ROOT = Path(__file__).parents[2]
SECRET = bytes(range(32))
ROUND = 28_264_612


def file_of(n: int, *, signed: bool = False, chain: str = local_drand.CHAIN.hash) -> Record:
    """A published file with `n` numbers."""
    commit = {
        "listing": "LST-0001",
        "rules": "sha256:" + "00" * 32,
        "n": n,
        "sealed": sha256(SECRET).hexdigest(),
        "chain": chain,
        "round": ROUND,
    }
    signature = local_drand.signature(ROUND) if signed else b""
    seed = shuffle.seed(commit, SECRET, beacon.randomness(signature) if signed else b"")
    return {
        "version": "waiting-v1",
        "commit": commit,
        "secret": SECRET.hex(),
        "beacon": {"round": ROUND, "signature": signature.hex()} if signed else None,
        "seed": seed.hex(),
        "order": shuffle.order(seed, n),
    }


@supposing(st.binary(min_size=32, max_size=32), st.integers(0, 300))
def test_everybody_is_in_the_order_once(seed: bytes, n: int) -> None:
    assert sorted(shuffle.order(seed, n)) == list(range(1, n + 1))


def test_one_number_more_makes_another_order() -> None:
    few, more = file_of(50)["order"], file_of(51)["order"]
    assert [no for no in more if no != 51] != few


def test_each_position_is_as_likely_for_each_number() -> None:
    """A thousand seeds, ten numbers: chi-squared with 81 degrees of freedom, 126 is passed once in a thousand times."""
    found = [[0] * 10 for _ in range(10)]
    for trial in range(1_000):
        for position, no in enumerate(shuffle.order(sha256(b"%d" % trial).digest(), 10)):
            found[no - 1][position] += 1
    assert sum((count - 100) ** 2 / 100 for row in found for count in row) < 126


@pytest.mark.parametrize("signed", [False, True])
def test_a_published_order_is_recomputed(signed: bool) -> None:
    file = file_of(20, signed=signed)
    told = {"version": "waiting-v1", "seed": file["seed"], "order": file["order"]}
    assert shuffle.check(file, local_drand.CHAIN) == told


def other_signature(file: Record) -> None:
    """Signed by somebody else, and the order made to fit."""
    forged = local_drand.signature(ROUND, local_drand.SECRET + 1)
    seed = shuffle.seed(file["commit"], SECRET, beacon.randomness(forged))
    file["beacon"]["signature"] = forged.hex()
    file["seed"], file["order"] = seed.hex(), shuffle.order(seed, file["commit"]["n"])


def set_to(path: str, value: Any) -> Any:
    def alter(file: Record) -> None:
        *way, last = path.split(".")
        for step in way:
            file = file[step]
        file[last] = value

    return alter


WRONG = [
    (set_to("version", "waiting-v2"), "the version is not waiting-v1"),
    (set_to("ordre", []), 'the file has a field of no meaning: "ordre"'),
    (set_to("commit", None), "the commit is not an object"),
    (set_to("commit.more", 1), "the commit is not of the six fields listing, rules, n, sealed, chain, round"),
    (set_to("commit.listing", 3), "listing is not text"),
    (set_to("commit.n", -1), "n is not a whole number of 0 or more"),
    (set_to("commit.n", 1_000_001), "n is more than 1000000"),
    (set_to("commit.n", 19), "the seed in the file is not what comes out of it"),
    (set_to("commit.rules", "md5:00"), "rules is not a sha256"),
    (set_to("commit.chain", "cd" * 32), "the chain is not drand quicknet"),
    (set_to("secret", "ab" * 32), "the secret is not the one that was sealed"),
    (set_to("secret", None), "secret is not text"),
    (set_to("sealed", "ab" * 32), "what was sealed is not what the commit says"),
    (set_to("beacon.round", 5), "the beacon is not of the round that the commit names"),
    (set_to("beacon", None), "the seed in the file is not what comes out of it"),
    (set_to("order", list(range(1, 21))), "the order in the file is not what comes out of it"),
    (set_to("order", [1]), "the order in the file is not what comes out of it"),
    (set_to("order", None), "order is not a list"),
    (other_signature, "the beacon's signature is not quicknet's"),
]


@pytest.mark.parametrize(("alter", "says"), WRONG, ids=[says for _, says in WRONG])
def test_what_is_wrong_is_named(alter: Any, says: str) -> None:
    file = file_of(20, signed=True)
    alter(file)
    with pytest.raises(Malformed) as wrong:
        shuffle.check(file, local_drand.CHAIN)
    assert str(wrong.value) == says


def run(file: Path, *program: str, more: str = "") -> tuple[int, str, str]:
    command = [sys.executable, *program, str(file), *more.split()]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)
    return done.returncode, done.stdout, done.stderr


def test_a_stranger_checks_it_with_one_page_of_python_and_the_town_with_a_command(tmp_path: Path) -> None:
    (code,) = re.findall(r"```python\n(.*?)```", (ROOT / "docs" / "waiting-v1.md").read_text("utf-8"), re.DOTALL)
    program, file = tmp_path / "check_waiting.py", tmp_path / "waiting.json"
    program.write_text(code, "utf-8")
    published = file_of(30, chain=beacon.QUICKNET.hash)
    file.write_text(json.dumps(published), "utf-8")
    first = published["order"][0]
    sealed = f"compare with what you kept since the notice: sealed {published['commit']['sealed']}\n"
    said = f"LST-0001: 30 numbers, seed {published['seed']}\n{sealed}{first}: position 1\n"
    assert run(file, "-I", str(program), more=str(first)) == (0, said, "")
    told = {"version": "waiting-v1", "seed": published["seed"], "order": published["order"]}
    status, out, err = run(file, "-m", "marketplace.waiting.shuffle")
    assert (status, json.loads(out), err) == (0, told, "")
    file.write_text(json.dumps(published | {"sealed": "ab" * 32}), "utf-8")
    other = "what was sealed is not what the commit says\n"
    assert (run(file, "-I", str(program)), run(file, "-m", "marketplace.waiting.shuffle")) == (
        (1, "", other),
        (2, "", other),
    )
    published["order"].reverse()
    file.write_text(json.dumps(published), "utf-8")
    wrong = "the order in the file is not what comes out of it\n"
    assert run(file, "-I", str(program)) == (1, "", wrong)
    assert run(file, "-m", "marketplace.waiting.shuffle") == (2, "", wrong)
