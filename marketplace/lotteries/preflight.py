"""Before a draw: what must be right, what is, and what helps where it is not."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import sqlalchemy as sa

from marketplace.accounts.models import Account, Role, StaffRole
from marketplace.chain.models import Call, CallState
from marketplace.kit.clock import now
from marketplace.kit.db import db
from marketplace.kit.shown import until, when
from marketplace.listings.models import UnitState
from marketplace.listings.taking import counts
from marketplace.lotteries import draw
from marketplace.lotteries.closing import draws, entered
from marketplace.lotteries.drand import drand
from marketplace.lotteries.drawing import SILENCE, source
from marketplace.lotteries.models import Draw, Lottery
from marketplace.lotteries.states import LotteryState
from marketplace.notices import waiting
from marketplace.outbox import troubles


class Check(NamedTuple):
    """`fine` is None while it is only a matter of waiting. `remedy` says what to do; "" where nothing is to be done."""

    word: str
    fine: bool | None
    found: str
    remedy: str = ""


def preflight(lottery: Lottery, actor: Account) -> list[Check]:
    """Everything to look at before chance comes in, in the order in which it happens."""
    fixed = draws(lottery.id)
    return [
        _closed(lottery, bool(fixed)),
        *(_listed(each) for each in fixed),
        *(_anchored(each) for each in fixed),
        *_units(lottery, fixed),
        _chance(lottery),
        _letters(),
        _second_hand(actor),
        _hour(lottery),
    ]


def _closed(lottery: Lottery, fixed: bool) -> Check:
    if fixed:
        return Check("受付の終了", True, f"{until(lottery.closes_at)} に締め切りました")
    if now() < lottery.closes_at:
        return Check("受付の終了", None, f"{until(lottery.closes_at)} に自動で締め切ります", "それまでお待ちください。")
    return Check(
        "受付の終了",
        False,
        "締め切りの時刻を過ぎましたが、一覧をまだ固定していません",
        "下の「締め切りを行う」を押してください。",
    )


def _listed(fixed: Draw) -> Check:
    """The list as it is now, hashed again, has the root that was published."""
    entries = list(entered(fixed.lottery_id, fixed.group))
    word = f"応募の一覧（{fixed.listing}）"
    if (len(entries), draw.root(draw.Entry(*row) for row in entries).hex()) == (fixed.n, fixed.root):
        return Check(word, True, f"{fixed.n:,}件。締め切りのときに公開したしるしと同じです")
    return Check(
        word,
        False,
        "締め切りのときに公開したしるしと違います",
        "抽選はできません。システムの管理者に連絡してください。",
    )


def _anchored(fixed: Draw) -> Check:
    word = f"台帳（ブロックチェーン）への記録（{fixed.listing}）"
    state = db.session.scalar(sa.select(Call.state).where(Call.key == f"anchor:draw:{fixed.listing}"))
    if state == CallState.MINED:
        return Check(word, True, "一覧のしるしを記録しました")
    if state == CallState.PARKED:
        return Check(word, False, "記録が止まっています", "「きょうの仕事」の台帳の欄から、もう一度送ってください。")
    return Check(
        word, None, "記録を待っています", "ふつうは1分以内に終わります。終わらなくても、抽選は正しく行えます。"
    )


def _units(lottery: Lottery, fixed: list[Draw]) -> Iterator[Check]:
    if lottery.state != LotteryState.CLOSED:
        return
    free = counts([lottery.listing_id]).get(lottery.listing_id, {}).get(UnitState.FREE, 0)
    needed = sum(min(each.n, each.units) for each in fixed)
    if free >= needed:
        yield Check("渡す権利の数", True, f"{free:,}。当選する方は{needed:,}名です")
    else:
        yield Check(
            "渡す権利の数",
            False,
            f"{free:,}しかなく、当選する{needed:,}名に足りません",
            "出品の画面で数を確かめてください。",
        )


def _chance(lottery: Lottery) -> Check:
    if source(lottery, now()) == draw.DICE:
        why = "" if lottery.chain == draw.DICE else "公開乱数が24時間取れなかったため、公告のとおり、"
        return Check(
            "乱数",
            True,
            f"{why}さいころで決めます",
            "10面さいころ（または0から9の札）と、立会人2人以上をご用意ください。",
        )
    word = f"乱数（drand {lottery.round:,}回目）"
    dice = f"{when(lottery.draw_at + SILENCE)} まで取れないときは、公告のとおり、さいころに替わります。"
    if lottery.trouble:
        again = f"次は {when(lottery.ask_at)} に試します。" if lottery.ask_at else ""
        return Check(
            word,
            False,
            f"{lottery.asked}回試しましたが、取れていません。{lottery.trouble}",
            f"{again}ほかの機械で調べた署名を、下に貼りつけることもできます。{dice}",
        )
    if not drand().addresses:
        return Check(
            word,
            False,
            "自動で取りに行く先が設定されていません",
            f"設定 BEACON_URL に番地を入れるか、抽選の時刻に署名を下に貼りつけてください。{dice}",
        )
    return Check(
        word, None if now() < lottery.draw_at else True, "抽選の時刻になると、自動で取りに行き、抽選します", dice
    )


def _letters() -> Check:
    """What ends by itself is a matter of waiting; for the rest, the sheet of today has a button."""
    word = "お知らせの準備"
    if vain := troubles.lasting():
        return Check(word, False, f"止まっている仕事が{vain}件あります", "「きょうの仕事」で、もう一度試してください。")
    if failing := waiting.post().failing:
        return Check(word, None, f"送れずに待っているメールが{failing}通あります", "自動で、また試します。")
    return Check(word, True, "止まっている仕事はありません")


def _second_hand(actor: Account) -> Check:
    """Whoever draws can't sign off: there must be somebody else."""
    others = sa.select(sa.func.count(sa.distinct(StaffRole.account_id))).where(
        StaffRole.role.in_((Role.DRAFTER, Role.APPROVER)), StaffRole.account_id != actor.id
    )
    if db.session.scalar(others):
        return Check("確かめる職員", True, "抽選のあとに確かめる、別の職員がいます")
    return Check(
        "確かめる職員", False, "あなたのほかに職員がいません", "職員の登録をお願いします。抽選は1人でもできます。"
    )


def _hour(lottery: Lottery) -> Check:
    if now() >= lottery.draw_at:
        return Check("抽選の日時", True, f"{when(lottery.draw_at)} を過ぎました")
    return Check("抽選の日時", None, f"{when(lottery.draw_at)} です", "それより前には、だれも抽選できません。")
