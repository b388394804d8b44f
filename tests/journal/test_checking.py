"""Whatever is done to one row of a journal is found, and the row is named."""

from __future__ import annotations

import copy
import json
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from hypothesis import example, settings
from hypothesis import given as drawn
from hypothesis import strategies as st

from marketplace.chain.dating import anchor_days, published
from marketplace.continuity import exporting
from marketplace.continuity.verifying import verify
from marketplace.journal.checking import Fault, Fixed, Row, Wrong, check, check_here
from marketplace.journal.sealing import BEFORE_ALL, digest, seal
from marketplace.kit.clock import now, pretending
from marketplace.kit.published import Malformed
from marketplace.orders.placing import place
from tests import given, lived
from tests.conftest import PLAIN
from tests.databases import Databases
from tests.journal.forging import forge
from tests.lived import Told

Journal = dict[str, Any]
Kept = tuple[Journal, Any]
WORDS = ("at", "subject", "event", "from", "to", "by", "why")


def four_days() -> Kept:
    """Some 200 rows of a journal: the real acts of a town, exported; and the heads of three days."""
    today = now()
    for day in range(4):
        with pretending(today + timedelta(days=day)):
            anchor_days()
            for _ in range(6 + day // 3 * 8):
                listing_id = given.a_listing()
                place(given.an_account(), listing_id)
    with pretending(today + timedelta(days=3)):
        while seal():
            pass
        return exported(), published()


@pytest.fixture(scope="module")
def days(databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Told[Kept]]:
    here = PLAIN.model_copy(update={"data_dir": tmp_path_factory.mktemp("days")})
    with lived.once(databases, here, four_days) as told:
        yield told


@pytest.fixture
def journal(days: Told[Kept]) -> Journal:
    return copy.deepcopy(days.what[0])


@pytest.fixture
def heads(days: Told[Kept], tmp_path: Path) -> Path:
    """The file of the heads of days, as somebody kept it."""
    file = tmp_path / "heads.json"
    file.write_text(json.dumps(days.what[1]))
    return file


def exported() -> Journal:
    journal: Journal = json.loads(b"".join(exporting.journal()))
    return journal


def found(journal: Journal, kept: list[Fixed] | None = None) -> Fault | None:
    rows = [
        Row({name: value for name, value in row.items() if name != "hash"}, row["hash"]) for row in journal["entries"]
    ]
    own = [Fixed(day["day"], day["seq"], day["hash"]) for day in journal["days"]]
    return check(rows, (journal["seq"], journal["hash"]), own if kept is None else kept)


def chained_anew(journal: Journal) -> Journal:
    """Every hash and every head made to fit, as somebody would who owns the database."""
    prev = BEFORE_ALL
    for number, row in enumerate(journal["entries"], start=1):
        row["seq"] = number
        prev = row["hash"] = digest(prev, {name: value for name, value in row.items() if name != "hash"})
    journal["seq"], journal["hash"] = len(journal["entries"]), prev
    for day in journal["days"]:
        day["seq"] = min(day["seq"], journal["seq"])
        day["hash"] = journal["entries"][day["seq"] - 1]["hash"]
    return journal


def test_any_single_mutation_of_a_journal_is_found_and_the_row_named(journal: Journal) -> None:
    count = len(journal["entries"])
    assert (150 <= count <= 300, len(journal["days"]), found(journal)) == (True, 3, None)
    places = st.integers(0, count - 1)

    @drawn(places, st.sampled_from([*WORDS, "details", "seq", "hash"]), st.text(min_size=1), st.integers(-5, 400))
    @settings(max_examples=150)
    def changed(at: int, column: str, text: str, number: int) -> None:
        forged = copy.deepcopy(journal)
        row = forged["entries"][at]
        other = {"details": {**row["details"], "x": text}, "seq": number, "hash": f"{abs(number):064x}"}
        if other.get(column, text) == row[column]:
            return
        row[column] = other.get(column, text)
        fault = found(forged)
        assert fault is not None
        assert (fault.seq, fault.wrong) == (at + 1, Wrong.CHANGED)

    @drawn(places)
    @settings(max_examples=60)
    def removed(at: int) -> None:
        forged = copy.deepcopy(journal)
        del forged["entries"][at]
        fault = found(forged)
        assert fault is not None
        assert (fault.seq, fault.wrong) == (at + 1, Wrong.CUT if at == count - 1 else Wrong.MISSING)

    @drawn(st.integers(0, count), places, st.booleans())
    @example(1, 0, False)
    @settings(max_examples=100)
    def inserted(before: int, source: int, well: bool) -> None:
        """A copy of a row, as it is or made to fit upon the row before it."""
        forged = copy.deepcopy(journal)
        row = copy.deepcopy(forged["entries"][source])
        if well:
            prev = forged["entries"][before - 1]["hash"] if before else BEFORE_ALL
            del row["hash"]
            row["seq"] = before + 1
            row["hash"] = digest(prev, row)
        forged["entries"].insert(before, row)
        fault = found(forged)
        assert fault is not None
        # a copy of a row beside that row: nobody can tell which of the two is the first
        first = max(before - 1, 0)
        twins = {at for at, each in enumerate(forged["entries"][first : before + 2], first + 1) if each == row}
        assert (fault.seq in twins, fault.wrong) == (True, Wrong.INSERTED)

    changed()
    removed()
    inserted()


def test_a_journal_that_was_cut_off_or_chained_anew_does_not_go_through_the_heads_that_were_kept(
    journal: Journal,
) -> None:
    kept = [Fixed(day["day"], day["seq"], day["hash"]) for day in journal["days"]]
    ends = [0, *(day.seq for day in kept)]

    @drawn(st.integers(0, ends[-1] - 1))
    @settings(max_examples=60)
    def cut(left: int) -> None:
        forged = copy.deepcopy(journal)
        del forged["entries"][left:]
        forged["days"] = [day for day in forged["days"] if day["seq"] <= left]
        forged["seq"], forged["hash"] = left, forged["entries"][-1]["hash"] if left else BEFORE_ALL
        assert found(forged) is None
        fault = found(forged, kept)
        assert fault is not None
        assert (fault.seq, fault.wrong) == (left + 1, Wrong.CUT)

    @drawn(st.integers(0, ends[-1] - 1), st.sampled_from(["change", "remove", "insert"]))
    @settings(max_examples=60)
    def forged_whole(at: int, how: str) -> None:
        forged = copy.deepcopy(journal)
        if how == "change":
            forged["entries"][at]["why"] += "x"
        elif how == "remove":
            del forged["entries"][at]
        else:
            forged["entries"].insert(at, copy.deepcopy(forged["entries"][0]))
        chained_anew(forged)
        assert found(forged) is None
        fault = found(forged, kept)
        first = next(end for end in ends if end > at)
        assert fault is not None
        assert (fault.since, fault.seq) == (ends[ends.index(first) - 1] + 1, first)
        assert fault.wrong == Wrong.CHAINED_ANEW

    cut()
    forged_whole()


@pytest.mark.parametrize(
    ("statement", "fault"),
    [
        ("UPDATE journal SET why = 'x' WHERE seq = 3", (3, Wrong.CHANGED)),
        ("UPDATE journal SET details = '{\"x\": 1}' WHERE seq = 3", (3, Wrong.CHANGED)),
        ("UPDATE journal SET details = '{\"x\": 1.0}' WHERE seq = 3", (3, Wrong.CHANGED)),
        ("UPDATE journal SET prev = hash WHERE seq = 3", (3, Wrong.CHANGED)),
        ("UPDATE journal SET hash = prev WHERE seq = 3", (3, Wrong.CHANGED)),
        ("UPDATE journal SET seq = 999 WHERE seq = 3", (3, Wrong.MISSING)),
        ("UPDATE journal SET seq = NULL, hash = NULL WHERE seq = 3", (3, Wrong.MISSING)),
        ("DELETE FROM journal WHERE seq = 3", (3, Wrong.MISSING)),
        ("DELETE FROM journal WHERE seq = (SELECT max(seq) FROM journal)", (None, Wrong.CUT)),
        ("UPDATE journal_head SET seq = seq - 1", (None, Wrong.INSERTED)),
        ("UPDATE journal_head SET hash = 'x'", (None, Wrong.CHANGED)),
    ],
)
def test_the_database_is_looked_through_itself(app: Flask, statement: str, fault: tuple[int | None, Wrong]) -> None:
    given.a_listing()
    seal()
    last = len(exported()["entries"])
    assert check_here() is None
    forge(statement)
    told = check_here()
    assert told is not None
    assert (told.seq, told.wrong) == (fault[0] or last, fault[1])


def test_the_command_names_the_row_and_takes_heads_that_were_kept(
    journal: Journal, heads: Path, tmp_path: Path
) -> None:
    file = tmp_path / "journal.json"
    file.write_text(json.dumps(journal))
    assert verify(file, heads=heads).endswith("heads of 3 days, 3 heads of days as they were kept")
    journal["entries"][6]["why"] = "ほかの理由"
    file.write_text(json.dumps(journal))
    row = journal["entries"][6]
    with pytest.raises(Malformed) as wrong:
        verify(file)
    assert str(wrong.value) == f"journal: row 7 ({row['subject']} {row['event']} {row['at']}) was changed"
    file.write_text(json.dumps(chained_anew(journal)))
    verify(file)
    with pytest.raises(Malformed, match=r"one of the rows 1 to \d+ was changed, put in or taken out"):
        verify(file, heads=heads)
    with pytest.raises(Malformed, match="kept heads of days are for a journal"):
        verify(heads, heads=heads)


def test_the_program_in_the_document_needs_nobody_and_says_the_same(
    journal: Journal, heads: Path, tmp_path: Path
) -> None:
    document = (Path(__file__).parents[2] / "docs" / "journal-v1.md").read_text("utf-8")
    program, file = (tmp_path / name for name in ("check.py", "journal.json"))
    program.write_text(document.partition("```python\n")[2].partition("```")[0], "utf-8")

    def says(told: Journal) -> str:
        file.write_text(json.dumps(told))
        command = [sys.executable, "-I", str(program), str(file), str(heads)]
        ran = subprocess.run(command, capture_output=True, text=True, check=False)
        return (ran.stdout or ran.stderr).strip()

    count = len(journal["entries"])
    assert says(journal) == f"whole: {count} rows, 3 heads of days"
    journal["entries"][99]["by"] = "staff:ACC-OTHER"
    assert says(journal) == "the chain breaks at row 100"
    day = next(day for day in journal["days"] if day["seq"] >= 100)
    assert says(chained_anew(journal)) == f"the head of {day['day']} is another: a row up to {day['seq']} was changed"
    del journal["entries"][20:]
    journal["days"] = []
    assert says(chained_anew(journal)) == "the end is cut off"


def test_an_empty_journal_is_whole(app: Flask) -> None:
    assert (check_here(), check([], (0, BEFORE_ALL))) == (None, None)
