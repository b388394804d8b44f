"""What a lottery publishes: the bundle that anyone can recompute, and the proof that an entry is under the root."""

from __future__ import annotations

import sqlalchemy as sa

from marketplace.kit.db import db
from marketplace.kit.published import Record
from marketplace.lotteries import draw
from marketplace.lotteries.closing import applied
from marketplace.lotteries.models import IN_THE_DRAW, Draw, Entry, Lottery


def fixed_of(lottery: Lottery) -> Draw | None:
    """The draw, from the close on."""
    return db.session.scalar(sa.select(Draw).where(Draw.lottery_id == lottery.id))


def bundle_of(fixed: Draw) -> Record:
    """In the form of docs/draw-v1.md; before the draw `randomness` and `beacon` are null."""
    signed = None if fixed.signature is None else {"round": fixed.round, "signature": fixed.signature}
    return {
        "version": "draw-v1",
        "commit": fixed.commit,
        "randomness": fixed.randomness,
        "beacon": signed,
        "entries": [entry._asdict() for entry in applied(fixed.lottery_id)],
    }


def result_of(fixed: Draw) -> Record | None:
    """The result as it stands in the register; None before the draw."""
    if fixed.seed is None:
        return None
    places = sa.select(Entry.no).where(Entry.lottery_id == fixed.lottery_id, Entry.rank.is_not(None))
    order = list(db.session.scalars(places.order_by(Entry.rank)))
    return {
        "version": "draw-v1",
        "seed": fixed.seed,
        "cutoff": fixed.cutoff,
        "winners": order[: fixed.units],
        "waiting": order[fixed.units :],
    }


def draw_of(listing_code: str) -> Record | None:
    """For the API: the bundle with `code`, `state` and `result` beside its keys; None where there is no lottery (yet).

    Before the close only the count of entries, `n`, is public.
    """
    lottery = db.session.scalar(sa.select(Lottery).where(Lottery.code == listing_code))
    if lottery is None:
        return None
    about: Record = {"code": lottery.code, "state": str(lottery.state), "draw_at": lottery.draw_at.isoformat()}
    fixed = fixed_of(lottery)
    if fixed is None:
        empty: Record = {"version": "draw-v1", "commit": None, "randomness": None, "beacon": None, "entries": []}
        return {**empty, **about, "n": count(lottery.id), "result": None}
    return {**bundle_of(fixed), **about, "n": fixed.n, "result": result_of(fixed)}


def proof_of(fixed: Draw, no: str) -> Record | None:
    """What the holder of receipt `no` needs to compute the root alone; None where there is no such entry."""
    entries = applied(fixed.lottery_id)
    for index, entry in enumerate(entries):
        if entry.no == no:
            path = [{"side": step.side, "hash": step.hash.hex()} for step in draw.proof(entries, index)]
            return {"entry": entry._asdict(), "leaf": draw.leaf(entry).hex(), "path": path, "root": fixed.root}
    return None


def count(lottery_id: int) -> int:
    """Entries that count: persons, since each has one."""
    live = sa.select(sa.func.count()).where(Entry.lottery_id == lottery_id, IN_THE_DRAW)
    return db.session.scalar(live) or 0
