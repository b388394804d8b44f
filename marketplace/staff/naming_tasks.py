"""What names of places ask of the office: screening, agreements, terms that end, revocations."""

from __future__ import annotations

import sqlalchemy as sa

from marketplace.accounts.models import Role
from marketplace.accounts.session import roles_of
from marketplace.kit.dates import full_day
from marketplace.kit.db import db
from marketplace.naming import agreeing, ending, revoking
from marketplace.naming.models import Naming, NamingState
from marketplace.staff.tasks import Task

WAITING = {
    NamingState.PROPOSED: ("愛称の案が届いています", "審査会の結果を記録してください", "審査する"),
    NamingState.APPEALED: ("愛称の審査への不服の申し出", "同じ案を、もう一度審査してください", "審査する"),
    NamingState.LAPSED: ("愛称の案がないまま期限が過ぎました", "買った方に、もう一度お願いできます", "開く"),
}


def namings(account_id: int) -> list[Task]:
    """Of agreements and revocations only those that this member of staff may confirm."""
    approver = Role.APPROVER in roles_of(account_id)
    asked = [
        Task(
            "取り消し",
            "bad",
            f"「{row.name or row.token.right.title_ja}」の取り消し",
            "もうひとりの確認を待っています",
            _at(row),
            "確かめる",
        )
        for change, row in revoking.waiting()
        if approver and change.asked_by != account_id
    ]
    agreed = [
        Task(
            "協定",
            "warn",
            f"愛称「{row.name}」の協定",
            "買った方が同意しました。決裁を待っています",
            _at(row),
            "確かめる",
        )
        for row in _in(NamingState.AGREED)
        if approver and account_id not in agreeing.choosers(row)
    ]
    waiting = [
        Task("愛称", "warn", f"{row.token.right.title_ja}：{what}", more, _at(row), button)
        for state, (what, more, button) in WAITING.items()
        for row in _in(state)
    ]
    ends = [
        Task(
            "更新",
            "plain",
            f"愛称「{row.name}」の期間が終わります",
            f"{full_day(row.ends_on)}まで。更新の相談を",
            _at(row),
            "開く",
        )
        for row in ending.ending_soon()
        if row.ends_on
    ]
    return [*asked, *agreed, *waiting, *ends]


def _in(state: NamingState) -> list[Naming]:
    return list(db.session.scalars(sa.select(Naming).where(Naming.state == state).order_by(Naming.id)))


def _at(row: Naming) -> str:
    return f"/staff/namings/{row.code}"
