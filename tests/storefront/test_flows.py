"""What 1,000 yen became: whole yen that sum to 1,000, in a drawing and a table."""

import xml.etree.ElementTree as ET
from itertools import pairwise
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import given as any_
from hypothesis import strategies as st

from marketplace.fund import deciding
from marketplace.fund.models import DecisionKind
from marketplace.fund.posting import post
from marketplace.fund.rules import stripe_lines
from marketplace.kit.clock import jst, now
from marketplace.kit.plots import NARROW, WIDE
from marketplace.storefront.flows import Part, parts_of, shared_out, streams
from tests import given
from tests.pages import read


@any_(st.lists(st.integers(0, 10**9), min_size=1, max_size=9).filter(any))
def test_shares_sum_to_a_thousand_and_keep_their_order(sums: list[int]) -> None:
    shares = shared_out(sums)
    assert sum(shares) == 1_000
    assert all(abs(share - yen * 1_000 / sum(sums)) < 1 for share, yen in zip(shares, sums, strict=True))


def test_nothing_is_shared_where_nothing_came() -> None:
    assert shared_out([0, 0]) == [0, 0]


def figures(**more: Any) -> dict[str, Any]:
    names = ("collected", "fees", "refunded", "disputed", "set_aside", "fund", "left", "spent")
    return dict.fromkeys((f"{name}_yen" for name in names), 0) | {"uses": []} | more


def test_each_yen_has_one_place() -> None:
    uses = [{"fiscal_year": 2026, "purpose": "通院バス", "planned_yen": 500, "spent_yen": 200}]
    told = figures(collected_yen=2_000, fees_yen=72, set_aside_yen=900, fund_yen=700, left_yen=500, spent_yen=200)
    assert [(part.word, part.yen, part.share) for part in parts_of(told | {"uses": uses})] == [
        ("使いました: 通院バス", 200, 100),
        ("基金にあります", 500, 250),
        ("積み立てを待っています", 200, 100),
        ("決済の手数料", 72, 36),
        ("積み立てはこれから", 1_028, 514),
    ]


def test_no_money_is_no_drawing(app: Flask, client: FlaskClient) -> None:
    assert parts_of(figures()) == []
    assert "いただいた1,000円は" not in client.get("/fund").text


@pytest.mark.parametrize("size", [WIDE, NARROW])
def test_the_drawing_tells_every_part_and_no_words_meet(size: tuple[float, float]) -> None:
    parts = [Part("手数料 <b>", 1, 2), Part("基金にあります", 900, 995), Part("異議", 1, 3)]
    svg = ET.fromstring(str(streams(parts, size, "yen")))  # noqa: S314 - our own drawing
    described = svg.findtext("desc")
    assert described == "手数料 <b> 2円、基金にあります 995円、異議 3円"
    heights = [float(text.attrib["y"]) for text in svg.iter("text") if (text.text or "").endswith("円")][1:]
    assert all(after - before >= 40 for before, after in pairwise(heights))


@pytest.mark.parametrize(
    ("size", "lines"),
    [(WIDE, ["カード会社の異議で引かれた代金"]), (NARROW, ["カード会社の異議で", "引かれた代金"])],
)
def test_on_a_telephone_a_long_word_stands_on_two_lines_and_is_not_cut(
    size: tuple[float, float], lines: list[str]
) -> None:
    parts = [Part("カード会社の異議で引かれた代金", 1, 10), Part("積み立てはこれから", 99, 990)]
    svg = ET.fromstring(str(streams(parts, size, "yen")))  # noqa: S314 - our own drawing
    texts = [(text.text, float(text.attrib["y"])) for text in svg.iter("text")][2:]
    assert [text for text, _ in texts] == ["10円", *lines, "990円", "積み立てはこれから"]
    assert all(after > before for (_, before), (_, after) in pairwise(texts))


def test_a_sold_right_is_traced_to_its_entry(app: Flask, client: FlaskClient) -> None:
    post("txn_1", "charge", stripe_lines("charge", 10_000, 360), at=now(), subject="order:ORD-1")
    today, treasury, approver = jst(now()).date(), given.staff("treasury"), given.staff("approver")
    for kind, yen, purpose in (
        (DecisionKind.RECOGNISE, 9_000, ""),
        (DecisionKind.SET_ASIDE, 8_000, ""),
        (DecisionKind.PAY_IN, 7_000, ""),
        (DecisionKind.PLAN, 5_000, "=通院バス"),
        (DecisionKind.SPEND, 2_000, "=通院バス"),
    ):
        deciding.approve(deciding.ask(kind, treasury, yen, today, "議案第1号", purpose), approver)
    words = read(client.get("/fund")).words
    assert "使いました: =通院バス" in words
    (row,) = client.get("/fund/entries.json").json["items"]  # type: ignore[index]
    assert row == {
        "number": 1,
        "date": today.isoformat(),
        "fiscal_year": row["fiscal_year"],
        "right": "保証金",
        "serial": None,
        "collected_yen": 10_000,
        "fee_yen": 360,
        "returned_yen": 0,
        "collected": 10_000,
        "revenue": 9_000,
        "set_aside": 8_000,
        "fund": 7_000,
        "spent": 2_000,
        "listing": None,
    }
    table = client.get("/fund/entries.csv")
    assert table.data.startswith(b"\xef\xbb\xbfnumber,date,fiscal_year,right,")
    assert "/fund/entries/1" in read(client.get("/fund/entries")).links
    assert "一部がここまで来ています" in client.get("/fund/entries/1").text
    assert client.get("/fund/entries/99").status_code == 404
