"""The demo town's baths and desks, and what holders may do there."""

from __future__ import annotations

from marketplace.demo.town import Sale
from marketplace.perks import partnering
from marketplace.rights.plans import Per, Place, Plan, PlanKind

BATHS = ("月見沢温泉館", "海野の湯 ゆったり館")
STATION, WORK, HALL = "道の駅 月見沢", "コワーキング みずなら", "月見沢町役場"


def take_in(by: str) -> None:
    """Every place where something is used becomes a partner."""
    for name in (*BATHS, STATION, WORK, HALL):
        partnering.take_in(name, by)


def plans(sale: Sale) -> list[Plan]:
    """The perks of a sale that a counter goes by."""
    at = {each.name: Place(each.code, each.name) for each in partnering.open_partners()}
    bath = Plan(
        *("p1", "温泉の入浴が無料", PlanKind.PERIODIC, (at[BATHS[0]], at[BATHS[1]])), limit=1, per=Per.DAY, pay_yen=300
    )
    water = Plan(
        "p2", "湧水のペットボトル", PlanKind.PERIODIC, (at[STATION],), limit=1, per=Per.FISCAL_YEAR, pay_yen=120
    )
    work = Plan("p2", "コワーキングの利用が無料", PlanKind.MEMBERSHIP, (at[WORK],), pay_yen=200)
    talks = Plan("p1", "町長の講演・相談（60分）", PlanKind.COUNTED, (at[HALL],), limit=12)
    return {
        "LST-01": [bath, water],
        "LST-02": [bath, work],
        "LST-03": [bath, water],
        "LST-08": [talks],
    }.get(sale.id, [])
