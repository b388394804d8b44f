"""Forms: Japanese messages, kind fields, and what was typed stays."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, ClassVar

from flask import request
from flask_wtf import FlaskForm
from flask_wtf.form import _Auto
from werkzeug.datastructures import MultiDict
from wtforms import (
    DateField,
    DateTimeLocalField,
    IntegerField,
    SelectField,
    SelectMultipleField,
    StringField,
    widgets,
)
from wtforms.fields.choices import SelectChoice
from wtforms.meta import DefaultMeta
from wtforms.validators import InputRequired, Optional, ValidationError

from marketplace.kit.clock import JST, jst
from marketplace.kit.languages import _, language, said
from marketplace.kit.letters import typed
from marketplace.kit.money import LARGEST_SUM, TooLarge, parse_yen, yen
from marketplace.kit.refusals import Invalid, Refused, TooLong


def locales_of(tag: str) -> tuple[str, ...]:
    """Where WTForms looks for its own words for a language of this tag: it has not all of them, but always English."""
    return (tag.replace("-", "_"), tag.partition("-")[0], "en")


class Form(FlaskForm):  # type: ignore[misc]
    """Every form: CSRF token, Japanese messages, and refusals of commands shown beside their field."""

    class Meta(FlaskForm.Meta):  # type: ignore[misc]
        def wrap_formdata(self, form: Any, formdata: Any) -> Any:
            """What a browser's form sends; Flask-WTF would read JSON too, and fail on a list."""
            sent_as_json = formdata is _Auto and request.is_json
            sent = None if sent_as_json else super().wrap_formdata(form, formdata)
            return sent and _seen(sent, form)

        def get_translations(self, form: Any) -> Any:
            """WTForms' own words in the reader's language; Flask-WTF would ask an extension that we don't have."""
            self.locales = locales_of(language().html)
            return DefaultMeta.get_translations(self, form)

        def render_field(self, field: Any, render_kw: Any) -> Any:
            """A list to choose from is drawn by WTForms, from words that are kept in Japanese."""
            if isinstance(field, SelectField) and field.choices and not isinstance(field.choices, dict):
                field.choices = [_in_words(choice) for choice in field.choices]
            return super().render_field(field, render_kw)

    def refuse(self, refusal: Refused) -> None:
        """Show a refusal beside its field, or above the form where it names none."""
        field = self._fields.get(refusal.field or "")
        if field is None:
            self.form_errors.append(str(refusal))
        else:
            field.errors = [*field.errors, str(refusal)]


class Asked:
    """The mark of a field that has to be filled in, where the rules of the office find that it is empty."""

    field_flags: ClassVar = {"required": True}

    def __call__(self, form: object, field: object) -> None:
        """Nothing: the rules say it in their own words."""


def _seen(sent: Any, form: Any) -> MultiDict[str, Any]:
    """What was sent, as the person saw it on the screen: a box with spaces alone is an empty one. A file stays."""
    boxes = ((name, field.widget) for name, field in form._fields.items() if isinstance(field, StringField))
    one_line = {name for name, box in boxes if not isinstance(box, (widgets.TextArea, widgets.HiddenInput))}

    def read(name: str, value: Any) -> Any:
        if not isinstance(value, str):
            return value
        plain = typed(value, lines=name not in one_line)
        return plain if plain.strip() else ""

    return MultiDict((name, read(name, value)) for name, value in sent.items(multi=True))


def _in_words(choice: Any) -> Any:
    if isinstance(choice, SelectChoice):
        return replace(choice, label=said(choice.label))
    if isinstance(choice, tuple):
        return (choice[0], said(choice[1]), *choice[2:])
    return (choice, said(choice)) if isinstance(choice, str) else choice


class ChecksField(SelectMultipleField):  # type: ignore[misc]
    """Check boxes, of which any number is ticked. `more` is what stands below the words of a choice, by its value.

    `required` is the mark for the reader: as a validator, each single box would ask the browser to be ticked.
    """

    option_widget = widgets.CheckboxInput()

    def __init__(self, *given: Any, more: Mapping[str, str] | None = None, required: bool = False, **rest: Any) -> None:
        super().__init__(*given, **rest)
        self.more = more or {}
        self.flags.required = required


class YenField(StringField):  # type: ignore[misc]
    """A sum in yen: '１，３００円' is 1300. `largest` is the most that it can be: what a longer one is answered."""

    data: int | None

    def __init__(self, *given: Any, largest: int = LARGEST_SUM, **more: Any) -> None:
        self.largest = largest
        super().__init__(*given, **{"render_kw": {"inputmode": "numeric", "autocomplete": "off"}} | more)

    def process_formdata(self, valuelist: Sequence[Any]) -> None:
        self.data = None
        if valuelist and str(valuelist[0]).strip():
            try:
                self.data = parse_yen(str(valuelist[0]))
            except TooLarge:
                raise ValidationError(_("%(most)s以下の金額を入力してください。", most=yen(self.largest))) from None
            except Invalid as refusal:
                raise ValidationError(str(refusal)) from None

    def _value(self) -> str:
        if self.raw_data:
            return str(self.raw_data[0])
        return f"{self.data:,}" if self.data is not None else ""


FIRST_YEAR, LAST_YEAR = 2000, 2199
"""Of the days that a form takes: hours and years can be added to them without leaving the calendar."""


def _chosen(
    field: DayField | JSTDateTimeField, given: Sequence[Any], read: Callable[..., None], no: ValueError
) -> None:
    """`read` what a browser's calendar gave, if anything. ValueError, in words: `no` for what is none, and a day that
    nobody means, a slip like 0026, or 9999 for 'for ever'."""
    if not given or not str(given[0]).strip():
        field.data = None
        return
    try:
        read(given)
    except ValueError:
        raise no from None
    if field.data is not None and not FIRST_YEAR <= field.data.year <= LAST_YEAR:
        field.data = None
        raise ValueError(_("%(first)s年から%(last)s年までの日を選んでください。", first=FIRST_YEAR, last=LAST_YEAR))


class DayField(DateField):  # type: ignore[misc]
    """A day from the browser's calendar."""

    data: Any

    def process_formdata(self, valuelist: Sequence[Any]) -> None:
        _chosen(self, valuelist, super().process_formdata, ValueError("日付を選び直してください。"))


class JSTDateTimeField(DateTimeLocalField):  # type: ignore[misc]
    """A moment: people see and type Japan time, the form gives aware UTC."""

    data: datetime | None

    def __init__(self, label: str | None = None, validators: Any = None, **more: Any) -> None:
        # The first format is the one that is shown; browsers may send seconds where a page was filled by script.
        super().__init__(label, validators, format=["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"], **more)

    def process_data(self, value: datetime | None) -> None:
        self.data = jst(value) if value else None

    def process_formdata(self, valuelist: Sequence[Any]) -> None:
        _chosen(self, valuelist, super().process_formdata, ValueError("日時を選び直してください。"))
        if self.data is not None:
            self.data = self.data.replace(tzinfo=JST).astimezone(UTC)


class WholeNumberField(IntegerField):  # type: ignore[misc]
    """A whole number as people type it: '１，０００' is 1000. `unit` is what stands behind the box on every page."""

    def __init__(self, *given: Any, unit: str = "", **more: Any) -> None:
        self.unit = unit
        super().__init__(*given, **more)

    def process_formdata(self, valuelist: Sequence[Any]) -> None:
        if valuelist and (plain := unicodedata.normalize("NFKC", str(valuelist[0])).strip()):
            super().process_formdata([plain.replace(",", "")])


class AtMost:
    """No more than `longest` characters, in the reader's language: a form's fields are made before anybody reads it."""

    def __init__(self, longest: int) -> None:
        self.longest = longest
        self.field_flags = {"maxlength": longest}

    def __call__(self, _form: Form, field: StringField) -> None:
        if len(field.data or "") > self.longest:
            raise ValidationError(str(TooLong(self.longest)))


class Within:
    """A number from `low` to `high`; what is no number has its own message already."""

    def __init__(self, low: int, high: int) -> None:
        self.low, self.high = low, high

    def __call__(self, _form: Form, field: IntegerField) -> None:
        if field.data is not None and not self.low <= field.data <= self.high:
            raise ValidationError(
                _("%(low)sから%(high)sまでの数字で入力してください。", low=f"{self.low:,}", high=f"{self.high:,}")
            )


def number(
    label: str, low: int, high: int, hint: str = "", *, required: bool = False, unit: str = ""
) -> WholeNumberField:
    """A field for a whole number from `low` to `high`; empty unless `required`."""
    first = InputRequired("数字を入力してください。") if required else Optional()
    wrong = "数字で入力してください。"
    checks = [first, Within(low, high)]
    return WholeNumberField(label, validators=checks, invalid_value_message=wrong, description=hint, unit=unit)
