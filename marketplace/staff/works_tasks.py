"""What the works behind the desk ask: parked acts, the chain, blocks that are lost."""

from __future__ import annotations

import sqlalchemy as sa

from marketplace.chain import alarms, register
from marketplace.kit.dates import when
from marketplace.kit.db import db
from marketplace.metadata.models import Pin
from marketplace.outbox import keeping
from marketplace.staff.tasks import Task


def chain_alarms() -> list[Task]:
    """Trouble with the chain that lasts: people cannot mend it here, but must know, and call whoever can."""
    return [
        Task("警報", "bad", alarm.trouble.ja, f"{when(alarm.since)}から　{alarm.what}", "/staff/outbox", "状態を見る")
        for alarm in alarms.standing()
    ]


def parked() -> list[Task]:
    return [
        Task(
            *("届いていません", "bad", f"自動の処理が止まっています（{message.topic}）", message.error or ""),
            *(f"/staff/outbox/{message.id}/retry", "もう一度ためす"),
            send=True,
        )
        for message in keeping.late()
        if message.parked_at is not None
    ]


def parked_calls() -> list[Task]:
    return [
        Task(
            *(
                "届いていません",
                "bad",
                f"ブロックチェーンへの記録が止まっています（{call.function}）",
                call.error or "",
            ),
            *(f"/staff/chain/{call.id}/retry", "もう一度ためす"),
            send=True,
        )
        for call in register.parked()
    ]


def lost_blocks() -> list[Task]:
    """Trees with blocks that neither a node nor our own facts could give back: somebody may have a CAR."""
    broken = sa.select(Pin).where(Pin.missing > 0).order_by(Pin.id)
    return [
        Task(
            *("確認", "bad", f"{pin.right.title_ja} の内容の控えが欠けています", f"{pin.missing}個を戻せません"),
            *("/staff/metadata", "控えの画面を開く"),
        )
        for pin in db.session.scalars(broken)
    ]
