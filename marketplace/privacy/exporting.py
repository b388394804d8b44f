"""Everything that the town knows of a person, as a file for that person: JSON for machines, a page for people.

Nobody has to ask on paper (開示の請求 by 法76条 stays possible). It is asked for on the account page,
made by the worker, downloaded by whoever is signed in as that person, and gone after a week.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from flask import render_template

from marketplace.accounts.address_models import theirs
from marketplace.accounts.models import Account
from marketplace.admissions.models import Enclosure
from marketplace.blobs import keeping as blobs
from marketplace.blobs.keeping import bring
from marketplace.kit.clock import jst, now
from marketplace.kit.db import db, get, let_go, lock, transaction
from marketplace.kit.refusals import Refused
from marketplace.notices.sending import send
from marketplace.outbox.promising import handles, say
from marketplace.privacy.models import Export
from marketplace.privacy.register import FILES
from marketplace.settings import settings

KEPT = timedelta(days=7)
EACH = timedelta(hours=24)
SECRET = frozenset(
    {
        *("key_hash", "code_hash", "link_hash", "ch", "person_key", "phone_key", "card_key", "sha256"),
        *("params", "idempotency_key", "public_key", "id", "fingerprint", "salt", "leaf", "secret"),
        *("device_key", "pin_hash", "pin_salt", "proof"),
    }
)
"""Columns that say nothing to a person, or that only the server may know."""

Where = sa.ColumnElement[bool]


class OnceADay(Refused):
    code = "export_once_a_day"
    message = "書き出しは1日に1回です。前に作ったファイルは、この画面から受け取れます。"


def ask(account_id: int) -> int:
    """Have the file made ⇢ export.asked; its id. OnceADay."""
    with transaction() as session:
        lock(Account, account_id)
        recent = sa.select(Export.id).where(Export.account_id == account_id, Export.asked_at > now() - EACH)
        if session.scalar(recent) is not None:
            raise OnceADay
        row = Export(account_id=account_id, asked_at=now(), expires_at=now() + KEPT)
        session.add(row)
        session.flush()
        say("export.asked", key=str(row.id), export_id=row.id)
        return row.id


@handles("export.asked")
def make(export_id: int) -> None:
    """Write the file; a second time changes nothing. One whose account was deleted meanwhile is not there any more."""
    asked = db.session.get(Export, export_id)
    if asked is None or asked.made_at is not None:
        return
    data = archive(get(Account, asked.account_id))
    let_go()
    brought = bring("exports", data)
    with transaction() as session:
        row = session.get(Export, export_id, with_for_update=True, populate_existing=True)
        if row is None or row.made_at is not None:
            return  # what we brought is swept
        account = get(Account, row.account_id)
        row.blob_id, row.made_at = blobs.keep(brought), now()
        send("export_made", account.email, key=f"export:{account.code}:{row.asked_at.timestamp():.0f}", days=KEPT.days)


def delete(which: Where) -> int:
    """Delete these exports with their files, inside a transaction; how many."""
    gone = db.session.execute(sa.delete(Export).where(which).returning(Export.blob_id)).scalars().all()
    blobs.drop(blob_id for blob_id in gone if blob_id is not None)
    return len(gone)


def exports_of(account_id: int) -> list[Export]:
    mine = sa.select(Export).where(Export.account_id == account_id, Export.expires_at > now())
    return list(db.session.scalars(mine.order_by(Export.id.desc())))


def archive(account: Account) -> bytes:
    """A ZIP of data.json, index.html and the documents that the person sent."""
    found = collected(account)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as file:
        whole = {"town": settings().town_name, "as_of": now().isoformat(), "account": account.code, "files": found}
        file.writestr("data.json", json.dumps(whole, ensure_ascii=False, indent=2, default=_for_programs))
        file.writestr("index.html", render_template("privacy/export.html", files=found, account=account, at=now()))
        for number, (ending, data) in enumerate(_documents(account.id), 1):
            file.writestr(f"documents/{number}.{ending}", data)
    return out.getvalue()


def collected(account: Account) -> dict[str, dict[str, list[dict[str, Any]]]]:
    """{file of the register: {table: [{item: value}]}} of everything that is about this person."""
    owned = owners(account)
    found: dict[str, dict[str, list[dict[str, Any]]]] = {}
    for file in FILES:
        tables = {name: list(_rows(name, owned[name], file.columns)) for name in file.tables if name in owned}
        if any(tables.values()):
            found[file.title] = {name: rows for name, rows in tables.items() if rows}
    more = {name: list(_rows(name, owned[name], {})) for name in BESIDE}
    if any(more.values()):
        found["申し込みと権利の記録"] = {name: rows for name, rows in more.items() if rows}
    return found


BESIDE = (
    *("orders", "tokens", "withdrawals", "offer_requests"),
    *("circular_copies", "letter_opt_outs", "opening_reminders", "relation_agreements"),
    *("waiting_places", "turns"),
)
"""Tables that are about the person and hold numbers, sums and dates alone."""
NOT_TOLD = {
    "stored_bytes": "書類は、このファイルの documents にそのまま入っています",
    "sign_in_codes": "消えるまでの1日だけのもの",
    "phone_codes": "消えるまでの1日だけのもの",
    "exclusions": "開示の請求によります（個人情報の保護に関する法律78条）",
    "auctions": "立会人の記録は、開示の請求によります",
    "draws": "立会人の記録は、開示の請求によります",
    "perk_looks": "町が確かめた記録は、開示の請求によります",
    "naming_revocations": "町が決めた記録は、開示の請求によります",
    "lecturers": "お話しする方は、町が登録します",
    "lecturer_absences": "お話しする方は、町が登録します",
}
"""Tables of the register that are not in an export, and why."""


def owners(account: Account) -> dict[str, Where]:
    """For each table, which of its rows are about this person."""
    t = db.metadata.tables
    orders = sa.select(sa.literal("order:") + t["orders"].c.code).where(t["orders"].c.buyer_id == account.id)
    parts = sa.select(sa.literal("participation:") + t["participations"].c.code).where(
        t["participations"].c.account_id == account.id
    )
    entries = sa.select(t["entries"].c.id).where(t["entries"].c.account_id == account.id)
    entry_subjects = sa.select(sa.literal("entry:") + t["entries"].c.no).where(t["entries"].c.account_id == account.id)
    bidders = sa.select(t["bidders"].c.id).where(t["bidders"].c.account_id == account.id)
    namings = sa.select(t["namings"].c.id).where(t["namings"].c.account_id == account.id)
    held = sa.select(t["tokens"].c.token_id).where(t["tokens"].c.holder_id == account.id)
    own = sa.select(t["custody_addresses"].c.address).where(t["custody_addresses"].c.account_id == account.id)
    bought = sa.select(t["orders"].c.id).where(t["orders"].c.buyer_id == account.id)
    receipts = sa.select(t["receipts"].c.id).where(t["receipts"].c.order_id.in_(bought))
    paid, saved = t["payments"].c, t["saved_cards"].c
    mine = {
        name: t[name].c.account_id == account.id
        for name in (
            *(
                "outside_identities",
                "address_changes",
                "staff_names",
                "sign_ins",
                "passkeys",
                "wallets",
                "custody_addresses",
                "entries",
                "participations",
                "enclosures",
            ),
            *("rsvps", "visits", "creators", "circular_copies", "letter_opt_outs", "opening_reminders"),
            "relation_agreements",
            *("namings", "naming_shown_names", "appointments", "waiting_places"),
        )
    }
    return mine | {
        **{name: t[name].c.naming_id.in_(namings) for name in ("proposed_names", "naming_appeals", "screenings")},
        "perk_uses": t["perk_uses"].c.token_id.in_(held),
        **{name: t[name].c.holder_address.in_(own) for name in ("perk_certificates", "perk_cards", "poll_voices")},
        "receipt_prints": t["receipt_prints"].c.receipt_id.in_(receipts),
        "accounts": t["accounts"].c.id == account.id,
        "payments": sa.or_(
            theirs(account, paid.email, paid.created_at), paid.subject.in_(orders), paid.subject.in_(parts)
        ),
        "saved_cards": sa.or_(saved.subject.in_(entry_subjects), saved.subject.in_(parts), saved.subject.in_(orders)),
        "applicants": t["applicants"].c.entry_id.in_(entries),
        "bidders": t["bidders"].c.account_id == account.id,
        "bids": t["bids"].c.bidder_id.in_(bidders),
        "notices": theirs(account, t["notices"].c.to_email, t["notices"].c.promised_at),
        "gifts": sa.or_(
            t["gifts"].c.giver_id == account.id,
            t["gifts"].c.recipient_id == account.id,
            t["gifts"].c.to_email == account.email,
        ),
        "swaps": sa.or_(
            t["swaps"].c.giver_id == account.id,
            t["swaps"].c.taker_id == account.id,
            t["swaps"].c.to_email == account.email,
        ),
        **{name: t[name].c.buyer_id == account.id for name in ("orders", "turns")},
        "tokens": sa.or_(t["tokens"].c.holder_id == account.id, t["tokens"].c.account_id == account.id),
        "withdrawals": t["withdrawals"].c.account_id == account.id,
        "offer_requests": t["offer_requests"].c.account_id == account.id,
    }


def _rows(name: str, which: Where, words: dict[str, str]) -> Iterator[dict[str, Any]]:
    table = db.metadata.tables[name]
    told = [column for column in table.columns if column.name not in SECRET and not column.foreign_keys]
    order = list(table.primary_key.columns)
    for row in db.session.execute(sa.select(*told).where(which).order_by(*order)):
        named = (
            (words.get(f"{name}.{column.name}", column.name), value) for column, value in zip(told, row, strict=True)
        )
        yield {word: value for word, value in named if value not in (None, "")}


def _for_programs(value: Any) -> str:
    """What JSON has no word for. The page says a moment as all pages do."""
    return jst(value).isoformat(timespec="seconds") if isinstance(value, datetime) else str(value)


def _documents(account_id: int) -> Iterator[tuple[str, bytes]]:
    mine = sa.select(Enclosure.media_type, Enclosure.blob_id).where(
        Enclosure.account_id == account_id, Enclosure.blob_id.is_not(None)
    )
    endings = {"application/pdf": "pdf", "image/jpeg": "jpg", "image/png": "png"}
    for media_type, blob_id in db.session.execute(mine.order_by(Enclosure.id)).all():
        assert blob_id is not None
        yield endings[media_type], blobs.read(blob_id)
