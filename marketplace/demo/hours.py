"""Hours of the mayor and the deputy: held and counted, fixed, waiting for the town, waiting for the holder."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from marketplace.appointments import arranging, asking, calendar, settling
from marketplace.appointments.models import Appointment
from marketplace.demo.history import Act
from marketplace.demo.scene import Scene
from marketplace.kit.db import get, let_go
from marketplace.tokens.models import Token

TWELVE, ONCE, DEPUTY = "LST-08", "LST-09", "LST-10"
MAYOR, DEPUTY_MAYOR = "月見沢町長", "月見沢町副町長"
HOUR = timedelta(hours=1)
TALKS = (
    "人口4,500人の町で、稼ぐ力をどう育てたかを、商工会の若手20人ほどで聞かせてください。",
    "移住した方への、はじめの1年の支え方を相談したいです。",
    "中学校の総合学習で、町の未来の話をしていただけませんか。",
    "空き家を宿にする計画について、進め方のご意見をください。",
)


def acts(scene: Scene) -> Iterator[Act]:
    people: dict[str, int] = {}

    def take_in() -> None:
        for name in (MAYOR, DEPUTY_MAYOR):
            people[name] = calendar.put_lecturer(name, scene.by())
        calendar.name_lecturer(scene.right(DEPUTY), people[DEPUTY_MAYOR], 60, scene.by())

    def name_the_mayor() -> None:
        for sale in (TWELVE, ONCE):
            calendar.name_lecturer(scene.right(sale), people[MAYOR], 60, scene.by())

    def be_away() -> None:
        for days, hours, why in ((5, 7, "町議会"), (16, 4, "県との打ち合わせ")):
            start = scene.in_open_days(days, 9)
            calendar.take_off(people[MAYOR], start, start + hours * HOUR, why, scene.by())

    yield Act(scene.at(-89), take_in)
    yield Act(scene.at(-29), name_the_mayor)
    yield from _held(scene, DEPUTY, 0, TALKS[3], -58, -40)
    yield from _held(scene, TWELVE, 0, TALKS[0], -28, -5, uses=2, place="月見沢町商工会館 2階 会議室")
    yield Act(scene.at(-3, 9), be_away)
    yield Act(scene.at(-3, 10), lambda: _fixed(scene, TWELVE, 0, TALKS[2], scene.in_open_days(7, 14)))
    yield Act(scene.at(-2), lambda: _ask(scene, TWELVE, 0, TALKS[1], scene.in_open_days(9), scene.in_open_days(12, 13)))
    yield Act(scene.at(-2, 13), lambda: _offered(scene))


def _token(scene: Scene, sale: str, nth: int) -> Token:
    return scene.held(sale)[nth]


def _ask(scene: Scene, sale: str, nth: int, topic: str, *starts: datetime, uses: int = 1, place: str = "") -> int:
    token = _token(scene, sale, nth)
    assert token.holder_id is not None, "the town keeps it for somebody"
    wish = asking.Wish(topic, not place, place, uses, starts)
    return asking.ask(token.token_id, token.holder_id, wish)


def _fixed(scene: Scene, sale: str, nth: int, topic: str, start: datetime, uses: int = 1, place: str = "") -> int:
    appointment_id = _ask(scene, sale, nth, topic, start, start + 2 * HOUR, uses=uses, place=place)
    arranging.confirm(appointment_id, scene.office["drafter"], start)
    return appointment_id


def _held(
    scene: Scene, sale: str, nth: int, topic: str, asked: int, held: int, uses: int = 1, place: str = ""
) -> Iterator[Act]:
    """Asked for on one day, held on another or the last before it on which the town hall was open, counted on the
    evening of it. Between the two lie two weeks: one for the town to prepare itself, and one for days on which it is
    closed."""
    start = scene.last_office_hour(held)
    fixed: list[Appointment] = []

    def ask() -> None:
        fixed.append(get(Appointment, _fixed(scene, sale, nth, topic, start, uses, place)))
        let_go()

    yield Act(scene.at(asked), ask)
    yield Act(start + 3 * HOUR, lambda: settling.held(fixed[0].id, scene.office["drafter"], uses))
    yield Act(start + 6 * HOUR, lambda: settling.confirm(fixed[0].id, fixed[0].account_id))


def _offered(scene: Scene) -> None:
    """The holder wished for a day of the council; the office offers others."""
    start = scene.in_open_days(6, 9)
    appointment_id = _ask(scene, ONCE, 0, TALKS[1], start)
    others = (scene.in_open_days(10, 13), scene.in_open_days(11, 10))
    arranging.offer(appointment_id, scene.office["drafter"], others, "この日は町議会の準備があるためです。")
