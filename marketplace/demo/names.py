"""The park's name: proposed, refused, appealed, proposed again, chosen, agreed and announced; and the town's map."""

from __future__ import annotations

from collections.abc import Iterator

import sqlalchemy as sa

from marketplace.demo.history import HOUR, Act
from marketplace.demo.scene import Scene
from marketplace.kit.db import db, get, let_go
from marketplace.naming import agreeing, places, proposing, screening, showing
from marketplace.naming.models import Naming
from marketplace.naming.rules import Check, Wish
from marketplace.naming.screening import Minutes

PARK = "LST-04"
FIRST = (
    Wish("つきみざわドリームパーク", "つきみざわどりーむぱーく", "夢のある名前にしたいと思いました。"),
    Wish("町民公園", "ちょうみんこうえん", "みんなの公園だからです。"),
)
SECOND = (
    Wish("せせらぎの杜公園", "せせらぎのもりこうえん", "湧き水の音と、杉の森を名前にのこします。"),
    Wish("みずのね公園", "みずのねこうえん", "水の根、水の音、ふたつの意味です。"),
)
REFUSED = {1: "同じ名前の遊園地の商標があります。", 2: "「町民広場」とまちがえやすい名前です。"}
MEMBERS = ("副町長", "教育長", "区長会の会長", "観光協会の会長", "中学校の生徒会長")
PLACES = (("町民広場", 405, 600), ("月見沢町役場", 300, 480), ("月見沢温泉館", 640, 300), ("道の駅 月見沢", 150, 640))
TO_BE_NAMED = (("月見沢湖カヌーセンター", 700, 720, "LST-05"), ("見晴らしデッキ", 800, 150, "LST-06"))


def acts(scene: Scene) -> Iterator[Act]:
    def naming() -> Naming:
        right_id = scene.right(PARK)
        found = db.session.scalars(sa.select(Naming).where(Naming.token.has(right_id=right_id))).one()
        let_go()
        return found

    def propose(*names: Wish) -> None:
        row = naming()
        proposing.propose(row.id, row.account_id, names)

    def appeal() -> None:
        row = naming()
        proposing.appeal(row.id, row.account_id, "遊園地は県外にあり、まちがえる方はいないと思います。")

    def decide(day: int, said: str, chosen: int | None = None) -> None:
        minutes = Minutes(
            held_on=scene.on(day),
            members=MEMBERS,
            text=f"1案ずつ、7つの項目を確かめた。{said}",
            public_text=said,
            chosen=chosen,
            checks={chosen: list(Check)} if chosen else {},
            reasons={2: "1番目の案と甲乙つけがたく、意見が分かれました。"} if chosen else REFUSED,
            begins_on=scene.on(day + 20) if chosen else None,
        )
        screening.decide(naming().id, scene.office["drafter"], minutes)

    def agree() -> None:
        row = naming()
        assert row.begins_on is not None, "a name was chosen"
        agreeing.agree(row.id, row.account_id, begins_on=row.begins_on)
        places.put(scene.by(), "湧水公園", 470, 330, scene.right(PARK))

    def announce() -> None:
        agreeing.conclude(naming().id, scene.office["approver"])

    def be_shown() -> None:
        row = naming()
        showing.show(get(Naming, row.id), row.account_id, "株式会社 こもれび")

    yield Act(scene.at(-420, 11), lambda: _map(scene))
    yield Act(scene.at(-404), lambda: propose(*FIRST))
    yield Act(scene.at(-395, 14), lambda: decide(-395, "2案とも、ほかの施設とまちがえるおそれがあると認められました。"))
    yield Act(scene.at(-392), appeal)
    yield Act(scene.at(-387, 14), lambda: decide(-387, "商標の登録を確かめ、前の決定を変えないことにしました。"))
    yield Act(scene.at(-384), lambda: propose(*SECOND))
    yield Act(
        scene.at(-377, 14), lambda: decide(-377, "湧き水と杉の森の景色によく合い、長く親しまれると認められました。", 1)
    )
    yield Act(scene.at(-374), agree)
    yield Act(scene.at(-372), announce)
    yield Act(scene.at(-370), be_shown)
    # Their sales are drafted a day before the present, whatever hour that is.
    yield Act(scene.present - HOUR, lambda: _to_be_named(scene))


def _map(scene: Scene) -> None:
    for name, x, y in PLACES:
        places.put(scene.by(), name, x, y, None)


def _to_be_named(scene: Scene) -> None:
    for name, x, y, sale in TO_BE_NAMED:
        places.put(scene.by(), name, x, y, scene.right(sale))
