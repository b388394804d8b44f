"""Who agreed that the town may name them as somebody who is close to it."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from marketplace.accounts.models import Account
from marketplace.kit.db import Base


class Agreement(Base):
    """ふるさと住民登録への同意: the row is there while it holds, and gone when it is taken back."""

    __tablename__ = "relation_agreements"

    account_id: Mapped[int] = mapped_column(sa.ForeignKey("accounts.id"), primary_key=True)
    account: Mapped[Account] = relationship()
    agreed_at: Mapped[datetime]
