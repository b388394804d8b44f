"""The cards' creators, with their licences and a certificate; and exchanges between those who collect them."""

from __future__ import annotations

from collections.abc import Iterator

from marketplace.collections import crediting, swapping
from marketplace.collections.crediting import Agreed
from marketplace.demo import hands
from marketplace.demo.history import Act
from marketplace.demo.people import HANAKO, person
from marketplace.demo.scene import Scene, somebody
from marketplace.orders.placing import place

KOGO, TAKEZO = "LST-11", "LST-12"
CREATORS = (("ふきこ", 70, KOGO, "「こごみのコゴ」の原画"), ("杉板工房 みつる", 71, TAKEZO, "「タケゾウ」の原画"))
MINE = 7_000
"""The creator's share of a royalty, in 1/10,000."""


def acts(scene: Scene) -> Iterator[Act]:
    creators: list[int] = []

    def take_in() -> None:
        for name, number, _, _ in CREATORS:
            somebody(number)  # they signed in once
            creators.append(crediting.take_in(name, person(number).email, scene.by()))

    def license_works() -> None:
        for creator_id, (_, _, sale, work) in zip(creators, CREATORS, strict=True):
            terms = "町のトレカと、その紹介のためだけに使います。原画は作者のものです。"
            agreed = Agreed(scene.right(sale), work, terms, MINE, scene.on(-45), None)
            crediting.license_work(creator_id, agreed, scene.by())

    yield Act(scene.at(-250), take_in)
    yield Act(scene.at(-240), lambda: [crediting.certify(each, scene.by()) for each in creators])
    yield Act(scene.at(-44), license_works)
    yield Act(scene.at(-3, 20), lambda: hands.pay(place(hands.buyer(0), scene.sales(KOGO))), settle=True)


def swap(scene: Scene) -> None:
    """One exchange is done, one stands on the board, one waits for Hanako's answer."""
    kogo, takezo = scene.right(KOGO), scene.right(TAKEZO)
    hers, his = scene.held(KOGO), scene.held(TAKEZO)
    done = swapping.offer(hers[0].token_id, _holder(hers[0].holder_id), takezo, None, None, 14)
    swapping.accept(done, _holder(his[0].holder_id), his[0].token_id)
    swapping.offer(hers[1].token_id, _holder(hers[1].holder_id), takezo, None, None, 30)
    swapping.offer(his[1].token_id, _holder(his[1].holder_id), kogo, None, HANAKO, 14)
    scene.settle()


def _holder(account_id: int | None) -> int:
    assert account_id is not None, "the town keeps it for somebody"
    return account_id
