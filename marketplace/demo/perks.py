"""What residents of the demo town did at its baths and desks, and the stamps of everybody who came."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Iterator
from functools import partial

from marketplace.demo.counters import BATHS, STATION, WORK
from marketplace.demo.history import Act
from marketplace.demo.scene import Scene, partner, somebody
from marketplace.gatherings import visiting
from marketplace.kit.clock import jst, now
from marketplace.perks import flagging, using
from marketplace.perks.models import Channel
from marketplace.perks.using import Asked

CAME = (9, 7, 8, 12, 14, 16, 13, 11, 15, 17, 14, 10)
"""Stamps of each of the last twelve months, this one last."""
BATHED = (3, 4, 4, 5, 6, 5)
"""Free baths of each of the last six months."""
USERS = 8
"""So many residents bathe."""


def acts(scene: Scene) -> Iterator[Act]:
    """Stamps of a year, baths of half a year, a few bottles of water, and a use that the office looked at."""
    yield Act(scene.at(-365, 9), lambda: _open_points(scene))
    for back, count in enumerate(reversed(CAME)):
        for nth in range(count):
            days = -30 * back - 1 - (nth * 30 // count)
            yield Act(scene.at(days, 11 + nth % 6), partial(_stamp, _guest(back, nth), nth), quiet=True)
    for back, count in enumerate(reversed(BATHED)):
        for nth in range(count):
            days = -30 * back - 2 - nth * 29 // count
            bathe = partial(_use, scene, nth + back, "p1", BATHS[nth % 2])
            yield Act(scene.at(days, 17 + nth % 3), bathe, quiet=True)
    for nth in range(4):
        yield Act(scene.at(-20 - nth * 9, 13), partial(_use, scene, nth, "p2", STATION), quiet=True)
    yield Act(scene.at(-18, 18), lambda: _twice(scene, 5))
    yield Act(scene.at(-6, 18), lambda: _twice(scene, 2))
    yield Act(scene.at(-16, 9), lambda: _look(scene))


def _guest(back: int, nth: int) -> int:
    """Half of them come again and again; the others are new."""
    return nth * 3 % 14 if nth % 2 else 14 + (back * 6 + nth // 2) % 45


def visit(token_ids: Iterable[int]) -> None:
    """Their holders bathe today; each is let in at one of the two baths."""
    for n, token_id in enumerate(token_ids):
        using.use(_asked(token_id, "p1", BATHS[n % len(BATHS)]))


def _open_points(scene: Scene) -> None:
    for name in (*BATHS, STATION, WORK):
        visiting.open_point(partner(name).id, scene.by())


def _stamp(person: int, nth: int) -> None:
    """By the printed code, and the number of the day that stands at the desk."""
    code = partner((*BATHS, STATION, WORK)[nth % 4]).code
    _, point = visiting.point_of(code)
    visiting.stamp(somebody(person), code, number=visiting.number_of(point, jst(now()).date()))


def _use(scene: Scene, nth: int, plan: str, where: str) -> None:
    tokens = scene.held("LST-01")[:USERS]
    using.use(_asked(tokens[nth % len(tokens)].token_id, plan, where))


def _twice(scene: Scene, nth: int) -> None:
    """Two counters without network let the same guest in on one day: the office sees it, nobody is blamed."""
    token_id = scene.held("LST-01")[nth].token_id
    for where in BATHS:
        using.use(_asked(token_id, "p1", where, Channel.OFFLINE))


def _look(scene: Scene) -> None:
    """The office looked at the first of them."""
    for use in flagging.open_flags()[:1]:
        flagging.look(
            use.id, scene.office["approver"], "雪で電波が止まった日。2館とも正しい手順でした。次の方も変わらずどうぞ。"
        )


def _asked(token_id: int, plan: str, where: str, channel: Channel = Channel.SCAN) -> Asked:
    offline = channel is Channel.OFFLINE
    return Asked(secrets.token_hex(16), token_id, plan, channel, now(), partner(where).id, afterwards=offline)
