"""What partners' systems ask of the desk: addresses to approve, and those to which nothing gets through."""

from __future__ import annotations

from marketplace.staff.tasks import Task
from marketplace.webhooks import registering

MAY = ("drafter", "approver")


def endpoints(account_id: int) -> list[Task]:
    """Proposals only for who may approve them."""
    broken = [
        Task(
            *("お知らせ", "warn", f"{row.name}へのお知らせが止まっています", row.stopped_why),
            *(f"/staff/webhooks/{row.code}", "記録を見る"),
            roles=MAY,
        )
        for row in registering.stopped()
    ]
    proposed = [
        Task(
            *("お知らせ", "plain", f"{row.name}へお知らせを送る", "もうひとりの承認を待っています"),
            *(f"/staff/webhooks/{row.code}", "確かめる"),
            roles=("approver",),
        )
        for row in registering.waiting_for(account_id)
    ]
    return [*broken, *proposed]
