"""Each night the books are compared with the chain itself: what a follower never heard of, it cannot miss.

Counts and a sample are asked of the contract: how many rights of each series were issued, who holds some of them now,
and whether every right was issued for the order that our books name. What differs is put before the staff; reading the
chain anew (`python -m marketplace follow --replay`) mends what the chain's logs can mend.
"""

from __future__ import annotations

import random
from typing import Any

import sqlalchemy as sa

from marketplace.chain import alarms, contract, following
from marketplace.chain.contract import RIGHTS
from marketplace.chain.models import Log, Trouble
from marketplace.chain.node import Reverted, node
from marketplace.chain.register import contracts, reading_anew
from marketplace.journal.models import Entry
from marketplace.journal.writing import note
from marketplace.kit.addresses import checksum
from marketplace.kit.clock import jst, now
from marketplace.kit.db import db, let_go, transaction
from marketplace.kit.refusals import Unavailable
from marketplace.kit.sheets import sheet
from marketplace.tokens.holding import recompute
from marketplace.tokens.models import NOBODY, Token, TokenState

SAMPLE = 50
HOUR = 3
"""Of the night, in Japan."""
ROUNDS = 3
"""Looks before a difference is believed: something may be mined while we count."""
TOLD = 10
"""Differences that the alarm names."""
SUBJECT = "chain:count"


@sheet(every=600, name="tokens.check_chain", asks="chain")
def check_nightly() -> None:
    """Once in a night, by the first worker that has time. Raises Unavailable: the next turn tries again."""
    if jst(now()).hour < HOUR or checked_on() == jst(now()).date().isoformat() or RIGHTS not in contracts():
        let_go()
        return
    check()


def check(sample: int = SAMPLE) -> list[str]:
    """Compare now; what differs. Sounds the alarm or ends it, and writes down that it was done. Raises Unavailable."""
    wrong: list[str] = []
    for _ in range(ROUNDS):
        following.follow_once()
        if not (wrong := _differences(sample)):
            break
    if wrong:
        more = f" …{len(wrong) - TOLD}" if len(wrong) > TOLD else ""
        alarms.sound(Trouble.COUNT, "; ".join(wrong[:TOLD]) + more)
    else:
        alarms.over(Trouble.COUNT)
    with transaction():
        note(SUBJECT, "check", on=jst(now()).date().isoformat(), differences=len(wrong))
    return wrong


def checked_on() -> str | None:
    """The day in Japan of the last comparison."""
    last = sa.select(Entry.details).where(Entry.subject == SUBJECT, Entry.event == "check")
    details = db.session.scalar(last.order_by(Entry.id.desc()).limit(1))
    return str(details["on"]) if details else None


def misissued(token_id: int) -> None:
    """Put at once before the staff that the chain issued `token_id` for another order than our books name."""
    where = contracts()[RIGHTS]
    wrong = _wrong_issues(where, token_id)
    let_go()
    if wrong:  # the chain may have taken it back meanwhile
        alarms.sound(Trouble.COUNT, wrong[0])


def _differences(sample: int) -> list[str]:
    if reading_anew():
        raise Unavailable("chain: all logs are being read anew")
    where = contracts()[RIGHTS]
    issued = _issued_by_series(where)
    chosen = _sample(sample)
    recompute(chosen)  # what was read just now may not have been heard yet
    held = dict(
        db.session.execute(sa.select(Token.token_id, Token.holder_address).where(Token.token_id.in_(chosen))).all()
    )
    wrong = _wrong_issues(where)
    let_go()
    for series, count in issued.items():
        minted = _minted(where, series)
        if minted != count:
            wrong.append(f"series {series}: the chain issued {minted}, our logs have {count}")
    for token_id, holder in sorted(held.items()):
        owner = _owner(where, token_id)
        if owner != holder:
            wrong.append(f"token {token_id}: on chain {owner}, in our books {holder}")
    return wrong


def _issued_by_series(where: str) -> dict[int, int]:
    """{series: how many rights the logs say were issued}, of every series that was created or promised."""
    created = sa.select(Log.args).where(Log.address == where, Log.name == "SeriesCreated")
    found = {int(args["seriesId"]): 0 for args in db.session.scalars(created)}
    for args in db.session.scalars(sa.select(Log.args).where(Log.address == where, Log.name == "RightIssued")):
        series = int(args["seriesId"])
        found[series] = found.get(series, 0) + 1
    promised = sa.select(Token.right_id).where(Token.state != TokenState.PROMISED).distinct()
    for right_id in db.session.scalars(promised):
        found.setdefault(right_id, 0)
    return found


def _sample(size: int) -> list[int]:
    """Some tokens that should be on chain."""
    query = sa.select(Token.token_id).where(Token.state.in_((TokenState.HELD, TokenState.REVOKED)))
    everything = list(db.session.scalars(query.order_by(Token.token_id)))
    let_go()
    return random.sample(everything, min(size, len(everything)))


def _wrong_issues(where: str, token_id: int | None = None) -> list[str]:
    """Rights of ours (or the one asked for) that were issued for something else than the order in our books."""
    logs = sa.select(Log.token_id, Log.args).where(Log.address == where, Log.name == "RightIssued")
    if token_id is not None:
        logs = logs.where(Log.token_id == token_id)
    refs = dict(db.session.execute(sa.select(Token.token_id, Token.ref)).all())
    return [
        f"token {issued}: issued for {args['ref'][:10]}…, in our books for {refs.get(issued, 'nobody')[:10]}…"
        for issued, args in db.session.execute(logs.order_by(Log.token_id)).all()
        if issued is not None and refs.get(issued) != args["ref"]
    ]


def _minted(where: str, series: int) -> int:
    found = _asked(where, "series", series)
    return int(found[1]) if found else 0  # there is no such series on the chain


def _owner(where: str, token_id: int) -> str | None:
    found = _asked(where, "ownerOf", token_id)
    return checksum(found) if found else None  # burnt, or never issued


def _asked(where: str, function: str, number: int) -> Any:
    """What a view of the collection answers; None where it refuses."""
    try:
        answer = node().call(NOBODY, where, contract.call(RIGHTS, function, [number]))
    except Reverted:
        return None
    return contract.result(RIGHTS, function, answer)[0]
