"""The worker fetches the beacon: from a local one that signs with a key of its own, and misbehaves when told to."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from itertools import pairwise

import pytest
import sqlalchemy as sa
from flask import Flask

from marketplace.journal import models as journal
from marketplace.kit.clock import pretending
from marketplace.kit.db import db, get, transaction
from marketplace.kit.languages import Language, speaking
from marketplace.kit.published import Malformed
from marketplace.kit.refusals import Unavailable
from marketplace.kit.sheets import SHEETS, run_one
from marketplace.lotteries import bundles, draw
from marketplace.lotteries.drand import Drand
from marketplace.lotteries.drawing import draw_with_beacon, draw_with_dice
from marketplace.lotteries.fetching import fetch
from marketplace.lotteries.models import Lottery
from marketplace.lotteries.refusals import WrongSource
from marketplace.lotteries.states import LotteryState
from marketplace.outbox import keeping
from tests import given
from tests.lotteries import local_drand
from tests.lotteries.applied import DICE, WITNESSES, after_the_close, with_entries
from tests.lotteries.local_drand import CHAIN, Answer, LocalDrand
from tests.pages import read

HOUR = timedelta(hours=1)


@pytest.fixture
def local() -> Iterator[LocalDrand]:
    with LocalDrand.running() as local:
        yield local


@pytest.fixture(autouse=True)
def _believing(app: Flask, local: LocalDrand) -> None:
    app.extensions["hiroba.ports"].beacon = Drand([local.url], CHAIN)


@pytest.fixture
def lottery() -> Lottery:
    lottery, _received, _accounts = with_entries(4, auction_rules={"draw": "drand"})
    return lottery


def turn() -> None:
    """The worker's clock, and what it promised."""
    run_one(SHEETS["lotteries.beacon_due"])
    keeping.drain()


def turn_at(moment: datetime) -> None:
    with pretending(moment):
        turn()


def fresh(lottery: Lottery) -> Lottery:
    db.session.rollback()
    db.session.refresh(lottery)
    return lottery


def events(lottery: Lottery) -> list[str]:
    rows = sa.select(journal.Entry.event).where(journal.Entry.subject == lottery.subject)
    return list(db.session.scalars(rows.order_by(journal.Entry.id)))


def test_at_its_time_the_draw_is_made_by_itself(lottery: Lottery, local: LocalDrand) -> None:
    with after_the_close(lottery):
        turn()
        turn()
    assert fresh(lottery).state == LotteryState.DRAWN
    assert local.asked == [f"/{CHAIN.hash}/public/{lottery.round}"]
    published = bundles.draw_of(lottery.code)
    assert published is not None
    assert published["beacon"]["signature"] == local_drand.signature(lottery.round).hex()
    assert draw.record_of(draw.check(published, CHAIN)) == published["result"]
    with pytest.raises(Malformed, match="neither drand quicknet nor dice"):
        draw.check(published)


def test_not_a_second_earlier(lottery: Lottery, local: LocalDrand) -> None:
    with after_the_close(lottery):
        pass
    turn_at(lottery.draw_at - timedelta(seconds=1))
    assert (fresh(lottery).state, local.asked) == (LotteryState.CLOSED, [])


JAPANESE_TOLD = "{}: まだ発表されていません、{}: 応答 500、{}: 本物でない署名が返りました"
ENGLISH_TOLD = "{}: not published yet, {}: answer 500, {}: a signature that is not genuine"
ROUND_AWAY: list[tuple[Callable[[int], Answer], str]] = [
    (local_drand.not_yet, "まだ発表されていません"),
    (local_drand.forged, "本物でない署名が返りました"),
    (local_drand.of_another_round, "本物でない署名が返りました"),
    (lambda n: local_drand.genuine(n + 1), "別の回の応答です"),
    (lambda _n: (200, b"<html>"), "読めない応答です"),
    (lambda _n: (200, b"[]"), "読めない応答です"),
    (lambda n: (200, b'{"round": %d, "signature": "zz"}' % n), "署名が読めません"),
    (lambda n: (200, b'{"round": %d, "signature": 7}' % n), "署名が読めません"),
    (lambda _n: (200, b" " * 100_000), "応答が終わりません"),
    (lambda _n: (500, b""), "応答 500"),
    (lambda _n: (302, b""), "応答 302"),
]


@pytest.mark.parametrize(("answer", "says"), ROUND_AWAY)
def test_what_the_beacon_should_not_say_draws_nothing_and_is_told(
    lottery: Lottery, local: LocalDrand, answer: Callable[[int], Answer], says: str
) -> None:
    local.answer = answer
    with after_the_close(lottery):
        turn()
    assert (fresh(lottery).state, lottery.asked) == (LotteryState.CLOSED, 1)
    assert lottery.trouble == f"{local.url.removeprefix('http://')}: {says}"
    assert keeping.late() == []


def test_the_public_page_says_in_english_that_it_is_tried_again(
    app: Flask, lottery: Lottery, local: LocalDrand
) -> None:
    local.answer = local_drand.forged
    with after_the_close(lottery):
        turn()
        words = read(app.test_client().get(f"/listings/{lottery.listing.code}/draw?lang=en")).words
    assert ("The public random number could not be fetched yet." in words, fresh(lottery).trouble in words) == (
        True,
        False,
    )


def test_it_is_asked_again_with_longer_and_longer_waits_and_draws_when_it_speaks(
    lottery: Lottery, local: LocalDrand
) -> None:
    local.answer = local_drand.not_yet
    waits = []
    with after_the_close(lottery):
        turn()
    for _ in range(11):
        assert fresh(lottery).ask_at is not None
        waits.append((lottery.ask_at or lottery.draw_at) - lottery.draw_at)
        turn_at((lottery.ask_at or lottery.draw_at) - timedelta(seconds=1))
        turn_at(lottery.ask_at or lottery.draw_at)
    steps = [round((later - before).total_seconds()) for before, later in pairwise(waits)]
    assert steps == [4, 8, 16, 32, 64, 128, 256, 512, 600, 600]
    assert len(local.asked) == 12
    local.answer = local_drand.genuine
    turn_at(fresh(lottery).ask_at or lottery.draw_at)
    assert (fresh(lottery).state, lottery.trouble) == (LotteryState.DRAWN, "")
    assert events(lottery) == ["open", "fix", "close", "beacon_missed", "recompute", "draw"]


def test_a_second_address_helps_where_the_first_is_away_or_lies(app: Flask, lottery: Lottery) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        nobody = f"http://127.0.0.1:{closed.getsockname()[1]}"
    with LocalDrand.running() as liar, LocalDrand.running() as honest:
        liar.answer = local_drand.forged
        app.extensions["hiroba.ports"].beacon = Drand([nobody, liar.url, f"{honest.url}/"], CHAIN)
        with after_the_close(lottery):
            turn()
    assert fresh(lottery).state == LotteryState.DRAWN


def test_what_each_address_said_is_told() -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    with pytest.raises(Unavailable) as away:
        Drand([f"http://127.0.0.1:{port}"], CHAIN).signature(7)
    assert str(away.value) == f"127.0.0.1:{port}: つながりません（ConnectionError）"
    with pytest.raises(Unavailable, match="BEACON_URL"):
        Drand([], CHAIN).signature(7)


def test_a_reader_of_english_reads_what_each_address_said_in_english() -> None:
    with LocalDrand.running() as late, LocalDrand.running() as broken, LocalDrand.running() as liar:
        late.answer, liar.answer = local_drand.not_yet, local_drand.forged
        broken.answer = lambda _n: (500, b"")
        asked = [each.url for each in (late, broken, liar)]
        with pytest.raises(Unavailable) as away:
            Drand(asked, CHAIN).signature(7)
    hosts = [url.removeprefix("http://") for url in asked]
    words = [(Language.JA, JAPANESE_TOLD), (Language.EN, ENGLISH_TOLD)]
    for language, told in words:
        with speaking(language):
            assert str(away.value) == told.format(*hosts)


def test_the_beacon_is_not_asked_inside_a_transaction(local: LocalDrand) -> None:
    with pytest.raises(AssertionError), transaction():
        Drand([local.url], CHAIN).signature(7)


def test_after_a_day_of_silence_dice_alone_count(lottery: Lottery, local: LocalDrand) -> None:
    """Whoever could choose between dice and a beacon that has spoken late could choose the winners."""
    local.answer = local_drand.not_yet
    actor = given.staff("approver")
    with after_the_close(lottery):
        turn()
        with pytest.raises(WrongSource):
            draw_with_dice(lottery.id, DICE, WITNESSES, actor)
    local.answer = local_drand.genuine
    with pretending(lottery.draw_at + 24 * HOUR):
        asked = len(local.asked)
        turn()
        assert len(local.asked) == asked
        with pytest.raises(WrongSource):
            draw_with_beacon(lottery.id, local_drand.signature(lottery.round).hex(), actor)
        fetch(lottery.id)  # promised before midnight, heard after
        draw_with_dice(lottery.id, DICE, WITNESSES, actor)
    assert fresh(lottery).state == LotteryState.DRAWN
    published = bundles.draw_of(lottery.code)
    assert published is not None
    assert draw.result(published) == published["result"]


def test_staff_may_bring_the_signature_from_another_machine(app: Flask, lottery: Lottery) -> None:
    app.extensions["hiroba.ports"].beacon = Drand([], CHAIN)
    with after_the_close(lottery):
        turn()
        assert "BEACON_URL" in fresh(lottery).trouble
        draw_with_beacon(lottery.id, local_drand.signature(lottery.round).hex(), given.staff("approver"))
    assert fresh(lottery).state == LotteryState.DRAWN


def test_heard_twice_it_draws_once_and_a_cancelled_lottery_is_left_alone(lottery: Lottery, local: LocalDrand) -> None:
    with after_the_close(lottery):
        fetch(lottery.id)
        fetch(lottery.id)
    assert (fresh(lottery).state, len(local.asked)) == (LotteryState.DRAWN, 1)
    assert get(Lottery, lottery.id).drawn_by is None
