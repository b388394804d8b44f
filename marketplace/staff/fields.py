"""What one box of the listing form holds: a share in percent, and lines in two languages."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from wtforms import StringField, TextAreaField
from wtforms.validators import ValidationError

WHOLE, LONGEST_SHARE = 100_00, 20  # hundredths of a percent, characters


class PercentField(StringField):  # type: ignore[misc]
    """A share: '2.5％' is 250 hundredths of a percent."""

    data: int | None
    unit = "％"

    def process_formdata(self, valuelist: Sequence[Any]) -> None:
        self.data = None
        typed = unicodedata.normalize("NFKC", str(valuelist[0])).strip().removesuffix("%") if valuelist else ""
        if not typed:
            return
        if not re.fullmatch(r"[+-]?[0-9]+\.?[0-9]*", typed):
            raise ValidationError("割合は数字で入力してください（例 5、2.5）。")
        if len(typed) > LONGEST_SHARE or abs(share := Decimal(typed) * 100) > WHOLE:
            raise ValidationError("割合は100までで入力してください。")
        if share != int(share):
            raise ValidationError("割合は小数点の下2けたまでで入力してください。")
        self.data = int(share)

    def _value(self) -> str:
        if self.raw_data:
            return str(self.raw_data[0])
        return f"{Decimal(self.data) / 100:f}" if self.data is not None else ""


MOST_LINES, LONGEST_LINE = 50, 500


class PairsField(TextAreaField):  # type: ignore[misc]
    """One item a line, Japanese and, after a bar, English: [{"ja", "en"}, …]. At most MOST_LINES of LONGEST_LINE."""

    data: list[dict[str, str]]

    def process_formdata(self, valuelist: Sequence[Any]) -> None:
        self.data = []
        for typed in str(valuelist[0] if valuelist else "").splitlines():
            ja, _, en = typed.replace("｜", "|").partition("|")
            if ja.strip():
                self.data.append({"ja": ja.strip(), "en": en.strip()})
        if len(self.data) > MOST_LINES:
            raise ValidationError(f"{MOST_LINES}行までで入力してください。")
        for line, item in enumerate(self.data, 1):
            if max(map(len, item.values())) > LONGEST_LINE:
                raise ValidationError(f"{line}つ目が長すぎます。1行は{LONGEST_LINE}文字までで入力してください。")

    def _value(self) -> str:
        if self.raw_data:
            return str(self.raw_data[0])
        return "\n".join(" | ".join(filter(None, (line["ja"], line.get("en", "")))) for line in self.data or [])
