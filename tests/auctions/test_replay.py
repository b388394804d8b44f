import json
import subprocess
import sys
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from marketplace.auctions.replay import replay
from marketplace.kit.published import Malformed

PARK = json.loads((Path(__file__).parent / "data" / "auction_park.json").read_text())
SEALED: dict[str, Any] = {
    "version": "sealed-v1",
    "start": 1000,
    "reserve": None,
    "close": 100,
    "seed": "ab" * 32,
    "bids": [
        {"t": 1, "bidder": "01", "no": "B-0001", "amount": 52_000},
        {"t": 2, "bidder": "02", "no": "B-0002", "amount": 52_000},
        {"t": 3, "bidder": "02", "no": "B-0003", "amount": 99_000},
        {"t": 4, "bidder": "03", "no": "B-0004", "amount": 999},
        {"t": 100, "bidder": "04", "no": "B-0005", "amount": 99_000},
    ],
}


def run(*arguments: str | Path) -> tuple[int, str, str]:
    command = [sys.executable, "-m", "marketplace.auctions.replay", *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout, done.stderr


def test_the_parks_auction_is_replayed_to_the_yen_and_the_second() -> None:
    assert replay(PARK["log"]) == PARK["result"]


def test_refused_bids_are_events_that_change_nothing() -> None:
    log = {**PARK["log"], "bids": [{"t": -5, "bidder": "07", "max": 9}, {"t": 1, "bidder": "07", "max": 9}]}
    line = {"bidder": "07", "max": 9, "status": "refused", "price": None, "leader": None, "close": 788340}
    assert replay(log) == {
        "version": "auction-v1",
        "winner": None,
        "price": None,
        "bids": 0,
        "bidders": 0,
        "close": 788340,
        "extensions": 0,
        "events": [{**line, "t": -5, "reason": "not_open"}, {**line, "t": 1, "reason": "below_minimum"}],
    }


def test_a_reserve_not_met_is_unsold() -> None:
    result = replay({**PARK["log"], "reserve": 1_500_001})
    assert (result["winner"], result["price"], result["bids"], result["bidders"]) == (None, None, 47, 15)


def test_a_sealed_log_names_winner_tie_and_refusals() -> None:
    result = replay(SEALED)
    assert result.pop("winner") in ("01", "02")
    assert result == {
        "version": "sealed-v1",
        "price": 52_000,
        "bids": 2,
        "tied": ["B-0001", "B-0002"],
        "refused": [
            {"no": "B-0003", "reason": "second_bid"},
            {"no": "B-0004", "reason": "below_minimum"},
            {"no": "B-0005", "reason": "closed"},
        ],
    }


def test_a_sealed_log_without_a_tie_needs_no_seed() -> None:
    result = replay({**SEALED, "seed": "", "bids": SEALED["bids"][1:]})
    assert (result["winner"], result["price"], result["tied"]) == ("02", 52_000, [])


def changed(log: dict[str, Any], where: str, value: object) -> dict[str, Any]:
    copy = deepcopy(log)
    *way, last = where.split("/")
    target: Any = copy
    for step in way:
        target = target[int(step) if step.isdigit() else step]
    if value is ...:
        del target[last]
    else:
        target[int(last) if last.isdigit() else last] = value
    return copy


@pytest.mark.parametrize(
    ("where", "value", "says"),
    [
        ("version", "auction-v2", "the version is neither auction-v1 nor sealed-v1"),
        ("version", ["auction-v1"], "the version is neither auction-v1 nor sealed-v1"),
        ("version", ..., "the version is neither auction-v1 nor sealed-v1"),
        ("start", 1000.0, "start is not a whole number of 0 or more"),
        ("start", True, "start is not a whole number of 0 or more"),
        ("start", ..., "start is missing"),
        ("reserve", "1000", "reserve is not a whole number of 0 or more"),
        ("reserve", ..., "reserve is missing"),
        ("close", "788340", "close is not a possible number of seconds"),
        ("close", True, "close is not a possible number of seconds"),
        ("close", -1, "close is not a possible number of seconds"),
        ("close", 10**400, "close is not a possible number of seconds"),
        ("soft_close", [], "soft_close is not an object"),
        ("soft_close/window", -1, "window is not a possible number of seconds"),
        ("soft_close/cap", ..., "cap is missing"),
        ("increments", [], "increments are empty"),
        ("increments", {}, "increments is not a list"),
        ("increments/0", [1000], "increments are not pairs of limit and step"),
        ("increments/0", [1000, 0], "step is not a whole number of 1 or more"),
        ("increments/0", ["1000", 10], "limit is not a whole number of 0 or more"),
        ("bids", None, "bids is not a list"),
        ("bids/3", 7, "a bid is not an object"),
        ("bids/3/t", None, "t is not a possible number of seconds"),
        ("bids/3/t", 1e300, "t is not a possible number of seconds"),
        ("bids/3/max", 1e4, "max is not a whole number"),
        ("bids/3/max", 2**53, "max is not a whole number"),
        ("bids/3/bidder", 4, "bidder is not text"),
        ("bids/3/bidder", "\ud800", "bidder is not Unicode text"),
    ],
)
def test_an_ascending_log_that_is_not_of_the_form_is_refused(where: str, value: object, says: str) -> None:
    with pytest.raises(Malformed) as refused:
        replay(changed(PARK["log"], where, value))
    assert str(refused.value) == says


@pytest.mark.parametrize(
    ("where", "value", "says"),
    [
        ("seed", "AB" * 32, "seed is not lower-case hex"),
        ("seed", "abc", "seed is not lower-case hex"),
        ("seed", None, "seed is not text"),
        ("seed", "", "seed is empty, and equal bids have to be drawn"),
        ("bids/1/no", "B-0001", "a bid number is given twice"),
        ("bids/1/amount", "52000", "amount is not a whole number"),
    ],
)
def test_a_sealed_log_that_is_not_of_the_form_is_refused(where: str, value: object, says: str) -> None:
    with pytest.raises(Malformed) as refused:
        replay(changed(SEALED, where, value))
    assert str(refused.value) == says


def test_the_command_prints_the_result_and_exits_0(tmp_path: Path) -> None:
    file = tmp_path / "log.json"
    file.write_text(json.dumps(PARK["log"]))
    code, out, err = run(file)
    assert (code, json.loads(out), err) == (0, PARK["result"], "")


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"not json", "the file is not JSON\n"),
        (b"\xff\xfe{}", "the file is not JSON\n"),
        (b"[" * 100_000, "the file is not JSON\n"),
        (b'{"version":"auction-v1","version":"auction-v1"}', "a key is given twice in one object\n"),
        (b'{"version":"auction-v1","start":NaN}', "NaN is not a number\n"),
        (b"[]", "the log is not an object\n"),
    ],
)
def test_the_command_refuses_other_files_in_one_line_with_exit_2(tmp_path: Path, content: bytes, says: str) -> None:
    file = tmp_path / "log.json"
    file.write_bytes(content)
    assert run(file) == (2, "", says)


def test_the_command_wants_one_readable_file(tmp_path: Path) -> None:
    assert run() == (2, "", "give the name of one JSON file\n")
    assert run(tmp_path / "absent.json") == (2, "", "cannot read the file: No such file or directory\n")
