"""The continuity kit: everything public in one directory, for the day when the town has no server any more.

    index.html, …            pages that need nothing but a browser
    data/                    listings, tokens, holders (addresses), resales, the fund, as JSON
    sales/                   what was approved of each, and before its amendments, byte for byte as it was hashed
    contracts/               addresses and ABIs
    metadata/<root>.car      every edition of every document, to be imported by any IPFS node
    proofs/draws, /auctions, /waiting, /fund.json  what anyone can recompute
    rules/                   how to
    journal.json             the seal over all that was done
    MANIFEST.json            the SHA-256 of every file; written last

It is written beside its place and moved there when it is whole.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from ipfs import car
from ipfs.blockstore import SqlBlockstore
from ipfs.cid import CID
from marketplace.continuity import facts, pages
from marketplace.continuity.formats import FORMATS
from marketplace.journal.models import Entry
from marketplace.journal.sealing import fields
from marketplace.kit.clock import now
from marketplace.kit.db import db, in_portions, let_go, see_one_moment
from marketplace.kit.published import Record
from marketplace.kit.refusals import Refused
from marketplace.metadata.models import blocks
from marketplace.metadata.pictures import WIDTHS, copies, drawn, file_of
from marketplace.rights.models import Right
from marketplace.settings import settings

VERSION = "continuity-v1"

Told = Callable[[str], None]
"""Is told each file that has been written."""


class Occupied(Refused):
    code = "occupied"
    message = "その場所には、すでに何かがあります。まだないフォルダの名前を指定してください。"


def export(place: Path, told: Told = lambda path: None) -> str:
    """Write the kit to `place`, which must not exist; the SHA-256 of its manifest, to be told to the public."""
    if place.exists():
        raise Occupied(f"{place} は、すでにあります。まだないフォルダの名前を指定してください。")
    beside = place.with_name(f".{place.name}.{os.getpid()}")
    beside.mkdir(parents=True)
    try:
        see_one_moment()
        kit = Kit(beside, told)
        _fill(kit)
        digest = kit.close()
        beside.rename(place)
        return digest
    finally:
        let_go()
        shutil.rmtree(beside, ignore_errors=True)


class Kit:
    """A directory that remembers the hash of each file in it."""

    def __init__(self, place: Path, told: Told) -> None:
        self.place = place
        self.files: dict[str, Record] = {}
        self._told = told

    def write(self, path: str, pieces: Iterable[bytes]) -> None:
        target = self.place / path
        target.parent.mkdir(parents=True, exist_ok=True)
        digest, size = hashlib.sha256(), 0
        with target.open("wb") as file:
            for piece in pieces:
                digest.update(piece)
                size += file.write(piece)
        self.note(path, digest.hexdigest(), size)

    def note(self, path: str, sha256: str, size: int) -> None:
        """A file that is there."""
        self.files[path] = {"sha256": sha256, "bytes": size}
        self._told(path)

    def json(self, path: str, value: Any) -> None:
        self.write(path, [_json(value)])

    def close(self) -> str:
        """Write the manifest; its SHA-256."""
        manifest = _json(
            {
                "version": VERSION,
                "town": settings().town_name,
                "made_at": now().isoformat(timespec="seconds"),
                "files": self.files,
            }
        )
        self.place.joinpath("MANIFEST.json").write_bytes(manifest)
        return hashlib.sha256(manifest).hexdigest()


def journal() -> Iterator[bytes]:
    """The whole sealed journal in the form of docs/journal-v1.md, for auditors: it has reasons and codes of persons."""
    head = facts.journal_days()
    days = [{name: day[name] for name in ("day", "seq", "hash")} for day in head["days"]]
    yield b'{"version":"journal-v1","seq":%d,"hash":"%s",' % (head["seq"], head["hash"].encode())
    yield b'"days":%b,"entries":[' % _json(days, indent=None)
    rows = in_portions(sa.select(Entry).where(Entry.seq <= head["seq"]).order_by(Entry.seq), 1000)
    for entry in db.session.scalars(rows):
        comma = b"," if entry.seq and entry.seq > 1 else b""
        yield comma + b"\n" + _json({**fields(entry), "hash": entry.hash}, indent=None)
    yield b"\n]}\n"


def _fill(kit: Kit) -> None:
    listings, issued, resales = facts.listings(), list(facts.tokens()), facts.resales()
    fund, pins, contracts = facts.fund(), facts.pins(), facts.contracts()
    kit.json("data/listings.json", listings)
    for path, text in facts.approved():
        kit.write(path, [text])
    kit.json("data/tokens.json", issued)
    kit.json("data/holders.json", facts.holders(issued))
    kit.json("data/resales.json", resales)
    kit.json("data/fund.json", fund)
    kit.json("contracts/contracts.json", contracts)
    for name in contracts["addresses"]:
        kit.json(f"contracts/{name}.abi.json", facts.abi(name))
    kit.json("metadata/index.json", pins)
    for pin in pins:
        store = SqlBlockstore(db.session.connection(), blocks)
        kit.write(f"metadata/{pin['root']}.car", car.export(store, CID.parse(pin["root"])))
    proofs: dict[str, str] = {}
    kinds = (("draws", facts.draws()), ("auctions", facts.auctions()), ("waiting", facts.waiting_rooms()))
    for kind, found in kinds:
        for name, proof in found:
            proofs[name] = f"proofs/{kind}/{name}.json"
            kit.json(proofs[name], proof)
    kit.json("proofs/fund.json", facts.fund_proof())
    for each in FORMATS:
        if each.in_kit:
            kit.write(f"rules/{each.file}", [each.text()])
    kit.json("journal.json", facts.journal_days())
    for path, page in pages.site(listings, issued, resales, fund, pins, contracts, proofs):
        kit.write(path, [page.encode()])
    for code in {listing["right"]["code"] for listing in listings}:  # last: a bucket is asked without a snapshot
        kit.write(f"pictures/{code}.webp", [_picture(code)])


def _picture(code: str) -> bytes:
    right = db.session.scalars(sa.select(Right).where(Right.code == code)).one()
    if right.picture_id is not None:
        return file_of(right.picture_id, WIDTHS[0])
    return copies(drawn(right.kind, right.art_seed))[WIDTHS[0]]


def _json(value: Any, indent: int | None = 1) -> bytes:
    return json.dumps(value, ensure_ascii=False, indent=indent).encode() + (b"\n" if indent else b"")
