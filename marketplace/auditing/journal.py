"""The journal to be read: filtered by subject, act, person and day, and the history of one thing on one page."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any, NamedTuple

import sqlalchemy as sa
from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from marketplace.accounts.names import members, names_of
from marketplace.accounts.session import staff
from marketplace.auditing.families import family_of
from marketplace.journal.checking import check_here
from marketplace.journal.event_words import EVENTS, event_in_words
from marketplace.journal.models import Entry, Head
from marketplace.journal.reason_words import reason_in_words
from marketplace.journal.words import actor_in_words, state_in_words, subject_in_words
from marketplace.kit.clock import jst, midnight
from marketplace.kit.dates import full_day, read_day
from marketplace.kit.db import db, in_portions
from marketplace.kit.paging import asked_row
from marketplace.kit.tables import Row, csv_file

bp = Blueprint("auditing", __name__, url_prefix="/staff")
bp.add_app_template_filter(event_in_words)
bp.add_app_template_filter(state_in_words)
bp.add_app_template_filter(subject_in_words)
bp.add_app_template_filter(actor_in_words)
bp.add_app_template_filter(reason_in_words)

PAGE = 50
HISTORY = 300
"""Rows of a history on one page; a sale of thousands has more, and they are turned."""
SYSTEM = ("system", "自動のしくみ")
COLUMNS = ("行", "日時", "対象", "何を", "前の状態", "後の状態", "だれが", "なぜ", "しるし")


class Filters(NamedTuple):
    """What is looked for; "" is everything. Days are of Japan, `until` included."""

    subject: str = ""
    event: str = ""
    person: str = ""
    since: str = ""
    until: str = ""

    @property
    def wrong(self) -> dict[str, str]:
        """The sentence beside each field that cannot be understood."""
        sentence = "日付は 2026-11-24 のように入力してください。"
        typed = {"since": self.since, "until": self.until}
        return {name: sentence for name, text in typed.items() if text and read_day(text) is None}

    def narrow(self, query: sa.Select[Any]) -> sa.Select[Any]:
        # a subject may be typed without its kind: "ORD-7K3M9QXA"
        if self.subject:
            whole = ":" in self.subject
            query = query.where(Entry.subject == self.subject if whole else Entry.subject.endswith(f":{self.subject}"))
        if self.event:
            query = query.where(Entry.event == self.event)
        if self.person:
            query = query.where(Entry.by == self.person)
        if first := read_day(self.since):
            query = query.where(Entry.at >= midnight(first))
        if last := read_day(self.until):
            query = query.where(Entry.at < midnight(last + timedelta(days=1)))
        return query


@bp.get("/journal")
@staff()
def journal() -> ResponseReturnValue:
    filters, before = asked(), asked_row("before")
    query = sa.select(Entry).order_by(Entry.id.desc()).limit(PAGE + 1)
    query = sa.select(Entry).where(sa.false()) if filters.wrong else filters.narrow(query)
    if before:
        query = query.where(Entry.id < before)
    entries = list(db.session.scalars(query))
    checked = "check" in request.args
    page = render_template(
        "auditing/journal.html",
        entries=entries[:PAGE],
        older=entries[PAGE - 1].id if len(entries) > PAGE else None,
        filters=filters,
        events=sorted(EVENTS.items(), key=lambda pair: pair[1]),
        people=dict([SYSTEM]) | members(),
        head=db.session.get(Head, 1),
        checked=checked,
        fault=check_here() if checked else None,
        names=names_of({entry.by for entry in entries}),
    )
    return page, 422 if filters.wrong else 200


@bp.get("/journal.csv")
@staff("auditor", "approver", "treasury")
def table() -> ResponseReturnValue:
    """All that the filters let through, oldest first."""
    rows = in_portions(asked().narrow(sa.select(Entry).order_by(Entry.id)), 1000)
    return csv_file("journal.csv", COLUMNS, map(line, db.session.scalars(rows)))


@bp.get("/subjects/<path:subject>")
@staff()
def history(subject: str) -> ResponseReturnValue:
    """Everything that happened to it and around it, oldest first."""
    family, after = family_of(subject), asked_row("after") or 0
    found = sa.select(Entry).where(family.subjects, Entry.id > after).order_by(Entry.id).limit(HISTORY + 1)
    entries = list(db.session.scalars(found))
    days: dict[date, list[Entry]] = {}
    for entry in entries[:HISTORY]:
        days.setdefault(jst(entry.at).date(), []).append(entry)
    page = render_template(
        "auditing/history.html",
        family=family,
        days=days,
        newer=entries[HISTORY - 1].id if len(entries) > HISTORY else None,
        names=names_of({entry.by for entry in entries}),
        full_day=full_day,
    )
    return page, 200 if entries or after else 404


def asked() -> Filters:
    return Filters(**{name: request.args.get(name, "").strip() for name in Filters._fields})


def line(entry: Entry) -> Row:
    """A row as a table shows it, in the order of COLUMNS."""
    states = [state_in_words(entry.from_state), state_in_words(entry.to_state)]
    return [entry.seq, entry.at, entry.subject, event_in_words(entry.event), *states, entry.by, entry.why, entry.hash]
