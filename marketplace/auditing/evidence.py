"""evidence-v1: all that proves how one sale went, in one ZIP that is checked without us and holds no person.

    README.md, check.py           what it is, and the check: Python alone
    approved/                     the text as it was approved; its SHA-256 is the hash in the journal and on chain
    versions.json, versions.txt   each text that was handed to an approver, and what changed from one to the next
    amendments.json               each change that was announced later: before, after, why
    journal/                      every row of the sale with its hash, the chain from one head of a day to the next
    orders.csv, ledger.csv        the orders without their buyers, the book
    perks.csv                     where and when its perks were used, without by whom
    notices.json                  which letters were written and posted, without to whom
    draws/, bids.json             what the draw or the auction is recomputed from
    metadata.json, anchors.json   the CIDs, and what of all this stands on chain
    MANIFEST.json                 the SHA-256 of every file

The same state gives the same bytes.
"""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import rfc8785
import sqlalchemy as sa

from marketplace.auctions.logs import bids_of
from marketplace.auditing import standing
from marketplace.auditing.families import booked, family_of
from marketplace.fund.models import Posting
from marketplace.kit.db import db
from marketplace.kit.tables import Row, csv_lines
from marketplace.listings import amending, versions
from marketplace.listings.comparing import Change, changes
from marketplace.listings.drafting import staff_name
from marketplace.listings.facts import sale_facts, written
from marketplace.listings.models import Listing
from marketplace.lotteries.bundles import published
from marketplace.lotteries.closing import draws, of_listing
from marketplace.metadata.models import Pin
from marketplace.notices.models import Notice
from marketplace.orders.models import Order
from marketplace.perks.models import Partner, Use
from marketplace.rights import drafting as rights
from marketplace.tokens.models import Token

VERSION = "evidence-v1"
HERE = Path(__file__).parent
LONG_AGO = (1980, 1, 1, 0, 0, 0)
"""The oldest time that a ZIP knows: when it was packed is no part of what it proves."""
ORDER_COLUMNS = (
    *("order", "serial", "origin", "state", "yen", "deposit_yen"),
    *("created_at", "pay_by", "paid_at", "issued_at"),
)
LEDGER_COLUMNS = ("posting", "kind", "at", "subject", "memo", "account", "yen")
PERK_COLUMNS = (
    "no",
    "act",
    "undoes",
    "token",
    "plan",
    "partner",
    "channel",
    "used_at",
    "recorded_at",
    "flag",
    "pay_yen",
)
MARKS = {"old": "-", "new": "+", "same": " "}

Files = Iterator[tuple[str, bytes]]


def approved(listing: Listing) -> Files:
    """Right and sale in the canonical JSON that was hashed."""
    yield "approved/right.json", rfc8785.dumps(rights.facts(listing.right))
    yield "approved/sale.json", rfc8785.dumps(sale_facts(listing, listing.right.text_hash))
    yield "approved/hashes.json", _json({"right": listing.right.text_hash, "sale": listing.text_hash})


def revisions(listing: Listing) -> Files:
    """Every text that was handed over, as facts; and for people, field by field, what each changed of the last one."""
    found: list[dict[str, Any]] = []
    told: list[str] = []
    before: dict[str, Any] = {}
    for row in versions.every(listing.id):
        found.append(
            {"number": row.number, "facts": row.facts, "fingerprint": row.fingerprint}
            | {"submitted_at": written(row.submitted_at), "by": staff_name(row.submitted_by)}
            | {"decided_by": staff_name(row.decided_by) if row.decided_by else None}
        )
        told += [f"第{row.number}版　{written(row.submitted_at)}　{row.fingerprint}", ""]
        told += _in_lines(changes(before, row.facts)) if before else ["はじめの版です。", ""]
        before = row.facts
    yield "versions.json", _json(found)
    yield "versions.txt", "\n".join(told).encode()


def amendments(listing: Listing) -> Files:
    yield (
        "amendments.json",
        _json(
            [
                {"number": row.number, "before": row.before, "after": row.after, "why": row.why}
                | {"drafted_at": written(row.drafted_at), "by": staff_name(row.drafted_by)}
                | {"announced_at": written(row.decided_at), "text_hash": row.text_hash}
                for row in reversed(amending.published(listing.id))
            ]
        ),
    )


def journal(listing: Listing) -> Files:
    for name, found in standing.of(family_of(listing.subject)):
        yield f"journal/{name}.json", _json(found)


def orders(listing: Listing) -> Files:
    rows = db.session.scalars(sa.select(Order).where(Order.listing_id == listing.id).order_by(Order.id))
    yield "orders.csv", _table(ORDER_COLUMNS, (_order(row) for row in rows))


def ledger(listing: Listing) -> Files:
    """The postings of its orders and deposits, one line of the book a row."""
    rows = db.session.scalars(sa.select(Posting).where(Posting.subject.in_(booked(listing))).order_by(Posting.id))
    lines = (
        (row.key, row.kind, row.at.isoformat(), row.subject, row.memo, str(line.account), line.yen)
        for row in rows
        for line in row.lines
    )
    yield "ledger.csv", _table(LEDGER_COLUMNS, lines)


def perks(listing: Listing) -> Files:
    """Every use of its tokens' perks. Lines are never changed: one that was undone has a second line."""
    query = sa.select(Use, Partner.code).outerjoin(Partner, Partner.id == Use.partner_id)
    tokens = sa.select(Token.token_id).where(Token.listing_code == listing.code)
    lines = (
        (
            *(use.id, str(use.act), use.undoes, str(use.token_id), use.plan_name, partner, str(use.channel)),
            *(written(use.used_at), written(use.recorded_at), use.flag and str(use.flag), use.pay_yen),
        )
        for use, partner in db.session.execute(query.where(Use.token_id.in_(tokens)).order_by(Use.id))
    )
    yield "perks.csv", _table(PERK_COLUMNS, lines)


def notices(listing: Listing) -> Files:
    """A letter is about a sale where its key has the code of one of the things in it."""
    codes = sa.select(Order.code).where(Order.listing_id == listing.id)
    known = {listing.code, *db.session.scalars(codes)}
    rows = db.session.execute(
        sa.select(Notice.key, Notice.template, Notice.promised_at, Notice.sent_at).order_by(Notice.id)
    )
    found = [
        {"template": row.template, "about": about}
        | {"promised_at": written(row.promised_at), "sent_at": written(row.sent_at)}
        for row in rows
        if (about := next((part for part in row.key.split(":") if part in known), None)) is not None
    ]
    yield "notices.json", _json(found)


def proofs(listing: Listing) -> Files:
    lottery = of_listing(listing.id)
    for fixed in draws(lottery.id) if lottery else []:
        yield f"draws/{fixed.listing.replace('/', '-')}.json", _json(published(fixed))
    if (log := bids_of(listing.code)) is not None:
        yield "bids.json", _json(log)


def metadata(listing: Listing) -> Files:
    rows = db.session.scalars(sa.select(Pin).where(Pin.right_id == listing.right_id).order_by(Pin.edition))
    right = listing.right
    yield (
        "metadata.json",
        _json(
            {
                "terms_cid": right.terms_cid,
                "metadata_uri": right.metadata_uri,
                "document_uri": right.document_uri,
                "editions": [
                    {"edition": row.edition, "root": row.root, "car_sha256": row.car_sha256}
                    | {"published_at": written(row.published_at)}
                    for row in rows
                ],
            }
        ),
    )


def anchors(listing: Listing) -> Files:
    lottery = of_listing(listing.id)
    names = [f"auction:{listing.code}", *(f"draw:{fixed.listing}" for fixed in (draws(lottery.id) if lottery else []))]
    yield "anchors.json", _json(standing.on_chain(names))


STEPS: Sequence[Callable[[Listing], Files]] = (
    *(approved, revisions, amendments, journal, orders, ledger, perks, notices, proofs, metadata, anchors),
)


def collect(listing: Listing, told: Callable[[int], None] = lambda done: None) -> bytes:
    """The ZIP. `told` hears how many of STEPS are done. Read it all in one moment: kit.db.see_one_moment()."""
    files: dict[str, bytes] = {}
    for done, step in enumerate(STEPS, start=1):
        files |= dict(step(listing))
        told(done)
    files["check.py"] = (HERE / "checker.py").read_bytes()
    files["README.md"] = (HERE / "evidence.md").read_text("utf-8").format(listing=listing.code).encode()
    digests = {path: hashlib.sha256(data).hexdigest() for path, data in files.items()}
    files["MANIFEST.json"] = _json({"version": VERSION, "listing": listing.code, "files": digests})
    return _packed(files)


def _packed(files: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as pack:
        for path, data in sorted(files.items()):
            about = zipfile.ZipInfo(path, LONG_AGO)
            about.compress_type = zipfile.ZIP_DEFLATED
            about.create_system, about.external_attr = 3, 0o644 << 16
            pack.writestr(about, data)
    return out.getvalue()


def _order(row: Order) -> Row:
    moments = (row.created_at, row.pay_by, row.paid_at, row.issued_at)
    return (
        row.code,
        row.unit.serial,
        str(row.origin),
        str(row.state),
        row.yen,
        row.deposit_yen,
        *map(written, moments),
    )


def _in_lines(found: Sequence[Change]) -> Iterator[str]:
    for change in found:
        yield f"【{change.name}】"
        yield from (f"{MARKS[what]} {text}" for what, text in change.lines)
        yield ""
    if not found:
        yield from ("前の版と同じ文章です。", "")


def _table(columns: Sequence[str], rows: Iterator[Row]) -> bytes:
    return "".join(csv_lines(columns, rows)).encode()


def _json(value: Any) -> bytes:
    return (json.dumps(value, ensure_ascii=False, indent=1, sort_keys=True) + "\n").encode()
