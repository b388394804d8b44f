"""The program printed in docs/auction-proof.md, run as a stranger runs it: by itself, with nothing installed."""

from __future__ import annotations

import importlib.util
import json
import random
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from marketplace.auctions import chaining, unsealing
from marketplace.auctions.approved import text_of
from marketplace.auctions.logs import log_of
from marketplace.auctions.models import Auction
from marketplace.auctions.opening import of_listing
from marketplace.auctions.replay import replay
from marketplace.kit import merkle
from marketplace.kit.db import db, get
from marketplace.kit.published import Malformed, Record
from marketplace.listings.models import Listing
from tests import given
from tests.auctions.endings import DICE, WITNESSES, ended

ROOT = Path(__file__).parents[2]
FILE = ROOT / "marketplace" / "static" / "check_auction.py"
PARK = json.loads((ROOT / "tests" / "auctions" / "data" / "auction_park.json").read_text("utf-8"))


def run(folder: Path, log: object, *more: Path) -> tuple[int, str, str]:
    file = folder / "bids.json"
    file.write_text(json.dumps(log, ensure_ascii=False), "utf-8")
    command = [sys.executable, "-I", str(FILE), str(file), *map(str, more)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=folder)
    return done.returncode, done.stdout, done.stderr


def chained(log: Record) -> Record:
    """The log with the end of its chain, as a town's own has it."""
    return {**log, "listing": "LST-0001", "head": chaining.head_of("LST-0001", log["bids"]).hex()}


def drawn() -> Auction:
    """Three equal sealed bids, drawn by dice."""
    auction, _people = ended("sealed", 9000, 5000, 9000, 9000)
    unsealing.draw_tie(auction.id, DICE, WITNESSES, given.staff("approver"))
    db.session.refresh(auction)
    return auction


def any_log(dice: random.Random) -> Record:
    """An open auction with everything that its rules know, bids at all times, and often an outage."""
    close, bids, yen = dice.randint(50, 2000), [], 1000
    for t in sorted(dice.randint(-5, close + 400) for _ in range(dice.randint(0, 25))):
        yen = max(0, yen + dice.choice([-500, 0, 1, 10, 100, 300, 1000, 2000]))
        bids.append({"t": t, "bidder": dice.choice(["01", "02", "03"]), "max": yen, "salt": f"{t:032x}"})
    cap = dice.choice([None, 0, dice.randint(0, 900)])
    start = close - dice.randint(-50, 300)
    moves = [{"after": dice.randint(0, len(bids)), "gaps": [[start, start + dice.randint(1, 200)]]}]
    return chained(
        {
            "version": "auction-v1",
            "start": dice.randint(0, 3000),
            "reserve": dice.choice([None, dice.randint(0, 20_000)]),
            "close": close,
            "soft_close": dice.choice([None, {"window": dice.randint(0, 300), "extend": 120, "cap": cap}]),
            "increments": [[2000, 100], [9000, 250], [dice.choice([None, 30_000]), 1000]],
            "outage": {"window": dice.randint(10, 600), "least": dice.randint(1, 60), "cap": dice.randint(0, 2000)},
            "outages": dice.choice([[], moves]),
            "bids": bids,
        }
    )


def test_the_file_that_the_pages_offer_is_the_printed_one() -> None:
    printed = re.findall(r"```python\n(.*?)```", (ROOT / "docs" / "auction-proof.md").read_text("utf-8"), re.DOTALL)
    assert [FILE.read_text("utf-8")] == printed


def test_it_replays_the_park(tmp_path: Path) -> None:
    log = chained(PARK["log"])
    root = merkle.root([chaining.leaf(bid) for bid in log["bids"]]).hex()
    told = (
        "LST-0001: 47 bids, bidder 15 won at 1300000 yen\n"
        f"root (on chain since the close): {root}\nend of the chain: {log['head']}\n"
    )
    assert run(tmp_path, log | {"result": PARK["result"]}) == (0, told, "")


def test_it_opens_sealed_bids_and_draws_by_the_dice_as_the_town_does(app: Flask, tmp_path: Path) -> None:
    auction = drawn()
    code, out, err = run(tmp_path, log_of(auction))
    end = f"{auction.code}: 4 bids, bidder {auction.winner_no} won at 9000 yen"
    assert (code, out.splitlines()[:2], err) == (0, [end, f"dice: {DICE}"], "")


def test_it_comes_to_what_the_town_comes_to_with_any_log(monkeypatch: pytest.MonkeyPatch) -> None:
    spec = importlib.util.spec_from_file_location("check_auction", FILE)
    assert spec is not None
    assert spec.loader is not None
    program: Any = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(program)

    def refuse(why: str) -> None:
        raise Malformed(why)

    monkeypatch.setattr(program, "stop", refuse)

    def end(replayed: Any, log: Record) -> object:
        try:
            found = replayed(log)
        except Malformed as wrong:
            return str(wrong)
        return (found["winner"], found["price"]) if isinstance(found, dict) else found

    dice = random.Random(26)
    logs = [any_log(dice) for _ in range(400)]
    ends = [end(replay, log) for log in logs]
    assert [end(program.ascending, log) for log in logs] == ends
    assert len({str(each) for each in ends}) > 100


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"seed": "00" * 32}, "seed is not that of the dice"),
        ({"dice": "0" * 20}, "seed is not that of the dice"),
        ({"dice": None}, "dice are not twenty digits"),
        ({"listing": "LST-OTHER"}, "head is not the end of the chain of these bids"),
        ({"result": {"winner": "02", "price": 5000}}, "the result in the file is not what comes out of it"),
        ({"version": "auction-v2"}, "the version is neither auction-v1 nor sealed-v1"),
        ({"close": 1.5}, "1.5 is not a whole number"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(app: Flask, tmp_path: Path, changed: Record, says: str) -> None:
    assert run(tmp_path, log_of(drawn()) | changed) == (2, "", f"{says}\n")


def test_the_rules_of_a_log_are_held_to_the_notice(app: Flask, tmp_path: Path) -> None:
    auction, _people = ended("ascending", 2_000, 3_000, reserve_yen=2_500)
    listing, notice = get(Listing, auction.listing_id), tmp_path / "sale.json"
    notice.write_bytes(text_of(listing))
    log = log_of(auction)
    code, out, err = run(tmp_path, log, notice)
    assert (code, out.splitlines()[-1], err) == (0, f"notice (on the page of the sale): {listing.text_hash}", "")
    soft, outage = {"window": 1, "extend": 1, "cap": None}, {"window": 90_000, "least": 1, "cap": 900_000}
    wrong = {"start": 1, "reserve": None, "close": 9, "soft_close": soft, "increments": [[None, 1]], "outage": outage}
    for key, other in wrong.items():
        told = f"{key} is not that of the notice: {json.dumps(log[key], sort_keys=True)}\n"
        assert run(tmp_path, log | {key: other}, notice) == (2, "", told)


@pytest.mark.parametrize("mode", ["ascending", "sealed"])
@pytest.mark.parametrize("rules", [{"reserve_public": False}, {"increments": [], "soft_close": None, "outage": None}])
def test_what_a_notice_leaves_out_has_its_usual_value(app: Flask, tmp_path: Path, mode: str, rules: Record) -> None:
    listing = get(Listing, given.a_listing(mode, "naming", price_yen=1_000, auction_rules=rules))
    auction, notice = of_listing(listing.id), tmp_path / "sale.json"
    assert auction is not None
    notice.write_bytes(text_of(listing))
    code, out, err = run(tmp_path, log_of(auction), notice)
    assert (code, out.splitlines()[0], err) == (0, f"{listing.code}: 0 bids, nothing sold", "")


def test_what_the_town_refuses_it_refuses(app: Flask, tmp_path: Path) -> None:
    log = log_of(drawn())
    log["bids"][1]["no"] = log["bids"][0]["no"]
    log["head"] = chaining.head_of(log["listing"], log["bids"]).hex()
    twice, late = log, chained(PARK["log"]) | {"outages": [{"after": 48, "gaps": []}]}
    refused = {"a bid number is given twice": twice, "an outage comes after more bids than there are": late}
    for told, each in refused.items():
        with pytest.raises(Malformed, match=told):
            replay(each)
        assert run(tmp_path, each) == (2, "", f"{told}\n")


def test_a_name_with_a_line_of_its_own_is_not_printed(tmp_path: Path) -> None:
    bid = {"t": 1, "bidder": "01 won at 1 yen\nroot (on chain since the close): 00", "max": 9_000, "salt": "0" * 32}
    told = "a name in the log is more than one line\n"
    assert run(tmp_path, chained(PARK["log"] | {"bids": [bid]})) == (2, "", told)


def test_the_notice_of_another_sale_is_found(app: Flask, tmp_path: Path) -> None:
    auction, notice = drawn(), tmp_path / "sale.json"
    notice.write_bytes(text_of(get(Listing, auction.listing_id)) + b" ")
    assert run(tmp_path, log_of(auction), notice) == (2, "", "the notice is that of another sale\n")


def test_a_bid_that_was_changed_is_found(app: Flask, tmp_path: Path) -> None:
    log = log_of(drawn())
    log["bids"][0]["amount"] += 1
    assert run(tmp_path, log) == (2, "", "head is not the end of the chain of these bids\n")


@pytest.mark.parametrize("log", [[], {}, {"version": "auction-v1"}, {"version": "sealed-v1", "listing": 1}])
def test_what_is_no_log_is_said_to_be_none(tmp_path: Path, log: object) -> None:
    code, out, err = run(tmp_path, log)
    assert (code, out, err.count("\n")) == (2, "", 1)
