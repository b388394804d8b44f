"""Who applied: asked only as far as the notice says, never public, and erased after the retention date."""

from __future__ import annotations

from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from marketplace.kit.db import Base


class Channel(StrEnum):
    SELF = "self"
    FAMILY = "family"
    PHONE = "phone"
    COUNTER = "counter"

    @property
    def ja(self) -> str:
        return CHANNEL_JA[self]


CHANNEL_JA = {
    Channel.SELF: "本人",
    Channel.FAMILY: "ご家族の分",
    Channel.PHONE: "電話",
    Channel.COUNTER: "窓口",
}


class VoidReason(StrEnum):
    SAME_PERSON = "same_person"
    SAME_PHONE = "same_phone"
    SAME_CARD = "same_card"
    NO_CARD = "no_card"
    BY_STAFF = "by_staff"

    @property
    def ja(self) -> str:
        return VOID_JA[self]


VOID_JA = {
    VoidReason.SAME_PERSON: "同じお名前とご住所の申し込みが先にあります",
    VoidReason.SAME_PHONE: "同じ携帯電話番号の申し込みが先にあります",
    VoidReason.SAME_CARD: "同じカードを登録した申し込みが先にあります",
    VoidReason.NO_CARD: "締め切りまでにカードの登録がありませんでした",
    VoidReason.BY_STAFF: "役場で無効としました",
}


class Applicant(Base):
    """What the person behind an entry said of themselves. Staff read it; nothing of it is published."""

    __tablename__ = "applicants"

    entry_id: Mapped[int] = mapped_column(sa.ForeignKey("entries.id"), primary_key=True, autoincrement=False)
    name: Mapped[str] = mapped_column(sa.String(80), default="")
    kana: Mapped[str] = mapped_column(sa.String(80), default="")
    address: Mapped[str] = mapped_column(sa.String(200), default="")
    phone: Mapped[str] = mapped_column(sa.String(20), default="")
    relation: Mapped[str] = mapped_column(sa.String(20), default="")
    """Of a family member to the person who applied for them."""
