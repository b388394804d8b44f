"""Fictional buyers: names that nobody owns, addresses under example.jp."""

from __future__ import annotations

from dataclasses import dataclass

FAMILY = [
    ("青山", "あおやま"),
    ("石川", "いしかわ"),
    ("上野", "うえの"),
    ("江口", "えぐち"),
    ("大森", "おおもり"),
    ("加藤", "かとう"),
    ("木村", "きむら"),
    ("久保", "くぼ"),
    ("小林", "こばやし"),
    ("斎藤", "さいとう"),
    ("清水", "しみず"),
    ("須田", "すだ"),
    ("関", "せき"),
    ("園田", "そのだ"),
    ("高野", "たかの"),
    ("千葉", "ちば"),
    ("津田", "つだ"),
    ("戸田", "とだ"),
    ("中島", "なかじま"),
    ("西田", "にしだ"),
    ("野村", "のむら"),
    ("橋本", "はしもと"),
    ("平野", "ひらの"),
    ("藤井", "ふじい"),
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
    kana: str
    address: str


def person(number: int) -> Person:
    """The same number is the same person, always."""
    given = GIVEN[number % len(GIVEN)]
    family, reading = FAMILY[number * 7 % len(FAMILY)]
    email = HANAKO if number == 0 else f"buyer{number:03d}@example.jp"
    prefecture = PREFECTURES[number * number % len(PREFECTURES)]
    nickname = "はなこ" if number == 0 else f"{given}{number}"
    address = f"{prefecture}ゆきの市かえで町{number // 9 + 1}丁目{number % 9 + 1}番地"
    return Person(email, f"{family} {given}", nickname, prefecture, f"{reading} {given}", address)
