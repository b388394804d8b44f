"""Applying, and bringing chance in."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from wtforms import BooleanField, HiddenField, IntegerField, RadioField, SelectChoice, StringField, TextAreaField
from wtforms.validators import InputRequired, Length, ValidationError

from marketplace.kit.clock import jst, now
from marketplace.kit.dates import read_day
from marketplace.kit.forms import Asked, AtMost, Form, number
from marketplace.kit.languages import _
from marketplace.kit.letters import as_code
from marketplace.listings.forms import dice, witness
from marketplace.lotteries.applicants import Channel
from marketplace.lotteries.groups import NAMES
from marketplace.lotteries.rules import PLEDGE, Application, Terms, asks_who, faults


class DayField(StringField):  # type: ignore[misc]
    """A day, as people write it: by our years or by those of an era."""

    data: date | None

    def process_formdata(self, valuelist: Sequence[Any]) -> None:
        self.data = None
        typed = str(valuelist[0]).strip() if valuelist else ""
        if typed:
            self.data = read_day(typed)
            if self.data is None:
                raise ValidationError("「1951年4月3日」や「昭和26年4月3日」のように入力してください。")

    def _value(self) -> str:
        if self.raw_data:
            return str(self.raw_data[0])
        return (
            _("%(year)s年%(month)s月%(data)s日", year=self.data.year, month=self.data.month, data=self.data.day)
            if self.data
            else ""
        )


class EntryForm(Form):
    """What one lottery asks of one kind of applicant: the rest is left out of the form."""

    lots = IntegerField(
        "口数", default=1, invalid_value_message="数字で入力してください。", render_kw={"inputmode": "numeric"}
    )
    name = StringField("お名前", validators=[Asked()], render_kw={"autocomplete": "name"})
    kana = StringField("お名前のふりがな", validators=[Asked()], description="ひらがなでもカタカナでもかまいません")
    address = StringField(
        "ご住所",
        validators=[Asked()],
        description="都道府県から番地、部屋番号まで",
        render_kw={"autocomplete": "address-line1"},
    )
    phone = StringField(
        "電話番号", validators=[Asked()], description="結果のご連絡に使います", render_kw={"inputmode": "tel"}
    )
    relation = StringField("あなたとの続柄", validators=[Asked()], description="例 母、夫、子")
    born_on = DayField(
        "生年月日",
        validators=[Asked()],
        description="例 1951年4月3日、昭和26年4月3日。年齢を確かめるためだけに使い、保存しません",
        render_kw={"autocomplete": "bday"},
    )
    group = RadioField(
        "お住まい",
        choices=[SelectChoice(code, ja) for code, ja in NAMES.items()],
        validators=[Asked()],
        description="枠ごとに、別々に抽選します",
        validate_choice=False,
    )
    of_age = BooleanField("", validators=[Asked()])
    pledge = HiddenField()
    agreed = BooleanField(
        "誓約の内容に同意し、申し込みます",
        validators=[InputRequired("誓約の内容をお読みのうえ、チェックを入れてください。")],
    )

    @classmethod
    def asking(cls, terms: Terms, channel: Channel, **more: Any) -> EntryForm:
        """The form for `channel`: `more` as for any form, e.g. data={…} or formdata=None."""
        form = cls(**more)
        asked = {
            "lots": terms.most_lots > 1,
            "group": bool(terms.groups),
            "phone": channel in (Channel.PHONE, Channel.COUNTER),
            "relation": channel is Channel.FAMILY,
            "born_on": terms.least_age is not None and terms.age_by_birth,
            "of_age": terms.least_age is not None and not terms.age_by_birth,
            **dict.fromkeys(("name", "kana", "address"), asks_who(channel, terms)),
        }
        for name, wanted in asked.items():
            if not wanted:
                del form[name]
        if channel is not Channel.SELF:  # what this browser knows is of whoever writes, not of who applies
            for name in {"name", "kana", "address", "phone", "relation", "born_on"} & set(form.data):
                form[name].render_kw = {**(form[name].render_kw or {}), "autocomplete": "off"}
        if "of_age" in form:
            form.of_age.label.text = _("満%(least_age)s歳以上です", least_age=terms.least_age)
        if "lots" in form:
            form.lots.description = _("1から%(most_lots)sまで。何口でも、当選は1つです", most_lots=terms.most_lots)
        if not form.is_submitted():
            form.pledge.data = PLEDGE
        return form

    def application(self, channel: Channel) -> Application:
        given = {name: self[name].data for name in WHAT if name in self and self[name].data is not None}
        return Application(channel=channel, pledge=self.pledge.data or "", **given)

    def check(self, terms: Terms, channel: Channel) -> Application | None:
        """The application, where nothing is wrong with it; else every fault beside its field."""
        fine: bool = self.validate()
        application = self.application(channel)
        for fault in faults(application, terms, jst(now()).date()):
            if fault.field not in self or not self[fault.field].errors:
                self.refuse(fault)
                fine = False
        if self.pledge.data != PLEDGE:
            self.pledge.data, self.agreed.data = PLEDGE, False
        return application if fine else None


WHAT = ("lots", "group", "name", "kana", "address", "phone", "relation", "born_on", "of_age")


class ReceptionForm(EntryForm):
    """What staff write down for somebody on the phone or at the counter."""

    channel = RadioField(
        "受付のしかた",
        choices=[SelectChoice(str(each), each.ja) for each in (Channel.COUNTER, Channel.PHONE)],
        default=str(Channel.COUNTER),
    )
    email = StringField(
        "メールアドレス",
        description="ない方は空欄に。お知らせは「郵送するお知らせ」から印刷します",
        render_kw={"type": "email", "autocomplete": "off", "spellcheck": "false"},
    )
    sure = HiddenField()

    def spoken(self) -> Channel:
        return Channel.PHONE if self.channel.data == Channel.PHONE else Channel.COUNTER


class ReasonForm(Form):
    why = StringField(
        "理由",
        validators=[
            InputRequired("理由を入力してください。"),
            AtMost(300),
        ],
        description="操作の記録に残ります",
    )


class PlanForm(Form):
    """What staff suppose. Sent with GET: nothing is kept, and the address can be handed on."""

    class Meta(Form.Meta):
        csrf = False

    applicants = number("応募する人数", 0, 1_000_000, required=True)
    unpaid = number("期限までに支払わない人", 0, 100, "当選した人のうちの割合", required=True)
    bad = number("悪いときの、支払わない人", 0, 100, required=True)


class WithdrawForm(Form):
    """Nothing but the click, protected against forgery."""


class DiceForm(Form):
    digits = dice()
    witnesses = witness("立会人 1人目")
    second = witness("立会人 2人目")
    confirmed = HiddenField()
    """The digits that were read back: only the same digits draw."""

    @property
    def plain_digits(self) -> str:
        """Half-width, without the spaces between groups."""
        return as_code(self.digits.data or "")


class CloseForm(Form):
    """Nothing but the click, protected against forgery."""


class SignOffForm(Form):
    compared = BooleanField(
        "さいころの目（または公開乱数）と、立会人の控え、公開した結果が同じであることを確かめました",
        validators=[InputRequired("確かめて、チェックを入れてください。")],
    )


class CheckForm(Form):
    """The verify box: anybody with any receipt, by its number or as the signed file."""

    no = StringField(
        "受付番号",
        validators=[InputRequired("受付番号を入力してください。"), Length(max=40, message="長すぎます。")],
        render_kw={"autocomplete": "off", "autocapitalize": "characters", "spellcheck": "false"},
    )
    receipt = TextAreaField(
        "町の署名つきの控え",
        description="控えのファイルの中身を貼りつけると、町が出したものかどうかも確かめます。なくてもかまいません",
        validators=[Length(max=4_000, message="長すぎます。")],
        render_kw={"autocomplete": "off", "spellcheck": "false"},
    )
    secret = StringField(
        "ひみつの番号",
        description="受付票が本物かどうかも確かめるとき。なくてもかまいません",
        validators=[Length(max=80, message="長すぎます。")],
        render_kw={"autocomplete": "off", "autocapitalize": "characters", "spellcheck": "false"},
    )


class BeaconForm(Form):
    signature = StringField(
        "公開乱数の署名（16進数）",
        validators=[InputRequired("署名を入力してください。")],
        render_kw={"autocomplete": "off", "spellcheck": "false", "maxlength": 120},
    )
