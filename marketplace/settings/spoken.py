"""What the town is called where it is read."""

from __future__ import annotations

from typing import Any

from marketplace.kit.languages import Language, language
from marketplace.settings import Settings


class Spoken:
    """The settings as pages and letters say them: in English where the reader does and the town has an English word."""

    def __init__(self, of: Settings) -> None:
        self._of = of

    def __getattr__(self, name: str) -> Any:
        in_english = getattr(self._of, f"{name}_en", "") if language() == Language.EN else ""
        return in_english or getattr(self._of, name)
