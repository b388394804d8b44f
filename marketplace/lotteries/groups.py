"""枠: some of the units are for one group of applicants, and each group is drawn by a draw of its own. Pure.

The approved sale says so in its `auction_rules`, as it says the rest of how it is drawn:
{"draw": "dice" | "drand", "groups": [{"code", "ja", "en", "units"}, …], "waiting": 500 | null, "promote_days": 30}
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

PROMOTE_DAYS = 30
"""Days after the draw during which whoever waits may be promoted, where the sale says nothing else."""


class Group(NamedTuple):
    """`code` stands in the commit; `units` is the group's share of the sale."""

    code: str
    ja: str
    en: str
    units: int


TOWN, OTHERS = ("town", "町内の方", "Townspeople"), ("others", "町外の方", "Others")
NAMES = {code: ja for code, ja, _en in (TOWN, OTHERS)}


def quota(town: int, quantity: int) -> list[dict[str, Any]]:
    """As the sale keeps it: `town` of the units for townspeople, the rest for the others."""
    return [Group(*TOWN, town)._asdict(), Group(*OTHERS, quantity - town)._asdict()]


def groups_of(rules: Mapping[str, Any] | None, quantity: int) -> list[Group]:
    """In the order of the notice; one without a name where the sale has no groups."""
    named = [Group(**group) for group in (rules or {}).get("groups") or ()]
    return named or [Group("", "どなたでも", "Everybody", quantity)]


def shares(groups: Iterable[Group], applied: Mapping[str, int]) -> dict[str, int]:
    """The units that each group has in its draw, known at the close, when nobody knows the chance.

    What a group has too few applicants for goes to the others, in the order of the notice, as far as they have
    applicants. Nobody wins less than by the quotas; what nobody wants stays with its group.
    """
    groups = list(groups)
    units = {group.code: min(group.units, applied.get(group.code, 0)) for group in groups}
    left = sum(group.units for group in groups) - sum(units.values())
    for group in groups:
        more = min(left, applied.get(group.code, 0) - units[group.code])
        units[group.code] += more
        left -= more
    for group in groups:
        back = min(left, max(group.units - units[group.code], 0))
        units[group.code] += back
        left -= back
    return units


def chance(units: int, lots: Mapping[int, int]) -> float:
    """That one lot wins, from 0 to 1, where so many entries hold so many lots: {lots: entries}.

    A ticket is a number between 0 and 1, and the least one of an entry's lots counts. This is the ticket below which as
    many entries are to be expected as there are units: exact where all hold one lot, else near.
    """
    if sum(lots.values()) <= units:
        return 1.0
    low, high = 0.0, 1.0
    for _ in range(40):
        middle = (low + high) / 2
        won = sum(entries * (1 - (1 - middle) ** each) for each, entries in lots.items())
        low, high = (middle, high) if won < units else (low, middle)
    return high


def waiting_places(rules: Mapping[str, Any] | None) -> int | None:
    """How many of each group wait for a place; None: all who did not win."""
    places = (rules or {}).get("waiting")
    return None if places is None else int(places)


def waiting_place(rank: int | None, units: int, places: int | None) -> int | None:
    """補欠n番 as drawn, of who came `rank`th for so many units; `places` to wait, None: as many as there are people.

    None for winners, before the draw, and for who came after the last place.
    """
    place = (rank or 0) - units
    return place if place > 0 and (places is None or place <= places) else None


def promote_days(rules: Mapping[str, Any] | None) -> int:
    return int((rules or {}).get("promote_days") or PROMOTE_DAYS)
