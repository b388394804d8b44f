"""Readings of Japanese words, from lists: no reading is guessed.

A row of kanji that the lists don't make out to its end stays as it is: half of a compound, or a person's name, is not
read wrong, it is not read.

A line of a list is a word and its reading in hiragana, with a space between them. What stands before may decide:
    入札 にゅうさつ     anywhere; a word of one kanji only where no other kanji touches it
    -者 しゃ            only at the end of other words: 入札者
    各- かく            only at the head of one, or of a figure: 各出品, 第2回
    #円 えん            only after a figure: 500円
    り|中 ちゅう        only after these signs: お預かり中
    一度+ いちど        another phrase may begin after it: 一度送る; so it may after a figure with its unit
What comes after is part of the word: 消え きえ beside 消 け. Longer words go first, then those with a condition.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

KANJI = re.compile("[々一-鿿]")
IN_BRACKETS = re.compile("（([ぁ-んー]+)[）：]")
"""Kana alone, or kana and what they mean: a reading. Other kana begin a remark: お名前（またはニックネーム）."""
A_READING = re.compile("（[ぁ-んー]+(?:：(?:[^（）]|（[^（）]*）)*)?）")
_LINE = re.compile(
    r"(?:(?P<before>[#-]|[^\s|]+\|))?(?P<word>[^\s|#+-]+)(?P<after>[+-])?[ \t\u3000]+(?P<reading>[ぁ-んァ-ヶー（）]+)"
)
_PARTS = re.compile("[々一-鿿0-9]+|[^々一-鿿0-9]+")
AFTER_A_NOUN = "はがをにのでともへやかなだよまほずごじど"
"""With which a particle may begin. Another kana belongs to the word: 空 is から, but in 空く it is あ."""


class Unreadable(ValueError):
    """A line that is no word with its reading."""


@dataclass(frozen=True, slots=True)
class Word:
    text: str
    parts: tuple[tuple[str, str], ...]
    """(signs, their reading), "" for signs that are read as they are."""
    before: str = ""
    """"#" a figure, "-" other words, else these very signs; "" nothing is asked."""
    after: str = ""
    """"-" other words or a figure, "+" another phrase perhaps."""

    @property
    def lonely(self) -> bool:
        """Of one kanji: there are too many ways to read it next to another."""
        return len(KANJI.findall(self.text)) == 1

    @property
    def noun(self) -> bool:
        return bool(KANJI.match(self.text[-1]))

    @property
    def asks(self) -> int:
        """How much: these very signs, some sign, nothing."""
        return (self.before != "") + (self.before not in ("", "#", "-"))

    def fits(self, text: str, at: int, fresh: bool) -> bool:
        """Whether what stands around it lets it be read so; `fresh`: it is the first word of a phrase."""
        last, coming = text[at - 1 : at], text[at + len(self.text) :][:1]
        touches = bool(KANJI.match(coming)) and self.noun
        if self.after == "-" and not (touches or coming.isdigit()):
            return False
        if self.before == "#":
            return last.isdigit()
        if self.text[0].isdigit():
            return not last.isdigit() and last not in (".", ",")
        if self.lonely and self.noun and "ぁ" <= coming <= "ん" and coming not in AFTER_A_NOUN:
            return False
        if self.before == "-":
            return bool(KANJI.match(last)) or last == "）"
        if self.before:
            return text.endswith(self.before, 0, at)
        return not self.lonely or self.after == "-" or (fresh and not touches and not last.isdigit())

    @property
    def opens(self) -> bool:
        return self.before == "#" or self.after == "+" or self.text[0].isdigit()

    @property
    def reading(self) -> str:
        return "".join(said or signs for signs, said in self.parts)

    def html(self) -> str:
        return "".join(
            f"<ruby>{signs}<rp>（</rp><rt>{said}</rt><rp>）</rp></ruby>" if said else signs
            for signs, said in self.parts
        )


def word(line: str) -> Word:
    """The word of a line.

    :raises Unreadable: it is none, or the kana of the word are not those of its reading.
    """
    found = _LINE.fullmatch(line.strip())
    if found is None:
        raise Unreadable(line)
    text, reading = found["word"], found["reading"]
    signs = _PARTS.findall(text)
    shape = "".join("(.+?)" if _read(each) else re.escape(each) for each in signs)
    said = re.fullmatch(shape, reading)
    if said is None:
        raise Unreadable(line)
    rest = iter(said.groups())
    parts = tuple((each, next(rest) if _read(each) else "") for each in signs)
    return Word(text, parts, (found["before"] or "").removesuffix("|"), found["after"] or "")


def _read(signs: str) -> bool:
    return bool(KANJI.match(signs[0])) or signs[0].isdigit()


class Readings:
    """The words of some lists; where two know the same word in the same place, the first says how it is read."""

    def __init__(self, lines: Iterable[str]) -> None:
        known: dict[tuple[str, str, str], Word] = {}
        for line in lines:
            each = word(line)
            known.setdefault((each.text, each.before, each.after), each)
        self._by_sign: dict[str, list[Word]] = {}
        for each in sorted(known.values(), key=lambda each: (len(each.text), each.asks), reverse=True):
            self._by_sign.setdefault(each.text[0], []).append(each)

    @lru_cache(maxsize=4096)  # noqa: B019 -- as long as the lists: two of them at most
    def over(self, text: str, last: str = "") -> str:
        """`text` (no tags) with its readings as HTML; `last` stood before it on the line."""
        if not KANJI.search(text):
            return text
        whole = "".join(
            piece if isinstance(piece, str) else piece.text if is_said else piece.html()
            for piece, is_said in self._pieces(last + text, last)
        )
        if whole == text:
            return text
        # One box for the text, as before: where a style lays out what is within (flex), each <ruby> would be one more.
        ends = len(whole) - len(whole.rstrip()) or None
        return f"{whole[: len(whole) - len(whole.lstrip())]}<bdi>{whole.strip()}</bdi>{whole[-ends:] if ends else ''}"

    def unread(self, text: str) -> list[str]:
        """The rows of kanji that are read neither by these lists nor by the text itself."""
        return [
            piece
            for piece, is_said in self._pieces(text, "")
            if isinstance(piece, str) and KANJI.search(piece) and not is_said
        ]

    def _pieces(self, text: str, last: str) -> Iterable[tuple[str | Word, bool]]:
        """What the text consists of, each with whether its reading stands behind it already."""
        at = len(last)
        while at < len(text):
            if row := self._row(text, at):
                at += sum(len(each.text) for each in row)
                silent = len(row) - said_behind(row, text[at:])
                yield from ((each, number >= silent) for number, each in enumerate(row))
                continue
            end = at + 1
            if KANJI.match(text[at]):
                while end < len(text) and KANJI.match(text[end]):
                    end += 1
            yield text[at:end], bool(IN_BRACKETS.match(text, end))
            at = end

    def _row(self, text: str, at: int, fresh: bool = True) -> list[Word] | None:
        """The words from here to where the kanji end."""
        for each in self._by_sign.get(text[at], ()):
            if not text.startswith(each.text, at) or not each.fits(text, at, fresh):
                continue
            end = at + len(each.text)
            if not (end < len(text) and KANJI.match(text[end]) and each.noun):
                return [each]
            if rest := self._row(text, end, fresh=each.opens):
                return [each, *rest]
        return None


def said_behind(row: list[Word], ahead: str) -> int:
    """How many words at the end of the row are read behind it, as easy Japanese does: 個人|情報（こじんじょうほう）."""
    found = IN_BRACKETS.match(ahead)
    if found is None:
        return 0
    fitting = (count for count in range(len(row), 1, -1) if "".join(e.reading for e in row[-count:]) == found[1])
    return next(fitting, 1)


def without_readings(text: str) -> str:
    """Easy Japanese without what it writes after a word: （てすうりょう）, （せいりけん：順番の札（ふだ））."""
    return A_READING.sub("", text)


def lines(source: str) -> list[str]:
    """Without remarks and empty lines."""
    return [line for line in source.splitlines() if line.strip() and not line.startswith("//")]
