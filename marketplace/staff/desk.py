"""Today's sheet, and how the machine room does."""

from __future__ import annotations

from collections.abc import Set
from datetime import timedelta
from typing import Any

from flask import Blueprint, current_app, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from marketplace.accounts.looking import look_at
from marketplace.accounts.models import Role
from marketplace.accounts.session import may_open, me, my_roles, opens, staff
from marketplace.chain import alarms, register, sending
from marketplace.chain.models import Call
from marketplace.kit.clock import now
from marketplace.kit.db import get
from marketplace.listings.drafting import staff_name
from marketplace.notices import waiting
from marketplace.outbox import troubles
from marketplace.staff import calendar, chain_words, sheets
from marketplace.staff.tasks import Task

bp = Blueprint("staff", __name__, url_prefix="/staff")

WEEK = timedelta(days=7)
AT_ONCE = 30
"""Tasks of one heading on the first sheet; there is a link to all of them."""

PLACES = {
    "": (
        ("/staff", "home", "きょうの仕事", "home"),
        ("/staff/calendar", "calendar", "カレンダー", "calendar"),
    ),
    "売る": (
        ("/staff/listings", "list", "出品", "listings"),
        ("/staff/approvals", "check", "承認", "approvals"),
        ("/staff/auctions", "ascending", "オークション・入札", "auctions"),
        ("/staff/admissions", "people", "参加申込", "admissions"),
        ("/staff/waiting", "list", "待合室", "waiting"),
        ("/staff/orders", "cart", "注文", "orders"),
    ),
    "お金と報告": (
        ("/staff/money", "coin", "お金", "money"),
        ("/staff/reports", "chart", "報告と帳票", "reports"),
    ),
    "売ったあと": (
        ("/staff/namings", "naming", "愛称", "namings"),
        ("/staff/appointments", "calendar", "講演・相談の日程", "appointments"),
        ("/staff/partners", "bath", "提携先と窓口", "partners"),
        ("/staff/gatherings", "people", "催し・投票", "gatherings"),
        ("/staff/creators", "card", "クリエイター", "creators"),
        ("/staff/relations", "eye", "関係人口", "relations"),
    ),
    "記録と点検": (
        ("/staff/journal", "book", "操作の記録", "journal"),
        ("/staff/metadata", "shield", "内容の控え", "metadata"),
        ("/staff/outbox", "gear", "止まっている処理", "works"),
        ("/staff/health", "shield", "しくみの健康", "health"),
        ("/staff/webhooks", "link", "ほかのしくみへ", "webhooks"),
    ),
    "人と権限": (
        ("/staff/people", "key", "職員と権限", "people"),
        ("/staff/privacy", "people", "個人情報", "privacy"),
        ("/account", "user", "自分の登録", "account"),
    ),
}
"""{group: [(address, icon, label, key)]}; `key` is what a page of it calls {% set here %}."""


def menu() -> list[tuple[str, list[dict[str, Any]]]]:
    """[(group, [place, …]), …] of the side menu of the desk, with what waits."""
    waiting, have = sheets.waiting(), my_roles()
    return [
        (
            group,
            [
                {"href": href, "icon": icon, "label": label, "key": key, "count": waiting.get(key, 0)}
                for href, icon, label, key in places
                if may_open(href, have)
            ],
        )
        for group, places in PLACES.items()
    ]


@bp.app_context_processor
def for_templates() -> dict[str, Any]:
    """The menu as a function: only the pages of the desk, of whichever office, ask what waits."""
    return {"staff_menu": menu, "may_send": may_send, "may_see": may_see}


def may_send(endpoint: str) -> bool:
    """Whether the button that posts to `endpoint` is one for whoever is at the desk."""
    return opens(current_app.view_functions[endpoint], my_roles(), "POST")


def may_see(address: str) -> bool:
    """Whether a link to this page of the desk leads anywhere for whoever is at the desk."""
    return may_open(address, my_roles())


def is_mine(task: Task, have: Set[Role]) -> bool:
    """Whether somebody with the roles `have` can do it: who only reads has nothing to do."""
    acting = have - {Role.AUDITOR}
    return bool(acting) and task.is_for(acting) and may_open(task.href, acting, "POST" if task.send else "GET")


@bp.get("")
@staff()
def home() -> ResponseReturnValue:
    """My own tasks first, by how pressing they are, then what needs nobody, what others do, and the week to come."""
    at, have = now(), my_roles()
    by_itself = sheets.by_itself(at)
    mine: dict[bool, list[Task]] = {True: [], False: []}
    for task in sheets.today(me().id):
        mine[is_mine(task, have)].append(task)
    return render_template(
        "staff/home.html",
        groups=sheets.grouped(mine[True]),
        others=mine[False],
        shown=None if "all" in request.args else AT_ONCE,
        by_itself=by_itself,
        week=calendar.of_days(event for event in calendar.events(at, at + WEEK) if event not in by_itself),
        figures=sheets.figures(),
        at=at,
    )


@bp.get("/outbox")
@staff("drafter", "approver", "treasury", "admin")
def outbox() -> ResponseReturnValue:
    look_at(*(f"notice:{letter.id}" for letter in waiting.not_taken()))
    return render_template(
        "staff/outbox.html",
        troubles=troubles.troubles(),
        post=waiting.post(),
        sent_lately=waiting.sent_lately(),
        not_taken=waiting.not_taken(),
        alarms=alarms.standing(),
        calls=[(call, chain_words.in_words(call), chain_words.page_of(call)) for call in register.parked()],
        waiting=register.waiting(),
        chain=register.status(),
    )


@bp.post("/outbox/<int:message_id>/retry")
@staff("drafter", "approver", "treasury")
def retry(message_id: int) -> ResponseReturnValue:
    troubles.retry(message_id)
    flash("もう一度ためします。1分ほどたってから、画面を読みこみ直してください。")
    return redirect(url_for("staff.outbox"), 303)


@bp.post("/chain/<int:call_id>/retry")
@staff("drafter", "approver", "treasury")
def retry_call(call_id: int) -> ResponseReturnValue:
    sending.retry(get(Call, call_id).key, staff_name(me().id))
    flash("もう一度ためします。1分ほどたってから、画面を読みこみ直してください。")
    return redirect(url_for("staff.outbox"), 303)
