"""The files of a draw: the list, the result, and the table of everybody in it."""

from __future__ import annotations

import csv
import io
import json
import re

import pytest
from flask import Flask
from flask.testing import FlaskClient

from marketplace.chain.anchoring import anchored_all
from marketplace.chain.contract import ANCHORS
from marketplace.lotteries import closing, draw
from marketplace.lotteries.drawing import draw_with_dice
from marketplace.lotteries.duplicates import void
from marketplace.lotteries.entering import withdraw
from marketplace.lotteries.groups import quota
from tests import given
from tests.chainlogs import deploy
from tests.lotteries.applied import DICE, WITNESSES, after_the_close, drawn, ranked, with_entries


@pytest.fixture(autouse=True)
def _app(app: Flask) -> None:
    """Every test here has a town."""
    app.config["WTF_CSRF_ENABLED"] = False


def words(html: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html))


def test_the_list_is_published_at_the_close_and_the_result_with_the_draw(client: FlaskClient) -> None:
    lottery, received, _accounts = with_entries(3)
    url = f"/listings/{lottery.code}/draw"
    assert [client.get(f"{url}.{kind}").status_code for kind in ("json", "csv")] == [404, 404]
    with after_the_close(lottery):
        before = json.loads(client.get(f"{url}.json").text)
        assert client.get(f"{url}.csv").status_code == 404
    assert (before["randomness"], before["result"], len(before["entries"])) == (None, None, 3)
    proof = json.loads(client.get(f"/listings/{lottery.code}/proof/{received[0].no}.json").text)
    assert (proof["root"], proof["randomness"]) == (before["commit"]["root"], None)
    assert client.get(f"/listings/{lottery.code}/proof/NONE.json").status_code == 404


def test_the_file_recomputes_and_every_byte_of_it_counts(client: FlaskClient) -> None:
    lottery, _received, _accounts = drawn(4)
    data = client.get(f"/listings/{lottery.code}/draw.json").data
    bundle = json.loads(data)
    assert draw.result(bundle) == bundle["result"]
    assert data == json.dumps(bundle, ensure_ascii=False, separators=(",", ":")).encode()


def test_the_table_has_everybody_in_the_order_of_the_draw(client: FlaskClient) -> None:
    lottery, _received, _accounts = drawn(5, auction_rules={"waiting": 2})
    text = client.get(f"/listings/{lottery.code}/draw.csv").data.decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text)))
    assert [row["受付番号"] for row in rows] == [entry.no for entry in ranked()]
    assert [row["抽選番号"] for row in rows] == [entry.ticket for entry in ranked()]
    assert [row["結果"] for row in rows] == ["当選", "当選", "補欠1番", "補欠2番", "落選"]


def test_who_is_not_in_the_draw_is_not_in_the_table(client: FlaskClient) -> None:
    lottery, received, accounts = with_entries(4)
    withdraw(received[0].entry_id, accounts[0])
    void(received[1].entry_id, given.staff("drafter"), "架空の住所")
    with after_the_close(lottery):
        draw_with_dice(lottery.id, DICE, WITNESSES, given.staff("approver"))
    text = client.get(f"/listings/{lottery.code}/draw.csv").data.decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text)))
    assert sorted(row["受付番号"] for row in rows) == [received[2].no, received[3].no]


def test_each_group_has_its_own_files(client: FlaskClient) -> None:
    lottery, _received, _accounts = drawn(
        9, quantity=5, auction_rules={"groups": quota(2, 5)}, groups=["town", "others", "others"]
    )
    found = {}
    for group in ("town", "others"):
        bundle = json.loads(client.get(f"/listings/{lottery.code}/draw.json?group={group}").text)
        assert draw.result(bundle) == bundle["result"]
        found[bundle["commit"]["listing"]] = (bundle["commit"]["n"], bundle["commit"]["units"])
    assert found == {f"{lottery.code}/town": (3, 2), f"{lottery.code}/others": (6, 3)}
    assert client.get(f"/listings/{lottery.code}/draw.json?group=none").status_code == 404
    page = words(client.get(f"/listings/{lottery.code}/draw").text)
    assert "町内の方 2 3名 66.7% 町外の方 3 6名 50.0%" in page


def test_the_page_says_how_each_file_is_checked_and_where_its_root_stands_on_chain(
    client: FlaskClient,
) -> None:
    lottery, _received, _accounts = drawn(
        9, quantity=5, auction_rules={"groups": quota(2, 5)}, groups=["town", "others", "others"]
    )
    anchors = deploy()[ANCHORS]
    page, asked = (client.get(f"/listings/{lottery.code}/draw{no}").text for no in ("", "?no=abc-1"))
    told = words(page)
    commands = [f"python -I check_draw.py {lottery.code}-{group}-draw.json" for group in ("town", "others")]
    proofs = anchored_all([f"draw:{fixed.listing}" for fixed in closing.draws(lottery.id)]).values()
    assert re.findall(r"python [^<]+", page) == commands
    assert re.findall(r"python [^<]+", asked) == [f"{command} ABC-1" for command in commands]
    assert (len(proofs), told.count(f"契約 Anchors {anchors}")) == (2, 2)
    assert [f"題 {proof.subject}" in told for proof in proofs] == [True, True]


def test_the_api_and_the_file_say_the_same(client: FlaskClient) -> None:
    lottery, _received, _accounts = drawn(3)
    api = client.get(f"/api/v1/listings/{lottery.code}/draw").get_json()
    file = json.loads(client.get(f"/listings/{lottery.code}/draw.json").text)
    assert {key: api[key] for key in file} == file
