import hashlib
import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from marketplace.continuity import exporting
from marketplace.continuity.verifying import verify
from marketplace.kit.db import db, get
from marketplace.kit.published import Malformed
from marketplace.listings import amending as sale_amending
from marketplace.listings.models import Listing
from marketplace.metadata import amending
from marketplace.metadata.models import Pin
from marketplace.outbox import keeping
from marketplace.rights.models import Right
from marketplace.settings import Settings
from tests import given
from tests.apps import another
from tests.continuity.lasting import a_kit, a_life
from tests.databases import Databases
from tests.lived import Told
from tests.waiting.stage import a_room

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def past(tmp_path_factory: pytest.TempPathFactory) -> Callable[[], Path]:
    """A life, and the kit that was made of it then."""

    def live() -> Path:
        a_life()
        return a_kit(tmp_path_factory.mktemp("whole") / "kit")

    return live


@pytest.fixture
def kit(app: Flask, told: Told[Path], tmp_path: Path) -> Path:
    """The kit, to do with it what one likes."""
    return shutil.copytree(told.what, tmp_path / "kit")


def amended(listing_id: int) -> None:
    """More for each, while it is sold: by two persons."""
    values = {"per_person_limit": get(Listing, listing_id).per_person_limit + 1}
    sale_amending.approve(
        sale_amending.propose(listing_id, given.staff("drafter"), values, "好評のため"), given.staff("approver")
    )


def the(kit: Path, pattern: str) -> Path:
    return sorted(kit.glob(pattern))[0]


def change(path: Path, act: Callable[[Any], None]) -> None:
    value = json.loads(path.read_text())
    act(value)
    path.write_text(json.dumps(value, ensure_ascii=False))


def reseal(kit: Path) -> None:
    """Write the hashes of the files as they are now into the manifest, as a forger would."""

    def hashes(manifest: Any) -> None:
        for path, about in manifest["files"].items():
            about["sha256"] = hashlib.sha256((kit / path).read_bytes()).hexdigest()

    change(kit / "MANIFEST.json", hashes)


def test_a_kit_is_whole(kit: Path) -> None:
    told: list[str] = []
    found = verify(kit, told.append)
    name = hashlib.sha256((kit / "MANIFEST.json").read_bytes()).hexdigest()
    files = len(json.loads((kit / "MANIFEST.json").read_text())["files"])
    expected = f"continuity kit of 月見沢町: {files} files, 4 trees, 3 tokens, 3 proofs; manifest sha256:{name}"
    assert found == expected
    assert len(told) == files + 4 + 3


def test_with_the_server_off_and_no_database_one_line_says_so(kit: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "marketplace", "verify", str(kit)]
    env = {"PYTHONPATH": str(ROOT), "DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none", "PATH": "/nowhere"}
    ran = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, env=env, check=False)
    assert (ran.returncode, ran.stderr, ran.stdout.count("\n")) == (0, "", 1)
    assert ran.stdout.startswith("ok: continuity kit of 月見沢町")
    the(kit, "metadata/*.car").write_bytes(b"")
    ran = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, env=env, check=False)
    assert (ran.returncode, ran.stdout, ran.stderr.count("\n")) == (2, "", 1)


@pytest.mark.parametrize(
    ("path", "says"),
    [
        pytest.param("proofs/draws/*.json", "draw: 2 of 4 entries won", id="a draw"),
        pytest.param("proofs/auctions/*.json", "auction: 3 bids, winner ", id="an auction"),
        pytest.param("proofs/fund.json", "fund: ", id="the fund"),
        pytest.param("metadata/*.car", "documents of RGT-", id="a tree of documents"),
        pytest.param("journal.json", "journal: sealed up to ", id="a head"),
    ],
)
def test_each_proof_is_checked_by_itself(kit: Path, path: str, says: str) -> None:
    assert verify(the(kit, path)).startswith(says)


def test_an_auction_that_sold_nothing_is_told_as_that(tmp_path: Path) -> None:
    file = tmp_path / "LST-1-bids.json"
    terms = {"start": 1_000, "reserve": None, "close": 600, "soft_close": None, "increments": [[None, 100]]}
    file.write_text(json.dumps({"version": "auction-v1", "bids": [], **terms}))
    assert verify(file) == "auction: 0 bids, nothing sold"


def test_the_whole_journal_is_checked_and_one_changed_reason_breaks_it(app: Flask, tmp_path: Path) -> None:
    file = tmp_path / "journal.json"
    file.write_bytes(b"".join(exporting.journal()))
    count = len(json.loads(file.read_text())["entries"])
    assert count > 20
    assert verify(file).startswith(f"journal: {count} entries, head ")

    def lie(journal: Any) -> None:
        journal["entries"][6]["why"] = "ほかの理由"

    change(file, lie)
    with pytest.raises(Malformed, match=r"journal: row 7 \(.*\) was changed"):
        verify(file)


def test_a_journal_whose_end_was_cut_off_is_not_whole(app: Flask, tmp_path: Path) -> None:
    file = tmp_path / "journal.json"
    file.write_bytes(b"".join(exporting.journal()))
    change(file, lambda journal: journal["entries"].pop())
    with pytest.raises(Malformed, match="the end of the journal was cut off"):
        verify(file)


def drop(kit: Path) -> None:
    the(kit, "listings/*.html").unlink()


def add(kit: Path) -> None:
    (kit / "extra.txt").write_text("x")


def alter(kit: Path) -> None:
    (kit / "fund.html").write_text("others")


def unmanifest(kit: Path) -> None:
    (kit / "MANIFEST.json").unlink()


def lead_out(kit: Path) -> None:
    change(kit / "MANIFEST.json", lambda manifest: manifest["files"].update({"../x": {"sha256": "0" * 64}}))


def other_winner(kit: Path) -> None:
    change(the(kit, "proofs/draws/*.json"), lambda bundle: bundle["result"]["winners"].reverse())
    reseal(kit)


def other_price(kit: Path) -> None:
    change(the(kit, "proofs/auctions/*.json"), lambda log: log["result"].update(price=1))
    reseal(kit)


def other_sale(kit: Path) -> None:
    change(the(kit, "sales/*.json"), lambda sale: sale.update(price_yen=1))
    reseal(kit)


def other_rules(kit: Path) -> None:
    code = the(kit, "proofs/draws/*.json").stem
    sale = kit / "sales" / f"{code}.json"
    change(sale, lambda told: told.update(quantity=1))
    name = "sha256:" + hashlib.sha256(sale.read_bytes()).hexdigest()

    def renamed(rows: Any) -> None:
        next(row for row in rows if row["code"] == code)["text_hash"] = name

    change(kit / "data/listings.json", renamed)
    reseal(kit)


def other_yen(kit: Path) -> None:
    change(kit / "proofs/fund.json", lambda record: record["fund"].update(kept_yen=1))
    reseal(kit)


def other_fund(kit: Path) -> None:
    change(kit / "data/fund.json", lambda fund: fund.update(kept_yen=1))
    reseal(kit)


def token_elsewhere(kit: Path) -> None:
    change(kit / "data/tokens.json", lambda rows: rows[0].update(metadata_uri="ipfs://other/1.json"))
    reseal(kit)


def token_beyond(kit: Path) -> None:
    def next_number(rows: Any) -> None:
        rows[0].update(serial=6, metadata_uri=rows[0]["metadata_uri"].replace("/1.json", "/6.json"))

    change(kit / "data/tokens.json", next_number)
    reseal(kit)


def trees_swapped(kit: Path) -> None:
    first, second, *_ = sorted(kit.glob("metadata/*.car"))
    one, other = first.read_bytes(), second.read_bytes()
    first.write_bytes(other)
    second.write_bytes(one)
    reseal(kit)


def tree_cut(kit: Path) -> None:
    tree = the(kit, "metadata/*.car")
    tree.write_bytes(tree.read_bytes()[:-10])
    reseal(kit)


def test_a_waiting_room_goes_by_what_was_approved_when_it_was_closed(app: Flask, tmp_path: Path) -> None:
    room, _ = a_room(1, state="open")
    amended(room.listing_id)
    amended(room.listing_id)
    kit = a_kit(tmp_path / "kit")
    assert verify(kit).startswith("continuity kit of ")
    rules = json.loads((kit / "proofs" / "waiting" / f"{room.code}.json").read_text())["commit"]["rules"]
    first = (kit / "sales" / room.code / "before-1.json").read_bytes()
    assert "sha256:" + hashlib.sha256(first).hexdigest() == rules


@pytest.mark.parametrize(
    ("act", "says"),
    [
        (drop, " is missing"),
        (add, "extra.txt is not in the manifest"),
        (alter, "fund.html was changed"),
        (unmanifest, "cannot read the file"),
        (lead_out, "names a file outside"),
        (other_winner, "the result in the file is not what comes out of it"),
        (other_price, "the result in the file is not what comes out of it"),
        (other_sale, "is not what was approved of that sale"),
        (other_rules, "the rules are not those that were approved: sales/LST-"),
        (other_yen, "proofs/fund.json: kept_yen: the file says 1, and "),
        (other_fund, "data/fund.json has other figures than proofs/fund.json"),
        (token_elsewhere, "points to a document that is not here"),
        (token_beyond, "points to a document that is not here"),
        (trees_swapped, "is the tree of something else"),
        (tree_cut, "ends in the middle"),
    ],
)
def test_a_kit_that_was_tampered_with_is_refused(kit: Path, act: Callable[[Path], None], says: str) -> None:
    act(kit)
    with pytest.raises(Malformed, match=says) as wrong:
        verify(kit)
    assert "\n" not in str(wrong.value)


@pytest.mark.parametrize("data", [b"", b"{}", b"[]", b"null", b'{"version": "x"}', b"\x00", b'\x3a\xa2eroots{"'])
def test_what_we_never_published_is_refused_in_one_line(tmp_path: Path, data: bytes) -> None:
    file = tmp_path / "file"
    file.write_bytes(data)
    with pytest.raises(Malformed) as wrong:
        verify(file)
    assert "\n" not in str(wrong.value)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(Malformed, match="No such file"):
        verify(tmp_path / "none")


def test_every_edition_of_a_corrected_right_and_the_pictures_of_its_tokens_are_checked(
    databases: Databases, settings: Settings, tmp_path: Path
) -> None:
    with databases.copy() as url, another(settings.model_copy(update={"database_url": url})):
        given.a_listing(quantity=3, art_per_token=True)
        right = db.session.scalars(sa.select(Right)).one()
        amendment = amending.propose(right.id, given.staff("drafter"), {"title_en": "Corrected"}, "書きまちがい")
        amending.approve(amendment, given.staff("approver"))
        keeping.drain()
        kit = a_kit(tmp_path / "kit")
        roots = list(db.session.scalars(sa.select(Pin.root).order_by(Pin.edition)))
    assert [path.stem for path in sorted(kit.glob("metadata/*.car"))] == sorted(roots)
    assert ", 2 trees, 0 tokens, " in verify(kit)
