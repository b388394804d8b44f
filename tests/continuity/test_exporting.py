import hashlib
import json
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from ipfs.errors import BlockMissing
from marketplace.accounts.models import Account
from marketplace.chain.dating import published
from marketplace.continuity import exporting
from marketplace.journal.models import Head
from marketplace.kit.clock import now, pretending
from marketplace.kit.db import db, get, transaction
from marketplace.lotteries.groups import quota
from marketplace.metadata.models import Pin, blocks
from marketplace.settings import Settings
from tests.apps import another
from tests.chainlogs import somebody
from tests.continuity.lasting import NAME, NICKNAME, a_kit, a_life
from tests.databases import Databases
from tests.lived import Told
from tests.lotteries.applied import drawn
from tests.waiting.stage import a_room, open_it, turn

past = a_life


@pytest.fixture
def tokens(app: Flask, told: Told[list[int]]) -> list[int]:
    return told.what


def data(kit: Path, path: str) -> Any:
    return json.loads((kit / path).read_text())


def files(kit: Path) -> list[str]:
    return sorted(path.relative_to(kit).as_posix() for path in kit.rglob("*") if path.is_file())


def test_the_kit_holds_what_is_public_and_names_each_file_by_its_hash(tokens: list[int], tmp_path: Path) -> None:
    name = exporting.export(tmp_path / "kit")
    kit = tmp_path / "kit"
    manifest = data(kit, "MANIFEST.json")
    assert name == hashlib.sha256((kit / "MANIFEST.json").read_bytes()).hexdigest()
    assert sorted([*manifest["files"], "MANIFEST.json"]) == files(kit)
    for path, about in manifest["files"].items():
        written = (kit / path).read_bytes()
        assert about == {"sha256": hashlib.sha256(written).hexdigest(), "bytes": len(written)}
    kinds = {re.sub(r"(LST|RGT)-[0-9A-Z]+", "N", re.sub(r"baf[a-z0-9]+", "N", path)) for path in files(kit)}
    assert kinds == {
        *("index.html", "style.css", "resales.html", "fund.html", "check.html", "listings/N.html", "pictures/N.webp"),
        *("data/listings.json", "data/tokens.json", "data/holders.json", "data/resales.json", "data/fund.json"),
        *(
            f"contracts/{name}.abi.json"
            for name in ("RightsToken", "UsageRegistry", "ResaleMarket", "TestYen", "Anchors")
        ),
        "sales/N.json",
        *("contracts/contracts.json", "metadata/index.json", "metadata/N.car"),
        *(
            "proofs/draws/N.json",
            "proofs/auctions/N.json",
            "proofs/fund.json",
            "rules/draw-v1.md",
            "rules/lottery-proof.md",
            "rules/auction-v1.md",
            "rules/auction-proof.md",
            "rules/waiting-v1.md",
        ),
        *("rules/journal-v1.md", "rules/fund-proof.md", "journal.json", "MANIFEST.json"),
    }


def test_each_proof_is_linked_from_the_page_of_its_sale_and_from_the_page_of_proofs(app: Flask, tmp_path: Path) -> None:
    """A lottery by groups has one draw for each of them."""
    lottery, _received, _people = drawn(6, quantity=4, auction_rules={"groups": quota(2, 4)}, groups=["town", "others"])
    room, _waiting = a_room(2)
    open_it(room)
    with pretending(now() + timedelta(minutes=5)):
        turn()
    kit = a_kit(tmp_path / "kit")
    proofs = [path for path in files(kit) if re.match("proofs/(draws|auctions|waiting)/", path)]
    town, others = (f"proofs/draws/{lottery.code}-{group}.json" for group in ("town", "others"))
    assert {town, others, f"proofs/waiting/{room.code}.json"} < set(proofs)
    links = re.compile('href="((?:../)?proofs/[a-z]+/[^"]+)"')
    assert sorted(links.findall((kit / "check.html").read_text())) == sorted(proofs)
    assert {
        code: sorted(links.findall((kit / f"listings/{code}.html").read_text())) for code in (lottery.code, room.code)
    } == {lottery.code: sorted([f"../{town}", f"../{others}"]), room.code: [f"../proofs/waiting/{room.code}.json"]}


def test_tokens_are_with_the_addresses_that_hold_them(tokens: list[int], tmp_path: Path) -> None:
    kit = a_kit(tmp_path / "kit")
    rows = {row["token_id"]: row for row in data(kit, "data/tokens.json")}
    assert sorted(rows) == tokens
    assert rows[tokens[0]]["holder"] == somebody("ken")
    held = {row["address"]: row["tokens"] for row in data(kit, "data/holders.json")}
    assert held == {rows[token]["holder"]: [token] for token in tokens}
    (sale,) = data(kit, "data/resales.json")
    assert (sale["token_id"], sale["buyer"], sale["price_yen"]) == (tokens[0], somebody("ken"), 3_800)


def test_the_journal_is_there_by_its_seal_alone(tokens: list[int], tmp_path: Path) -> None:
    kit = a_kit(tmp_path / "kit")
    head = get(Head, 1)
    shown = data(kit, "journal.json")
    assert (shown, shown["seq"], shown["hash"]) == (published(), head.seq, head.hash)


def test_nothing_of_a_person_and_nothing_unannounced_is_in_any_file(tokens: list[int], tmp_path: Path) -> None:
    kit = a_kit(tmp_path / "kit")
    everything = b"\n".join((kit / path).read_bytes() for path in files(kit))
    people = list(db.session.scalars(sa.select(Account)))
    assert len(people) >= 9
    for person in people:
        for secret in (person.email, person.code, person.custody_id):
            assert secret.encode() not in everything, secret
    for secret in (NAME, NICKNAME, "まだ秘密の権利", "ORD-", "月山 一郎", "43210", "43,210"):
        assert secret.encode() not in everything, secret


def test_a_keyboard_reaches_every_table_that_may_be_pulled(tokens: list[int], tmp_path: Path) -> None:
    kit = a_kit(tmp_path / "kit")
    html = "".join((kit / path).read_text() for path in files(kit) if path.endswith(".html"))
    found = re.findall(r'<div class="wide"[^>]*>', html)
    named = [place for place in found if re.search(r' tabindex="0" role="group" aria-label="[^"]+">$', place)]
    assert (len(found) >= 4, named) == (True, found)


def test_the_pages_run_nothing_and_lead_nowhere_else(tokens: list[int], tmp_path: Path) -> None:
    kit = a_kit(tmp_path / "kit")
    pages = [path for path in files(kit) if path.endswith(".html")]
    assert len(pages) == 4 + 4
    for path in pages:
        html = (kit / path).read_text()
        assert "<script" not in html
        assert "style=" not in html
        assert "<b>" not in html, "what people typed is text"
        for link in re.findall(r'(?:href|src)="([^"]+)"', html):
            assert (kit / path).parent.joinpath(link).resolve().is_file(), (path, link)


def test_a_place_that_is_taken_is_left_alone(tokens: list[int], tmp_path: Path) -> None:
    (tmp_path / "kit").mkdir()
    with pytest.raises(exporting.Occupied):
        exporting.export(tmp_path / "kit")
    assert list((tmp_path / "kit").iterdir()) == []


def test_an_export_that_dies_leaves_nothing_that_looks_like_a_kit(tokens: list[int], tmp_path: Path) -> None:
    (tmp_path / "here").mkdir()
    with transaction() as session:
        session.execute(sa.delete(blocks))
    with pytest.raises(BlockMissing):
        exporting.export(tmp_path / "here" / "kit")
    assert list((tmp_path / "here").iterdir()) == []


def test_an_empty_town_has_a_kit_too(databases: Databases, settings: Settings, tmp_path: Path) -> None:
    with databases.copy() as url, another(settings.model_copy(update={"database_url": url})):
        kit = a_kit(tmp_path / "kit")
    assert (data(kit, "data/tokens.json"), data(kit, "metadata/index.json")) == ([], [])


def test_each_file_is_told(tokens: list[int], tmp_path: Path) -> None:
    told: list[str] = []
    exporting.export(tmp_path / "kit", told.append)
    assert sorted([*told, "MANIFEST.json"]) == files(tmp_path / "kit")
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Pin)) == 5
