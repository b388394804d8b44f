"""A sample by a public seed, on a page that anybody who has the address sees again."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import sqlalchemy as sa
from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue
from wtforms import SelectChoice, SelectField, StringField
from wtforms.validators import DataRequired, ValidationError

from marketplace.accounts.session import staff
from marketplace.auditing import sampling
from marketplace.auditing.journal import COLUMNS as JOURNAL_COLUMNS
from marketplace.auditing.journal import line
from marketplace.auditing.sampling import POPULATIONS, Chosen
from marketplace.fund.models import TITLES, Posting
from marketplace.journal.models import Entry
from marketplace.kit.clock import jst, now
from marketplace.kit.dates import fiscal_year, read_day
from marketplace.kit.db import db
from marketplace.kit.forms import AtMost, Form, number
from marketplace.kit.tables import Row, csv_file
from marketplace.orders.models import Order
from marketplace.tokens.models import Token

bp = Blueprint("samples", __name__, url_prefix="/staff")

ORDER_COLUMNS = ("注文", "出品", "金額（円）", "状態", "注文の日時", "支払いの日時")
POSTING_COLUMNS = ("仕訳", "種類", "日時", "対象", "内訳")
TOKEN_COLUMNS = ("トークン", "出品", "番号", "状態", "発行の約束", "発行")


class SampleForm(Form):
    """GET, so that the address says all that was chosen by. The seed may be left out: then nothing is chosen yet."""

    class Meta:
        csrf = False

    of = SelectField("何から選びますか", choices=[SelectChoice(name, each.ja) for name, each in POPULATIONS.items()])
    since = StringField("この日から", validators=[DataRequired("日付を入力してください。")])
    until = StringField("この日まで", validators=[DataRequired("日付を入力してください。")])
    size = number("選ぶ数", 1, sampling.MOST, required=True)
    seed = StringField(
        "くじの種",
        description="立会人の前で振ったさいころの目（例 3 6 1 5 2 2 4 6）や、これから出る公開乱数（drand）の値など、"
        "だれも前もって知らないもの。",
        validators=[AtMost(sampling.LONGEST_SEED)],
    )

    def validate_since(self, field: StringField) -> None:
        self._day(field)

    def validate_until(self, field: StringField) -> None:
        last = self._day(field)
        first = read_day(self.since.data or "")
        if first and last < first:
            raise ValidationError("「この日から」より後の日にしてください。")

    def _day(self, field: StringField) -> date:
        found = read_day(field.data or "")
        if found is None:
            raise ValidationError("日付は 2026-11-24 のように入力してください。")
        return found

    @property
    def days(self) -> tuple[date, date]:
        return self._day(self.since), self._day(self.until)


@bp.get("/samples")
@staff("auditor", "approver", "treasury")
def show() -> ResponseReturnValue:
    asked = bool(request.args)
    form = SampleForm(request.args) if asked else SampleForm(data=_usual())
    if not asked:
        return render_template("auditing/samples.html", form=form)
    if not form.validate():
        return render_template("auditing/samples.html", form=form), 422
    population = list(sampling.ids(form.of.data, *form.days))
    seed = sampling.one_form(form.seed.data or "")
    chosen = sampling.choose(population, seed, form.size.data) if seed else []
    if chosen and "csv" in request.args:
        columns, rows = table(form.of.data, chosen)
        return csv_file(f"sample-{form.of.data}.csv", ("順", "くじの値", *columns), rows)
    return render_template(
        "auditing/samples.html",
        form=form,
        seed=seed,
        of=POPULATIONS[form.of.data],
        members=sampling.members(population),
        chosen=chosen,
        table=table(form.of.data, chosen),
        days=form.days,
    )


@bp.get("/samples/population.txt")
@staff("auditor", "approver", "treasury")
def population() -> ResponseReturnValue:
    """The ids, one a line: what the digest is of."""
    form = SampleForm(request.args)
    if not form.validate():
        return "日付を確かめてください。\n", 422, {"Content-Type": "text/plain; charset=utf-8"}
    text = "".join(f"{each}\n" for each in sampling.ids(form.of.data, *form.days))
    return text, 200, {"Content-Type": "text/plain; charset=utf-8"}


def _usual() -> dict[str, Any]:
    """The budget's year so far (地方自治法208条: from April), on its first day the one before; ten orders."""
    yesterday = jst(now()).date() - timedelta(days=1)
    april = date(fiscal_year(yesterday), 4, 1)
    return {"of": "orders", "since": april.isoformat(), "until": yesterday.isoformat(), "size": 10}


def table(kind: str, chosen: list[Chosen]) -> tuple[tuple[str, ...], list[Row]]:
    """What of them is shown, without a person: columns, and a row for each in the order of the sample."""
    columns, found = {"orders": _orders, "journal": _journal, "postings": _postings, "tokens": _tokens}[kind](chosen)
    return columns, [[n, each.rank, *found[each.id]] for n, each in enumerate(chosen, start=1)]


Found = tuple[tuple[str, ...], dict[str, Row]]


def _orders(chosen: list[Chosen]) -> Found:
    rows = db.session.scalars(sa.select(Order).where(Order.code.in_([each.id for each in chosen])))
    return ORDER_COLUMNS, {
        row.code: [row.code, row.listing.code, row.yen, row.state.ja, row.created_at, row.paid_at] for row in rows
    }


def _journal(chosen: list[Chosen]) -> Found:
    rows = db.session.scalars(sa.select(Entry).where(Entry.seq.in_([int(each.id) for each in chosen])))
    return JOURNAL_COLUMNS, {str(row.seq): line(row) for row in rows}


def _postings(chosen: list[Chosen]) -> Found:
    rows = db.session.scalars(sa.select(Posting).where(Posting.key.in_([each.id for each in chosen])))
    return POSTING_COLUMNS, {
        row.key: [
            *(row.key, row.kind, row.at, row.subject),
            "、".join(f"{TITLES[line.account]} {line.yen:+,}円" for line in row.lines),
        ]
        for row in rows
    }


def _tokens(chosen: list[Chosen]) -> Found:
    rows = db.session.scalars(sa.select(Token).where(Token.token_id.in_([int(each.id) for each in chosen])))
    return TOKEN_COLUMNS, {
        str(row.token_id): [
            *(row.token_id, row.listing_code, row.serial, row.state.ja),
            *(row.promised_at, row.minted_at),
        ]
        for row in rows
    }
