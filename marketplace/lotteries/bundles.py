"""What a lottery publishes: the bundles that anyone can recompute, and the proof that an entry is under its root."""

from __future__ import annotations

from functools import lru_cache

import sqlalchemy as sa

from marketplace.kit import merkle
from marketplace.kit.db import db
from marketplace.kit.published import Record
from marketplace.lotteries import draw
from marketplace.lotteries.closing import draws, entered, persons
from marketplace.lotteries.groups import groups_of
from marketplace.lotteries.models import IN_THE_DRAW, Draw, Entry, Lottery


def fixed_of(lottery: Lottery, group: str = "") -> Draw | None:
    """The draw of a group from the close on; without a group, the first."""
    return next((fixed for fixed in draws(lottery.id) if group in ("", fixed.group)), None)


def draw_for(entry: Entry) -> Draw | None:
    """The draw that an entry is in, from the close on."""
    query = sa.select(Draw).where(Draw.lottery_id == entry.lottery_id, Draw.group == entry.group)
    return db.session.scalar(query)


def bundle_of(fixed: Draw) -> Record:
    """In the form of docs/draw-v1.md; before the draw `randomness` and `beacon` are null."""
    signed = None if fixed.signature is None else {"round": fixed.round, "signature": fixed.signature}
    return {
        "version": "draw-v1",
        "commit": fixed.commit,
        "randomness": fixed.randomness,
        "beacon": signed,
        "entries": [{"no": no, "ch": ch, "lots": lots} for no, ch, lots in entered(fixed.lottery_id, fixed.group)],
    }


def result_of(fixed: Draw) -> Record | None:
    """The result as it stands in the register; None before the draw."""
    if fixed.seed is None:
        return None
    places = sa.select(Entry.no).where(
        Entry.lottery_id == fixed.lottery_id, Entry.group == fixed.group, Entry.rank.is_not(None)
    )
    order = list(db.session.scalars(places.order_by(Entry.rank)))
    return {
        "version": "draw-v1",
        "seed": fixed.seed,
        "cutoff": fixed.cutoff,
        "winners": order[: fixed.units],
        "waiting": order[fixed.units :],
    }


def published(fixed: Draw) -> Record:
    """The file: the bundle with its result, so that no byte of it can be changed unseen."""
    return {**bundle_of(fixed), "result": result_of(fixed)}


def draw_of(listing_code: str, group: str = "") -> Record | None:
    """For the API: the bundle with `code`, `state` and `result` beside its keys; None where there is no such draw.

    Before the close only the count of entries, `n`, is public. Without a group, the first one's; `groups` names all.
    """
    lottery = db.session.scalar(sa.select(Lottery).where(Lottery.code == listing_code))
    if lottery is None:
        return None
    groups = [each.code for each in groups_of(lottery.listing.auction_rules, lottery.listing.quantity)]
    if group and group not in groups:
        return None
    about: Record = {"code": lottery.code, "state": str(lottery.state), "draw_at": lottery.draw_at.isoformat()}
    about["groups"] = [each for each in groups if each]
    fixed = fixed_of(lottery, group)
    if fixed is None:
        empty: Record = {"version": "draw-v1", "commit": None, "randomness": None, "beacon": None, "entries": []}
        n = persons(lottery.id).get(group, 0) if group else count(lottery.id)
        return {**empty, **about, "n": n, "result": None}
    return {**bundle_of(fixed), **about, "n": fixed.n, "result": result_of(fixed)}


def proof_of(lottery: Lottery, no: str) -> Record | None:
    """What the holder of receipt `no` needs to check everything alone: the entry, its way to the root, the commit and,
    after the draw, the randomness. None where there is no such entry, and before the close.
    """
    own = sa.select(Entry).where(Entry.lottery_id == lottery.id, Entry.no == no, IN_THE_DRAW)
    entry = db.session.scalar(own)
    fixed = draw_for(entry) if entry else None
    if entry is None or fixed is None:
        return None
    before = sa.select(sa.func.count()).where(
        Entry.lottery_id == lottery.id, Entry.group == entry.group, IN_THE_DRAW, Entry.seq < entry.seq
    )
    steps = tree_of(fixed.lottery_id, fixed.group, fixed.root).path(db.session.execute(before).scalar_one())
    return {
        "entry": {"no": entry.no, "ch": entry.ch, "lots": entry.lots},
        "leaf": draw.leaf(draw.Entry(entry.no, entry.ch, entry.lots)).hex(),
        "path": [{"side": step.side, "hash": step.hash.hex()} for step in steps],
        "root": fixed.root,
        "commit": fixed.commit,
        "randomness": fixed.randomness,
        "cutoff": fixed.cutoff if fixed.seed else None,
    }


@lru_cache(maxsize=8)
def tree_of(lottery_id: int, group: str, root: str) -> merkle.Tree:
    """The tree under a published root: closed lists do not change, so it is built once in each process.

    64 bytes for each entry: 0.9 MB at 13,440.
    """
    tree = draw.tree(draw.Entry(*row) for row in entered(lottery_id, group))
    assert tree.root.hex() == root, "the list is what was published"
    return tree


def count(lottery_id: int) -> int:
    """Entries that count: persons, since each has one."""
    live = sa.select(sa.func.count()).where(Entry.lottery_id == lottery_id, IN_THE_DRAW)
    return db.session.scalar(live) or 0
