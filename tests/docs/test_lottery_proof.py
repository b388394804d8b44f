"""The program printed in docs/lottery-proof.md, run as a stranger runs it: by itself, with nothing installed."""

import hashlib
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from marketplace.chain.contract import ANCHORS, call
from marketplace.lotteries import draw
from tests.lotteries.test_draw import DICE, WRONG, altered, bundle_of, by_beacon, entry

ROOT = Path(__file__).parents[2]
PRINTED = re.findall(r"```python\n(.*?)```", (ROOT / "docs" / "lottery-proof.md").read_text("utf-8"), re.DOTALL)
VECTOR = json.loads((ROOT / "tests" / "lotteries" / "data" / "draw_vector_13440.json").read_text())


@pytest.fixture
def program(tmp_path: Path) -> Path:
    (code,) = PRINTED
    file = tmp_path / "check_draw.py"
    file.write_text(code, "utf-8")
    return file


def run(program: Path, bundle: object, *more: str) -> tuple[int, str, str]:
    file = program.with_name("bundle.json")
    file.write_text(json.dumps(bundle, ensure_ascii=False), "utf-8")
    command = [sys.executable, "-I", str(program), str(file), *more]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=program.parent)
    return done.returncode, done.stdout, done.stderr


def test_the_file_that_the_pages_offer_is_the_printed_one() -> None:
    assert [(ROOT / "marketplace" / "static" / "check_draw.py").read_text("utf-8")] == PRINTED


def test_it_draws_the_vector(program: Path) -> None:
    bundle = by_beacon([entry(f"R05-{n:07}") for n in range(1, 13_441)], 1000)
    bundle["result"] = draw.result(bundle)
    code, out, err = run(program, bundle, VECTOR["waitlist20"][1])
    lines = out.splitlines()
    assert (code, err) == (0, "")
    assert lines[0] == f"LST-0001: 1000 of 13440 entries won, cut-off {VECTOR['cutoff']}"
    assert lines[3:] == [f"seed: {VECTOR['seed']}", f"{VECTOR['waitlist20'][1]}: waiting, place 2"]


@pytest.mark.parametrize(("people", "units"), [(0, 3), (1, 3), (7, 3), (7, 0)])
def test_it_draws_as_the_town_does(program: Path, people: int, units: int) -> None:
    bundle = bundle_of([entry(f"甲-{n}", lots=1 + n % 3) for n in range(people)], units)
    result = draw.result(bundle)
    code, out, err = run(program, bundle | {"result": result}, *result["winners"][:1])
    lines = [
        f"LST-0001: {min(people, units)} of {people} entries won, cut-off {result['cutoff'] or 'none'}",
        f"chance: dice {DICE}",
        f"root (published at the close): {bundle['commit']['root']}",
        f"seed: {result['seed']}",
        *(f"{no}: won, place 1" for no in result["winners"][:1]),
    ]
    assert (code, out.splitlines(), err) == (0, lines, "")


def wrong_bundles() -> list[Any]:
    """Those faults that a program without the beacon's mathematics can see."""
    passed_over = ("rules is not", "listing is not text", "ch is not", "no is not text", "Unicode", "lower-case hex")
    return [pytest.param(altered(alter), id=says) for alter, says in WRONG if not any(p in says for p in passed_over)]


@pytest.mark.parametrize("bundle", wrong_bundles())
def test_a_wrong_bundle_is_refused_in_one_line(program: Path, bundle: object) -> None:
    code, out, err = run(program, bundle)
    assert (code, out, err.count("\n")) == (2, "", 1)


def test_a_changed_result_is_refused(program: Path) -> None:
    bundle = bundle_of([entry("a"), entry("b")], 1)
    result = draw.result(bundle)
    result["winners"], result["waiting"] = result["waiting"], result["winners"]
    refused = run(program, bundle | {"result": result})
    assert refused == (2, "", "the result in the file is not what comes out of it\n")


@pytest.mark.parametrize("where", ["randomness", "signature"])
def test_hex_in_capitals_is_refused(program: Path, where: str) -> None:
    bundle = by_beacon([entry("a")], 1)
    part = bundle if where == "randomness" else bundle["beacon"]
    part[where] = part[where].upper()
    assert run(program, bundle) == (2, "", "hex is lower case\n")


def test_the_time_of_the_beacons_round_is_said_to_be_compared_with_the_notice(program: Path) -> None:
    _code, out, _err = run(program, by_beacon([entry("a")], 1))
    assert out.splitlines()[1].startswith("chance: drand round 657413, of 2023-09-15 11:00:03 UTC; its signature ")


@pytest.mark.parametrize("number", [-5, 0, 10**18, 10**30])
def test_a_round_that_no_beacon_has_is_refused(program: Path, number: int) -> None:
    bundle = by_beacon([entry("a")], 1)
    bundle["commit"]["round"] = bundle["beacon"]["round"] = number
    assert run(program, bundle) == (2, "", "the round is none that the beacon has\n")


def test_a_name_with_a_line_of_its_own_is_not_printed(program: Path) -> None:
    bundle = bundle_of([entry("a")], 1)
    bundle["commit"]["listing"] = "LST-0001: 1 of 1 entries won\nchance: dice 1\nroot (published at the close): 00\n"
    assert run(program, bundle) == (2, "", "a name in the file is more than one line\n")


def test_the_small_vector_of_the_specification_comes_out(program: Path) -> None:
    text = (ROOT / "docs" / "draw-v1.md").read_text("utf-8")
    told = text.partition("## A small vector")[2]
    bundle = json.loads(told.partition("```json")[2].partition("```")[0])
    codes = re.findall(r"`((?:\w{4}-){3}\w{4})`", told)
    assert [each["ch"] for each in bundle["entries"]] == [hashlib.sha256(code.encode()).hexdigest() for code in codes]
    assert (draw.result(bundle), run(program, bundle)[0]) == (bundle["result"], 0)


def test_a_number_that_is_not_in_the_draw(program: Path) -> None:
    _code, out, _err = run(program, bundle_of([entry("a")], 1), "b")
    assert out.splitlines()[-1] == "b: not in this draw"


def test_a_number_counts_however_it_is_typed_and_a_file_that_is_not_there_is_named(program: Path) -> None:
    bundle = bundle_of([entry("LST-1-000001")], 1)
    assert run(program, bundle, " lst-1-000001 ")[1].splitlines()[-1] == "LST-1-000001: won, place 1"
    gone = subprocess.run(
        [sys.executable, "-I", str(program), "gone.json"], capture_output=True, text=True, check=False
    )
    assert (gone.returncode, gone.stderr) == (2, "gone.json: No such file or directory\n")


def test_the_call_of_the_chain_asks_for_the_root_of_a_subject() -> None:
    asked = re.findall(r'"data":"0x([0-9a-f]{8})題"', (ROOT / "docs" / "lottery-proof.md").read_text("utf-8"))
    assert asked == [call(ANCHORS, "rootOf", ["0x" + "11" * 32]).hex()[:8]]


def test_what_is_no_draw_is_refused(program: Path) -> None:
    assert [run(program, bundle)[0] for bundle in (None, {"version": "draw-v1"}, "x")] == [2, 2, 2]
