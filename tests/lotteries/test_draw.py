import json
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketplace.kit import merkle
from marketplace.kit.published import Malformed, parse
from marketplace.lotteries import beacon, draw, reference
from marketplace.lotteries.draw import Entry

Json = dict[str, Any]
VECTOR: Json = json.loads((Path(__file__).parent / "data" / "draw_vector_13440.json").read_text())
SIGNATURE = "b713718a38ae728dfd477991af2822e08d2f305e47718cef9f7848ce4050e7be41076862b98fad56e91a6b85b89cd97b"
DICE = "04719283640192837465"


def entry(no: str, lots: int = 1) -> Json:
    return {"no": no, "ch": sha256(no.encode()).hexdigest(), "lots": lots}


def bundle_of(entries: list[Json], units: int, **changes: Any) -> Json:
    """A right bundle drawn by dice."""
    commit = {
        "listing": "LST-0001",
        "rules": "sha256:" + "ab" * 32,
        "n": len(entries),
        "units": units,
        "root": draw.root(Entry(**one) for one in entries).hex(),
        "chain": "dice",
        "round": 0,
    }
    randomness = draw.dice_randomness(DICE).hex()
    return {
        "version": "draw-v1",
        "commit": commit | changes,
        "randomness": randomness,
        "beacon": None,
        "entries": entries,
    }


def by_beacon(entries: list[Json], units: int) -> Json:
    bundle = bundle_of(entries, units, chain=beacon.QUICKNET.hash, round=657_413)
    bundle["randomness"] = sha256(bytes.fromhex(SIGNATURE)).hexdigest()
    bundle["beacon"] = {"round": 657_413, "signature": SIGNATURE}
    return bundle


def run(*arguments: str | Path) -> tuple[int, str, str]:
    command = [sys.executable, "-m", "marketplace.lotteries.draw", *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout, done.stderr


def test_the_vector_of_13440_entries_is_drawn_to_the_last_number() -> None:
    bundle = by_beacon([entry(f"R05-{n:07}") for n in range(1, 13_441)], 1000)
    assert bundle["commit"] == VECTOR["commit"]
    result = draw.result(bundle)
    assert (result["seed"], result["cutoff"]) == (VECTOR["seed"], VECTOR["cutoff"])
    assert result["winners"] == VECTOR["winners"]
    assert result["waiting"][:20] == VECTOR["waitlist20"]
    assert len(result["waiting"]) == 12_440


numbers = st.lists(st.text(min_size=1).filter(lambda no: no.isprintable()) | st.text('"\\\n\x01é申'), unique=True)
entries = numbers.flatmap(lambda nos: st.tuples(*(st.builds(entry, st.just(no), st.integers(1, 4)) for no in nos)))


@given(entries.map(list), st.integers(0, 10))
def test_the_fast_draw_agrees_with_the_readable_one(entries: list[Json], units: int) -> None:
    bundle = bundle_of(entries, units)
    result = draw.result(bundle)
    assert result == reference.draw(bundle["commit"], bytes.fromhex(bundle["randomness"]), entries)


@given(entries.map(list), st.integers(0, 10))
def test_everyone_is_either_a_winner_or_waiting_and_winners_fill_the_units(entries: list[Json], units: int) -> None:
    result = draw.result(bundle_of(entries, units))
    assert sorted(result["winners"] + result["waiting"]) == sorted(one["no"] for one in entries)
    assert len(result["winners"]) == min(units, len(entries))


def test_the_own_number_the_seed_and_the_cutoff_are_enough_to_check() -> None:
    entries = [entry(f"R-{n}") for n in range(300)]
    result = draw.result(bundle_of(entries, 40))
    hat = draw.Hat(bytes.fromhex(result["seed"]))
    won = [one["no"] for one in entries if hat.ticket(one["no"]).hex() <= result["cutoff"]]
    assert sorted(won) == sorted(result["winners"])


def test_nobody_applied() -> None:
    bundle = bundle_of([], 10)
    assert bundle["commit"]["root"] == sha256(b"").hexdigest()
    result = draw.result(bundle)
    assert (result["cutoff"], result["winners"], result["waiting"]) == ("", [], [])


def test_fewer_applicants_than_units_all_win() -> None:
    result = draw.result(bundle_of([entry("a"), entry("b")], 3))
    assert (sorted(result["winners"]), result["waiting"]) == (["a", "b"], [])


def test_no_units_leave_all_waiting() -> None:
    result = draw.result(bundle_of([entry("a")], 0))
    assert (result["cutoff"], result["winners"], result["waiting"]) == ("", [], ["a"])


def test_an_applicant_proves_to_be_under_the_root() -> None:
    entries = [Entry(f"R-{n}", sha256(b"%d" % n).hexdigest()) for n in range(11)]
    proof = draw.tree(entries).path(6)
    assert merkle.climb(draw.leaf(entries[6]), proof) == draw.root(entries)
    assert merkle.climb(draw.leaf(entries[6]._replace(lots=2)), proof) != draw.root(entries)


@given(st.integers(1, 5_000).flatmap(lambda n: st.tuples(st.just(n), st.integers(0, 2**32))))
@hypothesis.example((100_000, 7))
@hypothesis.settings(max_examples=3)
def test_every_entrant_of_a_random_roster_climbs_to_the_root(roster: tuple[int, int]) -> None:
    """Every entrant, not some. One roster has 100,000 of them; the others show trees of other shapes."""
    people, salt = roster
    entries = [Entry(f"R{salt:x}-{n:06}", f"{n * 7919 + salt:064x}", 1 + n % 3) for n in range(people)]
    tree, root = draw.tree(entries), draw.root(entries)
    leaves = map(draw.leaf, entries)
    assert all(merkle.climb(leaf, tree.path(index)) == root for index, leaf in enumerate(leaves))


def test_every_entry_has_the_same_chance() -> None:
    """Chi-square of 4,000 draws of 10 from 100, with seeds that are always the same.

    Each wins 400 times on average. Winners of one draw differ, so the sum divided by 0.9 has 99 degrees of freedom;
    it is between 61 and 149 with a probability of 0.999.
    """
    entries = [Entry(f"R-{n:03}", "00" * 32) for n in range(100)]
    commit = bundle_of([], 10)["commit"]
    won = Counter(no for n in range(4000) for no in draw.draw(commit, b"%d" % n, entries).winners)
    assert len(won) == 100
    assert 61 < sum((count - 400) ** 2 / 400 for count in won.values()) / 0.9 < 149


def test_every_place_of_the_waiting_list_has_the_same_chance() -> None:
    """Chi-square of one entry's rank in 4,000 draws among 20: 19 degrees of freedom, below 43.8 with 0.999."""
    entries = [Entry(f"R-{n:03}", "00" * 32) for n in range(20)]
    commit = bundle_of([], 1)["commit"]
    ranks = Counter(
        [*(found := draw.draw(commit, b"%d" % n, entries)).winners, *found.waiting].index("R-007") for n in range(4000)
    )
    assert sum((ranks[rank] - 200) ** 2 / 200 for rank in range(20)) < 43.8


def test_three_lots_have_about_three_times_the_chance() -> None:
    entries = [Entry(f"R-{n:03}", "00" * 32, 3 if n == 0 else 1) for n in range(200)]
    commit = bundle_of([], 2)["commit"]
    won = sum("R-000" in draw.draw(commit, b"%d" % n, entries).winners for n in range(3000))
    assert 60 <= won <= 120  # expected: 3000 × about 0.0296 = 89


def altered(alter: Callable[[Json], object]) -> Json:
    bundle = by_beacon([entry("a"), entry("b"), entry("c")], 1)
    alter(bundle)
    return bundle


def put(bundle: Json, key: str, value: object) -> None:
    bundle[key] = value


WRONG: list[tuple[Callable[[Json], object], str]] = [
    (lambda b: put(b, "version", "draw-v2"), "the version is not draw-v1"),
    (lambda b: b.pop("version"), "the version is not draw-v1"),
    (lambda b: b.pop("commit"), "commit is missing"),
    (
        lambda b: b["commit"].pop("chain"),
        "the commit is not of the seven fields listing, rules, n, units, root, chain, round",
    ),
    (
        lambda b: put(b["commit"], "note", ""),
        "the commit is not of the seven fields listing, rules, n, units, root, chain, round",
    ),
    (lambda b: put(b["commit"], "n", 4), "the count is wrong: the commit says 4, the entries are 3"),
    (lambda b: put(b["commit"], "n", -1), "n is not a whole number of 0 or more"),
    (lambda b: put(b["commit"], "units", 1.0), "units is not a whole number of 0 or more"),
    (lambda b: put(b["commit"], "root", "00" * 32), "the root is not that of the entries"),
    (lambda b: put(b["commit"], "root", "00" * 31), "root is not lower-case hex of 32 bytes"),
    (lambda b: put(b["commit"], "root", b["commit"]["root"].upper()), "root is not lower-case hex of 32 bytes"),
    (lambda b: put(b["commit"], "rules", "md5:00"), "rules is not a sha256"),
    (lambda b: put(b["commit"], "rules", "sha256:00"), "rules is not lower-case hex of 32 bytes"),
    (lambda b: put(b["commit"], "listing", None), "listing is not text"),
    (lambda b: put(b["commit"], "chain", "00" * 32), "the chain is neither drand quicknet nor dice"),
    (lambda b: put(b["commit"], "chain", "dice"), "a draw by dice has round 0 and no beacon"),
    (lambda b: put(b["commit"], "round", 657_414), "the beacon is not of the round that the commit names"),
    (lambda b: put(b, "entries", {}), "entries is not a list"),
    (lambda b: put(b["entries"], 0, "a"), "an entry is not an object"),  # type: ignore[arg-type] # a list's index
    (lambda b: put(b["entries"][0], "name", "x"), "an entry is not of the three fields no, ch, lots"),
    (lambda b: put(b["entries"][0], "no", 1), "no is not text"),
    (lambda b: put(b["entries"][0], "no", "\ud800"), "no is not Unicode text"),
    (lambda b: put(b["entries"][0], "no", "b"), 'duplicate no "b"'),
    (lambda b: put(b["entries"][0], "no", "d"), "the root is not that of the entries"),
    (lambda b: put(b["entries"][0], "ch", "zz" * 32), "ch is not lower-case hex of 32 bytes"),
    (lambda b: put(b["entries"][0], "lots", 0), "lots is not a whole number of 1 or more"),
    (lambda b: put(b["entries"][0], "lots", 2), "the root is not that of the entries"),
    (lambda b: b["entries"].reverse(), "the root is not that of the entries"),
    (lambda b: put(b, "beacon", None), "the beacon is not an object"),
    (lambda b: put(b["beacon"], "round", "657413"), "round is not a whole number"),
    (lambda b: put(b["beacon"], "signature", "xx"), "signature is not lower-case hex of 48 bytes"),
    (lambda b: put(b, "randomness", "00" * 32), "the randomness is not that of the beacon's signature"),
    (lambda b: put(b, "randomness", "0"), "randomness is not lower-case hex"),
    (lambda b: b.pop("randomness"), "randomness is missing"),
    (lambda b: put(b, "resulu", {}), 'the bundle has a field of no meaning: "resulu"'),
    (lambda b: put(b["beacon"], "randomness", ""), "the beacon is not of the two fields round, signature"),
    (lambda b: put(b, "result", {}), "the result in the file is not what comes out of it"),
]


@pytest.mark.parametrize(("alter", "says"), WRONG)
def test_a_wrong_bundle_is_refused_with_what_is_wrong(alter: Callable[[Json], object], says: str) -> None:
    with pytest.raises(Malformed) as refused:
        draw.result(altered(alter))
    assert str(refused.value) == says


def test_a_signature_that_is_not_the_beacons_is_refused() -> None:
    bundle = altered(lambda b: put(b["commit"], "round", 657_414))
    bundle["beacon"]["round"] = 657_414
    with pytest.raises(Malformed) as refused:
        draw.result(bundle)
    assert str(refused.value) == "the beacon's signature is not quicknet's"


def published(bundle: Json) -> bytes:
    """The file as the town's page gives it."""
    return json.dumps(bundle | {"result": draw.result(bundle)}, ensure_ascii=False, separators=(",", ":")).encode()


@pytest.mark.parametrize("kind", [bundle_of, by_beacon])
def test_a_file_with_any_byte_changed_is_refused(kind: Callable[[list[Json], int], Json]) -> None:
    """Each byte, changed into its neighbours, a digit, a letter, a quote and a space."""
    data = published(kind([entry(no) for no in ("甲-1", "b", "c")], 2))
    draw.result(parse(data))
    passed = []
    for at, byte in enumerate(data):
        for other in {byte ^ 1, byte ^ 0x20, ord("0"), ord("b"), ord('"'), ord(" ")} - {byte}:
            try:
                draw.result(parse(data[:at] + bytes([other]) + data[at + 1 :]))
            except Malformed:
                continue
            passed.append((at, data[max(at - 20, 0) : at + 20], chr(other)))
    assert passed == []


@pytest.mark.parametrize("randomness", [b"d:123", b"d:" + b"1" * 21, b"1" * 22, b"d:" + b"1" * 20 + b"\n", b"\xff"])
def test_dice_are_twenty_digits(randomness: bytes) -> None:
    bundle = bundle_of([entry("a")], 1) | {"randomness": randomness.hex()}
    with pytest.raises(Malformed) as refused:
        draw.result(bundle)
    assert str(refused.value) == "the randomness is not that of twenty dice"


@pytest.mark.parametrize("digits", ["", "1" * 19, "1" * 21, "１" * 20, "1" * 19 + "x"])
def test_only_twenty_ascii_digits_become_randomness(digits: str) -> None:
    with pytest.raises(Malformed):
        draw.dice_randomness(digits)


def test_the_command_prints_the_result_and_exits_0(tmp_path: Path) -> None:
    bundle = bundle_of([entry(no) for no in ("甲", "乙", "丙")], 2)
    file = tmp_path / "bundle.json"
    file.write_text(json.dumps(bundle))
    code, out, err = run(file)
    assert (code, json.loads(out), err) == (0, draw.result(bundle), "")


def test_the_command_says_what_is_wrong_in_one_line_and_exits_2(tmp_path: Path) -> None:
    file = tmp_path / "bundle.json"
    file.write_text(json.dumps(bundle_of([entry("a")], 1, n=2)))
    assert run(file) == (2, "", "the count is wrong: the commit says 2, the entries are 1\n")
    file.write_text("{")
    assert run(file) == (2, "", "the file is not JSON\n")
    assert run() == (2, "", "give the name of one JSON file\n")
