"""A right: what the town promises, in words that are frozen when they are approved."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from marketplace.kit.codes import public_code
from marketplace.kit.db import Base, state_column
from marketplace.kit.languages import Language, language
from marketplace.kit.state import Machine

SERIAL_SPACE = 1_000_000
"""tokenId = series * 1,000,000 + serial, as in contracts/src/RightsToken.sol."""


class Kind(StrEnum):
    RESIDENT = "resident"
    CARD = "card"
    LECTURE = "lecture"
    NAMING = "naming"
    CERTIFICATE = "certificate"
    EXPERIENCE = "experience"

    @property
    def ja(self) -> str:
        return KIND_JA[self]


KIND_JA = {
    Kind.RESIDENT: "デジタル住民票",
    Kind.CARD: "キャラクタートレカ",
    Kind.LECTURE: "講演権・相談権",
    Kind.NAMING: "命名権",
    Kind.CERTIFICATE: "証明書",
    Kind.EXPERIENCE: "体験権",
}


class RightState(StrEnum):
    DRAFT = "draft"
    APPROVED = "approved"


class Right(Base):
    __tablename__ = "rights"
    __table_args__ = (
        sa.CheckConstraint("royalty_bps BETWEEN 0 AND 1000", name="royalty_at_most_ten_percent"),
        sa.CheckConstraint("uses_per_token IS NULL OR uses_per_token > 0", name="uses_positive"),
        sa.CheckConstraint("term_months IS NULL OR term_months > 0", name="term_positive"),
        sa.CheckConstraint("state = 'draft' OR text_hash IS NOT NULL", name="approved_text_is_frozen"),
        sa.CheckConstraint("document_uri IS NULL OR metadata_uri IS NOT NULL", name="a_document_lies_in_its_tree"),
    )
    MOVES: ClassVar[Machine[RightState]] = Machine({"approve": {RightState.DRAFT: RightState.APPROVED}})

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(sa.String(16), unique=True, default=lambda: public_code("RGT"))
    kind: Mapped[Kind] = state_column(Kind, name="kind")
    state: Mapped[RightState] = state_column(RightState)
    title_ja: Mapped[str] = mapped_column(sa.String(120))
    title_en: Mapped[str] = mapped_column(sa.String(160), default="")
    lead_ja: Mapped[str] = mapped_column(sa.String(300), default="")
    lead_en: Mapped[str] = mapped_column(sa.String(400), default="")
    body_ja: Mapped[str] = mapped_column(sa.Text, default="")
    body_en: Mapped[str] = mapped_column(sa.Text, default="")
    perks: Mapped[list[Any]] = mapped_column(default=list)
    """[{"ja": …, "en": …}]: what it is good for."""
    perk_plans: Mapped[list[Any]] = mapped_column(default=list)
    """What each perk allows, as plans.Plan.as_json() writes it: the counters go by it."""
    terms: Mapped[list[Any]] = mapped_column(default=list)
    """[{"ja": …, "en": …}]: the conditions, one a line."""
    resale_rule_ja: Mapped[str] = mapped_column(sa.String(300), default="")
    resale_rule_en: Mapped[str] = mapped_column(sa.String(400), default="")
    transferable: Mapped[bool] = mapped_column(default=True)
    royalty_bps: Mapped[int] = mapped_column(default=500)
    """Hundredths of a percent of a resale that go to the fund (ERC-2981)."""
    tradable_from: Mapped[datetime | None]
    term_months: Mapped[int | None]
    uses_per_token: Mapped[int | None]
    picture_id: Mapped[int | None] = mapped_column(sa.ForeignKey("pictures.id"))
    picture_alt: Mapped[str] = mapped_column(sa.String(200), default="")
    art_seed: Mapped[int] = mapped_column(default=1)
    """Seed of the generated picture, used where none was uploaded and for each token of a series."""
    art_per_token: Mapped[bool] = mapped_column(default=False)
    """Each token has a picture of its own, drawn from art_seed with its number in it."""
    text_hash: Mapped[str | None] = mapped_column(sa.String(71))
    """'sha256:<hex>' of the approved text."""
    terms_cid: Mapped[str | None] = mapped_column(sa.String(80))
    metadata_uri: Mapped[str | None] = mapped_column(sa.String(120))
    """'ipfs://<directory CID>/' of the newest edition of the metadata; token n is <n>.json in it."""
    document_uri: Mapped[str | None] = mapped_column(sa.String(120))
    """'ipfs://<CID of the document>' for a right of which there is one token; None where there are several."""
    metadata_edition: Mapped[int] = mapped_column(default=0)
    """Which edition that is: 1 is the first, each correction makes one more."""
    metadata_frozen_at: Mapped[datetime | None]
    """From then on nobody, the town included, can point its tokens at other documents."""
    created_at: Mapped[datetime]

    @property
    def title(self) -> str:
        """In the reader's language, as far as the town has written it."""
        return self.title_en if language() == Language.EN and self.title_en else self.title_ja

    @property
    def lead(self) -> str:
        return self.lead_en if language() == Language.EN and self.lead_en else self.lead_ja

    @property
    def body(self) -> str:
        return self.body_en if language() == Language.EN and self.body_en else self.body_ja

    @property
    def resale_rule(self) -> str:
        return self.resale_rule_en if language() == Language.EN and self.resale_rule_en else self.resale_rule_ja

    @property
    def subject(self) -> str:
        return f"right:{self.code}"

    @property
    def series_id(self) -> int:
        """The series on chain."""
        return self.id

    @property
    def series_uri(self) -> str | None:
        """What the contract is told: the document itself for a right of one token, else the directory of documents."""
        return self.document_uri or self.metadata_uri

    def token_uri(self, serial: int) -> str | None:
        """What ERC-721's tokenURI answers for the token of that number; None before the documents are made."""
        return self.document_uri or (self.metadata_uri and f"{self.metadata_uri}{serial}.json")

    def token_id(self, serial: int) -> int:
        return self.series_id * SERIAL_SPACE + serial
