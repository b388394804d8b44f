"""The spreadsheet of a listing import: its columns are the fields of the drafting form, by the same names.

So a row is checked by the form itself, and says the same sentences. The first column is the row's number in the town's
own lists, by which a row is known again.
"""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from werkzeug.datastructures import MultiDict

from marketplace.kit.dates import written_day
from marketplace.kit.refusals import Invalid, TooLong
from marketplace.kit.workbooks import Sheet, read_rows, workbook
from marketplace.staff.drafting import USUAL
from marketplace.staff.forms import ListingForm
from marketplace.staff.presets import PRESETS

KEY = "管理番号"
LONGEST_KEY, LONGEST_CELL, MOST_ROWS = 64, 6_000, 2_000
LEFT_OUT = {"FileField", "HiddenField", "SubmitField", "CSRFTokenField"}
"""Kinds of fields that a cell can't hold."""
ALWAYS = "必須"
BY_THE_RULES = {
    "opens_at": ALWAYS,
    "closes_at": "必須（定額と交付をのぞく）",
    "draw_at": "必須（抽選のとき）",
    "price_yen": "必須（交付をのぞく）",
}
"""What the form lets be empty, but listings/rules.py does not."""
SAID = {"kind", "mode"}
"""Nothing is usual here: who leaves them empty has forgotten them."""
KINDS = {"SelectField": "choice", "RadioField": "choice", "BooleanField": "yes", "JSTDateTimeField": "moment"}
YES, NO = ("はい", "○", "〇", "◯", "1", "true", "yes"), ("いいえ", "×", "✕", "0", "false", "no")
MOMENT = re.compile(
    r"(?P<day>\S+?)"
    r"(?:(?:[ T]+|(?<=日))(?P<half>午前|午後)?(?P<hour>\d{1,2})(?::(\d{2})(?::\d{2})?|時(?:(\d{1,2})分)?))?"
)
BINARY = re.compile(r"[\x00-\x08\x0e-\x1f]")
BAD_KEY = re.compile(r"[\x00-\x1f]")


class NotReadable(Invalid):
    code = "sheet_not_readable"
    message = "表を読み取れません。"


@dataclass(frozen=True)
class Column:
    field: str
    """The name of the form's field; "key" for the first column."""
    title: str
    about: str
    must: str = ""
    """Whether a row can be without it: ALWAYS, or for which rows not."""
    words: tuple[tuple[str, str], ...] = ()
    """(what is typed, what it means) where there is a choice."""
    kind: str = "text"
    """text, choice, yes, moment."""

    @property
    def required(self) -> bool:
        return self.must == ALWAYS


def form() -> ListingForm:
    """A form to check rows with; making one costs more than filling it, so it is filled again for each row."""
    return ListingForm(formdata=None, meta={"csrf": False})


def usual(blank: ListingForm) -> MultiDict[str, str]:
    """What an empty cell means, as a browser would send it: as on the drafting page, but for SAID."""
    blank.process(formdata=None, data={name: value for name, value in USUAL.items() if name not in SAID})
    sent: MultiDict[str, str] = MultiDict()
    for name, each in blank._fields.items():
        if each.type in LEFT_OUT or name in SAID or each.data is False:
            continue
        if each.data is not None:
            sent[name] = "y" if each.data is True else str(each._value() if hasattr(each, "_value") else each.data)
        elif each.type == "SelectField":
            sent[name] = next(str(value) for value, *_ in each.iter_choices())
    return sent


def columns(blank: ListingForm, empty: MultiDict[str, str]) -> list[Column]:
    """The right and its sale first, then what the form has from its parts: the rules of lotteries, of auctions, …"""
    key = f"町の一覧での番号。{LONGEST_KEY}文字まで。同じ番号の行は2回取りこみません"
    fields = [(name, each) for name, each in blank._fields.items() if each.type not in LEFT_OUT]
    fields.sort(key=lambda pair: pair[0] not in vars(ListingForm))
    of_form = (_column(name, each, empty.get(name, "")) for name, each in fields)
    return [Column("key", KEY, key, ALWAYS), *of_form]


def _column(name: str, each: Any, empty: str) -> Column:
    words: tuple[tuple[str, str], ...] = ()
    kind, said = KINDS.get(each.type, "text"), empty.replace("\n", " ")
    if kind == "choice":
        words = tuple((label, value) for value, label, *_ in each.iter_choices() if value != "")
        said = {value: word for word, value in words}.get(empty, "")
    elif kind == "yes":
        words, said = (("はい", "y"), ("いいえ", "")), "はい" if empty else "いいえ"
    # What an empty cell means is said once, by its usual value; and examples are shown beside the columns.
    passed_over = ("例 ", "空欄なら") if said else ("例 ",)
    about = [hint for hint in str(each.description or "").split("。") if not hint.startswith(passed_over)]
    if len(words) > 1:
        about.append(one_of(words))
    if kind == "moment":
        about.append("2026-12-01 10:00 の形（日本時間）")
    if each.type in ("PairsField", "StepsField"):
        about.append("行は、セルの中の改行で分けます")
    if said:
        about.append(f"空欄なら「{said}」")
    must = ALWAYS if name in SAID or (each.flags.required and not said) else BY_THE_RULES.get(name, "")
    return Column(name, each.label.text, "。".join(part for part in about if part), must, words, kind)


def one_of(words: Sequence[tuple[str, str]]) -> str:
    """'「はい」か「いいえ」', '「定額」「抽選」「交付」のどれか'."""
    said = [f"「{word}」" for word, _ in words]
    return f"{''.join(said)}のどれか" if len(said) > 2 else "か".join(said)


def template(cols: Sequence[Column], shown: Sequence[Mapping[str, str]]) -> bytes:
    """The xlsx to be filled in: examples on a sheet of their own, so that nobody imports them by mistake."""
    titles, first = [column.title for column in cols], beside(cols, shown)
    choices = {at: [word for word, _ in column.words] for at, column in enumerate(cols) if column.words}
    about = [[column.title, column.must, column.about, first.get(column.field, "")] for column in cols]
    wide = [max(12, min(40, 2 * len(title) + 2)) for title in titles]
    return workbook(
        [
            Sheet("入力", titles, [], widths=wide, choices=choices),
            Sheet("列の説明", ["列", "必須", "書き方", "例"], about, widths=[36, 20, 100, 60]),
            Sheet("見本", titles, lined_up(cols, shown), widths=wide),
        ]
    )


def beside(cols: Sequence[Column], shown: Sequence[Mapping[str, str]]) -> dict[str, str]:
    """{field: the first example of it}, of the columns whose words say too little: a choice names what there is."""
    first = {field: text for row in reversed(shown) for field, text in row.items()}
    return {column.field: first[column.field] for column in cols if column.kind == "text" and column.field in first}


def lined_up(cols: Sequence[Column], shown: Sequence[Mapping[str, str]]) -> list[list[str]]:
    """Rows by field as rows of cells."""
    return [[row.get(column.field, "") for column in cols] for row in shown]


def examples(cols: Sequence[Column]) -> list[dict[str, str]]:
    """The templates of the drafting page as rows."""
    blank = form()
    rows = []
    for name, preset in PRESETS.items():
        blank.process(formdata=None, data=USUAL | preset.filled())
        row = {"key": f"見本-{name}"}
        for column in cols[1:]:
            if (text := _shown(blank[column.field], column)) != "":
                row[column.field] = text
        rows.append(row)
    return rows


def _shown(each: Any, column: Column) -> str:
    if each.data is None:
        return ""
    if column.kind == "choice":
        return {value: word for word, value in column.words}.get(str(each.data), "")
    if column.kind == "yes":
        return "はい" if each.data else "いいえ"
    return str(each._value()).replace("T", " ") if column.kind == "moment" else str(each._value())


def read(data: bytes, cols: Sequence[Column]) -> list[tuple[int, dict[str, str]]]:
    """[(number of the row in the file, {field: text}), …] without empty rows. NotReadable, NotAWorkbook.

    xlsx is known by its first bytes; everything else is taken for CSV in UTF-8 or, as Japanese Excel writes it, cp932.
    """
    lines = read_rows(data, MOST_ROWS + 2) if data[:4] == b"PK\x03\x04" else _csv(data)
    header = [title.strip() for title in lines[0]] if lines else []
    while header and not header[-1]:
        header.pop()
    by_title = {column.title: column.field for column in cols}
    _check_header(header, by_title, [column.title for column in cols if column.required])
    rows = []
    for number, line in enumerate(lines[1:], 2):
        cells = dict(zip((by_title[title] for title in header), (cell.strip() for cell in line), strict=False))
        if filled := {field: text for field, text in cells.items() if text}:
            rows.append((number, filled))
    if not rows:
        raise NotReadable("行がありません。2行目から書いてください。")
    if len(rows) > MOST_ROWS:
        raise NotReadable(f"1回に取りこめるのは{MOST_ROWS:,}行までです。表を分けてください。")
    return rows


def _csv(data: bytes) -> list[list[str]]:
    for encoding in ("utf-8-sig", "cp932"):
        try:
            text = data.decode(encoding)
            if BINARY.search(text):
                break  # no text that a person typed: a picture, say, by another name; and PostgreSQL keeps no NUL
            lines = []
            for line in csv.reader(io.StringIO(text, newline=""), strict=True):
                lines.append(line)
                if len(lines) > MOST_ROWS + 2:
                    break
            return lines
        except (UnicodeDecodeError, csv.Error):
            continue
    raise NotReadable("表を読み取れません。Excelの形（.xlsx）か、CSV（UTF-8）で保存したファイルを選んでください。")


def _check_header(header: Sequence[str], by_title: Mapping[str, str], needed: Sequence[str]) -> None:
    if not header:
        raise NotReadable("1行目に、何も書かれていません。ひな形の1行目を、そのまま使ってください。")
    if not set(header) & set(by_title):
        raise NotReadable("1行目に、ひな形の列が1つもありません。ひな形の1行目を、そのまま使ってください。")
    if unknown := [title for title in header if title not in by_title]:
        raise NotReadable(f"1行目に、知らない列があります: {'、'.join(title or '（空欄）' for title in unknown[:10])}")
    if double := sorted({title for title in header if header.count(title) > 1}):
        raise NotReadable(f"1行目に、同じ列が2つあります: {'、'.join(double)}")
    if missing := [title for title in needed if title not in header]:
        raise NotReadable(f"1行目に、次の列がありません: {'、'.join(missing)}")


def typed(cells: Mapping[str, str], cols: Sequence[Column], empty: MultiDict[str, str]) -> MultiDict[str, str]:
    """A row as a browser would send the form. What can't be understood is left for the form to refuse."""
    sent = empty.copy()
    for column in cols[1:]:
        text = cells.get(column.field)
        if text is None:
            continue
        if column.kind == "choice":
            sent[column.field] = dict(column.words).get(text, text)
        elif column.kind == "yes":
            sent.pop(column.field, None)
            if _plain(text) in YES:
                sent[column.field] = "y"
        elif column.kind == "moment":
            sent[column.field] = moment(text)
        else:
            sent[column.field] = text
    return sent


def _plain(text: str) -> str:
    return unicodedata.normalize("NFKC", text).lower()


def moment(text: str) -> str:
    """'2026/12/1 10:00', '２０２６年12月1日 10時', '令和8年12月1日 午前10時' → '2026-12-01T10:00', a day is its
    midnight; what is none stays."""
    return _moment(text) or text


def _moment(text: str) -> str | None:
    found = MOMENT.fullmatch(unicodedata.normalize("NFKC", text))
    day = written_day(found["day"]) if found else None
    if found is None or day is None:
        return None
    hour, minute, spoken = (int(part or 0) for part in found.group("hour", 4, 5))
    if found["half"] and hour > 11:
        return None  # noon, or midnight? People mean either
    return f"{day}T{hour + 12 * (found['half'] == '午後'):02}:{minute or spoken:02}"


def beside_the_form(cells: Mapping[str, str], cols: Sequence[Column]) -> Iterator[tuple[str, str]]:
    """(field, why) of what the form has no sentence for."""
    key = cells.get("key", "")
    if not key:
        yield "key", f"{KEY}を入力してください。"
    elif len(key) > LONGEST_KEY or BAD_KEY.search(key):
        yield "key", f"{KEY}は{LONGEST_KEY}文字までで入力してください。"
    for column in cols[1:]:
        text = cells.get(column.field, "")
        if len(text) > LONGEST_CELL:
            yield column.field, str(TooLong(LONGEST_CELL))
        elif text and column.kind == "yes" and _plain(text) not in YES + NO:
            yield column.field, "「はい」か「いいえ」で入力してください。"
        elif column.kind == "choice" and (text or column.required) and text not in {*sum(column.words, ())}:
            yield column.field, f"{one_of(column.words)}を入力してください。"
        elif text and column.kind == "moment" and _moment(text) is None:
            yield column.field, "2026-12-01 10:00 の形で入力してください。"
