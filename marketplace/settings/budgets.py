"""The town's budgets, and the number under which each is registered for the consumption tax."""

from __future__ import annotations

from datetime import date
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from marketplace.kit.codes import check_digit


class Budget(BaseModel):
    """One of the town's budgets (会計, 地方自治法 209条). Each is registered for the consumption tax by itself."""

    model_config = ConfigDict(frozen=True)

    name: str
    """一般会計, 観光事業特別会計, …"""
    registration: str = Field(default="", pattern=r"^(T[0-9]{13})?$")
    """適格請求書発行事業者登録番号, "T" and a corporate number. Empty: not registered, and receipts are no invoices."""
    registered_from: date | None = None
    registered_until: date | None = None
    """First and last day of the registration, where they are near: a sale before, or after, has no number on its
    receipt, whenever that is asked for. Leave the number for as long as somebody may ask."""

    def number_on(self, day: date) -> str:
        """The number under which something was sold on that day, or ""."""
        early = self.registered_from is not None and day < self.registered_from
        late = self.registered_until is not None and day > self.registered_until
        return "" if early or late else self.registration

    @field_validator("registration")
    @classmethod
    def _is_a_number(cls, registration: str) -> str:
        if registration and int(registration[1]) != check_digit(registration[2:]):
            raise ValueError("the check digit of the registration number is wrong")
        return registration

    @model_validator(mode="after")
    def _begins_before_it_ends(self) -> Self:
        if self.registered_from and self.registered_until and self.registered_from > self.registered_until:
            raise ValueError("the registration ends before it begins")
        return self
