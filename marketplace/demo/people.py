"""Fictional buyers: names that nobody owns, addresses under example.jp."""

from __future__ import annotations

from dataclasses import dataclass

FAMILY = [
    "青山",
    "石川",
    "上野",
    "江口",
    "大森",
    "加藤",
    "木村",
    "久保",
    "小林",
    "斎藤",
    "清水",
    "須田",
    "関",
    "園田",
    "高野",
    "千葉",
    "津田",
    "戸田",
    "中島",
    "西田",
    "野村",
    "橋本",
    "平野",
    "藤井",
]
GIVEN = [
    "あおい",
    "いつき",
    "うた",
    "えま",
    "かなめ",
    "きよし",
    "くるみ",
    "けん",
    "こはる",
    "さくら",
    "しんじ",
    "すみれ",
    "せいじ",
    "たくみ",
    "ちひろ",
    "つばさ",
    "ともみ",
    "なおき",
    "はな",
    "ひろし",
]
PREFECTURES = [
    "東京都",
    "宮城県",
    "神奈川県",
    "山形県",
    "埼玉県",
    "千葉県",
    "大阪府",
    "愛知県",
    "北海道",
    "福井県",
    "新潟県",
    "福岡県",
    "静岡県",
]

HANAKO = "hanako@example.jp"
"""The buyer whom the README lets a newcomer be."""


@dataclass(frozen=True)
class Person:
    email: str
    name: str
    nickname: str
    prefecture: str


def person(number: int) -> Person:
    """The same number is the same person, always."""
    given = GIVEN[number % len(GIVEN)]
    family = FAMILY[number * 7 % len(FAMILY)]
    email = HANAKO if number == 0 else f"buyer{number:03d}@example.jp"
    prefecture = PREFECTURES[number * number % len(PREFECTURES)]
    return Person(email, f"{family} {given}", "はなこ" if number == 0 else f"{given}{number}", prefecture)
