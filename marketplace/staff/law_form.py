"""The part of the drafting form that is about the law: the basis of the contract, the issuer, a short notice."""

from __future__ import annotations

from typing import Any

from wtforms import BooleanField, SelectChoice, SelectField, StringField, TextAreaField

from marketplace.kit.forms import AtMost, Form
from marketplace.listings.legal import Basis

FIELDS = ("basis_note", "urgent_reason", "issuer", "used_elsewhere")


class LawPart(Form):
    """The fields; ListingForm has them too."""

    legal_basis = SelectField(
        "契約の根拠",
        choices=[SelectChoice("", "選んでください"), *(SelectChoice(str(basis), basis.ja) for basis in Basis)],
        description="権利のページと決裁に出ます",
    )
    basis_note = TextAreaField(
        "根拠にあたる理由",
        validators=[AtMost(1_000)],
        description="随意契約のとき。なぜ競争入札によらないのか。要綱によるときは、その名前",
    )
    urgent_reason = StringField(
        "公告の期間を短くする理由",
        validators=[AtMost(300)],
        description="入札形式で急ぐときだけ。権利のページに出ます",
    )
    issuer = StringField(
        "町でない発行者",
        validators=[AtMost(120)],
        description="観光協会など、町のほかの団体が約束を守る権利のときだけ、その名前",
    )
    used_elsewhere = BooleanField("発行者のほかの店や施設でも使える", description="使うと減る権利のときだけ")


def typed(form: Any) -> dict[str, Any]:
    """The fields of the sale out of the form."""
    chosen = form.legal_basis.data
    texts = {name: form[name].data for name in FIELDS if name != "used_elsewhere"}
    return {
        "legal_basis": Basis(chosen) if chosen else None,
        "used_elsewhere": form.used_elsewhere.data,
        **{name: str(text or "").strip() for name, text in texts.items()},
    }


def shown(legal_basis: Basis | None) -> dict[str, Any]:
    """The basis as the form shows it."""
    return {"legal_basis": str(legal_basis) if legal_basis else ""}
