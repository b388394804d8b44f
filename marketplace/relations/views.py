"""The relation on its pages: exact for the office, careful for everybody; and the register of those who agree."""

from __future__ import annotations

from flask import Blueprint, abort, flash, redirect, render_template
from flask.typing import ResponseReturnValue

from marketplace.accounts.session import current_account, me, signed_in, staff
from marketplace.kit.clock import jst, now
from marketplace.kit.kept import kept
from marketplace.kit.languages import Language, speaking
from marketplace.kit.limits import each_account, limiter
from marketplace.kit.plots import both
from marketplace.kit.refusals import Refused
from marketplace.kit.small_counts import FEW
from marketplace.kit.tables import Row, attached, csv_file
from marketplace.kit.web import conditional
from marketplace.kit.workbooks import XLSX, Sheet, workbook
from marketplace.listings.drafting import staff_name
from marketplace.relations import figures, plots, publishing, registering, tiles
from marketplace.relations.forms import RegisterForm
from marketplace.relations.publishing import Table

bp = Blueprint("relations", __name__)
TABLES = ("months", "prefectures", "editions")
HIDDEN = "非公表"


@bp.get("/relation")
def public() -> ResponseReturnValue:
    page = render_template("relations/public.html", **_shown(exact=False), few=FEW)
    return conditional(page, max_age=60, private=current_account() is not None)


@bp.get("/relation/<name>.csv")
def public_file(name: str) -> ResponseReturnValue:
    return conditional(_file(name, exact=False), max_age=60)


@bp.get("/staff/relations")
@staff()
def desk() -> ResponseReturnValue:
    return _desk(RegisterForm(formdata=None))


@bp.get("/staff/relations/<name>.csv")
@staff()
def desk_file(name: str) -> ResponseReturnValue:
    return _file(name, exact=True)


@bp.post("/staff/relations/register")
@staff("approver")
def register() -> ResponseReturnValue:
    """The names of those who agreed: sent, not read, so that nobody opens it by a link, and written down."""
    form, account = RegisterForm(), current_account()
    assert account is not None, "staff() lets nobody else in"
    if form.validate():
        try:
            rows = [each.row for each in registering.export(form.purpose.data or "", staff_name(account.id))]
        except Refused as refusal:
            form.refuse(refusal)
        else:
            name = f"furusato-{jst(now()):%Y%m%d}"
            if form.shape.data == "csv":
                return csv_file(f"{name}.csv", registering.HEADER, rows)
            sheets = [
                Sheet(
                    "ふるさと住民登録", registering.HEADER, rows, widths=(16, 18, 28, 10, 12, 40, 14, 10, 12, 10, 10)
                ),
                Sheet(
                    "使う目的", ("項目", "内容"), [("使う目的", form.purpose.data), ("作成", now())], widths=(12, 60)
                ),
            ]
            return attached(f"{name}.xlsx", workbook(sheets), XLSX)
    return _desk(form), 422


@bp.get("/mypage/relation")
@signed_in
def mine() -> ResponseReturnValue:
    return render_template("relations/mine.html", agreement=registering.agreed(me().id))


@bp.post("/mypage/relation")
@limiter.limit("30/minute", key_func=each_account)
@signed_in
def agree() -> ResponseReturnValue:
    registering.agree(me().id)
    flash("同意を受け付けました。いつでも取り消せます。")
    return redirect("/mypage/relation", 303)


@bp.post("/mypage/relation/take-back")
@limiter.limit("30/minute", key_func=each_account)
@signed_in
def take_back() -> ResponseReturnValue:
    """Each button says what it does, so that pressed twice it does it once."""
    registering.take_back(me().id)
    flash("同意を取り消しました。")
    return redirect("/mypage/relation", 303)


def _tables(*, exact: bool) -> dict[str, Table]:
    today = jst(now()).date()
    found = figures.year_until(today) if exact else kept(figures.year_until, today)
    return {
        "months": publishing.months(found.months, exact=exact),
        "prefectures": publishing.prefectures(found.prefectures, exact=exact),
        "editions": publishing.editions(found.editions, exact=exact),
    }


def _shown(*, exact: bool) -> dict[str, object]:
    tables = _tables(exact=exact)
    months = tables["months"].rows
    came = [(label, (numbers[2], numbers[3])) for label, numbers in months]
    held = [(label, (numbers[0],)) for label, numbers in months]
    used = [(label, (numbers[4],)) for label, numbers in months]
    homes = [row for row in tables["prefectures"].rows if row[1][0] != 0]
    owned = [row for row in tables["editions"].rows if row[1][0] != 0]
    return {
        "tables": tables,
        "latest": months[-1],
        "came_chart": both(plots.columns("来町した人", ("来町した人", "うち2回目以上の人"), "人"), came, "came"),
        "held_chart": both(plots.columns("持っている人", ("持っている人",), "人"), held, "held"),
        "used_chart": both(plots.columns("特典の利用", ("特典の利用",), "回"), used, "used"),
        "home_chart": both(tiles.tiles("持っている人の都道府県", "人"), homes, "homes") if homes else None,
        "edition_chart": both(plots.lying("権利ごとの持っている人", "人"), owned, "editions") if owned else None,
    }


def _file(name: str, *, exact: bool) -> ResponseReturnValue:
    if name not in TABLES:
        abort(404)
    with speaking(Language.JA):  # a file is the same for everybody
        table = _tables(exact=exact)[name]
    codes: list[tuple[str, ...]] = [(code,) for code in table.codes] or [()] * len(table.rows)
    rows: list[Row] = [
        (label, *(HIDDEN if each is None else each for each in numbers), *code)
        for (label, numbers), code in zip(table.rows, codes, strict=True)
    ]
    if table.total is not None:
        rows.append(("合計", *(HIDDEN if each is None else each for each in table.total)))
    return csv_file(f"relation-{name}.csv", (*table.header, *filter(None, [table.code])), rows)


def _desk(form: RegisterForm) -> str:
    return render_template("relations/desk.html", **_shown(exact=True), form=form)
