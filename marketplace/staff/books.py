"""月次・年度の締め: the statement of each period, and the two persons who close it."""

from __future__ import annotations

from collections.abc import Callable

import sqlalchemy as sa
from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import selectinload

from marketplace.accounts.models import Account as Person
from marketplace.accounts.models import Role
from marketplace.accounts.names import called
from marketplace.accounts.session import me, roles_of, staff
from marketplace.fund import differences, periods
from marketplace.fund.models import TITLES, Account, Period, PeriodState, Posting
from marketplace.fund.statements import balanced, of_year, totals
from marketplace.fund.years import month_ja, months_of
from marketplace.kit.clock import now
from marketplace.kit.dates import fiscal_year_name, full_day, full_when
from marketplace.kit.db import db, get
from marketplace.kit.money import yen
from marketplace.kit.refusals import Refused
from marketplace.papers.paper import Paper
from marketplace.settings import settings
from marketplace.staff.money import READERS
from marketplace.staff.money_forms import ReasonForm

bp = Blueprint("books", __name__, url_prefix="/staff/books")
MOST = 500
"""Postings on one page; the paper and the file have them all."""
ROWS = (
    ("assessed_yen", "調定"),
    ("collected_yen", "収納"),
    ("uncollected_yen", "収入未済"),
    ("refunded_yen", "返金"),
    ("fees_yen", "決済手数料"),
    ("disputed_yen", "カード会社からの異議"),
    ("recognised_yen", "歳入"),
    ("set_aside_yen", "積立（決定）"),
    ("paid_in_yen", "基金への積立"),
    ("spent_yen", "基金からの支出"),
)
STATES = {
    "open": ("開いています", "plain"),
    "closing": ("締めの承認待ち", "warn"),
    "books_closed": ("締めました", "good"),
    "reopening": ("開く承認待ち", "warn"),
}
"""The word and the tone of each state of a period."""


@bp.get("")
@staff(*READERS)
def index() -> ResponseReturnValue:
    years = periods.years()
    return render_template(
        "staff/books.html",
        states=STATES,
        months=periods.months(),
        years=years,
        known=periods.by_name(),
        of_years={year: of_year(year) for year in years},
        rows=ROWS,
        month_ja=month_ja,
        year_name=fiscal_year_name,
        balanced=balanced(),
    )


@bp.get("/<name>")
@staff(*READERS)
def show(name: str) -> ResponseReturnValue:
    return page(name, ReasonForm(formdata=None))


@bp.get("/<name>.pdf")
@staff(*READERS)
def paper(name: str) -> ResponseReturnValue:
    periods.check_name(name)
    response = Response(statement(name), mimetype="application/pdf")
    response.headers["Content-Disposition"] = f'inline; filename="statement-{name}.pdf"'
    return response


@bp.post("/<name>/ask-to-close")
@staff("treasury")
def ask_to_close(name: str) -> ResponseReturnValue:
    def act(why: str) -> None:
        periods.ask_to_close(name, me().id, why, len(open_in(name)))

    return with_reason(name, act, "締めを申し出ました。別の職員が確かめて締めます。")


@bp.post("/<name>/ask-to-reopen")
@staff("treasury")
def ask_to_reopen(name: str) -> ResponseReturnValue:
    def act(why: str) -> None:
        periods.ask_to_reopen(name, me().id, why)

    return with_reason(name, act, "締めを開くことを申し出ました。別の職員が確かめて開きます。")


@bp.post("/<name>/close")
@staff("treasury", "approver")
def close(name: str) -> ResponseReturnValue:
    def act(of: str, actor_id: int) -> None:
        periods.close(of, actor_id, len(open_in(of)), request.form.get("read", ""))

    return decide(name, act, "締めました。これから届く分は、開いている月に記帳されます。")


@bp.post("/<name>/reopen")
@staff("treasury", "approver")
def reopen(name: str) -> ResponseReturnValue:
    def act(of: str, actor_id: int) -> None:
        periods.reopen(of, actor_id, request.form.get("read", ""))

    return decide(name, act, "締めを開きました。直しおわったら、もう一度締めてください。")


@bp.post("/<name>/leave")
@staff("treasury", "approver")
def leave(name: str) -> ResponseReturnValue:
    return decide(name, periods.leave, "申し出を取り下げました。何も変わっていません。")


def with_reason(name: str, act: Callable[[str], None], done: str) -> ResponseReturnValue:
    form = ReasonForm()
    if form.validate():
        try:
            act(form.why.data)
        except Refused as refusal:
            form.refuse(refusal)
        else:
            flash(done)
            return redirect(url_for("books.show", name=name), 303)
    return page(name, form), 422


def decide(name: str, act: Callable[[str, int], None], done: str) -> ResponseReturnValue:
    form = ReasonForm(formdata=None)
    try:
        act(name, me().id)
    except Refused as refusal:
        form.refuse(refusal)
        return page(name, form), refusal.status
    flash(done)
    return redirect(url_for("books.show", name=name), 303)


def page(name: str, form: ReasonForm) -> str:
    periods.check_name(name)
    period, account = periods.by_name().get(name), me()
    postings, count = postings_of(name, MOST)
    another = period is not None and period.asked_by != account.id
    return render_template(
        "staff/period.html",
        states=STATES,
        name=name,
        title=title(name),
        period=period,
        read=periods.seen(period) if period else "",
        state=period.state if period else PeriodState.OPEN,
        sums=totals(name),
        titles={str(key): words for key, words in TITLES.items()},
        year=of_year(int(name[2:])) if name.startswith("FY") else None,
        rows=ROWS,
        postings=postings,
        count=count,
        left=open_in(name),
        changed=bool(period and period.is_closed and period.totals != totals(name)),
        form=form,
        may_ask=Role.TREASURY in roles_of(account.id),
        may_decide=another and bool({Role.TREASURY, Role.APPROVER} & roles_of(account.id)),
        people=people(period),
    )


def statement(name: str) -> bytes:
    """The printable statement: what stood, what came and went, every posting."""
    period, town = periods.by_name().get(name), settings()
    closed = bool(period and period.is_closed)
    dated = full_day(period.closed_at if period and period.closed_at else now())
    sheet = Paper(f"{title(name)} 出納計算書", issuer=town.town_name, reference=name, dated=dated)
    if not closed:
        sheet.note("まだ締めていません。数字はこれから変わることがあります。")
    else:
        sheet.facts([(word, who) for word, who in people(period)])
    if name.startswith("FY"):
        sheet.heading("年度の収入と基金")
        figures = of_year(int(name[2:]))
        sheet.facts([(word, yen(figures[key])) for key, word in ROWS])
    sheet.heading("勘定ごとの増減")
    sums = totals(name)
    sheet.table(
        ("勘定", "前から", "借方", "貸方", "残り"),
        [
            (TITLES[account], *(yen(sums[str(account)][part]) for part in ("before", "debit", "credit", "after")))
            for account in Account
            if any(sums[str(account)].values())
        ],
        widths=(0.28, 0.18, 0.18, 0.18, 0.18),
        numbers=(1, 2, 3, 4),
    )
    postings, _count = postings_of(name)
    sheet.heading(f"仕訳 {len(postings):,}件")
    sheet.table(
        ("日時", "番号", "勘定と金額", "摘要"),
        [
            (
                full_when(posting.at),
                posting.key,
                "\n".join(f"{TITLES[line.account]} {yen(line.yen)}" for line in posting.lines),
                posting.memo or posting.subject.partition(":")[2],
            )
            for posting in postings
        ],
        widths=(0.19, 0.23, 0.36, 0.22),
    )
    return sheet.pdf()


def title(name: str) -> str:
    return fiscal_year_name(int(name[2:])) if name.startswith("FY") else month_ja(name)


def people(period: Period | None) -> list[tuple[str, str]]:
    """Who asked and who decided, as on the paper."""
    if period is None or period.decided_by is None or period.decided_at is None:
        return []
    names = called(get(Person, each) for each in (period.asked_by, period.decided_by))
    return [
        ("申し出", f"{names[period.asked_by]}（{full_when(period.asked_at)}）{period.why}"),
        ("承認", f"{names[period.decided_by]}（{full_when(period.decided_at)}）"),
    ]


def open_in(name: str) -> list[differences.Difference]:
    """Differences of the period that nobody explained. NoSuchPeriod."""
    periods.check_name(name)
    months = months_of(int(name[2:]))[:12] if name.startswith("FY") else [name]
    return differences.open_differences(*months)


def postings_of(name: str, most: int | None = None) -> tuple[list[Posting], int]:
    """(postings in their order, how many there are)"""
    within = Posting.fiscal_year == int(name[2:]) if name.startswith("FY") else Posting.month == name
    count = db.session.scalar(sa.select(sa.func.count()).select_from(Posting).where(within)) or 0
    found = sa.select(Posting).where(within).order_by(Posting.at, Posting.id).limit(most)
    return list(db.session.scalars(found.options(selectinload(Posting.lines)))), count
