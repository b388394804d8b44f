"""Events with their guests, questions to the holders, and letters to them, as meetings.json tells them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

from marketplace.demo.history import Act
from marketplace.demo.scene import Scene, somebody
from marketplace.gatherings import booking, circulating, drafting, polling, stamping
from marketplace.gatherings.models import RsvpState
from marketplace.gatherings.polling import Question

FILE = Path(__file__).with_name("meetings.json")
VOTERS = "LST-01"
ASKED = "住民票をお持ちの方に伺います。1つの権利で1票です。結果は、来年度の計画の参考にします。"


def acts(scene: Scene) -> Iterator[Act]:
    told = json.loads(FILE.read_text(encoding="utf-8"))
    for event in told["events"]:
        yield from _event(scene, event)
    for poll in told["polls"]:
        yield from _poll(scene, poll)
    for letter in told["letters"]:
        yield Act(scene.at(letter["day"], 17), partial(_write, scene, letter))


def _event(scene: Scene, told: dict[str, Any]) -> Iterator[Act]:
    known: list[int] = []

    def announce() -> None:
        known.append(drafting.draft(_values(scene, told), scene.by()))
        if not told.get("draft"):
            drafting.announce(known[0], scene.by("approver"))

    def give_up() -> None:
        booking.give_up(known[0], somebody(told["gives_up"]))

    def welcome() -> None:
        """At the door, by the list."""
        coming = [rsvp.code for rsvp in stamping.list_of(known[0]) if rsvp.state == RsvpState.COMING]
        for code in coming[: told["came"]]:
            stamping.stamp(known[0], code, scene.by())

    day, told_on = told["day"], told["announced"]
    yield Act(scene.at(told_on), announce)
    for nth, guest in enumerate(told["guests"]):
        ask = partial(_ask, known, guest)
        yield Act(scene.at(told_on + 1 + nth // 3, 12 + nth % 3), ask, quiet=True)
    if told["came"]:
        yield Act(scene.at(day, told["hour"]), welcome, quiet=True)
    if "gives_up" in told:
        yield Act(scene.at(-1, 15), give_up)
    if "called_off" in told:
        yield Act(scene.at(-1, 9), lambda: drafting.call_off(known[0], told["called_off"], scene.by()))


def _ask(event: list[int], guest: int) -> None:
    booking.ask(event[0], somebody(guest))


def _values(scene: Scene, told: dict[str, Any]) -> dict[str, Any]:
    begins_at = scene.at(told["day"], told["hour"])
    return {
        **{name: told[name] for name in ("title", "place", "body", "seats")},
        "entrance": told.get("entrance", ""),
        "begins_at": begins_at,
        "ends_at": begins_at + timedelta(hours=told["hours"]),
        "ask_until": begins_at - timedelta(hours=12),
        "answer_hours": 48,
        "most_together": told.get("together", 1),
        "right_ids": [],
        "perk": None,
    }


def _poll(scene: Scene, told: dict[str, Any]) -> Iterator[Act]:
    known: list[int] = []
    opens, closes = told["opens"], told["opens"] + told["days"]

    def ask() -> None:
        words = (told["title"], ASKED, told["choices"])
        question = Question(*words, [scene.right(VOTERS)], told["secret"], scene.at(closes, 20))
        known.append(polling.draft(question, scene.by()))
        polling.open_poll(known[0], scene.by("approver"))

    def vote(nth: int, number: int) -> None:
        polling.vote(known[0], scene.holders(VOTERS)[nth], number)

    yield Act(scene.at(opens), ask)
    for nth, number in enumerate(told["votes"]):
        yield Act(scene.at(opens + 1 + nth // 2, 19 + nth % 2), partial(vote, nth, number), quiet=True)
    yield Act(scene.at(closes, 21), polling.close_due)


def _write(scene: Scene, told: dict[str, Any]) -> None:
    letter = circulating.draft(told["title"], told["body"], [scene.right(VOTERS)], scene.by())
    if told["sent"]:
        circulating.ask(letter, scene.office["drafter"])
        circulating.send(letter, scene.office["approver"])
        circulating.send_batches()
