"""What the works behind the desk ask: parked acts, the chain, blocks that are lost."""

from __future__ import annotations

from datetime import timedelta

import sqlalchemy as sa

from marketplace.auctions import watch
from marketplace.auctions.models import Auction, AuctionState
from marketplace.chain import alarms, register
from marketplace.chain.dating import late_days
from marketplace.kit import beats
from marketplace.kit.clock import now
from marketplace.kit.dates import full_day
from marketplace.kit.db import db
from marketplace.kit.shown import when
from marketplace.metadata.models import Pin
from marketplace.notices import waiting
from marketplace.outbox import troubles
from marketplace.staff import chain_words
from marketplace.staff.tasks import Task

MAY_RETRY = ("drafter", "approver", "treasury")
STILL = timedelta(minutes=5)
"""The worker looks at what is due every minute: what has waited longer waits for the worker itself."""
LATE_LETTER = timedelta(minutes=15)
UNWATCHED = timedelta(minutes=1)
"""Signs of the watch come every five seconds."""
UNANCHORED = timedelta(hours=1)


def standing_still() -> list[Task]:
    """Promises that are long due and that nobody keeps: the worker is not there, or much too slow."""
    count, oldest = troubles.overdue(now() - STILL)
    if oldest is None:
        return []
    what = f"自動の処理が{count:,}件、遅れています"
    more = f"いちばん古いものは {when(oldest)} の予定。続くときは、システムの担当に知らせてください"
    return [Task("遅れ", "bad", what, more, "/staff/outbox", "状態を見る")]


def letters_late() -> list[Task]:
    """Letters of which the oldest has waited for a while: there are many, or nobody takes them."""
    post = waiting.post()
    if post.since is None or post.since > now() - LATE_LETTER:
        return []
    what = f"メール{post.waiting:,}通が、送られるのを待っています"
    more = f"いちばん古いものは {when(post.since)} の分。順に自動で送ります"
    if post.failing:
        more += f"。そのうち{post.failing:,}通は、いちど断られました。また試します"
    return [Task("遅れ", "warn", what, more, "/staff/outbox", "状態を見る")]


def watch_stopped() -> list[Task]:
    """Nobody sees whether bids get through, while an auction runs: its close may move by the rule of outages."""
    seen = watch.last_seen()
    open_ = sa.select(sa.func.count()).select_from(Auction).where(Auction.state == AuctionState.OPEN)
    if not db.session.scalar(open_) or not beats.is_missed(beats.WORKER, seen, UNWATCHED):
        return []
    since = f"{when(seen)}が最後です" if seen else "まだ一度も確かめられていません"
    more = f"入札できることを5秒ごとに自動で確かめていますが、{since}。続くと、終了の時刻がのびます"
    return [Task("警報", "bad", "入札を受け付けられるかの確かめが止まっています", more, "/staff/outbox", "状態を見る")]


def unanchored_days() -> list[Task]:
    """Heads of the journal's days that should stand on chain by now."""
    late = late_days(now() - UNANCHORED)
    if not late:
        return []
    more = f"いちばん古いもの {full_day(late[-1].day)}"
    return [Task("遅れ", "warn", f"おわりの印{len(late)}日分が、帳面に書けていません", more, "/journal", "印を見る")]


def chain_alarms() -> list[Task]:
    """Trouble with the chain that lasts: people cannot mend it here, but must know, and call whoever can."""
    return [
        Task("警報", "bad", alarm.trouble.ja, f"{when(alarm.since)}から　{alarm.what}", "/staff/outbox", "状態を見る")
        for alarm in alarms.standing()
    ]


def parked() -> list[Task]:
    """One line for all that are alike."""
    return [
        Task(
            *("届いていません", "bad", f"自動の処理が{_how(each)}（{each.topic}　{each.number:,}件）", each.error),
            *(f"/staff/outbox/{each.id}/retry", "もう一度ためす"),
            send=True,
            roles=MAY_RETRY,
        )
        for each in troubles.troubles()
        if each.lasts
    ]


def _how(each: troubles.Trouble) -> str:
    return "止まっています" if each.parked else "くり返しても終わりません"


def parked_calls() -> list[Task]:
    return [
        Task(
            *(
                "届いていません",
                "bad",
                f"ブロックチェーンへの記録が止まっています（{chain_words.in_words(call)}）",
                call.error or "",
            ),
            *(f"/staff/chain/{call.id}/retry", "もう一度ためす"),
            send=True,
            roles=MAY_RETRY,
            about=chain_words.page_of(call),
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
