"""特典の計画: what each perk of a right allows, in a form that a counter can go by and a buyer can read.

Plans are kept as JSON with their right, so that they are approved, hashed and frozen with its words.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from marketplace.kit.clock import jst
from marketplace.kit.dates import fiscal_year
from marketplace.kit.languages import _
from marketplace.kit.shown import full_day

EVER = "ever"
"""The period of what can be used a number of times and then never again."""


class PlanKind(StrEnum):
    MEMBERSHIP = "membership"
    COUNTED = "counted"
    PERIODIC = "periodic"
    FIRST_HOLDER = "first_holder"
    RSVP = "rsvp"

    @property
    def ja(self) -> str:
        return PLAN_KIND_JA[self]


PLAN_KIND_JA = {
    PlanKind.MEMBERSHIP: "会員（何度でも）",
    PlanKind.COUNTED: "回数（使うと減る）",
    PlanKind.PERIODIC: "期間ごとの回数（1日1回など）",
    PlanKind.FIRST_HOLDER: "はじめの持ち主だけ、1回",
    PlanKind.RSVP: "予約して参加",
}


class Per(StrEnum):
    DAY = "day"
    MONTH = "month"
    FISCAL_YEAR = "fiscal_year"

    @property
    def ja(self) -> str:
        return PER_JA[self]


PER_JA = {Per.DAY: "1日", Per.MONTH: "1か月", Per.FISCAL_YEAR: "1年度（4月から翌年3月）"}


class Issuer(StrEnum):
    """Who owes the service to the holder: it decides which law applies."""

    TOWN = "town"
    PARTNER = "partner"

    @property
    def ja(self) -> str:
        return ISSUER_JA[self]


ISSUER_JA = {Issuer.TOWN: "町", Issuer.PARTNER: "町の外の事業者"}


class OnResale(StrEnum):
    REST = "rest"
    NOTHING = "nothing"

    @property
    def ja(self) -> str:
        return ON_RESALE_JA[self]


ON_RESALE_JA = {
    OnResale.REST: "残りが次の持ち主に移る（使った分はもどらない）",
    OnResale.NOTHING: "移らない（はじめの持ち主だけのもの）",
}


@dataclass(frozen=True)
class Place:
    """Where a perk is used: a partner by its code, and the name that was approved."""

    code: str
    name: str


@dataclass(frozen=True)
class Plan:
    """One perk.

    `limit` is how many times: in all for COUNTED, in each `per` for PERIODIC, None elsewhere. `months` counts from the
    day of issue; `begins` and `ends` are days of the calendar, `ends` included; `closed` are spans of days on which it
    can't be used, both ends included. `pay_yen` is what the town pays the place for each use.
    """

    id: str
    name: str
    kind: PlanKind
    places: tuple[Place, ...] = ()
    issuer: Issuer = Issuer.TOWN
    limit: int | None = None
    per: Per | None = None
    begins: date | None = None
    ends: date | None = None
    months: int | None = None
    closed: tuple[tuple[date, date], ...] = ()
    on_resale: OnResale = OnResale.REST
    pay_yen: int = 0

    @property
    def allowed(self) -> int | None:
        """Uses in one period; None where there is no end to them."""
        return None if self.kind is PlanKind.MEMBERSHIP else self.limit or 1

    def offered_by(self, place_code: str) -> bool:
        return any(place.code == place_code for place in self.places)

    def as_json(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "name": self.name,
            "kind": str(self.kind),
            "places": [{"code": place.code, "name": place.name} for place in self.places],
            "issuer": str(self.issuer),
            "limit": self.limit,
            "per": self.per and str(self.per),
            "begins": self.begins and self.begins.isoformat(),
            "ends": self.ends and self.ends.isoformat(),
            "months": self.months,
            "closed": [[first.isoformat(), last.isoformat()] for first, last in self.closed],
            "on_resale": str(self.on_resale),
            "pay_yen": self.pay_yen,
        }


def read(kept: Mapping[str, Any]) -> Plan:
    """The plan that as_json() wrote."""
    return Plan(
        id=kept["id"],
        name=kept["name"],
        kind=PlanKind(kept["kind"]),
        places=tuple(Place(**place) for place in kept["places"]),
        issuer=Issuer(kept["issuer"]),
        limit=kept["limit"],
        per=Per(kept["per"]) if kept["per"] else None,
        begins=_day(kept["begins"]),
        ends=_day(kept["ends"]),
        months=kept["months"],
        closed=tuple((date.fromisoformat(first), date.fromisoformat(last)) for first, last in kept["closed"]),
        on_resale=OnResale(kept["on_resale"]),
        pay_yen=kept["pay_yen"],
    )


def read_all(kept: Iterable[Mapping[str, Any]] | None) -> list[Plan]:
    return [read(each) for each in kept or ()]


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


def period_of(plan: Plan, on: date, occasion: str = "") -> str:
    """The name of the period whose uses are counted together: '2026-11-28', '2026-11', 'FY2026', 'ever'.

    `occasion` is the event of an RSVP: each has its own.
    """
    if plan.kind is PlanKind.RSVP:
        return occasion or EVER
    if plan.kind is PlanKind.MEMBERSHIP or plan.per is Per.DAY:
        return on.isoformat()
    if plan.per is Per.MONTH:
        return f"{on:%Y-%m}"
    if plan.per is Per.FISCAL_YEAR:
        return f"FY{fiscal_year(on)}"
    return EVER


def last_day(plan: Plan, issued_at: datetime) -> date | None:
    """The last day on which it can be used; None for ever."""
    ends = [plan.ends] if plan.ends else []
    if plan.months:
        ends.append(_months_later(jst(issued_at).date(), plan.months))
    return min(ends) if ends else None


def _months_later(start: date, months: int) -> date:
    """The day before the same day `months` later (民法 143条): a term of a month from 11-28 ends on 12-27."""
    year, month = divmod(start.year * 12 + start.month - 1 + months, 12)
    for back in range(4):  # 31 February and the like: the last day of that month, and then it is the end itself
        try:
            end = date(year, month + 1, start.day - back)
        except ValueError:
            continue
        return end if back else date.fromordinal(end.toordinal() - 1)
    raise AssertionError("every month has 28 days")


def why_not_on(plan: Plan, on: date, last: date | None) -> str:
    """A sentence why it can't be used on that day in Japan; '' where it can. `last` is its last_day()."""
    if plan.begins and on < plan.begins:
        return _("%(begins)sから使えます。", begins=full_day(plan.begins))
    if last and on > last:
        return _("使える期間は%(last)sで終わりました。", last=full_day(last))
    if any(first <= on <= end for first, end in plan.closed):
        return _("この日は使えない日です。")
    return ""


def words(plan: Plan) -> list[str]:
    """What a buyer reads of it: how often, where, from when until when, what passes on."""
    lines = [_how_often(plan)]
    if plan.places:
        lines.append(_("使えるところ %(places)s", places=_("、").join(place.name for place in plan.places)))
    if plan.issuer is Issuer.PARTNER:
        lines.append(_("町の外の事業者が提供します"))
    if plan.begins and plan.ends:
        lines.append(_("期間 %(first)sから%(last)sまで", first=full_day(plan.begins), last=full_day(plan.ends)))
    elif plan.begins:
        lines.append(_("期間 %(first)sから", first=full_day(plan.begins)))
    elif plan.ends:
        lines.append(_("期間 %(last)sまで", last=full_day(plan.ends)))
    if plan.months:
        lines.append(_("お渡しの日から%(months)sか月", months=plan.months))
    if plan.closed:
        lines.append(_("使えない日 %(days)s", days=_("、").join(_span(*each) for each in plan.closed)))
    lines.append(_("ゆずるとき %(rule)s", rule=_(plan.on_resale.ja)))
    return lines


def _how_often(plan: Plan) -> str:
    if plan.kind is PlanKind.PERIODIC and plan.per:
        return _("%(span)sに%(limit)s回まで", span=_(plan.per.ja), limit=plan.limit)
    if plan.kind is PlanKind.COUNTED:
        return _("全部で%(limit)s回", limit=plan.limit)
    said = {
        PlanKind.MEMBERSHIP: "持っているあいだ、何度でも",
        PlanKind.FIRST_HOLDER: "はじめの持ち主だけ、1回",
    }
    return _(said.get(plan.kind, "予約して参加"))


def _span(first: date, last: date) -> str:
    return full_day(first) if first == last else _("%(first)sから%(last)s", first=full_day(first), last=full_day(last))
