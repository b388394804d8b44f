"""What staff type of a partner's address."""

from __future__ import annotations

from wtforms import SelectChoice, StringField, TextAreaField
from wtforms.validators import DataRequired

from marketplace.accounts.second_person import LONGEST_WHY
from marketplace.kit.forms import AtMost, ChecksField, Form
from marketplace.webhooks.addresses import LONGEST
from marketplace.webhooks.topics import TOPICS


class EndpointForm(Form):
    name = StringField(
        "相手の名前",
        validators=[DataRequired("相手の名前を入力してください。"), AtMost(80)],
        description="会社や団体の名前。例 月見沢町観光協会",
    )
    url = StringField(
        "送り先の住所（URL）",
        validators=[DataRequired("送り先の住所を入力してください。"), AtMost(LONGEST)],
        description="https:// で始まる、相手のしくみの住所",
    )
    topics = ChecksField(
        "お送りするできごと",
        choices=[SelectChoice(topic, words) for topic, words in TOPICS.items()],
        more={topic: topic for topic in TOPICS},
        required=True,
    )
    why = TextAreaField(
        "なぜ",
        validators=[
            DataRequired("理由を入力してください。"),
            AtMost(LONGEST_WHY),
        ],
        description="協定の名前や、相手が何に使うか",
    )


class StopForm(Form):
    why = StringField(
        "止める理由",
        validators=[
            DataRequired("理由を入力してください。"),
            AtMost(LONGEST_WHY),
        ],
    )


class ClickForm(Form):
    """A button."""
