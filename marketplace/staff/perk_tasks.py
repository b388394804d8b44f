"""What the perks ask of the desk: counters that are locked, uses to look at, counts that the chain has not taken."""

from __future__ import annotations

from collections.abc import Iterable

import sqlalchemy as sa

from marketplace.kit.db import db
from marketplace.kit.shown import when
from marketplace.perks import chaining, flagging, partnering, standing
from marketplace.perks.models import Partner, Use
from marketplace.rights.models import SERIAL_SPACE
from marketplace.staff.tasks import Task


def locked_counters() -> list[Task]:
    return [
        Task(
            *("窓口", "bad", f"{partner.name} の窓口が、まちがった暗証番号で止まりました", _who(partner)),
            *(f"/staff/partners#{partner.code}", "窓口の画面を開く"),
        )
        for partner in flagging.locked_partners()
    ]


def _who(partner: Partner) -> str:
    if partnering.locked_tablets(partner.id):
        return "これまで使っていた端末で、10回続きました"
    return "はじめての端末で、10回続きました。これまでの端末は使えます"


def flagged_uses() -> list[Task]:
    lines = flagging.open_flags()
    places = _places(lines)
    return [
        Task(
            *("確認", "warn", f"{line.plan_name}：{line.flag.ja if line.flag else ''}", when(line.used_at)),
            *(places[line.partner_id], "内容を確かめる"),
        )
        for line in lines
    ]


def not_on_chain() -> list[Task]:
    lines = chaining.unresolved()
    places = _places(lines)
    return [
        Task(
            *("確認", "warn", f"{line.plan_name}の利用が、ブロックチェーンに記録できていません", when(line.used_at)),
            *(places[line.partner_id], "利用の明細を見る"),
        )
        for line in lines
    ]


def unexplained_counts() -> list[Task]:
    """A count that the ledger does not add up to: somebody wrote into the database by hand."""
    return [
        Task(
            *(
                "確認",
                "bad",
                "特典の回数が、利用の記録と合いません",
                f"番号 {token // SERIAL_SPACE}-{token % SERIAL_SPACE}",
            ),
            *("/staff/partners", "窓口の画面を開く"),
        )
        for token, _plan, _period in standing.unexplained()
    ]


def _places(lines: Iterable[Use]) -> dict[int | None, str]:
    """{partner of a use, or None: the page where it is looked at}"""
    theirs = Partner.id.in_({line.partner_id for line in lines})
    pages = db.session.execute(sa.select(Partner.id, Partner.code).where(theirs))
    return {None: "/staff/partners", **{id_: f"/staff/partners/{code}" for id_, code in pages}}
